"""A sealed part opens for its key in its place, whole or not at all."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

from cprsync.errors import BackupBroken, ConfigurationError, CprsyncError
from cprsync.store.backup import sealed
from cprsync.store.backup.sealed import Opener, Recipient, SealedWriter, check_frames, make_key_pair, open_sealed

if TYPE_CHECKING:
    from pathlib import Path

PLACE = "cprsync-20270331T053000Z/database.sealed"
#: where the first frame begins: after the magic word and two public keys
BEGINNING = 17 + 64


@pytest.fixture
def opener(tmp_path: Path) -> Opener:
    make_key_pair(tmp_path / "backup.pem")
    return Opener.load(tmp_path / "backup.pem")


@pytest.fixture(autouse=True)
def small_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealed, "FRAME_BYTES", 100)


def seal(opener: Opener, content: bytes, *, place: str = PLACE) -> bytes:
    file = io.BytesIO()
    writer = SealedWriter(file, opener.recipient, place=place)
    for start in range(0, len(content), 37):
        writer.write(content[start : start + 37])
    writer.finish()
    assert len(file.getvalue()) == writer.bytes
    return file.getvalue()


def open_all(opener: Opener, content: bytes, *, place: str = PLACE) -> bytes:
    return b"".join(open_sealed(io.BytesIO(content), opener, place=place))


@pytest.mark.parametrize("length", [0, 1, 99, 100, 101, 200, 1234])
def test_what_was_sealed_opens_byte_for_byte(opener: Opener, length: int) -> None:
    content = bytes(number % 251 for number in range(length))
    written = seal(opener, content)
    assert open_all(opener, written) == content
    assert check_frames(io.BytesIO(written)) == opener.recipient.name
    assert not length or content[:20] not in written or length < 4


def test_a_stream_that_is_cut_anywhere_is_found_without_the_key_and_with_it(opener: Opener) -> None:
    written = seal(opener, bytes(321))
    for length in range(len(written)):
        with pytest.raises(BackupBroken):
            check_frames(io.BytesIO(written[:length]))
        with pytest.raises(BackupBroken):
            open_all(opener, written[:length])


def test_a_bit_that_was_turned_anywhere_does_not_open(opener: Opener) -> None:
    written = bytearray(seal(opener, bytes(321)))
    for place in range(len(written)):
        written[place] ^= 1
        with pytest.raises(CprsyncError):
            open_all(opener, bytes(written))
        written[place] ^= 1


def test_frames_that_were_moved_doubled_or_followed_by_more_do_not_open(opener: Opener) -> None:
    written = seal(opener, bytes(250))
    frame = 4 + 100 + 16
    head, first, second, last = (
        written[:BEGINNING],
        written[BEGINNING : BEGINNING + frame],
        written[BEGINNING + frame : BEGINNING + 2 * frame],
        written[BEGINNING + 2 * frame :],
    )
    assert open_all(opener, head + first + second + last) == bytes(250)
    for moved in ((second, first, last), (first, first, second, last), (first, last), (first, second, last, b"x")):
        with pytest.raises(BackupBroken):
            open_all(opener, head + b"".join(moved))


def test_a_part_does_not_open_in_another_place(opener: Opener) -> None:
    written = seal(opener, b"the keys")
    with pytest.raises(BackupBroken):
        open_all(opener, written, place="cprsync-20270401T053000Z/database.sealed")


def test_another_key_opens_nothing_and_is_told_by_name(opener: Opener, tmp_path: Path) -> None:
    other = make_key_pair(tmp_path / "other.pem")
    with pytest.raises(ConfigurationError) as error:
        open_all(Opener.load(tmp_path / "other.pem"), seal(opener, b"the keys"))
    assert error.value.kind == "backup.other_key"
    assert other.name in error.value.message
    assert opener.recipient.name in error.value.message


def test_the_same_content_is_sealed_in_another_way_each_time(opener: Opener) -> None:
    assert seal(opener, b"the keys") != seal(opener, b"the keys")


def test_a_key_is_private_and_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "backup.pem"
    made = make_key_pair(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert Recipient.load(tmp_path / "backup.pem.pub").name == made.name
    before = path.read_bytes()
    with pytest.raises(ConfigurationError, match="overwritten"):
        make_key_pair(path)
    assert path.read_bytes() == before


def test_a_private_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    make_key_pair(tmp_path / "backup.pem")
    (tmp_path / "backup.pem").chmod(0o644)
    with pytest.raises(ConfigurationError):
        Opener.load(tmp_path / "backup.pem")


def test_a_key_for_a_folder_that_is_not_there_asks_for_the_folder(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as error:
        make_key_pair(tmp_path / "usb" / "backup.pem")
    assert error.value.kind == "backup.key.folder"
    assert error.value.message == f"{tmp_path / 'usb'} is not there"
    assert list(tmp_path.iterdir()) == []


def test_a_file_without_a_key_says_so_and_nothing_of_what_is_in_it(tmp_path: Path) -> None:
    path = tmp_path / "no.pem"
    path.write_text("Vestergade 12")
    path.chmod(0o600)
    for load in (Opener.load, Recipient.load):
        with pytest.raises(ConfigurationError) as error:
            load(path)
        assert error.value.kind == "backup.key"
        assert "Vestergade" not in error.value.message
