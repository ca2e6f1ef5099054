"""Registration as a person does it: who comes to the desk, what the pages say, and what is written in the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from town import PEOPLE, number

from chromium.seat import SCREEN, TELEPHONE
from cprsync.mock import control

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from chromium.seat import Seat
    from chromium.town_desk import TownDesk

pytestmark = pytest.mark.xdist_group("chromium")
#: What may be pressed beyond the values: Enter, Tab and the like.
KEYSTROKES_MOST = 25


def name_of(key: str) -> str:
    return str(PEOPLE[key]["name"]["addressing"])


def find(seat: Seat, key: str) -> Seat:
    return seat.open("/").type_into("typed", number(key)).click("Find")


def look_up(seat: Seat, key: str) -> Seat:
    return find(seat, key).click("Slå op i CPR og indmeld")


def test_an_adult_is_registered_by_keyboard_alone_in_few_keystrokes(sit: Callable[..., Seat], town: TownDesk) -> None:
    """With card, PIN, telephone and e-mail: each value is typed where Tab leads, and Enter sends the form."""
    seat = sit("skranke")
    before = seat.keystrokes
    seat.type(number("IVAN")).press_and_wait("Enter").press_and_wait("Enter")
    assert name_of("IVAN") in seat.text
    seat.go_on_to("cards").type("K90001").go_on_to("pin").type("2468")
    seat.go_on_to("telephones").type("20304050").go_on_to("emails").type("ivan@example.dk").press_and_wait("Enter")
    assert seat.keystrokes - before <= KEYSTROKES_MOST
    assert "Låneren er indmeldt." in seat.text
    # the cursor is where it says so
    assert seat.is_at.startswith("Låneren er indmeldt.")
    shown = town.library.call("patron", "show", seat.path.removeprefix("/patrons/")).document["fields"]
    assert shown["cards"]["value"] == ["K90001"]
    assert (shown["telephones"]["value"], shown["emails"]["value"]) == (["20304050"], ["ivan@example.dk"])


def test_a_child_and_who_answers_for_them_are_registered_by_one_yes(sit: Callable[..., Seat], town: TownDesk) -> None:
    seat = look_up(sit("skranke"), "SPAED")
    seat.type_into("cards", "K90005").type_into("pin", "2468").type_into("responsible", number("ZENIA")).click(
        "Indmeld"
    )
    assert name_of("ZENIA") in seat.text
    seat.click("Indmeld med økonomisk ansvarlig")
    assert "Låneren er indmeldt." in seat.text
    assert "Økonomisk ansvarlig: låner" in seat.text
    answers = town.library.call("patron", "responsible", seat.path.removeprefix("/patrons/"), "list").document
    assert [one["in_force"] for one in answers["responsibles"]] == [True]


def test_a_child_is_registered_and_a_parent_answers_for_them(sit: Callable[..., Seat], town: TownDesk) -> None:
    seat = look_up(sit("skranke"), "AGNES").click("Indmeld")
    patron = seat.path
    seat.page.locator("#responsible summary").click()
    seat.page.get_by_label("CPR-nummer eller lånernummer").fill(number("SOFIE"))
    with seat.page.expect_navigation():
        seat.page.locator("form[action$=responsible]").get_by_role("button", name="Tilføj").click()
    assert name_of("SOFIE") in seat.text
    # the cursor is on the yes
    seat.press_and_wait("Enter")
    assert seat.path == patron
    assert seat.is_at == seat.page.locator(".said").inner_text().strip()
    answers = town.library.call("patron", "responsible", patron.removeprefix("/patrons/"), "list").document
    assert [one["in_force"] for one in answers["responsibles"]] == [True]


def test_a_cpr_number_in_hand_is_said_below_the_hint_and_above_its_field(sit: Callable[..., Seat]) -> None:
    """It stood across the hint's last line."""
    seat = look_up(sit("skranke"), "NICOLAI")
    seat.type_into("cards", number("NICOLAI")).type_into("telephones", "ingen").click("Indmeld")
    for size in (SCREEN, TELEPHONE):
        seat.look_by(size=size)
        parts = [seat.page.locator(one) for one in ("#cards-hint", ".choice:has([name=cards_kept])", "#cards")]
        boxes = [box for one in parts if (box := one.bounding_box())]
        assert len(boxes) == 3
        assert boxes[0]["y"] + boxes[0]["height"] <= boxes[1]["y"], size
        assert boxes[1]["y"] + boxes[1]["height"] <= boxes[2]["y"], size


def test_of_a_protected_person_no_name_and_no_address_is_shown(sit: Callable[..., Seat]) -> None:
    seat = look_up(sit("skranke"), "INGER")
    address = PEOPLE["INGER"]["address"]
    assert "Beskyttet" in seat.text
    assert not [one for one in (name_of("INGER"), address["road"]) if one in seat.html]
    seat.click("Indmeld")
    assert "Låneren er indmeldt." in seat.text
    assert not [one for one in (name_of("INGER"), address["road"], number("INGER")) if one in seat.html]


def test_someone_dead_is_registered_for_a_reason_only(sit: Callable[..., Seat]) -> None:
    seat = look_up(sit("skranke"), "AFDOED")
    assert "CPR siger, at personen er død." in seat.text
    # the browser itself asks for the reason
    seat.find("Indmeld").click()
    assert seat.page.evaluate("document.activeElement.name") == "reason"
    seat.type("Dødsboet afleverer").press_and_wait("Enter")
    assert "Låneren er indmeldt." in seat.text


def test_someone_who_is_a_patron_already_is_found_and_not_asked_about(sit: Callable[..., Seat], town: TownDesk) -> None:
    before = looked_up(town, "skranke")
    seat = find(sit("skranke"), "BO")
    assert seat.path.startswith("/patrons/")
    assert name_of("BO") in seat.heading
    assert looked_up(town, "skranke") == before


def looked_up(town: TownDesk, by: str) -> list[int]:
    """Which of the audit's entries tell of look-ups of theirs. The desk itself asks now and then about others."""
    entries = town.library.call("audit", "list", "--by", by).document["entries"]
    return [entry["seq"] for entry in entries if entry["what"] == "lookup"]


@pytest.fixture
def register_is_down(town: TownDesk) -> Iterator[None]:
    control.fault(town.mock, "close", times=50)
    yield
    control.calm(town.mock)


@pytest.mark.usefixtures("register_is_down")
def test_the_desk_goes_on_when_the_register_is_down(sit: Callable[..., Seat], town: TownDesk) -> None:
    before = count_provisional(town)
    seat = look_up(sit("skranke"), "NINA")
    assert "Foreløbig: CPR svarer ikke" in seat.text
    seat.type_into("name", name_of("NINA")).click("Indmeld foreløbigt")
    assert "indmeldt foreløbigt" in seat.text
    assert name_of("NINA") not in seat.html
    assert count_provisional(town) == before + 1


def count_provisional(town: TownDesk) -> int:
    """How many patrons the register has still to answer about."""
    return int(town.library.call("status").document["waits"]["provisional"]["register"])


def test_someone_without_a_number_is_registered_by_their_own_words(sit: Callable[..., Seat]) -> None:
    seat = sit("skranke").open("/register")
    seat.type_into("name", "Børnehaven Engen").type_into("cards", "K90002").click("Fortsæt").click("Indmeld")
    assert "Låneren er indmeldt." in seat.text
    assert "Børnehaven Engen" in seat.heading


def test_every_step_is_there_in_english_after_one_click(sit: Callable[..., Seat]) -> None:
    seat = sit("skranke").read_in_english()
    assert seat.heading == "Find or register a patron"
    seat.type_into("typed", number("LAURA")).click("Find")
    assert name_of("LAURA") in seat.heading
    assert seat.page.locator("html").get_attribute("lang") == "en"
    assert seat.click("Dansk").page.locator("html").get_attribute("lang") == "da"


def test_without_javascript_a_person_is_registered_all_the_same(sit: Callable[..., Seat]) -> None:
    seat = look_up(sit("skranke", java_script_enabled=False), "OSCAR")
    seat.type_into("cards", "K90003").click("Indmeld")
    assert "Låneren er indmeldt." in seat.text
