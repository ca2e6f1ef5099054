"""Days as people write them: what each form means, and what is refused."""

from __future__ import annotations

from datetime import date

import pytest

from cprsync.domain.person.age import parse_birth_date
from cprsync.domain.person.days import day_of, days_of, plain_day

TODAY = date(2027, 3, 22)


@pytest.mark.parametrize(
    "typed",
    [
        *("2027-04-01", "01.04.2027", "1.4.2027", "01-04-2027", "1-4-2027", " 1.4.2027 ", "1/4 2027", "1.4-2027"),
        *("1. april 2027", "1 apr 2027", "1.april 2027", "01042027", "1/4-27", "1.4.27", "010427", "1. april 27"),
    ],
)
def test_a_day_is_read_as_documents_and_as_danes_write_it(typed: str) -> None:
    assert day_of(typed) == date(2027, 4, 1)


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("", "not a day"),
        ("1.4", "not a day"),
        ("den 1.4.2027", "not a day"),
        ("20270401", "no such day"),
        ("2027.04.01", "not a day"),
        ("٠1.04.2027", "not a day"),
        ("31.02.2027", "no such day"),
        ("04-31-2027", "no such day"),
        ("01.01.0000", "no such day"),
    ],
)
def test_what_is_no_day_is_refused_without_being_quoted(typed: str, why: str) -> None:
    with pytest.raises(ValueError, match=why) as refused:
        day_of(typed)
    assert not typed or typed not in str(refused.value)


def test_a_year_of_two_digits_may_be_of_two_centuries() -> None:
    assert days_of("2/3-84") == (date(2084, 3, 2), date(1984, 3, 2))
    assert days_of("29.02.00") == (date(2000, 2, 29),)


@pytest.mark.parametrize("typed", ["2/3-84", "2. marts 1984", "020384", "02031984", "2-3-84", "2 mar 84", "1984-03-02"])
def test_a_birth_date_is_read_as_danes_write_it(typed: str) -> None:
    assert parse_birth_date(typed, TODAY) == date(1984, 3, 2)


@pytest.mark.parametrize("typed", ["070409", "7/4-09", "1. januar 27"])
def test_no_century_of_a_birth_date_is_guessed(typed: str) -> None:
    """Somebody of 17 may be 117: nobody is."""
    with pytest.raises(ValueError, match="all four digits"):
        parse_birth_date(typed, TODAY)


def test_a_typed_day_is_plain_and_anything_else_is_left_to_whoever_reads_it() -> None:
    assert plain_day("2. april 27") == "2027-04-02"
    assert plain_day("påske") == "påske"
