"""The answer to a form stands at an address of its own, so that no browser keeps the form with the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from test_box import patron_of
from test_desk_statements import look_up
from test_set_cpr import MADE, enrol
from test_setting import set_
from test_unregistered import write
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


@pytest.mark.parametrize("meanwhile", ["a colleague looks", "they are protected"])
def test_a_reload_shows_nobody_as_they_were_before_a_change(desk: Served, meanwhile: str) -> None:
    patron = enrol(desk.library, MADE[0])
    write(desk.library, patron, "name", "Edith Uden Nummer")
    browser = desk.browser().open(f"/patrons/{patron}")
    browser.send(f"/patrons/{patron}/set", field="telephones", text="nobody")
    assert "Edith Uden Nummer" in browser.text
    shown = browser.path
    look_up(desk.browser().open(f"/patrons/{patron_of(desk, 'ANNA')}"))
    desk.browser().open(f"/patrons/{patron_of(desk, 'CLARA')}")
    if meanwhile == "a colleague looks":
        assert "Edith Uden Nummer" in browser.open(shown).text
        return
    write(desk.library, patron, "protection", "ja")
    assert browser.open(shown).path == "/"
    assert "Edith Uden Nummer" not in browser.text
    assert "vises ikke igen" in browser.text
    assert browser.open(shown).path == "/"


def test_an_answer_is_shown_although_a_colleague_changes_something_before_it_is_asked_for(desk: Served) -> None:
    browser = desk.browser().open("/")
    sent = browser.jar.post(
        f"{desk.url}/find",
        data={"form_token": browser.token, "typed": cpr("EDITH").digits},
        allow_redirects=False,
        timeout=20,
    )
    set_(desk.library, "internal_note", "Ringer mandag")
    assert browser.open(sent.headers["location"]).path.startswith("/answers/")


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
