"""Which cards log in at the net media, which must not any more, and how far a library has come with it."""

from __future__ import annotations

from itertools import permutations

import pytest

from cprsync.domain.netmedia.account import Identity, IdType
from cprsync.domain.netmedia.cards import CardsProgress, CardsStage, PatronCards, givers_first

NONE, BEGINNING, ALL, ENDING = CardsStage
A, B, C = (Identity(IdType.LOCAL, card) for card in ("A-1", "B-1", "C-1"))


@pytest.mark.parametrize(
    ("stage", "log_in", "then"),
    [
        (NONE, True, CardsProgress(BEGINNING)),
        (BEGINNING, True, CardsProgress(BEGINNING, "12345678")),
        (ALL, True, CardsProgress(ALL, "12345678")),
        (ENDING, True, CardsProgress(BEGINNING)),
        (NONE, False, CardsProgress(NONE, "12345678")),
        (BEGINNING, False, CardsProgress(BEGINNING, "12345678")),
        (ALL, False, CardsProgress(ALL, "12345678")),
        (ENDING, False, CardsProgress(ENDING, "12345678")),
    ],
)
def test_a_setting_begins_by_itself_from_the_first_patron_on_and_never_ends_by_itself(
    stage: CardsStage, then: CardsProgress, *, log_in: bool
) -> None:
    assert CardsProgress(stage, "12345678").go_on(log_in=log_in) == then


@pytest.mark.parametrize(("stage", "then"), [(BEGINNING, ALL), (ENDING, NONE)])
def test_a_share_moves_the_mark_and_the_last_one_ends_the_stage(stage: CardsStage, then: CardsStage) -> None:
    progress = CardsProgress(stage, "1")
    assert progress.is_underway
    assert progress.moved_to("2") == CardsProgress(stage, "2")
    assert progress.moved_to(None) == CardsProgress(then)
    assert not CardsProgress(then).is_underway


@pytest.mark.parametrize(("stage", "stays"), [(NONE, False), (BEGINNING, True), (ALL, True), (ENDING, False)])
def test_accounts_stay_where_a_setting_was_taken_back_until_their_end_is_asked_for(
    stage: CardsStage, *, stays: bool
) -> None:
    assert CardsProgress(stage).leaves(log_in=False) is stays
    assert not CardsProgress(stage).leaves(log_in=True)


@pytest.mark.parametrize("stage", CardsStage)
def test_with_the_setting_exactly_the_patrons_cards_have_accounts(stage: CardsStage) -> None:
    cards, progress = PatronCards(frozenset({A, B}), frozenset({B, C})), CardsProgress(stage)
    assert cards.wanted(progress, log_in=True) == {A, B}
    assert cards.drops(progress, log_in=True) == {C}
    assert cards.pending(progress, log_in=True) == {A, C}


@pytest.mark.parametrize(("stage", "drops"), [(NONE, {B, C}), (BEGINNING, {C}), (ALL, {C}), (ENDING, {B, C})])
def test_without_the_setting_no_account_is_made_and_a_card_that_was_taken_off_loses_its_own(
    stage: CardsStage, drops: set[Identity]
) -> None:
    """Else the card would log in as the patron who had it, whoever gets it next."""
    cards, progress = PatronCards(frozenset({A, B}), frozenset({B, C})), CardsProgress(stage)
    assert cards.drops(progress, log_in=False) == drops == cards.pending(progress, log_in=False)
    assert A not in cards.wanted(progress, log_in=False)


def test_the_cards_of_a_patron_do_not_show_in_what_is_printed() -> None:
    assert repr(PatronCards(frozenset({A}), frozenset({B}))) == "PatronCards(has=1, held=1)"


@pytest.mark.parametrize("ids", [*permutations("1234")])
def test_whoever_had_a_card_comes_before_who_has_it_now_and_others_keep_their_turn(ids: tuple[str, ...]) -> None:
    """4 had a card of 3, who had one of 2; 9 had one too, and nothing waits for them."""
    turns = givers_first(ids, {"2": ["3", "9"], "3": ["4"]})
    assert sorted(turns) == ["1", "2", "3", "4"]
    assert turns.index("4") < turns.index("3") < turns.index("2")


def test_the_order_stays_where_no_card_went_from_one_to_another() -> None:
    assert givers_first(["3", "1", "2"], {}) == ["3", "1", "2"]
    assert givers_first(["3", "1", "2"], {"3": ["2"]}) == ["2", "3", "1"]


def test_two_who_swapped_cards_do_not_wait_for_each_other_for_ever() -> None:
    assert givers_first(["1", "2"], {"1": ["2"], "2": ["1"]}) == ["2", "1"]
    assert givers_first(["1", "2", "3"], {"1": ["1", "2"], "2": ["3"], "3": ["1"]}) == ["3", "2", "1"]
