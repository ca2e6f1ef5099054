"""A person as a source carries her: what her status leaves of it, where two sources disagree, and no leak."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from comparing import disagreements
from people import PROTECTED, gains_protection, having, moves, person, renames
from town import ANNA, PEOPLE

from cprsync.domain.patron.local import Absence, Block, Card, Email, Local, Telephone
from cprsync.domain.person.number import CprNumber
from cprsync.domain.person.person import EMPTY, GROUPS, SILENT, Abroad, Contact, Gap, Person, Status, silence_by_status
from cprsync.domain.person.sealed import Address, Name

#: Says more than any source says of anyone.
EVERYTHING = replace(
    person("ANNA"),
    protection=PROTECTED,
    current_number=CprNumber(ANNA),
    abroad=Abroad("5120", ("Storgatan 1", "", "", "", "")),
    contact=Contact(("Postboks 12", "", "", "", "")),
    events=("A01",),
)
#: By status, the groups that keep their value; all but these are silent, and the current number empty.
KEPT = {
    "01": {"name", "birth", "address", "protection", "contact"},
    "03": {"name", "birth", "address", "protection", "contact"},
    "05": {"name", "birth", "address", "protection", "contact"},
    "07": {"name", "birth", "address", "protection", "contact"},
    "20": {"name", "birth", "address", "protection", "contact"},
    "30": set(),
    "50": {"current_number"},
    "60": {"current_number"},
    "70": {"name", "birth", "protection", "contact"},
    "80": {"name", "birth", "protection", "contact", "abroad"},
    "90": {"name", "birth", "protection", "contact"},
}


def test_the_table_names_all_eleven_statuses() -> None:
    assert set(KEPT) == {status.value for status in Status}


@pytest.mark.parametrize("code", KEPT)
def test_a_status_leaves_the_groups_that_have_a_meaning_under_it(code: str) -> None:
    """Decision 1, "by status"."""
    left = silence_by_status(replace(EVERYTHING, status=Status(code)))
    for name, group in left.groups():
        if name in KEPT[code]:
            assert group == getattr(EVERYTHING, name), name
        elif name != "status":
            assert group is (EMPTY if name == "current_number" else SILENT), name
    assert left.status is Status(code)
    assert left.events == EVERYTHING.events
    assert silence_by_status(left) == left


def test_a_person_without_a_status_keeps_all_she_says() -> None:
    silent = replace(EVERYTHING, status=SILENT)
    assert silence_by_status(silent) == silent


def test_a_person_agrees_with_herself() -> None:
    assert disagreements(EVERYTHING, EVERYTHING) == []


@pytest.mark.parametrize("group", GROUPS)
def test_a_silent_group_contradicts_nothing(group: str) -> None:
    silent = having(EVERYTHING, **{group: SILENT})
    assert disagreements(EVERYTHING, silent) == disagreements(silent, EVERYTHING) == []


@pytest.mark.parametrize("group", ["name", "protection", "current_number", "contact"])
def test_an_empty_group_contradicts_a_known_one(group: str) -> None:
    assert disagreements(EVERYTHING, having(EVERYTHING, **{group: EMPTY})) == [group]


def test_disagreements_are_named_by_group_and_the_number_last() -> None:
    other = replace(renames(moves(EVERYTHING)), number=person("BO").number)
    assert disagreements(EVERYTHING, other) == ["name", "address", "number"]


def test_events_are_no_part_of_what_a_person_is() -> None:
    assert replace(EVERYTHING, events=()) == EVERYTHING


@pytest.mark.parametrize("shown", [repr, str, "{}".format])
def test_printing_a_person_or_a_group_shows_nothing_of_it(shown: object) -> None:
    assert callable(shown)
    raw = PEOPLE["ANNA"]
    told = {raw["number"], *raw["name"].values(), *raw["address"].values()}
    seen = "".join(shown(one) for one in (EVERYTHING, *(group for _, group in EVERYTHING.groups())))
    assert not [text for text in told if isinstance(text, str) and len(text) > 3 and text in seen]


def test_printing_what_patron_and_staff_own_shows_nothing_of_it() -> None:
    secret = "Kukbo"
    owned = Local(
        cards=(Card(secret),),
        contact_address=(secret,),
        telephones=(Telephone(secret),),
        emails=(Email(secret),),
        absence=Absence(date(2027, 4, 1)),
        blocks=(Block(date(2027, 4, 1), secret),),
        internal_note=secret,
        note_to_patron=secret,
    )
    values = [owned.absence, *owned.cards, *owned.telephones, *owned.emails, *owned.blocks]
    seen = "".join(f"{one!r}{one!s}" for one in (owned, *values))
    assert secret not in seen
    assert "2027" not in seen


def test_a_gap_prints_its_name() -> None:
    assert [repr(gap) for gap in Gap] == ["EMPTY", "SILENT"]


def test_the_builder_of_these_tests_fills_every_group_of_the_town() -> None:
    assert isinstance(person("ANNA").name, Name)
    assert isinstance(person("ANNA").address, Address)
    assert person("ANNA").protection is EMPTY
    assert isinstance(person("UDREJST").abroad, Abroad)
    assert isinstance(person("AFDOED").contact, Contact)
    assert isinstance(person("DOBBELT").current_number, CprNumber)
    assert person("UMULIG").birth is SILENT
    assert gains_protection(person("ANNA")).protection is PROTECTED
    assert list(dict(Person(person("ANNA").number).groups()).values()) == [SILENT] * len(GROUPS)
