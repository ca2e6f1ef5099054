"""Cut the audit's beginning off: entries older than the policy's days, stream by stream and from the first one on.

How old an entry is, its signed bytes say: the stamp in the clear beside them can be set by whoever has the database.
Nothing is cut while a beginning does not hold. Where a stream was cut is signed and kept outside the database before
anything is deleted, with the code that the rest goes on from: the chain still holds from there. Leaves out when that
is done: see `forgetting`.
"""

from __future__ import annotations

import json
from itertools import takewhile
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, delete, null, select

from cprsync.store import audit_checks, reasons, tables
from cprsync.store.checkpoints import Mark
from cprsync.store.failures import AuditBroken
from cprsync.store.head_keeping import keep_cuts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Select

    from cprsync.store.engine import AnyRow
    from cprsync.store.tenant import Tenant

_ROW: Final = tables.audit.c
_HEAD: Final = tables.audit_head.c


def seeming_old(tenant: Tenant, before: str) -> Select[*tuple[Any, ...]]:
    """All entries that bear a stamp from before a moment: to be counted, not to be cut."""
    wanted = select(_ROW.stream, _ROW.seq, null().label("patron_id"))
    return wanted.where(_ROW.agency == tenant.agency, _ROW.at < before)


def find_old(connection: Connection, tenant: Tenant, before: str, *, limit: int) -> list[AnyRow]:
    """At most so many entries that were written before a moment, of each stream from its first one on.

    None at all when the beginning of any of them does not hold: it is left as it is, for the verification to name.
    """
    found: list[AnyRow] = []
    for stream in connection.scalars(select(_HEAD.stream).where(_HEAD.agency == tenant.agency).order_by(_HEAD.stream)):
        found += _beginning(connection, tenant, stream, before, limit=limit - len(found))
    last = {row.stream: row.seq for row in found}
    try:
        audit_checks.follow_beginnings(connection, tenant, last)
    except AuditBroken:
        return []
    return found


def _beginning(connection: Connection, tenant: Tenant, stream: str, before: str, *, limit: int) -> list[AnyRow]:
    """A stream's stamps never go backward: the first entry that is young ends what is old."""
    columns = (_ROW.stream, _ROW.seq, _ROW.at, _ROW.entry, _ROW.mac, null().label("patron_id"))
    ours = (_ROW.agency == tenant.agency) & (_ROW.stream == stream)
    rows = connection.execute(select(*columns).where(ours).order_by(_ROW.seq).limit(limit)).all()
    return list(takewhile(lambda row: _written(row) < before, rows))


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
