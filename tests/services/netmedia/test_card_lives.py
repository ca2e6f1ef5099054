"""Whatever happens to a card, a log-in broker that asks CULR about it is told of its patron, and of no other person."""

from __future__ import annotations

from datetime import date
from random import Random
from typing import TYPE_CHECKING

import pytest
from card_broker import by_card, make_sure_that_right
from test_account_order import renumber
from test_card_log_ins import hears
from test_leaving import leave
from test_set_cpr import EDITH, MADE, enrol, set_cpr, undo
from test_setting import counter
from townspeople import cpr, person

from cprsync.domain.patron.local import ListChange
from cprsync.errors import NetMediaUnavailable
from cprsync.services.desk.setting import Setting, set_field

if TYPE_CHECKING:
    from culr_double import CulrDouble
    from doubles import Library

    from cprsync.domain.person.number import CprNumber

LATER = date(2028, 1, 1)


def lives_in(library: Library, patron_id: str, municipality: str) -> None:
    """As staff correct it: a patron without a CPR number then has an account under the patron number."""
    set_field(counter(library), Setting(patron_id, "municipality", municipality, "lone", reason="flyttet", until=LATER))


@pytest.mark.parametrize("told", [False, True])
@pytest.mark.parametrize("made", [*MADE, None])
@pytest.mark.parametrize("municipality", ["", "0461"])
def test_a_number_that_was_set_and_taken_back_leaves_no_card_with_the_other_person(
    library: Library, made: CprNumber | None, municipality: str, *, told: bool
) -> None:
    culr = hears(library)
    patron_id = enrol(library, made)
    if municipality:
        lives_in(library, patron_id, municipality)
    library.register.knows(person("EDITH"))
    make_sure_that_right(library, culr)
    assert by_card(culr, "E1") is None
    set_cpr(library, patron_id)
    if told:
        make_sure_that_right(library, culr)
        assert by_card(culr, "E1") == EDITH.digits
    undo(library, patron_id)
    make_sure_that_right(library, culr)
    assert by_card(culr, "E1") is None


def moves_card(library: Library, card: str, *, to: str) -> None:
    """At the desk a card is taken from whoever has it before another patron gets it."""
    for row in library.everything()["patron"]:
        view = library.store.views.patron(row["id"])
        has = [] if view is None else [one.number for one in view.local.cards]
        if card in has and row["id"] != to:
            change(library, row["id"], card, doing=ListChange.REMOVE)
    change(library, to, card, doing=ListChange.ADD)


def change(library: Library, patron_id: str, card: str, *, doing: ListChange) -> None:
    set_field(counter(library), Setting(patron_id, "cards", card, "lone", doing=doing))


@pytest.mark.parametrize("first", ["ANNA", "BO"])
def test_a_card_is_deleted_under_whoever_had_it_before_it_is_made_for_another(library: Library, first: str) -> None:
    """Whoever of the two comes first in the order of the patron numbers (decision 34)."""
    culr = hears(library)
    other = "BO" if first == "ANNA" else "ANNA"
    moves_card(library, first, to=library.id_of(other))
    culr.calls.clear()
    library.one_night()
    about = [call.operation.value for call in culr.calls if call.identity.value == first]
    assert about == ["deleteAccount", "createAccount"]
    make_sure_that_right(library, culr)
    assert by_card(culr, first) == cpr(other).digits


class Life:
    """What happens to the cards of some patrons, drawn by a seed."""

    def __init__(self, library: Library, culr: CulrDouble, seed: int) -> None:
        self.library, self.culr, self.random = library, culr, Random(seed)  # noqa: S311 -- what happens to invented people
        self.ids = [library.id_of(key) for key in ("ANNA", "BO", "CLARA")]
        self.ids.append(enrol(library, MADE[0]))
        self.numbers = [cpr(key) for key in ("FINN", "GRETHE")]
        library.register.knows(person("EDITH"))
        self.cards = ["X-1", "X-2", "x-3", "12-34", "E1", "ANNA", "BO"]
        self.is_set = False

    def happen(self) -> None:
        what = self.random.choice(("card", "card", "card", "none", "number", "set", "lossy", "down", "night"))
        getattr(self, f"_{what}")()

    def _card(self) -> None:
        moves_card(self.library, self.random.choice(self.cards), to=self.random.choice(self.ids))

    def _none(self) -> None:
        one = self.random.choice(self.ids)
        view = self.library.store.views.patron(one)
        for card in () if view is None else view.local.cards:
            change(self.library, one, card.number, doing=ListChange.REMOVE)

    def _number(self) -> None:
        if self.numbers:
            renumber(self.library, self.random.choice(self.ids[:3]), self.numbers.pop())

    def _set(self) -> None:
        (undo if self.is_set else set_cpr)(self.library, self.ids[3])
        self.is_set = not self.is_set

    def _lossy(self) -> None:
        self.culr.loses_every = self.random.choice((2, 3, 10))
        self.library.one_night()
        self.culr.loses_every = 0

    def _down(self) -> None:
        self.culr.down = NetMediaUnavailable("no answer")
        self.library.one_night()
        self.culr.down = None

    def _night(self) -> None:
        self.library.one_night()


@pytest.mark.parametrize("seed", range(5))
def test_after_any_life_each_card_leads_to_its_patron_and_no_other_card_leads_anywhere(
    library: Library, seed: int
) -> None:
    culr = hears(library)
    life = Life(library, culr, seed)
    for _ in range(14):
        life.happen()
    make_sure_that_right(library, culr)
    leave(library, life.ids[0])
    make_sure_that_right(library, culr)
