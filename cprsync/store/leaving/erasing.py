"""Erase a patron: delete all that the database holds, at once or as soon as the register and the net media confirm.

Only the patron number stays: in the audit, and among the numbers that are never issued again. The lines and plans of
old nights then do not name the patron. Their counts stay.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from sqlalchemy import ColumnElement, Connection, delete, exists, func, select, update

from cprsync.services.ports.leaving import Erased
from cprsync.store import tables
from cprsync.store.audit import audit
from cprsync.store.audit.audit import CONFIRM
from cprsync.store.audit.binding import keeping_bound
from cprsync.store.audit.older_states import Moved, append_journal, journal_entries, note_versions
from cprsync.store.audit.planned import keeping_yeses
from cprsync.store.beside.journal import NO_NUMBER
from cprsync.store.beside.journal import NUMBER as JOURNAL
from cprsync.store.core.engine import parts, reading, writing
from cprsync.store.core.tenant import AGENCY_IS, TenantStore, hold_fence, hold_library, library_transaction
from cprsync.store.leaving.emptying import delete_images, empty, rows_of, tell_and_count, write_journal
from cprsync.store.leaving.leaving import CLOSE, ties_of, was_given
from cprsync.store.outward.changes import follow_patrons, has_met_targets
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
    from cprsync.store.beside.journal import Entry
    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Tenant

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


class Erasing(TenantStore):
    """Records that are erased."""

    def erase(self, patron_id: str, *, user: str, reason: str = "") -> Erased | Ties | None:
        with library_transaction(self._tenant) as connection:
            row = patron_row(connection, self._tenant, patron_id, hold=True)
            if row is None:
                given = was_given(connection, self._tenant, patron_id)
                return _erase_kept(connection, self._tenant, patron_id, user) if given else None
            ties = ties_of(connection, self._tenant, patron_id)
            if ties.still_open:
                return ties
            write_journal(connection, self._tenant, [row], on=self._tenant.clock.today(), what=tables.ERASED)
            if reason:
                confirmed = audit.Happened(CONFIRM, patron=row.id, user=user, reason=reason)
                audit.append(connection, self._tenant, audit.DESK, [confirmed])
            return _erase(connection, self._tenant, row, audit.Happened(ERASE, patron=row.id, user=user), audit.DESK)

    def sweep(self, run: Run) -> int:
        with reading(self._tenant.engine) as connection:
            # sorted here, because SQLite would otherwise read every patron in the order of their ids
            ids = sorted(connection.scalars(_CLOSED, {"agency_": self._tenant.agency}))
        removed = 0
        for part in parts(ids):
            with writing(self._tenant.engine) as connection:
                hold_fence(connection, self._tenant, run)
                hold_library(connection, self._tenant)
                _drop_ended_subscriptions(connection, self._tenant, part)
                gone = _remove(connection, self._tenant, part)
                happened = [audit.Happened(GONE, run=run, patron=one) for one in gone]
                audit.append(connection, self._tenant, self._tenant.night, happened)
                removed += len(gone)
        return removed


def _erase_kept(connection: Connection, tenant: Tenant, patron_id: str, user: str) -> Erased:
    """Erase what is kept of a patron without a row: a kept block, and the journal's note that they left.

    The journal is written first.
    """
    lines = [one for one in journal_entries(connection, tenant) if one.patron_id == patron_id]
    is_told = bool(lines) and all(one.what != tables.ERASED for one in lines)
    if not kept_blocks.forget_kept(connection, tenant, [patron_id]) and not is_told:
        return Erased()
    if lines:
        erased = replace(lines[0], day=tenant.clock.today(), what=tables.ERASED, number=NO_NUMBER)
        append_journal(connection, tenant, [erased])
    audit.append(connection, tenant, audit.DESK, [audit.Happened(ERASE, patron=patron_id, user=user)])
    return Erased()


def _erase(connection: Connection, tenant: Tenant, row: AnyRow, happened: audit.Happened, stream: str) -> Erased:
    if row.status_class not in tables.EMPTIED:
        empty(connection, tenant, row, on=tenant.clock.today())
    family = [row.id, *shells_of(connection, tenant, row.id)]
    _delete_belongings(connection, tenant, family)
    kept_blocks.forget_kept(connection, tenant, family)
    these = (_PATRON.agency == tenant.agency) & _PATRON.id.in_(family)
    connection.execute(update(tables.patron).where(these).values(status_class=tables.ERASED))
    audit.append(connection, tenant, stream, [happened])
    waits = tell_and_count(connection, tenant, row.id)
    _remove(connection, tenant, family)
    return waits


def _delete_belongings(connection: Connection, tenant: Tenant, ids: Sequence[str]) -> None:
    """Delete all rows, except subscriptions and deletions of accounts that others have still to confirm."""
    _forget_lines(connection, tenant, ids)
    change_items(connection, tenant, tables.review_item.c.about.in_(ids), {"about": None})
    delete_images(connection, tenant, ids)
    with keeping_yeses(connection, tenant, ids), keeping_bound(connection, tenant, ids):
        for table in _OF_PATRON:
            connection.execute(delete(table).where(rows_of(table, tenant, ids)))
    link = tables.responsible
    either = link.c.patron_id.in_(ids) | link.c.responsible_id.in_(ids)
    connection.execute(delete(link).where(link.c.agency == tenant.agency, either))


def _forget_lines(connection: Connection, tenant: Tenant, ids: Sequence[str]) -> None:
    """Remove the patrons from the lines and plans of old nights, which name them by patron number or by index."""
    numbers: list[CprNumber] = [from_row(tenant.vault, row).number for row in patron_rows(connection, tenant, ids)]
    probes = [probe for one in numbers for probe in tenant.vault.probes("number", one.digits)]
    # the old numbers are in the patron's own lines and subscriptions
    probes += connection.scalars(select(_ROW.number_index).where(rows_of(tables.subscription, tenant, ids)))
    ours = _LINE.agency == tenant.agency
    theirs = _LINE.patron_id.in_(ids) | _LINE.number_index.in_(probes)
    connection.execute(update(tables.run_item).where(ours, theirs).values(patron_id=None, number_index=None))
    for one in ids:
        # the reason of another patron's line may name this patron
        named = ours & _LINE.reason.like(f"%:{one}")
        why = func.replace(_LINE.reason, f":{one}", "")
        connection.execute(update(tables.run_item).where(named).values(reason=why))
        _forget_planned(connection, tenant, one)


def _forget_planned(connection: Connection, tenant: Tenant, patron_id: str) -> None:
    """Remove the patron from the plans in the reports of held nights."""
    named = (_RUN.agency == tenant.agency) & _RUN.document.like(f'%"patron": "{patron_id}"%')
    for row in connection.execute(select(_RUN.id, _RUN.document).where(named)).all():
        document = json.loads(row.document)
        rest = [step for step in document["plan"] if step["patron"] != patron_id]
        without = json.dumps(document | {"plan": rest}, ensure_ascii=False)
        this = (_RUN.agency == tenant.agency) & (_RUN.id == row.id)
        connection.execute(update(tables.run).where(this).values(document=without))


def _remove(connection: Connection, tenant: Tenant, ids: Sequence[str]) -> list[str]:
    """Delete the rows of those on which nothing depends any more. Returns the deleted ids."""
    free = select(_PATRON.id).where(*_is_free_to_delete(tenant), _PATRON.id.in_(ids))
    gone = list(connection.scalars(free))
    if gone and has_met_targets(connection, tenant):
        # whom a target has not been told of yet stays until it was
        follow_patrons(connection, tenant, gone)
        gone = list(connection.scalars(free))
    if not gone:
        return []  # most nights end here, so that the lines of all nights are not read for nothing
    _delete_belongings(connection, tenant, gone)
    # a row that is left belongs to an account whose identity nobody could find any more
    for table in (tables.account, tables.card_account):
        connection.execute(delete(table).where(rows_of(table, tenant, gone)))
    these = (_PATRON.agency == tenant.agency) & _PATRON.id.in_(gone)
    last = connection.execute(select(_PATRON.id, _PATRON.version, _PATRON.local_version).where(these)).all()
    connection.execute(delete(tables.patron).where(these))
    moved = [Moved(row.id, REGISTER, row.version, None) for row in last]
    note_versions(connection, tenant, [*moved, *(Moved(row.id, LOCAL, row.local_version, None) for row in last)])
    return gone


def _is_free_to_delete(tenant: Tenant) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions for a shell that no subscription, waiting effect, loan or balance needs."""
    hangs = [
        exists().where(table.c.agency == _PATRON.agency, table.c.patron_id == _PATRON.id)
        for table in (tables.subscription, tables.loan, tables.balance, tables.outbox)
    ]
    return (_PATRON.agency == tenant.agency, *IS_EMPTIED, *(~one for one in hangs))


def _drop_ended_subscriptions(connection: Connection, tenant: Tenant, ids: Sequence[str]) -> None:
    """Delete ended rows that the register does not hold.

    If another patron needs the number, that patron's row takes over to remove it later.
    """
    ended = rows_of(tables.subscription, tenant, ids) & (_ROW.until.is_not(None) | (_ROW.reason == LEFT))
    for row in connection.execute(select(tables.subscription).where(ended, _ROW.confirmed_at.is_not(None))).all():
        same = (_ROW.agency == row.agency) & (_ROW.agreement == row.agreement)
        same &= (_ROW.number_index == row.number_index) & (_ROW.patron_id != row.patron_id) & _ROW.until.is_(None)
        theirs = {"confirmed_at": func.coalesce(_ROW.confirmed_at, row.confirmed_at)}
        if connection.execute(update(tables.subscription).where(same).values(theirs)).rowcount:
            this = (_ROW.agreement == row.agreement) & (_ROW.number_index == row.number_index)
            connection.execute(update(tables.subscription).where(ended, this).values(confirmed_at=None))
    connection.execute(delete(tables.subscription).where(ended, _ROW.confirmed_at.is_(None)))


def repeat(connection: Connection, tenant: Tenant, entry: Entry) -> None:
    """Close or erase again the patron of a line in the journal."""
    row = patron_row(connection, tenant, entry.patron_id, hold=True)
    if row is None:
        return  # a shell that was deleted with the entry before
    if entry.what == tables.ERASED:
        _erase(connection, tenant, row, audit.Happened(ERASE, patron=row.id, actions=(JOURNAL,)), JOURNAL)
        return
    empty(connection, tenant, row, on=tenant.clock.today(), blocks_from=entry.day)
    audit.append(connection, tenant, JOURNAL, [audit.Happened(CLOSE, patron=row.id, actions=(JOURNAL,))])
