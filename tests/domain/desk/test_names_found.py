"""Whose names a search means: each typed word begins one of theirs, and a namesake has each word whole."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from people import patron, unverified

from cprsync.domain.desk.finding import is_named, words_of
from cprsync.domain.patron.override import Overridden, Override
from cprsync.domain.person.sealed import Name

TODAY = date(2027, 3, 22)
BODIL = patron("ANNA", name=Name("Bodil Åse Ørsted", "Bodil", "Åse", "Ørsted"))


@pytest.mark.parametrize(
    ("typed", "found"),
    [("bod ør", True), ("oersted bodil", True), ("ase", True), ("odil", False), ("bodil holm", False)],
)
def test_a_name_is_found_by_the_beginning_of_each_word_in_any_spelling(typed: str, *, found: bool) -> None:
    assert is_named(BODIL, words_of(typed), TODAY) is found


@pytest.mark.parametrize(("typed", "found"), [("Bodil Ørsted", True), ("Bod Ørsted", False)])
def test_a_namesake_has_each_word_whole(typed: str, *, found: bool) -> None:
    assert is_named(BODIL, words_of(typed), TODAY, whole=True) is found


def test_a_correction_by_staff_is_found_while_it_holds() -> None:
    holm = Override(Overridden.NAME, "Bodil Holm", "lone", "Showed the papers", TODAY, TODAY)
    corrected = replace(BODIL, overrides=(holm,))
    assert is_named(corrected, words_of("Holm"), TODAY)
    assert not is_named(corrected, words_of("Holm"), date(2027, 3, 23))


def test_nobody_is_found_by_a_name_that_the_register_has_not_said() -> None:
    assert not is_named(unverified("ANNA"), words_of("Anna"), TODAY)
