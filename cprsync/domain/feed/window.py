"""Windows: times in which the feed could not report changes of a number. Its record is unverified (decision 32).

There are three rules: when a window opens, when it closes, and in which order the register is asked. Does no I/O and
reads no clock. The store keeps the windows, and has one function for each step.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cprsync.domain.feed.workdays import last_closed, last_loaded

if TYPE_CHECKING:
    from datetime import date, datetime


class Why(enum.Enum):
    """Why the feed could not report changes of a number."""

    #: the number was subscribed after a delivery that may have had it
    SUBSCRIBED_LATE = "subscribed_late"
    #: the subscription was missing at the platform, and was added again
    SUBSCRIPTION_LOST = "subscription_lost"
    #: two patrons were one record for a time: what was reported for one may be on the other
    MERGE_UNDONE = "merge_undone"
    #: a delivery is missing, and the library continues without it
    GAP = "gap"
    #: the database was restored from an older copy
    RESTORED = "restored"
    #: the patron had left, and the number was not subscribed in the meantime
    RETURNED = "returned"
    #: the register has replaced the number, and staff have decided that the patron keeps it
    NUMBER_REPLACED = "number_replaced"


#: Reasons with a new subscription.
_SUBSCRIBED: Final = frozenset({Why.SUBSCRIBED_LATE, Why.SUBSCRIPTION_LOST, Why.RETURNED})
#: After this many days the register is asked again about a number that it has replaced.
DAYS_BETWEEN: Final = 7


@dataclass(frozen=True, slots=True)
class Window:
    """Since when, and why, a patron's record is unverified."""

    since: date
    why: Why
    #: the day up to which an answer must have seen everything, to close the window
    until: date

    @classmethod
    def opened(cls, why: Why, *, today: date, now: datetime) -> Window:
        """The window that opens now. A number that is subscribed only now may be missing in today's delivery too."""
        return cls(today, why, last_closed(now) if why in _SUBSCRIBED else last_loaded(now))


@dataclass(frozen=True, slots=True)
class Waiting:
    """One patron in a window, with what the order of asking needs."""

    patron_id: str
    #: name and address protection, or an administrative street
    is_shut: bool
    #: the last day on which the patron did something at the library
    last_seen: date | None = None
    #: the last day on which the register was asked and gave no answer
    asked: date | None = None


def is_late(true_on: date, *, taken: date | None, now: datetime) -> bool:
    """Whether a delivery could have reported the number while it was not subscribed yet.

    Args:
        true_on: the day for which the record is true.
        taken: the production date of the last delivery taken.
        now: the time of the subscription.
    """
    return last_closed(now) > true_on or (taken is not None and taken > true_on)


def may_ask(why: Why, asked: date | None, *, today: date) -> bool:
    """Whether a night asks the register about a patron in a window. `asked` is the last day on which it did.

    A replaced number is asked about seldom. Its subscription stays, so a delivery reports if the change is undone.
    """
    return why is not Why.NUMBER_REPLACED or asked is None or (today - asked).days >= DAYS_BETWEEN


def look_up_day(loaded: date, taken: date | None) -> date:
    """The day that a look-up describes. It is never after the last delivery that was taken (decision 35).

    Otherwise a late delivery would look older than the record, and its data would be lost.
    """
    return loaded if taken is None else min(loaded, taken)


def ask_order(one: Waiting) -> tuple[int, bool, int, str]:
    """The sort key for asking: protected patrons first, then the recently active.

    Patrons that were asked about without an answer come last.
    """
    seen = 0 if one.last_seen is None else one.last_seen.toordinal()
    asked = 0 if one.asked is None else one.asked.toordinal()
    return asked, not one.is_shut, -seen, one.patron_id
