"""Notice that the database is an older copy of itself, by the audit's heads, which are kept outside it (decision 32).

The file of the heads is written after each transaction. Normally, lines in it that the database has not seen describe
what the database holds. If they describe more, the database was put back to an earlier time. If the file was put back
too, the witness shows it. What look-ups told since then is lost. Every subscribed patron is therefore unverified until
the register has answered. This module verifies and repairs nothing: `audit verify` reports the loss until someone
accepts it.
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

#: The kind of an audit entry; below, the key of the witness that showed the older copy.
NOTICED: Final = "older_copy"
_WITNESS: Final = "witness"
_NONE: Final = Seen(0, b"")
_HEAD = tables.audit_head.c
_ROW = tables.audit.c


def notice_older_copy(tenant: Tenant) -> bool:
    """Make every subscribed patron unverified if the database is an older copy, once for each copy.

    Returns whether it did.
    """
    with reading(tenant.engine) as connection:
        if not _is_older(connection, tenant):
            return False
    with writing(tenant.engine) as connection:
        hold_library(connection, tenant)
        # another process may have noticed it just now, and remembered all lines in the database
        if not _is_older(connection, tenant):
            return False
        count = open_for_subscribed(connection, tenant, Why.RESTORED)
        remember(connection, tenant, tenant.heads.end())
        more = (("patrons", str(count)), (_WITNESS, str(_witnessed(tenant))))
        audit.append(connection, tenant, STREAM, [audit.Happened(NOTICED, more=more)])
    return True


def _is_older(connection: Connection, tenant: Tenant) -> bool:
    seen = remembered(connection, tenant) or _NONE
    # read the file before the database: what is written in between makes the database newer, never older
    end, witnessed = tenant.heads.end(), _witnessed(tenant)
    if end.lines > seen.lines and _tells_more(connection, tenant, after=seen.lines):
        return True
    is_lost = witnessed.lines > seen.lines and tenant.heads.code_at(witnessed.lines) != witnessed.code
    return is_lost and not _is_noticed(connection, tenant, witnessed)


def _tells_more(connection: Connection, tenant: Tenant, *, after: int) -> bool:
    """Return whether the lines after `after` tell of entries or record changes that the database does not have."""
    marks = tenant.heads.marks_after(after, tenant.agency)
    ours = connection.execute(select(_HEAD.stream, _HEAD.seq).where(_HEAD.agency == tenant.agency))
    heads = {row.stream: row.seq for row in ours}
    changes = record_versions.changes_of(connection, tenant) or 0
    for mark in marks:
        if mark.accepted and not mark.stream:
            return False  # the loss that earlier lines tell of was accepted
        if mark.seq > heads.get(mark.stream, 0) or (mark.records or 0) > changes:
            return True
    return False


def _witnessed(tenant: Tenant) -> Seen:
    """Return what the witness has seen. A broken witness counts as one that has seen nothing."""
    try:
        return tenant.heads.witnessed() or _NONE
    except AuditBroken:
        return _NONE


def _is_noticed(connection: Connection, tenant: Tenant, witnessed: Seen) -> bool:
    """Return whether this witness was noticed before. It keeps showing the loss until someone accepts the audit."""
    ours = (_ROW.agency == tenant.agency) & (_ROW.stream == STREAM)
    told = f'"{_WITNESS}":"{witnessed}"'.encode()
    return any(told in entry for entry in connection.scalars(select(_ROW.entry).where(ours)))
