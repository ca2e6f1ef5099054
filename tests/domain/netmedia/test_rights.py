"""Rights to net media: every row of the table lived, the days on which a right changes by itself, and what is kept."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from people import PROTECTED, dies, patron, person
from right_people import BOOKS, MOVED, PAPERS, SINCE, STAFF, TODAY, at, born, facts, policy, right

from cprsync.catalogues import rule_words
from cprsync.domain.netmedia.right_day import RightFacts, right_facts
from cprsync.domain.netmedia.right_rule import ChangeCause, RightByRule, RightRule
from cprsync.domain.netmedia.rights import (
    STORED_FORM,
    RightChange,
    changes_between,
    closes_any_right,
    next_change_day,
    rights_of,
    stored_line,
    upcoming_changes,
)
from cprsync.domain.patron.local import Block, Local, Stage
from cprsync.domain.patron.override import Overridden, Override
from cprsync.domain.patron.patron import PatronKind
from cprsync.domain.person.age import LeapDay
from cprsync.domain.person.person import EMPTY, SILENT, Birth, Person, Status
from cprsync.domain.person.sealed import Address
from cprsync.domain.policy.policy import AgeGroup, Ladder, Ladders, Policy
from cprsync.domain.policy.product import LicensedBy
from cprsync.domain.wording import Wording

LADDERS = Ladders((Ladder(date(2000, 1, 1), (AgeGroup("Barn", 0), AgeGroup("Voksen", 18))),))


def test_no_answer_shows_who_it_is_about() -> None:
    assert "0405850670" not in repr(facts())
    assert repr(facts()).startswith("<")


def test_all_that_counts_of_a_patron_is_taken_and_nothing_else_is() -> None:
    named = Override(Overridden.NAME, "Mette", "kaj", "gift", TODAY, TODAY, id=2)
    who = replace(patron("ANNA"), group="Voksen", kind=PatronKind.LIBRARY, overrides=(STAFF, named))
    blocks = (Block(TODAY, "x"),)
    days = {"municipality_since": MOVED, "status_since": SINCE}
    taken = right_facts(who, Local(blocks=blocks), stage=Stage.LEAVING, **days)
    register = Person(who.number, birth=who.register.birth, status=Status.RESIDENT, address=Address("0751", "0001"))
    assert taken == RightFacts(register, "Voksen", (STAFF,), blocks, PatronKind.LIBRARY, Stage.LEAVING, MOVED, SINCE)


# -- what a right does not hang on ---------------------------------------------------------------------------

#: Every state in which the register may show someone, of any municipality.
STATES = st.builds(
    lambda status, code, day: person("ANNA", status=status, address=code, birth=day),
    st.sampled_from([*Status, SILENT]),
    st.sampled_from([SILENT, *(Address(code, "1104", "1") for code in ("0751", "0101", "0411", "0957", "0019"))]),
    st.dates(date(1930, 1, 1), date(2027, 3, 22)).map(Birth) | st.just(SILENT),
)
TERMS = policy(
    replace(BOOKS, from_age=3, below_age=18),
    replace(BOOKS, name="film", licensed=frozenset({"0751"}), unlicensed=frozenset({"0101"}), until=date(2027, 12, 31)),
    PAPERS,
)


@given(STATES)
def test_a_protected_patron_has_the_rights_of_her_unprotected_twin(who: Person) -> None:
    """By name and address protection, or by an administrative street code (decision 2)."""
    rights = rights_of(facts(replace(who, protection=EMPTY)), TERMS, TODAY)
    assert rights_of(facts(replace(who, protection=PROTECTED)), TERMS, TODAY) == rights
    if who.address is not SILENT:
        hidden = replace(who, address=Address(who.address.municipality, "9903"))
        assert rights_of(facts(hidden), TERMS, TODAY) == rights


@given(STATES)
def test_a_death_that_is_annulled_gives_back_the_rights_of_before(who: Person) -> None:
    """Also while the block that the death brought still stands: a person lifts that later."""
    before, dead = facts(who), facts(replace(who, status=Status.DEAD))
    assert {one.answer for one in rights_of(dead, TERMS, TODAY)} == {RightByRule.NO}
    blocked = replace(before, blocks=(Block(TODAY, "død"),))
    if who.status not in {Status.DEAD, Status.ANNULLED}:
        assert stored_line(rights_of(blocked, TERMS, TODAY)) == stored_line(rights_of(before, TERMS, TODAY))


@pytest.mark.parametrize(
    ("reason", "status", "answer"),
    [
        ("død", Status.RESIDENT, RightByRule.YES),
        ("forsvundet", Status.RESIDENT, RightByRule.YES),
        ("forsvundet", Status.DISAPPEARED, RightByRule.NO),
        ("personnummer annulleret", Status.ANNULLED, RightByRule.NO),
        ("mistet kort", Status.RESIDENT, RightByRule.NO),
    ],
)
def test_a_block_that_a_status_brought_is_over_when_the_status_is(
    reason: str, status: Status, answer: RightByRule
) -> None:
    blocked = facts(person("ANNA", status=status), blocks=(Block(TODAY, reason),))
    assert right(blocked).answer is answer


def test_a_block_that_the_policy_does_not_name_closes_nothing() -> None:
    rules = policy(closing_blocks=frozenset({"udelukket"}))
    assert right(facts(blocks=(Block(TODAY, "mistet kort"),)), rules).answer is RightByRule.YES
    assert right(facts(blocks=(Block(TODAY, "Udelukket"),)), rules).answer is RightByRule.NO


# -- when it changes by itself -------------------------------------------------------------------------------


def test_a_birthday_ends_a_right_and_opens_another() -> None:
    child = facts(born(date(2012, 4, 3)))
    rules = policy(replace(BOOKS, below_age=18), replace(BOOKS, name="film", from_age=15))
    books, film = rights_of(child, rules, TODAY)
    assert (books.answer, books.until, books.changes_when) == (RightByRule.YES, date(2030, 4, 2), ChangeCause.BIRTHDAY)
    assert (film.answer, film.until, film.changes_when) == (RightByRule.NO, date(2027, 4, 2), ChangeCause.BIRTHDAY)
    assert next_change_day(child, rules, TODAY) == date(2027, 4, 3)
    assert next_change_day(child, rules, date(2027, 4, 3)) == date(2030, 4, 3)
    assert next_change_day(child, rules, date(2030, 4, 3)) is None


@pytest.mark.parametrize(
    ("about", "terms", "until", "change"),
    [
        ({}, {"until": date(2027, 12, 31)}, date(2027, 12, 31), ChangeCause.POLICY),
        ({}, {"since": date(2027, 4, 1)}, date(2027, 3, 31), ChangeCause.POLICY),
        ({"overrides": (STAFF,)}, {"licensed": frozenset({"0751"})}, date(2027, 3, 30), ChangeCause.CORRECTION),
        ({"blocks": (Block(date(2027, 4, 1), "x"),)}, {}, date(2027, 3, 31), ChangeCause.BLOCK),
        ({"blocks": (Block(MOVED, "x", date(2027, 4, 1)),)}, {}, date(2027, 3, 31), ChangeCause.BLOCK),
        ({}, {"until": date.max}, None, ChangeCause.MOVE),
        ({}, {"below_age": 100}, date(2085, 5, 3), ChangeCause.BIRTHDAY),
    ],
)
def test_a_right_changes_by_itself_on(
    about: dict[str, Any], terms: dict[str, Any], until: date | None, change: ChangeCause
) -> None:
    told = right(facts(**about), policy(**terms))
    assert (told.until, told.changes_when) == (until, change)
    assert f"Ændres, {rule_words(f'change.{change.value}').da}." in told.text(rule_words).da
    assert next_change_day(facts(**about), policy(**terms), TODAY) == (until and until + timedelta(days=1))


@pytest.mark.parametrize(("leap", "day"), [(LeapDay.MARCH, date(2027, 3, 1)), (LeapDay.FEBRUARY, date(2027, 2, 28))])
def test_born_on_29_february_she_is_old_enough_on_the_day_that_the_policy_says(leap: LeapDay, day: date) -> None:
    """No Danish source says which (decision 9)."""
    about, rules = facts(born(date(2012, 2, 29))), replace(policy(from_age=15), ladders=Ladders(leap=leap))
    before = right(about, rules, on=date(2027, 2, 1))
    assert (before.rule, before.until) == (RightRule.TOO_YOUNG, day - timedelta(days=1))
    then = right(about, rules, on=day)
    assert (then.rule, then.valid_from) == (RightRule.MUNICIPALITY, day)


def test_nobody_has_a_right_since_before_she_was_born() -> None:
    child = facts(born(date(2026, 5, 4)))
    assert right(child).valid_from == date(2026, 5, 4)
    assert right(child).open_from is None


def test_no_day_of_a_right_tells_the_birth_date_of_someone_sealed() -> None:
    """The last day before 15, and the first one of a right that began with an age: both are a birthday's."""
    young, old = facts(born(date(2012, 5, 4))), facts(born(date(2012, 1, 4)))
    film = policy(from_age=15)
    before, after = right(young, film), right(old, film)
    assert (before.until, after.valid_from) == (date(2027, 5, 3), date(2027, 1, 4))
    assert (before.without_birth_days.until, before.without_birth_days.withheld) == (None, True)
    assert (after.without_birth_days.valid_from, after.without_birth_days.withheld) == (None, True)
    grouped = right(young, policy(closed_groups=frozenset({"Barn"})))
    assert grouped.without_birth_days.until is None


def test_of_someone_sealed_no_right_holds_since_a_day_before_they_had_the_age() -> None:
    """The product's first day, or the day they moved here, is no day on which a child of 8 had a right from 15."""
    child = facts(born(date(2012, 1, 4)))
    for licensed_by in LicensedBy:
        one = right(child, policy(from_age=15, licensed_by=licensed_by)).without_birth_days
        assert (one.answer, one.valid_from, one.withheld) == (RightByRule.YES, None, True), licensed_by
        one = right(facts(born(date(2018, 6, 25))), policy(licensed_by=licensed_by, since=date(2000, 1, 1)))
        assert one.without_birth_days.valid_from in {None, MOVED}, licensed_by


def test_of_someone_sealed_who_had_the_age_the_day_is_told() -> None:
    grown = facts(born(date(1980, 1, 4)))
    for licensed_by in LicensedBy:
        one = right(grown, policy(from_age=15, licensed_by=licensed_by)).without_birth_days
        assert (one.valid_from, one.withheld) == (
            right(grown, policy(from_age=15, licensed_by=licensed_by)).valid_from,
            False,
        )


def test_what_comes_ahead_says_that_it_comes_on_a_birthday_though_nights_were_missed() -> None:
    """Asked three days after the birthday, with no night since: today's change still tells it."""
    child = facts(born(date(2012, 4, 3)), blocks=(Block(date(2027, 4, 10), "gæld"),))
    rules = policy(from_age=15)
    kept = stored_line(rights_of(child, rules, TODAY))

    def causes(first: date, lived: date | None) -> list[ChangeCause | None]:
        return [
            one.cause for one in upcoming_changes(child, rules, kept, first=first, last=date(2027, 4, 30), lived=lived)
        ]

    assert causes(TODAY, None) == [ChangeCause.BIRTHDAY, ChangeCause.BLOCK]
    assert causes(date(2027, 4, 6), date(2027, 4, 2)) == [ChangeCause.BIRTHDAY, ChangeCause.BLOCK]
    assert causes(date(2027, 4, 6), date(2027, 4, 3)) == [None, ChangeCause.BLOCK]


def test_a_day_of_the_policy_is_told_of_someone_sealed_too() -> None:
    one = right(facts(), policy(replace(BOOKS, until=date(2027, 12, 31))))
    assert one.until == one.without_birth_days.until == date(2027, 12, 31)
    assert not one.without_birth_days.withheld


@pytest.mark.parametrize(
    ("about", "terms"),
    [
        ({}, {}),
        ({"who": person("ANNA", status=Status.DEAD)}, {}),
        ({"who": person("ANNA", status=Status.DISAPPEARED)}, {}),
        ({"who": at("0957")}, {}),
        ({"who": at("0101")}, {"licensed": frozenset({"0751"})}),
        ({"blocks": (Block(MOVED, "mistet kort"),)}, {}),
        ({}, {"below_age": 18}),
        ({}, {"licensed_by": LicensedBy.LIBRARY}),
    ],
)
def test_no_answer_about_a_product_holds_since_before_its_terms_did(
    about: dict[str, Any], terms: dict[str, Any]
) -> None:
    told = right(facts(**about), policy(**terms))
    assert told.valid_from == SINCE
    assert told.open_from in {SINCE, None}


def test_what_becomes_of_each_right_by_itself_is_day_text_by_day_from_what_was_kept() -> None:
    child = facts(born(date(2012, 4, 3)), blocks=(Block(date(2027, 4, 10), "gæld", lifted=date(2027, 4, 20)),))
    rules = policy(replace(BOOKS, until=date(2027, 4, 30)), replace(BOOKS, name="film", from_age=15))
    yes_and_no = stored_line(rights_of(child, rules, TODAY))

    def told(kept: str, *, first: date = TODAY, last: date = date(2027, 5, 1)) -> list[tuple[str, str, str]]:
        ahead = upcoming_changes(child, rules, kept, first=first, last=last)
        return [(one.day.isoformat(), one.product, one.turn.value) for one in ahead]

    coming = [
        ("2027-04-03", "film", "opened"),
        ("2027-04-10", "ereolen", "closed"),
        ("2027-04-10", "film", "closed"),
        ("2027-04-20", "ereolen", "opened"),
        ("2027-04-20", "film", "opened"),
        ("2027-05-01", "ereolen", "closed"),
    ]
    assert told(yes_and_no) == coming
    assert told("") == [(TODAY.isoformat(), "ereolen", "opened"), *coming]
    assert told(yes_and_no, last=date(2027, 4, 3)) == coming[:1]
    assert told(yes_and_no, first=date(2027, 5, 2)) == []


@pytest.mark.no_cover  # examples reach each branch; measured, this takes twice as long
@given(STATES, st.integers(1, 40))
def test_what_is_told_ahead_is_what_each_night_finds(who: Person, nights: int) -> None:
    one = facts(who, overrides=(STAFF,))
    before, found = stored_line(rights_of(one, TERMS, TODAY)), []
    first, last = TODAY + timedelta(days=1), TODAY + timedelta(days=nights)
    ahead = [tuple(turn)[:3] for turn in upcoming_changes(one, TERMS, before, first=first, last=last)]
    for day in (TODAY + timedelta(days=n + 1) for n in range(nights)):
        now = stored_line(rights_of(one, TERMS, day))
        found += [
            (day, name, turn)
            for name, turn in changes_between(before, now).items()
            if turn is not RightChange.UNCHANGED
        ]
        before = now
    assert ahead == found


def test_a_group_that_comes_with_age_closes_a_product_on_the_birthday() -> None:
    child = facts(born(date(2012, 4, 3)), group="Barn")
    rules = replace(policy(closed_groups=frozenset({"Voksen"})), ladders=LADDERS)
    told = right(child, rules)
    assert (told.answer, told.until, told.changes_when) == (RightByRule.YES, date(2030, 4, 2), ChangeCause.GROUP)


def test_the_terms_of_a_later_period_count_from_its_first_day() -> None:
    rules = policy(
        replace(BOOKS, until=date(2027, 12, 31)),
        replace(BOOKS, since=date(2028, 1, 1), unlicensed=frozenset({"0751"}), title=Wording("Bøger", "Books")),
    )
    assert right(facts(), rules).until == date(2027, 12, 31)
    assert right(facts(), rules).title.da == "eReolen"
    then = right(facts(), rules, on=date(2028, 1, 1))
    assert (then.answer, then.rule, then.title.da) == (RightByRule.NO, RightRule.UNLICENSED, "Bøger")


def test_a_corrected_birth_date_counts_on_its_days_and_then_the_registers_again() -> None:
    typed = Override(Overridden.BIRTH_DATE, "2012-04-03", "kaj", "pas", TODAY, date(2027, 4, 30), id=1)
    about, rules = facts(overrides=(typed,)), policy(below_age=15)
    assert [right(about, rules, on=day).answer.value for day in (TODAY, date(2027, 4, 3))] == ["yes", "no"]
    assert right(about, rules).until == date(2027, 4, 2)


@given(STATES, st.integers(0, 3000), st.booleans())
def test_a_right_is_on_each_day_what_its_end_said_it_would_be(who: Person, days: int, typed: bool) -> None:
    """From one step to the next nothing changes that is kept, and until its last day no answer does."""
    about = facts(who, overrides=(STAFF,) if typed else (), group="Barn")
    day = TODAY + timedelta(days=days)
    rights = rights_of(about, TERMS, TODAY)
    for told, then in zip(rights, rights_of(about, TERMS, day), strict=True):
        if told.until is None or day <= told.until:
            assert then.answer is told.answer
        elif day == told.until + timedelta(days=1):
            assert then.answer is not told.answer
    step = next_change_day(about, TERMS, TODAY)
    if step is None or day < step:
        assert stored_line(rights_of(about, TERMS, day)) == stored_line(rights)
    else:
        assert stored_line(rights_of(about, TERMS, step)) != stored_line(rights)


@given(st.dates(date(1990, 1, 1), TODAY), st.integers(0, 40), st.integers(1, 40))
def test_an_age_window_opens_once_and_closes_once(day: date, from_age: int, length: int) -> None:
    rules = policy(from_age=from_age, below_age=from_age + length, since=date(1980, 1, 1))
    days = [date(year, 12, 31) for year in range(1990, 2080, 9)]
    rows = [right(facts(born(day)), rules, on=one).rule for one in days]
    order = [RightRule.TOO_YOUNG, RightRule.MUNICIPALITY, RightRule.TOO_OLD]
    assert rows == sorted(rows, key=order.index)


# -- what is kept --------------------------------------------------------------------------------------------


def test_what_is_kept_are_product_answer_and_day_in_the_products_alphabet() -> None:
    kept = stored_line(rights_of(facts(), policy(BOOKS, PAPERS), TODAY))
    assert kept == '{"aviser":["yes","2020-01-01"],"ereolen":["yes","2020-01-01"]}'
    dead = facts(dies(person("ANNA")), status_since=TODAY)
    assert stored_line(rights_of(dead, policy(), TODAY)) == '{"ereolen":["no","2027-03-22"]}'


@pytest.mark.parametrize(
    ("about", "terms"),
    [
        ({"blocks": (Block(MOVED, "mistet kort"),)}, {}),
        ({}, {"below_age": 18}),
        ({}, {"from_age": 40}),
    ],
)
def test_neither_birth_date_nor_block_is_kept_in_clear(about: dict[str, Any], terms: dict[str, Any]) -> None:
    told = right(facts(**about), policy(**terms))
    ((_, day),) = json.loads(stored_line((told,))).values()
    assert told.valid_from is not None
    assert day in {None, SINCE.isoformat()}


def line(answer: str | None) -> str:
    return "" if answer is None else f'{{"ereolen":["{answer}",null]}}'


@pytest.mark.parametrize(
    ("before", "after", "turn"),
    [
        (None, "yes", RightChange.OPENED),
        (None, "no", RightChange.UNCHANGED),
        ("no", "yes", RightChange.OPENED),
        ("undecided", "yes", RightChange.OPENED),
        ("yes", "no", RightChange.CLOSED),
        ("undecided", "no", RightChange.CLOSED),
        ("yes", None, RightChange.CLOSED),
        ("yes", "undecided", RightChange.UNDECIDED),
        ("yes", "yes", RightChange.UNCHANGED),
        ("undecided", "undecided", RightChange.UNCHANGED),
    ],
)
def test_what_became_of_a_right(before: str | None, after: str | None, turn: RightChange) -> None:
    assert changes_between(line(before), line(after)) == {"ereolen": turn}
    assert changes_between(line(after), line(after)) == ({} if after is None else {"ereolen": RightChange.UNCHANGED})


@pytest.mark.parametrize(
    "other",
    [
        policy(since=date(2020, 1, 2)),
        policy(until=date(2027, 12, 31)),
        policy(name="film"),
        policy(licensed_by=LicensedBy.LIBRARY),
        policy(licensed=frozenset({"0751"})),
        policy(unlicensed=frozenset({"0101"})),
        policy(from_age=1),
        policy(below_age=18),
        policy(closing_blocks=frozenset({"udelukket"})),
        policy(closed_groups=frozenset({"Personale"})),
        policy(BOOKS, PAPERS),
        replace(policy(), home=frozenset({"0101"})),
        replace(policy(), ladders=LADDERS),
        replace(policy(), ladders=Ladders(leap=LeapDay.FEBRUARY)),
    ],
)
def test_another_policy_of_rights_has_another_stamp(other: Policy) -> None:
    """So that everyone's are derived anew; a list that is typed in another order or a new title changes nobody's."""
    assert other.rights_stamp(STORED_FORM) != policy().rights_stamp(STORED_FORM)
    assert policy(title=Wording("Bøger", "Books")).rights_stamp(STORED_FORM) == policy().rights_stamp(STORED_FORM)
    assert Policy().rights_stamp(STORED_FORM) is None


def test_a_yes_that_becomes_a_no_counts_for_the_guard_and_one_that_becomes_undecided_does_not() -> None:
    rules = policy(licensed=frozenset({"0751"}), unlicensed=frozenset({"0461"}))
    home, odense, elsewhere = facts(at("0751")), facts(at("0461")), facts(at("0851"))
    assert closes_any_right(home, odense, rules, TODAY)
    assert not closes_any_right(home, elsewhere, rules, TODAY)
    assert not closes_any_right(odense, home, rules, TODAY)
    assert not closes_any_right(home, odense, Policy(), TODAY)
