"""Delete the oldest audit entries, older than the policy's days, stream by stream from the first entry on.

The age of an entry comes from its signed bytes, because anyone with the database can change the stamp in clear. Nothing
is cut if a beginning does not verify. Before anything is deleted, the place of the cut is signed and kept outside the
database. With its code, the rest of the chain still verifies. When to cut is decided in `forgetting`.
"""

from __future__ import annotations

import json
from collections import Counter
from itertools import islice, takewhile
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, delete, null, select

from cprsync.store.audit import reasons
from cprsync.store.audit.head_keeping import keep_cuts
from cprsync.store.beside.checkpoints import Mark
from cprsync.store.core import tables
from cprsync.store.seals.failures import AuditBroken
from cprsync.store.trust import audit_checks

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Tenant

#: Entries read at a time for counting.
_READ_ROWS: Final = 2000
_ROW: Final = tables.audit.c
_HEAD: Final = tables.audit_head.c


def find_old(connection: Connection, tenant: Tenant, before: str, *, limit: int) -> list[AnyRow]:
    """Return at most `limit` entries written before a moment, of each stream from its first entry on.

    Returns none if a beginning does not verify. It stays as it is, so that the verification can report it.
    """
    found = list(islice(_all_old(connection, tenant, before, page=limit), limit))
    return found if _hold(connection, tenant, {row.stream: row.seq for row in found}) else []


def count_old(connection: Connection, tenant: Tenant, before: str) -> int:
    """Count the entries that would be cut; 0 if a beginning does not verify."""
    last: Counter[str] = Counter()
    count = 0
    for row in _all_old(connection, tenant, before, page=_READ_ROWS):
        last[row.stream] = row.seq
        count += 1
    return count if _hold(connection, tenant, last) else 0


def _hold(connection: Connection, tenant: Tenant, last: Mapping[str, int]) -> bool:
    """Return whether each stream verifies from its beginning up to an entry."""
    try:
        audit_checks.follow_beginnings(connection, tenant, last)
    except AuditBroken:
        return False
    return True


def _all_old(connection: Connection, tenant: Tenant, before: str, *, page: int) -> Iterator[AnyRow]:
    """Yield the old entries of each stream from its first one on, read a page at a time."""
    streams = select(_HEAD.stream).where(_HEAD.agency == tenant.agency).order_by(_HEAD.stream)
    for stream in connection.scalars(streams).all():
        # stamps never go backward, so the old entries end at the first young one
        yield from takewhile(lambda row: _written(row) < before, _entries(connection, tenant, stream, page=page))


def _entries(connection: Connection, tenant: Tenant, stream: str, *, page: int) -> Iterator[AnyRow]:
    columns = (_ROW.stream, _ROW.seq, _ROW.at, _ROW.entry, _ROW.mac, null().label("patron_id"))
    ours = (_ROW.agency == tenant.agency) & (_ROW.stream == stream)
    wanted, after = select(*columns).where(ours).order_by(_ROW.seq).limit(page), 0
    while rows := connection.execute(wanted.where(_ROW.seq > after)).all():
        yield from rows
        after = rows[-1].seq


def _written(row: AnyRow) -> str:
    """Return when an entry says that it was written.

    An accepted entry may be unreadable. Then its stamp in clear counts.
    """
    try:
        return str(json.loads(row.entry)["at"])
    except (TypeError, ValueError, KeyError):
        return str(row.at)


def cut(connection: Connection, tenant: Tenant, rows: Sequence[AnyRow]) -> None:
    """Delete the entries that were found, which are in order.

    Raises:
        ConfigurationError: a cut cannot be kept outside; nothing is deleted.
    """
    last = {row.stream: Mark(row.stream, row.seq, row.mac, cut=True) for row in rows}
    if not last:
        return
    keep_cuts(tenant, list(last.values()))
    for stream, seq in ((mark.stream, mark.seq) for mark in last.values()):
        these = (_ROW.agency == tenant.agency) & (_ROW.stream == stream) & (_ROW.seq <= seq)
        connection.execute(delete(tables.audit).where(these))
        reasons.cut(connection, tenant, stream, seq)
