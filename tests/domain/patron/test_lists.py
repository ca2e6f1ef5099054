"""The lists of a record: one more, one less, or the whole anew; what was not named stays as it was."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from cprsync.domain.patron.fields import FIELD
from cprsync.domain.patron.local import (
    BLOCKS_MOST,
    CONTACTS_MOST,
    Block,
    Card,
    Email,
    ListChange,
    NotListed,
    SeveralMeant,
    Telephone,
    TypedBlock,
    card_forms,
    card_key,
    check_new_telephones,
    distinct_cards,
    is_number_of_another,
    keep_pin,
)
from cprsync.domain.person.number import CprNumber

TODAY = date(2027, 3, 1)
LOST, FEES = Block(date(2027, 1, 2), "Mistet kort"), Block(date(2027, 2, 3), "Gebyrer")
OLD = Block(date(2026, 1, 2), "Mistet kort", lifted=date(2027, 2, 20))
HOME, MOBILE = Telephone("87000000"), Telephone("20000000", notices=True)
MAIL = Email("Anna@example.dk", notices=True)


def change(field: str, before: tuple[Any, ...], typed: tuple[Any, ...], doing: ListChange) -> tuple[Any, ...]:
    how = FIELD[field].kind.change
    assert how is not None
    return how(before, typed, doing, TODAY)


def add(field: str, before: tuple[Any, ...], *typed: Any) -> tuple[Any, ...]:
    return change(field, before, typed, ListChange.ADD)


def remove(field: str, before: tuple[Any, ...], *typed: Any) -> tuple[Any, ...]:
    return change(field, before, typed, ListChange.REMOVE)


# -- blocks ------------------------------------------------------------------------------------------------------


def test_one_more_block_lifts_none() -> None:
    assert add("blocks", (LOST,), TypedBlock("Gebyrer", FEES.since)) == (LOST, FEES)


def test_a_block_without_a_day_begins_today() -> None:
    assert add("blocks", (LOST,), TypedBlock("Gebyrer")) == (LOST, Block(TODAY, "Gebyrer"))


@pytest.mark.parametrize("since", [None, LOST.since])
def test_a_block_that_holds_is_not_begun_again(since: date | None) -> None:
    assert add("blocks", (LOST, FEES), TypedBlock("mistet kort", since)) == (LOST, FEES)


def test_a_block_that_was_lifted_is_begun_again_beside_it() -> None:
    assert add("blocks", (OLD,), TypedBlock("Mistet kort")) == (OLD, Block(TODAY, "Mistet kort"))


def test_lifting_one_block_by_its_reason_leaves_the_others() -> None:
    lifted = Block(LOST.since, LOST.reason, lifted=TODAY)
    assert remove("blocks", (OLD, LOST, FEES), TypedBlock("MISTET KORT")) == (OLD, lifted, FEES)


def test_a_block_that_was_lifted_already_keeps_its_day() -> None:
    assert remove("blocks", (OLD, FEES), TypedBlock("Mistet kort")) == (OLD, FEES)


def test_two_blocks_of_one_reason_are_told_apart_by_their_day() -> None:
    later = Block(date(2027, 2, 9), "Mistet kort")
    with pytest.raises(SeveralMeant, match="the day it began"):
        remove("blocks", (LOST, later), TypedBlock("Mistet kort"))
    after = remove("blocks", (LOST, later), TypedBlock("Mistet kort", later.since))
    assert after == (LOST, Block(later.since, later.reason, lifted=TODAY))


@pytest.mark.parametrize("typed", [TypedBlock("Kort"), TypedBlock("Mistet kort", date(2027, 1, 3))])
def test_a_block_that_is_not_there_is_not_lifted(typed: TypedBlock) -> None:
    with pytest.raises(NotListed):
        remove("blocks", (LOST, FEES), typed)


def test_blocks_that_are_typed_anew_lift_the_others_and_keep_their_days() -> None:
    lifted = Block(LOST.since, LOST.reason, lifted=TODAY)
    typed = (TypedBlock("gebyrer"), TypedBlock("Stjålet kort"))
    assert change("blocks", (LOST, FEES), typed, ListChange.REPLACE) == (lifted, FEES, Block(TODAY, "Stjålet kort"))


# -- telephones, e-mail addresses, cards -----------------------------------------------------------------------


def test_one_more_telephone_leaves_the_others_and_the_mark() -> None:
    assert add("telephones", (MOBILE,), HOME) == (MOBILE, HOME)


def test_the_mark_for_notices_moves_to_the_one_that_is_typed_with_it() -> None:
    plain, marked = Telephone("20000000"), Telephone("87000000", notices=True)
    assert add("telephones", (MOBILE, HOME), marked) == (plain, marked)
    assert add("telephones", (MOBILE,), marked) == (plain, marked)


def test_one_that_is_there_is_not_added_again_and_keeps_its_mark() -> None:
    assert add("telephones", (HOME, MOBILE), Telephone("20000000"), HOME) == (HOME, MOBILE)
    assert add("emails", (MAIL,), Email("anna@EXAMPLE.dk")) == (MAIL,)


def test_one_is_taken_away_and_the_others_stay() -> None:
    assert remove("telephones", (HOME, MOBILE), Telephone("87000000")) == (MOBILE,)
    assert remove("emails", (MAIL, Email("b@c.dk")), Email("ANNA@example.dk")) == (Email("b@c.dk"),)
    assert remove("cards", (Card("L 1", "hash"), Card("L2")), Card("l1")) == (Card("L2"),)


@pytest.mark.parametrize(
    ("field", "held", "typed"),
    [("telephones", HOME, MOBILE), ("emails", MAIL, Email("a@b.dk")), ("cards", Card("L1"), Card("L10"))],
)
def test_what_does_not_stand_there_is_not_taken_away(field: str, held: Any, typed: Any) -> None:
    with pytest.raises(NotListed, match="does not stand"):
        remove(field, (held,), held, typed)


def test_a_card_that_is_there_keeps_its_pin_and_a_new_one_gets_it() -> None:
    assert add("cards", (Card("L1", "hash"),), Card("l 1"), Card("L2")) == (Card("L1", "hash"), Card("L2", "hash"))


def test_the_whole_is_typed_anew_where_that_is_asked_for() -> None:
    assert change("telephones", (HOME, MOBILE), (HOME,), ListChange.REPLACE) == (HOME,)


def test_one_that_is_there_is_marked_for_notices_and_the_mark_is_taken_off_again() -> None:
    marked = change("telephones", (HOME, MOBILE), (HOME,), ListChange.MARK)
    assert marked == (replace(HOME, notices=True), replace(MOBILE, notices=False))
    assert change("telephones", marked, (HOME,), ListChange.UNMARK) == (HOME, replace(MOBILE, notices=False))
    # taking the mark off another one leaves it where it is
    assert change("telephones", (HOME, MOBILE), (HOME,), ListChange.UNMARK) == (HOME, MOBILE)


@pytest.mark.parametrize("doing", [ListChange.MARK, ListChange.UNMARK])
def test_what_does_not_stand_there_is_not_marked(doing: ListChange) -> None:
    with pytest.raises(NotListed, match="does not stand"):
        change("telephones", (MOBILE,), (HOME,), doing)


@pytest.mark.parametrize("field", ["telephones", "blocks"])
def test_a_list_that_is_full_takes_no_more_and_gives_some_away(field: str) -> None:
    most = BLOCKS_MOST if field == "blocks" else CONTACTS_MOST
    many: tuple[Any, ...] = tuple(
        Block(TODAY, f"reason {n}") if field == "blocks" else Telephone(f"8700000{n:02}") for n in range(most)
    )
    one = TypedBlock("one more") if field == "blocks" else Telephone("20000000")
    with pytest.raises(ValueError, match=f"longer than {most}"):
        add(field, many, one)
    if field == "telephones":
        # more of them came with a list
        assert remove(field, (*many, HOME, MOBILE), HOME) == (*many, MOBILE)


# -- what a card is ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [("Lb 12", "LB12"), ("29 8765 4321", "2987654321"), ("121179-KOT1", "121179kot1"), ("310279-1234", "3102791234")],
)
def test_a_card_is_the_same_however_it_is_written(one: str, other: str) -> None:
    assert card_key(one) == card_key(other)
    assert card_key(one) in card_forms(other)
    assert distinct_cards([one, " ", f" {other} "]) == (Card(one),)


@pytest.mark.parametrize(("one", "other"), [("L1", "L-1"), ("L1", "L01"), ("L1", "l10")])
def test_other_signs_make_another_card(one: str, other: str) -> None:
    assert card_key(one) != card_key(other)


@pytest.mark.parametrize("written", ["Lb 1", "LB 1", "lb1", "LB1"])
def test_a_card_is_found_as_an_older_index_has_it(written: str) -> None:
    assert written in card_forms(written)
    assert len(card_forms("12345678")) == 1
    assert {"LB1", "lb1"} <= set(card_forms(written))


def test_a_new_card_comes_under_the_pin_of_the_others() -> None:
    held = (Card("A"), Card("B", "hash"))
    assert keep_pin(held, (Card("a"), Card("b"), Card("C"))) == (Card("a"), Card("b", "hash"), Card("C", "hash"))


@pytest.mark.parametrize("number", ["4055667", "405566778", "112"])
def test_a_new_danish_telephone_with_another_number_of_digits_than_eight_is_refused(number: str) -> None:
    with pytest.raises(ValueError, match="eight digits"):
        check_new_telephones((HOME, Telephone(number)))


@pytest.mark.parametrize("number", ["00000000", "+0000000", "0000000000"])
def test_a_telephone_of_zeros_is_refused(number: str) -> None:
    with pytest.raises(ValueError, match="more than zeros"):
        check_new_telephones((Telephone(number),))


@pytest.mark.parametrize("written", ["+4540556677", "004540556677", "40556677"])
def test_a_danish_telephone_is_the_same_with_and_without_the_code_of_denmark(written: str) -> None:
    held, typed = (Telephone("40556677"),), (Telephone(written),)
    assert add("telephones", held, *typed) == held
    assert remove("telephones", held, *typed) == ()
    assert remove("telephones", typed, *held) == ()


def test_a_new_telephone_of_eight_digits_and_a_foreign_one_are_taken() -> None:
    check_new_telephones((HOME, Telephone("+298123456"), Telephone("00299123456")))


@pytest.mark.parametrize(
    ("number", "owner", "is_anothers"),
    [
        ("0101010000", "10000001", False),
        ("0101010000", "10000002", True),
        # nobody here has it: it counts as somebody's elsewhere
        ("0101010000", None, True),
        # a card with letters may look like a number that others make
        ("010101AB12", None, False),
        ("010101AB12", "10000002", True),
    ],
)
def test_a_card_is_never_the_cpr_number_of_somebody_else(number: str, owner: str | None, is_anothers: bool) -> None:
    """Decision 51."""
    assert is_number_of_another(CprNumber.parse_any(number), "10000001", owner=owner) is is_anothers
