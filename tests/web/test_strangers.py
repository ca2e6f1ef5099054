"""Strangers, odd paths and haste: nobody is signed out, nothing is asked of the store, and a form is done once."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
import requests

from cprsync.domain.desk.roles import EVERY_ROLE
from cprsync.web.memory.sessions import IDLE_SECONDS, SESSIONS_MAX, STRANGERS_MAX, Sessions, worker_of

if TYPE_CHECKING:
    from browser import Served


OWN_WORDS = {"name": "Gæst Gæstesen", "birth_date": "1990-01-01", "address": "Havnegade 1, 8000 Aarhus C"}


def test_strangers_sign_nobody_out() -> None:
    """A request without a cookie costs nothing: a thousand of them must not end the sessions of staff."""
    sessions = Sessions(now=lambda: 0.0)
    staff = sessions.begin("lisbeth", EVERY_ROLE)
    for _ in range(STRANGERS_MAX + SESSIONS_MAX):
        sessions.begin("", frozenset())
    assert sessions.find(staff.token) is staff


def test_strangers_end_nobodys_form_of_signing_in() -> None:
    """Else a thousand requests, again and again, would let nobody sign in."""
    now = [100.5]
    sessions = Sessions(now=lambda: now[0], worker=3)
    first = sessions.begin("", frozenset())
    staff = sessions.begin("lisbeth", EVERY_ROLE)
    for _ in range(STRANGERS_MAX):
        sessions.begin("", frozenset())
    again = sessions.find(first.token)
    assert again is not None
    assert again is not first
    assert (again.form_token, again.user, again.roles) == (first.form_token, "", frozenset())
    assert worker_of(first.token) == 3
    # nobody makes one, and no session that somebody signed in to comes back
    body, _, seal = first.token.rpartition("~")
    older = body.replace("~100", "~99")
    for token in (body, f"{older}~{seal}", f"{body}~{'0' * len(seal)}", f"{body}~\xe6", "~", "~~", ""):
        assert sessions.find(token) is None
    sessions.end(staff)
    assert sessions.find(staff.token) is None
    now[0] += IDLE_SECONDS + 1
    assert sessions.find(first.token) is None


def test_a_link_from_another_site_leaves_the_session_as_it_is(desk: Served) -> None:
    """The browser keeps the cookie back: another cookie would end the session that the person has."""
    answer = requests.get(f"{desk.url}/reviews", headers={"Sec-Fetch-Site": "cross-site"}, timeout=20)
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    assert answer.headers["refresh"] == "0; url=/reviews?again"
    assert "form_token" not in answer.text


def test_a_browser_is_told_once_to_ask_again(desk: Served) -> None:
    answer = requests.get(f"{desk.url}/reviews?again", headers={"Sec-Fetch-Site": "cross-site"}, timeout=20)
    assert "refresh" not in answer.headers


@pytest.mark.parametrize("number", ["9" * 19, "9" * 30, "9" * 5_000])
@pytest.mark.parametrize("page", ["nights", "reviews"])
def test_a_number_that_no_page_has_is_a_page_that_is_not_there(desk: Served, page: str, number: str) -> None:
    assert requests.get(f"{desk.url}/{page}/{number}", timeout=20).status_code == 404


@pytest.mark.parametrize("patron", ["%00", "a%00b", "x" * 5_000, "%0d%0aSet-Cookie:x"])
def test_a_path_that_no_patron_has_is_a_page_that_is_not_there(desk: Served, patron: str) -> None:
    answer = requests.get(f"{desk.url}/patrons/{patron}", timeout=20)
    assert answer.status_code == 404


def test_no_answer_leads_to_where_a_host_header_says(desk: Served) -> None:
    answer = requests.get(f"{desk.url}/reviews/", headers={"Host": "localhost:1"}, allow_redirects=False, timeout=20)
    assert "location" not in answer.headers
    assert answer.status_code == 404


# -- the same form twice ------------------------------------------------------------------------------------


def test_a_form_that_is_sent_twice_at_once_is_done_once(desk: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a CPR number nothing else would see that both are the same person."""
    from cprsync.web.pages import registering

    confirm = registering.confirm_addition

    def confirm_slowly(*given: Any, **more: Any) -> dict[str, Any]:
        time.sleep(0.3)
        return confirm(*given, **more)

    monkeypatch.setattr(registering, "confirm_addition", confirm_slowly)
    browser = desk.browser().open("/register").send("/register/check", **OWN_WORDS)
    form = browser.form("/register/confirm")
    cookies = {"cprsync": browser.jar.cookies["cprsync"]}

    def confirm_once() -> None:
        requests.post(f"{desk.url}/register/confirm", data=form, cookies=cookies, timeout=20)

    threads = [threading.Thread(target=confirm_once) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(desk.site.told) == 1
