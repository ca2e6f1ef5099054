"""Two workers of one desk, each on a port of its own: a browser is the same person at either, and is counted once."""

from __future__ import annotations

import asyncio
import socket
import threading
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from browser import Browser, Clock, Served, serving
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from doubles import AGENCY
from test_box import patron_of
from test_patron_page import set_of
from test_sign_in import PASSWORD, WRONG

from cprsync.domain.desk.roles import Role
from cprsync.web import app as web_app
from cprsync.web import visit
from cprsync.web.accounts import AccountEntry, StaffAccounts, write_accounts
from cprsync.web.me.area import PatronArea
from cprsync.web.memory.sessions import IDLE_SECONDS, Sessions, worker_of
from cprsync.web.memory.tries import LOCKED_SECONDS, WRONG_MAX
from cprsync.web.workers import handing
from cprsync.web.workers.handing import Team
from cprsync.web.workers.keeping import Keeper
from cprsync.web.workers.together import Together, Worker

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from doubles import Library

_SECONDS = 20
#: As long as all tests of a module may take.
_KEEPS_SECONDS = 600
PIN = "4711"


@contextmanager
def keeping(folder: Path, clock: Clock) -> Iterator[Together]:
    """The parent's part: what all workers have together."""
    started, over = threading.Event(), threading.Event()

    async def keep() -> None:
        keeper = Keeper(folder / "parent", monotonic=clock, ready=lambda *_: None)
        await keeper.begin()
        started.set()
        await asyncio.to_thread(over.wait, _KEEPS_SECONDS)
        keeper.end()

    thread = threading.Thread(target=lambda: asyncio.run(keep()))
    thread.start()
    assert started.wait(_SECONDS)
    try:
        yield Together(folder / "parent", b"known to all")
    finally:
        over.set()
        thread.join(_SECONDS)


@dataclass
class Desk:
    """One desk with two workers."""

    workers: list[Served]
    library: Library
    folder: Path
    #: by which wrong tries are forgotten
    clock: Clock

    def browser(self, at: int = 0) -> Browser:
        """A browser whose connections go to one of the workers."""
        return Browser(self.workers[at].url)

    def sign_in(self, owner: int, name: str = "disk", password: str = PASSWORD) -> Browser:
        """A browser whose session one of the workers has."""
        for _ in self.workers:
            browser = self.browser().open("/sign-in")
            if owner_of(browser) == owner:
                return browser.send("/sign-in", name=name, password=password)
        raise AssertionError("no session began at that worker")

    @contextmanager
    def without_second(self) -> Iterator[None]:
        """The second worker has ended."""
        path = self.folder / "worker1"
        path.rename(path.with_suffix(".away"))
        yield
        path.with_suffix(".away").rename(path)

    def move(self, browser: Browser, to: int) -> Browser:
        """Let a browser connect to another worker from now on."""
        browser.url = self.workers[to].url
        return browser


def owner_of(browser: Browser, cookie: str = "cprsync") -> int | None:
    return worker_of(browser.jar.cookies[cookie])


@pytest.fixture(scope="module")
def accounts_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("accounts") / "accounts.toml"
    cheap = Argon2id(salt=bytes(16), length=32, iterations=1, lanes=1, memory_cost=8)
    kept = cheap.derive_phc_encoded(PASSWORD.encode())
    everybody = frozenset({AGENCY})
    entries = [
        AccountEntry(name=name, password=kept, roles=frozenset({Role.DESK}), libraries=everybody)
        for name in ("disk", "tried")
    ]
    write_accounts(path, entries)
    return path


@pytest.fixture(scope="module")
def desk(begun_folder: Library, tmp_path_factory: pytest.TempPathFactory, accounts_file: Path) -> Iterator[Desk]:
    """The desk and the patrons' pages of one library, where ANNA has a PIN."""
    folder = tmp_path_factory.mktemp("workers")
    library, sockets = begun_folder.copy(folder / "library"), folder / "s"
    sockets.mkdir()
    set_of(library, "ANNA", "pin", PIN)
    with ExitStack() as stack:
        stack.enter_context(pytest.MonkeyPatch.context()).setattr(web_app, "ADDRESS_WRONG_MAX", 3)
        clock = Clock()
        together = stack.enter_context(keeping(sockets, clock))
        workers = []
        for number in range(2):
            worker = Worker(Team(number, 2, sockets), together)

            def area(_: str, clock: Clock, number: int = number) -> PatronArea:
                return PatronArea(Sessions(now=clock, worker=number), True, None, clock)

            tries = together.tries("accounts", most=WRONG_MAX)
            accounts = StaffAccounts(accounts_file, agency=AGENCY, monotonic=clock, tries=tries)
            workers.append(stack.enter_context(serving(library, accounts, patrons=area, worker=worker)))
        yield Desk(workers, library, sockets, clock)
    library.engine.dispose()


@pytest.mark.parametrize("owner", [0, 1])
@pytest.mark.parametrize("at", [0, 1])
def test_a_session_is_the_same_at_each_worker(desk: Desk, owner: int, at: int) -> None:
    browser = desk.move(desk.sign_in(owner), at)
    patron = patron_of(desk.workers[0], "ANNA")
    browser.open("/").send("/find", typed="ANNA")
    assert browser.path == f"/patrons/{patron}"
    browser.send(f"/patrons/{patron}/set", field="blocks", text="Mistet kort")
    assert "Mistet kort" in browser.text
    assert owner_of(browser) == owner


def test_browsers_without_a_session_are_given_to_the_workers_in_turn(desk: Desk) -> None:
    owners = [owner_of(desk.browser().open("/sign-in")) for _ in range(4)]
    assert owners in ([0, 1, 0, 1], [1, 0, 1, 0])


def test_what_is_in_hand_is_found_from_the_other_worker_and_stays_where_it_is(desk: Desk) -> None:
    """The preview of a registration holds personal data."""
    browser = desk.move(desk.sign_in(1), 0).open("/register")
    assert browser.open("/language").answer.status_code == 405
    browser.open("/").send("/language", to="en")
    assert 'lang="en"' in browser.answer.text
    assert 'lang="en"' in desk.move(browser, 1).open("/").answer.text
    assert len(list(desk.folder.iterdir())) == 3


def test_a_cookie_of_a_worker_that_there_is_not_begins_a_new_session(desk: Desk) -> None:
    for cookie in ("7.x", "-1.x", "x.x", "1", ".", "11.x", "²." + "x" * 40):
        answer = desk.browser().jar.get(
            f"{desk.workers[0].url}/", headers={"Cookie": f"cprsync={cookie}".encode()}, timeout=_SECONDS
        )
        assert answer.url.endswith("/sign-in")


def test_wrong_passwords_are_counted_together(desk: Desk) -> None:
    owners = set()
    for _ in range(WRONG_MAX):
        browser = desk.browser().open("/sign-in")
        owners.add(owner_of(browser))
        assert browser.send("/sign-in", name="tried", password=WRONG).path != "/"
    assert owners == {0, 1}
    for owner in (0, 1):
        assert desk.sign_in(owner, "tried").path != "/"
    assert desk.sign_in(0).path == "/"


def test_the_addresses_that_try_cards_are_counted_together_and_are_the_browsers_own(desk: Desk) -> None:
    """A header that a browser makes up is no address, and the other worker's is none either."""
    for number in range(4):
        browser = desk.browser()
        browser.jar.headers["X-Forwarded-For"] = f"192.0.2.{number}"
        browser.open("/me/sign-in").send("/me/sign-in", card="ANNA" if number == 3 else "NOBODY", pin=PIN)
    assert browser.open("/me").path == "/me/sign-in"
    desk.clock.seconds += LOCKED_SECONDS + 1
    browser.open("/me/sign-in").send("/me/sign-in", card="ANNA", pin=PIN)
    assert browser.path == "/me"


def test_a_card_opens_at_either_worker(desk: Desk) -> None:
    for _ in range(2):
        browser = desk.browser().open("/me/sign-in").send("/me/sign-in", card="ANNA", pin=PIN)
        assert browser.path == "/me"
        assert desk.move(browser, 1).open("/me").path == "/me"


def test_a_form_that_is_too_large_is_refused_as_by_one_worker(desk: Desk) -> None:
    texts = set()
    for at in (0, 1):
        browser = desk.move(desk.sign_in(1), at)
        before = desk.library.everything()
        form = {"form_token": browser.token, "typed": "x" * visit.FORM_BYTES_MAX}
        assert browser.post("/find", form).answer.status_code == 400
        assert desk.library.everything() == before
        texts.add(browser.text)
    assert len(texts) == 1


def test_a_form_that_does_not_arrive_in_time_is_refused(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = desk.sign_in(1)
    monkeypatch.setattr(handing, "FORM_SECONDS", 0.3)
    head = (
        f"POST /find HTTP/1.1\r\nHost: localhost\r\nCookie: cprsync={browser.jar.cookies['cprsync']}\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\nform_token="
    )
    with socket.create_connection(("127.0.0.1", int(desk.workers[0].url.rpartition(":")[2])), _SECONDS) as slow:
        slow.sendall(head.encode())
        assert slow.recv(65_536).startswith(b"HTTP/1.1 400")


# -- a worker that is gone ---------------------------------------------------------------------------------


def test_the_sessions_of_a_worker_that_has_ended_are_over_and_the_page_says_so(desk: Desk) -> None:
    browser = desk.sign_in(1)
    before = desk.library.everything()
    with desk.without_second():
        browser.post("/find", {"form_token": browser.token, "typed": "ANNA"})
    assert browser.answer.status_code == 403
    assert "log ind igen" in browser.text
    assert owner_of(browser) == 0
    assert desk.library.everything() == before


def test_a_page_of_a_worker_that_has_ended_leads_to_the_sign_in(desk: Desk) -> None:
    browser = desk.sign_in(1)
    with desk.without_second():
        assert browser.open("/reviews").path == "/sign-in"


@contextmanager
def ends_before_it_answers(desk: Desk) -> Iterator[None]:
    """In place of the second worker: one that takes a request and is gone."""
    with desk.without_second(), socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(desk.folder / "worker1"))
        listener.listen()

        def take() -> None:
            with listener.accept()[0] as taken:
                taken.recv(1)

        thread = threading.Thread(target=take, daemon=True)
        thread.start()
        yield
        thread.join(_SECONDS)
        (desk.folder / "worker1").unlink()


def test_a_form_whose_answer_is_lost_is_not_said_to_be_undone(desk: Desk) -> None:
    browser = desk.sign_in(1)
    with ends_before_it_answers(desk):
        browser.post("/find", {"form_token": browser.token, "typed": "ANNA"})
    assert browser.answer.status_code == 502
    assert "gemt helt eller slet ikke" in browser.text
    assert "Log ind igen" in browser.text
    assert "Content-Security-Policy" in browser.answer.headers


def test_a_page_whose_answer_is_lost_leads_to_the_sign_in(desk: Desk) -> None:
    browser = desk.sign_in(1)
    with ends_before_it_answers(desk):
        browser.open("/reviews")
    assert browser.path == "/sign-in"


def test_a_call_whose_answer_is_lost_says_that_a_part_may_be_done(desk: Desk) -> None:
    browser = desk.sign_in(1)
    proof = {"X-CSRF-Token": browser.token}
    with ends_before_it_answers(desk):
        answer = browser.jar.post(
            f"{browser.url}/api/v1/patrons/find", json={"typed": "ANNA"}, headers=proof, timeout=_SECONDS
        )
    assert (answer.status_code, answer.headers["content-type"]) == (502, "application/problem+json")
    assert (answer.json()["kind"], answer.json()["changed"]) == ("desk.worker", "part")


def test_a_machine_is_answered_where_it_asks_whatever_its_cookie_says(desk: Desk) -> None:
    """Its certificate is seen there alone."""
    browser = desk.sign_in(1)
    with desk.without_second():
        answer = browser.jar.post(
            f"{browser.url}/api/v1/machine/borrower", json={"card": "ANNA", "pin": PIN}, timeout=_SECONDS
        )
    assert (answer.status_code, answer.json()["kind"]) == (401, "machine.unknown")
    assert desk.move(browser, 1).open("/").path == "/"


def test_a_patron_whose_answer_is_lost_is_told_in_their_words(desk: Desk) -> None:
    browser = desk.browser()
    while browser.answer is None or owner_of(browser, "cprsync-me") != 1:
        browser.jar.cookies.clear()
        browser.open("/me/sign-in")
    browser.send("/me/sign-in", card="ANNA", pin=PIN)
    with ends_before_it_answers(desk):
        browser.post("/me/set", {"form_token": browser.token})
    assert browser.answer.status_code == 502
    assert 'href="/me"' in browser.answer.text


def test_what_does_not_come_from_a_worker_is_not_answered(desk: Desk) -> None:
    for sent in (b"GET / HTTP/1.1\r\n\r\n", b"\xff" * 8, b"\0\0\0\2\0\0\0\0{]"):
        with socket.socket(socket.AF_UNIX) as stranger:
            stranger.settimeout(_SECONDS)
            stranger.connect(str(desk.folder / "worker0"))
            stranger.sendall(sent)
            stranger.shutdown(socket.SHUT_WR)
            assert stranger.recv(1) == b""
    assert desk.sign_in(0).path == "/"


@pytest.mark.parametrize("owner", [0, 1])
def test_a_form_that_comes_too_late_waits_at_the_worker_of_its_session(desk: Desk, owner: int) -> None:
    browser = desk.move(desk.sign_in(owner), 1 - owner)
    patron = patron_of(desk.workers[0], "ANNA")
    browser.open(f"/patrons/{patron}")
    for worker in desk.workers:
        worker.clock.seconds += IDLE_SECONDS + 1
    browser.send(f"/patrons/{patron}/set", field="note_to_patron", text="Ring efter 16")
    assert browser.path == "/sign-in"
    desk.move(browser, owner).open("/sign-in").send("/sign-in", name="disk", password=PASSWORD)
    assert browser.path == f"/patrons/{patron}"
    assert "Ring efter 16" in browser.answer.text
