"""Two people approve a held plan; a plan that does one harmful thing more is not what they approved."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from cprsync.domain.deciding.approval import (
    APPROVAL_LIVES,
    BeyondApproval,
    GivenYes,
    Harmful,
    PlannedHarm,
    WhyNoYes,
    approved_until,
    find_added,
    is_as_approved,
    people_behind,
    why_no_yes,
    yeses_in_force,
)
from cprsync.domain.person.status import Action
from cprsync.domain.policy.policy import Harm

NOON = datetime(2027, 3, 22, 12, tzinfo=UTC)
FIRST, SECOND = GivenYes("anna", NOON), GivenYes("bo", NOON + timedelta(hours=1))
RUNS_OUT = SECOND.at + timedelta(hours=4)
DIES = PlannedHarm("10000001", 3, frozenset({Action.DIE}), frozenset({Harm.GONE, Harm.CHANGED}), b"dead")
MOVES = PlannedHarm("10000002", 1, frozenset({Action.MOVE}), frozenset({Harm.CHANGED}), b"moved")
NOBODY_WROTE: dict[str, int] = {}


def test_an_approval_counts_for_four_hours_from_the_second_yes() -> None:
    """Decision 18."""
    assert timedelta(hours=4) == APPROVAL_LIVES
    pair = (FIRST, SECOND)
    assert approved_until(pair) == RUNS_OUT
    assert yeses_in_force(pair, RUNS_OUT - timedelta(microseconds=1)) == pair
    assert yeses_in_force(pair, RUNS_OUT) == ()


def test_an_approval_from_far_ahead_was_given_by_a_wrong_clock_and_does_not_count() -> None:
    pair = (FIRST, SECOND)
    assert yeses_in_force(pair, SECOND.at - timedelta(minutes=5)) == pair
    assert yeses_in_force(pair, SECOND.at - timedelta(days=30)) == ()


def test_a_first_yes_waits_and_approves_nothing() -> None:
    assert yeses_in_force((FIRST,), NOON + timedelta(days=9)) == (FIRST,)
    assert approved_until((FIRST,)) is None
    assert yeses_in_force((), NOON) == ()


def test_after_an_approval_has_run_out_two_people_begin_anew() -> None:
    third = GivenYes("bo", RUNS_OUT)
    assert yeses_in_force((FIRST, SECOND, third), RUNS_OUT) == (third,)
    assert approved_until((FIRST, SECOND, third)) == RUNS_OUT
    assert why_no_yes((third,), "anna") is None


@pytest.mark.parametrize(
    ("who", "why"),
    [
        ("bo", None),
        ("anna", WhyNoYes.SAME_PERSON),
        ("Anna", WhyNoYes.SAME_PERSON),
        ("anna (portal)", WhyNoYes.SAME_PERSON),
        ("anna@bibliotek.example", WhyNoYes.SAME_PERSON),
        ("anna+leder@bibliotek.example", WhyNoYes.SAME_PERSON),
        ("an.na.", WhyNoYes.SAME_PERSON),
        ("\uff21nna", WhyNoYes.SAME_PERSON),
        ("anna+bo", None),
        ("...", WhyNoYes.NOBODY),
        (None, WhyNoYes.NOBODY),
        (" (portal)", WhyNoYes.NOBODY),
    ],
)
def test_the_second_yes_is_another_persons(who: str | None, why: WhyNoYes | None) -> None:
    assert why_no_yes((FIRST,), who) is why


def test_a_third_yes_is_not_needed() -> None:
    assert why_no_yes((FIRST, SECOND), "clara") is WhyNoYes.APPROVED
    assert why_no_yes((), "anna") is None


def test_one_account_that_names_two_people_is_not_two() -> None:
    assert people_behind("Anna Holm (portal)") == {"annaholm", "portal"}
    first = GivenYes("Anna Holm (portal)", FIRST.at)
    assert why_no_yes((first,), "Bo Holm (portal)") is WhyNoYes.SAME_PERSON
    assert why_no_yes((first,), "portal") is WhyNoYes.SAME_PERSON
    assert why_no_yes((first,), "bo") is None


def added(*planned: PlannedHarm, written: dict[str, int] = NOBODY_WROTE) -> frozenset[str]:
    return find_added(Harmful((DIES, MOVES)), Harmful(planned), written).patrons


def test_the_same_and_less_is_what_was_approved() -> None:
    assert not find_added(Harmful((DIES, MOVES)), Harmful((DIES, MOVES)), {})
    assert not find_added(Harmful((DIES, MOVES)), Harmful(), {})
    assert added(replace(DIES, harms=frozenset({Harm.GONE}))) == frozenset()


def test_one_more_is_not() -> None:
    other = replace(MOVES, patron_id="10000003")
    more = find_added(Harmful((DIES, MOVES)), Harmful((DIES, MOVES, other)), {})
    assert more
    assert more.patrons == {"10000003"}
    assert added(MOVES, MOVES) == {"10000002"}


@pytest.mark.parametrize(
    "other",
    [
        replace(MOVES, digest=b"moved elsewhere"),
        replace(MOVES, version=2),
        replace(MOVES, version=0),
        replace(MOVES, kinds=frozenset({Action.MOVE, Action.RENAME})),
        replace(MOVES, harms=frozenset({Harm.CHANGED, Harm.ADDRESS_LOST})),
    ],
)
def test_another_change_of_the_same_patron_is_not_what_was_approved(other: PlannedHarm) -> None:
    assert added(other) == {"10000002"}


def test_a_patron_may_have_moved_on_by_what_the_held_night_let_through() -> None:
    assert added(replace(MOVES, version=2), written={"10000002": 1}) == frozenset()
    assert added(replace(MOVES, version=3), written={"10000002": 1}) == {"10000002"}


def test_what_a_limit_counts_beside_the_changes_is_compared_one_by_one() -> None:
    approved = Harmful(beside={Harm.PARKED: Counter({b"a": 2})})
    assert not find_added(approved, Harmful(beside={Harm.PARKED: Counter({b"a": 1})}), {})
    more = Harmful(beside={Harm.PARKED: Counter({b"a": 2, b"b": 1}), Harm.UNSUBSCRIBED: Counter({b"c": 1})})
    assert find_added(approved, more, {}) == BeyondApproval(beside={Harm.PARKED: 1, Harm.UNSUBSCRIBED: 1})


@pytest.mark.parametrize(
    ("planned", "same"),
    [
        (Harmful([DIES, MOVES]), True),
        (Harmful([MOVES, replace(DIES, kinds=frozenset())]), True),
        (Harmful([DIES]), False),
        (Harmful([DIES, MOVES, MOVES]), False),
        (Harmful([DIES, MOVES], {Harm.PARKED: Counter([b"one"])}), False),
    ],
)
def test_a_plan_is_as_approved_if_it_does_neither_more_nor_less(planned: Harmful, *, same: bool) -> None:
    approved = Harmful([DIES, MOVES])
    assert is_as_approved(approved, planned, find_added(approved, planned, NOBODY_WROTE)) is same
    two = Harmful([DIES], {Harm.PARKED: Counter([b"one", b"two"])})
    one = Harmful([DIES], {Harm.PARKED: Counter([b"one"])})
    assert not is_as_approved(two, one, find_added(two, one, NOBODY_WROTE))
