"""Measure one piece of work in a process of its own: how long it took, and how much memory the process came to."""

from __future__ import annotations

import logging
import multiprocessing
import resource
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import structlog

from cprsync.collector import look_seldom

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_STATUS = Path("/proc/self/status")
_KIB_IN_MIB = 1024
#: The longest that one piece of work may take.
CEILING_SECONDS = 600

A = TypeVar("A")
R = TypeVar("R")


@dataclass(slots=True)
class Watch:
    """Stands still until `running`, and again after it."""

    seconds: float = 0.0
    cpu_seconds: float = 0.0
    _begun: tuple[float, float] = field(default=(0.0, 0.0))

    @contextmanager
    def running(self) -> Iterator[None]:
        """Time the block."""
        wall, cpu = time.monotonic(), time.process_time()
        yield
        self.seconds += time.monotonic() - wall
        self.cpu_seconds += time.process_time() - cpu


def in_child(work: Callable[[A], R], argument: A) -> R:
    """Do a piece of work in a fresh process, which knows nothing of this one's memory."""
    fresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=1, mp_context=fresh, initializer=_set_up) as pool:
        return pool.submit(work, argument).result(timeout=CEILING_SECONDS)


def _set_up() -> None:
    look_seldom()  # as the program does
    # a line of log for each night has no place in what is measured
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))


def peak_rss_mb() -> float:
    """The most memory this process has had at once.

    Of this program alone, where the system tells it: `ru_maxrss` begins with what the parent had
    when it started the child.
    """
    if _STATUS.exists():
        for line in _STATUS.read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / _KIB_IN_MIB
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _KIB_IN_MIB
