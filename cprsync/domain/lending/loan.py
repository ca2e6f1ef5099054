"""When a loan is over, and from when the library no longer waits for it.

The store has the same rules as queries in `store.lending.over`, and a test compares the two. Leaves out what a late
loan costs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date


@dataclass(frozen=True, slots=True, repr=False)
class Compensation:
    """What the library charged for a loan that was not returned."""

    #: None: its source does not give the day
    raised: date | None
    #: None: it is not paid
    settled: date | None


def over_since(returned: date | None, compensations: Sequence[Compensation]) -> date | None:
    """The day on which a loan was over; None: it is not.

    A loan is over if it was returned. It is also over if all compensations for it are paid: it is then no longer late,
    and no longer demanded.
    """
    if returned is not None:
        return returned
    paid = [one.settled for one in compensations if one.settled is not None]
    return max(paid) if paid and len(paid) == len(compensations) else None


def given_up(due: date, lost: date | None, compensations: Sequence[Compensation]) -> date | None:
    """The day from which the library no longer waits for a loan, so that its fee stops growing; None: it waits.

    That is the day when the loan was reported lost or a compensation was charged. If no day is known, it is the due
    date.
    """
    days = [day for day in (lost, *(one.raised for one in compensations)) if day is not None]
    if days:
        return min(days)
    return due if compensations else None
