"""What a patron owes on a day: loans that are late, fees and compensations not yet paid. Whole øre, no address.

Leaves out what late loans will cost when they come back: see `fees`.
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
class LateLoan:
    """A loan that should have come back."""

    due: date
    title: str = ""
    #: None: its source does not say
    loaned: date | None = None
    renewed: date | None = None
    #: what was charged for being late with it, paid or not
    raised_oere: int = 0
    #: reported lost
    lost: date | None = None
    #: reported lost, or a compensation was asked for
    given_up: date | None = None
    #: a compensation for it is owed: that is demanded, and the loan no more
    billed: bool = False

    @property
    def days(self) -> LoanDays:
        """The days that decide what it costs; borrowed, where nobody says when, on the day it was due."""
        return LoanDays(self.loaned or self.due, self.due, self.renewed, self.given_up)

    def days_late(self, on: date) -> int:
        """Whole days after the due date, as long as it was waited for."""
        return max(0, (self.days.ends(on) - self.due).days)


def reminders_of(loan: LateLoan, after_days: Sequence[int]) -> tuple[date, ...]:
    """The days on which the library reminds of a loan, by its policy: none from the day on that nobody waits for it."""
    days = (loan.due + timedelta(days=count) for count in after_days)
    return tuple(day for day in days if loan.given_up is None or day < loan.given_up)


@dataclass(frozen=True, slots=True, repr=False)
class Owed:
    """A fee or a compensation that is not paid; `raised` None: its source does not say when."""

    #: `fee` or `compensation`
    kind: str
    oere: int
    title: str = ""
    raised: date | None = None
    #: the loan it is for, where that is known; `due` None: a renewal has moved it since
    loan_title: str = ""
    due: date | None = None
    #: when that loan was reported lost
    lost: date | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Owing:
    """All that a patron owes, each in the order of its days."""

    loans: tuple[LateLoan, ...] = ()
    owed: tuple[Owed, ...] = ()

    @property
    def demanded(self) -> tuple[LateLoan, ...]:
        """Loans for which nothing was asked yet."""
        return tuple(one for one in self.loans if not one.billed)

    @property
    def total_oere(self) -> int:
        return sum(one.oere for one in self.owed)


def is_for(raised: date | None, due: date) -> bool:
    """Whether a fee is for being late at this due date; one from before it was for an earlier one, renewed since."""
    return raised is None or raised >= due
