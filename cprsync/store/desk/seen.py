"""What people at the desk looked at and looked for, as entries of the audit. They hold no term of a search.

The entries have a stream of their own: they are many, and no look-up waits for one. The heads outside the database have
its head with each night, not with each entry. A machine that loses its power may lose the last of them.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from cprsync.domain.trust.moments import is_within
from cprsync.store import tables
from cprsync.store.audit import audit
from cprsync.store.core.engine import reading, stamp_of, writing

if TYPE_CHECKING:
    from cprsync.store.core.tenant import Tenant

#: The kinds of entries: a record was shown; our patrons were searched.
VIEW, SEARCH = "view", "search"
#: Who has seen a record sees it again without another entry, for so long.
SEEN_FOR: Final = timedelta(minutes=15)
_ENTRY: Final = tables.audit.c


def note_view(tenant: Tenant, patron_id: str, *, user: str, purpose: str) -> None:
    """Write that a record is shown to a user for a purpose, unless they have just seen it for that."""
    if not _has_seen(tenant, patron_id, user, purpose):
        _note(tenant, audit.Happened(VIEW, patron=patron_id, user=user, more=(("purpose", purpose),)))


def note_search(tenant: Tenant, by: str, *, user: str, purpose: str, patron_id: str | None) -> None:
    """Write that a user searched, by what kind of term, and the patron whom it found alone."""
    more = (("purpose", purpose),)
    _note(tenant, audit.Happened(SEARCH, patron=patron_id, actions=(by,), user=user, more=more))


def _note(tenant: Tenant, happened: audit.Happened) -> None:
    # somebody waits at the desk for the page: no wait for the disk
    with writing(tenant.engine, is_synced=False) as connection:
        audit.append(connection, tenant, audit.SEEN, [happened], keeps=False)


def _has_seen(tenant: Tenant, patron_id: str, user: str, purpose: str) -> bool:
    theirs = (_ENTRY.agency == tenant.agency) & (_ENTRY.patron_id == patron_id) & (_ENTRY.stream == audit.SEEN)
    now = tenant.clock.now()
    wanted = select(_ENTRY.entry).where(theirs, _ENTRY.at >= stamp_of(now - SEEN_FOR))
    with reading(tenant.engine) as connection:
        told = [json.loads(entry) for entry in connection.scalars(wanted)]
    told = [one for one in told if is_within(audit.moment_in(one), SEEN_FOR, now)]
    return any(one["user"] == user and one["purpose"] == purpose for one in told)
