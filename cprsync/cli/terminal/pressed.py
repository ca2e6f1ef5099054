"""When a person last pressed a key that the program works on: the start of the program, or an answer to a prompt.

Imported before anything else of the command line, so that loading the rest of it counts as well.
"""

from __future__ import annotations

import time

_last = [time.monotonic()]


def note_key() -> None:
    """A person has just answered: from here on they wait."""
    _last[0] = time.monotonic()


def last_key() -> float:
    """The moment, by the monotonic clock."""
    return _last[0]
