"""Which clock the program goes by: the machine's, a day given for a test, or the mock's."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime
from datetime import time as time_of_day
from typing import TYPE_CHECKING, Final

from cprsync.domain.feed.delivery import COPENHAGEN
from cprsync.errors import ConfigurationError, CprsyncError

if TYPE_CHECKING:
    from collections.abc import Callable

    from cprsync.config.settings import Settings
    from cprsync.services.ports.runs import Clock


#: How long the mock is waited for. A frozen one takes the call and never answers.
CLOCK_SECONDS: Final = 2.0


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def today(self) -> date:
        return self.now().astimezone(COPENHAGEN).date()


class StillClock(SystemClock):
    """A clock that stands still: at the mock's time, or on a day given for a test."""

    def __init__(self, moment: datetime) -> None:
        self._moment = moment

    def now(self) -> datetime:
        return self._moment


class LateClock(SystemClock):
    """A clock that is looked for once the time matters: until then the mock may be away."""

    def __init__(self, find: Callable[[], Clock]) -> None:
        self._find = find

    def now(self) -> datetime:
        return self._find().now()


class MockClock(SystemClock):
    """The mock's clock, for a program that stays open while the mock's days pass."""

    #: for how long an answer of the mock is taken for the present
    _FRESH_SECONDS = 1.0
    #: how long a mock that did not answer is left alone: a page looks at the clock many times
    _LEFT_ALONE_SECONDS = 30.0

    def __init__(self, ask: Callable[[], datetime]) -> None:
        self._ask = ask
        self._moment, self._fresh_until = ask(), time.monotonic() + self._FRESH_SECONDS

    def now(self) -> datetime:
        if time.monotonic() > self._fresh_until:
            try:
                self._moment, fresh = self._ask(), self._FRESH_SECONDS
            except CprsyncError:
                # its days do not pass while it is frozen, and the desk says itself that the register does not answer
                fresh = self._LEFT_ALONE_SECONDS
            self._fresh_until = time.monotonic() + fresh
        return self._moment


def clock_for(settings: Settings, today: date | None = None, *, moves: bool = False) -> Clock:
    """The machine's clock. In the test environment, the mock's clock, or the given day at half past six.

    `moves`: the program stays open, and the mock is asked again.
    """
    if settings.environment == "production":
        if today is not None:
            raise ConfigurationError('--today is for environment = "test" only')
        return SystemClock()
    if today is not None:
        return StillClock(datetime.combine(today, time_of_day(6, 30), tzinfo=COPENHAGEN).astimezone(UTC))
    if settings.test.control_url is None:
        return SystemClock()
    from cprsync.mock.asking import clock

    mock = {"control_url": settings.test.control_url}

    def ask() -> datetime:
        told = clock(mock, seconds=CLOCK_SECONDS)
        return datetime.fromisoformat(told["now"]).astimezone(UTC)

    return MockClock(ask) if moves else StillClock(ask())
