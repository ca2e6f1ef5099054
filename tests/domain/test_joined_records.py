"""Two records that are one person's: what patron and staff own of them is joined, and parted again."""

from __future__ import annotations

from dataclasses import replace

from people import FRIDAY

from cprsync.domain.patron.local import Absence, Block, Card, Email, Local, Telephone
from cprsync.domain.patron.merging import joined, parted

KEEPS = Local(cards=(Card("A"),), branch="", group="Voksen", contact_address=("Hjemme 1",), internal_note="x")
CLOSES = Local(
    cards=(Card("B"), Card("A")),
    branch="main",
    group="Barn",
    language="en",
    contact_address=("c/o Bo", "Ude 2"),
    emails=(Email("bo@example.invalid"),),
    blocks=(Block(FRIDAY, "gebyr"),),
    internal_note="y",
    note_to_patron="x",
)


def test_a_joined_record_keeps_hers_and_adds_what_only_the_other_had() -> None:
    both = joined(KEEPS, CLOSES)
    assert both == replace(
        KEEPS,
        cards=(Card("A"), Card("B")),
        branch="main",
        emails=CLOSES.emails,
        blocks=CLOSES.blocks,
        internal_note="x\ny",
        note_to_patron="x",
    )
    assert joined(both, CLOSES) == replace(both, internal_note="x\ny\ny")


def test_a_contact_address_comes_along_when_she_has_none() -> None:
    both = joined(replace(KEEPS, contact_address=()), CLOSES)
    assert both.contact_address == ("c/o Bo", "Ude 2")


def test_a_parted_record_is_what_it_was_and_keeps_what_came_since() -> None:
    both = joined(KEEPS, CLOSES)
    assert parted(both, before=KEEPS, joined=both) == KEEPS
    since = replace(both, cards=(*both.cards, Card("C")), internal_note="z", language="en")
    assert parted(since, before=KEEPS, joined=both) == replace(
        KEEPS, cards=(Card("A"), Card("C")), internal_note="z", language="en"
    )


def test_hers_stands_where_there_is_room_for_one() -> None:
    hers = replace(KEEPS, branch="vest", language="fo", absence=Absence(FRIDAY))
    both = joined(hers, replace(CLOSES, absence=Absence(FRIDAY, FRIDAY)))
    assert (both.branch, both.language, both.group, both.absence) == ("vest", "fo", "Voksen", Absence(FRIDAY))
    assert both.contact_address == ("Hjemme 1",)


def test_a_contact_address_is_one_thing_and_not_mixed_of_two() -> None:
    both = joined(replace(KEEPS, contact_address=("c/o Eva",)), CLOSES)
    assert both.contact_address == ("c/o Eva",)


def test_a_note_that_both_have_is_kept_once_and_an_empty_one_adds_no_line() -> None:
    same = joined(KEEPS, replace(CLOSES, internal_note="x"))
    assert (same.internal_note, joined(KEEPS, Local()).internal_note) == ("x", "x")
    assert joined(KEEPS, replace(CLOSES, note_to_patron="")).note_to_patron == ""


def test_nothing_of_the_other_one_is_lost_where_there_is_room_for_several() -> None:
    hers, theirs = Telephone("70121416"), Telephone("70121417", notices=True)
    both = joined(replace(KEEPS, telephones=(hers,)), replace(CLOSES, telephones=(theirs, hers)))
    assert both.telephones == (hers, theirs)


def test_what_both_had_stays_with_her_when_they_are_parted_and_what_only_the_other_had_goes() -> None:
    both = joined(KEEPS, CLOSES)
    since = replace(both, cards=(Card("B"), Card("A")), emails=(), contact_address=("Ny 3",))
    assert parted(since, before=KEEPS, joined=both) == replace(KEEPS, contact_address=("Ny 3",))
