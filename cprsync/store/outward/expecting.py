"""What a target is to hold of each patron now, for a comparison with what it holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select

from cprsync.domain.outward.target import number_to_forget, view
from cprsync.services.ports.outward import Expected, Expecting, OutwardEffect
from cprsync.store import tables
from cprsync.store.core.tenant import TenantStore, library_transaction
from cprsync.store.netmedia.effects import WAITING
from cprsync.store.outward.changes import follow_patrons
from cprsync.store.outward.describing import describe_patrons
from cprsync.store.outward.targets import queue_again

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement

    from cprsync.domain.outward.target import Target
    from cprsync.store.core.tenant import Tenant, Transaction

_OUT, _TOLD, _PATRON = tables.outbox.c, tables.target_patron.c, tables.patron.c


class SqlExpecting(TenantStore, Expecting):
    """What each target is to hold."""

    def count(self, target: Target, after: str) -> int:
        ours = (_PATRON.agency == self._tenant.agency) & (_PATRON.id > after)
        told = _told(self._tenant, target) & (_TOLD.patron_id > after)
        both = select(_PATRON.id).where(ours).union(select(_TOLD.patron_id).where(told)).subquery()
        with self._tenant.reading() as transaction:
            return transaction.scalar(select(func.count()).select_from(both)) or 0

    def page(self, target: Target, after: str, limit: int) -> Expected:
        tenant = self._tenant
        with tenant.reading() as transaction:
            return _expected(transaction, target, _next_ids(transaction, target, after, limit))

    def only(self, target: Target, patron_id: str) -> Expected:
        with self._tenant.reading() as transaction:
            return _expected(transaction, target, [patron_id])

    def queue_again(self, target: Target, ids: Sequence[str]) -> None:
        with library_transaction(self._tenant) as transaction:
            follow_patrons(transaction, ids)
            queue_again(transaction, target, ids)


def _expected(transaction: Transaction, target: Target, ids: list[str]) -> Expected:
    """What the target is to hold of these patrons."""
    records, broken = describe_patrons(transaction, ids)
    known = select(_TOLD.patron_id, _TOLD.remote).where(_told(transaction.tenant, target))
    remote = {row.patron_id: row.remote for row in transaction.fetch_rows(known, _TOLD.patron_id, ids)}
    waits = (_OUT.agency == transaction.agency) & (_OUT.target == target.name) & (_OUT.state == WAITING)
    waiting = transaction.fetch_values(select(_OUT.patron_id).where(waits), _OUT.patron_id, ids)
    effects = (
        OutwardEffect(
            *(target.name, one, 0, view(record, target)),
            remote=remote.get(one),
            number=number_to_forget(record, target),
        )
        for one in ids
        if one not in broken and not ((record := records[one]) is not None and record.held)
    )
    return Expected(
        ids[-1] if ids else "",
        len(ids),
        # of one who is not for the target and of whom it was never told, it has nothing that is ours
        tuple(one for one in effects if one.payload is not None or one.patron_id in remote or one.number is not None),
        frozenset(waiting),
    )


def _told(tenant: Tenant, target: Target) -> ColumnElement[bool]:
    return (_TOLD.agency == tenant.agency) & (_TOLD.target == target.name)


def _next_ids(transaction: Transaction, target: Target, after: str, limit: int) -> list[str]:
    """The next patrons of the library, and those of whom the target was told before they left."""
    ours = (_PATRON.agency == transaction.agency) & (_PATRON.id > after)
    told = _told(transaction.tenant, target) & (_TOLD.patron_id > after)
    ids = set(transaction.scalars(select(_PATRON.id).where(ours).order_by(_PATRON.id).limit(limit)))
    ids |= set(transaction.scalars(select(_TOLD.patron_id).where(told).order_by(_TOLD.patron_id).limit(limit)))
    return sorted(ids)[:limit]
