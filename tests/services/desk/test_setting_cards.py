"""Cards set at the desk: a list, found by each of them at once, each one patron's, and under the PIN that she has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from doubles import MONDAY
from sqlalchemy import update
from test_number_change import NEW, OLD, replaced
from test_setting import entries, set_
from test_showing import shown
from townspeople import cpr, person
from whole import verify_audit

from cprsync.domain.patron.local import Card, ListChange, Local
from cprsync.errors import BadInput
from cprsync.services.desk.viewing import find_patron
from cprsync.services.ports.imports import ImportOutcome
from cprsync.services.ports.patrons import NewPatron
from cprsync.store import tables
from cprsync.store.desk.setting import is_pin
from cprsync.store.records.numbers import CARD, card_index

if TYPE_CHECKING:
    from doubles import Library


def cards(library: Library, key: str = "ANNA") -> list[str]:
    return [card.number for card in library.view(key).local.cards]


def test_the_typed_cards_are_hers_and_the_others_nobodys(either_library: Library) -> None:
    library, anna = either_library, either_library.id_of("ANNA")
    assert set_(library, "cards", "L 1\n L-2 \nL 1\n", doing=ListChange.REPLACE)["outcome"] == "set"
    assert cards(library) == ["L 1", "L-2"]
    assert [library.store.views.with_card(one) for one in ("L 1", "L-2", "ANNA")] == [anna, anna, None]
    before = library.everything()
    assert set_(library, "cards", "L 1\nL-2")["outcome"] == "unchanged"
    assert library.everything() == before
    # what she gave up anyone may have, and what she keeps stays hers
    assert set_(library, "cards", "l1", doing=ListChange.REMOVE)["outcome"] == "removed"
    assert set_(library, "cards", "L 1", key="BO")["outcome"] == "added"
    assert [library.store.views.with_card(one) for one in ("L 1", "L-2")] == [library.id_of("BO"), anna]
    assert (entries(library)[-1]["kind"], entries(library)[-1]["actions"]) == ("set", ["cards"])
    assert "L-2" not in str(entries(library))
    verify_audit(library.store)


def test_a_new_card_has_the_pin_that_she_has(library: Library) -> None:
    set_(library, "pin", "4711")
    set_(library, "cards", "L1")
    tenant: Any = library.store._tenant
    assert all(is_pin(tenant, "4711", card.pin_hash) for card in library.view("ANNA").local.cards)


def test_a_card_that_another_patron_has_is_refused_and_changes_nothing(library: Library) -> None:
    before = library.everything()
    with pytest.raises(BadInput) as refused:
        set_(library, "cards", "L1\nBO")
    assert refused.value.kind == "card.taken"
    assert library.everything() == before


def test_she_may_have_none(library: Library) -> None:
    set_(library, "cards", None)
    assert (cards(library), library.store.views.with_card("ANNA")) == ([], None)
    assert library.view("BO").local.cards == (Card("BO"),)


@pytest.mark.parametrize("key", ["number-card"])
def test_a_card_that_is_her_number_shows_no_more_than_the_number_and_stays_when_that_changes(
    library: Library, key: str
) -> None:
    """The health card bears the CPR number; the register owns no card."""
    set_(library, "cards", OLD.digits, doing=ListChange.REPLACE)
    assert shown(library, "ANNA")["fields"]["cards"]["value"] == [OLD.masked()], key
    anna = library.id_of("ANNA")
    library.deliver(MONDAY, replaced(OLD, NEW), person("ANNA", number=NEW))
    assert library.night().exit_code == 0
    assert library.store.views.with_card(OLD.digits) == anna
    found = find_patron(library.store, OLD.digits)
    assert (found["patron"], found["by"], found["warnings"]) == (anna, "cpr_number", ["old_number"])
    assert OLD.digits not in str(found)


# -- however it is written -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("typed", ["Lb 77", "LB77", "lb77", "lB 7 7"])
def test_a_card_is_found_however_its_letters_and_spaces_are_typed(either_library: Library, typed: str) -> None:
    library, anna = either_library, either_library.id_of("ANNA")
    set_(library, "cards", "Lb 77")
    assert cards(library) == ["ANNA", "Lb 77"]
    assert find_patron(library.store, typed) == {"found": True, "patron": anna, "by": "card", "warnings": []}


@pytest.mark.parametrize("typed", ["Old-1", "OLD-1", "old-1"])
def test_a_card_of_before_letters_were_all_one_is_found_and_is_still_one_patrons(library: Library, typed: str) -> None:
    """Its row in the index is of how it was written then; it goes with the card, and nobody else gets that."""
    old_row(library, "ANNA", "OLD-1")
    assert library.store.views.with_card(typed) == library.id_of("ANNA")
    with pytest.raises(BadInput):
        set_(library, "cards", "OLD-1", key="BO")
    set_(library, "cards", "OLD-1", doing=ListChange.REMOVE)
    assert library.store.views.with_card("OLD-1") is None
    assert set_(library, "cards", typed, key="BO")["outcome"] == "added"


def test_a_card_that_another_patron_has_in_capitals_is_refused(library: Library) -> None:
    before = library.everything()
    with pytest.raises(BadInput) as refused:
        set_(library, "cards", "bo")
    assert refused.value.kind == "card.taken"
    assert library.everything() == before


def test_a_card_written_otherwise_stays_hers_and_is_one(either_library: Library) -> None:
    library = either_library
    assert set_(library, "cards", "anna")["outcome"] == "unchanged"
    assert set_(library, "cards", "a n n a", doing=ListChange.REPLACE)["outcome"] == "set"
    assert cards(library) == ["a n n a"]
    assert library.store.views.with_card("ANNA") == library.id_of("ANNA")
    rows = [one for one in library.rows("patron_key") if one["kind"] == "card"]
    assert len([one for one in rows if one["patron_id"] == library.id_of("ANNA")]) == 1


def test_a_list_that_writes_a_card_otherwise_brings_no_second_one(library: Library) -> None:
    (same,) = library.store.imports.take_patrons([NewPatron(None, Local(cards=(Card("anna"),), language=""))])
    assert (same.outcome, same.patron_id) == (ImportOutcome.UNCHANGED, library.id_of("ANNA"))
    (taken,) = library.store.imports.take_patrons([NewPatron(cpr("BO"), Local(cards=(Card("anna"),), language=""))])
    assert taken.reason == "card.taken"
    assert cards(library) == ["ANNA"]


def old_row(library: Library, key: str, card: str) -> None:
    """Give a patron a card as an older version did: its index is that of the very text."""
    set_(library, "cards", card, key=key)
    tenant: Any = library.store._tenant
    row = tables.patron_key.c
    this = (row.kind == CARD) & (row.key_index == card_index(tenant, card))
    with tenant.engine.begin() as connection:
        connection.execute(update(tables.patron_key).where(this).values(key_index=tenant.vault.index(CARD, card)))
