"""Fee pages that libraries have published, typed into policy.toml, give the amounts that were published.

The tables below were typed from the pages a second time, day by day, and share nothing with the files.
"""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from town import FIXTURES

from cprsync.config.policy import load_policy
from cprsync.domain.lending.fees import FeeRule, overdue_fee
from cprsync.domain.lending.standing import Standing
from cprsync.domain.policy.policy import Policy
from cprsync.domain.policy.tariff import STANDARD, LoanDays

#: By the last day of each step; 40 is where the comparison ends.
Steps = dict[int, int]
#: library: (the last age that is a child's, children's kroner, adults' kroner, the debt that stops a loan)
PUBLISHED: dict[str, tuple[int, Steps, Steps, int]] = {
    "standard": (17, {7: 10, 14: 40, 30: 55, 40: 120}, {7: 20, 14: 70, 30: 120, 40: 230}, 200),
    "roedovre": (17, {7: 10, 14: 30, 30: 55, 40: 120}, {7: 20, 14: 60, 30: 120, 40: 230}, 200),
    "billund": (13, {13: 10, 30: 25, 40: 50}, {13: 20, 30: 50, 40: 200}, 0),
    "aabenraa": (14, {7: 0, 14: 30, 29: 55, 40: 120}, {7: 20, 14: 60, 29: 120, 40: 230}, 200),
    "helsingoer": (14, {10: 0, 20: 10, 30: 20, 40: 100}, {10: 20, 20: 120, 30: 120, 40: 230}, 0),
    "rudersdal": (
        18,
        {7: 0, 14: 10, 21: 25, 30: 75, 40: 120},
        {7: 20, 14: 50, 21: 120, 30: 175, 40: 230},
        300,
    ),
    "ikast-brande": (14, {7: 0, 21: 0, 35: 0, 40: 0}, {7: 15, 21: 50, 35: 100, 40: 220}, 0),
}
LOANED, DUE = date(2027, 3, 1), date(2027, 3, 31)
DAYS = range(1, 41)


def policy(library: str) -> Policy:
    return load_policy(FIXTURES / "policies" / f"{library}.toml", frozenset())


def aged(years: int) -> Standing:
    """Someone who turned that age on the day she borrowed."""
    return Standing("", LOANED.replace(year=LOANED.year - years))


def kroner(by: Policy, standing: Standing, *, loaned: date = LOANED) -> list[float]:
    """What is owed after one day, two days, and so on."""
    loan = LoanDays(loaned, loaned + timedelta(days=30))
    return [overdue_fee(loan, standing, by, returned=loan.due + timedelta(days=n)).oere / 100 for n in DAYS]


def published(steps: Steps) -> list[float]:
    return [next(amount for last, amount in steps.items() if day <= last) for day in DAYS]


def test_every_policy_that_is_shipped_is_compared_here() -> None:
    shipped = {path.stem for path in (FIXTURES / "policies").glob("*.toml")}
    assert shipped == {*PUBLISHED, "aarhus"}


@pytest.mark.parametrize("library", PUBLISHED)
def test_a_published_page_gives_its_amounts_on_each_day(library: str) -> None:
    last, child, adult, _ = PUBLISHED[library]
    by = policy(library)
    assert kroner(by, aged(last)) == kroner(by, aged(6)) == published(child)
    assert kroner(by, aged(last + 1)) == kroner(by, aged(40)) == published(adult)


@pytest.mark.parametrize("library", PUBLISHED)
def test_a_published_limit_of_debt_is_the_policys(library: str) -> None:
    assert policy(library).debt_limit_oere == PUBLISHED[library][3] * 100


def test_the_older_page_of_rudersdal_counts_for_what_was_borrowed_under_it() -> None:
    by, before = policy("rudersdal"), date(2019, 12, 1)
    born = before.replace(year=before.year - 18)
    assert kroner(by, Standing("", born), loaned=before) == published({7: 20, 30: 65, 40: 230})
    assert kroner(by, Standing("", born + timedelta(days=1)), loaned=before) == published({7: 5, 30: 35, 40: 115})


def test_aarhus_has_a_limit_and_no_amounts() -> None:
    by = policy("aarhus")
    fee = overdue_fee(LoanDays(LOANED, DUE), aged(40), by, returned=DUE + timedelta(days=40))
    assert (fee.oere, fee.rule, fee.tariff) == (0, FeeRule.NOT_PUBLISHED, None)
    assert by.debt_limit_oere == 225_00


def test_a_block_of_aarhus_closes_the_net_media() -> None:
    """Debt at the limit is a block there, and so is a PIN that was wrong too often (aakb.dk)."""
    (ereolen,) = policy("aarhus").products.periods
    assert ereolen.is_closed_by("Gæld")


def test_the_default_table_is_the_standard_texts() -> None:
    assert policy("standard").fees.tariffs == Policy().fees.tariffs == (STANDARD,)
