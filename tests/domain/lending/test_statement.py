"""What stands on a statement adds up."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from cprsync.domain.lending.fees import LateLoan, Owed, Owing, is_for, reminders_of
from cprsync.domain.policy.tariff import LoanDays


def test_a_loan_is_late_by_the_days_since_it_was_due() -> None:
    assert LateLoan(date(2027, 2, 27)).days_late(date(2027, 3, 1)) == 2


def test_a_loan_that_is_lost_is_late_only_as_long_as_it_was_waited_for() -> None:
    lost = LateLoan(date(2027, 2, 27), given_up=date(2027, 3, 1))
    assert lost.days_late(date(2027, 4, 1)) == 2
    assert replace(lost, given_up=date(2027, 2, 1)).days_late(date(2027, 4, 1)) == 0


def test_a_loan_is_demanded_until_a_compensation_for_it_is() -> None:
    out, billed = LateLoan(date(2027, 2, 27)), LateLoan(date(2027, 2, 27), billed=True)
    assert Owing((out, billed)).demanded == (out,)


def test_fees_and_compensations_add_up_and_late_loans_add_nothing() -> None:
    owed = (Owed("fee", 2000), Owed("compensation", 15050))
    assert Owing((LateLoan(date(2027, 2, 27)),), owed).total_oere == 17050
    assert Owing().total_oere == 0


def test_a_loan_of_no_known_day_counts_as_borrowed_on_the_day_it_was_due() -> None:
    due, loaned, renewed = date(2027, 2, 27), date(2027, 1, 2), date(2027, 1, 30)
    assert LateLoan(due).days == LoanDays(due, due)
    assert LateLoan(due, loaned=loaned, renewed=renewed).days == LoanDays(loaned, due, renewed)


@pytest.mark.parametrize(
    ("raised", "counts"), [(date(2027, 3, 8), True), (date(2027, 3, 7), True), (date(2027, 3, 6), False), (None, True)]
)
def test_a_fee_from_before_the_due_date_was_for_an_earlier_one(raised: date | None, counts: bool) -> None:
    assert is_for(raised, date(2027, 3, 7)) is counts


def test_a_loan_is_reminded_of_on_the_policys_days_until_nobody_waits_for_it() -> None:
    out = LateLoan(date(2027, 2, 27))
    assert reminders_of(out, (7, 21)) == (date(2027, 3, 6), date(2027, 3, 20))
    assert reminders_of(replace(out, given_up=date(2027, 3, 20)), (7, 21)) == (date(2027, 3, 6),)
    assert reminders_of(out, ()) == ()
