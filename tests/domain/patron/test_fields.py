"""The field table: complete, in the words that Danish libraries use to their patrons, and one for all that read it."""

from __future__ import annotations

import pytest
from town import number

from cprsync.catalogues import page_words
from cprsync.domain.outward.record import OutwardField
from cprsync.domain.patron.field import Kept, Owner, Seen
from cprsync.domain.patron.fields import BESIDE, FIELD, FIELDS, LOCAL_FIELDS, OUTWARD, PRINTED, SEALED, SETTABLE, SHOWN
from cprsync.domain.patron.local import Local
from cprsync.domain.patron.override import Overridden
from cprsync.errors import WrongValue

#: The names under which Danish libraries explain a patron record, in their order.
TOLD_TO_PATRONS = (
    "Lånernummer", "CPR-nummer", "Fraværsperiode", "Navn", "Fødselsdato", "c/o navn og adresse", "Telefon",
    "E-mail og E-mail (notif)", "Blokeret d.", "Blokeringsårsag", "Lånergruppe", "Tilhørsfilial", "Kommunenr.", "Sprog",
    "LånerID", "Intern note", "Note til låner", "Udlån", "Reserveringer", "Mellemværende", "Beskeder",
)  # fmt: skip


def test_every_field_that_libraries_explain_is_in_the_table_in_their_order() -> None:
    """A list that has a library's own name for a field is still read."""
    explained = [field for field in FIELDS if field.explained]
    for field, told in zip(explained, TOLD_TO_PATRONS, strict=True):
        assert told in field.columns


def test_every_field_is_explained_in_danish_and_in_english() -> None:
    for field in PRINTED:
        purpose = page_words(f"field.{field.key}")
        for told in (purpose.da, purpose.en):
            assert told.endswith(".")
            assert "  " not in told


def test_no_two_fields_answer_to_the_same_column() -> None:
    columns = [column for field in FIELDS for column in {name.casefold() for name in (*field.columns, *field.notified)}]
    assert len(columns) == len(set(columns))


def test_protection_hides_name_address_and_birth_date_and_never_the_municipality() -> None:
    names = {"name", "first_names", "middle_names", "last_name"}
    addresses = {"address", "address_abroad", "register_contact_address", "contact_address"}
    assert {*names, *addresses, "birth_date"} <= SEALED
    assert "municipality" not in SEALED


def test_what_somebody_is_asked_for_may_be_a_column_and_the_card_comes_first_on_the_form() -> None:
    assert [field.key for field in FIELDS if field.asked and not field.imported] == []
    assert [field.key for field in BESIDE][:2] == ["cards", "pin"]
    assert {"telephones", "emails", "branch"} <= {field.key for field in BESIDE}
    # they are the register's or a rule's
    assert not {"cpr_number", "name", "birth_date", "address", "group"} & {field.key for field in BESIDE}


def test_what_may_be_corrected_at_the_desk_is_the_registers_or_a_rules() -> None:
    assert {FIELD[one.value].owner for one in Overridden} == {Owner.REGISTER, Owner.SYSTEM}


@pytest.mark.parametrize("key", SETTABLE)
def test_what_is_typed_for_good_is_the_patrons_or_staffs(key: str) -> None:
    assert FIELD[key].owner in {Owner.PATRON, Owner.STAFF}


def test_of_what_the_register_owns_a_list_brings_the_number_and_of_whom_it_does_not_know_the_rest() -> None:
    imported = {field.key for field in FIELDS if field.imported and field.owner is Owner.REGISTER}
    assert imported == {"cpr_number", "name", "birth_date", "address"}


def test_targets_get_what_the_table_says_beside_the_rights_and_nothing_that_nobody_reads() -> None:
    assert {one.value for one in OutwardField} == {*OUTWARD, OutwardField.RIGHTS.value}
    assert [one.key for one in OUTWARD.values() if one.seen in {Seen.STAFF, Seen.NOBODY}] == []


def test_no_row_promises_an_end_that_no_rule_brings() -> None:
    """The privacy page says it. What is kept until it is changed, or with the record, needs no rule."""
    plain = {Kept.RECORD, Kept.REGISTER, Kept.CHANGED}
    assert {field.key for field in FIELDS if field.kept not in plain} == {
        *("absence", "blocks", "blocked_since", "blocked_reason", "responsible"),
        *("loans", "reservations", "balance", "messages"),
    }


def test_staff_see_a_part_of_a_number_alone_because_no_other_kind_has_parts() -> None:
    assert [field.key for field in FIELDS if field.seen is Seen.MASKED] == ["cpr_number"]


def test_a_part_is_shown_in_its_whole() -> None:
    keys = SHOWN
    assert "blocks" in keys
    assert not {"blocked_since", "blocked_reason", "pin"} & set(keys)
    assert len(keys) == len(set(keys))


def test_what_rules_read_of_the_local_part_is_in_the_table() -> None:
    assert set(Local.__dataclass_fields__) - {"more"} <= {field.key for field in LOCAL_FIELDS}


def test_a_pin_is_seen_by_nobody_and_a_note_of_staffs_by_staff_alone() -> None:
    assert {field.key for field in FIELDS if field.seen is Seen.NOBODY} == {"pin"}
    assert {field.key for field in FIELDS if field.seen is Seen.STAFF} == {"internal_note"}


def test_each_way_of_keeping_is_some_fields() -> None:
    assert {field.kept for field in FIELDS} == set(Kept)


def test_a_field_is_changed_on_its_row_if_staff_set_or_correct_it_or_it_names_a_patron() -> None:
    assert FIELD["internal_note"].is_changed
    assert FIELD["name"].is_changed
    assert not FIELD["cpr_number"].is_changed


def test_no_cpr_number_stands_in_a_free_text_and_none_is_quoted() -> None:
    typed = f"hendes mor er {number('ANNA')}"
    with pytest.raises(WrongValue) as refused:
        FIELD["internal_note"].kind.refuse_number(typed)
    assert number("ANNA") not in str(refused.value)
    FIELD["internal_note"].kind.refuse_number("henter selv")
    # a card has a rule of its own
    FIELD["cards"].kind.refuse_number(typed)
