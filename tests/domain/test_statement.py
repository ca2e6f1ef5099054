"""What stands on a statement adds up."""

from __future__ import annotations

from datetime import date

from cprsync.domain.statement import LateLoan, Owed, Owing


def test_a_loan_is_late_by_the_days_since_it_was_due() -> None:
    assert LateLoan(date(2027, 2, 27)).days_late(date(2027, 3, 1)) == 2


def test_fees_and_compensations_add_up_and_late_loans_add_nothing() -> None:
    owed = (Owed("fee", 2000), Owed("compensation", 15050))
    assert Owing((LateLoan(date(2027, 2, 27)),), owed).total_oere == 17050
    assert Owing().total_oere == 0
