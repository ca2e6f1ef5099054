"""The nights as a supervisor and an operator see them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from e2e_library import personal

from chromium.seat import TELEPHONE

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


def test_a_supervisor_goes_through_the_pages_of_the_nights_in_either_language(sit: Callable[..., Seat]) -> None:
    seat = sit("leder").click("Natkørsler").click("Leverancer")
    assert "Marts 2027" in seat.text
    assert "Anden påskedag" in seat.text
    seat.click("Ændringer")
    # a bar for each kind of change of each night
    assert seat.page.locator("svg .rect").count() == seat.page.locator("tbody td").filter(has_not_text="0").count()
    assert seat.click("De kommende nætter").heading == "De kommende nætter"
    seat.read_in_english().click("Deliveries")
    assert seat.heading == "Deliveries from CPR"
    assert "Easter Monday" in seat.text


def test_the_calendar_says_on_a_telephone_what_it_says_on_a_screen(sit: Callable[..., Seat]) -> None:
    seat = sit("drift").open("/nights/deliveries/2027-03")
    on_screen = seat.page.locator("td.taken .fate").all_inner_texts()
    seat.look_by(size=TELEPHONE)
    assert seat.page.locator("td.taken .fate").all_inner_texts() == on_screen
    assert "Mandag 22. marts" in seat.text
    # nothing lies beside the window
    assert seat.page.evaluate("document.documentElement.scrollWidth") == TELEPHONE[0]
