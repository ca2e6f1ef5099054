"""Birth dates and ages: whose date counts, and on which day somebody turns an age."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from people import generated, person

from cprsync.domain.person.age import (
    AGE_MAX,
    BirthSource,
    LeapDay,
    age_on,
    birth_date_of,
    birthday,
    differs_from_number,
)
from cprsync.domain.person.number import CprNumber
from cprsync.domain.person.person import SILENT, Birth, Person, Silent

LEAP_CHILD = date(2012, 2, 29)
DAYS = st.dates(date(1870, 1, 1), date(2150, 12, 31))
RULES = st.sampled_from(LeapDay)


def test_the_registers_birth_date_comes_before_the_numbers() -> None:
    """SKAEV's number says another date than the register (cpr-data A)."""
    told = birth_date_of(person("SKAEV", birth=Birth(date(1965, 10, 14), uncertain=True)))
    assert told is not None
    assert (told.day, told.source, told.uncertain) == (date(1965, 10, 14), BirthSource.REGISTER, True)


def test_the_numbers_date_is_a_fallback_and_marked_as_one() -> None:
    told = birth_date_of(Person(person("ANNA").number))
    assert told is not None
    assert (told.day, told.source, told.uncertain) == (date(1985, 5, 4), BirthSource.NUMBER, True)


def test_what_staff_corrected_comes_before_both() -> None:
    told = birth_date_of(person("ANNA"), corrected=date(1986, 1, 2))
    assert told is not None
    assert (told.day, told.source, told.uncertain) == (date(1986, 1, 2), BirthSource.STAFF, False)


def test_a_number_without_a_date_and_a_silent_register_tell_no_birth_date() -> None:
    assert birth_date_of(Person(CprNumber.parse(generated(31, 2, 2001, "5")))) is None


BORN = date(1985, 5, 4)


@pytest.mark.parametrize(
    ("digits", "birth", "differs"),
    [
        ("0405851234", Birth(BORN), False),
        ("0405851234", Birth(BORN, uncertain=True), False),
        ("0405851234", Birth(BORN.replace(day=5)), True),
        # the seventh digit tells the century
        ("0405855234", Birth(BORN), True),
        ("0405851234", SILENT, False),
        # another's making says nothing of the register's, and thirty-one February is no date
        ("6405851234", Birth(BORN.replace(day=5)), False),
        ("040585KOT1", Birth(BORN.replace(day=5)), False),
        ("3102851234", Birth(BORN), False),
    ],
)
def test_a_birth_date_differs_from_the_registers_own_number_only(
    digits: str, birth: Birth | Silent, *, differs: bool
) -> None:
    """cpr-data A: the two may differ, and either may be the mistake."""
    assert differs_from_number(Person(CprNumber(digits), birth=birth)) is differs


@pytest.mark.parametrize(
    ("leap", "common_year", "leap_year"),
    [
        (LeapDay.MARCH, date(2027, 3, 1), date(2028, 2, 29)),
        (LeapDay.FEBRUARY, date(2027, 2, 28), date(2028, 2, 29)),
    ],
)
def test_29_february_turns_a_year_older_on_the_day_the_policy_names(
    leap: LeapDay, common_year: date, leap_year: date
) -> None:
    """Decision 9: no Danish source says which."""
    assert birthday(LEAP_CHILD, 15, leap=leap) == common_year
    assert birthday(LEAP_CHILD, 16, leap=leap) == leap_year
    assert (
        age_on(LEAP_CHILD, common_year - timedelta(days=1), leap=leap),
        age_on(LEAP_CHILD, common_year, leap=leap),
    ) == (
        14,
        15,
    )


def test_1900_was_no_leap_year() -> None:
    assert birthday(date(1896, 2, 29), 4) == date(1900, 3, 1)


def test_a_child_is_nought_before_its_birth() -> None:
    """A newborn may be registered under a date that is still to come."""
    assert [age_on(date(2027, 12, 31), day) for day in (date(2026, 1, 1), date(2027, 1, 1), date(2028, 1, 1))] == [
        0,
        0,
        0,
    ]


@pytest.mark.parametrize("age", [-1, 151])
def test_an_age_that_nobody_has_is_refused(age: int) -> None:
    with pytest.raises(ValueError, match="not an age"):
        birthday(date(2000, 1, 1), age)


def test_a_birth_date_typed_wrongly_leads_to_no_day_beyond_the_calendar() -> None:
    assert birthday(date(9990, 1, 1), 18) == date.max
    assert birthday(date(9981, 1, 1), 18) == date(9999, 1, 1)
    assert age_on(date(1, 1, 1), date(2027, 1, 1)) == AGE_MAX
    assert age_on(date(9999, 1, 1), date.max) == 0


@given(DAYS, DAYS, RULES)
def test_an_age_is_the_number_of_birthdays_up_to_the_day(born: date, day: date, leap: LeapDay) -> None:
    birthdays = sum(birthday(born, age, leap=leap) <= day for age in range(1, AGE_MAX + 1))
    assert age_on(born, day, leap=leap) == birthdays
