"""Read review items, and answer one: its state, what the answer does, and the audit, in one transaction.

The patrons' rows are held first, in the order of their ids, as a night holds them. Then the item is held. What an
answer does is in `answers`. What opens an item is in `review_items`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, select, true, update

from cprsync.domain.patron.review import State
from cprsync.errors import ReviewClosed
from cprsync.services.ports.desk import GivenAnswer, Later, ReviewDesk, ReviewItem
from cprsync.store import tables
from cprsync.store.audit import audit, binding
from cprsync.store.core.engine import moment_of, stamp_of
from cprsync.store.core.tenant import AGENCY_IS, TenantStore, library_transaction
from cprsync.store.desk.answers import AnsweredItem, WrittenAnswer, accept, reject, take_answer_back, wait_again
from cprsync.store.lending import circulation
from cprsync.store.records.records import patron_rows
from cprsync.store.reviews.review_items import REVIEW, change_items, check_may_reopen, kept_numbers, seal_kept

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from cprsync.domain.person.number import CprNumber
    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Transaction

#: What the audit says of an item that waits again, of the first of two people who accept it, and of one put off.
REOPENED: Final = "reopened"
FIRST_YES: Final = "first_yes"
PUT_OFF: Final = "put_off"
BROUGHT_BACK: Final = "brought_back"
_ROW = tables.review_item.c
_OURS: Final = select(tables.review_item).where(_ROW.agency == AGENCY_IS)
_THIS: Final = _OURS.where(_ROW.id == bindparam("number_"))
_ALL: Final = _OURS.order_by(_ROW.id)
_WAITING: Final = _ALL.where(_ROW.state == State.WAITING.value)


class SqlReviewDesk(TenantStore, ReviewDesk):
    """What waits for a person, as the desk reads and answers it."""

    def items(self, *, all_states: bool) -> list[ReviewItem]:
        with self._tenant.reading() as transaction:
            rows = transaction.execute(_ALL if all_states else _WAITING, {"agency_": transaction.agency}).all()
            return _items(transaction, rows)

    def answered(self, *, most: int) -> list[ReviewItem]:
        states = [State.ACCEPTED.value, State.REJECTED.value, State.UNDONE.value]
        wanted = select(tables.review_item).where(_ROW.agency == self._tenant.agency, _ROW.state.in_(states))
        with self._tenant.reading() as transaction:
            rows = transaction.execute(wanted.order_by(_ROW.decided_at.desc(), _ROW.id.desc()).limit(most))
            return [_from_row(row) for row in rows]

    def put_off(self, item: ReviewItem, later: Later | None, *, user: str, reason: str) -> None:
        until, by = (None, None) if later is None else (later.until, later.by)
        with library_transaction(self._tenant) as transaction:
            this = (_ROW.agency == transaction.agency) & (_ROW.id == item.id) & (_ROW.state == State.WAITING.value)
            put_off = update(tables.review_item).where(this).values(later=until, later_by=by)
            if transaction.execute(put_off).rowcount != 1:
                raise ReviewClosed("review item {id} was answered or settled in the meantime", id=item.id)
            more = (("item", str(item.id)), *((("until", until.isoformat()),) if until is not None else ()))
            actions = (item.kind, BROUGHT_BACK if until is None else PUT_OFF)
            said = audit.Happened(REVIEW, patron=item.patron_id, actions=actions, user=user, more=more, reason=reason)
            audit.append(transaction, audit.DESK, [said])

    def waiting_about(self, patron_id: str) -> list[ReviewItem]:
        waits = (_ROW.agency == self._tenant.agency) & (_ROW.state == State.WAITING.value)
        theirs = waits & ((_ROW.patron_id == patron_id) | (_ROW.about == patron_id))
        with self._tenant.reading() as transaction:
            rows = transaction.execute(select(tables.review_item).where(theirs).order_by(_ROW.id)).all()
            return _items(transaction, rows)

    def item(self, number: int) -> ReviewItem | None:
        with self._tenant.reading() as transaction:
            row = _read(transaction, number)
            return None if row is None else _items(transaction, [row])[0]

    def count(self, kind: str, *, since: datetime) -> int:
        accepted = _ROW.state.in_([State.ACCEPTED.value, State.UNDONE.value]) & (_ROW.decided_at >= stamp_of(since))
        with self._tenant.reading() as transaction:
            return transaction.count_rows(_ROW.agency == transaction.agency, _ROW.kind == kind, accepted)

    def named_number(self, number: int) -> CprNumber | None:
        with self._tenant.reading() as transaction:
            row = _read(transaction, number)
        of = None if row is None else kept_numbers(self._tenant, row)
        return None if of is None else of[1]

    def write(self, given: GivenAnswer) -> None:
        item = given.item
        with library_transaction(self._tenant) as transaction:
            about = [item.patron_id] if item.about is None else [item.patron_id, item.about]
            held = {row.id: row for row in patron_rows(transaction, about, hold=True)}
            _decide(transaction, given)
            row = transaction.execute(_THIS, {"agency_": transaction.agency, "number_": item.id}).one()
            done = _do(AnsweredItem(transaction, item, row, held), given)
            if done.undo is not None:
                undo = update(tables.review_item).where(_ROW.agency == transaction.agency, _ROW.id == item.id)
                transaction.execute(undo.values(seal_kept(self._tenant, item.patron_id, item.id, done.undo)))
            audit.append(transaction, audit.DESK, _happened(given, done))
            if item.decided_by is not None and item.state is State.WAITING:
                # the first yes is used: it is none if the item waits again
                binding.bind(transaction, binding.FIRST_YES, {item.id: item.patron_id})

    def note_first_yes(self, item: ReviewItem, *, user: str) -> None:
        with library_transaction(self._tenant) as transaction:
            this = (_ROW.agency == transaction.agency) & (_ROW.id == item.id) & (_ROW.state == State.WAITING.value)
            row = _read(transaction, item.id)
            is_forged = row is not None and _items(transaction, [row])[0].decided_by is None
            first = update(tables.review_item).where(this, true() if is_forged else _ROW.decided_by.is_(None))
            if transaction.execute(first.values(decided_by=user, decided_at=transaction.stamp())).rowcount != 1:
                raise ReviewClosed("review item {id} was answered or settled in the meantime", id=item.id)
            more = (("item", str(item.id)),)
            said = audit.Happened(REVIEW, patron=item.patron_id, actions=(item.kind, FIRST_YES), user=user, more=more)
            audit.append(transaction, audit.DESK, [said])
            binding.bind(transaction, binding.FIRST_YES, {item.id: item.patron_id})

    def circulation_counts(self, patron_id: str) -> dict[str, int]:
        with self._tenant.reading() as transaction:
            return circulation.counts(transaction, patron_id)


def _read(transaction: Transaction, number: int) -> AnyRow | None:
    return transaction.execute(_THIS, {"agency_": transaction.agency, "number_": number}).one_or_none()


def _items(transaction: Transaction, rows: Sequence[AnyRow]) -> list[ReviewItem]:
    """Return items. A first yes that the audit does not have counts as not given."""
    waits = [row for row in rows if row.state == State.WAITING.value and row.decided_by is not None]
    unbound = binding.find_unbound(transaction, binding.FIRST_YES, waits)
    return [
        replace(_from_row(row), decided_by=None, decided_at=None) if str(row.id) in unbound else _from_row(row)
        for row in rows
    ]


def _from_row(row: AnyRow) -> ReviewItem:
    return ReviewItem(
        row.id,
        row.patron_id,
        row.kind,
        State(row.state),
        row.opened,
        row.about,
        row.decided_by,
        None if row.decided_at is None else moment_of(row.decided_at),
        None if row.later is None else Later(row.later, row.later_by),
    )


def _decide(transaction: Transaction, given: GivenAnswer) -> None:
    """Compare and set, so that only the first of two answers to an item is taken."""
    this = (_ROW.id == given.item.id) & (_ROW.state == given.item.state.value)
    same_other = _ROW.about.is_(None) if given.item.about is None else _ROW.about == given.item.about
    who, when = (None, None) if given.state is State.WAITING else (given.user, transaction.stamp())
    # an item that waits again later is not put off any more
    values = {"state": given.state.value, "decided_by": who, "decided_at": when, "later": None, "later_by": None}
    if change_items(transaction, this & same_other, values) != 1:
        raise ReviewClosed("review item {id} was answered or settled in the meantime", id=given.item.id)


def _do(one: AnsweredItem, given: GivenAnswer) -> WrittenAnswer:
    if given.state is State.ACCEPTED:
        return accept(one, given.write)
    if given.state is State.REJECTED:
        return reject(one)
    if given.state is State.UNDONE:
        return take_answer_back(one)
    check_may_reopen(one.transaction, one.item, one.patrons)
    return wait_again(one)


def _happened(given: GivenAnswer, done: WrittenAnswer) -> list[audit.Happened]:
    item = given.item
    more = (("item", str(item.id)), *((("fields", ",".join(done.fields)),) if done.fields else ()))
    said = REOPENED if given.state is State.WAITING else given.state.value
    about = [item.patron_id] if item.about is None or not done.fields else [item.patron_id, item.about]
    happened = audit.Happened(REVIEW, actions=(item.kind, said), user=given.user, more=more, reason=given.reason or "")
    return [replace(happened, patron=one) for one in about]
