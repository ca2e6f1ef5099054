"""PINs that are tried from many addresses: new browsers wait, and a browser that is known goes on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from test_desk_statements import sent_to
from test_patron_page import PIN, WRONG, by_card, is_nobody, set_of
from test_patron_page import desk as desk  # noqa: PLC0414 -- the same pages
from test_patron_page import known as known  # noqa: PLC0414 -- the same provider
from test_patron_page import provider as provider  # noqa: PLC0414 -- the same
from test_patron_page import with_pins as with_pins  # noqa: PLC0414 -- the same library

from cprsync.domain.policy.policy import PinCeilings
from cprsync.web.me.cards import ADDRESS_WRONG_MAX

if TYPE_CHECKING:
    from browser import Browser, Served

CALM = "nye browsere må vente"


@pytest.fixture
def flooded(desk: Served) -> tuple[Served, Browser]:
    """The pages after many wrong tries, and a browser in which ANNA signed in before them."""
    desk.library.policy = replace(desk.library.policy, pins=PinCeilings(page=3, machines=3))
    browser = by_card(desk)
    browser.open("/me").send("/me/sign-out")
    for number in range(3):
        by_card(desk, f"card {number}", WRONG)
    return desk, browser


def again(browser: Browser, card: str = "ANNA", pin: str = PIN) -> Browser:
    return browser.open("/me/sign-in").send("/me/sign-in", card=card, pin=pin)


def test_a_new_browser_is_told_calmly_that_it_has_to_wait(flooded: tuple[Served, Browser]) -> None:
    desk, _ = flooded
    before = desk.library.everything()
    browser = by_card(desk)
    assert CALM in browser.text
    assert "Dit lånerkort er ikke spærret" in browser.text
    assert is_nobody(browser)
    # and that it was told is all that is new
    after = desk.library.everything()
    assert {name for name in after if after[name] != before[name]} == {"audit", "audit_head"}


def test_a_browser_in_which_the_card_signed_in_before_goes_on(flooded: tuple[Served, Browser]) -> None:
    _, browser = flooded
    assert again(browser).path == "/me"


def test_the_mark_of_one_card_lets_no_other_in(flooded: tuple[Served, Browser]) -> None:
    """Else whoever has a card of their own could guess at all others."""
    _, browser = flooded
    assert CALM in again(browser, "BO").text
    assert is_nobody(browser)


def test_a_new_pin_makes_the_mark_worthless(flooded: tuple[Served, Browser]) -> None:
    desk, browser = flooded
    set_of(desk.library, "ANNA", "pin", "0815")
    assert CALM in again(browser, pin="0815").text


def test_a_mark_that_nobody_gave_is_none(flooded: tuple[Served, Browser]) -> None:
    desk, _ = flooded
    browser = desk.browser()
    browser.jar.cookies.set("cprsync-me-marks", "0" * 24 + "-" + "0" * 32)
    assert CALM in again(browser).text


def test_the_mark_names_nobody(flooded: tuple[Served, Browser]) -> None:
    _, browser = flooded
    mark = browser.jar.cookies["cprsync-me-marks"]
    assert "ANNA" not in mark
    assert PIN not in mark.split("-")


def test_a_known_browser_goes_on_behind_an_address_that_is_stopped(desk: Served) -> None:
    """A library's computers share an address, and so do the guests of its network."""
    browser = by_card(desk)
    browser.open("/me").send("/me/sign-out")
    for number in range(ADDRESS_WRONG_MAX // 4):
        for _ in range(4):
            by_card(desk, f"card {number}", WRONG)
    assert is_nobody(by_card(desk))
    assert again(browser).path == "/me"


@pytest.mark.parametrize("mark", ["nobody's", "another card's"])
def test_a_browser_that_has_to_wait_learns_nothing_of_a_card_by_a_mark_that_is_not_its_own(
    flooded: tuple[Served, Browser], mark: str
) -> None:
    """Otherwise how long a refusal takes tells whether somebody has the card, as often as anybody likes."""
    desk, browser = flooded
    if mark == "nobody's":
        browser.jar.cookies.set("cprsync-me-marks", "0" * 24 + "-" + "0" * 32)
    # the audit has the ceiling
    assert CALM in by_card(desk).text
    asked = []
    for card in ("BO", "nobody"):
        browser.open("/me/sign-in")
        with sent_to(desk.library.engine) as sent:
            browser.send("/me/sign-in", card=card, pin=WRONG)
        asked.append(sent.statements)
    assert asked[0] == asked[1]
