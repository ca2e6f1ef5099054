"""Runs tasks side by side, a bounded number ahead of the consumer, until it is useless to continue.

Knows no protocol: a function carries out a task and returns a list.
"""

from __future__ import annotations

import threading
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from cprsync.domain.netmedia.account import FORBIDDEN, REFUSED, Unsettled
from cprsync.errors import ConfigurationError, NetMediaRefused, NetMediaUnavailable, NetMediaUntrusted

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Hashable, Iterable, Iterator

T = TypeVar("T")
R = TypeVar("R")

#: After one of these errors no further call can be answered.
_HOPELESS = (ConfigurationError, NetMediaUntrusted)


class Circuit:
    """Opens for good after too many outcomes in a row without an answer, or after one that shows that none can come.

    Too many refusals in a row open it as well. By DBC's public sources, CULR refuses every patron of an agency if the
    group may not act for it. Staff must not have to review all of them.
    """

    def __init__(self, ceiling: int) -> None:
        self._ceiling = ceiling
        self._unanswered = 0
        self._refused = 0
        self._hopeless = False
        self._lock = threading.Lock()

    @property
    def is_open(self) -> bool:
        return self._hopeless or self._unanswered >= self._ceiling

    def note(self, outcome: R) -> R | NetMediaRefused:
        """Count an outcome and return it. One refusal too many is returned as the library's fault, not the patron's."""
        with self._lock:
            code = outcome.code if isinstance(outcome, Unsettled) else None
            self._unanswered = self._unanswered + 1 if isinstance(outcome, NetMediaUnavailable) else 0
            self._refused = self._refused + 1 if code in REFUSED else 0
            self._hopeless |= code in FORBIDDEN or isinstance(outcome, _HOPELESS)
            if code is None or self._refused < self._ceiling:
                return outcome
            self._hopeless = True
            return NetMediaRefused(
                "CULR answers {code} of {ceiling} patrons in a row",
                code=code.value,
                ceiling=self._ceiling,
                kind="netmedia.refused_in_a_row",
            )


class _Lanes:
    """Which tasks must wait: a task that touches the same thing as an earlier one waits until that has ended."""

    def __init__(self) -> None:
        self._last: dict[Hashable, Future[Any]] = {}

    def behind(self, keys: Collection[Hashable]) -> set[Future[Any]]:
        """The unfinished tasks to wait for."""
        return {self._last[key] for key in keys if key in self._last and not self._last[key].done()}

    def enter(self, keys: Collection[Hashable], task: Future[Any]) -> None:
        self._last |= dict.fromkeys(keys, task)

    def leave(self, ended: Collection[Future[Any]]) -> None:
        self._last = {key: task for key, task in self._last.items() if task not in ended}


def touches_nothing(_: object) -> frozenset[Hashable]:
    """For tasks that may all run at once."""
    return frozenset()


def side_by_side(
    tasks: Iterable[T],
    carry_out: Callable[[T], list[R]],
    *,
    threads: int,
    circuit: Circuit,
    touches: Callable[[T], Collection[Hashable]] = touches_nothing,
) -> Iterator[R]:
    """Yield each task's results as they come. Once the circuit is open, no task begins.

    At most twice `threads` tasks are taken ahead. Two tasks that touch the same thing run one after the other, in the
    order in which they come. An unexpected exception ends all.
    """
    lanes = _Lanes()

    def begin(task: T, behind: Collection[Future[Any]]) -> list[R]:
        # Tasks begin in the order in which they come. Earlier ones have a thread, so that none waits for ever.
        wait(behind)
        return [] if circuit.is_open else carry_out(task)

    def submit(task: T) -> Future[list[R]]:
        keys = touches(task)
        future = pool.submit(begin, task, lanes.behind(keys))
        lanes.enter(keys, future)
        return future

    waiting = iter(tasks)
    running: set[Future[list[R]]] = set()
    with ThreadPoolExecutor(max_workers=threads, thread_name_prefix="netmedia") as pool:
        try:
            while True:
                if not circuit.is_open:
                    running |= {submit(task) for task in islice(waiting, 2 * threads - len(running))}
                if not running:
                    return
                done, running = wait(running, return_when=FIRST_COMPLETED)
                lanes.leave(done)
                for future in done:
                    yield from future.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
