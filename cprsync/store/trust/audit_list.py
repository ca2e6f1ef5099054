"""List who did what, when and why, from the audit: entry by entry, the latest first. Shows no value of a record.

Reads a part of each stream at a time, so the memory used stays small. Verifying the entries is in `audit_checks`.
"""

from __future__ import annotations

import heapq
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, delete, exists, select

from cprsync.domain.desk.acting import SERVICE
from cprsync.errors import BadInput
from cprsync.services.ports.trust import AuditState, Happening
from cprsync.store.audit import audit, reasons, record_versions
from cprsync.store.audit.head_keeping import remember
from cprsync.store.audit.reasons import reasons_of
from cprsync.store.beside.checkpoints import FILE, Mark
from cprsync.store.core import tables
from cprsync.store.core.engine import reading, stamp_of, writing
from cprsync.store.core.tenant import TenantStore, hold_library
from cprsync.store.trust.audit_checks import check_audit, stream_names
from cprsync.store.trust.key_checks import keys_in_use

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cprsync.services.ports.trust import AuditFilter, AuditState
    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Tenant

#: The kind of an entry that says that someone read the reasons of others.
READ: Final = "audit_read"
_READ_ROWS: Final = 500
_LOOKUP: Final = "lookup"
_ROW = tables.audit.c
_REASON = tables.audit_reason.c


#: The kind of an audit entry.
ACCEPT: Final = "audit_accepted"
_HEAD = tables.audit_head.c


class Audit(TenantStore):
    """Who did what, when and why."""

    def check(self, *, code: str | None = None, records: int = 0) -> AuditState:
        return check_audit(self._tenant, code=code, records=records)

    def accept(self, *, user: str, reason: str) -> AuditState:
        state = check_audit(self._tenant)
        if not state.problems:
            raise BadInput("the audit is whole: there is nothing to accept", kind="audit.whole")
        heads = self._tenant.heads.read(self._tenant.agency)
        if heads.broken is not None and heads.broken.stream == FILE:
            self._tenant.heads.begin_anew()
        with writing(self._tenant.engine) as connection:
            hold_library(connection, self._tenant)
            changes = max(record_versions.changes_of(connection, self._tenant) or 0, heads.records) + 1
            record_versions.count_again(connection, self._tenant, changes=changes)
            _mend(connection, self._tenant)
            more = (("problems", str(len(state.problems))), ("code", state.code), ("user", user))
            audit.append(
                connection, self._tenant, audit.DESK, [audit.Happened(ACCEPT, more=more, reason=reason)], keeps=False
            )
            marks = [replace(mark, accepted=True) for mark in audit.heads(connection, self._tenant)]
        end = self._tenant.heads.keep(
            self._tenant.agency, [Mark("", 0, b"", accepted=True), *marks], seen=None, anew=True
        )
        with writing(self._tenant.engine) as connection:
            if end is not None:
                remember(connection, self._tenant, end, anew=True)
        return state

    def entries(self, wanted: AuditFilter) -> Iterator[Happening]:
        with reading(self._tenant.engine) as connection:
            streams = [
                _of_stream(connection, self._tenant, name, wanted)
                for name in sorted(stream_names(connection, self._tenant))
            ]
            latest = heapq.merge(*streams, key=lambda found: (found.at, found.stream, found.seq), reverse=True)
            for found, _ in zip(latest, range(wanted.limit), strict=False):
                yield found

    def note_reading(self, *, user: str) -> None:
        with writing(self._tenant.engine) as connection:
            audit.append(connection, self._tenant, audit.DESK, [audit.Happened(READ, more=(("user", user),))])

    def keys_in_use(self) -> set[tuple[str, str]]:
        with reading(self._tenant.engine) as connection:
            return {(purpose.value, key) for purpose, key in keys_in_use(connection, self._tenant)}

    def verify(self) -> int:
        state = self.check()
        if state.problems:
            raise state.problems[0]
        return state.entries

    def reasons(self, patron_id: str | None) -> list[str]:
        with reading(self._tenant.engine) as connection:
            return reasons_of(connection, self._tenant, patron_id)


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


def _mend(connection: Connection, tenant: Tenant) -> None:
    """Set each head to the last entry that is there, and delete reasons without an entry."""
    for table in (tables.audit_head, tables.audit_reason):
        same = (_ROW.agency == table.c.agency) & (_ROW.stream == table.c.stream)
        same = same if table is tables.audit_head else same & (_ROW.seq == table.c.seq)
        connection.execute(delete(table).where(table.c.agency == tenant.agency, ~exists().where(same)))
    ours = _ROW.agency == tenant.agency
    for stream in connection.scalars(select(_ROW.stream).where(ours).distinct()).all():
        last = select(_ROW.seq, _ROW.mac, _ROW.at).where(ours, _ROW.stream == stream)
        row = connection.execute(last.order_by(_ROW.seq.desc()).limit(1)).one()
        head = {"agency": tenant.agency, "stream": stream, "seq": row.seq, "mac": row.mac, "at": row.at}
        connection.execute(delete(tables.audit_head).where(_HEAD.agency == tenant.agency, _HEAD.stream == stream))
        connection.execute(tables.audit_head.insert().values(head))
