"""The nights as a supervisor and an operator see them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from e2e_library import personal

if TYPE_CHECKING:
    from collections.abc import Callable

    from chromium.seat import Seat
    from chromium.town_desk import TownDesk

pytestmark = pytest.mark.xdist_group("chromium")


def test_an_operator_begins_at_the_nights_and_sees_one_and_no_person(sit: Callable[..., Seat], town: TownDesk) -> None:
    seat = sit("drift")
    assert seat.path == "/nights"
    number = str(town.library.call("runs", "list").document["runs"][0]["run"])
    seat.click(number)
    assert seat.heading == f"Natkørsel {number}"
    assert "går op" in seat.text
    assert not [word for word in personal() if word in seat.html]


def test_an_operator_is_shown_no_patron(sit: Callable[..., Seat]) -> None:
    seat = sit("drift").open("/reviews")
    assert "Din rolle giver ikke adgang til siden." in seat.text
