"""A session asks before it ends, in a real browser: with script and without, at the desk and on the patrons' pages."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from begun import begin
from browser import serving_both_doors
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from doubles import Library
from test_box import patron_of
from test_patron_page import set_of

from chromium.every_page import look_at
from chromium.seat import PASSWORD, sit_down
from cprsync.web.me.area import IDLE_SECONDS as PATRONS_IDLE_SECONDS
from cprsync.web.memory.sessions import IDLE_SECONDS, WARNING_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from browser import Served
    from playwright.sync_api import Browser

    from chromium.seat import Seat

pytestmark = pytest.mark.xdist_group("chromium")
PIN = "4711"
NOTE = "Ringer helst efter klokken 16"


@pytest.fixture
def desk(tmp_path: Path, empty_store: Path) -> Iterator[Served]:
    """The desk and the patrons' pages of a library. ANNA has a PIN."""
    shutil.copytree(empty_store, tmp_path / "library")
    library = Library(tmp_path / "library")
    begin(library)
    set_of(library, "ANNA", "pin", PIN)
    kept = Argon2id(salt=bytes(16), length=32, iterations=1, lanes=1, memory_cost=8).derive_phc_encoded(
        PASSWORD.encode()
    )
    with serving_both_doors(library, tmp_path, kept) as served:
        yield served
    library.engine.dispose()


@pytest.fixture
def sit(desk: Served, chromium: Browser) -> Iterator[Callable[..., Seat]]:
    """A window whose clock the test moves."""
    seats: list[Seat] = []

    def sit(**options: bool) -> Seat:
        seat = sit_down(chromium, desk.url, **options)
        if options.get("java_script_enabled", True):
            seat.page.clock.install()
        seats.append(seat)
        return seat

    yield sit
    for seat in seats:
        assert seat.watch.find_problems([NOTE]) == []
        seat.page.context.close()


def pass_by(desk: Served, seat: Seat, seconds: float) -> None:
    """Let time go by here and there."""
    desk.clock.seconds += seconds
    seat.page.clock.run_for(int(seconds * 1000))


def find_flaws(seat: Seat) -> list[str]:
    """What is wrong with the page. What a modal dialog covers is meant to be covered."""
    return [one for one in look_at(seat).violations if not is_asked(seat) or " covers " not in one]


def is_asked(seat: Seat) -> bool:
    return seat.page.locator("dialog").is_visible()


def test_who_is_still_there_says_so_with_one_key_and_goes_on_where_they_were(
    desk: Served, sit: Callable[..., Seat]
) -> None:
    seat = sit().sign_in_as("disk").open("/register").type_into("name", "Edith Uden")
    seat.page.locator("#address").focus()
    pass_by(desk, seat, IDLE_SECONDS - WARNING_SECONDS - 10)
    assert not is_asked(seat)
    pass_by(desk, seat, 12)
    assert is_asked(seat)
    assert "Er du her endnu?" in seat.text
    assert "Du bliver logget ud kl. " in seat.text
    assert seat.is_at == "Bliv logget ind"
    assert find_flaws(seat) == []
    seat.press("Enter")
    seat.page.locator("dialog").wait_for(state="hidden")
    assert seat.is_at == "address"
    assert seat.page.locator("#session-said").inner_text().startswith("Du er logget ind til kl.")
    assert seat.page.locator("#name").input_value() == "Edith Uden"
    # the server has heard it
    pass_by(desk, seat, IDLE_SECONDS - WARNING_SECONDS - 10)
    assert not is_asked(seat)
    assert seat.open("/register").path == "/register"


def test_escape_is_an_answer_too_and_another_tab_asks_no_more(desk: Served, sit: Callable[..., Seat]) -> None:
    seat = sit().sign_in_as("disk").open("/register")
    pass_by(desk, seat, IDLE_SECONDS - WARNING_SECONDS + 2)
    assert is_asked(seat)
    other = seat.page.context.new_page()
    other.goto(f"{desk.url}/reviews")
    seat.page.locator("dialog").wait_for(state="hidden")
    pass_by(desk, seat, IDLE_SECONDS - WARNING_SECONDS + 2)
    assert is_asked(seat)
    seat.press("Escape")
    seat.page.locator("dialog").wait_for(state="hidden")


def test_who_comes_too_late_is_told_and_loses_nothing_of_what_they_typed(
    desk: Served, sit: Callable[..., Seat]
) -> None:
    path = f"/patrons/{patron_of(desk, 'ANNA')}"
    seat = sit().sign_in_as("disk").open(path)
    field = seat.page.locator('form:has(input[value="note_to_patron"]) [name="text"]').first
    field.evaluate("one => { for (let at = one; at; at = at.closest('details:not([open])')) at.open = true }")
    field.fill(NOTE)
    pass_by(desk, seat, IDLE_SECONDS + 2)
    assert "Du er logget ud" in seat.page.locator("dialog").inner_text()
    assert find_flaws(seat) == []
    seat.press("Enter")
    assert not is_asked(seat)
    with seat.page.expect_navigation():
        field.evaluate("one => one.form.requestSubmit()")
    assert seat.path == "/sign-in"
    assert "Log ind igen, så får du den at se" in seat.text
    assert find_flaws(seat) == []
    seat.type_into("name", "disk").type_into("password", PASSWORD).press_and_wait("Enter")
    assert seat.path == path
    # it is said first, and the way to the form is the next stop
    assert seat.is_at.startswith("Du var logget ud, da du sendte formularen")
    assert find_flaws(seat) == []
    seat.press("Tab").press("Enter")
    field = seat.page.locator('form:has(input[value="note_to_patron"]) [name="text"]').first
    assert field.is_visible()
    assert field.input_value() == NOTE


def test_a_patron_is_asked_too(desk: Served, sit: Callable[..., Seat]) -> None:
    seat = sit().open("/me/sign-in").type_into("card", "ANNA").type_into("pin", PIN).press_and_wait("Enter")
    pass_by(desk, seat, PATRONS_IDLE_SECONDS - WARNING_SECONDS + 2)
    assert is_asked(seat)
    assert find_flaws(seat) == []
    seat.press("Enter")
    seat.page.locator("dialog").wait_for(state="hidden")
    pass_by(desk, seat, PATRONS_IDLE_SECONDS - WARNING_SECONDS - 10)
    assert seat.open("/me/change").path == "/me/change"


@pytest.mark.parametrize("path", ["/register", "/me/change"])
def test_without_script_a_link_shows_itself_in_time_and_takes_nothing_of_what_was_typed(
    desk: Served, sit: Callable[..., Seat], path: str
) -> None:
    seat = sit(java_script_enabled=False)
    if path == "/register":
        seat.sign_in_as("disk")
    else:
        seat.open("/me/sign-in").type_into("card", "ANNA").type_into("pin", PIN).press_and_wait("Enter")
    seat.open(path)
    notice = seat.page.locator("#session-soon")
    assert not notice.is_visible()
    # as if the time had gone by, for the style sheet alone
    style = ".after-28, .after-8 { animation-delay: 0s }"
    session = seat.page.context.new_cdp_session(seat.page)
    session.send("DOM.enable")
    session.send("CSS.enable")
    frame = session.send("Page.getFrameTree")["frameTree"]["frame"]["id"]
    sheet = session.send("CSS.createStyleSheet", {"frameId": frame})["styleSheetId"]
    session.send("CSS.setStyleSheetText", {"styleSheetId": sheet, "text": style})
    notice.wait_for(state="visible")
    with seat.page.context.expect_page() as opened:
        notice.get_by_role("link").click()
    assert "Du er logget ind til kl." in opened.value.inner_text("main")
    assert seat.path == path
