"""What was a short while ago, by a clock that may have been ahead meanwhile."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from cprsync.domain.trust.moments import AHEAD, is_within

NOW = datetime(2027, 3, 22, 12, tzinfo=UTC)
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)


@pytest.mark.parametrize(
    ("at", "is_in_it"),
    [
        (NOW - HOUR, False),
        (NOW - HOUR + SECOND, True),
        (NOW, True),
        # the clocks of two machines may differ a little
        (NOW + AHEAD, True),
        # it was written while the clock was ahead
        (NOW + AHEAD + SECOND, False),
        (NOW + timedelta(days=30), False),
    ],
)
def test_what_lies_far_ahead_was_in_no_last_hour(at: datetime, *, is_in_it: bool) -> None:
    assert is_within(at, HOUR, NOW) is is_in_it
