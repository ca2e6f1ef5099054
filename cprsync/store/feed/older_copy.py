"""Notice that the database is an older copy of itself, by the audit's heads, which are kept outside it (decision 32).

The file of the heads is written after each transaction. Lines that the database has not seen speak of what it holds all
the same, unless it was put back to an earlier time; so does the witness, where the file was put back with it. What
look-ups told since then is lost, so everyone subscribed is unverified until the register has answered. Verifies
nothing and mends nothing: `audit verify` names the loss until someone accepts it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, select

from cprsync.domain.feed.window import Why
from cprsync.store.audit import audit, record_versions
from cprsync.store.audit.head_keeping import remember, remembered
from cprsync.store.beside.witness import Seen
from cprsync.store.core import tables
from cprsync.store.core.engine import reading, writing
from cprsync.store.core.tenant import hold_library
from cprsync.store.patrons.windows import STREAM, open_for_subscribed
from cprsync.store.seals.failures import AuditBroken

if TYPE_CHECKING:
    from cprsync.store.core.tenant import Tenant

#: The kind of an audit entry, and what it says of the witness that showed it.
NOTICED: Final = "older_copy"
_WITNESS: Final = "witness"
_NONE: Final = Seen(0, b"")
_HEAD = tables.audit_head.c
_ROW = tables.audit.c


def notice_older_copy(tenant: Tenant) -> bool:
    """Let everyone subscribed be unverified if the database is an older copy; once for each copy. Returns whether."""
    with reading(tenant.engine) as connection:
        if not _is_older(connection, tenant):
            return False
    with writing(tenant.engine) as connection:
        hold_library(connection, tenant)
        # whoever has just noticed it too has let the database see all lines
        if not _is_older(connection, tenant):
            return False
        count = open_for_subscribed(connection, tenant, Why.RESTORED)
        remember(connection, tenant, tenant.heads.end())
        more = (("patrons", str(count)), (_WITNESS, str(_witnessed(tenant))))
        audit.append(connection, tenant, STREAM, [audit.Happened(NOTICED, more=more)])
    return True


def _is_older(connection: Connection, tenant: Tenant) -> bool:
    seen = remembered(connection, tenant) or _NONE
    # the file before the database: what is written meanwhile is there more than here, and never less
    end, witnessed = tenant.heads.end(), _witnessed(tenant)
    if end.lines > seen.lines and _tells_more(connection, tenant, after=seen.lines):
        return True
    is_lost = witnessed.lines > seen.lines and tenant.heads.code_at(witnessed.lines) != witnessed.code
    return is_lost and not _is_noticed(connection, tenant, witnessed)


def _tells_more(connection: Connection, tenant: Tenant, *, after: int) -> bool:
    """Whether the lines after that one speak of entries, or of changes of records, that are not there."""
    marks = tenant.heads.marks_after(after, tenant.agency)
    ours = connection.execute(select(_HEAD.stream, _HEAD.seq).where(_HEAD.agency == tenant.agency))
    heads = {row.stream: row.seq for row in ours}
    changes = record_versions.changes_of(connection, tenant) or 0
    for mark in marks:
        if mark.accepted and not mark.stream:
            return False  # what is told before was accepted as lost
        if mark.seq > heads.get(mark.stream, 0) or (mark.records or 0) > changes:
            return True
    return False


def _witnessed(tenant: Tenant) -> Seen:
    """What the witness has seen; a witness that is not ours says nothing here."""
    try:
        return tenant.heads.witnessed() or _NONE
    except AuditBroken:
        return _NONE


def _is_noticed(connection: Connection, tenant: Tenant, witnessed: Seen) -> bool:
    """Whether what this witness shows was noticed before: it goes on showing it until someone accepts the audit."""
    ours = (_ROW.agency == tenant.agency) & (_ROW.stream == STREAM)
    told = f'"{_WITNESS}":"{witnessed}"'.encode()
    return any(told in entry for entry in connection.scalars(select(_ROW.entry).where(ours)))
