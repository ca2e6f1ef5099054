"""The review queue: what waits, both sides, and an answer that is written once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from test_box import patron_of

from cprsync.domain.patron.review import BOTH_PATRONS, State

if TYPE_CHECKING:
    from browser import Served


@pytest.fixture
def number(desk: Served) -> int:
    """ANNA and CLARA may be one person: somebody has to say."""
    desk.library.store.desk.ask_staff(patron_of(desk, "ANNA"), BOTH_PATRONS, about=patron_of(desk, "CLARA"))
    (item,) = desk.library.store.review_desk.items(all_states=False)
    return item.id


def test_the_start_page_and_the_queue_say_what_waits(desk: Served, number: int) -> None:
    browser = desk.browser().open("/")
    assert "1 sag venter" in browser.text
    assert f"/reviews/{number}" in browser.open("/reviews").answer.text


def test_an_item_shows_both_patrons_and_marks_what_differs(desk: Served, number: int) -> None:
    browser = desk.browser().open(f"/reviews/{number}")
    assert patron_of(desk, "ANNA") in browser.text
    assert patron_of(desk, "CLARA") in browser.text
    assert 'class="differs"' in browser.answer.text


def test_a_field_that_neither_patron_has_is_left_out(desk: Served, number: int) -> None:
    browser = desk.browser().open(f"/reviews/{number}")
    assert "Status i CPR" in browser.text
    assert "Fraværsperiode" not in browser.text


def test_rejecting_takes_a_reason_and_closes_the_item(desk: Served, number: int) -> None:
    browser = desk.browser().open(f"/reviews/{number}")
    browser.send(f"/reviews/{number}/answer", answer="reject", reason="To forskellige")
    assert f"Sag {number} er afvist." in browser.text
    assert desk.library.store.review_desk.item(number).state is State.REJECTED


def test_rejecting_without_a_reason_changes_nothing(desk: Served, number: int) -> None:
    browser = desk.browser().open(f"/reviews/{number}")
    browser.send(f"/reviews/{number}/answer", answer="reject", reason="")
    assert browser.answer.status_code == 422
    assert 'href="#reason"' in browser.answer.text
    assert desk.library.store.review_desk.item(number).state is State.WAITING


def test_accepting_merges_and_tells_culr_of_both(desk: Served, number: int) -> None:
    anna, clara = patron_of(desk, "ANNA"), patron_of(desk, "CLARA")
    browser = desk.browser().open(f"/reviews/{number}")
    browser.send(f"/reviews/{number}/answer", answer="accept")
    assert f"Sag {number} er godkendt." in browser.text
    assert desk.site.told == [anna, clara]
    assert desk.browser().open("/").send("/find", typed=anna).path in {f"/patrons/{anna}", f"/patrons/{clara}"}


def test_an_item_that_somebody_else_has_answered_is_not_answered_again(desk: Served, number: int) -> None:
    first, second = (desk.browser().open(f"/reviews/{number}") for _ in range(2))
    first.send(f"/reviews/{number}/answer", answer="reject", reason="To forskellige")
    second.send(f"/reviews/{number}/answer", answer="accept")
    assert second.answer.status_code == 422
    assert desk.library.store.review_desk.item(number).state is State.REJECTED


def test_an_item_that_does_not_exist_is_said_to_be_none(desk: Served) -> None:
    assert desk.browser().open("/reviews/4711").answer.status_code == 404
