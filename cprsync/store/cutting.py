"""Cut the audit's beginning off: entries older than the policy's days, stream by stream and from the first one on.

Where a stream was cut is signed and kept outside the database before anything is deleted, with the code that the rest
goes on from: the chain still holds from there. Leaves out when that is done: see `forgetting`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, delete, func, null, select

from cprsync.store import reasons, tables
from cprsync.store.checkpoints import Mark
from cprsync.store.head_keeping import keep_cuts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Select

    from cprsync.store.engine import AnyRow
    from cprsync.store.tenant import Tenant

#: Entries of one stream that are looked at: no index leads to old ones, but they are the first of their stream.
WINDOW: Final = 500
_ROW: Final = tables.audit.c
_HEAD: Final = tables.audit_head.c


def old_entries(tenant: Tenant, before: str, *, whole: bool = False) -> Select[*tuple[Any, ...]]:
    """Entries from before a moment, of each stream from its first one on; `whole`: all of them, to be counted.

    A stream's stamps never go backward, so that what is found of it is its beginning.
    """
    wanted = select(_ROW.stream, _ROW.seq, _ROW.mac, null().label("patron_id")).where(_ROW.at < before)
    if whole:
        return wanted.where(_ROW.agency == tenant.agency)
    same = tables.audit.alias()
    first = select(func.min(same.c.seq)).where(same.c.agency == _HEAD.agency, same.c.stream == _HEAD.stream)
    of_stream = (_ROW.agency == _HEAD.agency) & (_ROW.stream == _HEAD.stream)
    wanted = wanted.where(_HEAD.agency == tenant.agency, of_stream, _ROW.seq < first.scalar_subquery() + WINDOW)
    # by the head's stream: asked for the entries' own, SQLite would go through all of them
    return wanted.order_by(_HEAD.stream, _ROW.seq)


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
