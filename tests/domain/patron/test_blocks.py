"""Blocks: the ones that hold are typed anew, and what is left out was lifted."""

from __future__ import annotations

from datetime import date

from cprsync.domain.patron.local import Block, first_lifting, replace_blocks, without_lifted

DAY, TODAY = date(2027, 1, 2), date(2027, 3, 1)
LOST, FEES = Block(DAY, "Mistet kort"), Block(DAY, "Gebyrer")


def test_typing_the_same_blocks_changes_nothing() -> None:
    assert replace_blocks((LOST, FEES), (LOST, FEES), on=TODAY) == (LOST, FEES)


def test_a_block_left_out_is_lifted_on_the_day() -> None:
    assert replace_blocks((LOST, FEES), (FEES,), on=TODAY) == (Block(DAY, "Mistet kort", TODAY), FEES)


def test_a_lifted_block_stays_as_it_was_lifted() -> None:
    lifted = Block(DAY, "Mistet kort", date(2027, 2, 1))
    assert replace_blocks((lifted,), (), on=TODAY) == (lifted,)


def test_a_block_that_was_lifted_may_begin_again_beside_what_is_left_of_it() -> None:
    lifted = Block(DAY, "Mistet kort", date(2027, 2, 1))
    assert replace_blocks((lifted,), (LOST,), on=TODAY) == (lifted, LOST)


def test_a_block_typed_twice_is_one() -> None:
    assert replace_blocks((), (LOST, LOST), on=TODAY) == (LOST,)


def test_of_the_blocks_that_were_lifted_the_earliest_day_counts_and_those_of_long_ago_go() -> None:
    holds, old, new = (Block(date(2027, 1, 1), "a", lifted) for lifted in (None, date(2027, 2, 1), date(2027, 3, 1)))
    assert first_lifting((holds,)) is None
    assert first_lifting((holds, new, old)) == date(2027, 2, 1)
    assert without_lifted((holds, new, old), by=date(2027, 2, 1)) == (holds, new)
