"""Keep what was done for the installation itself: when, how it ended, and a few words. Decides nothing from it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, insert, select

from cprsync.services.ports.trust.upkeep import Upkeep, UpkeepLog, UpkeepOutcome, UpkeepTask
from cprsync.store import tables
from cprsync.store.core.engine import moment_of, stamp_of
from cprsync.store.core.tenant import TenantStore, library_transaction, next_id

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from cprsync.store.core.tenant import Transaction

#: How many of one task are kept: over a year of daily ones.
KEPT_MOST: Final = 400
_ROW: Final = tables.upkeep.c


class SqlUpkeepLog(TenantStore, UpkeepLog):
    """What was done to keep the installation safe."""

    def note(
        self, task: UpkeepTask, outcome: UpkeepOutcome, detail: Mapping[str, str | int], *, at: datetime | None = None
    ) -> None:
        with library_transaction(self._tenant) as transaction:
            note_upkeep(transaction, task, outcome, detail, at=at)

    def last(self, task: UpkeepTask, *outcomes: UpkeepOutcome) -> Upkeep | None:
        wanted = select(tables.upkeep).where(_ROW.agency == self._tenant.agency, _ROW.task == task.value)
        if outcomes:
            wanted = wanted.where(_ROW.outcome.in_([one.value for one in outcomes]))
        with self._tenant.reading() as transaction:
            row = transaction.execute(wanted.order_by(_ROW.id.desc()).limit(1)).first()
        if row is None:
            return None
        return Upkeep(UpkeepTask(row.task), moment_of(row.at), UpkeepOutcome(row.outcome), json.loads(row.detail))


def note_upkeep(
    transaction: Transaction,
    task: UpkeepTask,
    outcome: UpkeepOutcome,
    detail: Mapping[str, str | int],
    *,
    at: datetime | None = None,
) -> None:
    """Write that it was done, in the caller's transaction, which holds the library."""
    values = {
        "agency": transaction.agency,
        "id": next_id(transaction, tables.upkeep),
        "task": task.value,
        "at": transaction.stamp() if at is None else stamp_of(at),
        "outcome": outcome.value,
        "detail": json.dumps(dict(detail), ensure_ascii=False, sort_keys=True),
    }
    transaction.execute(insert(tables.upkeep), values)
    ours = (_ROW.agency == transaction.agency) & (_ROW.task == task.value)
    newest = select(_ROW.id).where(ours).order_by(_ROW.id.desc())
    oldest = transaction.scalar(newest.offset(KEPT_MOST).limit(1))
    if oldest is not None:
        transaction.execute(delete(tables.upkeep).where(ours, _ROW.id <= oldest))
