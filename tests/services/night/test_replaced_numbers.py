"""A patron who keeps a number that the register has replaced is unverified until the register says otherwise."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
from doubles import MONDAY, TUESDAY, WEDNESDAY, Library
from test_merging_patrons import BOTH, NEW, OLD, two_of_one
from test_number_answers import CIRCLE, UNRESOLVED
from test_number_change import NEXT, register_of, replaced
from test_reviewing import number_of, reviews
from test_window_nights import PROTECTED, document, windows
from townspeople import gains_protection, moves, person

from cprsync.cli.feed.windows import window_list_lines, windows_document
from cprsync.domain.feed.delivery import ASK_REPLACED_AFTER_DAYS
from cprsync.errors import RegisterUnavailable

if TYPE_CHECKING:
    from cprsync.domain.person.person import Person

REPLACED = "number_replaced"
QUOTA = {"asked": 0, "most": 20_000}
THURSDAY = WEDNESDAY + timedelta(days=1)


def rejected(library: Library) -> tuple[str, str]:
    """ANNA's number was replaced by CLARA's, and a person has said that they stay two patrons."""
    closes, keeps = two_of_one(library)
    library.register.knows(replaced(OLD, NEW), person("CLARA"))
    reviews(library).reject(number_of(library, BOTH), reason="Tvillinger")
    return closes, keeps


def waiting(library: Library) -> list[tuple[str, str]]:
    return [(one["patron"], one["kind"]) for one in reviews(library).listed()]


@pytest.mark.parametrize("silence_seals", [True, False])
def test_whoever_keeps_a_replaced_number_is_unverified_and_never_open_though_protected(
    either_library: Library, silence_seals: bool
) -> None:
    """A protection is told under the number that they did not get: nothing says it of them."""
    library = either_library
    library.policy = replace(library.policy, silent_is_sealed=silence_seals)
    closes, keeps = rejected(library)
    library.deliver(TUESDAY, gains_protection(person("CLARA")))
    library.night()
    library.deliver(WEDNESDAY)
    library.night()
    shown = document(library, closes)
    assert (shown["verified"], shown["protected"], shown["window"]["why"]) == (False, silence_seals, REPLACED)
    assert (document(library, keeps)["verified"], register_of(library, keeps).protection) == (True, PROTECTED)
    assert windows(library) == {closes: REPLACED}
    assert waiting(library) == []


def test_after_an_undone_merge_the_one_whose_number_was_replaced_stays_unverified_when_it_is_rejected(
    either_library: Library,
) -> None:
    library = either_library
    closes, keeps = two_of_one(library)
    library.register.knows(replaced(OLD, NEW), gains_protection(person("CLARA")))
    number = number_of(library, BOTH)
    reviews(library).accept(number)
    reviews(library).undo(number)
    library.deliver(TUESDAY)
    library.night()
    assert (windows(library), waiting(library)) == ({closes: "merge_undone"}, [(closes, BOTH)])
    reviews(library).reject(reviews(library).listed()[0]["id"], reason="Tvillinger")
    library.deliver(WEDNESDAY)
    library.night()
    assert (windows(library), waiting(library)) == ({closes: REPLACED}, [])
    assert (document(library, closes)["protected"], document(library, keeps)["verified"]) == (True, True)


@pytest.mark.parametrize("event", [lambda one: one, moves, gains_protection])
def test_a_delivery_that_tells_of_the_number_again_verifies_the_patron(either_library: Library, event: object) -> None:
    """The register has taken the change back: the delivery is the whole person."""
    library, told = either_library, event(person("ANNA"))  # type: ignore[operator]  # one of the functions above
    closes, _ = rejected(library)
    library.deliver(TUESDAY)
    library.night()
    library.register.knows(told)
    library.deliver(WEDNESDAY, told)
    library.night()
    assert (windows(library), register_of(library, closes)) == ({}, told)
    assert document(library, closes)["verified"]


def test_a_delivery_from_before_the_answer_verifies_nobody(library: Library) -> None:
    closes, _ = two_of_one(library)
    library.register.knows(replaced(OLD, NEW))
    library.clock.set_after(WEDNESDAY)
    reviews(library).reject(number_of(library, BOTH), reason="Tvillinger")
    library.deliver(TUESDAY, person("ANNA"))
    library.clock.set_after(WEDNESDAY)
    library.one_night()
    assert windows(library) == {closes: REPLACED}


def test_a_look_up_that_finds_the_number_in_use_again_verifies_the_patron(library: Library) -> None:
    closes, _ = rejected(library)
    library.register.knows(moves(person("ANNA")))
    library.deliver(TUESDAY)
    library.night()
    assert (windows(library), register_of(library, closes)) == ({}, moves(person("ANNA")))


def test_a_look_up_that_leads_to_a_number_nobody_has_gives_it_to_the_patron(library: Library) -> None:
    closes, _ = rejected(library)
    library.register.knows(replaced(OLD, NEXT), person("ANNA", number=NEXT))
    library.deliver(TUESDAY)
    library.night()
    assert (windows(library), register_of(library, closes)) == ({}, person("ANNA", number=NEXT))


def test_the_register_is_asked_once_and_then_seldom_and_never_raises_the_item_again(library: Library) -> None:
    closes, _ = rejected(library)
    asked: list[date] = []
    for days in range(2 * ASK_REPLACED_AFTER_DAYS + 1):
        library.deliver(MONDAY + timedelta(days=days + 1), previous=MONDAY + timedelta(days=days))
        before = len(library.register.looked_up)
        library.night()
        asked += [library.clock.today()] * (len(library.register.looked_up) - before)
    assert [(day - asked[0]).days for day in asked] == [0, ASK_REPLACED_AFTER_DAYS, 2 * ASK_REPLACED_AFTER_DAYS]
    assert (windows(library), waiting(library)) == ({closes: REPLACED}, [])


def test_another_reason_extends_the_window_and_the_register_is_asked_the_same_night(library: Library) -> None:
    closes, _ = rejected(library)
    library.deliver(TUESDAY)
    library.night()
    library.register.looked_up.clear()
    library.register.listed.discard(OLD)
    library.deliver(WEDNESDAY)
    library.night()
    assert library.register.looked_up == [OLD]
    assert windows(library) == {closes: REPLACED}


@pytest.mark.parametrize("answer", [replaced(OLD, None), replaced(OLD, OLD)])
def test_whoever_keeps_a_number_that_leads_nowhere_is_unverified_too(library: Library, answer: Person) -> None:
    patron = library.id_of("ANNA")
    library.register.knows(answer)
    library.deliver(MONDAY, answer)
    library.night()
    ((_, kind),) = waiting(library)
    assert kind in {CIRCLE, UNRESOLVED}
    reviews(library).reject(number_of(library, kind), reason="ved ikke")
    library.deliver(TUESDAY)
    library.night()
    assert (windows(library), waiting(library)) == ({patron: REPLACED}, [])


def test_reopening_and_accepting_closes_the_window_with_the_record(library: Library) -> None:
    closes, keeps = two_of_one(library)
    number = number_of(library, BOTH)
    reviews(library).reject(number, reason="Tvillinger")
    reviews(library).reopen(number, reason="dog én")
    library.deliver(TUESDAY)
    library.night()
    # while it waits nobody is asked: the answer may be about either
    assert (library.register.looked_up, windows(library)) == ([], {closes: REPLACED})
    reviews(library).accept(number)
    assert (windows(library), document(library, keeps)["verified"]) == ({}, True)


def test_rejecting_what_is_about_an_old_number_asks_about_the_present_one(library: Library) -> None:
    """ANNA has another number by now; the old one leads to CLARA's."""
    patron = library.id_of("ANNA")
    library.deliver(MONDAY, replaced(OLD, NEXT), person("ANNA", number=NEXT))
    library.night()
    library.deliver(TUESDAY, replaced(OLD, NEW))
    library.night()
    assert (patron, BOTH) in waiting(library)
    shown = reviews(library).shown(number_of(library, BOTH))
    assert "rejecting" not in shown
    library.register.knows(person("ANNA", number=NEXT))
    reviews(library).reject(number_of(library, BOTH), reason="Tvillinger")
    assert windows(library) == {}
    library.deliver(WEDNESDAY)
    library.night()
    assert document(library, patron)["verified"]


def test_the_item_says_who_will_be_unverified_and_the_list_of_windows_names_the_item(library: Library) -> None:
    closes, _ = two_of_one(library)
    number = number_of(library, BOTH)
    assert reviews(library).shown(number)["rejecting"] == {"unverified": closes}
    reviews(library).reject(number, reason="Tvillinger")
    assert "rejecting" not in reviews(library).shown(number)
    rows = windows_document("775100", library.store.windows.listed(), QUOTA)["windows"]
    assert [(row["why"], row["item"]) for row in rows] == [(REPLACED, {"id": number, "state": "rejected"})]
    reviews(library).reopen(number, reason="dog én")
    listed = windows_document("775100", library.store.windows.listed(), QUOTA)
    assert listed["windows"][0]["item"] == {"id": number, "state": "waiting"}
    text = "\n".join(window_list_lines(listed, "en"))
    assert (f"waits for review item {number}" in text, "without an answer" in text) == (True, False)
    library.register.failures[OLD] = RegisterUnavailable("no answer")
    library.deliver(TUESDAY)
    library.one_night()
    assert f"waits for review item {number}" in "\n".join(
        window_list_lines(windows_document("775100", library.store.windows.listed(), QUOTA), "en")
    )
