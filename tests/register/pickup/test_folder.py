"""Which files of a folder are deliveries, and which of them are whole."""

from __future__ import annotations

import fcntl
import os
from typing import TYPE_CHECKING

import pytest

from cprsync.errors import ConfigurationError, DeliveryLate, DeliveryRefused
from cprsync.register.pickup.arrivals import FILE_MAX_BYTES, METADATA_LIMIT_BYTES, FolderFeed

if TYPE_CHECKING:
    from pathlib import Path

NAME = "D270301.L123456"


def metadata(size: int | str, *, prefix: str = "ns2:") -> bytes:
    namespace = "http://serviceplatformen.dk/xml/wsdl/soap11/SFTP/1/types"
    declared = f'xmlns:{prefix[:-1]}="{namespace}"' if prefix else f'xmlns="{namespace}"'
    return (
        f"<{prefix}Trigger {declared}><FileTransferUUID>x</FileTransferUUID><FileDescriptor><FileName>{NAME}</FileName>"
        f"<SizeInBytes>{size}</SizeInBytes><Sender>s</Sender></FileDescriptor></{prefix}Trigger>"
    ).encode()


def feed(folder: Path, *, delete: bool = False) -> FolderFeed:
    return FolderFeed(folder, after="delete" if delete else "keep", metadata_minutes=0)


def names(folder: Path) -> tuple[list[str], list[str]]:
    return [file.name for file in feed(folder).waiting()], feed(folder).unfinished()


def test_deliveries_wait_in_the_order_of_their_names(tmp_path: Path) -> None:
    for name in ("d270303.l123456", "D270302.L123456.5f1c", "D270301.L123456", "notes.txt", "D2703.L1"):
        (tmp_path / name).write_bytes(b"x")
    assert names(tmp_path) == (["D270301.L123456", "D270302.L123456.5f1c", "d270303.l123456"], [])


@pytest.mark.parametrize("prefix", ["ns2:", "q:", ""])
@pytest.mark.parametrize(("size", "whole"), [(4, True), (3, True), (5, False)])
def test_a_file_smaller_than_announced_is_left_alone(tmp_path: Path, prefix: str, size: int, *, whole: bool) -> None:
    (tmp_path / NAME).write_bytes(b"0001")
    (tmp_path / f"{NAME}.metadata").write_bytes(metadata(size, prefix=prefix))
    assert names(tmp_path) == (([NAME], []) if whole else ([], [NAME]))


def test_a_file_larger_than_announced_is_refused_before_it_is_read(tmp_path: Path) -> None:
    """It may be a file of nothing, of any size, which would be fetched and sealed before its end was missed."""
    with (tmp_path / NAME).open("wb") as file:
        file.truncate(2 * 1024 * 1024 * 1024)
    (tmp_path / f"{NAME}.metadata").write_bytes(metadata(4))
    (waiting,) = feed(tmp_path).waiting()
    with pytest.raises(DeliveryRefused, match=r"2147483648 bytes.* announces 4") as refused:
        waiting.open()
    assert refused.value.kind == "delivery.damaged"


@pytest.mark.parametrize(
    "companion",
    [
        b"",
        metadata(4)[:-20],
        metadata("four"),
        metadata(4).replace(b"SizeInBytes", b"Other"),
        metadata(4) + b" " * 70_000,
        b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]><x><SizeInBytes>&e;</SizeInBytes></x>',
    ],
)
def test_a_companion_that_cannot_be_read_leaves_its_file_unfinished(tmp_path: Path, companion: bytes) -> None:
    (tmp_path / NAME).write_bytes(b"0001")
    (tmp_path / f"{NAME}.metadata").write_bytes(companion)
    assert names(tmp_path) == ([], [NAME])


def test_a_companion_without_its_file_and_a_file_being_written_are_unfinished(tmp_path: Path) -> None:
    (tmp_path / f"{NAME}.metadata").write_bytes(metadata(4))
    (tmp_path / "D270302.L123456.filepart").write_bytes(b"0001")
    (tmp_path / f"{NAME}.trigger").write_bytes(metadata(4))
    assert names(tmp_path) == ([], [NAME, "D270302.L123456.filepart"])


@pytest.mark.parametrize("suffix", ["", ".metadata"])
def test_nobody_waits_for_a_pipe_in_the_place_of_a_file(tmp_path: Path, suffix: str) -> None:
    """Whoever may write into the folder could otherwise stop every night. It holds more than a companion does."""
    (tmp_path / NAME).write_bytes(b"0001")
    waiting = feed(tmp_path).waiting()[0]
    pipe = tmp_path / f"{NAME}{suffix}"
    pipe.unlink(missing_ok=True)
    os.mkfifo(pipe)
    writer = os.open(pipe, os.O_RDWR)
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 256 * 1024)
    try:
        os.write(writer, metadata(4) + b" " * 3 * METADATA_LIMIT_BYTES)
        assert names(tmp_path) == ([], [NAME] if suffix else [])
        if not suffix:
            with pytest.raises(DeliveryRefused):
                waiting.open()
        # nothing was taken out of it
        assert os.read(writer, 100) == metadata(4)[:100]
    finally:
        os.close(writer)


@pytest.mark.parametrize("size", [2, 5])
def test_a_file_that_changes_while_it_is_read_is_late(tmp_path: Path, size: int) -> None:
    """Otherwise a file that grows as fast as it is read would fill the inbox."""
    (tmp_path / NAME).write_bytes(b"0001")
    with feed(tmp_path).waiting()[0].open() as content:
        os.truncate(tmp_path / NAME, size)
        with pytest.raises(DeliveryLate) as late:
            content.read()
    assert late.value.kind == "delivery.unfinished"


def test_a_file_larger_than_any_delivery_is_refused(tmp_path: Path) -> None:
    (tmp_path / NAME).touch()
    os.truncate(tmp_path / NAME, FILE_MAX_BYTES + 1)
    with pytest.raises(DeliveryRefused) as refused:
        feed(tmp_path).waiting()[0].open()
    assert refused.value.kind == "delivery.too_large"


def test_a_file_is_read_from_its_first_byte(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(b"0001")
    with feed(tmp_path).waiting()[0].open() as content:
        assert content.read() == b"0001"


@pytest.mark.parametrize("delete", [False, True])
def test_a_file_that_is_done_is_kept_or_deleted_as_set(tmp_path: Path, *, delete: bool) -> None:
    (tmp_path / NAME).write_bytes(b"0001")
    (tmp_path / f"{NAME}.metadata").write_bytes(metadata(4))
    (tmp_path / "D270302.L123456").write_bytes(b"x")
    feed(tmp_path, delete=delete).waiting()[0].done()
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"D270302.L123456"} | (set() if delete else {NAME, f"{NAME}.metadata"})


def test_a_file_that_went_away_is_refused(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(b"0001")
    waiting = feed(tmp_path).waiting()[0]
    (tmp_path / NAME).unlink()
    with pytest.raises(DeliveryRefused):
        waiting.open()


def test_a_folder_that_is_not_there_is_a_wrong_configuration(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError):
        feed(tmp_path / "nowhere").waiting()


def test_what_there_is_of_an_unfinished_file_can_be_read(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(b"half")
    for name in (NAME, "D270302.L123456"):
        (tmp_path / f"{name}.metadata").write_bytes(metadata(8))
    assert names(tmp_path) == ([], [NAME, "D270302.L123456"])
    found = feed(tmp_path).unfinished_file(NAME)
    assert found is not None
    with found.open() as content:
        assert content.read() == b"half"
    assert feed(tmp_path).unfinished_file("D270302.L123456") is None
    (tmp_path / "IN").mkdir()
    assert feed(tmp_path / "IN").unfinished_file(f"../{NAME}") is None


def test_a_file_without_its_companion_waits_until_nobody_has_written_to_it_for_a_while(tmp_path: Path) -> None:
    """Decision 47: its record 999 shows it whole, and a half one would stop the night."""
    (tmp_path / NAME).write_bytes(b"0001")
    (tmp_path / "D270302.L123456").write_bytes(b"0001")
    (tmp_path / "D270302.L123456.metadata").write_bytes(metadata(4))
    written = (tmp_path / NAME).stat().st_mtime
    for minutes, waits in ((29, False), (30, True)):
        at = FolderFeed(tmp_path, after="keep", now=lambda minutes=minutes: written + minutes * 60)
        found = [(file.name, file.is_announced) for file in at.waiting()]
        assert found == [*([(NAME, False)] if waits else []), ("D270302.L123456", True)]
        assert at.unfinished() == ([] if waits else [NAME])
