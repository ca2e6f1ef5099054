"""The mock's clock of a program that stays open: it passes on, and is not asked at every look."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from cprsync.config.clock import MockClock

if TYPE_CHECKING:
    import pytest


def test_the_mocks_days_pass_while_the_desk_is_open(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds, moments = [0.0], [datetime(2027, 3, day, tzinfo=UTC) for day in (22, 23)]
    asked: list[datetime] = []

    def ask() -> datetime:
        asked.append(moments[len(asked)])
        return asked[-1]

    monkeypatch.setattr("cprsync.config.clock.time.monotonic", lambda: seconds[0])
    clock = MockClock(ask)
    assert [clock.now(), clock.now()] == [moments[0]] * 2
    seconds[0] += 5
    assert [clock.now(), clock.now()] == [moments[1]] * 2
    assert asked == moments
