"""Delete data that has passed its retention period, a few rows at a time, each batch in one transaction with its audit.

What waits, is in force or can still be taken back stays. The audit tells which patron, which kind and how many rows,
never their content.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Date,
    Select,
    String,
    Table,
    bindparam,
    delete,
    exists,
    func,
    null,
    or_,
    select,
    update,
)

from cprsync.domain.desk.access import AttemptOutcome
from cprsync.domain.feed.delivery import COPENHAGEN
from cprsync.domain.leaving.leaving import Forgotten, annullable_since, deletable_until
from cprsync.domain.patron.local import without_lifted
from cprsync.domain.patron.review import BLOCK_DEAD, DEATH_ANNULLED, LIFTED_BY, SAID_OTHER_NAME, State
from cprsync.services.ports.deliveries import InboxState
from cprsync.services.ports.leaving import Retention
from cprsync.services.ports.runs import RunState
from cprsync.store import tables
from cprsync.store.audit import audit
from cprsync.store.audit.binding import bind_outcomes, renew_before_cut
from cprsync.store.audit.older_states import IMAGE_COLUMNS, note_versions
from cprsync.store.core.engine import stamp_of
from cprsync.store.core.tenant import TenantStore, run_transaction
from cprsync.store.feed.inbox import UNNEEDED
from cprsync.store.lending.circulation import is_over, open_said, seal_payload
from cprsync.store.outward import old_changes
from cprsync.store.records.records import ENDED, REPLACED, WITHDRAWN, forget_override, open_local, write_local
from cprsync.store.trust import audit_list

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cprsync.domain.policy.policy import Policy
    from cprsync.services.ports.runs import Run
    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Tenant, Transaction

#: The audit stream for deletions outside a night, and the kind of its entries.
STREAM: Final = "retention"
FORGET: Final = "forget"
#: The fields of a message that stay.
_FACT: Final = ("channel",)
_LOAN, _RESERVATION, _BALANCE, _MESSAGE = (
    table.c for table in (tables.loan, tables.reservation, tables.balance, tables.message)
)
_PATRON, _IMAGE, _OVERRIDE, _ITEM = (
    table.c for table in (tables.patron, tables.before_image, tables.override, tables.review_item)
)
_BOX, _CHUNK = tables.inbox.c, tables.inbox_chunk.c
_RUN, _LINE, _PLAN, _EVENT = tables.run.c, tables.run_item.c, tables.plan_row.c, tables.calendar_event.c
#: States in which an undo may have begun to write.
MAY_WRITE: Final = (RunState.APPROVED.value, RunState.APPLYING.value)
#: An undo that may have begun to write, and has not ended. If it was killed, it goes on when it is asked for again.
IS_HALF_DONE: Final = _RUN.reverts.is_not(None) & _RUN.state.in_(MAY_WRITE) & _RUN.finished.is_(None)
#: Which of the values says up to when the audit's entries are old.
_LOG_END: Final = f"end_{Forgotten.LOG.value}"
Found: TypeAlias = "Select[*tuple[Any, ...]]"


@dataclass(frozen=True, slots=True)
class _Cutoff:
    """The names of what a kind is found by. The values are bound when it is asked, so each question is built once."""

    #: the last day on which data may have ended to be deleted, and its last moment in Copenhagen, as a row holds it
    by: BindParameter[date]
    end: BindParameter[str]
    agency: BindParameter[str] = field(default_factory=lambda: bindparam("agency_", type_=String))
    #: the first day of a death that may still be annulled
    annullable: BindParameter[date] = field(default_factory=lambda: bindparam("annullable", type_=Date))

    @classmethod
    def of(cls, kind: Forgotten) -> _Cutoff:
        return cls(bindparam(f"by_{kind.value}", type_=Date), bindparam(f"end_{kind.value}", type_=String))


def _values(tenant: Tenant, policy: Policy, on: date) -> dict[str, Any]:
    """Return what the questions are asked with on a day of deletion."""
    values: dict[str, Any] = {"agency_": tenant.agency, "annullable": annullable_since(on, policy)}
    for kind in Forgotten:
        by = deletable_until(kind, on, policy)
        end = stamp_of(datetime.combine(by, time.max, tzinfo=COPENHAGEN))
        values |= {f"by_{kind.value}": by, f"end_{kind.value}": end}
    return values


@cache
def _find(kind: Forgotten) -> Found:
    return _KINDS[kind][0](_Cutoff.of(kind))


@cache
def _count_all() -> Found:
    """Count each kind in one statement: every night asks, and there is seldom anything of any kind."""
    return select(
        *(
            select(func.count()).select_from(_find(kind).order_by(None).subquery()).scalar_subquery().label(kind.value)
            for kind in _KINDS
        )
    )


class SqlRetention(TenantStore, Retention):
    """What is deleted after its retention period."""

    def forget(self, run: Run | None, kind: Forgotten, policy: Policy, *, on: date, limit: int) -> int:
        values = _values(self._tenant, policy, on)
        with run_transaction(self._tenant, run) as transaction:
            rows: Sequence[AnyRow]
            if kind is Forgotten.LOG:
                rows = audit_list.find_old_entries(transaction, values[_LOG_END], limit=limit)
                renew_before_cut(transaction, {row.stream: row.seq for row in rows})
                audit_list.cut_entries(transaction, rows)
                _forget_attempts(transaction, values[_LOG_END])
            else:
                rows = transaction.execute(_find(kind).limit(limit), values).all()
                _KINDS[kind][1](transaction, rows)
            stream = STREAM if run is None else self._tenant.night
            audit.append(transaction, stream, _happened(run, kind, rows))
        return len(rows)

    def forgettable(self, policy: Policy, *, on: date) -> dict[str, int]:
        values = _values(self._tenant, policy, on)
        with self._tenant.reading() as transaction:
            counts: dict[str, int] = dict(transaction.execute(_count_all(), values).mappings().one())
            old = audit_list.count_old_entries(transaction, values[_LOG_END])
            counts[Forgotten.LOG.value] = old
        return {kind: count for kind, count in counts.items() if count}


def _forget_attempts(transaction: Transaction, end: str) -> None:
    """Delete what people did at the desk as long ago as the audit's entries, and who they are as patrons.

    Whoever is stopped stays so. Who they are is kept again when they sign in.
    """
    about_users = (AttemptOutcome.STOPPED.value, AttemptOutcome.LIFTED.value)
    came, tried = tables.desk_outcome.c, tables.desk_attempt.c
    old = (came.agency == transaction.agency) & (came.at < end) & came.outcome.not_in(about_users)
    ended = [(row.seq, row.outcome) for row in transaction.execute(select(came.seq, came.outcome).where(old))]
    transaction.execute(delete(tables.desk_outcome).where(old))
    bind_outcomes(transaction, ended)
    transaction.execute(delete(tables.desk_attempt).where(tried.agency == transaction.agency, tried.at < end))
    staff = tables.staff_patron.c
    transaction.execute(delete(tables.staff_patron).where(staff.agency == transaction.agency, staff.at < end))


def _happened(run: Run | None, kind: Forgotten, rows: Sequence[AnyRow]) -> list[audit.Happened]:
    return [
        audit.Happened(FORGET, run=run, patron=patron, actions=(kind.value,), more=(("count", str(count)),))
        for patron, count in Counter(row.patron_id for row in rows).items()
    ]


def _rows(table: Table, cutoff: _Cutoff) -> Found:
    return select(table.c.id, table.c.patron_id).where(table.c.agency == cutoff.agency).order_by(table.c.id)


def _delete_from(table: Table) -> Callable[[Transaction, Sequence[AnyRow]], None]:
    """Return how rows of a table are deleted, by its primary key."""
    keys = [column for column in table.primary_key if column.name != "agency"]

    def remove(transaction: Transaction, rows: Sequence[AnyRow]) -> None:
        these = delete(table).where(
            table.c.agency == transaction.agency, *(key == bindparam(f"_{key.name}") for key in keys)
        )
        if rows:
            transaction.execute(these, [{f"_{key.name}": getattr(row, key.name) for key in keys} for row in rows])

    return remove


def _loans(cutoff: _Cutoff) -> Found:
    """Find loans that were returned, or paid for and never returned. A loan stays while anything is owed for it."""
    named = (_BALANCE.agency == _LOAN.agency) & (_BALANCE.patron_id == _LOAN.patron_id)
    named &= _BALANCE.loan_source == _LOAN.source_id
    owed = exists().where(named, or_(_BALANCE.settled.is_(None), _BALANCE.settled > cutoff.by))
    return _rows(tables.loan, cutoff).where(is_over(cutoff.agency, cutoff.by), ~owed)


def _reservations(cutoff: _Cutoff) -> Found:
    """Find cancelled reservations.

    The reservations of a dead patron stay while the death may be annulled, or its annulment waits for a person.
    """
    theirs = (_ITEM.agency == _RESERVATION.agency) & (_ITEM.patron_id == _RESERVATION.patron_id)
    blocked = exists().where(theirs, _ITEM.kind == BLOCK_DEAD, _ITEM.state == State.ACCEPTED.value)
    annulled = exists().where(theirs, _ITEM.kind == DEATH_ANNULLED, _ITEM.state == State.WAITING.value)
    kept = blocked & or_(_RESERVATION.cancelled >= cutoff.annullable, annulled)
    return _rows(tables.reservation, cutoff).where(_RESERVATION.cancelled <= cutoff.by, ~kept)


def _fees(cutoff: _Cutoff) -> Found:
    return _rows(tables.balance, cutoff).where(_BALANCE.settled <= cutoff.by, _BALANCE.kind != tables.COMPENSATION)


def _compensations(cutoff: _Cutoff) -> Found:
    """Find settled compensations.

    A compensation ends a loan that never came back, so it stays as long as the loan.
    """
    going = _loans(_Cutoff.of(Forgotten.LOANS)).with_only_columns(_LOAN.id).order_by(None)
    out = exists().where(
        *(_LOAN.agency == _BALANCE.agency, _LOAN.source_id == _BALANCE.loan_source, _LOAN.returned.is_(None)),
        _LOAN.id.not_in(going),
    )
    settled = (_BALANCE.settled <= cutoff.by) & (_BALANCE.kind == tables.COMPENSATION)
    return _rows(tables.balance, cutoff).where(settled, ~out)


def _messages(cutoff: _Cutoff) -> Found:
    ours = (_MESSAGE.agency == cutoff.agency) & _MESSAGE.content_until.is_not(None)
    wanted = select(tables.message).where(ours, _MESSAGE.sent <= cutoff.by)
    return wanted.order_by(_MESSAGE.content_until, _MESSAGE.id)


def _keep_the_fact(transaction: Transaction, rows: Sequence[AnyRow]) -> None:
    for row in rows:
        said = open_said(transaction.tenant, tables.message, row)
        fact = json.dumps({name: said[name] for name in _FACT if name in said}, sort_keys=True).encode()
        sealed = seal_payload(transaction.tenant, tables.message, fact, patron_id=row.patron_id, row_id=row.id)
        this = (_MESSAGE.agency == transaction.agency) & (_MESSAGE.id == row.id)
        transaction.execute(update(tables.message).where(this).values(content_until=None, **sealed))


def _blocks(cutoff: _Cutoff) -> Found:
    ours = (_PATRON.agency == cutoff.agency) & (_PATRON.block_lifted <= cutoff.by)
    columns = (_PATRON.patron_group, _PATRON.local_blob, _PATRON.local_key, _PATRON.local_version)
    wanted = select(_PATRON.id, _PATRON.id.label("patron_id"), cutoff.by.label("by"), *columns)
    return wanted.where(ours).order_by(_PATRON.block_lifted)


def _forget_blocks(transaction: Transaction, rows: Sequence[AnyRow]) -> None:
    for row in rows:
        local = open_local(transaction.tenant, row)
        kept = without_lifted(local.blocks, by=row.by)
        write_local(transaction, row, replace(local, blocks=kept))


def _kept_blocks(cutoff: _Cutoff) -> Found:
    # unordered: with an order, SQLite would read every block that is kept
    return _rows(tables.kept_block, cutoff).where(tables.kept_block.c.kept <= cutoff.by).order_by(None)


def _before_images(cutoff: _Cutoff) -> Found:
    """Find records as they were before a change.

    What an undo puts back stays until the undo has ended, and so does what it has overwritten: it says who is back.
    """
    ours = (_IMAGE.agency == cutoff.agency) & (_IMAGE.until_day <= cutoff.by)
    for needed in (_RUN.reverts, _RUN.id):
        ours &= _IMAGE.run_id.not_in(select(needed).where(_RUN.agency == cutoff.agency, IS_HALF_DONE))
    return select(*IMAGE_COLUMNS).where(ours).order_by(_IMAGE.until_day)


def _forget_images(transaction: Transaction, rows: Sequence[AnyRow]) -> None:
    """Delete the images that were found, and what was planned to undo runs of which none is left.

    An undo that was held, or killed before it wrote, and that nobody asked for again, ends here: it can no longer be
    written.
    """
    _delete_from(tables.before_image)(transaction, rows)
    if rows:
        note_versions(transaction, deleted=rows)
    undone = (_IMAGE.agency == _RUN.agency) & (_IMAGE.run_id == _RUN.reverts)
    planned = (_PLAN.agency == _RUN.agency) & (_PLAN.run_id == _RUN.id)
    ended = select(_RUN.id).where(_RUN.agency == transaction.agency, _RUN.reverts.is_not(None))
    for number in transaction.scalars(ended.where(exists().where(planned), ~exists().where(undone))).all():
        _forget_plan(transaction, number)


def _corrections(cutoff: _Cutoff) -> Found:
    """Find corrections that have ended, were withdrawn or were replaced.

    Those that undoing a merge would restore stay until the merge can no longer be undone.
    """
    undoable = exists().where(
        *(_ITEM.agency == _OVERRIDE.agency, _ITEM.patron_id == _OVERRIDE.patron_id, _ITEM.undo.is_not(None))
    )
    past = _OVERRIDE.state.in_((ENDED, WITHDRAWN, REPLACED))
    # unordered: with an order, SQLite would read every correction
    return _rows(tables.override, cutoff).where(past, _OVERRIDE.ended <= cutoff.by, ~undoable).order_by(None)


def _forget_corrections(transaction: Transaction, rows: Sequence[AnyRow]) -> None:
    for row in rows:
        forget_override(transaction, row.patron_id, row.id)


def _reviews(cutoff: _Cutoff) -> Found:
    """Find answered items whose undo is over.

    A block that an answer gave and that is in force stays, because lifting it needs the undo.
    """
    holds = (_ITEM.state == State.ACCEPTED.value) & _ITEM.kind.in_(LIFTED_BY)
    holds |= (_ITEM.state == State.REJECTED.value) & _ITEM.kind.in_(SAID_OTHER_NAME)
    answered = _ITEM.undo.is_not(None) & (_ITEM.decided_at < cutoff.end) & (_ITEM.state != State.WAITING.value)
    return _rows(tables.review_item, cutoff).where(answered, ~holds).order_by(None)


def _forget_undo(transaction: Transaction, rows: Sequence[AnyRow]) -> None:
    forgotten = update(tables.review_item).where(_ITEM.agency == transaction.agency).values(undo=None, key=None)
    transaction.change_rows(forgotten, _ITEM.id, [row.id for row in rows])


def _deliveries(cutoff: _Cutoff) -> Found:
    """Find deliveries that an ended run has applied, or that were not needed: sent twice, or older than the last."""
    taken = tables.run_delivery.c
    late = exists().where(
        *(taken.agency == _BOX.agency, taken.inbox_id == _BOX.id),
        *(_RUN.agency == taken.agency, _RUN.id == taken.run_id, or_(_RUN.finished.is_(None), _RUN.day > cutoff.by)),
    )
    applied = (_BOX.state == InboxState.APPLIED.value) & ~late
    return _with_content(cutoff).where(or_(applied, _refused(cutoff) & _BOX.reason.in_(UNNEEDED)))


def _refused_deliveries(cutoff: _Cutoff) -> Found:
    """Find deliveries that were damaged or contradict another, and that no run has taken since."""
    return _with_content(cutoff).where(_refused(cutoff), _BOX.reason.not_in(UNNEEDED))


def _refused(cutoff: _Cutoff) -> ColumnElement[bool]:
    return (_BOX.state == InboxState.REFUSED.value) & (_BOX.sealed_at < cutoff.end)


def _with_content(cutoff: _Cutoff) -> Found:
    """Find deliveries whose content is here. They carry no patron id: a delivery is named by its place in the inbox."""
    held = exists().where(_CHUNK.agency == _BOX.agency, _CHUNK.inbox_id == _BOX.id)
    of_nobody = select(_BOX.id, null().label("patron_id"))
    return of_nobody.where(_BOX.agency == cutoff.agency, held).order_by(_BOX.id)


def _forget_content(transaction: Transaction, rows: Sequence[AnyRow]) -> None:
    for row in rows:
        transaction.execute(
            delete(tables.inbox_chunk).where(_CHUNK.agency == transaction.agency, _CHUNK.inbox_id == row.id)
        )


def _lines(cutoff: _Cutoff) -> Found:
    """Find the lines of nights that ended. They carry no patron id: a line is named by its place.

    The counts of each kind are in the night's report, and stay.
    """
    ours, old = _RUN.agency == cutoff.agency, (_RUN.day <= cutoff.by) & _RUN.finished.is_not(None)
    wanted = select(_LINE.run_id, _LINE.inbox_id, _LINE.ordinal, null().label("patron_id"))
    wanted = wanted.where(_LINE.agency == cutoff.agency, _LINE.run_id.in_(select(_RUN.id).where(ours, old)))
    return wanted.order_by(_LINE.run_id, _LINE.inbox_id, _LINE.ordinal)


def _forget_lines(transaction: Transaction, rows: Sequence[AnyRow]) -> None:
    """Delete the lines that were found, which are in order, and what their nights had planned."""
    for (run_id, inbox_id), lines in groupby(rows, key=lambda row: (row.run_id, row.inbox_id)):
        last = max(line.ordinal for line in lines)
        of_night = (_LINE.agency == transaction.agency) & (_LINE.run_id == run_id)
        of_delivery = _LINE.inbox_id.is_(None) if inbox_id is None else _LINE.inbox_id == inbox_id
        transaction.execute(delete(tables.run_item).where(of_night, of_delivery, _LINE.ordinal <= last))
    for run_id in dict.fromkeys(row.run_id for row in rows):
        _forget_plan(transaction, run_id)


def _forget_plan(transaction: Transaction, run_id: int) -> None:
    """Delete the plan of a night. The report of a held night contains the plan, too."""
    transaction.execute(delete(tables.plan_row).where(_PLAN.agency == transaction.agency, _PLAN.run_id == run_id))
    this = (_RUN.agency == transaction.agency) & (_RUN.id == run_id)
    document = json.loads(transaction.scalar(select(_RUN.document).where(this)) or "{}")
    if document.get("plan"):
        without = json.dumps(document | {"plan": []}, ensure_ascii=False)
        transaction.execute(update(tables.run).where(this).values(document=without))


def _calendar(cutoff: _Cutoff) -> Found:
    """Find calendar events, by day, of nights that ended.

    A late night lives days of long ago and counts them, so its events stay until it ends.
    """
    night = (_RUN.agency == _EVENT.agency) & (_RUN.id == _EVENT.run_id) & (_RUN.day <= cutoff.by)
    old = (_EVENT.agency == cutoff.agency) & (_EVENT.day <= cutoff.by)
    wanted = select(tables.calendar_event).where(old, exists().where(night, _RUN.finished.is_not(None)))
    return wanted.order_by(_EVENT.day, _EVENT.patron_id)


def _comparisons(cutoff: _Cutoff) -> Found:
    found, one = tables.comparison_finding, tables.comparison.c
    old = select(one.id).where(one.agency == cutoff.agency, one.day <= cutoff.by)
    return (
        select(found).where(found.c.agency == cutoff.agency, found.c.comparison_id.in_(old)).order_by(found.c.patron_id)
    )


#: All kinds but the audit, which is cut as a chain in `audit_list`. It comes last, because it records these deletions.
_KINDS: Final[
    Mapping[Forgotten, tuple[Callable[[_Cutoff], Found], Callable[[Transaction, Sequence[AnyRow]], None]]]
] = {
    Forgotten.LOANS: (_loans, _delete_from(tables.loan)),
    Forgotten.RESERVATIONS: (_reservations, _delete_from(tables.reservation)),
    Forgotten.FEES: (_fees, _delete_from(tables.balance)),
    Forgotten.COMPENSATIONS: (_compensations, _delete_from(tables.balance)),
    Forgotten.MESSAGES: (_messages, _keep_the_fact),
    Forgotten.BLOCKS: (_blocks, _forget_blocks),
    Forgotten.KEPT_BLOCKS: (_kept_blocks, _delete_from(tables.kept_block)),
    Forgotten.BEFORE_IMAGES: (_before_images, _forget_images),
    Forgotten.DELIVERIES: (_deliveries, _forget_content),
    Forgotten.REFUSED_DELIVERIES: (_refused_deliveries, _forget_content),
    Forgotten.CORRECTIONS: (_corrections, _forget_corrections),
    Forgotten.REVIEWS: (_reviews, _forget_undo),
    Forgotten.NIGHTS: (_lines, _forget_lines),
    Forgotten.CALENDAR: (_calendar, _delete_from(tables.calendar_event)),
    Forgotten.COMPARISONS: (_comparisons, _delete_from(tables.comparison_finding)),
    Forgotten.CHANGES: (old_changes.find_replaced, _delete_from(tables.change)),
    Forgotten.TOMBSTONES: (old_changes.find_tombstones, old_changes.forget_tombstones),
}
