"""A birth date that is not the number's: the register's word is written, and a person is told of it once."""

from __future__ import annotations

from datetime import date

import pytest
from doubles import MONDAY, TUESDAY, WEDNESDAY, Library, refused, unowned
from test_dry_run import as_planned
from test_lookup import lookup, warned
from test_number_change import replaced
from test_reviewing import number_of, reviews, waits
from townspeople import cpr, loses_protection, moves, person

from cprsync.domain.person.number import CprNumber
from cprsync.domain.person.person import Birth, Person, Silent
from cprsync.errors import ReviewChanged

DIFFERS = "birth.differs"
#: Not the date in the number of anybody here.
OTHER = Birth(date(1984, 4, 5))
#: A number of that day.
HERS = CprNumber("0504841784")


def born(key: str, birth: Birth | Silent) -> Person:
    return person(key, birth=birth)


def test_it_is_left_to_a_person_once_and_leaves_the_list_when_they_agree_again(either_library: Library) -> None:
    library = either_library
    library.deliver(MONDAY, born("ANNA", OTHER))
    report = as_planned(library)
    assert (report.exit_code, report.closing.reviews_waiting) == (3, {DIFFERS: 1})
    assert library.record("ANNA").birth == OTHER
    library.nothing_is_left()
    library.deliver(TUESDAY, moves(born("ANNA", OTHER)))
    assert (library.night().exit_code, waits(library)) == (0, [DIFFERS])
    library.deliver(WEDNESDAY, person("ANNA"))
    assert (as_planned(library).exit_code, waits(library)) == (0, [])
    library.nothing_is_left()


def test_whoever_was_looked_at_is_not_asked_about_again(library: Library) -> None:
    library.deliver(MONDAY, born("ANNA", OTHER))
    library.night()
    number = number_of(library, DIFFERS)
    reviews(library).reject(number, reason="Hun viste sit pas")
    library.deliver(TUESDAY, born("ANNA", Birth(date(1984, 4, 6))))
    assert (library.night().exit_code, waits(library)) == (0, [])
    reviews(library).reopen(number, reason="Passet var en andens")
    assert waits(library) == [DIFFERS]
    reviews(library).reject(number, reason="Hun viste sit pas")
    library.deliver(WEDNESDAY, person("ANNA"))
    library.night()
    refused(library, lambda: reviews(library).reopen(number, reason="igen"), ReviewChanged)


def test_a_first_copy_tells_of_it_too(library: Library) -> None:
    library.enrol("HENRIK")
    library.register.knows(born("HENRIK", OTHER))
    assert (library.night().exit_code, waits(library)) == (3, [DIFFERS])


def test_it_waits_beside_another_reason_of_the_same_change(library: Library) -> None:
    """The file says that BO's protection has ended, the register says no, and his birth date is another."""
    library.deliver(MONDAY, loses_protection(born("BO", OTHER)))
    assert library.night().exit_code == 3
    assert sorted(waits(library)) == [DIFFERS, "protection.contradicted"]


@pytest.mark.parametrize("birth_first", [True, False])
def test_the_number_that_follows_a_corrected_birth_date_settles_it(library: Library, *, birth_first: bool) -> None:
    """A corrected birth date brings a new number (status 60, cpr-data A): by then they agree."""
    library.deliver(MONDAY, born("ANNA", OTHER if birth_first else person("ANNA").birth))
    assert library.night().exit_code == (3 if birth_first else 0)
    library.deliver(TUESDAY, replaced(cpr("ANNA"), HERS), person("ANNA", number=HERS, birth=OTHER))
    assert (library.night().exit_code, waits(library)) == (0, [])


def test_a_look_up_at_the_desk_says_it_once_and_leaves_it_to_a_person_when_it_is_written(library: Library) -> None:
    library.register.knows(born("EDITH", OTHER))
    before = library.everything()
    assert warned(lookup(library, "EDITH")) == [DIFFERS]
    assert unowned(library.everything(), "audit", "audit_head") == unowned(before, "audit", "audit_head")
    assert warned(lookup(library, "EDITH", register=True)) == [DIFFERS]
    assert (waits(library), warned(lookup(library, "EDITH", register=True))) == ([DIFFERS], [])
