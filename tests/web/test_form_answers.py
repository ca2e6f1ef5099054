"""The answer to a form stands at an address of its own, so that no browser keeps the form with the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from test_box import patron_of
from townspeople import cpr, person

from cprsync.web.memory.sessions import ANSWERS_MAX

if TYPE_CHECKING:
    from browser import Browser, Served


def ask(desk: Served, key: str) -> Browser:
    return desk.browser().open("/").send("/find", typed=cpr(key).digits)


def test_a_form_is_answered_at_an_address_that_says_nothing_of_it(desk: Served) -> None:
    browser = ask(desk, "EDITH")
    (sent,) = browser.answer.history
    assert (sent.request.method, sent.status_code, browser.answer.request.method) == ("POST", 303, "GET")
    assert browser.path.startswith("/answers/")
    assert cpr("EDITH").digits not in browser.answer.url


def test_a_refusal_keeps_its_status_there(desk: Served) -> None:
    browser = desk.browser().open("/").send("/find", typed="K404")
    assert browser.path.startswith("/answers/")
    assert browser.answer.status_code == 404


def test_a_reload_shows_the_answer_again_and_sends_nothing_again(desk: Served) -> None:
    desk.library.register.knows(person("EDITH"))
    browser = ask(desk, "EDITH").send("/register/look-up", purpose="registration")
    shown = browser.text
    assert browser.open(browser.path).text == shown
    assert desk.library.register.looked_up == [cpr("EDITH")]


def test_what_was_opened_for_a_reason_is_shown_once(desk: Served) -> None:
    patron = patron_of(desk, "BO")
    browser = desk.browser().open(f"/patrons/{patron}").send(f"/patrons/{patron}/reveal", reason="Brev")
    assert person("BO").name.addressing in browser.text
    assert browser.open(browser.path).path == "/"
    assert person("BO").name.addressing not in browser.text


def test_nobody_else_sees_the_answer(desk: Served) -> None:
    browser = ask(desk, "EDITH")
    assert desk.browser().open(browser.path).path == "/"


def test_older_answers_make_room(desk: Served) -> None:
    browser = ask(desk, "EDITH")
    first = browser.path
    for _ in range(ANSWERS_MAX):
        browser.open("/").send("/find", typed="K404")
    assert browser.open(first).path == "/"
