"""Continue an erase journal that has lost lines for good: one deliberate step, with a reason, in the audit.

What the database still knows of those who left is written to it again. A patron who was erased in a lost line, and has
no row any more, is in neither. An older copy of the database would bring that patron back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, select, update

from cprsync.domain.feed.window import Why
from cprsync.errors import BadInput
from cprsync.services.ports.leaving import AcceptedJournal
from cprsync.store.audit import audit
from cprsync.store.audit.journal_memory import journal_entries, remember
from cprsync.store.audit.record_versions import begin_versions
from cprsync.store.core import tables
from cprsync.store.core.engine import writing
from cprsync.store.core.tenant import TenantStore, hold_library
from cprsync.store.feed.older_copy import notice_older_copy
from cprsync.store.leaving.emptying import entry_of
from cprsync.store.leaving.erasing import replay_journal
from cprsync.store.patrons.windows import open_for_subscribed
from cprsync.store.seals.failures import JournalBehind, JournalBroken
from cprsync.store.trust.key_checks import check_journal_keys, find_new_keys, note_keys

if TYPE_CHECKING:
    from cprsync.store.core.tenant import Tenant

#: The kind of an audit entry.
ACCEPT: Final = "journal_accepted"
_LIBRARY = tables.library.c
_PATRON = tables.patron.c


class Journal(TenantStore):
    """The erase journal, which outlives an older copy of the store."""

    def __init__(self, tenant: Tenant) -> None:
        super().__init__(tenant)
        self._erased_again = 0

    def replay(self) -> int:
        notice_older_copy(self._tenant)
        again = self._erased_again + replay_journal(self._tenant)
        self._erased_again = 0
        return again

    def begin(self) -> None:
        check_journal_keys(self._tenant)
        note_keys(self._tenant)
        begin_versions(self._tenant)
        self._erased_again = self.replay()

    def accept(self, *, user: str, reason: str) -> AcceptedJournal:
        tenant = self._tenant
        find_new_keys(tenant)
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
