"""A value is changed where it stands: each row of a record has its own form, and says there what came of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from browser import cursor_of
from callers import records
from lxml import html
from test_box import patron_of
from test_sealed_views import reveals
from townspeople import person

from cprsync.domain.patron.field import Owner
from cprsync.domain.patron.fields import FIELD, FIELDS
from cprsync.domain.patron.override import Overridden
from cprsync.language.words import desk_word

if TYPE_CHECKING:
    from browser import Browser, Served
    from lxml.html import HtmlElement

    from cprsync.domain.patron.field import Field

#: A refused value of each kind of form: what is sent, and the input that is wrong.
_CORRECTION = {"field": "municipality", "text": "0101", "reason": "Viste sin lejekontrakt", "until": "1.5.2027"}


def record(desk: Served, key: str) -> Browser:
    return desk.browser().open(f"/patrons/{patron_of(desk, key)}")


def row_of(browser: Browser, field: str) -> HtmlElement:
    (row,) = html.fromstring(browser.answer.text).xpath(f'//tr[@id="{field}"]')
    return row


def text_of(element: HtmlElement) -> str:
    return " ".join(element.text_content().split())


def test_the_rows_that_can_be_changed_are_those_of_the_field_table(desk: Served) -> None:
    page = html.fromstring(record(desk, "ANNA").answer.text)
    with_form = set(page.xpath('//tr[.//details[@class="change"]]/@id'))
    assert with_form == {field.key for field in FIELDS if field.settable or field.correctable or field.names_patron}
    # each has one form, and no other place on the page has any of them
    assert len(page.xpath('//details[@class="change"]')) == len(with_form)
    outside = [form.get("action") for form in page.xpath('//main//form[not(ancestor::details[@class="change"])]')]
    assert {action.rpartition("/")[2] for action in outside} == {"look-up"}


def test_what_may_be_corrected_is_said_once() -> None:
    """The field table says it; `Overridden` has what each correction means."""
    assert {field.key for field in FIELDS if field.correctable} == {one.value for one in Overridden}


@pytest.mark.parametrize("field", [field for field in FIELDS if field.is_changed], ids=lambda field: field.key)
def test_each_form_says_who_decides_the_value(desk: Served, field: Field) -> None:
    form = row_of(record(desk, "ANNA"), field.key).find(".//details")
    # no rule about age has given the group: staff chose it
    owner = Owner.STAFF if field.key == "group" else field.owner
    assert desk_word(f"owns_{owner.value}", "da") in text_of(form)
    if field.correctable:
        assert "Din rettelse gælder til" in text_of(form)


@pytest.mark.parametrize("field", ["telephones", "blocks", "internal_note"])
def test_a_row_without_a_value_can_be_filled_in_without_unfolding_the_empty_ones(desk: Served, field: str) -> None:
    row = row_of(record(desk, "CLARA"), field)
    assert row.xpath('ancestor::details[@class="empty"]') == []
    assert text_of(row.find(".//summary")) == f"Ret {FIELD[field].name.da}"


@pytest.mark.parametrize(
    ("field", "sent", "said"),
    [
        ("telephones", {"text": "20304050"}, "tilføjet"),
        ("internal_note", {"text": "Ringer mandag"}, "gemt"),
        ("cards", {"text": "K12345"}, "tilføjet"),
        ("absence", {"since": "10.04.2027", "until": "20.04.2027"}, "gemt"),
        ("blocks", {"text": "Mistet kort"}, "tilføjet"),
        ("municipality", _CORRECTION, "gemt"),
    ],
)
def test_what_was_done_is_said_in_the_row_and_the_page_goes_on_there(
    desk: Served, field: str, sent: dict[str, str], said: str
) -> None:
    browser, action = record(desk, "ANNA"), "correct" if field == "municipality" else "set"
    browser.send(f"/patrons/{patron_of(desk, 'ANNA')}/{action}", **{"field": field} | sent)
    assert browser.answer.url.endswith("#done")
    told = cursor_of(browser.answer)
    assert said in text_of(told)
    assert told.get("id") == "done"
    assert told.xpath(f'ancestor::tr[@id="{field}"]')
    # and nowhere, when the page is opened again
    assert 'id="done"' not in browser.open(browser.path).answer.text
    assert "autofocus" not in browser.answer.text


@pytest.mark.parametrize(
    ("field", "sent", "wrong"),
    [
        ("emails", {"text": "sub-rosa"}, "set-emails"),
        ("absence", {"since": "i går", "until": ""}, "set-absence"),
        ("municipality", _CORRECTION | {"text": "0999"}, "correct-municipality"),
        ("municipality", _CORRECTION | {"reason": " "}, "correct-municipality-reason"),
        ("municipality", _CORRECTION | {"until": ""}, "correct-municipality-until"),
        ("municipality", _CORRECTION | {"until": "snart"}, "correct-municipality-until"),
    ],
)
def test_a_refused_value_stands_in_its_row_with_the_cursor_in_the_input_that_is_wrong(
    desk: Served, field: str, sent: dict[str, str], wrong: str
) -> None:
    browser, before = record(desk, "ANNA"), records(desk)
    action = "correct" if field == "municipality" else "set"
    browser.send(f"/patrons/{patron_of(desk, 'ANNA')}/{action}", **{"field": field} | sent)
    assert browser.answer.status_code == 422
    row = row_of(browser, field)
    assert row.find(".//details").get("open") is not None
    cursor = cursor_of(browser.answer)
    assert (cursor.get("id"), cursor.get("aria-invalid")) == (wrong, "true")
    assert row.xpath(f'.//p[@id="{cursor.get("aria-describedby").split()[-1]}"]')[0].text
    # the message leads there too
    assert f'href="#{wrong}"' in browser.answer.text
    for name in sent.keys() & {"since", "until", "text"} - {"text" if field == "municipality" else ""}:
        assert sent[name].strip() in row.xpath(f'.//*[@name="{name}" and not(@type="hidden")]/@value')
    assert records(desk) == before


def test_taking_a_correction_back_without_a_reason_is_refused_at_that_reason(desk: Served) -> None:
    patron = patron_of(desk, "ANNA")
    browser = record(desk, "ANNA").send(f"/patrons/{patron}/correct", **_CORRECTION)
    before = records(desk)
    browser.send(f"/patrons/{patron}/correct", field="municipality", doing="withdraw", reason="")
    cursor = cursor_of(browser.answer)
    assert cursor.get("id") == "correct-municipality-back-reason"
    assert records(desk) == before


def test_until_when_a_correction_holds_stands_in_its_row(desk: Served) -> None:
    browser = record(desk, "ANNA").send(f"/patrons/{patron_of(desk, 'ANNA')}/correct", **_CORRECTION)
    assert re.search(r"rettelse: lisbeth, .* – 1\. maj 2027", text_of(row_of(browser, "municipality")))


def test_the_rows_of_a_protected_patron_stay_sealed(desk: Served) -> None:
    browser, hidden = record(desk, "BO"), person("BO")
    row = row_of(browser, "name")
    assert row.xpath('.//*[@class="sealed"]')
    assert not [one.get("value") for one in row.xpath('.//input[@name="text"]') if one.get("value")]
    assert hidden.name.addressing not in browser.answer.text
    assert reveals(desk.library) == []


def test_a_pin_has_a_row_of_its_own_that_never_shows_it(desk: Served) -> None:
    browser = record(desk, "ANNA")
    browser.send(f"/patrons/{patron_of(desk, 'ANNA')}/set", field="cards", text="K12345")
    browser.send(f"/patrons/{patron_of(desk, 'ANNA')}/set", field="pin", text="86420")
    row = row_of(browser, "pin")
    assert "PIN-kode er gemt." in text_of(row)
    assert "Vises aldrig" in text_of(row)
    assert "86420" not in browser.answer.text


def test_net_media_that_refuse_are_said_in_the_row(desk: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk.site, "publish_patron", lambda _: False)
    browser = record(desk, "ANNA").send(f"/patrons/{patron_of(desk, 'ANNA')}/set", field="telephones", text="20304050")
    assert "Netmedierne (CULR) afviste" in text_of(row_of(browser, "telephones"))


def test_nothing_of_a_patron_who_has_left_can_be_changed(desk: Served) -> None:
    patron = patron_of(desk, "ANNA")
    browser = desk.browser().open(f"/patrons/{patron}/leave").send(f"/patrons/{patron}/leave", again=patron)
    page = html.fromstring(browser.open(f"/patrons/{patron}").answer.text)
    assert page.xpath('//tr[@id="standing"]')
    assert page.xpath('//details[@class="change"]') == []


@pytest.mark.parametrize(
    ("field", "wrong"),
    [("emails", "anna"), ("telephones", "abc"), ("pin", "12"), ("blocks", "x" * 300), ("cards", "x" * 300)],
)
def test_a_refusal_names_its_field_once(desk: Served, field: str, wrong: str) -> None:
    browser = record(desk, "ANNA").send(f"/patrons/{patron_of(desk, 'ANNA')}/set", field=field, text=wrong)
    (told,) = html.fromstring(browser.answer.text).xpath('//*[@id="problem"]/p')
    name = FIELD[field].name.da.casefold()
    assert text_of(told).casefold().count(name[:6]) == 1
