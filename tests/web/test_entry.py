"""Who is let in: forms of our own pages alone, on this machine's names alone, with nothing kept by the browser."""

from __future__ import annotations

import asyncio
import json
from dataclasses import fields
from typing import TYPE_CHECKING

import pytest
import requests
from test_box import patron_of
from townspeople import cpr, person

from cprsync.domain.desk.roles import EVERY_ROLE
from cprsync.services.desk.own import SignedInByClaim
from cprsync.web.api.changing import LinkMade, NumberGiven
from cprsync.web.api.registering import Written
from cprsync.web.app import HEADERS
from cprsync.web.memory.sessions import (
    ENDED_SECONDS,
    IDLE_SECONDS,
    IN_HAND_MAX,
    LONGEST_SECONDS,
    SESSIONS_MAX,
    KeptText,
    Session,
    Sessions,
)
from cprsync.web.pages.queue import Bulk
from cprsync.web.pages.registering import Number
from cprsync.web.pages.seconding import Held
from cprsync.web.visit import FORM_BYTES_MAX, FORM_FIELDS_MAX, own_path

if TYPE_CHECKING:
    from browser import Served

ADDED = {"field": "telephones", "text": "20304050"}


def refuses(desk: Served, patron: str, answer: requests.Response, status: int) -> None:
    """Nothing was written, and nobody was told."""
    assert answer.status_code == status
    assert desk.library.store.views.patron(patron).local.telephones == ()
    assert desk.site.told == []


def test_a_form_without_our_token_is_refused(desk: Served) -> None:
    patron = patron_of(desk, "ANNA")
    browser = desk.browser().open(f"/patrons/{patron}")
    refuses(desk, patron, browser.post(f"/patrons/{patron}/set", ADDED).answer, 403)


def test_a_form_with_another_sessions_token_is_refused(desk: Served) -> None:
    patron = patron_of(desk, "ANNA")
    other, browser = desk.browser().open("/"), desk.browser().open("/")
    form = {**ADDED, "form_token": other.token}
    refuses(desk, patron, browser.post(f"/patrons/{patron}/set", form).answer, 403)


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_form_that_another_site_sends_is_refused(desk: Served, site: str) -> None:
    patron = patron_of(desk, "ANNA")
    browser = desk.browser().open("/")
    form = {**ADDED, "form_token": browser.token}
    refuses(desk, patron, browser.post(f"/patrons/{patron}/set", form, headers={"Sec-Fetch-Site": site}).answer, 403)


def test_a_form_without_a_session_is_refused_and_begins_none_under_its_own_token(desk: Served) -> None:
    patron = patron_of(desk, "ANNA")
    chosen = {"cprsync": "chosen-by-somebody-else"}
    answer = requests.post(f"{desk.url}/patrons/{patron}/set", data=ADDED, cookies=chosen, timeout=20)
    refuses(desk, patron, answer, 403)
    assert answer.cookies["cprsync"] != chosen["cprsync"]


@pytest.mark.parametrize(
    "body", [b"x" * (FORM_BYTES_MAX + 1), "&".join(f"f{n}=1" for n in range(FORM_FIELDS_MAX + 1)).encode(), b"\xff=1"]
)
def test_a_form_that_is_too_large_or_unreadable_is_refused(desk: Served, body: bytes) -> None:
    browser = desk.browser().open("/")
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = browser.jar.post(f"{desk.url}/find", data=body, headers=headers, timeout=20)
    assert answer.status_code == 400


def test_what_is_no_form_is_refused(desk: Served) -> None:
    browser = desk.browser().open("/")
    assert browser.jar.post(f"{desk.url}/find", json={"typed": "K1"}, timeout=20).status_code == 400


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "10.0.0.1"])
def test_another_name_than_this_machines_is_not_answered(desk: Served, host: str) -> None:
    """A page of another host that has its name point here gets nothing."""
    answer = requests.get(desk.url, headers={"Host": host}, timeout=20)
    assert answer.status_code == 400
    assert "form_token" not in answer.text


@pytest.mark.parametrize("path", ["/", "/register", "/reviews", "/nowhere", "/static/none.css", "/patrons/00000000"])
def test_every_answer_carries_the_headers(desk: Served, path: str) -> None:
    answer = requests.get(desk.url + path, timeout=20)
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
    assert "server" not in answer.headers


def test_the_cookie_is_for_this_site_and_no_script(desk: Served) -> None:
    cookie = requests.get(desk.url, timeout=20).headers["set-cookie"]
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= {part.strip() for part in cookie.split(";")}


@pytest.mark.parametrize(
    "path", ["/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2fapp.py", "/patrons/..%2f.."]
)
def test_a_path_out_of_its_folder_leads_nowhere(desk: Served, path: str) -> None:
    with requests.Session() as jar:
        asked = requests.Request("GET", desk.url).prepare()
        asked.url = desk.url + path
        assert jar.send(asked, timeout=20).status_code == 404


@pytest.mark.parametrize("method", ["PUT", "DELETE", "POST"])
def test_a_page_takes_no_other_request(desk: Served, method: str) -> None:
    assert requests.request(method, f"{desk.url}/reviews", timeout=20).status_code == 405


def test_english_is_one_click_away_and_stays(desk: Served) -> None:
    browser = desk.browser().open("/reviews").send("/language", to="en")
    assert browser.path == "/reviews"
    assert "Show cases" in browser.text
    assert "Find or register a patron" in browser.open("/").text


def test_english_after_an_answered_form_leads_to_a_page_that_can_be_asked_for(desk: Served) -> None:
    browser = desk.browser().open("/").send("/find", typed="K404").send("/language", to="en")
    assert (browser.answer.status_code, browser.path) == (200, "/")
    assert "Find or register a patron" in browser.text


@pytest.mark.parametrize(
    "text",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "/a\r\nSet-Cookie: x=1", "evil", "", "javascript:x"],
)
def test_no_form_leads_to_another_host(text: str) -> None:
    assert own_path(text) == "/"


def test_a_path_of_ours_leads_there() -> None:
    assert own_path("/patrons/12345678") == "/patrons/12345678"


# -- sessions ----------------------------------------------------------------------------------------------


def test_a_session_that_is_not_used_ends_and_its_form_does_nothing(desk: Served) -> None:
    """Within two hours it is shown again, for another yes: see `test_unsent_forms`."""
    patron = patron_of(desk, "ANNA")
    browser = desk.browser().open(f"/patrons/{patron}")
    desk.clock.seconds += IDLE_SECONDS + ENDED_SECONDS + 1
    browser.send(f"/patrons/{patron}/set", **ADDED)
    assert "for længe" in browser.text
    refuses(desk, patron, browser.answer, 403)


def test_a_session_that_is_used_ends_at_the_end_of_the_day() -> None:
    now = [0.0]
    sessions = Sessions(now=lambda: now[0])
    session = sessions.begin("lisbeth", EVERY_ROLE)
    while now[0] + IDLE_SECONDS <= LONGEST_SECONDS:
        now[0] += IDLE_SECONDS
        assert sessions.find(session.token) is session
    now[0] += IDLE_SECONDS
    assert sessions.find(session.token) is None


def test_a_session_of_a_time_to_come_ends_when_the_clock_is_put_back() -> None:
    """Nobody knows how long it has not been used: it could stand open until the clock is there again."""
    now = [2 * LONGEST_SECONDS]
    sessions = Sessions(now=lambda: float(now[0]))
    session, stranger = sessions.begin("lisbeth", EVERY_ROLE), sessions.begin("", frozenset())
    now[0] -= IDLE_SECONDS
    assert sessions.find(session.token) is None
    assert sessions.find(stranger.token) is None


def test_two_machines_whose_clocks_differ_a_little_keep_a_session() -> None:
    now = [1_000.0]
    sessions = Sessions(now=lambda: now[0])
    session = sessions.begin("lisbeth", EVERY_ROLE)
    now[0] -= 60
    assert sessions.find(session.token) is session


def test_a_session_holds_values_alone_and_asks_nobody_by_itself() -> None:
    """A lock or a function cannot be written and read back in another process."""
    session = Sessions(now=lambda: 0.0).begin("00001234", frozenset(), is_of_provider=True)
    session.signed_in_by = SignedInByClaim("patron", "00001234")
    held = [getattr(session, one.name) for one in fields(session)]
    assert [one for one in held if callable(one) or isinstance(one, asyncio.Lock)] == []


def test_two_forms_of_one_session_are_answered_one_after_the_other_and_those_of_two_at_once() -> None:
    sessions, order = Sessions(now=lambda: 0.0), list[str]()
    one, other = (sessions.begin(user, EVERY_ROLE) for user in ("lisbeth", "disk"))

    async def answer(session: Session, name: str) -> None:
        async with sessions.one_at_a_time(session):
            order.append(f"{name} begins")
            await asyncio.sleep(0.01)
            order.append(f"{name} ends")

    async def answer_all() -> None:
        await asyncio.gather(answer(one, "first"), answer(one, "second"), answer(other, "other"))

    asyncio.run(answer_all())
    assert order[:2] == ["first begins", "other begins"]
    assert order.index("second begins") > order.index("first ends")


def test_sessions_and_what_they_hold_have_a_ceiling() -> None:
    sessions = Sessions(now=lambda: 0.0)
    first, *_ = [sessions.begin("lisbeth", EVERY_ROLE) for _ in range(SESSIONS_MAX + 1)]
    assert sessions.find(first.token) is None
    session = sessions.begin("lisbeth", EVERY_ROLE)
    keys = [session.put(number) for number in range(IN_HAND_MAX + 1)]
    assert [session.held(key, int) for key in keys] == [None, *range(1, IN_HAND_MAX + 1)]


@pytest.mark.parametrize(
    "what",
    [
        "K900",
        Number(cpr("EDITH"), was_typed=True, typed={"name": "Edith"}, answers="10000001"),
        Bulk((1, 2), "sha256:1"),
        Held("/patrons/10000001/set", {"text": ["én", "to"]}, 7),
        Written({"written": {"patron": "10000001", "warnings": [None, 1.5]}, "told": False}),
        NumberGiven("10000001", {"done": {}, "told": True}),
        LinkMade("10000001", {"responsibles": ["10000002"]}),
    ],
    ids=lambda what: type(what).__name__,
)
def test_what_is_in_hand_is_read_from_a_text_as_it_was(what: object) -> None:
    text = json.loads(json.dumps(KeptText.of(what).text.decode()))
    assert KeptText(type(what).__name__, text.encode()).read(type(what)) == what


def test_what_another_version_of_the_program_kept_is_no_more_in_hand_and_is_quoted_nowhere() -> None:
    text = KeptText.of(Held("/", {}, 7)).text
    assert KeptText(Number.__name__, text).read(Number) is None
    assert KeptText(Held.__name__, text).read(Number) is None


def test_what_one_browser_has_in_hand_is_nothing_to_another(desk: Served) -> None:
    desk.library.register.knows(person("EDITH"))
    browser = desk.browser().open("/").send("/find", typed=cpr("EDITH").digits)
    key = browser.form("/register/look-up")["key"]
    other = desk.browser().open("/")
    other.post("/register/look-up", {"form_token": other.token, "key": key, "purpose": "registration"})
    assert desk.library.register.looked_up == []


def test_an_error_that_nobody_foresaw_shows_a_reference_and_tells_no_log_what_it_quotes(
    desk: Served, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    def breaks(*_: object) -> None:
        raise RuntimeError(cpr("ANNA").digits)

    monkeypatch.setattr("cprsync.web.pages.finding.Finder", breaks)
    browser = desk.browser().open("/").send("/find", typed=cpr("ANNA").digits)
    assert browser.answer.status_code == 500
    assert "uventet fejl" in browser.text
    assert {name: browser.answer.headers.get(name) for name in HEADERS} == HEADERS
    said = browser.answer.text + caplog.text + "".join(capfd.readouterr())
    assert cpr("ANNA").digits not in said
    # the place at the desk is free again
    assert desk.browser().open("/").answer.status_code == 200
