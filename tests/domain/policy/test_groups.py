"""Patron groups by age: a ladder without holes, ladders that follow each other, and the next day of a change."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cprsync.domain.person.age import LeapDay
from cprsync.domain.policy.policy import AgeGroup, Ladder, Ladders, PatronGroup, Policy
from cprsync.errors import OutOfOrder

CHILD, YOUTH, ADULT = AgeGroup("Barn", 0), AgeGroup("Ung", 14), AgeGroup("Voksen", 18)
OLD = Ladder(date(2000, 1, 1), (CHILD, YOUTH, ADULT))
NEW = Ladder(date(2027, 6, 1), (CHILD, AgeGroup("Voksen", 16)))
BOTH = Ladders((OLD, NEW))
BORN = date(2010, 7, 1)


@pytest.mark.parametrize(
    ("groups", "why", "place"),
    [
        ((), "^the first group has to count from age 0", 0),
        ((YOUTH, ADULT), "^the first group has to count from age 0", 0),
        ((CHILD, ADULT, YOUTH), "^each group has to begin at a higher age", 2),
        ((CHILD, AgeGroup("Ung", 0)), "^each group has to begin at a higher age", 1),
        ((CHILD, AgeGroup("Barn", 14)), "^two groups have the same name", 1),
    ],
)
def test_a_ladder_with_a_hole_a_step_back_or_one_name_twice_is_refused(
    groups: tuple[AgeGroup, ...], why: str, place: int
) -> None:
    """The place leads to the line of the policy."""
    with pytest.raises(OutOfOrder, match=why) as refused:
        Ladder(date(2000, 1, 1), groups)
    assert refused.value.place == (place,)


@pytest.mark.parametrize("ladders", [(NEW, OLD), (OLD, OLD)])
def test_ladders_out_of_order_or_of_one_day_are_refused(ladders: tuple[Ladder, ...]) -> None:
    with pytest.raises(ValueError, match=r"^the age groups have to stand in the order of their days"):
        Ladders(ladders)


@pytest.mark.parametrize(
    ("age", "group"), [(0, "Barn"), (13, "Barn"), (14, "Ung"), (17, "Ung"), (18, "Voksen"), (99, "Voksen")]
)
def test_an_age_belongs_to_the_last_group_that_it_has_reached(age: int, group: str) -> None:
    assert OLD.group_at(age) == group


def test_before_the_first_ladder_age_decides_nothing() -> None:
    assert (BOTH.on(date(1999, 12, 31)), BOTH.group_on(BORN, date(1999, 12, 31))) == (None, None)
    assert Ladders((NEW,)).next_change(BORN, date(2027, 1, 1)) == date(2027, 6, 1)


def test_a_policy_that_changes_moves_those_whom_it_moves_on_its_day_and_not_before() -> None:
    assert BOTH.group_on(BORN, date(2027, 5, 31)) == "Ung"
    assert BOTH.next_change(BORN, date(2027, 1, 1)) == date(2027, 6, 1)
    assert BOTH.group_on(BORN, date(2027, 6, 1)) == "Voksen"
    # a child stays a child: the new ladder's day is passed over
    assert BOTH.next_change(date(2020, 7, 1), date(2027, 1, 1)) == date(2036, 7, 1)


def test_only_groups_of_a_ladder_and_no_group_at_all_follow_age() -> None:
    assert [BOTH.follows_age(group) for group in ("Barn", "Ung", "", "Personale")] == [True, True, True, False]
    assert not Ladders().follows_age("")


def test_whoever_has_reached_the_last_group_changes_no_more() -> None:
    assert BOTH.next_change(date(1950, 1, 1), date(2028, 1, 1)) is None
    assert Ladders().next_change(BORN, date(2028, 1, 1)) is None


DAYS = st.dates(date(2024, 1, 1), date(2032, 12, 31))


@pytest.mark.no_cover  # examples reach each branch; measured, this takes twice as long
@given(
    st.dates(date(2008, 1, 1), date(2020, 12, 31)) | st.sampled_from([date(2012, 2, 29), date(2016, 2, 29)]),
    DAYS,
    st.sampled_from(LeapDay),
)
def test_the_next_change_is_the_first_day_whose_group_is_another_one(born: date, after: date, leap: LeapDay) -> None:
    ladders = Ladders((OLD, NEW), leap)
    days = (after + timedelta(days=n) for n in range(1, 8000))
    now = ladders.group_on(born, after)
    assert ladders.next_change(born, after) == next((day for day in days if ladders.group_on(born, day) != now), None)


def test_a_policy_names_each_group_once_those_that_follow_age_first() -> None:
    described = (PatronGroup("Personale"), PatronGroup("Voksen"))
    assert Policy(ladders=BOTH, groups=described).group_names == ("Barn", "Ung", "Voksen", "Personale")
    assert Policy().group_names == ()


@pytest.mark.parametrize(("written", "named"), [("Risskov", "Risskov"), ("RISSKOV", "Risskov"), ("", "")])
def test_a_branch_is_spelt_as_the_policy_spells_it(written: str, named: str) -> None:
    assert Policy(branches=("Hoved", "Risskov")).branch_named(written) == named


def test_a_branch_outside_the_policys_is_none_unless_it_names_none() -> None:
    with pytest.raises(ValueError, match="no such branch"):
        Policy(branches=("Hoved", "Risskov")).branch_named("Ris")
    assert Policy().branch_named("Ris") == "Ris"
