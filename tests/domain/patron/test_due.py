"""One day of one patron, and all the days to come: what is lived day by day is what was forecast."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from people import dies, generated, person

from cprsync.domain.patron.due import (
    CalendarFacts,
    Due,
    DueKind,
    age_step_of,
    derived_group,
    forecast,
    group_at_death,
    live_one_day,
    local_due,
    next_age_step,
    next_due,
)
from cprsync.domain.patron.override import Overridden, Override
from cprsync.domain.person.age import LeapDay
from cprsync.domain.person.number import CprNumber
from cprsync.domain.person.person import SILENT, Birth, Person, Status
from cprsync.domain.policy.policy import AgeGroup, Ladder, Ladders, Policy

CHILD, YOUTH, ADULT = AgeGroup("Barn", 0), AgeGroup("Ung", 14), AgeGroup("Voksen", 18)
LADDERS = Ladders((Ladder(date(2000, 1, 1), (CHILD, YOUTH, ADULT)), Ladder(date(2027, 6, 1), (CHILD, ADULT))))
POLICY = Policy(ladders=LADDERS)
MARCH = date(2027, 3, 1)
#: WILMA turns 14 on this day.
BIRTHDAY = date(2027, 3, 24)


def facts(key: str = "WILMA", group: str = "Barn", **deviations: Any) -> CalendarFacts:
    return CalendarFacts(key, person(key), group, **deviations)


def corrected(field: Overridden, value: str, until: date | None, since: date = MARCH) -> Override:
    return Override(field, value, "kaj", "set pas", since, until, id=1)


def days_of(
    one: CalendarFacts, first: date = MARCH, days: int = 40, policy: Policy = POLICY
) -> list[tuple[str, str, str]]:
    """What is forecast, and, day by day, what is lived: they have to be the same."""
    last = first + timedelta(days=days - 1)
    told = list(forecast([one], first=first, last=last, policy=policy))
    assert told == lived(one, first, last, policy)
    return [(due.day.strftime("%d%m"), due.kind.value, due.what) for due in told]


def lived(one: CalendarFacts, first: date, last: date, policy: Policy) -> list[Due]:
    found: list[Due] = []
    day = first
    while day <= last:
        due, one = live_one_day(one, day, policy)
        found += due
        day += timedelta(days=1)
    return found


# -- age -------------------------------------------------------------------------------------------------


def test_a_birthday_changes_the_group_on_its_day() -> None:
    assert days_of(facts()) == [("2403", "age_step", "Barn > Ung")]


def test_whoever_has_no_group_yet_gets_one_on_the_first_day() -> None:
    assert days_of(facts(group=""))[0] == ("0103", "age_step", "- > Barn")


def test_a_group_that_follows_no_age_is_left_alone() -> None:
    assert days_of(facts(group="Personale"), days=400) == []
    assert days_of(facts(), policy=Policy(), days=400) == []


def test_29_february_is_celebrated_on_the_day_the_policy_names() -> None:
    leap = replace(facts(), register=person("WILMA", birth=Birth(date(2012, 2, 29))))
    february = replace(POLICY, ladders=replace(LADDERS, leap=LeapDay.FEBRUARY))
    first = date(2026, 2, 20)
    assert days_of(leap, first, 15) == [("0103", "age_step", "Barn > Ung")]
    assert days_of(leap, first, 15, february) == [("2802", "age_step", "Barn > Ung")]


def test_a_policy_of_a_later_day_moves_her_on_that_day() -> None:
    assert days_of(facts(), days=120) == [("2403", "age_step", "Barn > Ung"), ("0106", "age_step", "Ung > Barn")]


def test_the_dead_grow_no_older() -> None:
    dead = replace(facts(), register=dies(person("WILMA")))
    assert days_of(dead, days=400) == []
    assert next_age_step(dead, MARCH, POLICY) is None
    annulled = replace(dead, register=person("WILMA", status=Status.ANNULLED), letters_stopped=MARCH)
    assert days_of(annulled, days=400) == []
    assert next_age_step(annulled, MARCH, POLICY) is None


def test_without_a_birth_date_the_group_stays() -> None:
    nobody = CalendarFacts("nobody", Person(CprNumber.parse(generated(31, 2, 2001, "5"))), "Barn")
    assert (derived_group(nobody, MARCH, POLICY), next_age_step(nobody, MARCH, POLICY)) == ("Barn", None)


def test_a_ladder_that_begins_later_leaves_the_group_until_then() -> None:
    later = Policy(ladders=Ladders((Ladder(date(2027, 3, 10), (AgeGroup("Ung", 0), ADULT)),)))
    assert days_of(facts(group=""), policy=later) == [("1003", "age_step", "- > Ung")]


def test_a_write_of_a_birth_date_takes_group_and_next_step_with_it() -> None:
    assert age_step_of(facts(group="Voksen"), MARCH, POLICY) == ("Barn", BIRTHDAY)
    assert age_step_of(facts(group="Personale"), MARCH, POLICY) == ("Personale", None)


# -- corrections that end ------------------------------------------------------------------------------


def test_a_correction_is_warned_of_once_and_then_gives_way() -> None:
    one = facts(overrides=(corrected(Overridden.NAME, "Wilma", date(2027, 3, 20)),))
    assert days_of(one)[:2] == [("0603", "override_warned", "name"), ("2103", "override_ended", "name")]


def test_a_correction_of_a_few_days_is_warned_of_the_morning_after() -> None:
    """The night of the day on which it was typed is over by then."""
    one = facts(overrides=(corrected(Overridden.NAME, "Wilma", date(2027, 3, 4)),))
    assert days_of(one)[:2] == [("0203", "override_warned", "name"), ("0503", "override_ended", "name")]


def test_a_correction_of_one_day_ends_without_a_warning() -> None:
    one = facts(overrides=(corrected(Overridden.NAME, "Wilma", MARCH),))
    assert days_of(one)[0] == ("0203", "override_ended", "name")


def test_a_correction_without_an_end_is_never_due() -> None:
    one = facts(overrides=(corrected(Overridden.NAME, "Wilma", None),))
    assert local_due(one, MARCH, POLICY) is None


def test_a_corrected_birth_date_that_ends_on_a_birthday_gives_the_registers_group_that_day() -> None:
    """Until then she was 20 by what staff typed; on 24 March the register's date makes her 14."""
    birth = corrected(Overridden.BIRTH_DATE, "2007-03-24", BIRTHDAY - timedelta(days=1))
    told = days_of(facts(group="Voksen", overrides=(birth,)), date(2027, 3, 20), 10)
    assert told == [
        ("2003", "override_warned", "birth_date"),
        ("2403", "override_ended", "birth_date"),
        ("2403", "age_step", "Voksen > Ung"),
    ]


def test_a_corrected_birth_date_moves_the_birthday() -> None:
    birth = corrected(Overridden.BIRTH_DATE, "2013-03-10", date(2027, 12, 31))
    assert days_of(facts(overrides=(birth,)))[0] == ("1003", "age_step", "Barn > Ung")


def test_a_pinned_group_stays_on_a_birthday_and_age_decides_when_the_pin_ends() -> None:
    pin = corrected(Overridden.GROUP, "Barn", date(2027, 3, 30))
    told = days_of(facts(overrides=(pin,)))
    assert told == [
        ("1603", "override_warned", "group"),
        ("3103", "override_ended", "group"),
        ("3103", "age_step", "Barn > Ung"),
    ]


def test_a_pin_to_a_group_without_an_age_gives_way_to_age_too() -> None:
    pin = corrected(Overridden.GROUP, "Personale", date(2027, 3, 30))
    assert days_of(facts(group="Personale", overrides=(pin,)))[-1] == ("3103", "age_step", "Personale > Ung")
    assert derived_group(facts(group="Personale", overrides=(pin,)), date(2027, 3, 31), Policy()) == "Personale"


def test_a_pin_that_begins_later_begins_on_its_day() -> None:
    pin = corrected(Overridden.GROUP, "Voksen", None, since=date(2027, 3, 5))
    assert days_of(facts(overrides=(pin,))) == [("0503", "age_step", "Barn > Voksen")]


# -- absences and subscriptions --------------------------------------------------------------------------


def test_an_absence_ends_on_the_day_after_its_last_one() -> None:
    assert days_of(facts(absent_until=date(2027, 3, 9)))[0] == ("1003", "absence_ended", "absence")


@pytest.mark.parametrize("until", [None, date.max])
def test_an_absence_without_an_end_never_ends(until: date | None) -> None:
    assert local_due(facts(absent_until=until), MARCH, POLICY) is None


def test_the_subscription_of_the_dead_ends_after_its_last_day() -> None:
    dead = replace(facts(subscribed_until=date(2027, 3, 9)), register=dies(person("WILMA")))
    assert days_of(dead) == [("1003", "subscription_ended", "dead")]


# -- days that nobody lived ------------------------------------------------------------------------------


def test_what_was_due_on_a_day_that_nobody_lived_is_done_on_the_next_and_once() -> None:
    one = facts(
        overrides=(corrected(Overridden.NAME, "Wilma", date(2027, 3, 4)),),
        absent_until=date(2027, 3, 5),
        subscribed_until=date(2027, 3, 6),
    )
    due, evening = live_one_day(one, date(2027, 4, 1), POLICY)
    assert Counter(one.kind.value for one in due) == {
        "override_ended": 1,
        "age_step": 1,
        "absence_ended": 1,
        "subscription_ended": 1,
    }
    assert live_one_day(evening, date(2027, 4, 1), POLICY) == ((), evening)


def test_what_is_overdue_is_due_on_the_next_day() -> None:
    one = facts(absent_until=date(2027, 1, 1))
    assert (local_due(one, MARCH, POLICY), next_due(one, MARCH, POLICY)) == (date(2027, 3, 2), date(2027, 3, 2))


def test_a_policy_that_warns_earlier_warns_of_what_has_not_been_warned_of() -> None:
    one = facts(overrides=(corrected(Overridden.NAME, "Wilma", date(2027, 3, 31)),))
    assert live_one_day(one, date(2027, 3, 10), POLICY)[0] == ()
    due, evening = live_one_day(one, date(2027, 3, 10), replace(POLICY, override_warn_days=30))
    assert [(one.kind, one.what) for one in due] == [(DueKind.OVERRIDE_WARNED, "name")]
    assert live_one_day(evening, date(2027, 3, 18), POLICY)[0] == ()


def test_a_group_that_was_renamed_or_dropped_is_no_reason_to_stay_in_it() -> None:
    renamed = Policy(ladders=Ladders((Ladder(date(2000, 1, 1), (CHILD, AgeGroup("Teen", 14), ADULT)),)))
    stays = facts(group="Ung")
    assert derived_group(stays, BIRTHDAY, renamed) == "Ung"
    assert derived_group(stays, BIRTHDAY, renamed.with_former_groups(POLICY.calendar_stamp())) == "Teen"
    assert renamed.with_former_groups(None) == renamed


def test_the_stamp_of_a_policy_follows_what_decides_on_its_days() -> None:
    stamp = POLICY.calendar_stamp()
    others = [
        replace(POLICY, override_warn_days=15),
        replace(POLICY, ladders=replace(LADDERS, leap=LeapDay.FEBRUARY)),
        replace(POLICY, ladders=Ladders(LADDERS.ladders[:1])),
    ]
    assert len({stamp, *(one.calendar_stamp() for one in others)}) == 4
    assert replace(POLICY, dead_subscription_days=1).calendar_stamp() == stamp
    assert Policy().calendar_stamp() is None


# -- any life --------------------------------------------------------------------------------------------

_FIRST = date(2027, 2, 20)
_NEAR = st.dates(_FIRST - timedelta(days=30), _FIRST + timedelta(days=130))
_BORN = st.dates(date(2007, 1, 1), date(2027, 6, 30)) | st.sampled_from([date(2012, 2, 29), date(2008, 2, 29)])
_VALUES = {
    Overridden.BIRTH_DATE: _BORN.map(date.isoformat),
    Overridden.GROUP: st.sampled_from(["Barn", "Voksen", "Personale"]),
    Overridden.MUNICIPALITY: st.just("0751"),
}


@st.composite
def _overrides(draw: st.DrawFn) -> tuple[Override, ...]:
    made = []
    for number, field in enumerate(draw(st.lists(st.sampled_from(list(_VALUES)), unique=True))):
        since = draw(_NEAR)
        lasts = draw(st.none() | st.integers(0, 60).map(lambda days: timedelta(days=days)))
        until = None if lasts is None else since + lasts
        made.append(Override(field, draw(_VALUES[field]), "kaj", "", since, until, id=number + 1))
    return tuple(made)


_LIVES = st.builds(
    CalendarFacts,
    st.just("12345678"),
    st.one_of(st.none(), _BORN).map(
        lambda born: person("WILMA", birth=SILENT if born is None else Birth(born)),
    ),
    st.sampled_from(["", "Barn", "Ung", "Voksen", "Personale"]),
    _overrides(),
    st.none() | _NEAR,
    st.none() | _NEAR,
    answered_for=st.booleans(),
    asked_of_age=st.booleans(),
)
_POLICIES = st.builds(
    Policy,
    ladders=st.builds(Ladders, st.sampled_from([(), LADDERS.ladders[:1], LADDERS.ladders]), st.sampled_from(LeapDay)),
    override_warn_days=st.integers(0, 40),
)


@pytest.mark.no_cover  # examples reach each branch; measured, this takes twice as long
@settings(deadline=None)
@given(_LIVES, _POLICIES, st.integers(0, 120))
def test_a_forecast_is_every_day_lived_one_by_one(one: CalendarFacts, policy: Policy, days: int) -> None:
    """No day on which something happens is skipped by `next_due`."""
    last = _FIRST + timedelta(days=days)
    assert list(forecast([one], first=_FIRST, last=last, policy=policy)) == lived(one, _FIRST, last, policy)


@pytest.mark.no_cover  # examples reach each branch; measured, this takes twice as long
@settings(deadline=None)
@given(_LIVES, _POLICIES, st.integers(1, 60))
def test_a_day_caught_up_with_leaves_what_the_days_lived_one_by_one_leave(
    one: CalendarFacts, policy: Policy, days: int
) -> None:
    """The night lives every day since the last run; whoever has nothing due on a day is not even looked at."""
    lived_daily = looked_at = one
    for day in (_FIRST + timedelta(days=n) for n in range(days)):
        lived_daily = live_one_day(lived_daily, day, policy)[1]
        if day == _FIRST or next_due(looked_at, day - timedelta(days=1), policy) == day:
            looked_at = live_one_day(looked_at, day, policy)[1]
        assert looked_at == lived_daily


@pytest.mark.no_cover  # examples reach each branch; measured, this takes twice as long
@settings(deadline=None)
@given(_LIVES, _POLICIES)
def test_a_day_lived_twice_does_nothing_the_second_time(one: CalendarFacts, policy: Policy) -> None:
    evening = live_one_day(one, _FIRST, policy)[1]
    assert live_one_day(evening, _FIRST, policy) == ((), evening)


# -- who answers for her -------------------------------------------------------------------------------------


def teenager(**deviations: Any) -> CalendarFacts:
    """Eighteen on 24 March."""
    born = person("WILMA", birth=Birth(date(2009, 3, 24)))
    return CalendarFacts("WILMA", born, "Ung", answered_for=True, **deviations)


def test_at_18_nobody_answers_for_her_new_debts_also_where_no_group_follows_age() -> None:
    assert days_of(teenager(), policy=Policy()) == [("2403", "responsibility_ended", "responsible")]
    assert ("2403", "responsibility_ended", "responsible") in days_of(teenager())


def test_nobody_stops_to_answer_for_whom_nobody_answered() -> None:
    assert days_of(replace(teenager(), answered_for=False), policy=Policy()) == []


def test_a_responsibility_ends_on_the_day_of_29_february_that_policy_says() -> None:
    born = person("SKUDDAG", birth=Birth(date(2012, 2, 29)))
    one = CalendarFacts("SKUDDAG", born, answered_for=True)
    for leap, day in ((LeapDay.MARCH, "0103"), (LeapDay.FEBRUARY, "2802")):
        policy = Policy(ladders=Ladders(leap=leap))
        told = days_of(one, first=date(2030, 2, 20), policy=policy)
        assert told == [(day, "responsibility_ended", "responsible")]


def test_a_birth_date_that_a_correction_leaves_moves_the_end_of_a_responsibility() -> None:
    younger = corrected(Overridden.BIRTH_DATE, "2010-03-24", date(2027, 3, 28))
    told = [one for one in days_of(teenager(overrides=(younger,)), policy=Policy()) if one[1] != "override_warned"]
    assert told == [("2903", "override_ended", "birth_date"), ("2903", "responsibility_asked", "responsible")]


#: One day after the day on which WILMA, as `teenager`, comes of age, and the day itself.
LATER, OF_AGE = date(2027, 3, 25), date(2027, 3, 24)


@pytest.mark.parametrize(
    ("asked", "day", "told", "evening"),
    [
        # she was of age before the day being lived: another date counts than the one she was lived by
        (False, LATER, "responsibility_asked", (True, True)),
        (True, LATER, None, (True, True)),
        # a birthday, whatever was asked before
        (False, OF_AGE, "responsibility_ended", (False, False)),
        (True, OF_AGE, "responsibility_ended", (False, False)),
        # a minor again
        (True, MARCH, "responsibility_kept", (True, False)),
        (False, MARCH, None, (True, False)),
    ],
)
def test_a_birthday_alone_ends_a_responsibility_and_another_date_asks_a_person_once(
    *, asked: bool, day: date, told: str | None, evening: tuple[bool, bool]
) -> None:
    due, after = live_one_day(teenager(asked_of_age=asked), day, Policy())
    assert [one.kind.value for one in due] == ([] if told is None else [told])
    assert (after.answered_for, after.asked_of_age) == evening
    assert live_one_day(after, day, Policy()) == ((), after)


@pytest.mark.parametrize(
    ("asked", "after", "day"),
    [
        # a birthday keeps its day, for the nights that were missed
        (False, MARCH, OF_AGE),
        (False, OF_AGE, OF_AGE),
        (False, LATER, OF_AGE),
        # a question is settled by the next day that is lived, and waits for a person else
        (True, MARCH, date(2027, 3, 2)),
        (True, OF_AGE, OF_AGE),
        (True, LATER, None),
    ],
)
def test_the_day_on_which_a_responsibility_is_looked_at(*, asked: bool, after: date, day: date | None) -> None:
    assert local_due(teenager(asked_of_age=asked), after, Policy()) == day


@pytest.mark.parametrize("asked", [False, True])
def test_nothing_happens_to_a_responsibility_while_no_birth_date_is_known(*, asked: bool) -> None:
    unborn = person("WILMA", number=CprNumber.parse_any("240309KOT1"), birth=SILENT)
    one = CalendarFacts("WILMA", unborn, answered_for=True, asked_of_age=asked)
    assert live_one_day(one, LATER, Policy()) == ((), one)
    assert local_due(one, LATER, Policy()) is None


def test_the_responsibility_for_a_dead_minor_ends_on_the_same_day() -> None:
    one = replace(teenager(), register=dies(teenager().register))
    assert days_of(one, policy=Policy()) == [("2403", "responsibility_ended", "responsible")]


def test_whoever_only_answers_for_a_minor_is_in_no_group_at_any_age() -> None:
    assert days_of(facts(group="", borrows=False)) == []
    assert age_step_of(facts(group="", borrows=False), MARCH, POLICY) == ("", None)


def test_the_group_of_somebody_dead_is_that_of_the_day_of_death() -> None:
    """Decision 48: the calendar may have lived a birthday since."""
    dead = CalendarFacts("WILMA", dies(person("WILMA")), "Ung", letters_stopped=BIRTHDAY)
    assert group_at_death(dead, BIRTHDAY - timedelta(days=1), POLICY) == "Barn"
    assert group_at_death(dead, BIRTHDAY, POLICY) == "Ung"
