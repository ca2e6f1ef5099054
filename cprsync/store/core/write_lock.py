"""Whose turn it is to write a file of SQLite, among the threads of one process.

Each place at the desk has an engine of its own, and all write one file: so the turn belongs to the file, and is shared
by whoever opens it. It lives as long as one of them.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final
from weakref import WeakValueDictionary

if TYPE_CHECKING:
    from pathlib import Path


class WriteTurn:
    """The turn to write one file."""

    def __init__(self) -> None:
        self.lock = threading.Lock()


_TURNS: Final[WeakValueDictionary[Path, WriteTurn]] = WeakValueDictionary()
_OPENING: Final = threading.Lock()


def turn_of(file: Path) -> WriteTurn:
    """The turn to write a file, the same for all who have it open."""
    place = file.resolve()
    with _OPENING:
        return _TURNS.setdefault(place, WriteTurn())
