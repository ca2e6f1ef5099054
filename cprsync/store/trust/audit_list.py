"""List who did what, when and why, from the audit: entry by entry, the latest first. Shows no value of a record.

Reads a part of each stream at a time, so the memory used stays small. Verifying the entries is in `audit_checks`.
"""

from __future__ import annotations

import heapq
import json
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, select

from cprsync.domain.desk.acting import SERVICE
from cprsync.services.ports.values import Happening
from cprsync.store.audit import audit, reasons
from cprsync.store.core import tables
from cprsync.store.core.engine import reading, stamp_of, writing
from cprsync.store.trust.audit_checks import stream_names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cprsync.services.ports.values import AuditFilter
    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Tenant

#: The kind of an entry that says that someone read the reasons of others.
READ: Final = "audit_read"
_READ_ROWS: Final = 500
_LOOKUP: Final = "lookup"
_ROW = tables.audit.c
_REASON = tables.audit_reason.c


def entries(tenant: Tenant, wanted: AuditFilter) -> Iterator[Happening]:
    """Yield the entries that are wanted, the latest first."""
    with reading(tenant.engine) as connection:
        streams = [_of_stream(connection, tenant, name, wanted) for name in sorted(stream_names(connection, tenant))]
        latest = heapq.merge(*streams, key=lambda found: (found.at, found.stream, found.seq), reverse=True)
        for found, _ in zip(latest, range(wanted.limit), strict=False):
            yield found


def note_reading(tenant: Tenant, *, user: str) -> None:
    """Write an audit entry that someone is about to read the reasons that people gave."""
    with writing(tenant.engine) as connection:
        audit.append(connection, tenant, audit.DESK, [audit.Happened(READ, more=(("user", user),))])


def _of_stream(connection: Connection, tenant: Tenant, stream: str, wanted: AuditFilter) -> Iterator[Happening]:
    rows = select(_ROW.seq, _ROW.at, _ROW.entry).where(_ROW.agency == tenant.agency, _ROW.stream == stream)
    rows = rows if wanted.patron is None else rows.where(_ROW.patron_id == wanted.patron)
    rows, below = rows.order_by(_ROW.seq.desc()).limit(_READ_ROWS), None
    since = None if wanted.since is None else stamp_of(wanted.since)
    while part := connection.execute(rows if below is None else rows.where(_ROW.seq < below)).all():
        for row in part:
            if since is not None and row.at < since:
                return  # a stream's stamps never go backward
            found = _happening(connection, tenant, stream, row, opens=wanted.reasons)
            if wanted.by is None or (found.who or "") == wanted.by:
                yield found
        below = part[-1].seq


def _happening(connection: Connection, tenant: Tenant, stream: str, row: AnyRow, *, opens: bool) -> Happening:
    told: dict[str, Any] = json.loads(row.entry)
    actions, purpose = tuple(told["actions"]), told.get("purpose")
    if told["kind"] == _LOOKUP:
        actions, purpose = (), next(iter(actions), None)
    gave = reasons.HASH in told
    return Happening(
        at=row.at,
        # a user who was unknown at the time is not named, and neither is the program itself
        who=None if told.get("user") == SERVICE else told.get("user"),
        what=told["kind"],
        patron=told["patron"],
        actions=actions,
        why=purpose,
        has_reason=gave,
        reason=_reason(connection, tenant, stream, row.seq) if opens and gave else None,
        run=told["run"],
        stream=stream,
        seq=row.seq,
    )


def _reason(connection: Connection, tenant: Tenant, stream: str, seq: int) -> str | None:
    """Return the reason; None: it was deleted with the record."""
    here = (_REASON.agency == tenant.agency) & (_REASON.stream == stream) & (_REASON.seq == seq)
    row = connection.execute(select(tables.audit_reason).where(here)).one_or_none()
    return None if row is None else reasons.opened(tenant, row)
