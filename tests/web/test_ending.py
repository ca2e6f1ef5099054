"""A patron leaves or is erased from the page: shown first, done after one yes to what was shown, and by whom may."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest
from browser import cursor_of
from doubles import unowned
from test_box import patron_of
from test_reviewing import circulate
from townspeople import person

from cprsync.domain.patron.local import Stage
from cprsync.store import tables

if TYPE_CHECKING:
    from browser import Served


@pytest.mark.parametrize("way", ["leave", "erase"])
def test_looking_at_what_would_happen_changes_nothing(desk: Served, way: str) -> None:
    before = desk.library.everything()
    browser = desk.browser().open(f"/patrons/{patron_of(desk, 'ANNA')}/{way}")
    assert browser.answer.status_code == 200
    assert person("ANNA").name.addressing in browser.text
    assert unowned(desk.library.everything()) == unowned(before)


def test_a_patron_leaves_after_one_yes_and_the_net_media_are_told(desk: Served) -> None:
    patron = patron_of(desk, "ANNA")
    browser = desk.browser().open(f"/patrons/{patron}/leave").send(f"/patrons/{patron}/leave", again=patron)
    assert browser.path == f"/patrons/{patron}"
    assert "Posten er tømt" in browser.text
    assert desk.library.store.views.patron(patron).stage is Stage.CLOSED
    assert desk.site.told == [patron]


@pytest.mark.parametrize("way", ["leave", "erase"])
@pytest.mark.parametrize("typed", ["", "ANNA", "CLARA"])
def test_no_record_ends_for_good_unless_its_number_is_typed_again(desk: Served, way: str, typed: str) -> None:
    """One click on the page of the wrong patron emptied the record for good."""
    patron = patron_of(desk, "ANNA")
    again = patron_of(desk, typed)[: 7 if typed == "ANNA" else 8] if typed else ""
    before = desk.library.everything()
    browser = desk.browser().open(f"/patrons/{patron}/{way}").send(f"/patrons/{patron}/{way}", again=again)
    told = cursor_of(browser.answer).text_content()
    assert told.strip().endswith("der står øverst på siden."), told
    assert browser.answer.status_code == 422
    assert "intet er gemt" in browser.text.casefold()
    assert 'href="#again"' in browser.answer.text
    assert unowned(desk.library.everything()) == unowned(before)


@pytest.mark.parametrize("way", ["leave", "erase"])
def test_the_page_says_once_that_nobody_can_bring_the_record_back(desk: Served, way: str) -> None:
    browser = desk.browser().open(f"/patrons/{patron_of(desk, 'ANNA')}/{way}")
    assert browser.text.count("kan ikke fortrydes") == 1


def test_an_erased_patron_is_found_no_more(desk: Served) -> None:
    patron, name = patron_of(desk, "ANNA"), person("ANNA").name.addressing
    browser = desk.browser().open(f"/patrons/{patron}/erase").send(f"/patrons/{patron}/erase", again=patron)
    assert browser.path == "/"
    assert f"{patron}: slettet" in browser.text
    assert name not in browser.answer.text
    again = browser.open(f"/patrons/{patron}/erase")
    assert again.answer.status_code in {200, 404}
    assert name not in again.answer.text


@pytest.mark.parametrize("way", ["leave", "erase"])
def test_a_yes_to_what_is_no_longer_so_changes_nothing(desk: Served, way: str) -> None:
    patron = patron_of(desk, "ANNA")
    browser, other = (desk.browser().open(f"/patrons/{patron}/{way}") for _ in range(2))
    other.open(f"/patrons/{patron}").send(f"/patrons/{patron}/set", field="blocks", text="Mistet kort")
    before = desk.library.everything()
    browser.send(f"/patrons/{patron}/{way}", again=patron)
    assert browser.answer.status_code == 422
    assert "Blokeret: Mistet kort" in browser.text
    assert desk.library.everything() == before


def test_a_block_that_would_be_lost_takes_a_reason(desk: Served) -> None:
    patron = patron_of(desk, "ANNA")
    browser = desk.browser().open(f"/patrons/{patron}")
    browser.send(f"/patrons/{patron}/set", field="blocks", text="Mistet kort")
    browser.open(f"/patrons/{patron}/erase").send(f"/patrons/{patron}/erase", reason="", again=patron)
    assert browser.answer.status_code == 422
    assert 'href="#reason"' in browser.answer.text
    browser.send(f"/patrons/{patron}/erase", reason="Har bedt om det skriftligt", again=patron)
    assert browser.path == "/"


def test_a_night_that_runs_lets_nobody_leave_until_it_is_over(desk: Served) -> None:
    patron = patron_of(desk, "ANNA")
    browser = desk.browser().open(f"/patrons/{patron}/leave")
    with desk.library.store.runs.lock():
        browser.send(f"/patrons/{patron}/leave", again=patron)
        assert browser.answer.status_code == 422
        assert desk.library.store.views.patron(patron).stage is Stage.ACTIVE
    assert browser.send(f"/patrons/{patron}/leave", again=patron).path == f"/patrons/{patron}"


def test_a_protected_patron_is_not_named_before_they_leave(desk: Served) -> None:
    browser = desk.browser().open(f"/patrons/{patron_of(desk, 'BO')}/leave")
    assert browser.answer.status_code == 200
    assert person("BO").name.addressing not in browser.answer.text


@pytest.mark.parametrize("way", ["leave", "erase"])
def test_the_page_says_what_goes_with_the_record(desk: Served, way: str) -> None:
    patron = patron_of(desk, "ANNA")
    browser = desk.browser().open(f"/patrons/{patron}")
    browser.send(f"/patrons/{patron}/set", field="telephones", text="20112233")
    browser.send(f"/patrons/{patron}/set", field="cards", text="L2")
    browser.open(f"/patrons/{patron}/{way}")
    goes = browser.text.partition("Slettes med posten:")[2]
    assert all(name in goes for name in ("Navn", "Adresse", "Telefonnummer", "(2)"))
    assert "20112233" not in browser.answer.text


def test_a_patron_with_something_open_leaves_without_typing_the_number_again(desk: Served) -> None:
    """The record waits, and the patron may still stay."""
    library, patron = desk.library, patron_of(desk, "ANNA")
    circulate(library, tables.loan, "ANNA", 1, due=date(2027, 4, 1), returned=None)
    browser = desk.browser().open(f"/patrons/{patron}/leave")
    assert 'name="again"' not in browser.answer.text
    assert browser.send(f"/patrons/{patron}/leave").path == f"/patrons/{patron}"
    assert library.store.views.patron(patron).stage is Stage.LEAVING


def test_the_page_says_how_a_leaving_that_waits_is_taken_back_and_that_does_it(desk: Served) -> None:
    library, patron = desk.library, patron_of(desk, "ANNA")
    circulate(library, tables.loan, "ANNA", 1, due=date(2027, 4, 1), returned=None)
    browser = desk.browser().open(f"/patrons/{patron}/leave")
    assert "kan ikke fortrydes" not in browser.text
    assert "Fornyes låneren inden da, tages udmeldelsen tilbage." in browser.text
    browser.send(f"/patrons/{patron}/leave").open("/")
    browser.post(f"/patrons/{patron}/look-up", {"form_token": browser.token, "purpose": "renewal"})
    browser.send(f"/patrons/{patron}/confirm")
    assert library.store.views.patron(patron).stage is Stage.ACTIVE
