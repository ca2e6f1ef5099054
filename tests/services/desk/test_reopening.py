"""An item that was rejected, or taken back, waits again while what it asks still stands; else nothing is changed."""

from __future__ import annotations

from datetime import date

import pytest
from doubles import MONDAY, TUESDAY, WEDNESDAY, Library
from store_people import reasons_of
from test_merging_patrons import BOTH, NEW, OLD, holders, two_of_one
from test_number_change import replaced
from test_reviewing import (
    as_it_is,
    blocks,
    cancelled,
    circulate,
    entries,
    no_address,
    number_of,
    refused,
    reviews,
    waits,
)
from townspeople import cpr, dies, moves, person
from whole import verify_audit

from cprsync.domain.patron.local import Block
from cprsync.errors import BadInput, ReviewChanged, ReviewClosed, ReviewUnknown
from cprsync.store import tables

AGAIN = "hun er død alligevel"


def dead(library: Library) -> int:
    library.deliver(MONDAY, dies(person("ANNA")))
    library.night()
    return number_of(library, "block.dead")


@pytest.mark.parametrize("taken_back", [True, False])
def test_a_block_that_was_taken_back_or_rejected_can_be_accepted_after_all(
    either_library: Library, *, taken_back: bool
) -> None:
    library = either_library
    circulate(library, tables.reservation, "ANNA", 1, placed=date(2027, 2, 1), until=None, cancelled=None)
    number = dead(library)
    if taken_back:
        reviews(library).accept(number)
        reviews(library).undo(number)
    else:
        reviews(library).reject(number, reason="Hun stod her i morges")
    before = as_it_is(library)
    again = reviews(library).reopen(number, reason=AGAIN)
    assert (again["state"], again["decided"], waits(library)) == ("waiting", None, ["block.dead"])
    assert as_it_is(library) == before
    library.nothing_is_left()
    reviews(library).accept(number)
    today = library.clock.today()
    assert (blocks(library), cancelled(library)) == ((Block(today, "død"),), {1: today})
    reviews(library).undo(number)
    assert as_it_is(library) == before
    verify_audit(library.store)


def test_who_took_it_up_again_and_why_stands_in_the_audit(library: Library) -> None:
    number = dead(library)
    reviews(library).reject(number, reason="nej")
    reviews(library).reopen(number, reason=AGAIN)
    *_, entry = entries(library)
    assert (entry["actions"], entry["item"]) == (["block.dead", "reopened"], str(number))
    assert reasons_of(library.store, library.id_of("ANNA")) == ["nej", AGAIN]
    assert (entry["patron"], entry["user"]) == (library.id_of("ANNA"), "lone")


def test_what_waits_or_was_accepted_is_not_taken_up_again(library: Library) -> None:
    number = dead(library)
    refused(library, lambda: reviews(library).reopen(number, reason=AGAIN))
    reviews(library).accept(number)
    refused(library, lambda: reviews(library).reopen(number, reason=AGAIN))
    refused(library, lambda: reviews(library).reopen(99, reason=AGAIN), ReviewUnknown)


@pytest.mark.parametrize("reason", ["", "cpr"])
def test_it_takes_a_reason_that_may_be_kept(library: Library, reason: str) -> None:
    number = dead(library)
    reviews(library).reject(number, reason="nej")
    text = cpr("ANNA").digits if reason else ""
    refused(library, lambda: reviews(library).reopen(number, reason=text), BadInput)


@pytest.mark.parametrize("accepted_first", [True, False])
def test_a_block_whose_reason_is_gone_is_not_taken_up_again(library: Library, *, accepted_first: bool) -> None:
    number = dead(library)
    if accepted_first:
        reviews(library).accept(number)
        reviews(library).undo(number)
    else:
        reviews(library).reject(number, reason="nej")
    library.deliver(TUESDAY, person("ANNA"))
    library.night()
    refused(library, lambda: reviews(library).reopen(number, reason=AGAIN), ReviewChanged)


def test_a_block_that_is_proposed_anew_is_answered_there(library: Library) -> None:
    number = dead(library)
    reviews(library).reject(number, reason="nej")
    for day, one in ((TUESDAY, person("ANNA")), (WEDNESDAY, dies(person("ANNA")))):
        library.deliver(day, one)
        library.night()
    assert number_of(library, "block.dead") != number
    refused(library, lambda: reviews(library).reopen(number, reason=AGAIN), ReviewChanged)


def test_the_end_of_a_block_is_taken_up_again_only_while_there_is_the_block(library: Library) -> None:
    block = dead(library)
    reviews(library).accept(block)
    library.deliver(TUESDAY, person("ANNA"))
    library.night()
    lift = number_of(library, "death.annulled")
    reviews(library).reject(lift, reason="vent")
    reviews(library).reopen(lift, reason="nu")
    reviews(library).reject(lift, reason="vent")
    reviews(library).undo(block)
    refused(library, lambda: reviews(library).reopen(lift, reason="nu"), ReviewChanged)


def test_a_parked_person_taken_up_again_counts_as_protected_until_she_is_decided(library: Library) -> None:
    library.deliver(MONDAY, no_address())
    library.night()
    number = number_of(library, "parked.address.missing")
    reviews(library).reject(number, reason="Adressen passer")
    assert not library.view("ANNA").parked
    reviews(library).reopen(number, reason="eller gør den")
    assert library.view("ANNA").parked
    library.deliver(TUESDAY, moves(person("ANNA")))
    library.night()
    assert (waits(library), library.view("ANNA").parked) == ([], False)
    refused(library, lambda: reviews(library).reopen(number, reason=AGAIN), ReviewClosed)


def test_two_patrons_who_were_parted_can_be_merged_after_all(either_library: Library) -> None:
    library = either_library
    _, keeps = two_of_one(library)
    number = number_of(library, BOTH)
    reviews(library).accept(number)
    merged = as_it_is(library, "subscription")
    reviews(library).undo(number)
    reviews(library).reopen(number, reason=AGAIN)
    # the one who kept is looked up, and the other once it is said which number is theirs
    library.night()
    reviews(library).accept(number)
    assert set(holders(library).values()) == {keeps}
    assert as_it_is(library, "subscription") == merged


def test_two_patrons_are_not_merged_once_the_register_has_spoken_of_her_since(library: Library) -> None:
    two_of_one(library)
    number = number_of(library, BOTH)
    reviews(library).reject(number, reason="to forskellige")
    library.deliver(TUESDAY, moves(person("ANNA")))
    library.night()
    refused(library, lambda: reviews(library).reopen(number, reason=AGAIN), ReviewChanged)


def test_an_item_about_two_who_were_merged_since_is_not_taken_up_again(library: Library) -> None:
    two_of_one(library)
    number = number_of(library, BOTH)
    reviews(library).reject(number, reason="to forskellige")
    library.deliver(TUESDAY, replaced(OLD, NEW), person("CLARA"))
    library.night()
    refused(library, lambda: reviews(library).reopen(number, reason=AGAIN), ReviewChanged)
    reviews(library).accept(number_of(library, BOTH))
    refused(library, lambda: reviews(library).reopen(number, reason=AGAIN), ReviewChanged)
