"""How often Python looks for rubbish: seldom, since a night keeps what it makes until it ends."""

from __future__ import annotations

import gc

#: New objects before the youngest are looked through, and how many such looks before the older ones are.
#: Python begins with 700 and 10: of a night of 10,000 changes an eighth went into looking at what is still needed;
#: with 10,000 it was a twentieth.
_THRESHOLDS = (50_000, 20, 20)


def look_seldom() -> None:
    """Set this process's collector for work that keeps what it makes."""
    gc.set_threshold(*_THRESHOLDS)
