"""A protection or a death in a person who cannot be read, or is told under a number she has no more (decision 3)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from doubles import MONDAY, TUESDAY, WEDNESDAY, DisturbedStore, Library, unowned, unreadable
from test_lookup import lookup
from test_night_changes import desk_write
from test_night_first_copies import DOWN
from test_number_change import NEW, OLD, anna, register_of, replaced
from townspeople import PROTECTED, cpr, dies, gains_protection, loses_protection, moves, person, renames

from cprsync.domain.patron.patron import AsOf, Source
from cprsync.domain.person.person import Status
from cprsync.domain.policy.policy import Harm
from cprsync.services.desk.reviewing import StaffReviews
from cprsync.services.ports.deliveries import Unreadable

if TYPE_CHECKING:
    from cprsync.domain.person.person import Person

ANNA = person("ANNA")
SEALED = gains_protection(ANNA)
#: A status that nobody knows, a street code that is none.
REASONS = ("person.status", "address.street")


def unread(key: str = "ANNA", reason: str = "person.status") -> Unreadable:
    return unreadable(key, reason, PROTECTED)


def reject_all(library: Library) -> None:
    reviews = StaffReviews(library, "lone")
    for item in reviews.listed():
        reviews.reject(int(item["id"]), reason="Looked at")


def brake(library: Library, *others: Person | Unreadable) -> None:
    """A night that is held: two die where nobody may."""
    library.limit(Harm.GONE, 0)
    library.deliver(MONDAY, *others, dies(person("CLARA")), dies(person("DAVID")))


# -- ordinary -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reason", REASONS)
def test_who_cannot_be_read_but_is_protected_is_sealed_and_waits(either_library: Library, reason: str) -> None:
    library = either_library
    before = library.everything()
    library.deliver(MONDAY, unread(reason=reason))
    report = library.night()
    assert (report.exit_code, library.items(report)) == (3, [("parked", reason)])
    assert report.document()["actions"] == {"protect": 1}
    assert library.record("ANNA") == SEALED
    # nothing else was read: the record is true for the day it was true for
    assert library.view("ANNA").patron.as_of == AsOf(MONDAY.replace(day=19), Source.LOOKUP)
    touched = ("patron", "finding_key", "before_image", "review_item", "inbox", "agreement")
    assert unowned(library.everything(), *touched) == unowned(before, *touched)


def test_she_stays_sealed_when_a_person_has_rejected_what_waits_until_the_register_says_otherwise(
    library: Library,
) -> None:
    library.register.knows(SEALED)
    library.deliver(MONDAY, unread())
    library.night()
    reject_all(library)
    assert not library.view("ANNA").parked
    assert library.record("ANNA") == SEALED
    library.deliver(TUESDAY, person("CLARA"))
    library.night()
    assert library.record("ANNA") == SEALED
    assert library.view("ANNA").patron.window is None


def test_only_the_register_opens_her_again(library: Library) -> None:
    """Decision 2: the next file that can be read and has no 0001 is a question."""
    library.deliver(MONDAY, unread())
    library.night()
    library.register.knows(ANNA)
    library.deliver(TUESDAY, ANNA)
    assert library.night().document()["actions"] == {"unprotect": 1}
    assert library.record("ANNA") == ANNA


def test_who_cannot_be_read_and_says_nothing_of_a_protection_is_not_sealed_by_it(library: Library) -> None:
    library.deliver(MONDAY, unreadable("ANNA", "person.status"))
    report = library.night()
    assert (library.items(report), report.document()["actions"]) == ([("parked", "person.status")], {})
    assert library.record("ANNA") == ANNA


def test_a_file_that_waited_behind_a_look_up_seals_too(library: Library) -> None:
    """Decision 35: a look-up is never dated after the last delivery that was taken, so this one is the newer word."""
    library.deliver(MONDAY, unread())
    library.clock.set_after(TUESDAY)
    library.register.knows(moves(ANNA))
    lookup(library, "ANNA", register=True)
    record = library.record("ANNA")
    report = library.one_night()
    assert library.items(report) == [("parked", "person.status")]
    assert library.record("ANNA") == replace(record, protection=PROTECTED)
    assert library.view("ANNA").parked


def test_a_patron_of_whom_no_source_has_spoken_is_sealed_too(library: Library) -> None:
    """A library may show whom no source has spoken of: what staff typed of her is shut."""
    library.policy = replace(library.policy, silent_is_sealed=False)
    library.enrol("HENRIK")
    library.register.failures[cpr("HENRIK")] = DOWN
    library.deliver(MONDAY, unread("HENRIK"))
    library.one_night()
    henrik = library.view("HENRIK")
    assert (henrik.patron.verified, henrik.register.protection) == (False, PROTECTED)
    assert library.questions() == [(library.id_of("HENRIK"), "first_copy")]
    assert library.outbox("HENRIK") == []
    library.register.failures.clear()
    library.register.knows(person("HENRIK"))
    # an answer of the file's own day tells the rest, and only a later one ends the protection (decision 43)
    assert library.one_night().actions_outside == {"first_copy": 1}
    assert library.record("HENRIK") == gains_protection(person("HENRIK"))
    for day in (TUESDAY, WEDNESDAY):
        library.deliver(day)
        report = library.one_night()
    assert report.actions_outside == {"unprotect": 1}
    assert library.record("HENRIK") == person("HENRIK")
    library.nothing_is_left()


def test_a_record_that_changed_since_is_sealed_as_it_stands_now(library: Library) -> None:
    library.deliver(MONDAY, unread())
    report = library.night(DisturbedStore(library.store, desk_write(library, "ANNA")))
    assert library.items(report) == [("parked", "person.status")]
    assert library.record("ANNA") == gains_protection(renames(ANNA))


def test_what_the_same_night_tells_of_her_later_is_decided_on_the_sealed_record(library: Library) -> None:
    library.register.knows(loses_protection(moves(ANNA)))
    library.deliver(MONDAY, unread())
    library.deliver(TUESDAY, moves(ANNA))
    report = library.night()
    assert report.document()["actions"] == {"protect": 1, "unprotect": 1, "move": 1}
    assert library.record("ANNA") == moves(ANNA)


# -- a death --------------------------------------------------------------------------------------------------


def test_a_death_in_a_person_who_cannot_be_read_stops_letters_until_she_lives(library: Library) -> None:
    """Nothing else of it is applied; a later delivery that tells that she lives lets them go out again."""
    before = library.record("ANNA")
    library.deliver(MONDAY, unreadable("ANNA", "protection.type", status=Status.DEAD))
    report = library.night()
    assert (report.exit_code, report.document()["actions"]) == (3, {"stop_letters": 1})
    assert library.view("ANNA").patron.letters_stopped == library.clock.today()
    assert library.record("ANNA") == before
    library.deliver(TUESDAY, ANNA)
    assert library.night().document()["actions"] == {"death_annulled": 1}
    assert library.view("ANNA").patron.letters_stopped is None


def test_a_death_in_a_person_who_cannot_be_read_stops_letters_behind_a_brake(library: Library) -> None:
    brake(library, unreadable("ANNA", "protection.type", PROTECTED, Status.DEAD))
    report = library.one_night()
    assert report.counts.let_through == {"protect": 1, "stop_letters": 3}
    assert library.view("ANNA").patron.letters_stopped == library.clock.today()
    assert library.record("ANNA") == SEALED


# -- held, and behind a gap -----------------------------------------------------------------------------------


def test_behind_a_brake_she_is_sealed_and_the_line_says_why_it_waits(either_library: Library) -> None:
    library = either_library
    brake(library, unread(), unreadable("BO", "address.street"))
    report = library.one_night()
    assert (report.exit_code, report.counts.let_through) == (5, {"protect": 1, "stop_letters": 2})
    held, parked, *_ = library.items(report)
    assert (held, parked) == (("held", "person.status"), ("parked", "address.street"))
    assert library.record("ANNA") == SEALED
    before = library.everything()
    assert not library.one_night().counts.let_through
    assert unowned(library.everything()) == unowned(before)
    library.limit(Harm.GONE, 2)
    library.night()
    reject_all(library)
    assert library.record("ANNA") == SEALED


def test_a_brake_does_not_close_what_waits_about_her(library: Library) -> None:
    """What goes through decides nothing of her."""
    library.deliver(MONDAY, unreadable("ANNA", "person.status"))
    library.night()
    library.limit(Harm.GONE, 0)
    library.deliver(TUESDAY, unread(), dies(person("CLARA")))
    library.one_night()
    assert library.record("ANNA") == SEALED
    assert library.view("ANNA").parked


def test_in_a_file_behind_a_gap_she_is_sealed(library: Library) -> None:
    library.deliver(WEDNESDAY, unread())
    report = library.one_night()
    assert (report.exit_code, report.counts.let_through) == (1, {"protect": 1})
    assert library.record("ANNA") == SEALED
    before = library.everything()
    assert not library.one_night().counts.let_through
    assert unowned(library.everything()) == unowned(before)


# -- under a number that she has no more ----------------------------------------------------------------------


def old_number_lives_again(library: Library) -> str:
    patron = library.id_of("ANNA")
    library.deliver(MONDAY, replaced(OLD, NEW), anna())
    library.night()
    library.deliver(TUESDAY, gains_protection(moves(anna(OLD))))
    return patron


def test_a_protection_told_under_an_old_number_seals_her(library: Library) -> None:
    patron = old_number_lives_again(library)
    report = library.night()
    assert library.items(report) == [("parked", "number.old_active")]
    assert register_of(library, patron) == gains_protection(anna())
    reject_all(library)
    assert register_of(library, patron) == gains_protection(anna())


def test_a_protection_told_under_an_old_number_seals_her_behind_a_brake(library: Library) -> None:
    patron = old_number_lives_again(library)
    library.limit(Harm.GONE, 0)
    library.deliver(WEDNESDAY, dies(person("CLARA")))
    report = library.one_night()
    assert report.counts.let_through == {"protect": 1, "stop_letters": 1}
    assert library.items(report)[0] == ("held", "number.old_active")
    assert register_of(library, patron) == gains_protection(anna())


def test_a_death_told_under_an_old_number_stops_no_letters(library: Library) -> None:
    """Whose number it is now is the question: nobody says that she has died."""
    patron = library.id_of("ANNA")
    library.deliver(MONDAY, replaced(OLD, NEW), anna())
    library.night()
    library.deliver(TUESDAY, dies(anna(OLD)))
    library.night()
    assert library.store.patrons.read([patron])[0].letters_stopped is None


def test_an_unread_protection_told_under_an_old_number_seals_her_too(library: Library) -> None:
    patron = library.id_of("ANNA")
    library.deliver(MONDAY, replaced(OLD, NEW), anna())
    library.night()
    unread_there = Unreadable(OLD, "person.status", PROTECTED, Status.DEAD)
    library.deliver(TUESDAY, Unreadable(OLD, "person.status", status=Status.DEAD), unread_there)
    report = library.night()
    assert library.items(report) == [("not_ours", "person.status"), ("parked", "person.status")]
    assert register_of(library, patron) == gains_protection(anna())
    # whose number it is now is the question: nobody says that she has died
    assert library.store.patrons.read([patron])[0].letters_stopped is None
