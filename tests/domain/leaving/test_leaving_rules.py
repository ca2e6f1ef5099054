"""Leaving: a request closes whoever has nothing open, and keeps whoever has until it is settled."""

from __future__ import annotations

from datetime import date

import pytest
from town import ANNA

from cprsync.domain.leaving.leaving import (
    Departing,
    Tie,
    Ties,
    accounts_to_delete,
    inactive_before,
    stage_after_night,
    stage_after_request,
    stage_after_return,
)
from cprsync.domain.netmedia.account import Effect, Identity, IdType
from cprsync.domain.patron.local import Stage

NOTHING = Ties()
HERS, FORMER, OTHER = (Identity(IdType.CPR, number) for number in (ANNA, "0101904444", "0101905555"))


@pytest.mark.parametrize("ties", [Ties(loans=1), Ties(balance=1), Ties(responsible=1)])
def test_a_request_waits_while_something_is_open(ties: Ties) -> None:
    assert stage_after_request(Stage.ACTIVE, ties) is Stage.LEAVING
    assert stage_after_request(Stage.LEAVING, ties) is Stage.LEAVING
    assert stage_after_night(Stage.LEAVING, ties) is Stage.LEAVING


def test_a_request_closes_whoever_has_nothing_open() -> None:
    assert {stage_after_request(stage, NOTHING) for stage in Stage} == {Stage.CLOSED}


def test_a_closed_record_stays_closed_whatever_is_found_of_it() -> None:
    assert stage_after_request(Stage.CLOSED, Ties(loans=1)) is Stage.CLOSED
    assert stage_after_night(Stage.CLOSED, Ties(loans=1)) is Stage.CLOSED
    assert stage_after_return(Stage.CLOSED) is Stage.CLOSED


def test_a_night_closes_only_whoever_asked() -> None:
    assert stage_after_night(Stage.LEAVING, NOTHING) is Stage.CLOSED
    assert stage_after_night(Stage.ACTIVE, NOTHING) is Stage.ACTIVE


def test_whoever_comes_back_while_she_leaves_stays() -> None:
    assert [stage_after_return(Stage.LEAVING), stage_after_return(Stage.ACTIVE)] == [Stage.ACTIVE, Stage.ACTIVE]


def test_what_is_open_is_named_and_counted() -> None:
    assert Ties(2, 0, 1).still_open == {Tie.LOANS: 2, Tie.RESPONSIBLE: 1}
    assert Ties(balance=3).still_open == {Tie.BALANCE: 3}
    assert NOTHING.still_open == {}


def test_whoever_was_last_seen_more_days_ago_than_the_policy_says_is_inactive() -> None:
    """Libraries' own pages: three years, with two as one library's (library.md B)."""
    assert inactive_before(date(2027, 3, 2), 1) == date(2027, 3, 1)
    assert inactive_before(date(2027, 3, 2), 1095) == date(2024, 3, 2)


def test_a_library_with_no_days_asks_nobody_to_leave() -> None:
    assert inactive_before(date(2027, 3, 2), 0) is None


def told(identity: Identity, *, replaces: Identity | None = None, gone: bool = False) -> Effect:
    return Effect("12345678", 2, identity, "751", replaces=replaces, gone=gone)


def test_an_account_is_deleted_under_each_number_that_may_have_one() -> None:
    assert accounts_to_delete([FORMER], [(told(HERS, replaces=FORMER), False)]) == (FORMER,)
    assert accounts_to_delete([FORMER], [(told(HERS, replaces=FORMER), True)]) == (FORMER, HERS)
    assert accounts_to_delete([], [(told(HERS, replaces=FORMER), False)]) == (FORMER,)


def test_an_account_of_which_the_net_media_never_heard_is_not_deleted() -> None:
    assert accounts_to_delete([], [(told(HERS), False)]) == ()
    assert accounts_to_delete([], [(told(FORMER), False), (told(HERS, replaces=FORMER), False)]) == ()


def test_an_account_of_which_they_may_have_heard_is_deleted() -> None:
    assert accounts_to_delete([], [(told(HERS), True)]) == (HERS,)


def test_an_account_is_deleted_once() -> None:
    assert accounts_to_delete([HERS], [(told(OTHER, gone=True), True), (told(HERS), True)]) == (HERS,)
    assert accounts_to_delete([HERS], [(told(HERS, gone=True), False)]) == ()


def test_those_who_leave_are_closed_in_parts_the_inactive_first() -> None:
    leaving = Departing(("1", "2", "3"), ("4",))
    assert len(leaving) == 4
    assert list(leaving.parts(2)) == [Departing(("1", "2")), Departing(("3",)), Departing(free=("4",))]
    assert list(Departing().parts(2)) == []
