"""Cards set at the desk: a list, found by each of them at once, each one patron's, and under the PIN that she has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from test_setting import entries, set_

from cprsync.domain.record import Card
from cprsync.errors import BadInput
from cprsync.store.pins import is_pin

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
