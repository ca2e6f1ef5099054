"""How many pages a reader may have in a minute, and at the same time. Several workers count together: `workers`."""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

#: How many pages one reader, and all of them, may fetch at the same time.
AT_ONCE: Final = 2
ALL_AT_ONCE: Final = 6
_MINUTE: Final = 60.0


class PageTurns(Protocol):
    """Where turns are counted: see `Turns`."""

    def taken(self, who: str, *, a_minute: int) -> AbstractContextManager[bool]: ...


class Turns:
    """Counts turns. Many threads may use it."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic, self._lock = monotonic, threading.Lock()
        self._now: dict[str, int] = defaultdict(int)
        self._asked: dict[str, deque[float]] = defaultdict(deque)

    @contextmanager
    def taken(self, who: str, *, a_minute: int) -> Iterator[bool]:
        """Have a turn during the block. False: there is none for them now."""
        is_given = self.take(who, a_minute=a_minute)
        try:
            yield is_given
        finally:
            if is_given:
                self.give_back(who)

    def take(self, who: str, *, a_minute: int) -> bool:
        """Take a turn, if there is one."""
        with self._lock:
            asked, now = self._asked[who], self._monotonic()
            while asked and now - asked[0] > _MINUTE:
                asked.popleft()
            is_crowded = self._now[who] >= AT_ONCE or sum(self._now.values()) >= ALL_AT_ONCE
            if is_crowded or len(asked) >= a_minute:
                return False
            asked.append(now)
            self._now[who] += 1
            return True

    def give_back(self, who: str) -> None:
        """End a turn. It still counts for the minute."""
        with self._lock:
            self._now[who] -= 1
