"""A value of a record is changed in its row: with the keyboard alone, and without a script."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from town import number

from chromium.seat import TELEPHONE

if TYPE_CHECKING:
    from collections.abc import Callable

    from chromium.seat import Seat

pytestmark = pytest.mark.xdist_group("chromium")
#: From whose record it is to their telephone.
STOPS_MOST = 10
#: What opens the form of the telephone, as a browser reads it.
RET = "Ret\nTelefonnummer"
#: Whether somebody who sees the window sees the cursor.
IS_IN_WINDOW = "document.activeElement.getBoundingClientRect().top < innerHeight"
_ROW_OF_CURSOR = "document.activeElement.closest('tr')?.id"


def open_record(seat: Seat, key: str) -> Seat:
    return seat.open("/").type_into("typed", number(key)).click("Find")


def row_of_cursor(seat: Seat) -> str:
    return str(seat.page.evaluate(_ROW_OF_CURSOR))


def go_to_row(seat: Seat, field: str) -> int:
    """From whose record it is, press Tab until the cursor is in a field's row. Return how many stops that took."""
    seat.page.locator("#whose:focus").wait_for()
    assert seat.page.evaluate("scrollY") == 0
    stops = 0
    while row_of_cursor(seat) != field:
        seat.press("Tab")
        stops += 1
        assert stops <= STOPS_MOST
    return stops


def test_the_telephone_is_at_most_ten_stops_from_the_name(sit: Callable[..., Seat]) -> None:
    seat = open_record(sit("skranke"), "SOFIE")
    go_to_row(seat, "telephones")
    assert seat.is_at == RET


def test_a_telephone_is_added_with_the_keyboard_and_the_cursor_is_where_it_says_so(sit: Callable[..., Seat]) -> None:
    seat = open_record(sit("skranke"), "SOFIE")
    go_to_row(seat, "telephones")
    seat.press("Enter")
    seat.page.locator("#set-telephones:focus").wait_for()
    seat.press("Escape")
    assert seat.is_at == RET
    seat.press("Enter")
    seat.page.locator("#set-telephones:focus").wait_for()
    seat.type("20304050").press_and_wait("Enter")
    assert seat.is_at == "Telefonnummer: tilføjet."
    assert row_of_cursor(seat) == "telephones"
    # and the next stop is the same row's form
    assert seat.press("Tab").is_at == RET


@pytest.mark.parametrize("size", [(1100, 900), (390, 844)])
def test_without_a_script_a_form_opens_in_its_row_and_a_refused_value_waits_there(
    sit: Callable[..., Seat], size: tuple[int, int]
) -> None:
    seat = sit("skranke", java_script_enabled=False).look_by(size=size)
    open_record(seat, "SOFIE").page.locator("#emails summary").click()
    seat.page.locator("#emails [name=text]:visible").fill("sub-rosa")
    seat.page.locator("#emails").get_by_role("button", name="Tilføj").click()
    seat.page.wait_for_url("**/answers/*")
    assert (seat.is_at, row_of_cursor(seat)) == ("text", "emails")
    assert seat.page.locator("#set-emails").input_value() == "sub-rosa"
    assert seat.page.locator("#set-emails").is_visible()
    address = f"sofie{size[0]}@example.dk"
    seat.page.locator("#set-emails").fill(address)
    seat.press("Enter")
    seat.page.wait_for_url("**/patrons/*#done")
    assert (seat.is_at, row_of_cursor(seat)) == ("E-mail: tilføjet.", "emails")
    assert seat.page.evaluate(IS_IN_WINDOW)


NOTE = "Henter bøgerne om mandagen"


@pytest.mark.parametrize("has_script", [True, False], ids=["script", "no script"])
def test_what_is_typed_in_a_row_stays_in_the_other_language(sit: Callable[..., Seat], has_script: bool) -> None:
    seat = open_record(sit("skranke", java_script_enabled=has_script), "SOFIE")
    seat.page.locator("#internal_note summary").click()
    seat.page.locator("#set-internal_note").fill(NOTE)
    # with a script the button at the top does it; without one, the form has its own
    form = seat.page.locator("#internal_note form")
    assert form.get_by_role("button", name="English").count() == (0 if has_script else 1)
    with seat.page.expect_navigation():
        (seat.page.locator("header") if has_script else form).get_by_role("button", name="English").click()
    assert seat.is_at.startswith("The page is in English now.")
    assert seat.page.locator("#set-internal_note").input_value() == NOTE
    assert seat.page.locator("#set-internal_note").is_visible()


def test_a_row_keeps_what_is_typed_while_other_rows_are_saved(sit: Callable[..., Seat]) -> None:
    seat = open_record(sit("skranke"), "SOFIE")
    seat.page.locator("#internal_note summary").click()
    seat.page.locator("#set-internal_note").fill(NOTE)
    for address in ("sofie.en@example.dk", "sofie.to@example.dk"):
        seat.page.locator("#emails summary").click()
        seat.page.locator("#set-emails").fill(address)
        seat.press_and_wait("Enter")
        assert (seat.is_at, row_of_cursor(seat)) == ("E-mail: tilføjet.", "emails")
        assert seat.page.locator("#set-internal_note").input_value() == NOTE
    seat.page.locator("#set-internal_note").press("End")
    with seat.page.expect_navigation():
        seat.page.locator("#internal_note .primary").click()
    assert NOTE in seat.page.locator("#internal_note .value").inner_text()
    assert "også skrevet" not in seat.text


def test_what_is_typed_or_scanned_after_a_refusal_takes_the_place_of_the_refused(sit: Callable[..., Seat]) -> None:
    seat = open_record(sit("skranke"), "SOFIE")
    go_to_row(seat, "emails")
    seat.press("Enter")
    seat.page.locator("#set-emails:focus").wait_for()
    # on a telephone the row is far below the answer's beginning
    seat.look_by(size=TELEPHONE).type("sub-rosa").press_and_wait("Enter")
    assert row_of_cursor(seat) == "emails"
    assert seat.page.evaluate(IS_IN_WINDOW)
    seat.type("sofie@example.dk")
    assert seat.page.locator("#set-emails").input_value() == "sofie@example.dk"


def test_without_a_script_a_sheet_has_no_button_that_does_nothing(sit: Callable[..., Seat]) -> None:
    seat = open_record(sit("skranke", java_script_enabled=False), "SOFIE")
    seat.page.get_by_role("link", name="Lånerens post").click()
    seat.page.wait_for_url("**/paper/record")
    assert not seat.page.locator("[data-print]").is_visible()
