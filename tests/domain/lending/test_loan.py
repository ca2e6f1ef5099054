"""When a loan is over, and from when it is not waited for."""

from __future__ import annotations

from datetime import date

import pytest

from cprsync.domain.lending.fees import Compensation, given_up, over_since

DUE, LOST, ASKED, PAID, BACK = (
    date(2027, 1, 20),
    date(2027, 2, 20),
    date(2027, 2, 22),
    date(2027, 3, 1),
    date(2027, 3, 9),
)
OWED, SETTLED = Compensation(ASKED, None), Compensation(ASKED, PAID)


@pytest.mark.parametrize(
    ("returned", "compensations", "day"),
    [
        (BACK, (), BACK),
        (BACK, (OWED,), BACK),
        (BACK, (SETTLED,), BACK),
        (None, (), None),
        (None, (OWED,), None),
        (None, (SETTLED,), PAID),
        (None, (SETTLED, Compensation(ASKED, BACK)), BACK),
        (None, (SETTLED, OWED), None),
    ],
)
def test_a_loan_is_over_when_it_came_back_or_when_all_that_was_asked_for_it_is_paid(
    returned: date | None, compensations: tuple[Compensation, ...], day: date | None
) -> None:
    assert over_since(returned, compensations) == day


@pytest.mark.parametrize(
    ("lost", "compensations", "day"),
    [
        (None, (), None),
        (LOST, (), LOST),
        (None, (OWED,), ASKED),
        (LOST, (OWED,), LOST),
        (PAID, (OWED,), ASKED),
        (None, (Compensation(None, None),), DUE),
    ],
)
def test_nobody_waits_for_a_loan_that_is_lost_or_for_which_a_compensation_is_asked(
    lost: date | None, compensations: tuple[Compensation, ...], day: date | None
) -> None:
    assert given_up(DUE, lost, compensations) == day
