"""What a library writes itself of whom no register knows: a name of one line, a birth date, and protected or not."""

from __future__ import annotations

from datetime import date

import pytest

from cprsync.domain.patron.override import (
    SHOWN_AS,
    UNREGISTERED_FIELDS,
    Overridden,
    Override,
    with_birth_date,
    with_name,
    with_protection,
)
from cprsync.domain.person.number import CprNumber
from cprsync.domain.person.person import SILENT, Birth, Person, Protection
from cprsync.domain.person.sealed import Name, Sealed

NURSERY = Person(CprNumber.none_of("40817263"))


@pytest.mark.parametrize(("text", "name"), [(" Børnehaven Regnbuen \n", "Børnehaven Regnbuen"), ("x" * 34, "x" * 34)])
def test_a_name_is_one_line_that_an_envelope_takes(text: str, name: str) -> None:
    assert with_name(NURSERY, text) == Person(NURSERY.number, name=Name(name))


@pytest.mark.parametrize("text", ["", " \n"])
def test_an_empty_name_is_none(text: str) -> None:
    assert with_name(with_name(NURSERY, "Børnehaven"), text) == NURSERY


@pytest.mark.parametrize("text", ["x" * 35, "Anna\nBo"])
def test_a_longer_name_is_refused_and_not_quoted(text: str) -> None:
    with pytest.raises(ValueError, match="at most 34 characters") as refused:
        with_name(NURSERY, text)
    assert text not in str(refused.value)


@pytest.mark.parametrize("text", ["ja", "Yes", " JA\n"])
def test_she_is_protected_by_a_yes(text: str) -> None:
    assert with_protection(NURSERY, text).protection is Protection.NAME_AND_ADDRESS


@pytest.mark.parametrize("text", ["nej", "No", "", " "])
def test_she_is_not_by_a_no(text: str) -> None:
    protected = with_protection(NURSERY, "ja")
    assert with_protection(protected, text).protection is SILENT


def test_anything_else_is_neither() -> None:
    with pytest.raises(ValueError, match="expected ja or nej"):
        with_protection(NURSERY, "måske")


TODAY = date(2027, 3, 23)


@pytest.mark.parametrize("text", ["2020-02-29", " 2027-03-23\n", "1897-01-01"])
def test_a_birth_date_is_a_day_on_which_someone_who_lives_may_be_born(text: str) -> None:
    assert with_birth_date(NURSERY, text, TODAY).birth == Birth(date.fromisoformat(text.strip()))


@pytest.mark.parametrize(
    "text", ["2027-03-24", "1896-12-31", "2021-02-29", "29/2 2021", "29.02.2021", "20200229", "i går"]
)
def test_any_other_day_is_refused_and_not_quoted(text: str) -> None:
    with pytest.raises(ValueError, match="day") as refused:
        with_birth_date(NURSERY, text, TODAY)
    assert text not in str(refused.value)


def test_each_field_is_written_and_emptied_by_its_name() -> None:
    typed = {"name": "Kim", "birth_date": "2020-02-29", "protection": "ja"}
    assert typed.keys() == UNREGISTERED_FIELDS.keys()
    for field, text in typed.items():
        written = UNREGISTERED_FIELDS[field](NURSERY, text, TODAY)
        assert written != NURSERY
        assert UNREGISTERED_FIELDS[field](written, "", TODAY) == NURSERY


@pytest.mark.parametrize(
    ("field", "text", "seen", "other"),
    [
        ("name", "Kim", "Kim", "Bo"),
        ("name", "", "", "Kim"),
        ("birth_date", "2020-02-29", "2020-02-29", "2020-02-28"),
        ("birth_date", "", "", "2020-02-29"),
        ("protection", "ja", "yes", "nej"),
        ("protection", "", "nej", "ja"),
    ],
)
def test_a_field_shows_what_was_typed_and_nothing_else(field: str, text: str, seen: str, other: str) -> None:
    written = UNREGISTERED_FIELDS[field](NURSERY, text, TODAY)
    assert SHOWN_AS.keys() == UNREGISTERED_FIELDS.keys()
    assert SHOWN_AS[field](written, {}, seen)
    assert not SHOWN_AS[field](written, {}, other)


@pytest.mark.parametrize(("field", "held"), [(Overridden.NAME, "Bo"), (Overridden.BIRTH_DATE, "2020-02-28")])
def test_a_field_shows_the_correction_that_holds(field: Overridden, held: str) -> None:
    typed = {Overridden.NAME: "Kim", Overridden.BIRTH_DATE: "2020-02-29"}[field]
    written = UNREGISTERED_FIELDS[field.value](NURSERY, typed, TODAY)
    holding = {field: Override(field, held, "lone", "Skiltet", TODAY)}
    assert SHOWN_AS[field.value](written, holding, held)
    assert not SHOWN_AS[field.value](written, holding, typed)


def test_a_sealed_name_was_shown_to_nobody_so_that_nobody_learns_it_by_guessing() -> None:
    sealed = Person(NURSERY.number, name=Sealed(Name("Kim")))
    assert all(SHOWN_AS["name"](sealed, {}, guess) for guess in ("Kim", "Bo", ""))
