"""Cut the audit's beginning off: entries older than the policy's days, stream by stream and from the first one on.

How old an entry is, its signed bytes say: the stamp in the clear beside them can be set by whoever has the database.
Nothing is cut while a beginning does not hold. Where a stream was cut is signed and kept outside the database before
anything is deleted, with the code that the rest goes on from: the chain still holds from there. Leaves out when that
is done: see `forgetting`.
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

#: Entries that are read at a time to be counted.
_READ_ROWS: Final = 2000
_ROW: Final = tables.audit.c
_HEAD: Final = tables.audit_head.c


def find_old(connection: Connection, tenant: Tenant, before: str, *, limit: int) -> list[AnyRow]:
    """At most so many entries that were written before a moment, of each stream from its first one on.

    None at all when the beginning of any of them does not hold: it is left as it is, for the verification to name.
    """
    found = list(islice(_all_old(connection, tenant, before, page=limit), limit))
    return found if _hold(connection, tenant, {row.stream: row.seq for row in found}) else []


def count_old(connection: Connection, tenant: Tenant, before: str) -> int:
    """How many entries would be cut, by the same days and as far as the beginnings hold."""
    last: Counter[str] = Counter()
    count = 0
    for row in _all_old(connection, tenant, before, page=_READ_ROWS):
        last[row.stream] = row.seq
        count += 1
    return count if _hold(connection, tenant, last) else 0


def _hold(connection: Connection, tenant: Tenant, last: Mapping[str, int]) -> bool:
    """Whether each stream holds from its beginning as far as an entry."""
    try:
        audit_checks.follow_beginnings(connection, tenant, last)
    except AuditBroken:
        return False
    return True


def _all_old(connection: Connection, tenant: Tenant, before: str, *, page: int) -> Iterator[AnyRow]:
    """The old entries of each stream from its first one on, read a page at a time."""
    streams = select(_HEAD.stream).where(_HEAD.agency == tenant.agency).order_by(_HEAD.stream)
    for stream in connection.scalars(streams).all():
        # stamps never go backward: the first entry that is young ends what is old
        yield from takewhile(lambda row: _written(row) < before, _entries(connection, tenant, stream, page=page))


def _entries(connection: Connection, tenant: Tenant, stream: str, *, page: int) -> Iterator[AnyRow]:
    columns = (_ROW.stream, _ROW.seq, _ROW.at, _ROW.entry, _ROW.mac, null().label("patron_id"))
    ours = (_ROW.agency == tenant.agency) & (_ROW.stream == stream)
    wanted, after = select(*columns).where(ours).order_by(_ROW.seq).limit(page), 0
    while rows := connection.execute(wanted.where(_ROW.seq > after)).all():
        yield from rows
        after = rows[-1].seq


def _written(row: AnyRow) -> str:
    """When an entry says that it was written; what was accepted may not be readable, and has its stamp only."""
    try:
        return str(json.loads(row.entry)["at"])
    except (TypeError, ValueError, KeyError):
        return str(row.at)


def cut(connection: Connection, tenant: Tenant, rows: Sequence[AnyRow]) -> None:
    """Delete the entries that were found, which are in order. Raises ConfigurationError when no cut can be kept."""
    last = {row.stream: Mark(row.stream, row.seq, row.mac, cut=True) for row in rows}
    if not last:
        return
    keep_cuts(tenant, list(last.values()))
    for stream, seq in ((mark.stream, mark.seq) for mark in last.values()):
        these = (_ROW.agency == tenant.agency) & (_ROW.stream == stream) & (_ROW.seq <= seq)
        connection.execute(delete(tables.audit).where(these))
        reasons.cut(connection, tenant, stream, seq)
