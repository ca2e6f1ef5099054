"""SIGTERM and Ctrl-C: the night ends after the present piece of work, and the next run continues from there.

Without this, both would end the night at once. That is safe too, and only loses the work of that piece.
"""

from __future__ import annotations

import os
import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cprsync.errors import RunStopped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_HEARD = b"cprsync: stopping after the batch at hand; a second signal stops at once\n"


@contextmanager
def stoppable() -> Iterator[Callable[[], None]]:
    """Handle signals during the block. The function that it yields raises RunStopped after a signal."""
    asked = threading.Event()

    def heed() -> None:
        if asked.is_set():
            raise RunStopped("the night was asked to stop, and has ended after a whole batch")

    if threading.current_thread() is not threading.main_thread():
        yield heed  # only the main thread gets signals
        return
    before = {number: signal.getsignal(number) for number in _SIGNALS}

    def hear(_number: int, _frame: object) -> None:
        asked.set()
        os.write(2, _HEARD)  # a handler must not use a buffered stream that may be in use
        _restore(before)

    for number in _SIGNALS:
        signal.signal(number, hear)
    try:
        yield heed
    finally:
        _restore(before)


def _restore(handlers: dict[signal.Signals, signal._HANDLER]) -> None:
    for number, handler in handlers.items():
        signal.signal(number, handler)
