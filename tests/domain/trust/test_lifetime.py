"""The ladder of a certificate's last days: what is told, once each, and which certificate may begin a night."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from cprsync.domain.trust.lifetime import (
    BROWSERS,
    LONGEST_RUN,
    REGISTERED,
    WarningSteps,
    days_left,
    level_of,
    outlives,
    step_of,
)

ENDS = datetime(2028, 4, 1, 12, tzinfo=UTC)


def walk(
    days: int, *, ends: datetime, looks_every: timedelta, ladder: WarningSteps = REGISTERED
) -> list[tuple[int, int]]:
    """Walk so many days before and after the end, and return each step that a look finds new, with the days left."""
    now, last, found = ends - timedelta(days=days), None, []
    while now < ends + timedelta(days=10):
        step = step_of(days_left(ends, now), ladder)
        if step != last and step is not None:
            found.append((step, days_left(ends, now)))
        last = step
        now += looks_every
    return found


@pytest.mark.parametrize("looks_every", [timedelta(minutes=30), timedelta(hours=1), timedelta(days=1)])
def test_in_four_hundred_days_each_step_is_passed_once_and_on_its_day(looks_every: timedelta) -> None:
    assert walk(400, ends=ENDS, looks_every=looks_every) == [(step, step) for step in REGISTERED.steps]


def test_steps_that_were_passed_while_nothing_ran_are_one() -> None:
    assert walk(400, ends=ENDS, looks_every=timedelta(days=40)) == [(90, 80), (60, 40), (1, 0)]


def test_a_browsers_certificate_has_a_ladder_of_its_own() -> None:
    assert walk(90, ends=ENDS, looks_every=timedelta(hours=6), ladder=BROWSERS) == [(14, 14), (7, 7), (3, 3)]


@pytest.mark.parametrize(
    ("left", "level", "step"),
    [(91, "ok", None), (90, "warn", 90), (15, "warn", 30), (14, "critical", 14), (-3, "critical", 1)],
)
def test_a_level_follows_from_the_days_left(left: int, level: str, step: int | None) -> None:
    assert (level_of(left), step_of(left)) == (level, step)


def test_a_certificate_that_cannot_be_used_is_critical_however_long_it_lives() -> None:
    assert level_of(900, is_wrong=True) == "critical"


def test_a_night_begins_only_under_a_certificate_that_outlives_it() -> None:
    assert outlives(ENDS, ENDS - LONGEST_RUN)
    assert not outlives(ENDS, ENDS - LONGEST_RUN + timedelta(seconds=1))
    assert not outlives(ENDS, ENDS + timedelta(days=1))
