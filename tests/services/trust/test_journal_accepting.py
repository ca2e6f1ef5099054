"""A journal of which lines are lost for good: one deliberate step, and everything goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from doubles import AGENCY, MONDAY
from store_people import reasons_of
from test_leaving import erase, leave, of_another_life, taken_away, without_its_last_line
from test_reviews_later_and_many import raise_items, reviews
from test_setting import entries
from whole import verify_audit

from cprsync.cli.setup.installation import _show_accepted
from cprsync.errors import BadInput, ConfigurationError
from cprsync.services.trust.audit import accept_journal
from cprsync.store.beside.journal import JournalEntry
from cprsync.store.seals.failures import JournalBehind, JournalBroken

if TYPE_CHECKING:
    from collections.abc import Callable

    from doubles import Library


def accept(library: Library, reason: str = "The disk died") -> dict[str, Any]:
    return accept_journal(library.store, agency=AGENCY, user="lone", reason=reason)


def broken(library: Library) -> None:
    journal = library.folder / "erase-journal.log"
    journal.write_bytes(journal.read_bytes().replace(b"closed", b"xlosed", 1))


@pytest.mark.parametrize(
    ("harm", "fault", "told"),
    [
        (without_its_last_line, JournalBehind, {"patrons": 1, "seen": 2, "again": 1, "set_aside": False}),
        (taken_away, JournalBehind, {"patrons": 0, "seen": 2, "again": 2, "set_aside": False}),
        (of_another_life, JournalBehind, {"patrons": 2, "seen": 2, "again": 2, "set_aside": False}),
        (broken, JournalBroken, {"patrons": 1, "seen": 2, "again": 1, "set_aside": True}),
    ],
)
def test_everything_goes_on_with_the_journal_that_is_there(
    library: Library, harm: Callable[[Library], None], fault: type[Exception], told: dict[str, Any]
) -> None:
    anna, bo = library.id_of("ANNA"), library.id_of("BO")
    leave(library, anna)
    leave(library, bo)
    harm(library)
    with pytest.raises(fault):
        library.store.journal.replay()
    assert accept(library) == {"library": AGENCY} | told
    (entry,) = [one for one in entries(library) if one["kind"] == "journal_accepted"]
    assert (entry["user"], entry["seen"]) == ("lone", "2")
    assert reasons_of(library.store, None) == ["The disk died"]
    # whom the database knew is written down again: an older copy of it brings nobody back
    written = {one.patron_id for one in library.store._tenant.journal.entries(AGENCY)}
    assert {anna, bo} <= written
    assert library.store.journal.replay() == 0
    leave(library, library.id_of("CLARA"))
    library.deliver(MONDAY)
    library.night()
    verify_audit(library.store)


def test_what_another_library_wrote_behind_a_broken_line_is_not_lost_to_it(library: Library) -> None:
    leave(library, library.id_of("ANNA"))
    journal = library.store._tenant.journal
    journal.append([JournalEntry(MONDAY, "999999", "10000001", "erased", b"", "k")])
    theirs = journal.written("999999")
    broken(library)
    accept(library)
    assert journal.written("999999") == theirs


def test_whoever_accepts_a_journal_hears_of_the_audit_that_lacks_the_reasons_of_the_erased(
    library: Library, capsys: pytest.CaptureFixture[str]
) -> None:
    numbers = raise_items(library)
    reviews(library).reject(numbers[0], reason="Adressen er rigtig")
    erase(library, library.id_of("ANNA"))
    library.deliver(MONDAY)
    # from then on nothing is left of the record
    library.night()
    taken_away(library)
    _show_accepted(accept(library), "da")
    assert [one.kind for one in library.store.audit.check().problems] == ["audit.broken"]
    assert "cprsync audit accept" in capsys.readouterr().out
    library.store.audit.accept(user="lone", reason="Slettejournalen er tabt")
    assert library.store.audit.check().problems == ()


def test_a_journal_that_is_whole_is_not_accepted(library: Library) -> None:
    erase(library, library.id_of("ANNA"))
    before = library.everything()
    with pytest.raises(BadInput) as refused:
        accept(library)
    assert refused.value.kind == "journal.whole"
    assert library.everything() == before


def test_without_a_reason_nothing_is_accepted(library: Library) -> None:
    leave(library, library.id_of("ANNA"))
    taken_away(library)
    before = library.everything()
    with pytest.raises(ConfigurationError):
        accept(library, reason=" ")
    assert library.everything() == before
