"""What is printed: the record, the statement and a label; of a protected patron for a reason, no label of the dead."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from lxml import html
from test_box import patron_of
from test_responsibles import add as add_responsible_to
from test_sealed_views import reveals
from townspeople import dies, gains_protection, person

if TYPE_CHECKING:
    from browser import Served

SHEETS = ("record", "statement", "label")
ROAD = "Uglesporet"


@pytest.mark.parametrize("sheet", SHEETS)
def test_an_open_record_is_printed_without_a_reason_and_without_a_trace(desk: Served, sheet: str) -> None:
    browser = desk.browser().open(f"/patrons/{patron_of(desk, 'ANNA')}/paper/{sheet}")
    assert person("ANNA").name.addressing in browser.answer.text.partition('class="sheet')[2]
    assert reveals(desk.library) == []


@pytest.mark.parametrize("sheet", SHEETS)
def test_a_protected_patron_is_printed_for_a_reason_that_the_audit_has_first(desk: Served, sheet: str) -> None:
    patron, name = patron_of(desk, "BO"), person("BO").name.addressing
    path = f"/patrons/{patron}/paper/{sheet}"
    browser = desk.browser().open(path)
    assert name not in browser.answer.text
    browser.send(path, reason=" ")
    assert browser.answer.status_code == 422
    assert name not in browser.answer.text
    assert reveals(desk.library) == []
    browser.send(path, reason="Låneren bad om det på papir")
    assert name in browser.answer.text.partition('class="sheet')[2]
    assert [entry["user"] for entry in reveals(desk.library)] == ["lisbeth"]
    assert name not in browser.page.title
    assert name not in browser.open(path).answer.text


def test_a_reason_that_cannot_be_kept_opens_nothing(desk: Served) -> None:
    path = f"/patrons/{patron_of(desk, 'BO')}/paper/label"
    browser = desk.browser().open(path).send(path, reason="x" * 201)
    assert browser.answer.status_code == 422
    assert person("BO").name.addressing not in browser.answer.text
    assert reveals(desk.library) == []


def test_a_label_has_the_contact_address_before_the_registers(desk: Served) -> None:
    patron = patron_of(desk, "ANNA")
    browser = desk.browser().open(f"/patrons/{patron}/paper/label")
    before = browser.answer.text.partition('class="sheet label"')[2]
    browser.open(f"/patrons/{patron}")
    browser.send(f"/patrons/{patron}/set", field="contact_address", text="c/o Bo\nHavnegade 1\n8000 Aarhus C")
    after = browser.open(f"/patrons/{patron}/paper/label").answer.text.partition('class="sheet label"')[2]
    assert "Havnegade 1" not in before
    assert "Havnegade 1" in after


def test_no_label_is_printed_for_the_dead(desk: Served) -> None:
    patron = patron_of(desk, "CLARA")
    desk.library.deliver(desk.library.clock.today(), dies(person("CLARA")))
    desk.library.one_night()
    browser = desk.browser().open(f"/patrons/{patron}/paper/label")
    assert 'class="sheet' not in browser.answer.text
    assert "låneren er død" in browser.text


def test_what_only_staff_see_is_not_on_the_printed_record(desk: Served) -> None:
    patron = patron_of(desk, "ANNA")
    browser = desk.browser().open(f"/patrons/{patron}")
    browser.send(f"/patrons/{patron}/set", field="internal_note", text="Glemt sundhedskort i skuffen")
    assert "Glemt sundhedskort" in browser.text
    assert "Glemt sundhedskort" not in browser.open(f"/patrons/{patron}/paper/record").answer.text


def test_the_printed_record_says_that_the_library_corrected_it_and_not_who_there(desk: Served) -> None:
    """The sheet is the patron's. A citizen is told which library acted, and not which employee."""
    patron = patron_of(desk, "ANNA")
    lease = {"field": "municipality", "text": "0101", "reason": "Viste sin lejekontrakt", "until": "1.5.2027"}
    browser = desk.browser().open(f"/patrons/{patron}").send(f"/patrons/{patron}/correct", **lease)
    assert "rettelse: lisbeth" in browser.text
    sheet = browser.open(f"/patrons/{patron}/paper/record").answer.text.partition('class="sheet')[2]
    assert "rettelse: Byens bibliotek" in sheet
    assert "lisbeth" not in sheet


@pytest.fixture
def child(desk: Served) -> str:
    """LIV is a minor patron, ANNA answers for her."""
    desk.library.enrol("LIV")
    desk.library.register.knows(person("LIV"))
    desk.library.deliver(desk.library.clock.today())
    desk.library.one_night()
    add_responsible_to(desk.library, "LIV", "ANNA")
    return patron_of(desk, "LIV")


def test_the_childs_sheet_and_page_name_who_answers(desk: Served, child: str) -> None:
    anna, name = patron_of(desk, "ANNA"), person("ANNA").name.addressing
    browser = desk.browser().open(f"/patrons/{child}/paper/record")
    assert f"{name} · Låner {anna}" in browser.text
    browser.open(f"/patrons/{child}")
    assert f'<a href="/patrons/{anna}">{name} · Låner {anna}</a>' in browser.answer.text


def test_a_hidden_name_of_whoever_answers_is_on_no_sheet_and_page_of_the_child(desk: Served, child: str) -> None:
    anna, name = patron_of(desk, "ANNA"), person("ANNA").name.addressing
    desk.library.deliver(desk.library.clock.today(), gains_protection(person("ANNA")))
    desk.library.one_night()
    for path in (f"/patrons/{child}", f"/patrons/{child}/paper/record"):
        browser = desk.browser().open(path)
        assert f"Låner {anna}" in browser.text
        assert name not in browser.answer.text


def test_a_hidden_childs_sheet_names_who_answers_only_when_it_is_opened(desk: Served, child: str) -> None:
    """Who answers for a child is mostly who the child lives with."""
    name = person("ANNA").name.addressing
    desk.library.deliver(desk.library.clock.today(), gains_protection(person("LIV")))
    desk.library.one_night()
    path = f"/patrons/{child}/paper/record"
    browser = desk.browser().open(path)
    assert name not in browser.answer.text
    browser.send(path, reason="Værgen bad om det på papir")
    assert name in browser.text


@pytest.mark.parametrize("sheet", SHEETS)
def test_a_sheet_has_a_button_to_print_that_a_script_brings(desk: Served, sheet: str) -> None:
    """Without script there is no button that does nothing: the page says which keys print."""
    page = html.fromstring(desk.browser().open(f"/patrons/{patron_of(desk, 'ANNA')}/paper/{sheet}").answer.text)
    (button,) = page.xpath("//button[@data-print]")
    assert (button.get("type"), button.get("hidden"), button.xpath("ancestor::form")) == ("button", "", [])
    assert page.xpath("//noscript//p/text()") == ["Tryk Ctrl+P for at udskrive."]


def test_a_record_leads_to_its_sheets_by_their_names_and_only_a_sheet_prints(desk: Served) -> None:
    patron = patron_of(desk, "ANNA")
    browser = desk.browser().open(f"/patrons/{patron}")
    page = html.fromstring(browser.answer.text)
    sheets = page.xpath("//h3[.='Ark til udskrift']/following-sibling::ul[1]//a")
    assert [one.get("href").rpartition("/")[2] for one in sheets] == list(SHEETS)
    assert "Udskriv" not in browser.text
    for one in sheets:
        sheet = html.fromstring(browser.open(one.get("href")).answer.text)
        assert sheet.xpath("string(//h1)") == one.text
        assert sheet.xpath("string(//button[@data-print])") == "Udskriv"
