"""When a loan is over, and from when nobody waits for it any more: by its return, or by what was asked for it.

The store asks the same of its rows in `store.lending.over`, and is held against this. Leaves out what a late loan
costs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date


@dataclass(frozen=True, slots=True, repr=False)
class Compensation:
    """What was asked for a loan that did not come back."""

    #: None: its source does not say when
    raised: date | None
    #: None: it is owed
    settled: date | None


def over_since(returned: date | None, compensations: Sequence[Compensation]) -> date | None:
    """The day on which a loan was over; None: it is not.

    It came back; or all that was asked for it is paid, and then it is neither late nor demanded any more.
    """
    if returned is not None:
        return returned
    paid = [one.settled for one in compensations if one.settled is not None]
    return max(paid) if paid and len(paid) == len(compensations) else None


def given_up(due: date, lost: date | None, compensations: Sequence[Compensation]) -> date | None:
    """The day from which a loan is not waited for, so that its fee grows no more; None: it is waited for.

    It was reported lost, or a compensation was asked for; where nobody says when, from the day it was due on.
    """
    days = [day for day in (lost, *(one.raised for one in compensations)) if day is not None]
    if days:
        return min(days)
    return due if compensations else None
