"""A PIN has few digits: wrong ones lock it, first for a while and then for a day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from cprsync.domain.desk.pins import HOUR, LOCKS, MINUTE, REMEMBERED, is_locked

NOW = datetime(2027, 3, 22, 12, tzinfo=UTC)
SHORT, LONG = LOCKS


def tries(*minutes_ago: float) -> list[datetime]:
    """When wrong PINs were tried, the earliest first."""
    return [NOW - timedelta(minutes=ago) for ago in sorted(minutes_ago, reverse=True)]


@pytest.mark.parametrize(
    ("wrong", "locked"),
    [
        (tries(), False),
        (tries(4, 3, 2, 1), False),
        (tries(5, 4, 3, 2, 1), True),
        # the lock ends a quarter of an hour after the last of them
        (tries(19, 18, 17, 16, 14.9), True),
        (tries(19, 18, 17, 16, 15), False),
        # five that are further apart are forgetfulness
        (tries(70, 50, 30, 20, 1), False),
        (tries(600, 500, 400, 300, 200, 150, 100, 60, 40), False),
        (tries(600, 500, 400, 300, 200, 150, 100, 60, 40, 20), True),
        (tries(*(60 * hours for hours in (23.9, 23.8, 23, 22, 21, 20, 19, 18, 17, 16))), True),
        (tries(*(60 * hours for hours in (47, 44, 41, 38, 35, 32, 29, 27, 26, 24))), False),
    ],
)
def test_five_in_a_quarter_of_an_hour_lock_for_as_long_and_ten_in_a_day_for_a_day(
    wrong: list[datetime], locked: bool
) -> None:
    assert is_locked(wrong, NOW) is locked


def test_what_is_remembered_is_enough_for_the_longest_lock() -> None:
    """A lock begins with its last try, which may be as old as the lock lasts, and the first as old again."""
    assert LONG.within + LONG.within <= REMEMBERED
    assert SHORT.within < LONG.within
    assert MINUTE < HOUR


def test_a_guesser_has_ten_tries_a_day_however_they_wait() -> None:
    """Each try is made as soon as nothing is locked."""
    wrong: list[datetime] = []
    now = NOW
    while now < NOW + timedelta(days=7):
        if not is_locked([one for one in wrong if now - one <= REMEMBERED], now):
            wrong.append(now)
        now += timedelta(minutes=5)
    assert len(wrong) <= 10 * 7 + 10
