"""Merging what a source says into a record: groups are replaced whole, and silence changes nothing."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from people import dies, emigrates, having, moves, person
from town import ANNA

from cprsync.domain.person.number import CprNumber
from cprsync.domain.person.person import (
    ADMINISTRATIVE_STATUS,
    EMPTY,
    GROUPS,
    SILENT,
    Abroad,
    Birth,
    Contact,
    Person,
    Protection,
    Status,
    merge,
    says_nothing_new,
    silence_by_status,
    speaks_for_all,
)
from cprsync.domain.person.sealed import Address, Name, SealedAddress, keep_sealed

NOBODY = Person(CprNumber(ANNA))
_LINES = st.sampled_from((("",) * 5, ("Postboks 7", "", "", "", "")))
_NUMBERS = st.sampled_from((person("BO").number, person("CLARA").number))
_SAID: dict[str, st.SearchStrategy[Any]] = {
    "name": st.sampled_from((SILENT, EMPTY, Name("Ask"), Name("Eg", "E"))),
    "birth": st.just(SILENT) | st.builds(Birth, st.sampled_from((date(1985, 5, 4), date(2000, 2, 29))), st.booleans()),
    "status": st.sampled_from((SILENT, *Status)),
    "address": st.sampled_from((SILENT, Address("0751", "1104", "16B"), Address("0101", "9901"))),
    "protection": st.sampled_from((SILENT, EMPTY, *Protection)),
    "current_number": st.sampled_from((SILENT, EMPTY)) | _NUMBERS,
    "abroad": st.just(SILENT) | st.builds(Abroad, st.sampled_from(("5120", "5180")), _LINES),
    "contact": st.sampled_from((SILENT, EMPTY)) | st.builds(Contact, _LINES),
}
ANYTHING = st.builds(Person, st.just(CprNumber(ANNA)), **_SAID)
#: As the readers hand her over.
HEARD = ANYTHING.map(silence_by_status)


#: No groups: of them no record is written.
_BESIDE = {"number", "events", "is_end_doubted", "status_since", "moved_in", "municipality_since", "custody"}


def test_the_strategies_cover_every_group() -> None:
    assert set(_SAID) == set(GROUPS) == {field.name for field in fields(Person)} - _BESIDE


@settings(deadline=None)
@given(ANYTHING)
def test_silence_changes_nothing(stored: Person) -> None:
    """But for the contact address, of which a record says "none" until a source gives one."""
    stored = replace(stored, contact=EMPTY if stored.contact is SILENT else stored.contact)
    kept = merge(stored, NOBODY)
    assert [name for name, group in kept.groups() if group is SILENT] == [
        name
        for name, group in stored.groups()
        if group is SILENT or (name == "abroad" and stored.status is not Status.EMIGRATED)
    ]
    assert merge(kept, NOBODY) == kept


@settings(deadline=None)
@given(ANYTHING, HEARD)
def test_merging_twice_is_merging_once(stored: Person, heard: Person) -> None:
    once = merge(stored, heard)
    assert merge(once, heard) == once


@settings(deadline=None)
@given(ANYTHING, HEARD.filter(lambda heard: heard.status is not SILENT))
def test_what_a_source_says_stands_on_the_record_and_the_rest_stays(stored: Person, heard: Person) -> None:
    after = merge(stored, heard)
    for name, group in heard.groups():
        before = getattr(stored, name)
        if name == "abroad" and heard.status is not Status.EMIGRATED:
            before = SILENT
        if name == "contact" and before is SILENT:
            before = EMPTY
        hid = stored.status in ADMINISTRATIVE_STATUS and heard.status not in ADMINISTRATIVE_STATUS
        if name == "address" and hid and isinstance(before, SealedAddress):
            before = keep_sealed(before)
        assert getattr(after, name) == (before if group is SILENT else group), name


@settings(deadline=None)
@given(ANYTHING, ANYTHING)
def test_who_speaks_for_all_leaves_nothing_of_the_record(stored: Person, heard: Person) -> None:
    """Only then may a fingerprint of her alone tell that a record is equal."""
    if speaks_for_all(heard):
        assert merge(stored, heard) == merge(heard, heard)


def test_whoever_speaks_for_all_is_the_merge_herself_unless_a_foreign_address_has_to_go() -> None:
    """So that a delivery of which nearly everyone does is read without a copy of each."""
    heard = moves(person("ANNA"))
    assert merge(person("ANNA"), heard) is heard
    strays = having(heard, abroad=Abroad("5120", ("Storgatan 1", "", "", "", "")))
    assert speaks_for_all(strays)
    assert merge(person("ANNA"), strays).abroad is SILENT


def test_the_emigrated_speak_for_all_only_with_their_address_abroad() -> None:
    abroad = Abroad("5120", ("Storgatan 1", "", "", "", ""))
    left = having(person("ANNA"), status=Status.EMIGRATED)
    assert [speaks_for_all(having(left, abroad=where)) for where in (abroad, SILENT)] == [True, False]


def test_of_a_replaced_number_a_source_silent_about_the_status_may_tell_the_successor() -> None:
    replaced = replace(person("ANNA"), status=Status.CHANGED, address=SILENT, current_number=EMPTY)
    told = having(NOBODY, current_number=person("BO").number)
    assert merge(replaced, told).current_number == person("BO").number
    assert merge(person("ANNA"), told).current_number is EMPTY


@pytest.mark.parametrize("group", sorted(set(GROUPS) - {"abroad"}))
def test_who_leaves_a_group_out_does_not_speak_for_all(group: str) -> None:
    assert speaks_for_all(person("ANNA"))
    assert not speaks_for_all(having(person("ANNA"), **{group: SILENT}))


@pytest.mark.parametrize("gone", [dies, emigrates])
def test_who_is_gone_does_not_speak_for_all_since_her_last_address_stays(gone: Any) -> None:
    assert not speaks_for_all(gone(person("ANNA")))
    assert merge(person("ANNA"), gone(person("ANNA"))).address == person("ANNA").address


def test_a_new_address_without_floor_or_co_has_none() -> None:
    after = merge(person("CLARA"), moves(person("CLARA"), "ENGEN"))
    assert isinstance(after.address, Address)
    assert (after.address.co, after.address.floor, after.address.door) == ("", "", "")


def test_a_foreign_address_goes_with_status_80() -> None:
    abroad = person("UDREJST")
    assert merge(abroad, replace(abroad, abroad=SILENT)).abroad == abroad.abroad
    assert merge(abroad, dies(abroad)).abroad is SILENT
    assert merge(abroad, person("ANNA")).abroad is SILENT


def test_a_person_silent_about_her_status_says_no_more_than_the_record_allows() -> None:
    """From status 30 on an address is silent even if one is carried; only a dead number has a successor."""
    talks = replace(moves(person("ANNA")), status=SILENT, current_number=person("BO").number)
    dead = merge(person("ANNA"), dies(person("ANNA")))
    assert merge(dead, talks).address == dead.address
    assert merge(person("ANNA"), talks).current_number is EMPTY
    assert merge(person("ANNA"), talks).address == talks.address


def test_a_record_keeps_its_number() -> None:
    assert merge(person("ANNA"), person("BO")).number == person("ANNA").number


# -- the register's own days ----------------------------------------------------------------------------------

EARLIER, LATER = date(2019, 6, 1), date(2027, 3, 1)


def test_a_day_alone_is_no_news_and_follows_its_group_whenever_something_is_written() -> None:
    """Decision 1: the sources may give different days, or none."""
    stored = person("ANNA", status_since=EARLIER, moved_in=EARLIER, municipality_since=EARLIER)
    same = person("ANNA", status_since=LATER, moved_in=LATER)
    assert stored == same == person("ANNA")
    assert says_nothing_new(stored, merge(stored, same))
    silent = merge(stored, person("ANNA"))
    assert (silent.status_since, silent.moved_in, silent.municipality_since) == (EARLIER, EARLIER, EARLIER)


def test_a_day_goes_with_the_group_that_it_was_of() -> None:
    stored = person("ANNA", status_since=EARLIER, moved_in=EARLIER, municipality_since=EARLIER)
    dead = merge(stored, dies(person("ANNA")))
    assert (dead.status_since, dead.moved_in, dead.municipality_since) == (None, EARLIER, EARLIER)
    moved = merge(stored, moves(person("ANNA"), "ODENSE"))
    assert (moved.status_since, moved.moved_in, moved.municipality_since) == (EARLIER, None, None)


def test_a_move_within_a_municipality_leaves_the_day_of_the_move_to_it() -> None:
    stored = person("ANNA", moved_in=EARLIER, municipality_since=EARLIER)
    within = merge(stored, replace(moves(person("ANNA"), "HAVNEN"), moved_in=LATER))
    assert (within.moved_in, within.municipality_since) == (LATER, EARLIER)
    elsewhere = merge(stored, replace(moves(person("ANNA"), "ODENSE"), moved_in=LATER))
    assert (elsewhere.moved_in, elsewhere.municipality_since) == (LATER, LATER)
