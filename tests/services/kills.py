"""A night that is killed at one of its writes: at a sample of them, or at each."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from doubles import Killed, KilledStore, Library

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cprsync.services.night.report import Report

#: Set in the environment: kill at each write. The check takes the first, the last and some between, to end in time.
EACH = "CPRSYNC_EACH_KILL"
SAMPLE = 4


def lived_whole(library: Library, folder: Path) -> tuple[Library, Report, int]:
    """A copy of the library after its night, to which nothing happened; how the night ended, and how often it wrote."""
    whole = library.copy(folder / "whole")
    counting = KilledStore(whole.store, at=0)
    report = whole.one_night(counting)
    whole.engine.dispose()
    return whole, report, counting.writes


def sample(last: int, *, first: int = 1) -> list[int]:
    """Of the numbers up to the last: all of them, or some from the first on."""
    if EACH in os.environ:
        return list(range(1, last + 1))
    return sorted({first + round(place * (last - first) / (SAMPLE - 1)) for place in range(SAMPLE)})


def killed(library: Library, folder: Path, at: list[int]) -> Iterator[Library]:
    """The library after each kill of its night at one of these writes."""
    for write in at:
        other = library.copy(folder / f"killed at {write}")
        with pytest.raises(Killed):
            other.one_night(KilledStore(other.store, at=write))
        yield other
        other.engine.dispose()


def is_closed(library: Library, run: int = 2) -> bool:
    """Whether the night that was killed, by default the library's second, had already written its report."""
    row = library.store.runs.document(run)
    return row is not None and row["finished"] is not None
