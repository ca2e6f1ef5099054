"""What a patron owes: for a late loan if it is returned on a day, and what is unpaid already. Money is whole øre.

Each fee names its rule, its group and its table, so that staff can explain it at the desk. Leaves out payments and
collection. The store has the rules for when a loan is over as queries in `store.lending.circulation`; a test compares
the two.
"""

from __future__ import annotations

import enum
from collections import Counter
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from cprsync.domain.person.age import age_on
from cprsync.domain.policy.tariff import LoanDays

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from cprsync.domain.lending.standing import Standing
    from cprsync.domain.policy.policy import Policy


class FeeRule(enum.Enum):
    """Why a fee has its amount."""

    #: the adult's fee
    ADULT = "adult"
    #: the child's fee
    CHILD = "child"
    #: the adult's fee, because the age is unknown
    AGE_UNKNOWN = "age_unknown"
    #: nothing: the loan was returned in time
    IN_TIME = "in_time"
    #: nothing: another loan of the same return has the fee
    SHARED = "shared"
    #: nothing: the patron's group pays no fees
    GROUP_FREE = "group_free"
    #: nothing: no table was in force on the deciding day
    NOT_PUBLISHED = "not_published"
    #: the fee grows no more: the patron is dead
    DEAD = "dead"
    #: nothing: the loan was given up as lost before it was late
    LOST = "lost"
    #: nothing more: the whole fee is on the balance already, or is paid
    RAISED = "raised"


@dataclass(frozen=True, slots=True, repr=False)
class Fee:
    """What is owed for one loan, and why."""

    oere: int
    rule: FeeRule
    group: str
    #: the days that were counted; for a dead patron, the days until the death
    days_late: int
    #: the first day of the table that was used; None: no table was used
    tariff: date | None = None
    #: the day that decided which table to use, and the day for which the age was taken
    tariff_day: date | None = None
    age_day: date | None = None
    #: what was charged for the loan before; `oere` does not include it
    raised_oere: int = 0


def overdue_fee(loan: LoanDays, standing: Standing, policy: Policy, *, returned: date) -> Fee:
    """What one loan costs if it is returned, or still out, on a day. The fee of a lost loan stops growing."""
    group, returned = policy.group(standing.group), loan.ends(returned)
    days_late = _days_late(loan, standing, returned)
    nothing = Fee(0, FeeRule.IN_TIME, standing.group, days_late)
    if days_late == 0 and loan.given_up is not None and loan.given_up <= loan.due:
        return replace(nothing, rule=FeeRule.LOST)
    if days_late == 0:
        # in time; or late only after the death
        return nothing if returned <= loan.due else replace(nothing, rule=FeeRule.DEAD)
    if not group.fees:
        return replace(nothing, rule=FeeRule.GROUP_FREE)
    rules = policy.fees
    tariff_day = loan.day_of(rules.tariff_at, returned=returned)
    age_day = loan.day_of(rules.age_at, returned=returned)
    tariff = rules.on(tariff_day)
    if tariff is None:
        return replace(nothing, rule=FeeRule.NOT_PUBLISHED, tariff_day=tariff_day)
    age = None if standing.born is None else age_on(standing.born, age_day, leap=policy.ladders.leap)
    bands, child = tariff.column(age)
    rule = FeeRule.CHILD if child else FeeRule.ADULT
    if age is None and tariff.child is not None:
        rule = FeeRule.AGE_UNKNOWN
    return Fee(bands.oere_at(days_late), rule, standing.group, days_late, tariff.since, tariff_day, age_day)


def overdue_fees(
    loans: Sequence[LoanDays], standing: Standing, policy: Policy, *, returned: date, raised: Sequence[int] = ()
) -> tuple[Fee, ...]:
    """What loans cost that are returned together, in their order: one fee per due date and occasion (decision 14).

    If loans have one common fee, the loan with the highest fee carries it, and the others are shared. Such loans may
    differ in age or table. A loan returned, or given up as lost, on another day is another occasion.

    Args:
        loans: the returned loans.
        standing: the facts of the patron who borrowed them.
        policy: the library's policy.
        returned: the day.
        raised: what was charged for each loan already, in øre. It is deducted from the common fee.
    """
    fees = [overdue_fee(loan, standing, policy, returned=returned) for loan in loans]
    per = policy.fees.one_fee_per
    keys = [(loan.ends(returned), *(loan.day_of(one, returned=returned) for one in per)) for loan in loans]
    carriers: dict[tuple[date, ...], int] = {}
    for n, key in enumerate(keys):
        if key not in carriers or fees[n].oere > fees[carriers[key]].oere:
            carriers[key] = n
    charged: Counter[tuple[date, ...]] = Counter()
    for key, oere in zip(keys, raised, strict=False):
        charged[key] += oere
    return tuple(
        _deduct_charged(fee, charged[key]) if carriers[key] == n else _without_amount(fee)
        for n, (fee, key) in enumerate(zip(fees, keys, strict=True))
    )


def _without_amount(fee: Fee) -> Fee:
    return replace(fee, oere=0, rule=FeeRule.SHARED) if fee.oere else fee


def _deduct_charged(fee: Fee, charged: int) -> Fee:
    """What is still to be charged of a fee that grows while the loan is out."""
    if not fee.oere or not charged:
        return fee
    left = max(0, fee.oere - charged)
    return replace(fee, oere=left, rule=fee.rule if left else FeeRule.RAISED, raised_oere=charged)


def _days_late(loan: LoanDays, standing: Standing, returned: date) -> int:
    """Whole days after the due date. For a dead patron, the days stop at the death."""
    until = returned
    if standing.is_dead:  # The earlier debt stays. If the day of the death is unknown, no day is counted.
        until = loan.due if standing.dead_since is None else min(returned, standing.dead_since)
    return max(0, (until - loan.due).days)


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
