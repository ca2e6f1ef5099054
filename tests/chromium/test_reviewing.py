"""What waits for a person, answered by a supervisor in the browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from chromium.seat import Seat
    from chromium.town_desk import TownDesk

pytestmark = pytest.mark.xdist_group("chromium")


def state_of(town: TownDesk, item: str) -> str:
    return str(town.library.call("review", "show", item).document["state"])


def test_a_block_of_someone_dead_is_rejected_opened_again_accepted_and_taken_back(
    sit: Callable[..., Seat], town: TownDesk
) -> None:
    seat = sit("leder").open("/reviews")
    seat.page.locator("main tr", has_text="er død").locator("a").first.click()
    item = seat.path.removeprefix("/reviews/")
    seat.type_into("reason", "Personen står her").click("Afvis")
    assert state_of(town, item) == "rejected"
    seat.open(f"/reviews/{item}").type_into("reason", "Alligevel ikke").click("Genåbn sagen")
    assert state_of(town, item) == "waiting"
    seat.open(f"/reviews/{item}").click("Godkend")
    assert f"Sag {item} er godkendt." in seat.text
    assert state_of(town, item) == "accepted"
    seat.open(f"/reviews/{item}").type_into("reason", "Det var den forkerte").click("Fortryd afgørelsen")
    assert state_of(town, item) == "undone"


def test_the_desk_sees_an_item_and_is_offered_no_answer(sit: Callable[..., Seat]) -> None:
    seat = sit("skranke").open("/reviews")
    seat.page.locator("main td a").first.click()
    assert "En leder afgør sagen." in seat.text
    assert seat.page.locator("main button").count() == 0
