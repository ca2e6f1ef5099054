"""The pick-up over SFTP against the mock's server: what is fetched, what is left alone, and what is deleted when."""

from __future__ import annotations

import os
import random
import shutil
import time
from typing import TYPE_CHECKING

import pytest
from sftp_server import NAME, Server, fetched, metadata
from town import PEOPLE_FILE

from cprsync.errors import ConfigurationError, DeliveryLate, DeliveryRefused, RegisterUnavailable
from cprsync.mock.server import running

if TYPE_CHECKING:
    from pathlib import Path

    from cprsync.register.pickup.sftp import SftpFeed

pytestmark = pytest.mark.xdist_group("mock")

MIB = 1024 * 1024
#: Longer than some windows, and of no round size.
LARGE = random.Random(4).randbytes(MIB + 12_345)  # noqa: S311 -- any bytes


def names(feed: SftpFeed) -> tuple[list[str], list[str]]:
    return [file.name for file in feed.waiting()], feed.unfinished()


# -- what is fetched ----------------------------------------------------------------------------------------


def test_whole_files_are_read_byte_for_byte_in_the_order_of_their_names(server: Server) -> None:
    server.put(b"second", "d270302.l123456")
    server.put(LARGE)
    server.put(b"", "D270303.L123456.5f1c")
    server.put(b"no delivery", "notes.txt")
    found = fetched(server.feed())
    assert list(found) == [NAME, "d270302.l123456", "D270303.L123456.5f1c"]
    assert list(found.values()) == [LARGE, b"second", b""]
    assert server.slept == []


def test_a_night_is_one_connection(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    server.put(b"a")
    server.put(b"b", "D270302.L123456")
    with caplog.at_level("INFO", logger="asyncssh"):
        feed = server.feed(after="delete")
        for file in feed.waiting():
            with file.open() as content:
                content.read()
            file.done()
        feed.unfinished()
    assert caplog.text.count("Connected to SSH server") == 1


@pytest.mark.parametrize("after", ["keep", "delete"])
def test_a_file_is_kept_or_deleted_as_set_and_only_when_it_is_done(server: Server, after: str) -> None:
    server.put(b"0001")
    server.put(b"other", "D270302.L123456")
    before = server.names()
    file = server.feed(after=after).waiting()[0]
    with file.open() as content:
        content.read()
        assert server.names() == before
    assert server.names() == before
    file.done()
    assert server.names() == (before if after == "keep" else {"D270302.L123456", "D270302.L123456.metadata"})
    file.done()


def test_what_has_taken_a_files_place_is_not_deleted_with_it(server: Server) -> None:
    server.put(b"0001")
    file = server.feed(after="delete").waiting()[0]
    with file.open() as content:
        content.read()
    server.put(b"0001, delivered again")
    file.done()
    assert server.names() == {NAME, f"{NAME}.metadata"}


def test_a_sealed_file_that_cannot_be_deleted_is_said(server: Server) -> None:
    """Otherwise it would be fetched every night, and nobody would know."""
    (server.folder / NAME).write_bytes(b"0001")
    companion = server.folder / f"{NAME}.metadata"
    companion.mkdir()
    try:
        file = server.feed(after="delete").waiting()[0]
        with pytest.raises(ConfigurationError) as refused:
            file.done()
    finally:
        companion.rmdir()
    assert refused.value.kind == "sftp.delete"
    assert server.names() == {NAME}


# -- what is left alone -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("announced", "whole"), [(4, True), (3, True), (5, False)])
def test_a_file_smaller_than_announced_is_left_alone(server: Server, announced: int, *, whole: bool) -> None:
    server.put(b"0001", announced=announced)
    assert names(server.feed()) == (([NAME], []) if whole else ([], [NAME]))


def test_a_file_larger_than_announced_is_refused_before_it_is_fetched(server: Server) -> None:
    """It may be a file of nothing, of any size, which would be fetched for an hour before its end was missed."""
    server.put(b"0001", announced=3)
    (waiting,) = server.feed().waiting()
    with pytest.raises(DeliveryRefused, match=r"4 bytes.* announces 3") as refused:
        waiting.open()
    assert refused.value.kind == "delivery.damaged"


def test_a_file_announced_and_one_named_as_being_written_are_unfinished(server: Server) -> None:
    (server.folder / f"{NAME}.metadata").write_bytes(metadata(4))
    (server.folder / "D270302.L123456.filepart").write_bytes(b"0001")
    (server.folder / "D270303.L123456").mkdir()
    try:
        assert names(server.feed()) == ([], [NAME, "D270302.L123456.filepart"])
    finally:
        (server.folder / "D270303.L123456").rmdir()


@pytest.mark.parametrize("tail", ["\x1b[31m", "æ", " 1", "\n", "a" * 201])
def test_a_name_that_would_not_show_as_it_is_is_no_delivery(server: Server, tail: str) -> None:
    server.put(b"0001", f"{NAME}{tail}")
    assert names(server.feed()) == ([], [])


@pytest.mark.parametrize("companion", [b"", metadata(4)[:-20], metadata(4) + b" " * 70_000])
def test_a_companion_that_cannot_be_read_leaves_its_file_unfinished(server: Server, companion: bytes) -> None:
    server.put(b"0001")
    (server.folder / f"{NAME}.metadata").write_bytes(companion)
    assert names(server.feed()) == ([], [NAME])


@pytest.mark.parametrize("after", ["keep", "delete"])
def test_what_there_is_of_an_unfinished_file_can_be_read_and_deleted_as_set(server: Server, after: str) -> None:
    server.put(b"half", announced=8)
    server.put(b"", "D270302.L123456", announced=8).unlink()
    feed = server.feed(after=after)
    assert names(feed) == ([], [NAME, "D270302.L123456"])
    found = feed.unfinished_file(NAME)
    assert found is not None
    with found.open() as content:
        assert content.read() == b"half"
    found.done()
    assert (NAME in server.names()) is (after == "keep")
    assert feed.unfinished_file("D270302.L123456") is None


def test_a_file_without_companion_is_taken_once_it_has_stopped_growing(server: Server) -> None:
    (server.folder / NAME).write_bytes(b"0001")
    growing = server.folder / "D270302.L123456"
    growing.write_bytes(b"00")
    new = server.folder / "D270303.L123456"

    def meanwhile(seconds: float) -> None:
        assert seconds == 2.0
        growing.write_bytes(b"0001")
        new.write_bytes(b"0001")

    assert names(server.feed(sleep=meanwhile)) == ([NAME], [growing.name, new.name])
    assert names(server.feed()) == ([NAME, growing.name, new.name], [])


def test_a_file_without_its_companion_waits_until_nobody_has_written_to_it_for_a_while(server: Server) -> None:
    """Decision 47: its record 999 shows it whole, and a half one would stop the night."""
    server.put(b"0001", "D270302.L123456")
    (server.folder / NAME).write_bytes(b"0001")
    assert names(server.feed(metadata_minutes=30)) == (["D270302.L123456"], [NAME])
    written = time.time() - 31 * 60
    os.utime(server.folder / NAME, (written, written))
    found = [(file.name, file.is_announced) for file in server.feed(metadata_minutes=30).waiting()]
    assert found == [(NAME, False), ("D270302.L123456", True)]


@pytest.mark.parametrize("change", [b"0001 and more", b""])
def test_a_file_that_changes_between_listing_and_opening_is_left_alone(server: Server, change: bytes) -> None:
    path = server.put(b"0001")
    file = server.feed().waiting()[0]
    path.write_bytes(change)
    before = server.names()
    with pytest.raises(DeliveryLate):
        file.open()
    assert server.names() == before


@pytest.mark.parametrize("size", [0, MIB // 2, 2 * MIB])
def test_a_file_that_changes_while_it_is_read_never_reads_to_an_end(server: Server, size: int) -> None:
    """The inbox seals in one transaction: without an end, nothing is sealed."""
    path = server.put(LARGE)
    feed = server.feed()
    with feed.waiting()[0].open() as content:
        content.read(10)
        os.truncate(path, size)
        with pytest.raises(DeliveryLate) as late:
            content.read()
    assert late.value.kind == "delivery.unfinished"


def test_a_file_that_went_away_is_refused(server: Server) -> None:
    path = server.put(b"0001")
    file = server.feed().waiting()[0]
    path.unlink()
    with pytest.raises(DeliveryRefused) as refused:
        file.open()
    assert refused.value.kind == "delivery.unreadable"


def test_a_file_larger_than_a_delivery_may_be_is_not_opened(server: Server) -> None:
    server.put(b"x" * 101)
    with pytest.raises(DeliveryRefused) as refused:
        server.feed(file_max_bytes=100).waiting()[0].open()
    assert refused.value.kind == "delivery.too_large"


def test_a_folder_with_too_many_files_is_refused(server: Server) -> None:
    for number in range(30):
        (server.folder / f"other-{number}").touch()
    with pytest.raises(ConfigurationError) as refused:
        server.feed(entries_max=29).waiting()
    assert refused.value.kind == "sftp.crowded"
    assert names(server.feed(entries_max=32)) == ([], []), "thirty, and the two dots"


# -- transfers that break -------------------------------------------------------------------------------------


def test_a_transfer_that_breaks_goes_on_where_it_broke(server: Server) -> None:
    server.put(LARGE)
    server.fault("sftp-cut")
    feed = server.feed(after="delete")
    assert fetched(feed) == {NAME: LARGE}
    assert server.slept == [1.0]
    feed.waiting()[0].done()
    assert server.names() == set()


def test_a_transfer_that_goes_on_breaking_is_given_up_and_nothing_is_deleted(server: Server) -> None:
    server.put(LARGE)
    before = server.names()
    server.fault("sftp-cut", times=3)
    with pytest.raises(RegisterUnavailable) as broken:
        fetched(server.feed(after="delete", reconnects=2))
    assert (broken.value.kind, server.slept) == ("sftp.broken", [1.0, 2.0])
    assert server.names() == before
    assert fetched(server.feed()) == {NAME: LARGE}


def test_a_file_replaced_while_the_connection_was_down_is_not_put_together_from_two(server: Server) -> None:
    path = server.put(LARGE)
    server.fault("sftp-cut")

    def meanwhile(_seconds: float) -> None:
        path.write_bytes(bytes(reversed(LARGE)))
        os.utime(path, (1, 1))

    with pytest.raises(DeliveryLate):
        fetched(server.feed(sleep=meanwhile))


def test_a_stalled_transfer_is_a_broken_one(server: Server) -> None:
    server.put(b"0001")
    server.fault("sftp-slow", seconds=2.0)
    # a machine at work on other things may stall a try after it
    assert fetched(server.feed(stall_seconds=0.3, reconnects=20)) == {NAME: b"0001"}
    assert server.slept[0] == 1.0


def test_a_slow_transfer_is_waited_for(server: Server) -> None:
    server.put(b"0001")
    server.fault("sftp-slow", seconds=0.2)
    assert fetched(server.feed()) == {NAME: b"0001"}
    assert server.slept == []


def test_a_trickling_transfer_is_given_up_at_the_rate_floor(server: Server) -> None:
    server.put(LARGE)
    server.fault("sftp-trickle", seconds=0.05)
    before = server.names()
    with pytest.raises(RegisterUnavailable) as slow:
        fetched(server.feed(after="delete", floor_seconds=0.3))
    assert (slow.value.kind, server.slept) == ("sftp.too_slow", [])
    assert server.names() == before
    assert fetched(server.feed()) == {NAME: LARGE}


def test_a_server_that_goes_in_the_middle_leaves_an_error_and_no_end(tmp_path: Path, mock_keys: Path) -> None:
    with running(shutil.copytree(mock_keys, tmp_path / "mock"), PEOPLE_FILE) as ready:
        server = Server(ready, tmp_path / "mock" / "IN")
        server.put(LARGE)
        feed = server.feed(reconnects=1)
        content = feed.waiting()[0].open()
        content.read(10)
    with content, pytest.raises(RegisterUnavailable) as gone:
        content.read()
    assert gone.value.kind == "sftp.unreachable"
    assert (tmp_path / "mock" / "IN" / NAME).exists()
    feed.close()
