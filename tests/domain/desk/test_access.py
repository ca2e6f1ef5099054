"""Who may ask about whom: the rules as values, without a store."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from cprsync.domain.desk.access import (
    NOT_FOUND_MOST,
    OPEN_FOR,
    SAMPLE_WAITS,
    SETTLED_BY,
    Attempt,
    AttemptOutcome,
    Caps,
    Closeness,
    Doing,
    History,
    Look,
    Rule,
    counted_since,
    is_enumerating,
    is_overdue,
    is_sampled,
    looks_needed,
    may_check,
    why_refused,
)
from cprsync.domain.desk.confirming import SERVICE

NOW = datetime(2027, 3, 22, 12, tzinfo=UTC)
CAPS = Caps(an_hour=3, a_day=5, strangers_a_day=2)
LOOK_UP = Attempt("lisbeth", Doing.LOOK_UP, NOW)
STRANGER = Attempt("lisbeth", Doing.LOOK_UP, NOW, is_stranger=True)


def looks(
    *ago: timedelta, outcome: AttemptOutcome = AttemptOutcome.FOUND, stranger: bool = False, purpose: str = "debt"
) -> History:
    return History([Look(NOW - one, purpose, stranger, outcomes=frozenset({outcome})) for one in ago])


MINUTES = [timedelta(minutes=place) for place in range(60)]
HOURS = [timedelta(hours=1 + place) for place in range(9)]


@pytest.mark.parametrize(
    ("history", "rule"),
    [
        (looks(*MINUTES[:2]), None),
        (looks(*MINUTES[:3]), Rule.HOUR),
        (looks(*HOURS[:4]), None),
        (looks(*HOURS[:5]), Rule.DAY),
        # yesterday's do not count, in Copenhagen's days
        (looks(*(timedelta(hours=13, minutes=place) for place in range(9))), None),
        (History(is_stopped=True), Rule.STOPPED),
    ],
)
def test_look_ups_are_counted_by_the_hour_and_by_the_day(history: History, rule: Rule | None) -> None:
    assert why_refused(LOOK_UP, history, CAPS) is rule


@pytest.mark.parametrize(
    "outcome", [AttemptOutcome.RECORDED, AttemptOutcome.NOT_FOUND, AttemptOutcome.FAILED, AttemptOutcome.WITHHELD]
)
def test_only_who_was_shown_and_is_no_patron_counts_as_a_stranger(outcome: AttemptOutcome) -> None:
    assert why_refused(STRANGER, looks(*MINUTES[:2], stranger=True), CAPS) is Rule.STRANGERS
    assert why_refused(STRANGER, looks(*MINUTES[:2], stranger=True, outcome=outcome), CAPS) is None
    assert why_refused(LOOK_UP, looks(*MINUTES[:2], stranger=True), CAPS) is None


def test_a_reason_is_owed_after_half_an_hour() -> None:
    late, early = OPEN_FOR + timedelta(seconds=1), OPEN_FOR
    assert why_refused(STRANGER, looks(late, stranger=True), CAPS) is Rule.REASON_OWED
    assert why_refused(STRANGER, looks(early, stranger=True), CAPS) is None
    assert why_refused(LOOK_UP, looks(late, stranger=True), CAPS) is None
    explained = looks(late, stranger=True, outcome=AttemptOutcome.EXPLAINED)
    assert why_refused(STRANGER, explained, CAPS) is None


def test_who_answers_for_a_minor_joins_the_minors_look_up() -> None:
    joined = looks(*MINUTES[:9], outcome=AttemptOutcome.RECORDED, purpose="guardian")
    assert why_refused(LOOK_UP, joined, CAPS) is None
    assert why_refused(LOOK_UP, looks(*MINUTES[:9], purpose="guardian"), CAPS) is Rule.HOUR


def test_a_case_that_began_under_the_caps_goes_on() -> None:
    again = Attempt("lisbeth", Doing.LOOK_UP, NOW, follows=True)
    assert why_refused(again, looks(*MINUTES[:9]), CAPS) is None
    followed = History([Look(NOW, "debt", is_stranger=False, follows=True)] * 9)
    assert why_refused(LOOK_UP, followed, CAPS) is None


@pytest.mark.parametrize(
    ("doing", "close", "needs"),
    [(doing, close, close is not Closeness.FAMILY) for doing in (Doing.LOOK_UP, Doing.REVEAL) for close in Closeness]
    + [
        (doing, close, close in {Closeness.OWN, Closeness.HOUSEHOLD})
        for doing in (Doing.EDIT, Doing.REVIEW)
        for close in Closeness
    ],
)
def test_what_is_too_close_takes_a_second_person(doing: Doing, close: Closeness, *, needs: bool) -> None:
    alone = Attempt("lisbeth", doing, NOW, frozenset({close}))
    assert (why_refused(alone, History(), CAPS) is Rule.SECOND) is needs
    signed = Attempt("lisbeth", doing, NOW, frozenset({close}), is_signed=True)
    assert why_refused(signed, History(), CAPS) is None


def test_no_rule_binds_a_machine() -> None:
    machine = Attempt(SERVICE, Doing.LOOK_UP, NOW, frozenset(Closeness), is_stranger=True)
    assert why_refused(machine, History(looks(*MINUTES).looks, is_stopped=True), CAPS) is None
    assert not is_sampled(machine, drawn=0.0, recent=0, span=timedelta())


# -- numbers that nobody has -------------------------------------------------------------------------------


def row(*outcomes: AttemptOutcome) -> list[Look]:
    return [
        Look(NOW - timedelta(seconds=place), "debt", is_stranger=True, outcomes=frozenset({one}))
        for place, one in enumerate(outcomes)
    ]


NOBODY, FOUND, FAILED = AttemptOutcome.NOT_FOUND, AttemptOutcome.FOUND, AttemptOutcome.FAILED


def test_a_row_ends_at_who_was_found_and_goes_on_over_what_failed() -> None:
    assert History(row(NOBODY, NOBODY, FOUND, NOBODY)).not_found_in_a_row == 2
    assert History(row(NOBODY, FAILED, NOBODY)).not_found_in_a_row == 2
    assert not is_enumerating(History(row(*[NOBODY] * (NOT_FOUND_MOST - 1))))
    assert is_enumerating(History(row(*[NOBODY] * NOT_FOUND_MOST)))


def test_a_lifted_stop_begins_the_row_anew() -> None:
    lifted = History(row(*[NOBODY] * NOT_FOUND_MOST), lifted=NOW - timedelta(seconds=3))
    assert lifted.not_found_in_a_row == 3


# -- samples -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("recent", "days", "share"),
    [
        # 50 in a day are 1,500 in a month: the share is what counts
        (50, 1, 0.03),
        # 50 in 30 days: every second one, to have 25 in a month
        (50, 30, 0.5),
        # nobody knows the pace yet, or it is slow: never all
        (0, 0, 0.5),
        (1, 30, 0.5),
    ],
)
def test_a_share_is_drawn_and_at_least_some_in_a_month(recent: int, days: int, share: float) -> None:
    span = timedelta(days=days)
    assert is_sampled(LOOK_UP, drawn=share - 0.001, recent=recent, span=span)
    assert not is_sampled(LOOK_UP, drawn=share, recent=recent, span=span)


def test_what_was_signed_for_is_always_a_sample_and_no_other_edit_is() -> None:
    signed = Attempt("lisbeth", Doing.EDIT, NOW, frozenset({Closeness.OWN}), is_signed=True)
    assert is_sampled(signed, drawn=0.99, recent=50, span=timedelta(days=1))
    assert not is_sampled(Attempt("lisbeth", Doing.EDIT, NOW), drawn=0.0, recent=50, span=timedelta(days=1))


def test_nobody_checks_their_own_and_no_machine_checks() -> None:
    assert may_check("karen", "lisbeth")
    assert not may_check("lisbeth", "lisbeth")
    assert not may_check("Lisbeth", "lisbeth@bibliotek.example")
    assert not may_check("karen (portal)", "lisbeth (portal)")
    assert not may_check("-", "lisbeth")
    assert not may_check(SERVICE, "lisbeth")


def test_a_sample_is_overdue_after_its_days() -> None:
    assert not is_overdue(NOW - SAMPLE_WAITS, NOW)
    assert is_overdue(NOW - SAMPLE_WAITS - timedelta(seconds=1), NOW)


def test_the_rules_see_more_look_ups_than_any_cap_counts() -> None:
    assert looks_needed(Caps()) > 2 * Caps().a_day


# -- what the rules have to know ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "since"),
    [
        # the day begins at midnight in Copenhagen
        (datetime(2027, 3, 22, 12, tzinfo=UTC), datetime(2027, 3, 21, 23, tzinfo=UTC)),
        # within its first hour, the hour counts
        (datetime(2027, 3, 21, 23, 30, tzinfo=UTC), datetime(2027, 3, 21, 22, 30, tzinfo=UTC)),
        # the clocks go forward on this day, and back on that one
        (datetime(2027, 3, 28, 12, tzinfo=UTC), datetime(2027, 3, 27, 23, tzinfo=UTC)),
        (datetime(2027, 10, 31, 12, tzinfo=UTC), datetime(2027, 10, 30, 22, tzinfo=UTC)),
    ],
)
def test_no_cap_counts_what_is_older_than_the_day_and_the_hour(now: datetime, since: datetime) -> None:
    assert counted_since(now) == since
    attempt, many, second = Attempt("lisbeth", Doing.LOOK_UP, now), max(CAPS.an_hour, CAPS.a_day), timedelta(seconds=1)
    before, after = ([Look(one, "debt", is_stranger=False)] * many for one in (since - second, since + second))
    assert why_refused(attempt, History(before), CAPS) is None
    assert why_refused(attempt, History(after), CAPS) is not None


def test_a_look_up_of_tomorrow_counts_for_no_cap_of_today() -> None:
    """A clock that was wrong for a while."""
    tomorrow = Look(NOW + timedelta(hours=11), "debt", is_stranger=False)
    assert why_refused(LOOK_UP, History([tomorrow] * CAPS.a_day), CAPS) is None
    soon = replace(tomorrow, at=NOW + timedelta(minutes=5))
    assert why_refused(LOOK_UP, History([soon] * CAPS.an_hour), CAPS) is Rule.HOUR


@pytest.mark.parametrize("outcome", list(AttemptOutcome))
def test_a_reason_is_owed_until_something_settles_it(outcome: AttemptOutcome) -> None:
    late = looks(OPEN_FOR + timedelta(days=3), stranger=True, outcome=outcome)
    assert (why_refused(STRANGER, late, CAPS) is None) is (outcome in SETTLED_BY)
