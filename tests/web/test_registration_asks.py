"""Registration asks what it needs: where letters go, whether notices are sent, and what has to be read first."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from test_box import patron_of
from test_one_screen import look_up
from test_setting import set_
from townspeople import dies, gains_protection, person

from cprsync.errors import RegisterUnavailable

if TYPE_CHECKING:
    from browser import Browser, Served

LETTERS = "Hvor skal breve sendes hen?"


def checked(browser: Browser, field: str) -> bool:
    """Whether the form sends notices to what is typed."""
    found = re.search(rf'<input type="checkbox" name="{field}_notices"[^>]*>', browser.answer.text)
    assert found is not None
    return "checked" in found[0]


def begins(desk: Served, way: str) -> Browser:
    """The form of each of the three ways to register somebody."""
    if way == "unregistered":
        return desk.browser().open("/register")
    if way == "provisional":
        desk.library.register.down = RegisterUnavailable("no answer in time", kind="register.unavailable")
    else:
        desk.library.register.knows(person("EDITH"))
    return look_up(desk, "EDITH")


def test_somebody_whose_address_is_hidden_is_asked_where_letters_go_and_the_answer_is_kept(desk: Served) -> None:
    desk.library.register.knows(gains_protection(person("EDITH")))
    browser = look_up(desk, "EDITH")
    assert LETTERS in browser.text
    browser.send("/register/confirm", cards="K900", contact_address="Postboks 7\n8000 Aarhus C")
    view = desk.library.store.views.patron(patron_of(desk, "EDITH"))
    assert view.local.contact_address == ("Postboks 7", "8000 Aarhus C")
    assert "Postboks 7" not in browser.answer.text


@pytest.mark.parametrize("way", ["register", "provisional", "unregistered"])
def test_nobody_else_is_asked_where_letters_go(desk: Served, way: str) -> None:
    assert LETTERS not in begins(desk, way).text


@pytest.mark.parametrize("way", ["register", "provisional", "unregistered"])
def test_notices_are_on_for_what_is_typed_until_staff_say_otherwise(desk: Served, way: str) -> None:
    browser = begins(desk, way)
    assert checked(browser, "telephones")
    assert checked(browser, "emails")
    form = browser.page.forms[-1]
    typed = {**form.values, "name": "Edith Uden", "telephones": "none", "emails": "edith@example.dk"}
    del typed["emails_notices"]
    browser.post(form.action, typed)
    # something is wrong, and the form shows what staff chose
    assert browser.answer.status_code == 422
    assert (checked(browser, "telephones"), checked(browser, "emails")) == (True, False)


def row_of(browser: Browser, field: str) -> dict[str, str]:
    """The form of a row that adds an entry."""
    (form,) = (one for one in browser.page.forms if one.values.get("field") == field and "doing" not in one.values)
    return form.values


def proposes(browser: Browser, field: str) -> bool:
    """Whether the row of a record proposes that notices go to what is added."""
    return "text_notices" in row_of(browser, field)


def test_the_row_of_a_record_proposes_notices_as_registration_does_until_something_gets_them(desk: Served) -> None:
    patron = patron_of(desk, "ANNA")
    for field in ("telephones", "emails"):
        set_(desk.library, field, None)
    browser = desk.browser().open(f"/patrons/{patron}")
    assert (proposes(browser, "telephones"), proposes(browser, "emails")) == (True, True)
    # staff say otherwise: what is wrong comes back as they left it
    unticked = {name: text for name, text in row_of(browser, "telephones").items() if name != "text_notices"}
    browser.post(f"/patrons/{patron}/set", unticked | {"text": "none"})
    assert (proposes(browser, "telephones"), proposes(browser, "emails")) == (False, True)
    browser.send(f"/patrons/{patron}/set", field="telephones", text="20304050", text_notices="yes")
    # the next one takes them from nobody
    assert (proposes(browser, "telephones"), proposes(browser, "emails")) == (False, True)


def test_the_row_of_somebody_hidden_proposes_no_notices(desk: Served) -> None:
    """What gets them already is not to be seen, and a new number would take them from it."""
    set_(desk.library, "telephones", "*20304050", key="BO")
    browser = desk.browser().open(f"/patrons/{patron_of(desk, 'BO')}")
    assert not proposes(browser, "telephones")


def test_a_warning_stands_before_the_first_field_and_is_read_first(desk: Served) -> None:
    desk.library.register.knows(dies(person("EDITH")))
    page = look_up(desk, "EDITH").answer.text
    warnings, field = page.index('class="warnings" role="alert"'), page.index('id="cards"')
    assert warnings < field
    assert re.search(r'class="warnings" role="alert"[^>]*tabindex="-1" autofocus', page)


def test_without_a_warning_the_cursor_is_in_the_first_field(desk: Served) -> None:
    desk.library.register.knows(person("EDITH"))
    page = look_up(desk, "EDITH").answer.text
    assert 'class="warnings"' not in page
    assert re.search(r'<input id="cards"[^>]* autofocus', page)


def test_a_municipality_is_shown_and_chosen_by_its_name(desk: Served) -> None:
    desk.library.register.knows(person("EDITH"))
    assert "Aarhus (0751)" in look_up(desk, "EDITH").text
    page = desk.browser().open(f"/patrons/{patron_of(desk, 'ANNA')}").answer.text
    assert "Aarhus (0751)" in page
    names = re.findall(r'<option value="0\d\d\d"[^>]*>([^<]+) \(0\d\d\d\)</option>', page)
    assert len(names) > 90
    assert names == sorted(names)


def test_the_municipality_of_somebody_without_a_number_is_chosen_by_name_and_kept(desk: Served) -> None:
    browser = begins(desk, "unregistered")
    assert '<option value="0101">København (0101)</option>' in browser.answer.text
    typed = {"name": "Edith Uden", "birth_date": "10.04.1980", "municipality": "0101", "cards": "K900"}
    browser.send("/register/check", **typed)
    assert '<option value="0101" selected>' in browser.answer.text
    browser.post("/register/confirm", {**browser.form("/register/confirm"), **typed})
    assert "København (0101)" in browser.text
    patron = browser.path.removeprefix("/patrons/").partition("#")[0]
    assert desk.library.row(patron)["municipality"] == "0101"


def test_a_municipality_that_nobody_corrected_is_not_shown_over_a_dash(desk: Served) -> None:
    """The row said: rettelse: lisbeth, 20. marts 2027 – ; ellers: –."""
    browser = desk.browser().open("/register")
    typed = {"name": "Edith Uden", "birth_date": "10.04.1980", "municipality": "0101"}
    browser.send("/register/check", **typed).send("/register/confirm", municipality="0101")
    said = re.search(r"rettelse: .*?</p>", browser.answer.text)
    assert said is not None
    assert "–" not in said[0]


@pytest.mark.parametrize("way", ["register", "provisional"])
def test_nobody_whom_the_register_may_know_is_asked_for_their_municipality(desk: Served, way: str) -> None:
    assert 'name="municipality"' not in begins(desk, way).answer.text
