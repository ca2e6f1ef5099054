"""What patron and staff own beside another value: two records of one person, joined and parted, and a list's row."""

from __future__ import annotations

from dataclasses import replace

from people import FRIDAY, PROTECTED, person

from cprsync.domain.deciding.protection import protected_by_either, protected_once_parted
from cprsync.domain.patron.fields import add_import, join_local, part_local
from cprsync.domain.patron.local import Absence, Block, Card, Email, Local, Telephone
from cprsync.domain.person.number import CprNumber

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
    both = join_local(KEEPS, CLOSES)
    assert both == replace(
        KEEPS,
        cards=(Card("A"), Card("B")),
        branch="main",
        emails=CLOSES.emails,
        blocks=CLOSES.blocks,
        internal_note="x\ny",
        note_to_patron="x",
    )
    assert join_local(both, CLOSES) == replace(both, internal_note="x\ny\ny")


def test_a_contact_address_comes_along_when_she_has_none() -> None:
    both = join_local(replace(KEEPS, contact_address=()), CLOSES)
    assert both.contact_address == ("c/o Bo", "Ude 2")


def test_a_parted_record_is_what_it_was_and_keeps_what_came_since() -> None:
    both = join_local(KEEPS, CLOSES)
    assert part_local(both, before=KEEPS, joined=both) == KEEPS
    since = replace(both, cards=(*both.cards, Card("C")), internal_note="z", language="en")
    assert part_local(since, before=KEEPS, joined=both) == replace(
        KEEPS, cards=(Card("A"), Card("C")), internal_note="z", language="en"
    )


def test_hers_stands_where_there_is_room_for_one() -> None:
    hers = replace(KEEPS, branch="vest", language="fo", absence=Absence(FRIDAY))
    both = join_local(hers, replace(CLOSES, absence=Absence(FRIDAY, FRIDAY)))
    assert (both.branch, both.language, both.group, both.absence) == ("vest", "fo", "Voksen", Absence(FRIDAY))
    assert both.contact_address == ("Hjemme 1",)


def test_a_contact_address_is_one_thing_and_not_mixed_of_two() -> None:
    both = join_local(replace(KEEPS, contact_address=("c/o Eva",)), CLOSES)
    assert both.contact_address == ("c/o Eva",)


def test_a_note_that_both_have_is_kept_once_and_an_empty_one_adds_no_line() -> None:
    same = join_local(KEEPS, replace(CLOSES, internal_note="x"))
    assert (same.internal_note, join_local(KEEPS, Local()).internal_note) == ("x", "x")
    assert join_local(KEEPS, replace(CLOSES, note_to_patron="")).note_to_patron == ""


def test_nothing_of_the_other_one_is_lost_where_there_is_room_for_several() -> None:
    hers, theirs = Telephone("70121416"), Telephone("70121417", notices=True)
    both = join_local(replace(KEEPS, telephones=(hers,)), replace(CLOSES, telephones=(theirs, hers)))
    assert both.telephones == (hers, theirs)


def test_what_both_had_stays_with_her_when_they_are_parted_and_what_only_the_other_had_goes() -> None:
    both = join_local(KEEPS, CLOSES)
    since = replace(both, cards=(Card("B"), Card("A")), emails=(), contact_address=("Ny 3",))
    assert part_local(since, before=KEEPS, joined=both) == replace(KEEPS, contact_address=("Ny 3",))


# -- a list's row ------------------------------------------------------------------------------------------------


def test_a_list_takes_nothing_away_and_its_values_come_in_place_of_those_that_were() -> None:
    assert add_import(CLOSES, Local(language="")) == CLOSES
    after = add_import(CLOSES, Local(branch="east", language="", contact_address=("Ny 3",), absence=Absence(FRIDAY)))
    assert after == replace(CLOSES, branch="east", contact_address=("Ny 3",), absence=Absence(FRIDAY))


def test_a_card_of_a_list_is_added_and_one_that_is_there_keeps_its_pin_unless_the_list_has_one() -> None:
    held = Local(cards=(Card("A", "old"), Card("B", "old")))
    after = add_import(held, Local(cards=(Card("a"), Card("B", "new"), Card("C"))))
    assert after.cards == (Card("A", "old"), Card("B", "new"), Card("C"))


def test_a_block_of_a_list_is_begun_again_only_on_another_day_than_the_lifted_one() -> None:
    lifted = Block(FRIDAY, "gebyr", lifted=FRIDAY)
    again = Block(FRIDAY.replace(day=20), "gebyr")
    assert add_import(Local(blocks=(lifted,)), Local(blocks=(Block(FRIDAY, "gebyr"),))).blocks == (lifted,)
    assert add_import(Local(blocks=(lifted,)), Local(blocks=(again,))).blocks == (lifted, again)
    assert add_import(CLOSES, Local(blocks=(again,))).blocks == CLOSES.blocks


def test_a_list_without_a_mark_leaves_the_one_for_notices() -> None:
    held = Local(emails=(Email("bo@example.invalid", notices=True),))
    given = Local(emails=(Email("bo@example.invalid"), Email("b@example.invalid")))
    assert add_import(held, given).emails == (*held.emails, Email("b@example.invalid"))
    assert add_import(held, Local()).emails == held.emails


def test_a_protection_of_either_record_stays() -> None:
    anna, clara = person("ANNA"), person("CLARA")
    shut = replace(clara, protection=PROTECTED)
    assert protected_by_either(anna, clara) is anna
    assert protected_by_either(anna, shut) == replace(anna, protection=PROTECTED)
    both = replace(anna, protection=PROTECTED)
    assert protected_by_either(both, shut) is both


def test_a_protection_may_be_about_either_of_two_who_are_parted_but_not_about_a_replacement_number() -> None:
    anna, shut = person("ANNA"), replace(person("CLARA"), protection=PROTECTED)
    assert protected_once_parted(anna, shut) == replace(anna, protection=PROTECTED)
    made = replace(anna, number=CprNumber.parse_any("010164ABC1"))
    assert protected_once_parted(made, shut) is made
