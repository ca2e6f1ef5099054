"""When the user last pressed a key that the program works on: the start of the program, or an answer to a prompt.

Imported before the rest of the command line, so that the time for loading it counts too.
"""

from __future__ import annotations

import time

_last = [time.monotonic()]


def note_key() -> None:
    """Note that the user has just answered: from here on they wait."""
    _last[0] = time.monotonic()


def last_key() -> float:
    """The time of the last key, on the monotonic clock."""
    return _last[0]
