"""Limits the calls to a counterpart per second, for any number of threads."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Quota:
    """Spaces calls evenly: each call gets its own moment and waits for it."""

    def __init__(
        self, per_second: int | None, *, sleep: Callable[[float], None], monotonic: Callable[[], float]
    ) -> None:
        """`per_second` None: no limit."""
        self._between = 0.0 if per_second is None else 1 / per_second
        self._sleep, self._monotonic = sleep, monotonic
        self._next = 0.0
        self._lock = threading.Lock()

    def wait(self) -> None:
        """Return when one more call may be made. Unused calls are not saved up."""
        if not self._between:
            return
        with self._lock:
            now = self._monotonic()
            mine = max(self._next, now)
            self._next = mine + self._between
        if mine > now:
            self._sleep(mine - now)
