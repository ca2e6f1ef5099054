"""Windows: times in which the feed could not have told of a number, so that its record is unverified (decision 32).

One rule says when a window opens, one when it closes, and one in which order the register is asked. Does no I/O and
reads no clock; the store keeps the windows and has one function for each step.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cprsync.domain.feed.workdays import last_closed, last_loaded

if TYPE_CHECKING:
    from datetime import date, datetime


class Why(enum.Enum):
    """Why the feed could not have told of a number."""

    #: the number was subscribed after a delivery that could have told of it
    SUBSCRIBED_LATE = "subscribed_late"
    #: the subscription had vanished at the platform, and was added again
    SUBSCRIPTION_LOST = "subscription_lost"
    #: two patrons were one for a time: what was told of either may stand on the other
    MERGE_UNDONE = "merge_undone"
    #: a delivery is missing, and the library goes on without it
    GAP = "gap"
    #: the database is an older copy of itself
    RESTORED = "restored"
    #: the patron had left, and was not subscribed meanwhile
    RETURNED = "returned"
    #: the register has replaced the number, and a person has decided that the patron keeps it
    NUMBER_REPLACED = "number_replaced"


#: Reasons after which the number was subscribed anew.
_SUBSCRIBED: Final = frozenset({Why.SUBSCRIBED_LATE, Why.SUBSCRIPTION_LOST, Why.RETURNED})
#: Days after which the register is asked again about a number that it has replaced.
DAYS_BETWEEN: Final = 7


@dataclass(frozen=True, slots=True)
class Window:
    """Since when, and why, a patron's record is unverified."""

    since: date
    why: Why
    #: the day up to which an answer must have seen everything
    until: date

    @classmethod
    def opened(cls, why: Why, *, today: date, now: datetime) -> Window:
        """The window that opens now: a number that is subscribed only now may be missing in today's delivery too."""
        return cls(today, why, last_closed(now) if why in _SUBSCRIBED else last_loaded(now))


@dataclass(frozen=True, slots=True)
class Waiting:
    """One patron in a window, as far as the order of asking needs it."""

    patron_id: str
    #: name and address protection, or an administrative street
    is_shut: bool
    #: the last day on which the patron did something themselves
    last_seen: date | None = None
    #: the last day on which the register was asked without an answer
    asked: date | None = None


def is_late(told: date, *, taken: date | None, now: datetime) -> bool:
    """Whether a number that is subscribed now was unsubscribed when a delivery could have told of it.

    Args:
        told: the day for which the record is true.
        taken: the production date of the last delivery that was taken.
        now: the moment of the subscription.
    """
    return last_closed(now) > told or (taken is not None and taken > told)


def may_ask(why: Why, asked: date | None, *, today: date) -> bool:
    """Whether a night asks the register about someone in a window; `asked`: the last day on which it did.

    A replaced number is asked about seldom. Its subscription stays, so a delivery tells when the change is taken back.
    """
    return why is not Why.NUMBER_REPLACED or asked is None or (today - asked).days >= DAYS_BETWEEN


def look_up_day(loaded: date, taken: date | None) -> date:
    """The day that a look-up speaks of: never after the last delivery that was really taken (decision 35).

    Otherwise a delivery that arrives late would look older than the record, and what it tells would be lost.
    """
    return loaded if taken is None else min(loaded, taken)


def ask_order(one: Waiting) -> tuple[int, bool, int, str]:
    """Sort the protected and then the recently active first; who was asked without an answer comes last."""
    seen = 0 if one.last_seen is None else one.last_seen.toordinal()
    asked = 0 if one.asked is None else one.asked.toordinal()
    return asked, not one.is_shut, -seen, one.patron_id
