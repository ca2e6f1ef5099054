"""Continue an erase journal that has lost lines for good: one deliberate step, with a reason, in the audit.

What the database still knows of those who left is written to it again. A patron who was erased in a lost line, and has
no row any more, is in neither. An older copy of the database would bring that patron back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, select, update

from cprsync.domain.feed.window import Why
from cprsync.errors import BadInput
from cprsync.services.ports.values import AcceptedJournal
from cprsync.store.audit import audit
from cprsync.store.audit.journal_memory import journal_entries, remember
from cprsync.store.core import tables
from cprsync.store.core.engine import writing
from cprsync.store.core.tenant import hold_library
from cprsync.store.leaving.emptying import entry_of
from cprsync.store.patrons.windows import open_for_subscribed
from cprsync.store.seals.failures import JournalBehind, JournalBroken

if TYPE_CHECKING:
    from cprsync.store.core.tenant import Tenant

#: The kind of an audit entry.
ACCEPT: Final = "journal_accepted"
_LIBRARY = tables.library.c
_PATRON = tables.patron.c


def accept_journal(tenant: Tenant, *, user: str, reason: str) -> AcceptedJournal:
    """Accept the journal as it is now.

    A broken journal is set aside, and a new one continues from the lines that verify.

    Raises:
        BadInput: it is the journal that the database has seen; nothing is written.
    """
    with writing(tenant.engine) as connection:
        hold_library(connection, tenant)
        try:
            journal_entries(connection, tenant)
        except JournalBehind:
            set_aside = False
        except JournalBroken:
            set_aside = True
        else:
            raise BadInput("the erase journal is the one that the database has seen", kind="journal.whole")
        if set_aside:
            tenant.journal.set_aside()
        this = _LIBRARY.agency == tenant.agency
        remembered = connection.scalar(select(_LIBRARY.journal_lines).where(this)) or 0
        there = {entry.patron_id for entry in tenant.journal.entries(tenant.agency)}
        connection.execute(update(tables.library).where(this).values(journal_lines=None, journal_code=None))
        again = _note_again(connection, tenant, there)
        remember(connection, tenant)
        # if the journal is not the database's, one of the two is an older copy
        open_for_subscribed(connection, tenant, Why.RESTORED)
        more = (("lines", str(len(there))), ("seen", str(remembered)), ("again", str(again)))
        told = audit.Happened(ACCEPT, more=(*more, ("user", user)), reason=reason)
        audit.append(connection, tenant, audit.DESK, [told])
    return AcceptedJournal(len(there), remembered, again, set_aside=set_aside)


def _note_again(connection: Connection, tenant: Tenant, there: set[str]) -> int:
    """Write a line for each shell that has none in the journal. Returns how many."""
    left = (_PATRON.agency == tenant.agency) & _PATRON.status_class.in_(tables.EMPTIED)
    rows = [
        row for row in connection.execute(select(tables.patron).where(left).order_by(_PATRON.id)) if row.id not in there
    ]
    today = tenant.clock.today()
    tenant.journal.append([entry_of(tenant, row, on=today, what=row.status_class) for row in rows])
    return len(rows)
