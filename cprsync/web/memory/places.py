"""Places at the desk: each holds an open store and an open register, and serves one request at a time.

Opening both takes a tenth of a second, so that places stay open between requests. They are opened when first needed.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cprsync.errors import CprsyncError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from cprsync.services.desk.lookup import Desk
    from cprsync.services.ports.outward import OpenTarget
    from cprsync.wire.limits import Patience
    from cprsync.wiring.site import Site

#: The most requests that are served at the same time. Others wait.
PLACES_MAX: Final = 8
#: The most of them that may ask a counterpart at the same time: when it hangs, the others still serve.
ASKING_MAX: Final = 6
#: How long a request waits for a place.
WAIT_SECONDS: Final = 8.0


class DeskBusy(CprsyncError):
    """All places at the desk are taken: try again."""

    kind = "desk.busy"


@dataclass(frozen=True, slots=True)
class Place:
    """One library's store and register, open for one request."""

    site: Site
    desk: Desk
    #: of those who may ask a counterpart at the same time
    asking: threading.Semaphore

    @contextmanager
    def targets(self, patience: Patience) -> Iterator[Sequence[OpenTarget]]:
        """Open the targets as `Site.targets` does. None of them is asked while as many are asking as may."""
        # a request that waited here would hold a place
        may_ask = self.asking.acquire(blocking=False)
        try:
            with self.site.targets(patience, asks=may_ask) as opened:
                yield opened
        finally:
            if may_ask:
                self.asking.release()


class Places:
    """The places of one server. Close it at the end."""

    def __init__(self, open_site: Callable[[], Site]) -> None:
        self._open_site = open_site
        self._free: deque[Place] = deque()
        self._room = threading.Semaphore(PLACES_MAX)
        self._asking = threading.Semaphore(ASKING_MAX)
        self._stack = ExitStack()
        self._lock = threading.Lock()

    @contextmanager
    def taken(self, *, asks: bool = False) -> Iterator[Place]:
        """Take a place, and give it back. The register's waiting time begins anew. Raises DeskBusy.

        `asks`: whether the register or the net media may be asked.
        """
        until = time.monotonic() + WAIT_SECONDS
        with ExitStack() as held:
            for room in (self._asking, self._room) if asks else (self._room,):
                if not room.acquire(timeout=max(0.0, until - time.monotonic())):
                    raise DeskBusy("all places at the desk are taken just now")
                held.callback(room.release)
            place = self._next()
            held.callback(self._free.append, place)
            place.site.wait_anew()
            yield place

    def _next(self) -> Place:
        try:
            return self._free.pop()
        except IndexError:
            site = self._open_site()
            # opened outside the lock: a database that hangs holds up this request alone
            with ExitStack() as opening:
                place = Place(site, opening.enter_context(site.desk()), self._asking)
                with self._lock:
                    self._stack.push(opening.pop_all())
                return place

    def close(self) -> None:
        """Close every store and register."""
        self._stack.close()
