"""What is typed stays: in the other language, and while another form of its page is answered. Nothing saves it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest
from browser import Browser, cursor_of
from callers import records
from lxml import html
from test_box import patron_of
from test_one_screen import BESIDE, nobody_is_written
from test_patron_page import PIN
from test_unsent_forms import NOTE, desk, sign_in
from townspeople import cpr, person

from cprsync import web
from cprsync.web.memory.sessions import Sessions
from cprsync.web.memory.unsent import UNSENT_SECONDS, Because, TypedForm, Unsent
from cprsync.web.resuming import ALONG, read_along, without_codes

if TYPE_CHECKING:
    from browser import Served

__all__ = ["desk"]
STAYS, ALSO = "What you had typed is still here", "Du har også skrevet"


def at_record(desk: Served, key: str = "ANNA") -> tuple[Browser, str]:
    patron = patron_of(desk, key)
    return sign_in(desk.browser().open("/sign-in")).open(f"/patrons/{patron}"), patron


def form_of(browser: Browser, field: str) -> dict[str, str]:
    """The form of the page that sets a field."""
    return next(one.values for one in browser.page.forms if one.values.get("field") == field and "text" in one.values)


def change_language(browser: Browser, to: str, action: str, **typed: str) -> Browser:
    """Press the button for the language in the form that is sent to an action."""
    page = html.fromstring(browser.answer.text)
    form = next(
        one
        for one in page.iter("form")
        if one.get("action") == action
        and all(name in one.fields and one.fields[name] == typed[name] for name in KEYS & typed.keys())
        and one.xpath(".//button[contains(@class, 'tongue')]")
    )
    (button,) = form.xpath(".//button[contains(@class, 'tongue')]")
    assert button.get("value") == to
    return browser.post(button.get("formaction"), {**dict(form.form_values()), **typed, "to": to})


#: What says which of the forms of a page it is.
KEYS = {"field", "key", "answer", "doing"}


def carried(action: str, **typed: str) -> str:
    """A form as the script carries it along."""
    return f"{action}?{urlencode(typed)}"


def test_a_form_keeps_what_was_typed_when_its_own_button_changes_the_language(desk: Served) -> None:
    browser, patron = at_record(desk)
    before = records(desk)
    change_language(browser, "en", f"/patrons/{patron}/set", field="note_to_patron", text=NOTE)
    assert browser.path == f"/patrons/{patron}"
    assert STAYS in browser.text
    assert form_of(browser, "note_to_patron")["text"] == NOTE
    # it is not in the way of the page that follows
    assert STAYS not in browser.open(f"/patrons/{patron}").text
    change_language(browser, "da", f"/patrons/{patron}/set", field="note_to_patron", text=NOTE)
    assert form_of(browser, "note_to_patron")["text"] == NOTE
    assert records(desk) == before
    assert [one.url for one in browser.answer.history if "klokken" in one.url] == []
    assert "klokken" not in str(browser.jar.cookies.items())


def test_each_form_in_which_somebody_writes_a_text_has_its_own_button_for_the_language() -> None:
    """Without script nothing else carries along what is typed."""
    without = set()
    for template in Path(web.__file__).parent.rglob("templates/**/*.html"):
        for form in re.findall(r"<form\b.*?</form>", template.read_text(encoding="utf-8"), re.DOTALL):
            if _WRITES.search(form) and "tongue" not in form:
                without.add((template.name, re.findall(r'action="([^"{]*)', form)[0]))
    assert without == _OF_NUMBERS


#: What somebody writes a text into.
_WRITES = re.compile(r"parts\.(?:field|beside)\(|<input(?![^>]*(?:hidden|checkbox))|<textarea")
#: In these forms stand codes and numbers alone, which no form keeps.
_OF_NUMBERS = {
    ("sign_in.html", "/sign-in"),
    ("sign_in.html", "/me/sign-in"),
    ("second.html", ""),
    ("start.html", "/find"),
    ("log.html", "/log/citizen"),
    ("log.html", "/log/watch"),
}


@pytest.mark.parametrize("sheet", ["record", "label"])
def test_why_a_sheet_is_printed_is_kept_in_the_other_language(desk: Served, sheet: str) -> None:
    browser, patron = at_record(desk, "BO")
    path = f"/patrons/{patron}/paper/{sheet}"
    change_language(browser.open(path), "en", path, reason="Brev til låneren")
    assert browser.path == path
    assert STAYS in browser.text
    assert browser.form(path)["reason"] == "Brev til låneren"
    assert person("BO").name.addressing not in browser.answer.text


def test_why_a_correction_is_taken_back_is_kept_in_its_own_form(desk: Served) -> None:
    browser, patron = at_record(desk)
    own = f"/patrons/{patron}/correct"
    browser.send(own, field="name", text="Anna Ny", reason="Viste pas", until="10.06.2027")
    before = records(desk)
    browser.open(f"/patrons/{patron}")
    change_language(browser, "en", own, field="name", doing="withdraw", reason="Passet var forkert")
    kept = [one.values for one in browser.page.forms if one.values.get("reason")]
    assert [(one.get("doing"), one["reason"]) for one in kept] == [("withdraw", "Passet var forkert")]
    assert records(desk) == before


def test_each_form_of_a_page_comes_back_when_the_button_at_its_top_changes_the_language(desk: Served) -> None:
    browser, patron = at_record(desk)
    action = f"/patrons/{patron}"
    along = [
        carried(f"{action}/set", field="note_to_patron", text=NOTE, was=""),
        carried(f"{action}/correct", field="name", text="Anna Ny", reason="Viste pas", until=""),
        "nothing of ours",
        carried("https://evil.example/set", field="internal_note", text="evil"),
        carried(f"{action}/set", field="internal_note", text="\x00evil"),
    ]
    browser.post("/language", {"form_token": browser.token, "to": "en", "back": action, "along": along})
    assert browser.path == action
    assert form_of(browser, "note_to_patron")["text"] == NOTE
    corrected = next(one.values for one in browser.page.forms if one.values.get("text") == "Anna Ny")
    assert (corrected["field"], corrected["reason"]) == ("name", "Viste pas")
    assert "evil" not in browser.answer.text
    assert cursor_of(browser.answer).text_content().startswith("The page is in English now.")


def test_a_second_form_keeps_what_was_typed_in_the_first_whether_it_is_saved_or_refused(desk: Served) -> None:
    browser, patron = at_record(desk)
    action, telephone = f"/patrons/{patron}/set", {"field": "telephones", "doing": "add"}
    along = carried(action, field="note_to_patron", text=NOTE, was="")
    browser.post(action, {"form_token": browser.token, "field": "telephones", "text": "12", "along": along})
    assert browser.answer.status_code == 422
    assert form_of(browser, "note_to_patron")["text"] == NOTE
    assert ALSO in browser.text
    browser.post(action, {"form_token": browser.token, **telephone, "text": "29291717", "along": along})
    assert browser.path == f"/patrons/{patron}"
    assert ALSO in browser.text
    assert form_of(browser, "note_to_patron")["text"] == NOTE
    local = desk.library.store.views.patron(patron).local
    assert "29291717" in [one.number for one in local.telephones]
    assert not local.note_to_patron
    page = html.fromstring(browser.answer.text)
    (filled,) = page.xpath("//form[@data-typed]")
    # it stands open, and a script carries it along again
    assert filled.xpath("ancestor::details/@open") == [""]
    assert ALSO not in browser.open(f"/patrons/{patron}").text


def test_what_a_form_was_for_that_is_no_longer_there_is_put_into_no_other(desk: Served) -> None:
    browser, patron = at_record(desk)
    action = f"/patrons/{patron}/set"
    along = carried(action, field="made_up", text=NOTE)
    browser.post(action, {"form_token": browser.token, "field": "telephones", "text": "12", "along": along})
    assert NOTE not in browser.answer.text
    assert "er ikke på siden mere" in browser.open(f"/patrons/{patron}").text
    assert NOTE not in browser.answer.text


def test_the_form_of_a_refused_change_goes_on_in_the_other_language_at_its_record(desk: Served) -> None:
    browser, patron = at_record(desk)
    action = f"/patrons/{patron}/set"
    browser.send(action, field="telephones", text="12")
    assert browser.path.startswith("/answers/")
    change_language(browser, "en", action, field="telephones", text="1234")
    assert browser.path == f"/patrons/{patron}"
    assert form_of(browser, "telephones")["text"] == "1234"


def test_a_registration_goes_on_in_the_other_language_and_the_register_is_not_asked_again(desk: Served) -> None:
    desk.library.register.knows(person("EDITH"))
    browser = sign_in(desk.browser().open("/sign-in")).open("/").send("/find", typed=cpr("EDITH").digits)
    browser.send("/register/look-up", purpose="registration")
    change_language(browser, "en", "/register/confirm", **BESIDE)
    nobody_is_written(desk, "EDITH")
    held = browser.form("/register/confirm")
    assert (held["cards"], held["emails"], held["pin"]) == ("K900", "edith@example.dk", "")
    assert "Register a patron" in browser.text
    # the code was not kept for the yes either, and the page says so
    assert "Type the PIN again" in browser.text
    browser.send("/register/confirm", pin=BESIDE["pin"])
    assert patron_of(desk, "EDITH")
    assert desk.library.register.looked_up == [cpr("EDITH")]


def test_an_answer_that_cannot_be_asked_for_again_is_kept_with_what_was_typed_on_it(desk: Served) -> None:
    browser = sign_in(desk.browser().open("/sign-in")).open("/").send("/find", typed="K404")
    stood = browser.path
    form = {"form_token": browser.token, "to": "en", "back": "/", "along": carried("/find", typed="K405")}
    browser.post("/language", form)
    assert browser.path == stood
    assert browser.form("/find")["typed"] == "K405"
    assert "The next page is in English." in browser.text
    assert "Find or register a patron" in browser.open("/").text


def test_no_code_is_kept() -> None:
    code, action = "8264", "/patrons/12345678/set"
    assert without_codes(action, {"field": ["pin"], "text": [code]}) is None
    assert read_along({ALONG: [carried(action, field="pin", text=code)]}) == []
    typed = {"form_token": ["token"], "pin": [code], "password": [code], "cards": ["K1"]}
    assert without_codes(action, typed) == TypedForm(action, {"cards": ["K1"]})


def test_what_was_typed_waits_for_its_page_no_longer_than_a_form_without_a_session_does() -> None:
    now = [0.0]
    sessions = Sessions(now=lambda: now[0])
    session = sessions.begin("disk", frozenset())
    typed = Unsent("disk", False, session.form_token, "/", [TypedForm("/find", {"typed": ["Edith"]})], Because.LANGUAGE)
    session.keep_unsent(typed)
    for _ in range(3):
        assert session.find_unsent() == [typed]
        now[0] += UNSENT_SECONDS / 2.5
        sessions.find(session.token)
    assert session.find_unsent() == []


def test_whoever_has_not_signed_in_leaves_nothing_behind(desk: Served) -> None:
    browser = desk.browser().open("/sign-in")
    typed = {"form_token": browser.token, "to": "en", "back": "/sign-in", "along": carried("/sign-in", name="anna")}
    browser.post("/language", typed)
    assert (browser.path, "anna" in browser.answer.text) == ("/sign-in", False)


def test_a_patrons_forms_keep_what_was_typed_in_the_other_language_and_beside_another_form(desk: Served) -> None:
    browser = desk.browser().open("/me/change").send("/me/sign-in", card="ANNA", pin=PIN)
    change_language(browser, "en", "/me/set", field="telephones", text="29291717")
    assert browser.path == "/me/change"
    assert STAYS in browser.text
    assert form_of(browser, "telephones")["text"] == "29291717"
    along = carried("/me/set", field="telephones", text="29291717")
    browser.post("/me/set", {"form_token": browser.token, "field": "emails", "text": "anna@example.dk", "along": along})
    assert form_of(browser, "telephones")["text"] == "29291717"
    local = desk.library.store.views.patron(patron_of(desk, "ANNA")).local
    assert "29291717" not in [one.number for one in local.telephones]
    assert [one.address for one in local.emails] == ["anna@example.dk"]
