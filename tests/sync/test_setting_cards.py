"""Cards set at the desk: a list, found by each of them at once, each one patron's, and under the PIN that she has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from doubles import MONDAY
from test_number_change import NEW, OLD, replaced
from test_setting import entries, set_
from test_showing import shown
from townspeople import person

from cprsync.domain.record import Card
from cprsync.errors import BadInput
from cprsync.store.pins import is_pin
from cprsync.sync.finding import find_patron

if TYPE_CHECKING:
    from doubles import Library


def cards(library: Library, key: str = "ANNA") -> list[str]:
    return [card.number for card in library.view(key).local.cards]


def test_the_typed_cards_are_hers_and_the_others_nobodys(either_library: Library) -> None:
    library, anna = either_library, either_library.id_of("ANNA")
    assert set_(library, "cards", "L 1\n L-2 \nL 1\n")["outcome"] == "set"
    assert cards(library) == ["L 1", "L-2"]
    assert [library.store.with_card(one) for one in ("L 1", "L-2", "ANNA")] == [anna, anna, None]
    before = library.everything()
    assert set_(library, "cards", "L 1\nL-2")["outcome"] == "unchanged"
    assert library.everything() == before
    # what she gave up anyone may have, and what she keeps stays hers
    set_(library, "cards", "L-2")
    assert set_(library, "cards", "L 1", key="BO")["outcome"] == "set"
    assert [library.store.with_card(one) for one in ("L 1", "L-2")] == [library.id_of("BO"), anna]
    assert (entries(library)[-1]["kind"], entries(library)[-1]["actions"]) == ("set", ["cards"])
    assert "L-2" not in str(entries(library))
    library.store.verify_audit()


def test_a_new_card_has_the_pin_that_she_has(library: Library) -> None:
    set_(library, "pin", "4711")
    set_(library, "cards", "L1\nANNA")
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
    assert (cards(library), library.store.with_card("ANNA")) == ([], None)
    assert library.view("BO").local.cards == (Card("BO"),)


@pytest.mark.parametrize("key", ["number-card"])
def test_a_card_that_is_her_number_shows_no_more_than_the_number_and_stays_when_that_changes(
    library: Library, key: str
) -> None:
    """The health card bears the CPR number; the register owns no card."""
    set_(library, "cards", OLD.digits)
    assert shown(library, "ANNA")["fields"]["cards"]["value"] == [OLD.masked()], key
    anna = library.id_of("ANNA")
    library.deliver(MONDAY, replaced(OLD, NEW), person("ANNA", number=NEW))
    assert library.night().exit_code == 0
    assert library.store.with_card(OLD.digits) == anna
    found = find_patron(library.store, OLD.digits)
    assert (found["patron"], found["by"], found["warnings"]) == (anna, "cpr_number", ["old_number"])
    assert OLD.digits not in str(found)
