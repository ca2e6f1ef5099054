"""The erase journal: chained lines outside the database, seen on disk before the database hears of them."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from store_people import AGENCY, number

from cprsync.errors import ConfigurationError
from cprsync.store.beside.journal import EraseJournal, JournalEntry
from cprsync.store.seals.failures import JournalBroken
from cprsync.store.seals.keys import KeyPurpose, add_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from cprsync.store.seals.keys import Keyring

DAY = date(2027, 3, 2)


def entry(patron: str, *, agency: str = AGENCY, what: str = "erased") -> JournalEntry:
    return JournalEntry(DAY, agency, patron, what, bytes(32), "0a0b0c0d")


@pytest.fixture
def journal(tmp_path: Path, keyring: Keyring) -> EraseJournal:
    return EraseJournal(tmp_path / "journal.log", keyring)


def test_what_is_written_is_read_in_order_and_each_library_sees_its_own(journal: EraseJournal) -> None:
    assert journal.entries(AGENCY) == []
    journal.append([entry("10000001"), entry("10000002", agency="999999")])
    journal.append([entry("10000003", what="closed")])
    assert journal.entries(AGENCY) == [entry("10000001"), entry("10000003", what="closed")]
    assert journal.entries("999999") == [entry("10000002", agency="999999")]


def test_nothing_to_write_makes_no_file(journal: EraseJournal) -> None:
    journal.append([])
    assert not journal.path.exists()


def test_the_file_is_its_owners_alone_and_holds_no_number(journal: EraseJournal) -> None:
    journal.append([entry("10000001")])
    assert stat.S_IMODE(journal.path.stat().st_mode) == 0o600
    assert number(0).digits.encode() not in journal.path.read_bytes()


@pytest.mark.parametrize("torn", [b"{", b'{"agency":"710100"', b"x" * 300])
def test_a_last_line_that_was_torn_off_is_none_and_gives_way_to_the_next(journal: EraseJournal, torn: bytes) -> None:
    journal.append([entry("10000001")])
    with journal.path.open("ab") as file:
        file.write(torn)
    assert journal.entries(AGENCY) == [entry("10000001")]
    journal.append([entry("10000002")])
    assert journal.entries(AGENCY) == [entry("10000001"), entry("10000002")]


def _altered(lines: list[bytes]) -> list[bytes]:
    return [lines[0].replace(b"10000001", b"10000009"), *lines[1:]]


def _taken_out(lines: list[bytes]) -> list[bytes]:
    return [lines[0], lines[2]]


def _moved(lines: list[bytes]) -> list[bytes]:
    return [lines[1], lines[0], lines[2]]


def _garbled(lines: list[bytes]) -> list[bytes]:
    return [b"garbage\n", *lines]


def _listed(lines: list[bytes]) -> list[bytes]:
    return [*lines, b"[1]\tff\n"]


@pytest.mark.parametrize("damage", [_altered, _taken_out, _moved, _garbled, _listed])
def test_a_broken_chain_is_refused_and_nothing_is_written_to_it(journal: EraseJournal, damage: object) -> None:
    journal.append([entry("10000001"), entry("10000002"), entry("10000003")])
    assert callable(damage)
    journal.path.write_bytes(b"".join(damage(journal.path.read_bytes().splitlines(keepends=True))))
    before = journal.path.read_bytes()
    with pytest.raises(JournalBroken):
        journal.entries(AGENCY)
    with pytest.raises(JournalBroken):
        journal.append([entry("10000004")])
    assert journal.path.read_bytes() == before


def test_a_line_of_an_older_key_is_read_with_it(journal: EraseJournal, keyring: Keyring) -> None:
    journal.append([entry("10000001")])
    add_key(keyring.folder, KeyPurpose.CHECKPOINT)
    newer = EraseJournal(journal.path, type(keyring).load(keyring.folder))
    newer.append([entry("10000002")])
    assert newer.entries(AGENCY) == [entry("10000001"), entry("10000002")]
    # with the older key alone nobody can tell what the newer line says
    with pytest.raises(JournalBroken):
        journal.entries(AGENCY)


def test_a_journal_that_cannot_be_used_is_a_wrong_setting(tmp_path: Path, keyring: Keyring) -> None:
    folder = EraseJournal(tmp_path, keyring)
    with pytest.raises(ConfigurationError) as refused:
        folder.entries(AGENCY)
    assert refused.value.kind == "journal.file"
    with pytest.raises(ConfigurationError):
        folder.append([entry("10000001")])


PATRONS = ["10000001", "10000002", "10000003", "10000004"]


def _without_its_code(lines: list[bytes]) -> list[bytes]:
    return [lines[0], lines[1].partition(b"\t")[0] + b"\t\n", *lines[2:]]


def _added_twice(lines: list[bytes]) -> list[bytes]:
    return [lines[0], *lines[2:], *lines[1:]]


@pytest.mark.parametrize(
    ("damage", "kept"),
    [
        (_altered, [1, 2, 3]),
        # nothing shows any more what the next line followed
        (lambda lines: [lines[0], *lines[2:]], [0, 3]),
        (_without_its_code, [0, 3]),
        (_garbled, [0, 1, 2, 3]),
        (_added_twice, [0, 3, 2]),
    ],
)
def test_a_broken_file_is_set_aside_and_each_line_that_is_ours_goes_on_with_its_code(
    journal: EraseJournal, damage: Callable[[list[bytes]], list[bytes]], kept: list[int]
) -> None:
    journal.append([entry(one, agency=("999999", AGENCY)[at % 2]) for at, one in enumerate(PATRONS)])
    written = journal.written()
    whole = b"".join(damage(journal.path.read_bytes().splitlines(keepends=True)))
    journal.path.write_bytes(whole)
    journal.set_aside()
    # so a library that lost none of its lines finds the one that it has seen last
    assert journal.written() == [written[at] for at in kept]
    assert (journal.path.parent / "journal.log.broken-1").read_bytes() == whole
    assert stat.S_IMODE(journal.path.stat().st_mode) == 0o600
    journal.append([entry("10000005")])
    again = journal.path.read_bytes()
    # another library accepts the same broken file, and this one was quicker
    journal.set_aside()
    assert journal.path.read_bytes() == again
    assert not (journal.path.parent / "journal.log.broken-2").exists()


def test_whoever_is_killed_while_a_broken_file_is_set_aside_leaves_it_or_the_mended_one_in_its_place(
    journal: EraseJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal.append([entry(one) for one in PATRONS])
    broken = b"".join(_without_its_code(journal.path.read_bytes().splitlines(keepends=True)))
    journal.path.write_bytes(broken)
    opens = os.open
    for files in range(8):
        left = iter(range(files))

        def stops(*given: Any, left: Iterator[int] = left, **named: Any) -> int:
            if next(left, None) is None:
                raise KeyboardInterrupt
            return opens(*given, **named)

        with monkeypatch.context() as patch, suppress(KeyboardInterrupt):
            patch.setattr(os, "open", stops)
            journal.set_aside()
        assert journal.path.read_bytes().startswith(broken[:100])
    assert [one.patron_id for one in journal.entries()] == [PATRONS[0], PATRONS[3]]


def test_the_line_that_stands_for_lost_ones_is_chained_too(journal: EraseJournal) -> None:
    journal.append([entry(one) for one in PATRONS])
    journal.path.write_bytes(b"".join(_without_its_code(journal.path.read_bytes().splitlines(keepends=True))))
    journal.set_aside()
    first, stands, last = journal.path.read_bytes().splitlines(keepends=True)
    for forged in ([stands, last], [first, last], [first, stands.replace(b"resumes", b"resumed"), last]):
        journal.path.write_bytes(b"".join(forged))
        with pytest.raises(JournalBroken):
            journal.entries()
    # nothing is behind it, and the next line follows it all the same
    journal.path.write_bytes(first + stands)
    journal.append([entry("10000005")])
    assert [one.patron_id for one in journal.entries()] == ["10000001", "10000005"]
