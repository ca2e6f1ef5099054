"""The ceilings of calls: on one answer, on the tries of one call, and on how long a user at a desk waits for them all.

Reads the clock that it is given. Imports no library, so that settings can be read without one.
"""

from __future__ import annotations

import math
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerLimits:
    """Ceilings of one answer."""

    #: after inflating
    max_bytes: int
    max_elements: int
    #: from connecting to the last byte
    seconds: float
    max_depth: int = 64
    #: per element
    max_attributes: int = 64
    #: declared in the whole answer; the platform declares about ten
    max_namespaces: int = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class CallLimits:
    """Ceilings of one call with its tries, and of calls that fail in a row."""

    connect_seconds: float = 10
    #: tries of one call, the first included
    tries: int = 3
    #: no new try begins after this
    tries_seconds: float = 60
    #: after this many calls in a row without an answer, no more calls are made
    unanswered_in_a_row: int = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerSettings:
    """What a client needs to know of its counterpart, whichever it is."""

    #: the only issuers that the counterpart's certificate may come from
    ca: Path
    #: lists of revoked certificates, as files
    crl: tuple[Path, ...] = ()
    #: whether test certificates are refused
    production: bool = False
    #: calls at the same time, each over its own connection that is kept open
    workers: int
    #: calls per second, of all services and workers together; None: no limit
    per_second: int | None = None
    limits: CallLimits = CallLimits()

    def __post_init__(self) -> None:
        # the installation's settings are checked where they are read; this is for a caller that has none
        if self.workers < 1 or (self.per_second is not None and self.per_second < 1):
            raise ValueError("a counterpart needs at least one worker, and one call a second")


#: Connecting can take its time-out four times: a TCP connection and a TLS handshake, for each of two addresses.
_CONNECTS = 4


class Patience:
    """The seconds that the calls and tries of a desk's command may take. A night has no such ceiling.

    Time between calls does not count, because the user reads a preview.
    """

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

    def begin_anew(self) -> None:
        """Forget the time spent: another request begins. Only between calls."""
        with self._lock:
            self._spent = 0.0

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
