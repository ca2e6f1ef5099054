"""Number changes (decision 6): followed by the register's links only, and nothing merged wrongly."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from people import TONIGHT, generated

from cprsync.domain.deciding.number_change import (
    Circle,
    Collision,
    Disputed,
    Links,
    Renumber,
    end_of_chain,
    find_disputes,
    find_number_changes,
    number_plan,
)
from cprsync.domain.patron.patron import AsOf, Patron, Source
from cprsync.domain.person.number import CprNumber
from cprsync.domain.person.person import Person

NUMBERS = tuple(CprNumber.parse(generated(day, 3, 70, "1")) for day in range(1, 9))
A, B, C, D = NUMBERS[:4]


@pytest.mark.parametrize(
    ("links", "holders", "expected"),
    [
        ({A: B}, {A: "1"}, (Renumber("1", A, B),)),
        ({A: B, B: C}, {A: "1"}, (Renumber("1", A, C),)),
        ({B: C, A: B}, {A: "1"}, (Renumber("1", A, C),)),
        ({B: A}, {B: "1"}, (Renumber("1", B, A),)),
        ({A: B}, {B: "1"}, ()),
        ({A: B}, {}, ()),
        ({A: B}, {A: "1", B: "2"}, (Collision("1", A, "2"),)),
        ({A: C, B: C}, {A: "1", B: "2"}, (Collision("1", A, "2"), Collision("2", B, "1"))),
        ({A: B, B: C}, {A: "1", B: "2"}, (Collision("1", A, "2"), Collision("2", B, "1"))),
        ({A: B, B: A}, {A: "1"}, (Circle("1", A),)),
        ({A: B, B: A}, {A: "1", B: "2"}, (Circle("1", A), Circle("2", B))),
        ({A: A}, {A: "1"}, (Circle("1", A),)),
        ({A: B, B: C, C: B}, {A: "1"}, (Circle("1", A),)),
        ({A: B, C: D}, {A: "1", C: "2"}, (Renumber("1", A, B), Renumber("2", C, D))),
    ],
    ids=[
        "one change",
        "a chain",
        "a chain in the other order",
        "a change undone: back to the old number",
        "only the new number is a patron's",
        "nobody of ours",
        "both already patrons",
        "two patrons to one number",
        "a chain through another patron",
        "a circle of two",
        "a swap of two patrons",
        "a number that replaces itself",
        "a chain into a circle",
        "two changes in one delivery",
    ],
)
def test_a_delivery_of_number_changes_means(
    links: dict[CprNumber, CprNumber], holders: dict[CprNumber, str], expected: tuple[object, ...]
) -> None:
    assert find_number_changes(links, holders, {}) == expected


@pytest.mark.parametrize(
    ("links", "former", "expected"),
    [
        ({A: B}, {B: "2"}, (Collision("1", A, "2"),)),
        ({A: C, C: B}, {B: "2"}, (Collision("1", A, "2"),)),
        ({A: B}, {B: "1"}, (Renumber("1", A, B),)),
        ({A: C, C: B}, {C: "2"}, (Renumber("1", A, B),)),
    ],
    ids=["at its end", "at its end, by a chain", "her own of before: undone", "on the way"],
)
def test_a_number_that_another_patron_had_before_is_no_one_elses(
    links: dict[CprNumber, CprNumber], former: dict[CprNumber, str], expected: tuple[object, ...]
) -> None:
    assert find_number_changes(links, {A: "1", D: "2"}, former) == expected


@pytest.mark.parametrize(
    ("links", "holders", "former", "expected"),
    [
        ({A: C}, {}, {A: "1"}, (Disputed("1", A, C),)),
        ({A: C, C: D}, {}, {A: "1"}, (Disputed("1", A, D),)),
        ({A: B}, {B: "1"}, {A: "1"}, ()),
        ({A: C, C: B}, {B: "1"}, {A: "1"}, ()),
        ({A: B, B: C}, {C: "1"}, {A: "1", B: "1"}, ()),
        ({A: B}, {}, {A: "1", B: "1"}, ()),
        ({A: B, B: C}, {}, {A: "1", B: "1"}, (Disputed("1", B, C),)),
        ({A: C}, {C: "2"}, {A: "1"}, (Collision("1", A, "2"),)),
        ({A: C}, {}, {A: "1", C: "2"}, (Collision("1", A, "2"),)),
        ({A: C, C: A}, {}, {A: "1"}, (Circle("1", A),)),
        ({A: B, B: A}, {B: "1"}, {A: "1"}, ()),
        ({A: C}, {A: "1"}, {}, ()),
        ({A: C}, {A: "2"}, {A: "1"}, ()),
        ({A: C}, {}, {}, ()),
    ],
    ids=[
        "number-old-elsewhere",
        "number-old-elsewhere-chain",
        "number-old-again",
        "number-old-again-chain",
        "number-old-again-further",
        "number-old-again-between",
        "number-old-elsewhere-between",
        "number-old-others",
        "number-old-others-before",
        "a circle",
        "number-old-again-circle: a question of the present number",
        "a present number",
        "a number that came back to another",
        "nobody of ours",
    ],
)
def test_an_old_number_that_leads_elsewhere_than_to_hers_is_disputed(
    links: dict[CprNumber, CprNumber],
    holders: dict[CprNumber, str],
    former: dict[CprNumber, str],
    expected: tuple[object, ...],
) -> None:
    assert find_disputes(links, holders, former) == expected


LINKS = st.dictionaries(st.sampled_from(NUMBERS), st.sampled_from(NUMBERS), max_size=8)
HOLDERS = st.lists(st.sampled_from(NUMBERS), unique=True, max_size=8).map(
    lambda numbers: {number: str(position) for position, number in enumerate(numbers)}
)


@pytest.mark.no_cover  # examples reach each branch; measured, this takes twice as long
@settings(deadline=None, max_examples=1000)
@given(LINKS, HOLDERS)
def test_no_history_gives_one_number_to_two_patrons_or_two_numbers_to_one(
    links: dict[CprNumber, CprNumber], holders: dict[CprNumber, str]
) -> None:
    """The slow and obvious model: walk each chain by hand, then look at who stands where."""
    after = dict.fromkeys(holders.values())
    for number, patron in holders.items():
        after[patron] = number
    for change in find_number_changes(links, holders, {}):
        if isinstance(change, Renumber):
            after[change.patron_id] = change.new
            assert change.new not in links, "the end of a chain is not replaced again"
    assert len(set(after.values())) == len(after), "one number belongs to one patron"


@pytest.mark.no_cover  # examples reach each branch; measured, this takes twice as long
@settings(deadline=None, max_examples=300)
@given(LINKS, HOLDERS)
def test_every_patron_whose_number_is_replaced_is_told_apart(
    links: dict[CprNumber, CprNumber], holders: dict[CprNumber, str]
) -> None:
    told = {change.patron_id for change in find_number_changes(links, holders, {})}
    assert told == {patron for number, patron in holders.items() if number in links}


@given(LINKS, st.sampled_from(NUMBERS))
def test_a_chain_is_followed_to_a_number_that_is_not_replaced(
    links: dict[CprNumber, CprNumber], number: CprNumber
) -> None:
    end = end_of_chain(number, links)
    assert end is None or end not in links


def having(patron_id: str, number: CprNumber, day: date = TONIGHT.day) -> Patron:
    return Patron(patron_id, Person(number), AsOf(day, Source.FILE), 3)


def test_a_plan_says_who_has_a_number_after_the_delivery() -> None:
    plan = number_plan(Links({A: B, B: C, D: NUMBERS[4]}), {A: having("1", A)}, {D: "2"}, as_of=TONIGHT)
    assert plan.changes == {A: Renumber("1", A, C)}
    after = plan.patron_after(C)
    assert (after and after.number, after and after.version) == (C, 4)
    assert plan.patron_after(B) is None
    assert [plan.holder_of_end(number) for number in (B, C, D)] == ["1", None, None]
    assert plan.disputes == {D: Disputed("2", D, NUMBERS[4])}


def test_two_patrons_with_one_number_wait_for_nobody() -> None:
    plan = number_plan(Links({A: B}), {A: having("1", A), B: having("2", B)}, {}, as_of=TONIGHT)
    assert (plan.changes, plan.waiting) == ({A: Collision("1", A, "2")}, {})


def test_a_link_is_undone_by_a_newer_source_under_the_old_number() -> None:
    newer = having("1", A, TONIGHT.day + timedelta(days=1))
    assert number_plan(Links({A: B}), {A: newer}, {}, as_of=TONIGHT).changes == {}
    assert Links({A: B, B: C}).numbers == [A, B, C]


def test_a_held_patron_keeps_their_number_and_nobody_else_gets_it() -> None:
    held = replace(having("1", B), is_held=True)
    # the number that was given before the undo leads back to the one that they have again
    assert number_plan(Links({A: B}), {B: held}, {A: "1"}, as_of=TONIGHT).disputes == {}
    assert number_plan(Links({B: C}), {B: held}, {}, as_of=TONIGHT).changes == {}
    plan = number_plan(Links({A: B}), {A: having("2", A), B: held}, {}, as_of=TONIGHT)
    assert plan.changes == {A: Collision("2", A, "1")}
    # both are one person in the register, whoever of them may be given the number
    plan = number_plan(Links({A: B, B: C}), {A: having("2", A), B: held}, {}, as_of=TONIGHT)
    assert plan.changes == {A: Collision("2", A, "1")}
