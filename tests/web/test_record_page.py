"""The record page: shows what the command shows, opens what is sealed for a reason, and sets what staff own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from doubles import AGENCY
from test_box import patron_of
from test_sealed_views import reveals
from townspeople import person

from cprsync.language.record import field_lines
from cprsync.services.desk.viewing import RecordViewer

if TYPE_CHECKING:
    from browser import Browser, Served


def record(desk: Served, key: str) -> Browser:
    return desk.browser().open(f"/patrons/{patron_of(desk, key)}")


def words_of(text: str) -> list[str]:
    return [one for one in text.replace("[", " ").replace("]", " ").replace("<", " ").replace(">", " ").split() if one]


@pytest.mark.parametrize("key", ["ANNA", "BO", "CLARA", "DAVID"])
def test_the_page_says_every_word_that_the_command_says(desk: Served, key: str) -> None:
    library = desk.library
    viewer = RecordViewer(AGENCY, library.store, library.clock, library.policy, "lisbeth")
    lines = field_lines(viewer.shown(patron_of(desk, key))["fields"])
    missing = set(words_of(" ".join(lines))) - set(words_of(record(desk, key).text))
    assert missing == set()


def test_a_patron_who_does_not_exist_is_said_to_be_none(desk: Served) -> None:
    browser = desk.browser().open("/patrons/00000000")
    assert browser.answer.status_code == 404


def test_no_title_names_a_patron(desk: Served) -> None:
    browser = record(desk, "ANNA")
    assert person("ANNA").name.addressing in browser.text
    assert person("ANNA").name.addressing not in browser.page.title


# -- what is sealed ----------------------------------------------------------------------------------------


def test_what_is_sealed_opens_for_a_reason_that_the_audit_has(desk: Served) -> None:
    patron, name = patron_of(desk, "BO"), person("BO").name.addressing
    browser = record(desk, "BO")
    assert name not in browser.answer.text
    browser.send(f"/patrons/{patron}/reveal", reason="Låneren står ved skranken")
    assert name in browser.answer.text
    assert [entry["user"] for entry in reveals(desk.library)] == ["lisbeth"]
    assert name not in browser.open(f"/patrons/{patron}").answer.text


def test_without_a_reason_nothing_opens(desk: Served) -> None:
    patron = patron_of(desk, "BO")
    browser = record(desk, "BO").send(f"/patrons/{patron}/reveal", reason=" ")
    assert browser.answer.status_code == 422
    assert person("BO").name.addressing not in browser.answer.text
    assert reveals(desk.library) == []


# -- what staff own ----------------------------------------------------------------------------------------


def test_one_telephone_is_added_and_taken_away_while_the_other_stays(desk: Served) -> None:
    patron = patron_of(desk, "ANNA")
    browser = record(desk, "ANNA")
    for number in ("20304050", "*30405060"):
        browser.send(f"/patrons/{patron}/set", field="telephones", text=number)
    browser.send(f"/patrons/{patron}/set", field="telephones", doing="remove", text="20304050")
    assert "Telefon: fjernet." in browser.text
    view = desk.library.store.views.patron(patron)
    assert [(one.number, one.notices) for one in view.local.telephones] == [("30405060", True)]


def test_a_block_is_added_and_lifted(desk: Served) -> None:
    patron = patron_of(desk, "ANNA")
    browser = record(desk, "ANNA").send(f"/patrons/{patron}/set", field="blocks", text="Mistet kort")
    (block,) = desk.library.store.views.patron(patron).local.blocks
    assert block.lifted is None
    browser.send(f"/patrons/{patron}/set", field="blocks", doing="remove", text=f"{block.since} Mistet kort")
    (block,) = desk.library.store.views.patron(patron).local.blocks
    assert block.lifted is not None


def test_a_value_that_cannot_be_kept_is_said_beside_its_field_and_not_shown_again(desk: Served) -> None:
    patron = patron_of(desk, "ANNA")
    before = desk.library.everything()
    browser = record(desk, "ANNA").send(f"/patrons/{patron}/set", field="emails", text="sub-rosa")
    assert browser.answer.status_code == 422
    assert "sub-rosa" not in browser.answer.text
    assert desk.library.everything() == before
    assert desk.site.told == []


@pytest.mark.parametrize("field", ["name", "cpr_number", "status", "nonsense"])
def test_a_field_that_is_not_the_pages_to_set_stays_as_it_is(desk: Served, field: str) -> None:
    patron = patron_of(desk, "ANNA")
    browser = record(desk, "ANNA")
    before = desk.library.everything()
    form = browser.form("/set")
    browser.post(f"/patrons/{patron}/set", {**form, "field": field, "text": "Andet"})
    assert browser.answer.status_code == 422
    assert desk.library.everything() == before
