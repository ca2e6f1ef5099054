"""The pages that the town's desk never shows: a held night, a register that is down, and the steps at a provider."""

from __future__ import annotations

import shutil
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest
from begun import begin
from browser import serving
from doubles import AGENCY, MONDAY, Library
from identity_provider import known_provider
from townspeople import cpr, dies, moves, person

from chromium.every_page import TWO_LOOKS, look_at
from chromium.seat import sit_down
from cprsync.domain.desk.claims import ClaimRules, RoleRule
from cprsync.domain.desk.roles import Role
from cprsync.domain.patron.review import NET_MEDIA_REFUSED
from cprsync.domain.policy.policy import Harm
from cprsync.errors import RegisterUnavailable
from cprsync.services.desk.setting import Setting, SettingDesk, set_field
from cprsync.web.journeys import Journeys, StaffProvider

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from browser import Served
    from playwright.sync_api import Browser, Route

    from chromium.seat import Seat

pytestmark = pytest.mark.xdist_group("chromium")
RULES = ClaimRules(
    "preferred_username",
    "groups",
    (RoleRule("desk", Role.DESK), RoleRule("supervisor", Role.SUPERVISOR)),
)


@pytest.fixture
def desk(tmp_path: Path, empty_store: Path, mock_keys: Path) -> Iterator[Served]:
    """A desk where staff sign in at a provider. The last night is held, and a case waits."""
    shutil.copytree(empty_store, tmp_path / "library")
    library = Library(tmp_path / "library")
    begin(library)
    one, other = (library.store.patrons.find(cpr(key)) for key in ("ANNA", "DAVID"))
    assert one is not None
    library.store.desk.ask_staff(one, NET_MEDIA_REFUSED, about=other)
    library.limit(Harm.GONE, 0)
    library.deliver(MONDAY, dies(person("CLARA")))
    library.one_night()
    with known_provider(tmp_path / "mock", mock_keys) as known:

        def made(url: str) -> StaffProvider:
            journeys = Journeys(known.client(url), cookie="cprsync-way", secure=False, now=lambda: datetime.now(UTC))
            return StaffProvider(journeys, "Kommunens login", RULES, AGENCY)

        with serving(library, provider=made) as served:
            yield served
    library.engine.dispose()


def stay(route: Route) -> None:
    """Answer as the desk does, but let nothing lead on by itself."""
    response = route.fetch()
    headers = {name: value for name, value in response.headers.items() if name.lower() != "refresh"}
    route.fulfill(response=response, headers=headers)


def looks_well(seat: Seat, template: str) -> None:
    seen = look_at(seat, TWO_LOOKS)
    assert seen.template == template
    assert seen.violations == [], seat.path


def sign_in_at_the_provider(seat: Seat) -> None:
    looks_well(seat.open("/sign-in"), "sign_in")
    seat.click("Log ind med Kommunens login").page.get_by_role("button", name="leder").click()
    seat.page.wait_for_url(f"{seat.url}/")


def test_what_a_held_night_a_silent_register_and_a_provider_show_is_well(desk: Served, chromium: Browser) -> None:
    seat = sit_down(chromium, desk.url)
    sign_in_at_the_provider(seat)
    looks_well(seat.open("/nights"), "nights")
    seat.page.locator("tbody a").first.click()
    assert "Kørslen er holdt tilbage" in seat.text
    looks_well(seat, "night")
    desk.library.register.down = RegisterUnavailable("no answer")
    seat.open("/").type_into("typed", cpr("EDITH").digits).click("Find").click("Slå op i CPR og indmeld")
    assert "Foreløbig" in seat.text
    looks_well(seat, "registering")
    looks_well(seat.type_into("name", "Edith Ny").click("Indmeld foreløbigt"), "record")
    assert "Edith Ny" not in seat.html
    seat.open("/").type_into("typed", cpr("ANNA").digits).click("Find")
    patron = seat.path
    looks_well(seat.click("Fornyelse"), "error")
    desk.library.register.down = None
    desk.library.register.knows(moves(person("ANNA")))
    looks_well(seat.open(patron).click("Fornyelse"), "updating")
    seat.open("/").type_into("typed", cpr("BO").digits).click("Find").unfold("Vis skjulte oplysninger")
    looks_well(seat.type_into("reason", "Låneren står her").click("Vis"), "record")
    assert person("BO").name.addressing in seat.heading
    long = Setting(desk.library.id_of("DAVID"), "name", "Æ" * 34, "leder", reason="Pas", until=date(2027, 5, 1))
    set_field(SettingDesk(desk.library, frozenset()), long)
    looks_well(seat.open(f"/patrons/{long.patron_id}"), "record")
    seat.open("/reviews").page.locator("main td a").first.click()
    case = seat.path
    seat.type_into("reason", "Kun set på").click("Afvis")
    looks_well(seat.open(case), "review")
    seat.page.route("**/sign-out", stay)
    looks_well(seat.click("Log ud"), "onward")
    seat.page.context.close()
