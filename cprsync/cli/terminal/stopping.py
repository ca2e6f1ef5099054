"""SIGTERM and Ctrl-C: the night ends after the piece of work at hand, and the next run goes on from there.

Without this both would end it at once, which costs nothing but the work of the piece: it is not needed to be safe.
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
    """Heed signals while the block lasts: what is handed over raises RunStopped once one has come."""
    asked = threading.Event()

    def heed() -> None:
        if asked.is_set():
            raise RunStopped("the night was asked to stop, and has ended after a whole batch")

    if threading.current_thread() is not threading.main_thread():
        yield heed  # signals are the main thread's
        return
    before = {number: signal.getsignal(number) for number in _SIGNALS}

    def hear(_number: int, _frame: object) -> None:
        asked.set()
        os.write(2, _HEARD)  # a handler may not write to a buffered stream that is being written to
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
