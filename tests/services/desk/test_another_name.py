"""CPR answers another name than a patron said: both sides are shown, and yes and no are different answers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from doubles import refused
from test_cards import PIN, ask
from test_provisional import DOWN, OTHER, comes
from test_registering import desk
from test_reviewing import reviews
from townspeople import cpr, gains_protection, person
from whole import verify_audit

from cprsync.domain.patron.patron import Purpose
from cprsync.domain.person.sealed import Name
from cprsync.errors import BadInput, CardRefused
from cprsync.services.desk.lookup import Asked
from cprsync.services.desk.previewed_answers import preview_many
from cprsync.services.desk.registering import preview_registration
from cprsync.services.desk.viewing import RecordViewer
from cprsync.services.feed.provisional import ask_about_provisional

if TYPE_CHECKING:
    from collections.abc import Callable

    from doubles import Library

    from cprsync.domain.person.person import Person

THEIRS = "Somebody Else"
WHY = "Viste et sundhedskort med et andet navn"
SAID = person(OTHER).name.addressing  # type: ignore[union-attr]  # the town names them


def answered(library: Library, answer: Callable[[Person], Person] = lambda one: one) -> tuple[str, int]:
    """Somebody is registered by a number that is another's, and the register answers. The patron, and the review."""
    library.register.down = DOWN
    patron = comes(library, OTHER, pin=PIN)
    library.register.down = None
    library.register.knows(answer(replace(person(OTHER), name=Name(THEIRS))))
    ask_about_provisional(library.ports())
    (number,) = [one.id for one in library.store.review_desk.items(all_states=False) if one.patron_id == patron]
    return patron, number


def is_blocked(library: Library, patron: str) -> bool:
    view = library.store.views.patron(patron)
    assert view is not None
    return any(one.lifted is None for one in view.local.blocks)


def nights(library: Library, times: int = 2) -> None:
    for _ in range(times):
        library.one_night()


def test_what_the_patron_said_is_beside_what_the_register_says(either_library: Library) -> None:
    library = either_library
    _, number = answered(library)
    shown = reviews(library).shown(number)
    assert (shown["said"]["name"], shown["record"]["fields"]["name"]["value"]) == (SAID, THEIRS)
    assert (shown["accept"], shown["reject"]) == ("same_person", "other_person")


def test_nothing_that_was_said_is_beside_somebody_protected(library: Library) -> None:
    """What they said may be the name and the address that are protected."""
    _, number = answered(library, gains_protection)
    shown = reviews(library).shown(number)
    assert shown["said"] == {"sealed": True}
    assert not any(name in str(shown) for name in (SAID, THEIRS))


def test_yes_deletes_what_was_said_and_stops_nothing(either_library: Library) -> None:
    library = either_library
    patron, number = answered(library)
    reviews(library).accept(number)
    nights(library)
    assert library.rows("provisional") == []
    assert not is_blocked(library, patron)
    assert ask(library, f"K-{OTHER}", PIN) == patron


def test_no_stops_the_card_and_keeps_what_was_said(either_library: Library) -> None:
    """Whoever has the card could sign in as the person whom CPR names."""
    library = either_library
    patron, number = answered(library)
    assert ask(library, f"K-{OTHER}", PIN) == patron
    item = reviews(library).reject(number, reason=WHY)
    assert item["state"] == "rejected"
    assert is_blocked(library, patron)
    with pytest.raises(CardRefused):
        ask(library, f"K-{OTHER}", PIN)
    # whoever shows the card is found
    assert library.store.views.with_card(f"K-{OTHER}") == patron
    nights(library)
    opened = RecordViewer(library, "lisbeth").revealed(patron, reason="Låneren står her")
    assert (opened["said"]["name"], opened["said"]["other"]) == (SAID, True)
    assert reviews(library).shown(number)["said"]["name"] == SAID
    # nobody is asked a second time
    assert library.store.provisional.waiting().staff == 0
    assert [one for one in library.store.review_desk.items(all_states=False) if one.patron_id == patron] == []
    verify_audit(library.store)


def test_a_no_that_was_wrong_is_reopened_and_the_block_is_gone(library: Library) -> None:
    patron, number = answered(library)
    reviews(library).reject(number, reason=WHY)
    library.clock.moment = library.clock.moment.replace(year=2028)
    nights(library, 1)
    reviews(library).reopen(number, reason="Låneren har skiftet navn")
    assert not is_blocked(library, patron)
    with pytest.raises(CardRefused):
        ask(library, f"K-{OTHER}", PIN)
    reviews(library).accept(number)
    nights(library)
    assert library.rows("provisional") == []


def test_another_name_is_never_answered_with_others(library: Library) -> None:
    _, number = answered(library)
    assert refused(library, lambda: preview_many(reviews(library), [number]), BadInput) == "review.bulk"


@pytest.mark.parametrize("is_protected", [False, True])
def test_the_preview_of_the_answer_shows_the_registers_name_unless_it_is_protected(
    library: Library, is_protected: bool
) -> None:
    library.register.down = DOWN
    patron = comes(library, OTHER)
    library.register.down = None
    theirs = replace(person(OTHER), name=Name(THEIRS))
    library.register.knows(gains_protection(theirs) if is_protected else theirs)
    seen: dict[str, Any] = dict(
        preview_registration(desk(library), Asked(cpr(OTHER), Purpose.RENEWAL, "lone")).document
    )
    assert (THEIRS in str(seen)) is not is_protected
    assert SAID not in str(seen)
    assert seen["patron"] == patron
    told = [one["kind"] for one in seen["warnings"]]
    assert ("name_not_as_said" in told) is not is_protected
