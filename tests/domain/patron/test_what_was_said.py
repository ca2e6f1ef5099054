"""What a person said while the register did not answer, compared with what it says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from people import person

from cprsync.domain.patron.provisional import (
    LINE_MAX,
    NAME_MAX,
    WAITS_MOST,
    Differs,
    OwnStatement,
    compare_said,
    find_differences,
    is_late,
    review_of,
)
from cprsync.domain.person.person import EMPTY, Person, Protection
from cprsync.domain.person.sealed import Address, Name

ANNA = person("ANNA").number
NOW = datetime(2027, 3, 22, 12, tzinfo=UTC)
AT = Address("0751", "1104", "16B", floor="st", door="th", postcode="8000", district="Aarhus C", road="Uglesporet")


def known(**more: Any) -> Person:
    return Person(ANNA, **{"name": Name("Mette Marie Skovgaard"), "address": AT, **more})


@pytest.mark.parametrize(
    ("name", "address", "differs"),
    [
        ("Mette Marie Skovgaard", "Uglesporet 16B, st. th|8000 Aarhus C", set()),
        ("mette skovgaard", "uglesporet 16 b", set()),
        ("Mette Skovgaard", "", set()),
        ("Mette Holm", "Uglesporet 16B|8000 Aarhus C", {Differs.NAME}),
        ("Mette Skovgaard", "Uglesporet 18B|8000 Aarhus C", {Differs.ADDRESS}),
        ("Mette Skovgaard", "Uglesporet 16B|9000 Aalborg", {Differs.ADDRESS}),
        ("Ida Holm", "Havnegade 1", {Differs.NAME, Differs.ADDRESS}),
    ],
)
@pytest.mark.parametrize("protection", [None, Protection.NAME_AND_ADDRESS])
def test_what_was_said_is_compared_by_name_road_house_and_postcode_also_if_sealed(
    name: str, address: str, differs: set[Differs], protection: Protection | None
) -> None:
    more = {} if protection is None else {"protection": protection}
    assert find_differences(OwnStatement.of(name, address), known(**more)) == differs


def test_what_the_register_does_not_tell_differs_from_nothing() -> None:
    assert find_differences(OwnStatement.of("Ida Holm", "Havnegade 1"), Person(ANNA)) == frozenset()
    assert (
        find_differences(OwnStatement.of("Mette Skovgaard", "Havnegade 1"), known(address=Address("0751", "9901")))
        == set()
    )


@pytest.mark.parametrize(
    ("differs", "kind"),
    [
        (set(), None),
        ({Differs.NAME}, "said.name"),
        ({Differs.ADDRESS}, "said.address"),
        ({Differs.NAME, Differs.ADDRESS}, "said.both"),
    ],
)
def test_each_difference_has_a_review_of_its_kind(differs: set[Differs], kind: str | None) -> None:
    assert review_of(differs) == kind


@pytest.mark.parametrize(
    ("name", "address"),
    [("", "Havnegade 1"), (" ", ""), ("x" * (NAME_MAX + 1), ""), ("Ida", "a|b|c|d|e|f"), ("Ida", "x" * (LINE_MAX + 1))],
)
def test_a_name_is_needed_and_both_have_a_length(name: str, address: str) -> None:
    with pytest.raises(ValueError, match="expected a name"):
        OwnStatement.of(name, address)


def test_lines_are_read_with_a_bar_or_a_line_break_between_them() -> None:
    assert OwnStatement.of(" Ida ", "Havnegade 1 |\n 8000 Aarhus C") == OwnStatement(
        "Ida", ("Havnegade 1", "8000 Aarhus C")
    )


def test_the_register_is_late_after_a_day_and_a_night() -> None:
    assert not is_late(NOW - WAITS_MOST, NOW)
    assert is_late(NOW - WAITS_MOST - timedelta(seconds=1), NOW)


def test_only_what_a_source_has_told_of_is_compared_and_what_agrees_raises_nothing() -> None:
    said = {
        "1": OwnStatement.of("Mette Skovgaard", ""),
        "2": OwnStatement.of("Ida Holm", ""),
        "3": OwnStatement.of("Ida Holm", ""),
    }
    assert compare_said(said, {"1": known(), "2": known(), "4": known()}) == {"1": None, "2": "said.name"}


def test_what_was_said_is_not_compared_with_an_answer_that_tells_no_name_but_with_one_that_there_is_none() -> None:
    said = {"1": OwnStatement.of("Ida Holm", ""), "2": OwnStatement.of("Ida Holm", "")}
    assert compare_said(said, {"1": Person(ANNA), "2": known(name=EMPTY)}) == {"2": None}
