"""A browser that went to the identity provider from one worker may come back to another: it is let in, and once."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

import pytest
from browser import Browser, Clock, Served, serving
from doubles import AGENCY
from identity_provider import Known, known_provider
from test_open_id import RULES, answer_for, come_back, is_nobody, trusted
from test_workers import keeping, owner_of

from cprsync.web.journeys import Journeys, StaffProvider
from cprsync.web.memory.sessions import IDLE_SECONDS
from cprsync.web.workers.handing import Team
from cprsync.web.workers.together import Worker

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from doubles import Library


@dataclass
class Desk:
    """One desk of two workers, and the provider."""

    served: Served
    second: Served
    known: Known

    def browser_of(self, worker: int) -> Browser:
        """A browser whose requests a worker answers: its cookie names one, and a session that is over."""
        browser = self.served.browser()
        browser.jar.trust_env, browser.jar.verify = False, trusted()
        browser.jar.cookies.set("cprsync", f"{worker}.over", domain="localhost.local", path="/")
        return browser


@pytest.fixture(scope="module")
def desk(begun_folder: Library, tmp_path_factory: pytest.TempPathFactory, mock_keys: Path) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("ways")
    library, sockets = begun_folder.copy(folder / "library"), folder / "s"
    sockets.mkdir()
    with ExitStack() as stack:
        known = stack.enter_context(known_provider(folder / "mock", mock_keys))
        together = stack.enter_context(keeping(sockets, Clock()))
        key, addresses = together.key("cprsync-way"), []

        def made(url: str) -> StaffProvider:
            # browsers know one address, whichever worker answers
            addresses.append(url)
            journeys = Journeys(
                known.client(addresses[0]),
                cookie="cprsync-way",
                secure=False,
                now=known.now,
                key=key,
                used=together.used("cprsync-way"),
            )
            return StaffProvider(journeys, "Kommunens login", RULES, AGENCY)

        first, second = [
            stack.enter_context(serving(library, provider=made, worker=Worker(Team(number, 2, sockets), together)))
            for number in range(2)
        ]
        yield Desk(first, second, known)
    library.engine.dispose()


def go_out(desk: Desk, worker: int) -> tuple[Browser, str]:
    """A browser that one worker has sent to the provider, and the address to which the provider sends it back."""
    browser = desk.browser_of(worker)
    browser.open("/sign-in/openid")
    return browser, answer_for(browser, "skranke")


@pytest.mark.parametrize(("out", "back"), [(0, 1), (1, 0)])
def test_the_way_out_and_the_way_back_may_lead_to_two_workers(desk: Desk, out: int, back: int) -> None:
    browser, address = go_out(desk, out)
    assert owner_of(browser) == out
    way = browser.jar.cookies["cprsync-way"]
    other = desk.browser_of(back)
    other.jar.cookies.set("cprsync-way", way, domain="localhost.local", path="/")
    assert come_back(other, address).path == "/"
    assert owner_of(other) == back


@pytest.mark.parametrize("again", [0, 1])
def test_an_answer_that_one_worker_has_used_is_worth_nothing_at_either(desk: Desk, again: int) -> None:
    """Also at a provider that gives the same code again."""
    browser, address = go_out(desk, 0)
    way, code = browser.jar.cookies["cprsync-way"], dict(parse_qsl(urlsplit(address).query))["code"]
    granted = desk.known.identity.codes[code]
    assert come_back(browser, address).path == "/"
    desk.known.identity.codes[code] = granted
    other = desk.browser_of(again)
    other.jar.cookies.set("cprsync-way", way, domain="localhost.local", path="/")
    assert come_back(other, address).answer.status_code == 403
    assert is_nobody(other)


def test_whoever_comes_back_to_another_worker_goes_on_where_their_form_waits(desk: Desk) -> None:
    """A browser sends no strict cookie with the provider's link: what it carries says which worker has the form."""
    for owner in (0, 1):
        browser, address = go_out(desk, owner)
        come_back(browser, address).open("/register")
        assert owner_of(browser) == owner
        desk.served.clock.seconds += IDLE_SECONDS + 1
        desk.second.clock.seconds += IDLE_SECONDS + 1
        browser.send("/register/check", name="Edith Uden Nummer")
        assert browser.path == "/sign-in"
        browser.open("/sign-in/openid")
        address = answer_for(browser, "skranke")
        # the next stranger is the other worker's
        while owner_of(desk.served.browser().open("/sign-in")) != owner:
            pass
        browser.jar.cookies.clear(domain="localhost.local", path="/", name="cprsync")
        come_back(browser, address)
        assert (browser.path, owner_of(browser)) == ("/register", owner)
        assert browser.form("/register/check")["name"] == "Edith Uden Nummer"
