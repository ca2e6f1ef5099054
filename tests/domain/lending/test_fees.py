"""What is owed for a loan that is late: by which column, on which day, once for each due date and return."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cprsync.domain.lending.fees import Fee, FeeRule, overdue_fee, overdue_fees
from cprsync.domain.lending.standing import Standing
from cprsync.domain.person.age import LeapDay
from cprsync.domain.person.person import Status
from cprsync.domain.policy.policy import Ladders, PatronGroup, Policy
from cprsync.domain.policy.tariff import STANDARD, Band, Bands, FeeRules, LoanDays, Moment, Tariff

POLICY = Policy()
DUE = date(2027, 3, 31)
LOAN = LoanDays(date(2027, 3, 1), DUE)
ADULT = Standing("Voksen", date(1985, 5, 4), Status.RESIDENT)
CHILD = Standing("Barn", date(2015, 5, 4), Status.RESIDENT)


def late(days: int) -> date:
    return DUE + timedelta(days=days)


def policy(**deviations: Any) -> Policy:
    """The default policy with other fee rules."""
    return Policy(fees=replace(FeeRules(), **deviations))


def owed(standing: Standing, days: int, by: Policy = POLICY, loan: LoanDays = LOAN) -> tuple[int, FeeRule]:
    fee = overdue_fee(loan, standing, by, returned=late(days))
    return fee.oere, fee.rule


# -- one loan --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("days", [-10, 0])
def test_what_comes_back_in_time_costs_nothing(days: int) -> None:
    assert owed(ADULT, days) == (0, FeeRule.IN_TIME)


@pytest.mark.parametrize(("days", "kroner"), [(1, 20), (7, 20), (8, 70), (14, 70), (15, 120), (30, 120), (31, 230)])
def test_the_amount_is_that_of_the_band_that_the_days_have_reached(days: int, kroner: int) -> None:
    assert owed(ADULT, days) == (kroner * 100, FeeRule.ADULT)


@pytest.mark.parametrize(
    ("given_up", "fee"),
    [(8, (7000, FeeRule.ADULT)), (60, (23000, FeeRule.ADULT)), (0, (0, FeeRule.LOST)), (-5, (0, FeeRule.LOST))],
)
def test_of_a_loan_that_is_given_up_as_lost_the_fee_stands_still_from_that_day(
    given_up: int, fee: tuple[int, FeeRule]
) -> None:
    assert owed(ADULT, 40, loan=replace(LOAN, given_up=late(given_up))) == fee


def test_what_is_lost_and_what_comes_back_later_are_two_occasions() -> None:
    loans = (replace(LOAN, given_up=late(3)), replace(LOAN, given_up=late(3)), LOAN)
    fees = overdue_fees(loans, ADULT, POLICY, returned=late(9))
    assert [(fee.oere, fee.rule) for fee in fees] == [
        (2000, FeeRule.ADULT),
        (0, FeeRule.SHARED),
        (7000, FeeRule.ADULT),
    ]


def test_an_answer_names_the_rule_the_group_the_table_and_the_days_it_was_read_by() -> None:
    fee = overdue_fee(LOAN, CHILD, POLICY, returned=late(8))
    assert fee == Fee(40_00, FeeRule.CHILD, "Barn", 8, STANDARD.since, LOAN.loaned, LOAN.loaned)


def test_whose_age_nobody_knows_pays_as_an_adult_and_it_is_said() -> None:
    unknown = replace(ADULT, born=None)
    assert owed(unknown, 1) == (20_00, FeeRule.AGE_UNKNOWN)
    for_all = policy(tariffs=(Tariff(date(2000, 1, 1), STANDARD.adult),))
    assert owed(unknown, 1, for_all) == (20_00, FeeRule.ADULT)


def test_a_group_that_pays_no_fees_owes_none() -> None:
    free = Policy(groups=(PatronGroup("Institution", fees=False),))
    assert owed(replace(ADULT, group="Institution"), 40, free) == (0, FeeRule.GROUP_FREE)
    assert owed(ADULT, 40, free) == (230_00, FeeRule.ADULT)


def test_a_group_that_is_not_described_is_as_the_librarys_defaults_say() -> None:
    free = Policy(group_defaults=PatronGroup(fees=False, loan_days=14), groups=(PatronGroup("Voksen"),))
    assert free.group("Barn") == PatronGroup("Barn", fees=False, loan_days=14)
    assert owed(CHILD, 40, free) == (0, FeeRule.GROUP_FREE)
    assert owed(ADULT, 40, free) == (230_00, FeeRule.ADULT)


@pytest.mark.parametrize("tariffs", [(), (replace(STANDARD, since=date(2027, 3, 2)),)])
def test_without_a_table_in_force_nothing_is_owed_and_that_is_said(tariffs: tuple[Tariff, ...]) -> None:
    fee = overdue_fee(LOAN, ADULT, policy(tariffs=tariffs), returned=late(40))
    assert (fee.oere, fee.rule, fee.tariff, fee.tariff_day) == (0, FeeRule.NOT_PUBLISHED, None, LOAN.loaned)


# -- the dead --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("known_after", "returned_after", "answer"),
    [
        (10, 60, (70_00, FeeRule.ADULT)),
        (10, 3, (20_00, FeeRule.ADULT)),
        (-5, 60, (0, FeeRule.DEAD)),
        (0, 60, (0, FeeRule.DEAD)),
        (-5, -1, (0, FeeRule.IN_TIME)),
    ],
)
def test_a_fee_of_the_dead_stays_as_it_was_at_the_death(
    known_after: int, returned_after: int, answer: tuple[int, FeeRule]
) -> None:
    dead = replace(ADULT, status=Status.DEAD, dead_since=late(known_after))
    assert owed(dead, returned_after) == answer


def test_without_the_day_on_which_a_death_became_known_nothing_is_added() -> None:
    assert owed(replace(ADULT, status=Status.DEAD), 60) == (0, FeeRule.DEAD)


@pytest.mark.parametrize("status", [pytest.param(Status.ANNULLED, id="status-dead-annulled")])
def test_a_fee_of_the_dead_stays_as_it_was_when_the_number_is_annulled(status: Status) -> None:
    assert owed(replace(ADULT, status=status, dead_since=late(10)), 60) == (70_00, FeeRule.ADULT)
    assert owed(replace(ADULT, status=status), 60) == (230_00, FeeRule.ADULT)


def test_a_death_that_was_annulled_stops_no_fee() -> None:
    assert owed(replace(ADULT, dead_since=late(1)), 31) == (230_00, FeeRule.ADULT)


# -- the day that decides --------------------------------------------------------------------------------

RENEWED = LoanDays(date(2027, 2, 1), DUE, renewed=date(2027, 3, 1))


@pytest.mark.parametrize(
    ("eighteenth", "child_at"),
    [
        (date(2027, 2, 1), set()),
        (date(2027, 2, 2), {Moment.LOAN}),
        (date(2027, 3, 1), {Moment.LOAN}),
        (date(2027, 3, 2), {Moment.LOAN, Moment.RENEWAL}),
        (DUE, {Moment.LOAN, Moment.RENEWAL}),
        (late(1), {Moment.LOAN, Moment.RENEWAL, Moment.DUE}),
        (late(5), {Moment.LOAN, Moment.RENEWAL, Moment.DUE}),
        (late(6), set(Moment)),
    ],
)
def test_a_birthday_during_a_loan_counts_from_the_day_that_the_policy_names(
    eighteenth: date, child_at: set[Moment]
) -> None:
    """Helsingør fixes the fee by the latest loan or renewal: a birthday after it changes nothing there."""
    young = replace(CHILD, born=eighteenth.replace(year=eighteenth.year - 18))
    rules = {moment: owed(young, 5, policy(age_at=moment), RENEWED)[1] for moment in Moment}
    assert {moment for moment, rule in rules.items() if rule is FeeRule.CHILD} == child_at


@pytest.mark.parametrize(
    ("since", "new_at"),
    [
        (date(2027, 2, 1), set(Moment)),
        (date(2027, 2, 2), {Moment.RENEWAL, Moment.DUE, Moment.RETURN}),
        (date(2027, 3, 2), {Moment.DUE, Moment.RETURN}),
        (late(1), {Moment.RETURN}),
        (late(6), set()),
    ],
)
def test_a_dearer_table_counts_from_the_day_that_the_policy_names(since: date, new_at: set[Moment]) -> None:
    dearer = Tariff(since, Bands((Band(1, 99_00),)))
    both = {m: owed(ADULT, 5, policy(tariffs=(STANDARD, dearer), tariff_at=m), RENEWED)[0] for m in Moment}
    assert {moment for moment, oere in both.items() if oere == 99_00} == new_at


def test_someone_born_on_29_february_is_grown_up_on_the_day_the_policy_names() -> None:
    """Decision 9."""
    leap_child = replace(CHILD, born=date(2008, 2, 29))
    loan = LoanDays(date(2026, 2, 28), DUE)
    early = Policy(ladders=Ladders(leap=LeapDay.FEBRUARY))
    assert owed(leap_child, 1, POLICY, loan) == (10_00, FeeRule.CHILD)
    assert owed(leap_child, 1, early, loan) == (20_00, FeeRule.ADULT)


# -- several loans ---------------------------------------------------------------------------------------


def together(*loans: LoanDays, by: Policy = POLICY, standing: Standing = ADULT) -> list[tuple[int, FeeRule]]:
    fees = overdue_fees(loans, standing, by, returned=late(3))
    return [(fee.oere, fee.rule) for fee in fees]


OTHER_DUE = replace(LOAN, due=DUE - timedelta(days=7))


def test_loans_of_one_due_date_that_come_back_together_are_one_fee() -> None:
    assert together(LOAN, LOAN, LOAN) == [(20_00, FeeRule.ADULT), (0, FeeRule.SHARED), (0, FeeRule.SHARED)]


def test_each_due_date_is_a_fee_of_its_own() -> None:
    assert together(LOAN, OTHER_DUE, LOAN, OTHER_DUE) == [
        (20_00, FeeRule.ADULT),
        (70_00, FeeRule.ADULT),
        (0, FeeRule.SHARED),
        (0, FeeRule.SHARED),
    ]


def test_what_comes_back_on_another_day_is_another_occasion() -> None:
    first, second = (overdue_fees([LOAN], ADULT, POLICY, returned=late(days)) for days in (3, 4))
    assert [fee.oere for fee in (*first, *second)] == [20_00, 20_00]


def test_where_the_loan_day_counts_too_loans_of_other_days_are_fees_of_their_own() -> None:
    by = policy(one_fee_per=(Moment.LOAN, Moment.DUE))
    other_day = replace(LOAN, loaned=date(2027, 3, 2))
    assert together(LOAN, other_day, LOAN, by=by) == [
        (20_00, FeeRule.ADULT),
        (20_00, FeeRule.ADULT),
        (0, FeeRule.SHARED),
    ]
    assert together(LOAN, other_day)[1] == (0, FeeRule.SHARED)


def test_the_dearest_of_the_loans_carries_the_one_fee() -> None:
    """A birthday between two loans of one due date: one alone would be a child's."""
    grown = replace(CHILD, born=date(2009, 3, 2))
    later = replace(LOAN, loaned=date(2027, 3, 2))
    assert together(LOAN, later, standing=grown) == [(0, FeeRule.SHARED), (20_00, FeeRule.ADULT)]


@pytest.mark.parametrize(
    ("raised", "left", "why"),
    [
        ((0, 0), 120_00, FeeRule.ADULT),
        ((20_00, 0), 100_00, FeeRule.ADULT),
        ((0, 20_00), 100_00, FeeRule.ADULT),
        ((50_00, 20_00), 50_00, FeeRule.ADULT),
        ((0, 120_00), 0, FeeRule.RAISED),
        ((230_00, 0), 0, FeeRule.RAISED),
    ],
)
def test_what_was_charged_for_either_loan_of_one_fee_is_not_asked_for_again(
    raised: tuple[int, int], left: int, why: FeeRule
) -> None:
    other = replace(LOAN, due=DUE + timedelta(days=1))
    fees = overdue_fees([LOAN, LOAN, other], ADULT, POLICY, returned=late(20), raised=(*raised, 0))
    assert [(fee.oere, fee.rule) for fee in fees] == [(left, why), (0, FeeRule.SHARED), (120_00, FeeRule.ADULT)]
    assert [fee.raised_oere for fee in fees] == [sum(raised), 0, 0]


def test_what_costs_nothing_anyway_is_not_called_charged() -> None:
    free = Policy(groups=(PatronGroup("Voksen", fees=False),))
    (fee,) = overdue_fees([LOAN], ADULT, free, returned=late(20), raised=[20_00])
    assert (fee.oere, fee.rule, fee.raised_oere) == (0, FeeRule.GROUP_FREE, 0)


def test_what_costs_nothing_keeps_its_own_reason() -> None:
    assert together(replace(LOAN, due=late(10)), LOAN, replace(LOAN, due=late(10))) == [
        (0, FeeRule.IN_TIME),
        (20_00, FeeRule.ADULT),
        (0, FeeRule.IN_TIME),
    ]
    assert overdue_fees([], ADULT, POLICY, returned=DUE) == ()


DAYS = st.integers(0, 20)
LOANS = st.builds(
    lambda out, due: LoanDays(date(2027, 2, 1) + timedelta(out), date(2027, 3, 1) + timedelta(due)), DAYS, DAYS
)


@given(LOANS, st.sampled_from([ADULT, CHILD]), st.sampled_from(Moment), st.integers(0, 60))
def test_a_fee_never_falls_while_a_loan_is_late(loan: LoanDays, standing: Standing, moment: Moment, days: int) -> None:
    by = policy(age_at=moment)
    today, tomorrow = (overdue_fee(loan, standing, by, returned=loan.due + timedelta(days + n)) for n in (0, 1))
    assert today.oere <= tomorrow.oere


@given(st.lists(LOANS, max_size=8))
def test_together_costs_one_fee_for_each_due_date_and_never_more_than_apart(loans: list[LoanDays]) -> None:
    back = date(2027, 4, 20)
    fees = overdue_fees(loans, ADULT, POLICY, returned=back)
    alone = [overdue_fee(loan, ADULT, POLICY, returned=back).oere for loan in loans]
    assert sum(fee.oere > 0 for fee in fees) == len({loan.due for loan in loans})
    assert sum(fee.oere for fee in fees) <= sum(alone)
