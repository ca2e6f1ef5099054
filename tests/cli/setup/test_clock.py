"""The mock's clock of a program that stays open: it passes on, and is not asked at every look."""

from __future__ import annotations

import socket
import time
from contextlib import closing
from datetime import UTC, datetime

import pytest

from cprsync.config.clock import MockClock
from cprsync.errors import ConfigurationError, CprsyncError
from cprsync.mock import asking


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


def test_a_mock_that_is_frozen_leaves_the_desk_its_last_time_and_is_not_asked_at_every_look(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seconds, asked = [0.0], [0]
    moment = datetime(2027, 3, 22, tzinfo=UTC)

    def ask() -> datetime:
        asked[0] += 1
        if asked[0] == 2:
            raise ConfigurationError("the mock does not answer", kind="mock")
        return moment.replace(day=21 + asked[0])

    monkeypatch.setattr("cprsync.config.clock.time.monotonic", lambda: seconds[0])
    clock = MockClock(ask)
    seconds[0] += 5
    assert [clock.now(), clock.now()] == [moment] * 2
    assert asked == [2]
    seconds[0] += 60
    assert clock.now() == moment.replace(day=24)


def test_a_mock_that_takes_the_call_and_never_answers_is_waited_for_no_longer_than_told() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as frozen:
        begun = time.monotonic()
        with pytest.raises(CprsyncError):
            asking.clock({"control_url": f"http://127.0.0.1:{frozen.getsockname()[1]}"}, seconds=0.2)
        assert time.monotonic() - begun < 5
