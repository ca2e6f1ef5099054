"""The patron's pages in a real browser: both doors, axe on every page, and nothing of a person where others look."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from begun import begin
from browser import serving
from doubles import Library
from identity_provider import Known, known_provider
from townspeople import cpr, person

from chromium.every_page import look_at
from chromium.seat import sit_down
from cprsync.services.desk.setting import Setting, SettingDesk, set_field
from cprsync.web.journeys import Journeys
from cprsync.web.me.area import BACK, PatronArea, PatronProvider
from cprsync.web.memory.sessions import Sessions

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from browser import Clock, Served
    from playwright.sync_api import Browser

    from chromium.seat import Seat

pytestmark = pytest.mark.xdist_group("chromium")
PIN = "4711"
PAGE_BYTES_MAX = 100 * 1024


@pytest.fixture
def known(tmp_path: Path, mock_keys: Path) -> Iterator[Known]:
    with known_provider(tmp_path / "mock", mock_keys) as known:
        known.identity.people = lambda: {"ANNA": {"sub": "ANNA", "cpr": cpr("ANNA").digits}}  # type: ignore[method-assign]  # for this test alone
        yield known


@pytest.fixture
def pages(tmp_path: Path, empty_store: Path, known: Known) -> Iterator[Served]:
    """The pages of a library where ANNA has a PIN and a telephone."""
    shutil.copytree(empty_store, tmp_path / "library")
    library = Library(tmp_path / "library")
    begin(library)
    patron = library.store.patrons.find(cpr("ANNA"))
    assert patron is not None
    counter = SettingDesk(library, frozenset())
    for field, text in (("pin", PIN), ("telephones", "*20304050"), ("contact_address", "c/o Kanariefugl")):
        set_field(counter, Setting(patron, field, text, "lisbeth"))

    def area(url: str, clock: Clock) -> PatronArea:
        client = known.client(url, back=BACK, name="patrons", after_sign_out=f"{url}/me/sign-in")
        journeys = Journeys(client, cookie="cprsync-me-way", secure=False, now=lambda: datetime.now(UTC))
        return PatronArea(Sessions(now=clock), True, PatronProvider(journeys, "MitID", "cpr", "cpr_number"), clock)

    with serving(library, patrons=area) as served:
        yield served
    library.engine.dispose()


def looks_well(seat: Seat) -> None:
    seen = look_at(seat)
    assert seen.violations == [], seat.path
    assert seen.size < PAGE_BYTES_MAX


def test_a_patron_signs_in_by_card_and_by_the_provider_and_every_page_is_well(pages: Served, chromium: Browser) -> None:
    seat = sit_down(chromium, pages.url)
    looks_well(seat.open("/me"))
    looks_well(seat.type_into("card", "ANNA").type_into("pin", "0000").press_and_wait("Enter"))
    seat.type_into("card", "ANNA").type_into("pin", PIN).press_and_wait("Enter")
    assert seat.path == "/me"
    assert person("ANNA").name.last not in seat.html
    looks_well(seat)
    looks_well(seat.click("Ret oplysninger"))
    seat.page.locator("#own-absence").fill("i morgen")
    with seat.page.expect_navigation():
        seat.page.get_by_role("button", name="Gem Fravær").click()
    assert "problem" in seat.html
    looks_well(seat)
    seat.click("Log ud")
    assert seat.path == "/me/sign-in?signed-out"
    with seat.page.expect_navigation():
        seat.find("Log ind med MitID").click()
    seat.page.get_by_role("button", name="ANNA").click()
    seat.page.wait_for_url("**/me")
    assert person("ANNA").name.addressing in seat.text
    for name in ("Mine oplysninger", "Opslag på mig", "Ret oplysninger"):
        looks_well(seat.click(name))
    looks_well(seat.read_in_english())
    assert seat.heading == "Change your data"
    words = [cpr("ANNA").digits, person("ANNA").name.last, "20304050", "Kanariefugl"]
    assert seat.watch.find_problems(words) == only_the_provider(seat)
    seat.page.get_by_role("button", name="Sign out").click()
    seat.page.wait_for_url("**/me/sign-in")
    assert seat.open("/me").path == "/me/sign-in"
    seat.page.context.close()


def only_the_provider(seat: Seat) -> list[str]:
    """What a browser says of the provider's own pages: it was asked, and it has no picture of its own."""
    provider = f"localhost:{urlsplit(Known.running[-1].identity.issuer).port}"
    told = [one for one in seat.watch.problems if provider in one or one.endswith("404 (Not Found)")]
    assert told
    return told
