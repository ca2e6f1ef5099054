"""What a patron owes on a day: late loans, and unpaid fees and compensations. Whole øre, no address.

Leaves out what late loans will cost when they are returned: see `fees`.
The store has the rules for when a loan is over as queries in `store.lending.circulation`; a test compares the two.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from cprsync.domain.policy.tariff import LoanDays

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


@dataclass(frozen=True, slots=True, repr=False)
class LateLoan:
    """A loan that should have been returned."""

    due: date
    title: str = ""
    #: None: its source does not give the day
    loaned: date | None = None
    renewed: date | None = None
    #: what was charged for the delay, paid or not
    raised_oere: int = 0
    #: the day on which it was reported lost
    lost: date | None = None
    #: the day from which the library no longer waits for it: see `loan.given_up`
    given_up: date | None = None
    #: a compensation for it is unpaid: that is demanded instead of the loan
    billed: bool = False

    @property
    def days(self) -> LoanDays:
        """The days that decide the cost. If the day of the loan is unknown, the due date stands for it."""
        return LoanDays(self.loaned or self.due, self.due, self.renewed, self.given_up)

    def days_late(self, on: date) -> int:
        """Whole days after the due date, as long as the library waited for the loan."""
        return max(0, (self.days.ends(on) - self.due).days)


def reminders_of(loan: LateLoan, after_days: Sequence[int]) -> tuple[date, ...]:
    """The days on which the library sends a reminder for a loan, by its policy.

    There are none from the day on which the library no longer waits for the loan.
    """
    days = (loan.due + timedelta(days=count) for count in after_days)
    return tuple(day for day in days if loan.given_up is None or day < loan.given_up)


@dataclass(frozen=True, slots=True, repr=False)
class Owed:
    """A fee or a compensation that is not paid. `raised` is None if its source does not give the day."""

    #: `fee` or `compensation`
    kind: str
    oere: int
    title: str = ""
    raised: date | None = None
    #: the loan that it is for, if known; `due` is None if a renewal has moved that date since
    loan_title: str = ""
    due: date | None = None
    #: when that loan was reported lost
    lost: date | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Owing:
    """All that a patron owes, each list in the order of its days."""

    loans: tuple[LateLoan, ...] = ()
    owed: tuple[Owed, ...] = ()

    @property
    def demanded(self) -> tuple[LateLoan, ...]:
        """Late loans without a compensation: the loan itself is demanded."""
        return tuple(one for one in self.loans if not one.billed)

    @property
    def total_oere(self) -> int:
        return sum(one.oere for one in self.owed)


def is_for(raised: date | None, due: date) -> bool:
    """Whether a fee is for a delay at this due date. An earlier fee was for an earlier due date, before a renewal."""
    return raised is None or raised >= due
