"""Whatever happens to a card, a log-in broker that asks CULR about it is told of its patron, and of no other person."""

from __future__ import annotations

from datetime import date
from random import Random
from typing import TYPE_CHECKING

import pytest
from card_broker import by_card, by_number, make_sure_that_right, unread
from sqlalchemy import delete
from test_account_order import disappear, renumber
from test_card_log_ins import hears
from test_leaving import leave
from test_merging_patrons import BOTH, NEW, two_of_one
from test_reviewing import number_of, reviews
from test_set_cpr import EDITH, MADE, enrol, set_cpr, undo
from test_setting import counter
from townspeople import cpr, person

from cprsync.domain.netmedia.account import Code, Identity, IdType
from cprsync.domain.patron.local import ListChange
from cprsync.errors import NetMediaUnavailable
from cprsync.services.desk.setting import Setting, set_field
from cprsync.store import tables

if TYPE_CHECKING:
    from culr_double import CulrDouble
    from doubles import Library

    from cprsync.domain.person.number import CprNumber
    from cprsync.mock.town.culr_accounts import CulrRequest, CulrResult

LATER = date(2028, 1, 1)


def lives_in(library: Library, patron_id: str, municipality: str) -> None:
    """As staff correct it: a patron without a CPR number then has an account under the patron number."""
    set_field(counter(library), Setting(patron_id, "municipality", municipality, "lone", reason="flyttet", until=LATER))


@pytest.mark.parametrize("told", [False, True])
@pytest.mark.parametrize(("made", "municipality"), [(MADE[0], ""), (MADE[1], "0461"), (None, "0461")])
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
    for row in library.rows("patron"):
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
    library.one_night(unread(library))
    about = [call.operation.value for call in culr.calls if call.identity.value == first]
    assert about == ["deleteAccount", "createAccount"]
    make_sure_that_right(library, culr)
    assert by_card(culr, first) == cpr(other).digits


def set_and_taken_back(library: Library, *, cards: bool = True) -> tuple[CulrDouble, str]:
    """A patron without a CPR number again, whose card still logs in as the person whose number it was."""
    culr = hears(library)
    patron_id = enrol(library, MADE[0])
    lives_in(library, patron_id, "0461")
    library.register.knows(person("EDITH"))
    set_cpr(library, patron_id)
    make_sure_that_right(library, culr)
    library.sets_culr_up(cards=cards)
    undo(library, patron_id)
    return culr, patron_id


def test_a_card_that_another_patron_has_by_now_is_not_deleted_under_a_patron_number(library: Library) -> None:
    """The first patron's effect comes through late, when the other one's card logs in already."""
    culr, patron_id = set_and_taken_back(library)
    moves_card(library, "E1", to=library.id_of("BO"))
    [(late,)] = library.store.outbox.queues([patron_id])
    assert (late.identity.type, late.drops) == (IdType.LOCAL, frozenset())
    culr.refuses[Identity(IdType.LOCAL, patron_id)] = Code.PROGRAM_ERROR
    library.one_night(unread(library))
    assert by_card(culr, "E1") == cpr("BO").digits
    culr.refuses.clear()
    make_sure_that_right(library, culr)
    assert by_card(culr, "E1") == cpr("BO").digits


def test_without_the_setting_it_is_deleted_whoever_has_it_by_now(library: Library) -> None:
    culr, patron_id = set_and_taken_back(library, cards=False)
    moves_card(library, "E1", to=library.id_of("BO"))
    [(late,)] = library.store.outbox.queues([patron_id])
    assert late.drops == {Identity(IdType.LOCAL, "E1")}
    library.one_night(unread(library))
    library.one_night(unread(library))
    assert by_card(culr, "E1") is None


def test_a_card_that_is_taken_off_while_it_is_being_told_logs_in_no_longer(library: Library) -> None:
    """The desk does not wait for the night: our records do not know yet that CULR has the account."""
    culr = hears(library)
    anna = library.id_of("ANNA")
    change(library, anna, "A-2", doing=ListChange.ADD)
    real = culr.accounts.carry_out

    def taken_off(request: CulrRequest) -> CulrResult:
        done = real(request)
        if (request.operation, request.value) == ("createAccount", "A-2"):
            change(library, anna, "A-2", doing=ListChange.REMOVE)
        return done

    culr.accounts.carry_out = taken_off  # type: ignore[method-assign]  # what happens in the midst of a call
    library.one_night(unread(library))
    assert by_card(culr, "A-2") == cpr("ANNA").digits
    make_sure_that_right(library, culr)
    assert by_card(culr, "A-2") is None


def test_whoever_leaves_is_in_the_way_of_who_gets_the_card(library: Library) -> None:
    """All of their accounts are deleted: the other one's effect waits until that has ended."""
    hears(library)
    anna = library.id_of("ANNA")
    leave(library, anna)
    [(gone,)] = library.store.outbox.queues([anna])
    assert Identity(IdType.LOCAL, "ANNA") in gone.touches


def test_a_merge_that_is_taken_back_takes_its_cards_back_where_nobody_knows_the_municipality(library: Library) -> None:
    closes, keeps = two_of_one(library)
    change(library, closes, "X-1", doing=ListChange.ADD)
    change(library, keeps, "Y-1", doing=ListChange.ADD)
    disappear(library, closes)
    with library.engine.begin() as connection:
        # as of a patron whose municipality nobody knew
        connection.execute(delete(tables.outbox).where(tables.outbox.c.patron_id == closes))
    culr = hears(library)
    item = number_of(library, BOTH)
    reviews(library).accept(item)
    make_sure_that_right(library, culr)
    assert by_number(culr, NEW.digits) == {"ANNA", "CLARA", "X-1", "Y-1"}
    disappear(library, keeps)
    reviews(library).undo(item)
    make_sure_that_right(library, culr)
    assert by_number(culr, NEW.digits) == {"CLARA", "Y-1"}


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
        self.library.one_night(unread(self.library))
        self.culr.loses_every = 0

    def _down(self) -> None:
        self.culr.down = NetMediaUnavailable("no answer")
        self.library.one_night(unread(self.library))
        self.culr.down = None

    def _night(self) -> None:
        self.library.one_night(unread(self.library))


@pytest.mark.parametrize("seed", range(3))
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
