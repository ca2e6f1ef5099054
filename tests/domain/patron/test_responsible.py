"""Who may answer for a minor, until when, and what news of her who answers mean for the minor."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from people import person

from cprsync.domain.deciding.reviews import find_news_for_minors
from cprsync.domain.patron.override import Overridden, Override
from cprsync.domain.patron.responsible import (
    RESPONSIBLES_MAX,
    Answering,
    NoLink,
    NoMinorLetter,
    Proposed,
    Troubled,
    find_troubles,
    has_lost_custody,
    of_age_on,
    why_no_letter,
    why_not,
)
from cprsync.domain.person.age import LeapDay
from cprsync.domain.person.number import CprNumber
from cprsync.domain.person.person import EMPTY, SILENT, Birth, Custody, Protection, Status

DAY = date(2027, 3, 24)
BEFORE, AFTER = date(2027, 3, 23), date(2027, 3, 25)
WHOLE, NOTHING = frozenset({"responsible.gone"}), frozenset[str]()
OPEN = person("ANNA", protection=EMPTY)


def proposed(**deviations: Any) -> Proposed:
    """A child of few years, and a grown-up."""
    known = Proposed("10000001", "10000002", date(2035, 1, 1), date(2001, 1, 1), gone=False)
    return replace(known, **deviations)


# -- which links may be made -------------------------------------------------------------------------------


@pytest.mark.parametrize("known", [{}, {"minor_of_age": None}, {"responsible_of_age": None}, {"minor_of_age": AFTER}])
def test_a_grown_up_answers_for_a_minor_also_where_an_age_is_not_known(known: dict[str, Any]) -> None:
    assert why_not(proposed(**known), DAY) is None


@pytest.mark.parametrize(
    ("deviation", "why"),
    [
        ({"responsible_id": "10000001"}, NoLink.SELF),
        ({"minor_of_age": DAY}, NoLink.OF_AGE),
        ({"responsible_of_age": AFTER}, NoLink.MINOR),
        ({"gone": True}, NoLink.GONE),
        ({"above": frozenset({"10000003", "10000001"})}, NoLink.CIRCLE),
        ({"others": frozenset("abcd")}, NoLink.TOO_MANY),
    ],
)
def test_a_link_is_refused_with_its_reason(deviation: dict[str, Any], why: NoLink) -> None:
    assert why_not(proposed(**deviation), DAY) is why


def test_four_may_answer_and_no_fifth() -> None:
    assert RESPONSIBLES_MAX == 4
    assert why_not(proposed(others=frozenset("abc")), DAY) is None


def test_whoever_comes_of_age_today_answers_for_others() -> None:
    assert why_not(proposed(responsible_of_age=DAY), DAY) is None


# -- when one comes of age ---------------------------------------------------------------------------------


def test_she_comes_of_age_on_her_eighteenth_birthday_by_the_date_in_force() -> None:
    born = person("ANNA", birth=Birth(date(2009, 3, 24)))
    corrected = Override(Overridden.BIRTH_DATE, "2010-05-01", "kaj", "pas", date(2027, 1, 1), DAY)
    assert of_age_on(born, (), DAY, LeapDay.MARCH) == DAY
    assert of_age_on(born, (corrected,), DAY, LeapDay.MARCH) == date(2028, 5, 1)
    assert of_age_on(born, (corrected,), AFTER, LeapDay.MARCH) == DAY


def test_whoever_is_born_on_29_february_comes_of_age_as_policy_says() -> None:
    """Decision 9."""
    born = person("ANNA", birth=Birth(date(2012, 2, 29)))
    assert of_age_on(born, (), DAY, LeapDay.MARCH) == date(2030, 3, 1)
    assert of_age_on(born, (), DAY, LeapDay.FEBRUARY) == date(2030, 2, 28)


# -- what is the matter with her -----------------------------------------------------------------------------


@pytest.mark.parametrize("status", [Status.DEAD, Status.DISAPPEARED, Status.EMIGRATED, Status.ANNULLED])
def test_whoever_is_gone_is_asked_for_nothing(status: Status) -> None:
    one = replace(OPEN, status=status)
    assert find_troubles(one) == {"responsible.gone"}
    assert why_no_letter(one, ended=False, stopped=False, sealed=False) is NoMinorLetter.GONE


@pytest.mark.parametrize("status", [Status.RESIDENT, Status.GREENLAND, Status.NO_RESIDENCE, SILENT])
def test_whoever_is_there_is_no_trouble(status: Any) -> None:
    one = replace(OPEN, status=status)
    assert find_troubles(one) == frozenset()
    assert why_no_letter(one, ended=False, stopped=False, sealed=False) is None


def test_whoever_is_protected_or_has_an_administrative_street_is_written_to_no_more() -> None:
    protected = replace(OPEN, protection=Protection.NAME_AND_ADDRESS)
    assert find_troubles(protected) == {"responsible.protected"}
    assert find_troubles(replace(protected, status=Status.DEAD)) == {"responsible.gone", "responsible.protected"}
    assert why_no_letter(protected, ended=False, stopped=False, sealed=True) is NoMinorLetter.PROTECTED


def test_letters_stop_with_the_link_and_with_a_death_that_waits() -> None:
    assert why_no_letter(OPEN, ended=True, stopped=True, sealed=True) is NoMinorLetter.ENDED
    assert why_no_letter(OPEN, ended=False, stopped=True, sealed=True) is NoMinorLetter.GONE


# -- what her news mean for the minor --------------------------------------------------------------------------


def link(responsible: str, *, troubles: frozenset[str] = NOTHING, minor: str = "M") -> Answering:
    return Answering(minor, responsible, troubles)


def test_her_death_is_asked_about_for_each_minor_she_answers_for() -> None:
    links = [link("R", troubles=WHOLE), link("R", troubles=WHOLE, minor="N"), link("S", minor="N")]
    news = find_news_for_minors(links, {"R": Troubled(NOTHING, WHOLE)})
    assert (news.asked, news.settled) == ({("M", "responsible.gone"), ("N", "responsible.gone")}, frozenset())


def test_her_return_settles_what_waits_unless_another_is_gone_too() -> None:
    links = [link("R"), link("R", minor="N"), link("S", troubles=WHOLE, minor="N")]
    news = find_news_for_minors(links, {"R": Troubled(WHOLE, NOTHING)})
    assert (news.asked, news.settled) == (frozenset(), {("M", "responsible.gone")})


def test_an_item_is_about_the_links_whose_trouble_it_names_and_about_every_link_where_it_is_the_minors_age() -> None:
    one, other = link("R", troubles=WHOLE), link("S")
    assert [item.is_reason_for("responsible.gone") for item in (one, other)] == [True, False]
    assert [item.is_reason_for("responsible.of_age") for item in (one, other)] == [True, True]


def test_whoever_only_moves_is_no_news() -> None:
    assert not Troubled(WHOLE, WHOLE).is_news
    assert Troubled(WHOLE, NOTHING).is_news
    assert find_news_for_minors([link("R", troubles=WHOLE)], {}).asked == frozenset()


@pytest.mark.parametrize(
    ("since", "holders", "asks"),
    [
        (AFTER, {"BO"}, True),
        # nobody can tell which came first
        (DAY, {"BO"}, True),
        # a grandparent never had custody
        (BEFORE, {"BO"}, False),
        (AFTER, {"ANNA", "BO"}, False),
    ],
)
def test_custody_that_changed_after_the_link_is_asked_about_if_the_person_has_none(
    since: date, holders: set[str], asks: bool
) -> None:
    custody = Custody(frozenset(person(key).number for key in holders), since)
    assert has_lost_custody(OPEN.number, custody, linked=DAY) is asks


def test_nobody_is_asked_about_a_person_whom_the_register_cannot_name() -> None:
    """A replacement number is the library's own: the register may name its owner under another number."""
    custody = Custody(frozenset({person("BO").number}), AFTER)
    assert not has_lost_custody(CprNumber.parse_any("110614KOT1"), custody, linked=DAY)
