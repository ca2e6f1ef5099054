"""Erase a patron: delete all that the database holds, at once or as soon as the register and the net media confirm.

Only the patron number stays: in the audit, and among the numbers that are never issued again. The lines and plans of
old nights then do not name the patron. Their counts stay.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from sqlalchemy import ColumnElement, delete, exists, func, select, update

from cprsync.services.ports.leaving import Erased, Erasing
from cprsync.store import tables
from cprsync.store.audit import audit
from cprsync.store.audit.audit import CONFIRM
from cprsync.store.audit.binding import keeping_bound
from cprsync.store.audit.older_states import Moved, append_journal, journal_entries, note_versions
from cprsync.store.audit.planned import keeping_yeses
from cprsync.store.beside.journal import NO_NUMBER
from cprsync.store.beside.journal import NUMBER as JOURNAL
from cprsync.store.core.engine import parts
from cprsync.store.core.tenant import AGENCY_IS, TenantStore, hold_fence, hold_library, library_transaction
from cprsync.store.leaving.emptying import delete_images, empty, rows_of, tell_and_count, write_journal
from cprsync.store.leaving.leaving import CLOSE, ties_of, was_given
from cprsync.store.outward.changes import follow_patrons, has_met_targets
from cprsync.store.patrons.responsibles import delete_links
from cprsync.store.records import kept_blocks
from cprsync.store.records.numbers import LEFT, shells_of
from cprsync.store.records.records import IS_EMPTIED, from_row, patron_row, patron_rows
from cprsync.store.reviews.review_items import change_items
from cprsync.store.seals.vault import LOCAL, REGISTER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cprsync.domain.leaving.leaving import Ties
    from cprsync.domain.person.number import CprNumber
    from cprsync.services.ports.runs import Run
    from cprsync.store.beside.journal import JournalEntry
    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Tenant, Transaction

#: The kinds of audit entries: the patron is erased; the last row of the patron is deleted.
ERASE: Final = "erase"
GONE: Final = "gone"
#: Tables whose rows are deleted at once. A shell waits for what the register and the net media have still to hear.
_OF_PATRON: Final = (
    tables.follow_up,
    tables.override,
    tables.calendar_event,
    tables.review_item,
    tables.loan,
    tables.reservation,
    tables.balance,
    tables.message,
    tables.plan_row,
    tables.audit_reason,
    tables.patron_key,
    tables.finding_key,
    tables.provisional,
    tables.comparison_finding,
    tables.known_elsewhere,
    tables.entitlement,
    tables.entitlement_turn,
    tables.staff_patron,
)
_PATRON, _ROW = tables.patron.c, tables.subscription.c
_RUN, _LINE = tables.run.c, tables.run_item.c
#: Each night asks this, so it is built once.
_CLOSED: Final = select(_PATRON.id).where(_PATRON.agency == AGENCY_IS, *IS_EMPTIED)


class SqlErasing(TenantStore, Erasing):
    """Records that are erased."""

    def erase(self, patron_id: str, *, user: str, reason: str = "") -> Erased | Ties | None:
        with library_transaction(self._tenant) as transaction:
            row = patron_row(transaction, patron_id, hold=True)
            if row is None:
                given = was_given(transaction, patron_id)
                return _erase_kept(transaction, patron_id, user) if given else None
            ties = ties_of(transaction, patron_id)
            if ties.still_open:
                return ties
            write_journal(transaction, [row], on=transaction.clock.today(), what=tables.ERASED)
            if reason:
                confirmed = audit.Happened(CONFIRM, patron=row.id, user=user, reason=reason)
                audit.append(transaction, audit.DESK, [confirmed])
            return _erase(transaction, row, audit.Happened(ERASE, patron=row.id, user=user), audit.DESK)

    def sweep(self, run: Run) -> int:
        with self._tenant.reading() as transaction:
            # sorted here, because SQLite would otherwise read every patron in the order of their ids
            ids = sorted(transaction.scalars(_CLOSED, {"agency_": transaction.agency}))
        removed = 0
        for part in parts(ids):
            with self._tenant.writing() as transaction:
                hold_fence(transaction, run)
                hold_library(transaction)
                _drop_ended_subscriptions(transaction, part)
                gone = _remove(transaction, part)
                happened = [audit.Happened(GONE, run=run, patron=one) for one in gone]
                audit.append(transaction, self._tenant.night, happened)
                removed += len(gone)
        return removed


def _erase_kept(transaction: Transaction, patron_id: str, user: str) -> Erased:
    """Erase what is kept of a patron without a row: a kept block, and the journal's note that they left.

    The journal is written first.
    """
    lines = [one for one in journal_entries(transaction) if one.patron_id == patron_id]
    is_told = bool(lines) and all(one.what != tables.ERASED for one in lines)
    if not kept_blocks.forget_kept(transaction, [patron_id]) and not is_told:
        return Erased()
    if lines:
        erased = replace(lines[0], day=transaction.clock.today(), what=tables.ERASED, number=NO_NUMBER)
        append_journal(transaction, [erased])
    audit.append(transaction, audit.DESK, [audit.Happened(ERASE, patron=patron_id, user=user)])
    return Erased()


def _erase(transaction: Transaction, row: AnyRow, happened: audit.Happened, stream: str) -> Erased:
    if row.status_class not in tables.EMPTIED:
        empty(transaction, row, on=transaction.clock.today())
    family = [row.id, *shells_of(transaction, row.id)]
    _delete_belongings(transaction, family)
    kept_blocks.forget_kept(transaction, family)
    these = (_PATRON.agency == transaction.agency) & _PATRON.id.in_(family)
    transaction.execute(update(tables.patron).where(these).values(status_class=tables.ERASED))
    audit.append(transaction, stream, [happened])
    waits = tell_and_count(transaction, row.id)
    _remove(transaction, family)
    return waits


def _delete_belongings(transaction: Transaction, ids: Sequence[str]) -> None:
    """Delete all rows, except subscriptions and deletions of accounts that others have still to confirm."""
    _forget_lines(transaction, ids)
    change_items(transaction, tables.review_item.c.about.in_(ids), {"about": None})
    delete_images(transaction, ids)
    with keeping_yeses(transaction, ids), keeping_bound(transaction, ids):
        for table in _OF_PATRON:
            transaction.execute(delete(table).where(rows_of(table, transaction.tenant, ids)))
    delete_links(transaction, ids)


def _forget_lines(transaction: Transaction, ids: Sequence[str]) -> None:
    """Remove the patrons from the lines and plans of old nights, which name them by patron number or by index."""
    numbers: list[CprNumber] = [from_row(transaction.vault, row).number for row in patron_rows(transaction, ids)]
    probes = [probe for one in numbers for probe in transaction.vault.probes("number", one.digits)]
    # the old numbers are in the patron's own lines and subscriptions
    probes += transaction.scalars(
        select(_ROW.number_index).where(rows_of(tables.subscription, transaction.tenant, ids))
    )
    ours = _LINE.agency == transaction.agency
    theirs = _LINE.patron_id.in_(ids) | _LINE.number_index.in_(probes)
    transaction.execute(update(tables.run_item).where(ours, theirs).values(patron_id=None, number_index=None))
    for one in ids:
        # the reason of another patron's line may name this patron
        named = ours & _LINE.reason.like(f"%:{one}")
        why = func.replace(_LINE.reason, f":{one}", "")
        transaction.execute(update(tables.run_item).where(named).values(reason=why))
        _forget_planned(transaction, one)


def _forget_planned(transaction: Transaction, patron_id: str) -> None:
    """Remove the patron from the plans in the reports of held nights."""
    named = (_RUN.agency == transaction.agency) & _RUN.document.like(f'%"patron": "{patron_id}"%')
    for row in transaction.execute(select(_RUN.id, _RUN.document).where(named)).all():
        document = json.loads(row.document)
        rest = [step for step in document["plan"] if step["patron"] != patron_id]
        without = json.dumps(document | {"plan": rest}, ensure_ascii=False)
        this = (_RUN.agency == transaction.agency) & (_RUN.id == row.id)
        transaction.execute(update(tables.run).where(this).values(document=without))


def _remove(transaction: Transaction, ids: Sequence[str]) -> list[str]:
    """Delete the rows of those on which nothing depends any more. Returns the deleted ids."""
    free = select(_PATRON.id).where(*_is_free_to_delete(transaction.tenant), _PATRON.id.in_(ids))
    gone = list(transaction.scalars(free))
    if gone and has_met_targets(transaction):
        # whom a target has not been told of yet stays until it was
        follow_patrons(transaction, gone)
        gone = list(transaction.scalars(free))
    if not gone:
        return []  # most nights end here, so that the lines of all nights are not read for nothing
    _delete_belongings(transaction, gone)
    # a row that is left belongs to an account whose identity nobody could find any more
    for table in (tables.account, tables.card_account):
        transaction.execute(delete(table).where(rows_of(table, transaction.tenant, gone)))
    these = (_PATRON.agency == transaction.agency) & _PATRON.id.in_(gone)
    last = transaction.execute(select(_PATRON.id, _PATRON.version, _PATRON.local_version).where(these)).all()
    transaction.execute(delete(tables.patron).where(these))
    moved = [Moved(row.id, REGISTER, row.version, None) for row in last]
    note_versions(transaction, [*moved, *(Moved(row.id, LOCAL, row.local_version, None) for row in last)])
    return gone


def _is_free_to_delete(tenant: Tenant) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions for a shell that no subscription, waiting effect, loan or balance needs."""
    hangs = [
        exists().where(table.c.agency == _PATRON.agency, table.c.patron_id == _PATRON.id)
        for table in (tables.subscription, tables.loan, tables.balance, tables.outbox)
    ]
    return (_PATRON.agency == tenant.agency, *IS_EMPTIED, *(~one for one in hangs))


def _drop_ended_subscriptions(transaction: Transaction, ids: Sequence[str]) -> None:
    """Delete ended rows that the register does not hold.

    If another patron needs the number, that patron's row takes over to remove it later.
    """
    ended = rows_of(tables.subscription, transaction.tenant, ids) & (_ROW.until.is_not(None) | (_ROW.reason == LEFT))
    for row in transaction.execute(select(tables.subscription).where(ended, _ROW.confirmed_at.is_not(None))).all():
        same = (_ROW.agency == row.agency) & (_ROW.agreement == row.agreement)
        same &= (_ROW.number_index == row.number_index) & (_ROW.patron_id != row.patron_id) & _ROW.until.is_(None)
        theirs = {"confirmed_at": func.coalesce(_ROW.confirmed_at, row.confirmed_at)}
        if transaction.execute(update(tables.subscription).where(same).values(theirs)).rowcount:
            this = (_ROW.agreement == row.agreement) & (_ROW.number_index == row.number_index)
            transaction.execute(update(tables.subscription).where(ended, this).values(confirmed_at=None))
    transaction.execute(delete(tables.subscription).where(ended, _ROW.confirmed_at.is_(None)))


def repeat(transaction: Transaction, entry: JournalEntry) -> None:
    """Close or erase again the patron of a line in the journal."""
    row = patron_row(transaction, entry.patron_id, hold=True)
    if row is None:
        return  # a shell that was deleted with the entry before
    if entry.what == tables.ERASED:
        _erase(transaction, row, audit.Happened(ERASE, patron=row.id, actions=(JOURNAL,)), JOURNAL)
        return
    empty(transaction, row, on=transaction.clock.today(), blocks_from=entry.day)
    audit.append(transaction, JOURNAL, [audit.Happened(CLOSE, patron=row.id, actions=(JOURNAL,))])
