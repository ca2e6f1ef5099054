"""A patron is found by CPR number, patron number or card: by the shape of what was typed, and exactly or not at all."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from test_leaving import leave
from townspeople import cpr

from cprsync.domain.patron.local import Card, Local, Stage
from cprsync.domain.patron.patron import Patron
from cprsync.domain.person.number import CprNumber
from cprsync.domain.person.person import Person
from cprsync.services.desk.viewing import find_patron
from cprsync.services.ports.desk import Numbered
from cprsync.services.ports.patrons import NewPatron

if TYPE_CHECKING:
    from doubles import Library

ANNA, EDITH = cpr("ANNA").digits, cpr("EDITH").digits
NOBODY: dict[str, Any] = {"found": False, "patron": None, "by": None, "warnings": []}


@dataclass
class Shelf:
    """Who is there: by CPR number, by patron number, by card."""

    numbers: dict[str, str] = field(default_factory=dict)
    patron_numbers: dict[str, Numbered] = field(default_factory=dict)
    cards: dict[str, str] = field(default_factory=dict)

    def find(self, number: CprNumber) -> str | None:
        return self.numbers.get(number.digits)

    def numbered(self, patron_id: str) -> Numbered | None:
        return self.patron_numbers.get(patron_id)

    def with_card(self, card: str) -> str | None:
        return self.cards.get(card)

    def read(self, ids: list[str]) -> list[Patron]:
        return [Patron(one, Person(CprNumber(ANNA)), None, 1) for one in ids]


_SHELF = Shelf(
    numbers={ANNA: "10000001", EDITH: "10000001"},
    patron_numbers={
        "10000001": Numbered("10000001", Stage.ACTIVE),
        "10000002": Numbered("10000001", Stage.ACTIVE),
        "10000003": Numbered("10000003", Stage.CLOSED),
        "20000001": Numbered("20000001", Stage.ACTIVE),
    },
    cards={"L-77 x": "10000001", "30000001": "10000001", "1234567890": "10000001", "20000001": "10000001"},
)
SHELF: Any = SimpleNamespace(patrons=_SHELF, views=_SHELF)


@pytest.mark.parametrize(
    ("typed", "by", "warnings"),
    [
        (ANNA, "cpr_number", []),
        (f"{ANNA[:6]}-{ANNA[6:]}", "cpr_number", []),
        pytest.param(f"{ANNA[:6]} {ANNA[6:]}", "cpr_number", [], id="number-spaced"),
        pytest.param(f" {ANNA[:6]} – {ANNA[6:]} ", "cpr_number", [], id="number-dashed"),
        pytest.param(f"{ANNA[:6]}\u00a0{ANNA[6:]}", "cpr_number", [], id="number-unbreakable"),
        ("1000 0001", "patron", []),
        pytest.param(EDITH, "cpr_number", ["old_number"], id="number-search"),
        ("10000001", "patron", []),
        ("10000002", "patron", ["merged"]),
        ("L-77 x", "card", []),
        # eight digits that are no patron's number, and ten that are no CPR number
        ("30000001", "card", []),
        ("1234567890", "card", []),
    ],
)
def test_what_was_typed_is_told_by_its_shape(typed: str, by: str, warnings: list[str]) -> None:
    assert find_patron(SHELF, typed) == {"found": True, "patron": "10000001", "by": by, "warnings": warnings}


def test_whoever_has_left_is_found_by_her_patron_number_and_said_to_have_left() -> None:
    assert find_patron(SHELF, "10000003") == {
        "found": True,
        "patron": "10000003",
        "by": "patron",
        "warnings": ["closed"],
    }


def test_a_patron_number_that_is_also_anothers_card_names_both() -> None:
    found = find_patron(SHELF, "20000001")
    assert (found["patron"], found["warnings"], found["other"]) == ("20000001", ["card_of_another"], "10000001")


@pytest.mark.parametrize("typed", ["1000001", "100000012", ANNA[:9], "L-77", "10000004", "１００００００１"])
def test_nobody_is_found_by_a_part_or_by_what_is_nearly_right(typed: str) -> None:
    assert find_patron(SHELF, typed) == NOBODY


def test_the_store_knows_patron_numbers_and_cards_also_of_those_without_a_number(library: Library) -> None:
    (made,) = library.store.imports.take_patrons([NewPatron(None, Local(cards=(Card("I 7"),)), kind="institution")])
    patron_id = made.patron_id
    assert patron_id is not None
    before = library.everything()
    assert find_patron(library.store, "I 7")["patron"] == find_patron(library.store, patron_id)["patron"] == patron_id
    assert find_patron(library.store, "I 8") == NOBODY
    assert library.everything() == before
    leave(library, patron_id)
    assert find_patron(library.store, "I 7") == NOBODY
    assert find_patron(library.store, patron_id)["warnings"] == ["closed"]
