"""The erase journal as the store uses it: replayed, noticed to be ahead, and continued after a loss.

An older copy of the database brings patrons back who were erased since; replaying the journal erases them again. An
older copy has also lost news of the register, so its windows open. A journal that has lost lines for good is continued
in one deliberate step. What the database still knows of those who left is written to it again. A patron who was erased
in a lost line, and has no row any more, is in neither: an older copy of the database would bring that patron back.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import takewhile
from typing import TYPE_CHECKING, Final

from sqlalchemy import select, text, update

from cprsync.domain.feed.delivery import WindowReason
from cprsync.errors import BadInput
from cprsync.services.ports.leaving import AcceptedJournal, Journal
from cprsync.services.ports.trust.upkeep import UpkeepOutcome, UpkeepTask
from cprsync.store import tables
from cprsync.store.audit import audit, older_states
from cprsync.store.audit.older_states import (
    begin_versions,
    is_journal_remembered,
    journal_entries,
    remember_journal,
    was_killed_before_it_followed,
)
from cprsync.store.beside.checkpoints import HeadsSeen, Mark
from cprsync.store.core.tenant import TenantStore, library_transaction
from cprsync.store.leaving.emptying import journal_entry
from cprsync.store.leaving.erasing import repeat
from cprsync.store.outward.changes import tell_everyone_again
from cprsync.store.patrons.belongings import keeper_of
from cprsync.store.patrons.merging import part_again
from cprsync.store.patrons.windows import WINDOWS_STREAM, open_for_subscribed
from cprsync.store.records import kept_blocks
from cprsync.store.records.records import patron_rows
from cprsync.store.seals.failures import AuditBroken, JournalBehind, JournalBroken
from cprsync.store.trust.audit_list import WITNESSED, is_loss_noticed
from cprsync.store.trust.key_checks import check_journal_keys, find_new_keys, note_keys
from cprsync.store.trust.upkeep import note_upkeep

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cprsync.store.beside.journal import JournalEntry
    from cprsync.store.core.tenant import Tenant, Transaction

#: The kind of an audit entry.
ACCEPT: Final = "journal_accepted"
#: The kind of an audit entry.
NOTICED: Final = "older_copy"
#: The kind of an audit entry: the database was put back from a backup; below, the key of the backup's name.
PUT_BACK: Final = "restored"
_BACKUP: Final = "backup"
_NONE: Final = HeadsSeen(0, b"")
_ISSUE: Final = text("INSERT INTO issued_id (agency, id) VALUES (:agency, :id) ON CONFLICT DO NOTHING")
_LIBRARY, _PATRON = tables.library.c, tables.patron.c
_HEAD = tables.audit_head.c


class SqlJournal(TenantStore, Journal):
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

    def verify(self) -> int:
        tenant = self._tenant
        check_journal_keys(tenant)
        with tenant.reading() as transaction:
            return len(journal_entries(transaction))

    def accept(self, *, user: str, reason: str) -> AcceptedJournal:
        tenant = self._tenant
        find_new_keys(tenant)
        with library_transaction(tenant) as transaction:
            try:
                journal_entries(transaction)
            except JournalBehind:
                set_aside = False
            except JournalBroken:
                set_aside = True
            else:
                raise BadInput("the erase journal is the one that the database has seen", kind="journal.whole")
            if set_aside:
                tenant.journal.set_aside()
            this = _LIBRARY.agency == transaction.agency
            remembered = transaction.scalar(select(_LIBRARY.journal_lines).where(this)) or 0
            there = {entry.patron_id for entry in tenant.journal.entries(transaction.agency)}
            transaction.execute(update(tables.library).where(this).values(journal_lines=None, journal_code=None))
            again = _note_again(transaction, there)
            remember_journal(transaction)
            # if the journal is not the database's, one of the two is an older copy
            _begin_as_older(transaction)
            more = (("lines", str(len(there))), ("seen", str(remembered)), ("again", str(again)))
            told = audit.Happened(ACCEPT, user=user, more=more, reason=reason)
            audit.append(transaction, audit.DESK, [told])
        return AcceptedJournal(len(there), remembered, again, set_aside=set_aside)

    def put_back(self, *, user: str, backup: str) -> int:
        return _begin_again(self._tenant, audit.Happened(PUT_BACK, user=user, more=((_BACKUP, backup),)))

    def tell_older_copy(self, *, user: str, reason: str) -> int:
        return _begin_again(self._tenant, audit.Happened(NOTICED, user=user, reason=reason))


def _begin_again(tenant: Tenant, happened: audit.Happened) -> int:
    """Open everyone's window, and let others be told everything anew. Returns how many patrons are in a window."""
    with library_transaction(tenant) as transaction:
        _begin_as_older(transaction)
        in_window = (_PATRON.agency == transaction.agency) & _PATRON.unverified_since.is_not(None)
        count = transaction.count_rows(in_window)
        told = replace(happened, more=(*happened.more, ("patrons", str(count))))
        audit.append(transaction, audit.DESK, [told])
    return count


def _begin_as_older(transaction: Transaction) -> int:
    """Begin with an older copy. Whoever was registered since it was made is left to staff.

    Returns for how many a window was opened.
    """
    count = open_for_subscribed(transaction, WindowReason.RESTORED)
    tell_everyone_again(transaction)
    note_upkeep(transaction, UpkeepTask.LOSS, UpkeepOutcome.PART, {"patrons": count})
    return count


def _note_again(transaction: Transaction, there: set[str]) -> int:
    """Write a line for each shell that has none in the journal. Returns how many."""
    left = (_PATRON.agency == transaction.agency) & _PATRON.status_class.in_(tables.EMPTIED)
    rows = [
        row
        for row in transaction.execute(select(tables.patron).where(left).order_by(_PATRON.id))
        if row.id not in there
    ]
    today = transaction.clock.today()
    transaction.tenant.journal.append(
        [journal_entry(transaction.tenant, row, on=today, what=row.status_class) for row in rows]
    )
    return len(rows)


def notice_older_copy(tenant: Tenant) -> bool:
    """Make every subscribed patron unverified if the database is an older copy, once for each copy.

    Returns whether it did.
    """
    with tenant.reading() as transaction:
        if not _is_older(transaction):
            return False
    with library_transaction(tenant) as transaction:
        # another process may have noticed it just now, and remembered all lines in the database
        if not _is_older(transaction):
            return False
        count = _begin_as_older(transaction)
        _tell_loss(transaction)
        older_states.remember_heads(transaction, tenant.heads.end())
        more = (("patrons", str(count)), (WITNESSED, str(_witnessed(tenant))))
        audit.append(transaction, WINDOWS_STREAM, [audit.Happened(NOTICED, more=more)])
    return True


def _is_older(transaction: Transaction) -> bool:
    seen = older_states.seen_of_heads(transaction) or _NONE
    # read the file before the database: what is written in between makes the database newer, never older
    end = transaction.tenant.heads.end()
    if end.lines > seen.lines:
        marks = transaction.tenant.heads.marks_after(seen.lines, transaction.agency)
        # another library may have told of the loss, and this one has not followed that yet
        if any(mark.lost for _, mark in _recent(marks)) or _find_lost(transaction, marks):
            return True
    return _is_end_lost(transaction.tenant, seen) and not is_loss_noticed(
        transaction, transaction.agency, _witnessed(transaction.tenant)
    )


def _is_end_lost(tenant: Tenant, seen: HeadsSeen) -> bool:
    """Return whether the file of the heads and the database both lack the end that the witness has seen."""
    witnessed = _witnessed(tenant)
    return witnessed.lines > seen.lines and tenant.heads.code_at(witnessed.lines) != witnessed.code


def _tell_loss(transaction: Transaction) -> None:
    """Write in the file of the heads that what its last lines tell is lost. It stands there until someone accepts it.

    The heads of the next night are past what was lost, so nothing else would tell of it then. The witness forgets it
    as soon as another library accepts its own loss.
    """
    seen = older_states.seen_of_heads(transaction) or _NONE
    marks = transaction.tenant.heads.marks_after(seen.lines, transaction.agency)
    lost = _find_lost(transaction, marks)
    if not lost and not _is_end_lost(transaction.tenant, seen):
        return
    first = lost[-1] if lost else transaction.tenant.heads.first_lost(_witnessed(transaction.tenant))
    told = [line for line, mark in _recent(marks) if mark.lost and (mark.seq == first or not lost)]
    # a command that was killed here has written it already
    if not told or (lost and told[0] < lost[0]):
        transaction.tenant.heads.keep(
            transaction.agency, [Mark("", first, b"", transaction.stamp(), lost=True)], seen=None
        )


def _find_lost(transaction: Transaction, marks: Sequence[tuple[int, Mark]]) -> list[int]:
    """Return the lines that tell of entries or record changes that the database does not have, the last first.

    `marks` are the lines after what the database has seen, the last first.
    """
    ours = transaction.execute(select(_HEAD.stream, _HEAD.seq).where(_HEAD.agency == transaction.agency))
    heads = {row.stream: row.seq for row in ours}
    changes = older_states.record_changes(transaction) or 0
    return [
        line
        for line, mark in _recent(marks)
        if not mark.lost and (mark.seq > heads.get(mark.stream, 0) or (mark.records or 0) > changes)
    ]


def _recent(marks: Sequence[tuple[int, Mark]]) -> Iterator[tuple[int, Mark]]:
    """Yield the lines since somebody accepted what earlier ones tell of, the last first."""
    return takewhile(lambda one: not one[1].accepted or bool(one[1].stream), marks)


def _witnessed(tenant: Tenant) -> HeadsSeen:
    """Return what the witness has seen. A broken witness counts as one that has seen nothing."""
    try:
        return tenant.heads.witnessed() or _NONE
    except AuditBroken:
        return _NONE


def replay_journal(tenant: Tenant) -> int:
    """Close and erase again the patrons that an older copy of the database has brought back. Returns how many.

    Every other subscribed patron is then unverified until the register has answered. If it is no older copy, but the
    database that a killed command left behind its journal, only what that command began is done. Nobody is looked up,
    subscribed or created. The patron numbers in the journal are never issued again.

    Raises:
        JournalBehind: the journal is not the one that the database has seen; nothing is written.
    """
    with tenant.reading() as transaction:
        if _is_followed(transaction) and not tenant.journal.has_begun(transaction.agency):
            return 0
    with library_transaction(tenant) as transaction:
        # read here: another process may have written lines just now, and erased those patrons
        written = journal_entries(transaction)
        entries = {entry.patron_id: entry for entry in written}
        for patron_id in _not_given(transaction, list(entries)):
            transaction.execute(_ISSUE, {"agency": transaction.agency, "id": patron_id})
        back, seen = _brought_back(transaction, entries), is_journal_remembered(transaction, len(written))
        older = (bool(back) or not seen) and not was_killed_before_it_followed(transaction)
        _part_whoever_left_alone(transaction, back, entries)
        for patron_id in back:
            repeat(transaction, entries[patron_id])
        kept_blocks.forget_kept(transaction, [one for one, of in entries.items() if of.what == tables.ERASED])
        if older:
            # what look-ups told since this copy was made is lost, and no delivery tells it again
            _begin_as_older(transaction)
        remember_journal(transaction)
        if seen:
            # no line follows this note: nobody writes one while the library is held
            tenant.journal.settle(transaction.agency, seen=len(written) + 1)
    tenant.journal.settle(tenant.agency, seen=len(written))
    return len(back)


def _is_followed(transaction: Transaction) -> bool:
    """Return whether the database has seen every line, and nobody of the journal is back."""
    written = journal_entries(transaction)
    entries = {entry.patron_id: entry for entry in written}
    if entries and (_brought_back(transaction, entries) or _not_given(transaction, list(entries))):
        return False
    return is_journal_remembered(transaction, len(written))


def _brought_back(transaction: Transaction, entries: Mapping[str, JournalEntry]) -> list[str]:
    wanted = select(_PATRON.id, _PATRON.status_class).where(_PATRON.agency == transaction.agency)
    rows = transaction.fetch_rows(wanted, _PATRON.id, list(entries))
    return [
        row.id
        for row in rows
        if row.status_class not in tables.EMPTIED
        or (entries[row.id].what == tables.ERASED and row.status_class != tables.ERASED)
    ]


def _part_whoever_left_alone(
    transaction: Transaction, back: Sequence[str], entries: Mapping[str, JournalEntry]
) -> None:
    """Take back the merges of those who have left, if the patron who keeps has not left in the same way.

    They were parted since. What is theirs is in the other record in this copy, and would stay there.
    """
    for row in patron_rows(transaction, back, hold=True):
        keeper = keeper_of(transaction, row.id) if row.status_class == tables.MERGED else None
        if keeper is not None and (keeper not in entries or entries[keeper].what != entries[row.id].what):
            part_again(transaction, row)


def _not_given(transaction: Transaction, ids: Sequence[str]) -> list[str]:
    issued = tables.issued_id.c
    wanted = select(issued.id).where(issued.agency == transaction.agency)
    given = set(transaction.fetch_values(wanted, issued.id, ids))
    return [one for one in ids if one not in given]
