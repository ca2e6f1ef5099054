"""The audit's beginning is cut off after the policy's days, and what stays is still verified: to the last entry."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import delete, select
from store_people import MONDAY, STARTED, StoppedClock, enrol
from whole import verify_audit

from cprsync.domain.leaving.leaving import Forgotten
from cprsync.domain.policy.policy import Policy, RetentionDays
from cprsync.services.ports.runs import RunState
from cprsync.store import tables
from cprsync.store.beside.checkpoints import FILE, Mark
from cprsync.store.core.engine import reading, writing
from cprsync.store.seals.failures import AuditBroken

if TYPE_CHECKING:
    from cprsync.store.sql import SqlStore

POLICY = Policy(retention=RetentionDays(log_days=400))
NIGHT = "night/main"


def live(store: SqlStore, clock: StoppedClock, count: int) -> None:
    """So many look-ups and the end of a run, and then as many days as the log is kept."""
    run = store.runs.begin(day=MONDAY, started=STARTED)
    for one in enrol(store, count):
        store.subscriptions.intend(run, [one], "first_copy")
    store.runs.close(run, state=RunState.CLOSED, finished=STARTED, document={})
    clock.moment += timedelta(days=400)


def forget(store: SqlStore, clock: StoppedClock, *, limit: int = 500) -> int:
    return store.retention.forget(None, Forgotten.LOG, POLICY, on=clock.today(), limit=limit)


def numbers(store: SqlStore, stream: str = NIGHT) -> list[int]:
    row = tables.audit.c
    with reading(store._tenant.engine) as connection:
        return list(connection.scalars(select(row.seq).where(row.stream == stream).order_by(row.seq)))


def lose(store: SqlStore, seq: int) -> None:
    row = tables.audit.c
    with writing(store._tenant.engine) as connection:
        connection.execute(delete(tables.audit).where(row.stream == NIGHT, row.seq == seq))


def test_old_entries_go_young_ones_stay_and_the_rest_is_verified(store: SqlStore, clock: StoppedClock) -> None:
    live(store, clock, 3)
    clock.moment -= timedelta(days=1)
    assert forget(store, clock) == 0
    before = verify_audit(store)
    clock.moment += timedelta(days=1)
    live(store, clock, 0)
    clock.moment -= timedelta(days=400)
    assert store.retention.forgettable(POLICY, on=clock.today()) == {"log": before}
    assert forget(store, clock) == before
    assert (numbers(store), forget(store, clock)) == ([5], 0)
    # the end of the second run, and that it was forgotten
    assert verify_audit(store) == 2


def test_a_stream_that_is_cut_off_whole_goes_on_where_it_ended(sqlite_store: SqlStore, clock: StoppedClock) -> None:
    live(sqlite_store, clock, 2)
    assert forget(sqlite_store, clock) > 0
    assert numbers(sqlite_store) == []
    verify_audit(sqlite_store)
    live(sqlite_store, clock, 0)
    assert numbers(sqlite_store) == [4]
    verify_audit(sqlite_store)


def test_the_audit_says_how_many_went_and_of_nobody(sqlite_store: SqlStore, clock: StoppedClock) -> None:
    live(sqlite_store, clock, 2)
    gone = forget(sqlite_store, clock)
    (entry,) = (json.loads(bytes.fromhex(row["entry"])) for row in sqlite_store.views.everything("audit")["audit"])
    assert (entry["kind"], entry["actions"], entry["count"], entry["patron"]) == ("forget", ["log"], str(gone), None)


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_a_few_at_a_time_end_as_all_at_once(sqlite_store: SqlStore, clock: StoppedClock, limit: int) -> None:
    live(sqlite_store, clock, 3)
    while forget(sqlite_store, clock, limit=limit):
        verify_audit(sqlite_store)
    assert numbers(sqlite_store) == []


def test_an_entry_that_goes_missing_behind_the_cut_shows(sqlite_store: SqlStore, clock: StoppedClock) -> None:
    live(sqlite_store, clock, 3)
    forget(sqlite_store, clock, limit=5)
    lose(sqlite_store, numbers(sqlite_store)[0])
    with pytest.raises(AuditBroken) as broken:
        verify_audit(sqlite_store)
    assert broken.value.stream == NIGHT


def test_a_beginning_that_goes_missing_without_our_cut_shows(sqlite_store: SqlStore, clock: StoppedClock) -> None:
    live(sqlite_store, clock, 3)
    lose(sqlite_store, 1)
    with pytest.raises(AuditBroken) as broken:
        verify_audit(sqlite_store)
    assert (broken.value.stream, broken.value.seq) == (NIGHT, 1)


def test_a_cut_that_was_signed_and_not_made_changes_nothing(sqlite_store: SqlStore, clock: StoppedClock) -> None:
    """Killed between the two."""
    live(sqlite_store, clock, 3)
    count, tenant = verify_audit(sqlite_store), sqlite_store._tenant
    with reading(tenant.engine) as connection:
        mac = connection.scalar(
            select(tables.audit.c.mac).where(tables.audit.c.stream == NIGHT, tables.audit.c.seq == 2)
        )
    tenant.heads.keep(tenant.agency, [Mark(NIGHT, 2, mac or b"", cut=True)], seen=None)
    assert verify_audit(sqlite_store) == count


def test_a_cut_that_we_did_not_sign_shows(sqlite_store: SqlStore, clock: StoppedClock) -> None:
    live(sqlite_store, clock, 3)
    forget(sqlite_store, clock, limit=5)
    path = sqlite_store._tenant.keyring.folder / FILE
    path.write_text(path.read_text().replace('"cut":true', '"cut":1'))
    with pytest.raises(AuditBroken) as broken:
        verify_audit(sqlite_store)
    assert broken.value.stream == FILE
