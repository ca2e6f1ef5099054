"""What a library writes itself of whom no register knows: a name of one line, and protected or not."""

from __future__ import annotations

import pytest

from cprsync.domain.number import CprNumber
from cprsync.domain.person import SILENT, Name, Person, Protection
from cprsync.domain.unregistered import with_name, with_protection

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
