"""How long a user at a desk waits for counterparts: one ceiling over all calls and tries of a command.

A night has no such ceiling, because each of its calls has its own. Reads the clock that it is given.
"""

from __future__ import annotations

import math
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: Connecting can take its time-out four times: a TCP connection and a TLS handshake, for each of two addresses.
_CONNECTS = 4


class Patience:
    """The seconds that calls may take. Time between calls does not count, because the user reads a preview."""

    def __init__(
        self,
        seconds: float = math.inf,
        *,
        since: Callable[[], float] | None = None,
        least: float = 0.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """With `since`, the time from that moment to the first call also counts, but leaves at least `least` seconds.

        `since` is called at the first call, because the user may have answered a question before. On a busy machine the
        program may have used all the time before its first call; it still makes the call.
        """
        self._seconds, self._monotonic = seconds, monotonic
        self._since, self._least = since, least
        self._spent, self._started, self._calls = 0.0, 0.0, 0
        self._lock = threading.Lock()

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Count the time of one call with all its tries. Parallel calls count once."""
        with self._lock:
            if not self._calls:
                self._started = self._monotonic()
                self._count_start()
            self._calls += 1
        try:
            yield
        finally:
            with self._lock:
                self._calls -= 1
                if not self._calls:
                    self._spent += self._monotonic() - self._started

    def left(self) -> float:
        """The seconds left, never below 0. Infinite if there is no ceiling."""
        with self._lock:
            running = self._monotonic() - self._started if self._calls else 0.0
            return max(0.0, self._seconds - self._spent - running)

    def _count_start(self) -> None:
        """Count the time before the first call, once."""
        if self._since is not None:
            self._spent = max(0.0, min(self._started - self._since(), self._seconds - self._least))
            self._since = None

    @property
    def is_over(self) -> bool:
        return self.left() <= 0

    @property
    def connect_seconds(self) -> float:
        """The most seconds that connecting may take, so that time is left for an answer."""
        return self._seconds / _CONNECTS
