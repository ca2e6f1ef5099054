"""Accept an audit that does not verify: one deliberate step, with a reason, in the audit itself.

If the file of the heads is lost, or an older copy of the database was restored, the audit can never verify again. What
is there is accepted, and verified from here on. What is lost stays lost, and the entry says so.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, delete, exists, select

from cprsync.errors import BadInput
from cprsync.store.audit import audit, record_versions
from cprsync.store.audit.head_keeping import remember
from cprsync.store.beside.checkpoints import FILE, Mark
from cprsync.store.core import tables
from cprsync.store.core.engine import writing
from cprsync.store.core.tenant import hold_library
from cprsync.store.trust.audit_checks import check_audit

if TYPE_CHECKING:
    from cprsync.services.ports.values import AuditState
    from cprsync.store.core.tenant import Tenant

#: The kind of an audit entry.
ACCEPT: Final = "audit_accepted"
_ROW = tables.audit.c
_HEAD = tables.audit_head.c


def accept_audit(tenant: Tenant, *, user: str, reason: str) -> AuditState:
    """Accept the audit and the records as they are now. Returns what was wrong with them.

    Raises:
        BadInput: nothing is wrong; nothing is written.
    """
    state = check_audit(tenant)
    if not state.problems:
        raise BadInput("the audit is whole: there is nothing to accept", kind="audit.whole")
    heads = tenant.heads.read(tenant.agency)
    if heads.broken is not None and heads.broken.stream == FILE:
        tenant.heads.begin_anew()
    with writing(tenant.engine) as connection:
        hold_library(connection, tenant)
        changes = max(record_versions.changes_of(connection, tenant) or 0, heads.records) + 1
        record_versions.count_again(connection, tenant, changes=changes)
        _mend(connection, tenant)
        more = (("problems", str(len(state.problems))), ("code", state.code), ("user", user))
        audit.append(connection, tenant, audit.DESK, [audit.Happened(ACCEPT, more=more, reason=reason)], keeps=False)
        marks = [replace(mark, accepted=True) for mark in audit.heads(connection, tenant)]
    end = tenant.heads.keep(tenant.agency, [Mark("", 0, b"", accepted=True), *marks], seen=None, anew=True)
    with writing(tenant.engine) as connection:
        if end is not None:
            remember(connection, tenant, end, anew=True)
    return state


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
