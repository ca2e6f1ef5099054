"""Why people did what the audit says may name anybody: it is sealed, hangs on its entry, and goes with the record."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select, text
from store_people import StoppedClock, enrol, reasons_of
from whole import verify_audit

from cprsync.domain.leaving.leaving import Forgotten
from cprsync.domain.policy.policy import Policy, RetentionDays
from cprsync.services.ports.desk import Reveal
from cprsync.store import tables
from cprsync.store.audit import audit
from cprsync.store.core.engine import reading, writing
from cprsync.store.seals.failures import AuditBroken

if TYPE_CHECKING:
    from cprsync.store.sql import SqlStore

REASON = "hendes eget navn, hendes vej"


def opened(store: SqlStore, *reasons: str) -> str:
    """A patron who was opened for these reasons."""
    (one,) = enrol(store, 1)
    for reason in reasons:
        store.views.reveal(Reveal(one, ("name",), "lone", reason))
    return one


def execute(store: SqlStore, statement: str) -> None:
    with writing(store._tenant.engine) as connection:
        connection.execute(text(statement))


def test_a_reason_stands_nowhere_in_clear_and_opens_again(store: SqlStore) -> None:
    one = opened(store, REASON, "endnu en")
    with reading(store._tenant.engine) as connection:
        stored = [row for table in tables.metadata.sorted_tables for row in connection.execute(select(table))]
    assert REASON not in str(stored)
    assert REASON not in repr(audit.Happened("reveal", reason=REASON))
    assert reasons_of(store, one) == [REASON, "endnu en"]
    verify_audit(store)


@pytest.mark.parametrize(
    "tamper",
    [
        "UPDATE audit_reason SET sealed = (SELECT sealed FROM audit_reason WHERE seq = 1) WHERE seq = 2",
        "UPDATE audit_reason SET seq = 3 WHERE seq = 2",
        "DELETE FROM audit_reason WHERE seq = 2",
    ],
    ids=["swap", "move", "take away"],
)
def test_a_reason_that_is_not_the_one_its_entry_names_shows(sqlite_store: SqlStore, tamper: str) -> None:
    opened(sqlite_store, REASON, "endnu en")
    execute(sqlite_store, "DELETE FROM audit_reason WHERE stream <> 'desk'")
    execute(sqlite_store, tamper)
    with pytest.raises(AuditBroken) as broken:
        verify_audit(sqlite_store)
    assert (broken.value.stream, broken.value.seq) == ("desk", 2)


def test_it_goes_with_her_when_she_is_erased_and_the_entries_still_hold(store: SqlStore) -> None:
    one = opened(store, REASON)
    store.erasing.erase(one, user="lone")
    assert store.views.everything("audit_reason")["audit_reason"] == []
    assert one in {row["patron_id"] for row in store.views.everything("audit")["audit"]}
    verify_audit(store)


def test_it_goes_with_the_entries_when_the_log_is_cut(sqlite_store: SqlStore, clock: StoppedClock) -> None:
    one = opened(sqlite_store, REASON)
    clock.moment += timedelta(days=400)
    policy = Policy(retention=RetentionDays(log_days=400))
    assert sqlite_store.retention.forget(None, Forgotten.LOG, policy, on=clock.today(), limit=500) > 0
    assert reasons_of(sqlite_store, one) == []
    assert sqlite_store.views.everything("audit_reason")["audit_reason"] == []
    verify_audit(sqlite_store)
