"""Measures one piece of work in its own process: how long it takes, and how much memory the process uses."""

from __future__ import annotations

import logging
import multiprocessing
import resource
import signal
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import structlog

from cprsync.cli.main import limit_gc

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
    """A stopwatch that runs only inside `running`."""

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
    """Do a piece of work in a new process, which shares no memory with this one."""
    fresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=1, mp_context=fresh, initializer=set_up) as pool:
        with deaf_children():
            done = pool.submit(work, argument)
        try:
            return done.result(timeout=CEILING_SECONDS)
        except KeyboardInterrupt:
            # the pool would wait for the work
            for child in multiprocessing.active_children():
                child.kill()
            raise


@contextmanager
def deaf_children() -> Iterator[None]:
    """Let the processes that begin in the block not hear Ctrl-C. It is for their parent, who ends them.

    A stop waits for the end of the block: a process that has half begun would complain of its parent.
    """
    if not _hears_signals():
        yield
        return
    stopped: list[int] = []
    interrupts = signal.signal(signal.SIGINT, signal.SIG_IGN)
    stops = signal.signal(signal.SIGTERM, lambda number, _: stopped.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, interrupts)
        signal.signal(signal.SIGTERM, stops)
    if stopped:
        signal.raise_signal(signal.SIGTERM)


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Let SIGTERM end the block as Ctrl-C does, so that what it has begun is cleared away."""
    if not _hears_signals():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _hears_signals() -> bool:
    return threading.current_thread() is threading.main_thread()


def set_up() -> None:
    """Set a process up as the program does, without its log."""
    limit_gc()  # as the program does
    # log lines of a night would be part of the measured time
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))


def peak_rss_mb() -> float:
    """The most memory that this process has used at once.

    Reads it for this program alone if the system reports it. Otherwise `ru_maxrss` is used, which starts with what the
    parent used when it started the child.
    """
    if _STATUS.exists():
        for line in _STATUS.read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / _KIB_IN_MIB
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _KIB_IN_MIB
