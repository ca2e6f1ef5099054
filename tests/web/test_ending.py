"""A patron leaves or is erased from the page: shown first, done after one yes to what was shown, and by whom may."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from doubles import unowned
from test_box import patron_of
from townspeople import person

from cprsync.domain.patron.local import Stage

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
    browser = desk.browser().open(f"/patrons/{patron}/leave").send(f"/patrons/{patron}/leave")
    assert browser.path == f"/patrons/{patron}"
    assert "Posten er tømt" in browser.text
    assert desk.library.store.views.patron(patron).stage is Stage.CLOSED
    assert desk.site.told == [patron]


@pytest.mark.parametrize("typed", ["", "ANNA", "CLARA"])
def test_nobody_is_erased_unless_their_number_is_typed_again(desk: Served, typed: str) -> None:
    """One click on the page of the wrong patron erased them for good."""
    patron = patron_of(desk, "ANNA")
    again = patron_of(desk, typed)[: 7 if typed == "ANNA" else 8] if typed else ""
    before = desk.library.everything()
    browser = desk.browser().open(f"/patrons/{patron}/erase").send(f"/patrons/{patron}/erase", again=again)
    assert browser.answer.status_code == 422
    assert "Intet er slettet." in browser.text
    assert unowned(desk.library.everything()) == unowned(before)


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
        browser.send(f"/patrons/{patron}/leave")
        assert browser.answer.status_code == 422
        assert desk.library.store.views.patron(patron).stage is Stage.ACTIVE
    assert browser.send(f"/patrons/{patron}/leave").path == f"/patrons/{patron}"


def test_a_protected_patron_is_not_named_before_they_leave(desk: Served) -> None:
    browser = desk.browser().open(f"/patrons/{patron_of(desk, 'BO')}/leave")
    assert browser.answer.status_code == 200
    assert person("BO").name.addressing not in browser.answer.text
