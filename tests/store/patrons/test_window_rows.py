"""Windows as rows, on both databases: opened once, closed by one function, never for someone who cannot be asked of."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update
from store_people import MONDAY, STARTED, enrol, number, person, write
from whole import patron_ids, verify_audit

from cprsync.domain.feed.delivery import Window, WindowReason, last_closed
from cprsync.store import tables
from cprsync.store.core.engine import writing
from cprsync.store.core.tenant import hold_library
from cprsync.store.patrons import windows

if TYPE_CHECKING:
    from cprsync.services.ports.runs import Run
    from cprsync.store.sql import SqlStore

TODAY = STARTED.date()


def opened(store: SqlStore, ids: list[str], why: WindowReason) -> list[str]:
    with store._tenant.writing() as transaction:
        hold_library(transaction)
        return windows.open_windows(transaction, ids, why)


def opened_for_subscribed(store: SqlStore, why: WindowReason = WindowReason.GAP) -> int:
    with store._tenant.writing() as transaction:
        hold_library(transaction)
        return windows.open_for_subscribed(transaction, why)


def closed(store: SqlStore, *ids: str) -> None:
    with store._tenant.writing() as transaction:
        windows.close_windows(transaction, ids)


def windows_of(store: SqlStore) -> dict[str, Window | None]:
    return {one.id: one.window for one in store.patrons.read(patron_ids(store))}


def test_a_window_opens_for_whoever_is_known_and_stays_as_it_was_opened_first(store: SqlStore, run: Run) -> None:
    known, new = enrol(store, 2)
    write(store, run, person(0))
    assert opened(store, [known, new, known], WindowReason.GAP) == [known]
    assert opened(store, [known], WindowReason.RETURNED) == []
    assert windows_of(store) == {known: Window(TODAY, WindowReason.GAP, MONDAY), new: None}
    view = store.views.patron(known)
    assert view is not None
    assert (view.patron.verified, view.patron.is_known) == (False, True)


def test_a_later_cause_moves_on_what_an_answer_must_have_seen(store: SqlStore, run: Run) -> None:
    (known,) = enrol(store, 1)
    write(store, run, person(0))
    opened(store, [known], WindowReason.GAP)
    closing = last_closed(STARTED)
    assert closing < TODAY
    with writing(store._tenant.engine) as connection:
        connection.execute(update(tables.patron).values(unverified_until=closing - timedelta(days=1)))
    assert opened(store, [known], WindowReason.SUBSCRIPTION_LOST) == []
    assert windows_of(store) == {known: Window(TODAY, WindowReason.GAP, closing)}
    opened(store, [known], WindowReason.GAP)
    assert windows_of(store) == {known: Window(TODAY, WindowReason.GAP, closing)}


def test_a_closed_window_leaves_nothing_of_itself_and_opens_again(store: SqlStore, run: Run) -> None:
    (known,) = enrol(store, 1)
    write(store, run, person(0))
    before = store.views.everything("patron")["patron"]
    opened(store, [known], WindowReason.GAP)
    closed(store, known)
    assert store.views.everything("patron")["patron"] == before
    assert opened(store, [known], WindowReason.MERGE_UNDONE) == [known]
    assert windows_of(store) == {known: Window(TODAY, WindowReason.MERGE_UNDONE, MONDAY)}


def test_opening_and_closing_change_no_version_and_no_record(store: SqlStore, run: Run) -> None:
    (known,) = enrol(store, 1)
    write(store, run, person(0))
    before = store.patrons.read([known])[0]
    opened(store, [known], WindowReason.GAP)
    after = store.patrons.read([known])[0]
    assert (after.version, after.register, after.as_of) == (before.version, before.register, before.as_of)


def test_a_window_is_opened_for_everyone_subscribed_and_for_nobody_else(store: SqlStore, run: Run) -> None:
    subscribed, other = enrol(store, 2)
    write(store, run, person(0), person(1))
    store.subscriptions.subscribed(run, [(subscribed, number(0))], since=TODAY)
    assert opened_for_subscribed(store) == 1
    assert windows_of(store) == {subscribed: Window(TODAY, WindowReason.GAP, MONDAY), other: None}
    assert opened_for_subscribed(store) == 0


def test_each_opening_has_one_entry_in_the_audit_that_counts_whom_it_concerns(store: SqlStore, run: Run) -> None:
    known, other, third = enrol(store, 3)
    write(store, run, person(0), person(1), person(2))
    opened(store, [known], WindowReason.MERGE_UNDONE)
    opened(store, [known, other, third], WindowReason.GAP)
    opened(store, [known, other, third], WindowReason.GAP)
    entries = [json.loads(bytes.fromhex(row["entry"])) for row in store.views.everything("audit")["audit"]]
    told = [(one["patron"], one["actions"], one["patrons"]) for one in entries if one["kind"] == windows.OPENED]
    assert told == [(known, ["merge_undone"], "1"), (None, ["gap"], "2")]
    verify_audit(store)


def test_a_restore_takes_the_place_of_another_reason_but_not_of_a_replaced_number(store: SqlStore, run: Run) -> None:
    """Only so everybody is held whose record others may know more of."""
    (known, replaced) = enrol(store, 2)
    write(store, run, person(0), person(1))
    assert opened(store, [known], WindowReason.GAP) == [known]
    assert opened(store, [replaced], WindowReason.NUMBER_REPLACED) == [replaced]
    assert opened(store, [known, replaced], WindowReason.RESTORED) == [known]
    assert opened(store, [known], WindowReason.RESTORED) == []


@pytest.mark.parametrize("before", [why for why in WindowReason if why is not WindowReason.REQUESTED])
def test_an_operators_request_takes_the_place_of_no_other_reason(
    store: SqlStore, run: Run, before: WindowReason
) -> None:
    known, new = enrol(store, 2)
    write(store, run, person(0), person(1))
    opened(store, [known], before)
    rows = store.views.everything("patron")["patron"]
    assert opened(store, [known], WindowReason.REQUESTED) == []
    assert store.views.everything("patron")["patron"] == rows
    assert opened(store, [known, new], WindowReason.REQUESTED) == [new]
    assert windows_of(store)[new] == Window(TODAY, WindowReason.REQUESTED, MONDAY)


def test_a_restore_and_a_replaced_number_take_the_place_of_an_operators_request(store: SqlStore, run: Run) -> None:
    known, replaced = enrol(store, 2)
    write(store, run, person(0), person(1))
    assert opened(store, [known, replaced], WindowReason.REQUESTED) == sorted([known, replaced])
    assert opened(store, [known], WindowReason.GAP) == []
    assert opened(store, [known], WindowReason.RESTORED) == [known]
    assert opened(store, [replaced], WindowReason.NUMBER_REPLACED) == [replaced]
