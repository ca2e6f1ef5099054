"""Delete data that has passed its retention period, a few rows at a time, each batch in one transaction with its audit.

What waits, is in force or can still be taken back stays. The audit tells which patron, which kind and how many rows,
never their content.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from sqlalchemy import (
    Connection,
    Date,
    Select,
    Table,
    delete,
    exists,
    func,
    literal,
    or_,
    select,
    update,
)

from cprsync.domain.leaving.leaving import Forgotten, annullable_since, deletable_until
from cprsync.domain.patron.local import without_lifted
from cprsync.domain.patron.review import BLOCK_DEAD, DEATH_ANNULLED, LIFTED_BY, State
from cprsync.store.audit import audit
from cprsync.store.core import tables
from cprsync.store.core.engine import parts, reading
from cprsync.store.core.tenant import TenantStore, run_transaction
from cprsync.store.leaving import night_lines, old_files
from cprsync.store.leaving.old_files import Over
from cprsync.store.lending.circulation import is_over, open_payload, seal_payload
from cprsync.store.records import overrides
from cprsync.store.records.records import open_local, write_local
from cprsync.store.trust import audit_list

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date

    from cprsync.domain.policy.policy import Policy
    from cprsync.services.ports.runs import Run
    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Tenant

#: The audit stream for deletions outside a night, and the kind of its entries.
STREAM: Final = "retention"
FORGET: Final = "forget"
#: The fields of a message that stay.
_FACT: Final = ("channel",)
_LOAN, _RESERVATION, _BALANCE, _MESSAGE = (
    table.c for table in (tables.loan, tables.reservation, tables.balance, tables.message)
)
_IMAGE = tables.before_image.c
_PATRON = tables.patron.c
_OVERRIDE, _ITEM = tables.override.c, tables.review_item.c
_EVENT, _RUN = tables.calendar_event.c, tables.run.c
Found: TypeAlias = "Select[*tuple[Any, ...]]"


class Retention(TenantStore):
    """What is deleted after its retention period."""

    def forget(self, run: Run | None, kind: Forgotten, policy: Policy, *, on: date, limit: int) -> int:
        over = Over(self._tenant, deletable_until(kind, on, policy), on, policy)
        with run_transaction(self._tenant, run) as connection:
            rows: Sequence[AnyRow]
            if kind is Forgotten.LOG:
                rows = audit_list.find_old_entries(connection, self._tenant, over.end, limit=limit)
                audit_list.cut_entries(connection, self._tenant, rows)
            else:
                find, let_go = _KINDS[kind]
                rows = connection.execute(find(over).limit(limit)).all()
                let_go(connection, self._tenant, rows)
            stream = STREAM if run is None else self._tenant.night
            audit.append(connection, self._tenant, stream, _happened(run, kind, rows))
        return len(rows)

    def count_log(self, policy: Policy, *, on: date) -> int:
        over = Over(self._tenant, deletable_until(Forgotten.LOG, on, policy), on, policy)
        with reading(self._tenant.engine) as connection:
            return audit_list.count_old_entries(connection, self._tenant, over.end)

    def forgettable(self, policy: Policy, *, on: date) -> dict[str, int]:
        counts = {}
        with reading(self._tenant.engine) as connection:
            for kind, (find, _) in _KINDS.items():
                rows = find(Over(self._tenant, deletable_until(kind, on, policy), on, policy)).subquery()
                counts[kind.value] = connection.scalar(select(func.count()).select_from(rows)) or 0
        counts[Forgotten.LOG.value] = self.count_log(policy, on=on)
        return {kind: count for kind, count in counts.items() if count}


def _happened(run: Run | None, kind: Forgotten, rows: Sequence[AnyRow]) -> list[audit.Happened]:
    number = None if run is None else run.id
    return [
        audit.Happened(FORGET, run=number, patron=patron, actions=(kind.value,), more=(("count", str(count)),))
        for patron, count in Counter(row.patron_id for row in rows).items()
    ]


# -- loans, reservations, balances, messages -------------------------------------------------------------


def _loans(over: Over) -> Found:
    """Find loans that were returned, or paid for and never returned. A loan stays while anything is owed for it."""
    named = (_BALANCE.agency == _LOAN.agency) & (_BALANCE.patron_id == _LOAN.patron_id)
    named &= _BALANCE.loan_source == _LOAN.source_id
    owed = exists().where(named, or_(_BALANCE.settled.is_(None), _BALANCE.settled > over.by))
    return _of(tables.loan, over).where(is_over(over.tenant, over.by), ~owed)


def _reservations(over: Over) -> Found:
    """Find cancelled reservations.

    The reservations of a dead patron stay while the death may be annulled, or its annulment waits for a person.
    """
    theirs = (_ITEM.agency == _RESERVATION.agency) & (_ITEM.patron_id == _RESERVATION.patron_id)
    blocked = exists().where(theirs, _ITEM.kind == BLOCK_DEAD, _ITEM.state == State.ACCEPTED.value)
    annulled = exists().where(theirs, _ITEM.kind == DEATH_ANNULLED, _ITEM.state == State.WAITING.value)
    kept = blocked & or_(_RESERVATION.cancelled >= annullable_since(over.on, over.policy), annulled)
    return _of(tables.reservation, over).where(_RESERVATION.cancelled <= over.by, ~kept)


def _fees(over: Over) -> Found:
    return _of(tables.balance, over).where(_BALANCE.settled <= over.by, _BALANCE.kind != tables.COMPENSATION)


def _compensations(over: Over) -> Found:
    """Find settled compensations.

    A compensation ends a loan that never came back, so it stays as long as the loan.
    """
    loans = replace(over, by=deletable_until(Forgotten.LOANS, over.on, over.policy))
    going = _loans(loans).with_only_columns(_LOAN.id).order_by(None)
    out = exists().where(
        *(_LOAN.agency == _BALANCE.agency, _LOAN.source_id == _BALANCE.loan_source, _LOAN.returned.is_(None)),
        _LOAN.id.not_in(going),
    )
    return _of(tables.balance, over).where(_BALANCE.settled <= over.by, _BALANCE.kind == tables.COMPENSATION, ~out)


def _messages(over: Over) -> Found:
    return (
        select(tables.message)
        .where(_MESSAGE.agency == over.tenant.agency, _MESSAGE.content_until.is_not(None), _MESSAGE.sent <= over.by)
        .order_by(_MESSAGE.content_until, _MESSAGE.id)
    )


def _of(table: Table, over: Over) -> Found:
    return select(table.c.id, table.c.patron_id).where(table.c.agency == over.tenant.agency).order_by(table.c.id)


def _deleted(table: Table) -> Callable[[Connection, Tenant, Sequence[AnyRow]], None]:
    def let_go(connection: Connection, tenant: Tenant, rows: Sequence[AnyRow]) -> None:
        for part in parts([row.id for row in rows]):
            connection.execute(delete(table).where(table.c.agency == tenant.agency, table.c.id.in_(part)))

    return let_go


def _keep_the_fact(connection: Connection, tenant: Tenant, rows: Sequence[AnyRow]) -> None:
    for row in rows:
        said = json.loads(open_payload(tenant, tables.message, row))
        fact = json.dumps({name: said[name] for name in _FACT if name in said}, sort_keys=True).encode()
        sealed = seal_payload(tenant, tables.message, fact, patron_id=row.patron_id, row_id=row.id)
        this = (_MESSAGE.agency == tenant.agency) & (_MESSAGE.id == row.id)
        connection.execute(update(tables.message).where(this).values(content_until=None, **sealed))


def _blocks(over: Over) -> Found:
    ours = (_PATRON.agency == over.tenant.agency) & (_PATRON.block_lifted <= over.by)
    columns = (_PATRON.patron_group, _PATRON.local_blob, _PATRON.local_key, _PATRON.local_version)
    wanted = select(_PATRON.id, _PATRON.id.label("patron_id"), literal(over.by, Date).label("by"), *columns)
    return wanted.where(ours).order_by(_PATRON.block_lifted)


def _forget_blocks(connection: Connection, tenant: Tenant, rows: Sequence[AnyRow]) -> None:
    for row in rows:
        local = open_local(tenant, row)
        kept = without_lifted(local.blocks, by=row.by)
        write_local(connection, tenant, row, replace(local, blocks=kept))


def _kept_blocks(over: Over) -> Found:
    # unordered: with an order, SQLite would read every block that is kept
    return _of(tables.kept_block, over).where(tables.kept_block.c.kept <= over.by).order_by(None)


# -- the record's own past ---------------------------------------------------------------------------------


def _before_images(over: Over) -> Found:
    ours = (_IMAGE.agency == over.tenant.agency) & (_IMAGE.until_day <= over.by)
    return select(_IMAGE.patron_id, _IMAGE.version).where(ours).order_by(_IMAGE.until_day)


def _delete_images(connection: Connection, tenant: Tenant, rows: Sequence[AnyRow]) -> None:
    versions: dict[str, list[int]] = {}
    for row in rows:
        versions.setdefault(row.patron_id, []).append(row.version)
    for patron_id, theirs in versions.items():
        these = (_IMAGE.agency == tenant.agency) & (_IMAGE.patron_id == patron_id) & _IMAGE.version.in_(theirs)
        connection.execute(delete(tables.before_image).where(these))


def _corrections(over: Over) -> Found:
    """Find corrections that have ended, were withdrawn or were replaced.

    Those that undoing a merge would restore stay until the merge can no longer be undone.
    """
    undoable = exists().where(
        *(_ITEM.agency == _OVERRIDE.agency, _ITEM.patron_id == _OVERRIDE.patron_id, _ITEM.undo.is_not(None))
    )
    past = _OVERRIDE.state.in_((overrides.ENDED, overrides.WITHDRAWN, overrides.REPLACED))
    # unordered: with an order, SQLite would read every correction
    return _of(tables.override, over).where(past, _OVERRIDE.ended <= over.by, ~undoable).order_by(None)


def _forget_corrections(connection: Connection, tenant: Tenant, rows: Sequence[AnyRow]) -> None:
    for row in rows:
        overrides.forget(connection, tenant, row.patron_id, row.id)


def _reviews(over: Over) -> Found:
    """Find answered items whose undo is over.

    An accepted block that is in force stays, because lifting it needs the undo.
    """
    holds = (_ITEM.state == State.ACCEPTED.value) & _ITEM.kind.in_(LIFTED_BY)
    answered = _ITEM.undo.is_not(None) & (_ITEM.decided_at < over.end) & (_ITEM.state != State.WAITING.value)
    return _of(tables.review_item, over).where(answered, ~holds).order_by(None)


def _forget_undo(connection: Connection, tenant: Tenant, rows: Sequence[AnyRow]) -> None:
    for part in parts([row.id for row in rows]):
        these = (_ITEM.agency == tenant.agency) & _ITEM.id.in_(part)
        connection.execute(update(tables.review_item).where(these).values(undo=None, key=None))


# -- the rest ---------------------------------------------------------------------------------------------------


def _nights(over: Over) -> Found:
    return night_lines.old_lines(over.tenant, over.by)


def _calendar(over: Over) -> Found:
    """Find calendar events, by day, of nights that ended.

    A late night lives days of long ago and counts them, so its events stay until it ends.
    """
    night = (_RUN.agency == _EVENT.agency) & (_RUN.id == _EVENT.run_id) & (_RUN.day <= over.by)
    old = (_EVENT.agency == over.tenant.agency) & (_EVENT.day <= over.by)
    return (
        select(tables.calendar_event)
        .where(old, exists().where(night, _RUN.finished.is_not(None)))
        .order_by(_EVENT.day, _EVENT.patron_id)
    )


def _forget_calendar(connection: Connection, tenant: Tenant, rows: Sequence[AnyRow]) -> None:
    for row in rows:
        this = (_EVENT.agency == tenant.agency) & (_EVENT.day == row.day) & (_EVENT.patron_id == row.patron_id)
        this &= (_EVENT.kind == row.kind) & (_EVENT.what == row.what)
        connection.execute(delete(tables.calendar_event).where(this))


#: All kinds but the audit, which is cut as a chain (see `cutting`). It comes last, because it records these deletions.
_KINDS: Final[
    Mapping[Forgotten, tuple[Callable[[Over], Found], Callable[[Connection, Tenant, Sequence[AnyRow]], None]]]
] = {
    Forgotten.LOANS: (_loans, _deleted(tables.loan)),
    Forgotten.RESERVATIONS: (_reservations, _deleted(tables.reservation)),
    Forgotten.FEES: (_fees, _deleted(tables.balance)),
    Forgotten.COMPENSATIONS: (_compensations, _deleted(tables.balance)),
    Forgotten.MESSAGES: (_messages, _keep_the_fact),
    Forgotten.BLOCKS: (_blocks, _forget_blocks),
    Forgotten.KEPT_BLOCKS: (_kept_blocks, _deleted(tables.kept_block)),
    Forgotten.BEFORE_IMAGES: (_before_images, _delete_images),
    Forgotten.DELIVERIES: (old_files.deliveries, old_files.let_go),
    Forgotten.REFUSED_DELIVERIES: (old_files.refused_deliveries, old_files.let_go),
    Forgotten.CORRECTIONS: (_corrections, _forget_corrections),
    Forgotten.REVIEWS: (_reviews, _forget_undo),
    Forgotten.NIGHTS: (_nights, night_lines.let_go),
    Forgotten.CALENDAR: (_calendar, _forget_calendar),
}
