"""Whether a patron may borrow: each thing that forbids it, all of them together, and what only advises."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from people import dies, generated, patron, person, unverified

from cprsync.domain.lending.standing import BorrowRule, Ruling, Standing, may_borrow, standing_of
from cprsync.domain.patron.local import Block, Local
from cprsync.domain.patron.override import Overridden, Override
from cprsync.domain.person.age import LeapDay
from cprsync.domain.person.number import CprNumber
from cprsync.domain.person.person import SILENT, Person, Status
from cprsync.domain.policy.policy import AgeGroup, Ladder, Ladders, PatronGroup, Policy

TODAY = date(2027, 3, 22)
POLICY = Policy(groups=(PatronGroup("Voksen", cpr_required=True), PatronGroup("Barn")), debt_limit_oere=200_00)
ADULT = Standing("Voksen", date(1985, 5, 4), Status.RESIDENT)
ALLOWED = Ruling(allowed=True, rules=(BorrowRule.ALLOWED,))


def aged(years: int) -> Standing:
    """Someone whose birthday is today."""
    return replace(ADULT, born=TODAY.replace(year=TODAY.year - years))


def test_nothing_against_her_is_a_yes() -> None:
    assert may_borrow(ADULT, POLICY, on=TODAY) == ALLOWED


@pytest.mark.parametrize(
    ("standing", "rule"),
    [
        (replace(ADULT, status=Status.DEAD), BorrowRule.DEAD),
        pytest.param(
            replace(ADULT, status=Status.ANNULLED, dead_since=TODAY), BorrowRule.DEAD, id="status-dead-annulled"
        ),
        (replace(ADULT, leaving=True), BorrowRule.LEAVING),
        (replace(ADULT, borrower=False), BorrowRule.NO_BORROWER),
        (replace(ADULT, blocks=(Block(TODAY, "mistet kort"),)), BorrowRule.BLOCKED),
        (replace(ADULT, blocks=(Block(date(2027, 1, 1), "mistet kort", date(2027, 3, 23)),)), BorrowRule.BLOCKED),
        (replace(ADULT, debt_oere=200_00), BorrowRule.DEBT),
        (replace(ADULT, has_cpr=False), BorrowRule.NO_CPR),
    ],
)
def test_a_patron_may_not_borrow_who(standing: Standing, rule: BorrowRule) -> None:
    assert may_borrow(standing, POLICY, on=TODAY) == Ruling(allowed=False, rules=(rule,))


@pytest.mark.parametrize(
    "standing",
    [
        *(replace(ADULT, status=status) for status in (*Status, SILENT) if status is not Status.DEAD),
        replace(ADULT, blocks=(Block(date(2027, 3, 23), "fra i morgen"),)),
        replace(ADULT, blocks=(Block(date(2027, 1, 1), "mistet kort", lifted=TODAY),)),
        replace(ADULT, debt_oere=199_99),
        replace(ADULT, born=None),
        replace(ADULT, dead_since=TODAY),
    ],
)
def test_a_patron_may_borrow_who(standing: Standing) -> None:
    """Unknown residence, departure abroad and an annulled number are for people to block, not for us."""
    assert may_borrow(standing, POLICY, on=TODAY) == ALLOWED


def test_a_no_names_every_reason() -> None:
    blocks = (Block(TODAY, "mistet kort"), Block(TODAY, "gæld"))
    all_of_it = Standing(
        "Voksen", None, Status.DEAD, None, has_cpr=False, blocks=blocks, debt_oere=1000_00, leaving=True
    )
    assert may_borrow(all_of_it, POLICY, on=TODAY, film_from_age=15).rules == (
        BorrowRule.DEAD,
        BorrowRule.LEAVING,
        BorrowRule.BLOCKED,
        BorrowRule.DEBT,
        BorrowRule.NO_CPR,
        BorrowRule.FILM_AGE_UNKNOWN,
    )


def test_a_number_is_asked_for_by_the_group_alone() -> None:
    for group in ("Barn", "Institution"):
        assert may_borrow(replace(ADULT, group=group, has_cpr=False), POLICY, on=TODAY).allowed


@pytest.mark.parametrize("limit", [0, None])
def test_a_library_without_a_limit_of_debt_lends_to_whoever_owes(limit: int | None) -> None:
    assert may_borrow(replace(ADULT, debt_oere=10_000_00), replace(POLICY, debt_limit_oere=limit), on=TODAY) == ALLOWED


# -- films: 11 and 15 bind, 7 is advice (Medierådet) -----------------------------------------------------


@pytest.mark.parametrize(
    ("years", "film", "rules"),
    [
        (10, 11, (BorrowRule.FILM,)),
        (11, 11, (BorrowRule.ALLOWED,)),
        (14, 15, (BorrowRule.FILM,)),
        (15, 15, (BorrowRule.ALLOWED,)),
        (6, 7, (BorrowRule.ALLOWED, BorrowRule.FILM_ADVICE)),
        (7, 7, (BorrowRule.ALLOWED,)),
        (3, None, (BorrowRule.ALLOWED,)),
    ],
)
def test_a_film_is_lent_by_the_age_on_the_day(years: int, film: int | None, rules: tuple[BorrowRule, ...]) -> None:
    ruling = may_borrow(aged(years), POLICY, on=TODAY, film_from_age=film)
    assert (ruling.rules, ruling.allowed) == (rules, BorrowRule.ALLOWED in rules)


def test_a_film_that_binds_is_not_lent_to_whose_age_nobody_knows() -> None:
    unknown = replace(ADULT, born=None)
    assert may_borrow(unknown, POLICY, on=TODAY, film_from_age=11).rules == (BorrowRule.FILM_AGE_UNKNOWN,)
    assert may_borrow(unknown, POLICY, on=TODAY, film_from_age=7) == ALLOWED


def test_which_ratings_bind_is_the_librarys() -> None:
    mild = replace(POLICY, binding_films=())
    assert may_borrow(aged(9), mild, on=TODAY, film_from_age=15).rules == (BorrowRule.ALLOWED, BorrowRule.FILM_ADVICE)


def test_someone_born_on_29_february_reaches_a_rating_on_the_day_the_policy_names() -> None:
    """Decision 9."""
    leap_child, day = replace(ADULT, born=date(2012, 2, 29)), date(2027, 2, 28)
    early = replace(POLICY, ladders=Ladders(leap=LeapDay.FEBRUARY))
    assert not may_borrow(leap_child, POLICY, on=day, film_from_age=15).allowed
    assert may_borrow(leap_child, early, on=day, film_from_age=15).allowed


@given(
    st.builds(
        Standing,
        group=st.sampled_from(["Voksen", "Barn"]),
        born=st.none() | st.dates(date(2010, 1, 1), date(2027, 3, 22)),
        status=st.sampled_from(Status),
        has_cpr=st.booleans(),
        debt_oere=st.integers(0, 400_00),
        leaving=st.booleans(),
    ),
    st.sampled_from([None, 7, 11, 15]),
)
def test_an_answer_is_yes_with_what_allows_or_no_with_what_forbids(standing: Standing, film: int | None) -> None:
    ruling = may_borrow(standing, POLICY, on=TODAY, film_from_age=film)
    says_yes = set(ruling.rules) <= {BorrowRule.ALLOWED, BorrowRule.FILM_ADVICE}
    assert ruling.allowed is says_yes
    assert ruling.rules


# -- what counts of a patron -----------------------------------------------------------------------------

LADDERS = Ladders((Ladder(date(2000, 1, 1), (AgeGroup("Barn", 0), AgeGroup("Voksen", 18))),))


def test_what_counts_of_a_patron_is_what_is_in_force_on_the_day() -> None:
    """WILMA is a child; until the 23rd staff say that she was born in 1990."""
    pin = Override(Overridden.BIRTH_DATE, "1990-01-02", "kaj", "set pas", date(2027, 3, 1), date(2027, 3, 23), id=1)
    block = Block(TODAY, "mistet kort")
    wilma = replace(patron("WILMA"), group="Barn", overrides=(pin,))
    policy = Policy(ladders=LADDERS)
    grown, child = (
        standing_of(wilma, Local(blocks=(block,)), policy, on=date(2027, 3, day), debt_oere=5, leaving=True)
        for day in (23, 24)
    )
    assert (grown.group, grown.born) == ("Voksen", date(1990, 1, 2))
    assert (child.group, child.born) == ("Barn", date(2013, 3, 24))
    assert (child.status, child.blocks, child.debt_oere, child.leaving) == (Status.RESIDENT, (block,), 5, True)
    assert (child.has_cpr, child.dead_since) == (True, None)


def test_a_replacement_number_is_no_cpr_number() -> None:
    unknown = replace(unverified("ANNA"), register=Person(CprNumber.parse(generated(65, 5, 80, "1"))))
    standing = standing_of(unknown, Local(), POLICY, on=TODAY)
    assert (standing.has_cpr, standing.status, standing.born) == (False, SILENT, unknown.number.born)


def test_a_death_became_known_on_the_day_on_which_letters_stopped() -> None:
    dead = replace(patron("ANNA"), register=dies(person("ANNA")), letters_stopped=TODAY)
    standing = standing_of(dead, Local(), POLICY, on=TODAY)
    assert (standing.status, standing.dead_since) == (Status.DEAD, TODAY)
