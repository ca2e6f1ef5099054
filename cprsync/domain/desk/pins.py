"""When a card's PIN may be tried, and how much a machine may ask. Reads no clock.

A PIN has few digits, so wrong ones lock the patron's cards: for a while, and after too many in a day for a day.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime


class PinTry(enum.Enum):
    """What became of one try, as the audit names it."""

    #: the PIN was the card's
    RIGHT = "card_right"
    #: it was not, or the card has none
    WRONG = "card_wrong"
    #: too many wrong ones before it: the PIN did not count
    LOCKED = "card_locked"
    #: nobody has that card
    UNKNOWN = "card_unknown"


@dataclass(frozen=True, slots=True)
class Lock:
    """After `wrong` wrong PINs within `within`, none counts until so long after the last of them."""

    wrong: int
    within: timedelta


#: Both count. A guesser has ten tries a day for each patron.
LOCKS: Final = (Lock(5, timedelta(minutes=15)), Lock(10, timedelta(days=1)))
#: No try that is older counts for any lock. Twice the longest: a lock begins with its last try.
REMEMBERED: Final = 2 * max(lock.within for lock in LOCKS)


def is_locked(wrong: Sequence[datetime], now: datetime) -> bool:
    """Whether the patron's cards are locked.

    Args:
        wrong: when a wrong PIN was tried since the last right one, the earliest first.
        now: the moment of the new try.
    """
    return any(_holds(lock, wrong, now) for lock in LOCKS)


def _holds(lock: Lock, wrong: Sequence[datetime], now: datetime) -> bool:
    last = wrong[-lock.wrong :]
    return len(last) == lock.wrong and last[-1] - last[0] <= lock.within and now - last[-1] < lock.within


@dataclass(frozen=True, slots=True)
class AskingQuota:
    """What one machine may ask."""

    #: in a minute
    asks: int
    #: in an hour, of cards and PINs that do not fit: more is a machine that guesses
    wrong: int


#: By what the tries at the patrons' page are told from those of a machine: no machine may have the name.
PATRONS_OWN: Final = "patrons"
#: For a machine without a quota of its own: a self-service machine at a counter.
USUAL: Final = AskingQuota(asks=60, wrong=60)
MINUTE: Final = timedelta(minutes=1)
HOUR: Final = timedelta(hours=1)
