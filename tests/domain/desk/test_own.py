"""What a patron sees of their own record follows from the field table, by how they have proved who they are."""

from __future__ import annotations

import pytest

from cprsync.domain.desk.own import Proof, changed_fields, is_harmless, mask_contact, mask_contacts, opened_fields
from cprsync.domain.patron.field import Owner, Seen
from cprsync.domain.patron.fields import FIELD, FIELDS


def keys(fields: object) -> set[str]:
    return {one.key for one in fields}  # type: ignore[attr-defined]  # fields of the table


def test_a_card_opens_what_the_patron_owns_and_never_name_address_or_number() -> None:
    opened = keys(opened_fields(Proof.CARD, is_sealed=False))
    assert opened == {"absence", "telephones", "emails", "branch", "language", "reservations"}
    assert all(FIELD[key].owner is Owner.PATRON and not FIELD[key].sealed for key in opened)


def test_an_identity_opens_all_that_the_table_lets_a_patron_see() -> None:
    opened = keys(opened_fields(Proof.IDENTITY, is_sealed=False))
    assert {"cpr_number", "name", "address", "birth_date", "cards", "loans", "blocks"} <= opened
    hidden = {one.key for one in FIELDS if one.seen in {Seen.STAFF, Seen.NOBODY}}
    assert hidden == {"internal_note", "pin"}
    assert not opened & hidden


def test_a_card_opens_nothing_of_a_sealed_patron_and_an_identity_all() -> None:
    assert opened_fields(Proof.CARD, is_sealed=True) == ()
    assert changed_fields(Proof.CARD, is_sealed=True) == ()
    whole = opened_fields(Proof.IDENTITY, is_sealed=False)
    assert opened_fields(Proof.IDENTITY, is_sealed=True) == whole


@pytest.mark.parametrize(
    ("proof", "changed"),
    [
        (Proof.CARD, {"absence", "telephones", "emails", "branch", "language"}),
        (Proof.IDENTITY, {"absence", "telephones", "emails", "branch", "language", "contact_address"}),
    ],
)
def test_a_patron_changes_what_is_theirs_and_set_for_good(proof: Proof, changed: set[str]) -> None:
    assert keys(changed_fields(proof, is_sealed=False)) == changed


def test_what_is_the_patrons_and_an_address_is_not_harmless() -> None:
    assert FIELD["contact_address"].owner is Owner.PATRON
    assert not is_harmless(FIELD["contact_address"])
    assert not is_harmless(FIELD["blocks"])


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("20304050", "••• 50"),
        ("+4520304050", "••• 50"),
        ("anna.hansen@hansen.dk", "a•••@•••.dk"),
        ("a@b.example", "a•••@•••.example"),
    ],
)
def test_a_masked_contact_tells_its_owner_which_one_it_is_and_nobody_more(text: str, masked: str) -> None:
    assert mask_contact(text) == masked


def test_contacts_that_would_look_alike_are_numbered_and_others_are_not() -> None:
    plain = ["stine@example.dk", "20304050", "sofie@other.dk", "anna@example.dk"]
    assert mask_contacts(plain) == ["s•••@•••.dk (1)", "••• 50", "s•••@•••.dk (2)", "a•••@•••.dk"]
