"""Read review items, and answer one: its state, what the answer does, and the audit, in one transaction.

The patrons' rows are held first, in the order of their ids, as a night holds them. Then the item is held. What a merge
does is in `merging`. What opens an item is in `review_items`.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import Connection, delete, func, select, update

from cprsync.domain.feed.delivery import Why
from cprsync.domain.patron.local import Block
from cprsync.domain.patron.review import BLOCK_DEAD, BLOCK_OF, BLOCK_REASONS, LIFTED_BY, NET_MEDIA_REFUSED, Doing, State
from cprsync.errors import ReviewClosed
from cprsync.services.ports.desk import ReviewItem
from cprsync.services.ports.register import FIRST_COPY, NUMBER_CHANGE
from cprsync.store.audit import audit
from cprsync.store.core import tables
from cprsync.store.core.engine import moment_of, reading, stamp_of, writing
from cprsync.store.core.tenant import TenantStore, hold_library
from cprsync.store.desk import ending_protection, merging, number_undo, telling_again
from cprsync.store.desk.ending_protection import note_first_yes
from cprsync.store.lending import circulation
from cprsync.store.patrons import responsibles
from cprsync.store.patrons.changes import ask, write_records
from cprsync.store.patrons.feed_coverage import open_windows
from cprsync.store.records import links
from cprsync.store.records.records import open_local, write_local
from cprsync.store.reviews.review_items import (
    REVIEW,
    check_may_reopen,
    kept_numbers,
    open_kept,
    seal_kept,
    settle_items,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from cprsync.domain.person.number import CprNumber
    from cprsync.services.ports.desk import Answer
    from cprsync.services.ports.patrons import Write
    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Tenant

#: What the audit says of an item that waits again.
REOPENED: Final = "reopened"
_ROW = tables.review_item.c
_PATRON = tables.patron.c


class _Done(NamedTuple):
    """What an answer has written: the names of the fields, and what taking it back needs."""

    fields: tuple[str, ...] = ()
    undo: dict[str, Any] | None = None


# -- reading ---------------------------------------------------------------------------------------------


class ReviewDesk(TenantStore):
    """What waits for a person, as the desk reads and answers it."""

    def items(self, *, all_states: bool) -> list[ReviewItem]:
        wanted = select(tables.review_item).where(_ROW.agency == self._tenant.agency).order_by(_ROW.id)
        with reading(self._tenant.engine) as connection:
            rows = connection.execute(wanted if all_states else wanted.where(_ROW.state == State.WAITING.value))
            return [_from_row(row) for row in rows]

    def item(self, number: int) -> ReviewItem | None:
        with reading(self._tenant.engine) as connection:
            row = connection.execute(_this(self._tenant, number)).one_or_none()
            return None if row is None else _from_row(row)

    def count(self, kind: str, *, since: datetime) -> int:
        accepted = _ROW.state.in_([State.ACCEPTED.value, State.UNDONE.value]) & (_ROW.decided_at >= stamp_of(since))
        counted = select(func.count()).where(_ROW.agency == self._tenant.agency, _ROW.kind == kind, accepted)
        with reading(self._tenant.engine) as connection:
            return connection.scalar(counted) or 0

    def named_number(self, number: int) -> CprNumber | None:
        with reading(self._tenant.engine) as connection:
            row = connection.execute(_this(self._tenant, number)).one_or_none()
        of = None if row is None else kept_numbers(self._tenant, row)
        return None if of is None else of[1]

    def write(self, given: Answer) -> None:
        of = given.item
        with writing(self._tenant.engine) as connection:
            hold_library(connection, self._tenant)
            held = _hold_patrons(connection, self._tenant, of)
            _decide(connection, self._tenant, given)
            if given.write is not None:
                _WRITES[of.row.doing](connection, self._tenant, given.write)
            done = _ANSWERS[given.state](connection, self._tenant, of, held)
            if done.undo is not None:
                _keep_undo(connection, self._tenant, of, done.undo)
            more = [("item", str(of.id)), ("user", given.user)]
            more += [("fields", ",".join(done.fields))] if done.fields else []
            said = REOPENED if given.state is State.WAITING else given.state.value
            about = [of.patron_id] if of.about is None or not done.fields else [of.patron_id, of.about]
            happened = [
                audit.Happened(REVIEW, patron=one, actions=(of.kind, said), more=tuple(more), reason=given.reason or "")
                for one in about
            ]
            audit.append(connection, self._tenant, audit.DESK, happened)

    def note_first_yes(self, item: ReviewItem, *, user: str) -> None:
        note_first_yes(self._tenant, item, user=user)

    def circulation_counts(self, patron_id: str) -> dict[str, int]:
        with reading(self._tenant.engine) as connection:
            return circulation.counts(connection, self._tenant, patron_id)


def _this(tenant: Tenant, number: int) -> Any:
    return select(tables.review_item).where(_ROW.agency == tenant.agency, _ROW.id == number)


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
    )


# -- answering -------------------------------------------------------------------------------------------


def _hold_patrons(connection: Connection, tenant: Tenant, of: ReviewItem) -> dict[str, AnyRow]:
    ids = [of.patron_id] if of.about is None else [of.patron_id, of.about]
    wanted = select(tables.patron).where(_PATRON.agency == tenant.agency, _PATRON.id.in_(ids))
    return {row.id: row for row in connection.execute(wanted.order_by(_PATRON.id).with_for_update())}


def _decide(connection: Connection, tenant: Tenant, given: Answer) -> None:
    """Compare and set, so that only the first of two answers to an item is taken."""
    this = (_ROW.agency == tenant.agency) & (_ROW.id == given.item.id) & (_ROW.state == given.item.state.value)
    same_other = _ROW.about.is_(None) if given.item.about is None else _ROW.about == given.item.about
    decided = update(tables.review_item).where(this, same_other)
    who, when = (None, None) if given.state is State.WAITING else (given.user, tenant.stamp())
    values = {"state": given.state.value, "decided_by": who, "decided_at": when}
    if connection.execute(decided.values(values)).rowcount != 1:
        raise ReviewClosed("review item {id} was answered or settled in the meantime", id=given.item.id)


def _accept(connection: Connection, tenant: Tenant, of: ReviewItem, held: Mapping[str, AnyRow]) -> _Done:
    return _ACCEPTS[of.row.doing](connection, tenant, of, held)


def _reject(connection: Connection, tenant: Tenant, of: ReviewItem, held: Mapping[str, AnyRow]) -> _Done:  # noqa: ARG001 -- one signature for all answers
    if of.row.doing in {Doing.ASK_NUMBER, Doing.MERGE}:
        # the answer to an open question would bring the item back each night
        row = tables.follow_up.c
        this = (row.agency == tenant.agency) & (row.patron_id == of.patron_id) & (row.kind == NUMBER_CHANGE)
        connection.execute(delete(tables.follow_up).where(this))
    if kept_numbers(tenant, connection.execute(_this(tenant, of.id)).one()) is not None:
        # news of the number that stays was left undecided together with the item
        ask(connection, tenant, [(of.patron_id, FIRST_COPY)])
    elif of.row.leaves_replaced:
        # the register tells a protection or a death under the number that the patron does not get
        open_windows(connection, tenant, [of.patron_id], Why.NUMBER_REPLACED)
    if of.row.doing is Doing.END_PROTECTION:
        ending_protection.ask_no_more(connection, tenant, of.patron_id)
    if of.kind == NET_MEDIA_REFUSED:
        telling_again.drop_refused(connection, tenant, of.patron_id)
    return _Done()


def _undo(connection: Connection, tenant: Tenant, of: ReviewItem, held: Mapping[str, AnyRow]) -> _Done:
    row = connection.execute(_this(tenant, of.id)).one()
    kept = _open_undo(tenant, row)
    if of.row.doing is Doing.END_LINK:
        ended = date.fromisoformat(kept["day"])
        responsibles.resume(connection, tenant, of.patron_id, kept["responsible"], ended=ended)
        return _Done(("responsible",))
    if of.row.doing is Doing.NUMBER_SET:
        number_undo.take_back(connection, tenant, held[of.patron_id], kept)
        return _Done(("cpr_number",))
    if of.row.doing is Doing.MERGE:
        merging.part(connection, tenant, closed=held[of.patron_id], keeps=held[_other(of)], kept=kept)
        return _Done(("merged",))
    if of.row.doing is Doing.END_PROTECTION:
        ending_protection.protect_again(connection, tenant, held[of.patron_id])
        return _Done(("protection",))
    fields = _unblock(connection, tenant, held[of.patron_id], kept)
    settle_items(connection, tenant, [of.patron_id], LIFTED_BY[of.kind])
    return _Done(fields)


def _reopen(connection: Connection, tenant: Tenant, of: ReviewItem, held: Mapping[str, AnyRow]) -> _Done:
    check_may_reopen(connection, tenant, of, held)
    return _Done()


# -- what accepting does, by kind --------------------------------------------------------------------------


def _nothing(connection: Connection, tenant: Tenant, of: ReviewItem, held: Mapping[str, AnyRow]) -> _Done:  # noqa: ARG001 -- one signature for all
    return _Done()


def _block(connection: Connection, tenant: Tenant, of: ReviewItem, held: Mapping[str, AnyRow]) -> _Done:
    row, today = held[of.patron_id], tenant.clock.today()
    block, local = Block(today, BLOCK_REASONS[of.kind]), open_local(tenant, row)
    write_local(connection, tenant, row, replace(local, blocks=(*local.blocks, block)))
    undo: dict[str, Any] = {"day": today.isoformat(), "reason": block.reason, "reservations": []}
    if of.kind != BLOCK_DEAD:
        return _Done(("blocks",), undo)
    undo["reservations"] = circulation.cancel_reservations(connection, tenant, of.patron_id, on=today)
    return _Done(("blocks", "reservations"), undo)


def _lift(connection: Connection, tenant: Tenant, of: ReviewItem, held: Mapping[str, AnyRow]) -> _Done:  # noqa: ARG001 -- one signature for all
    """Take back each confirmed block of the kind that this item ends."""
    confirmed = (_ROW.patron_id == of.patron_id) & (_ROW.kind == BLOCK_OF[of.kind])
    confirmed &= _ROW.state == State.ACCEPTED.value
    wanted = select(tables.review_item).where(_ROW.agency == tenant.agency, confirmed).order_by(_ROW.id)
    fields: tuple[str, ...] = ()
    for block in connection.execute(wanted).all():
        (row,) = _hold_patrons(connection, tenant, of).values()
        fields = _unblock(connection, tenant, row, _open_undo(tenant, block))
        this = (_ROW.agency == tenant.agency) & (_ROW.id == block.id)
        connection.execute(update(tables.review_item).where(this).values(state=State.UNDONE.value))
    return _Done(fields)


def _unblock(connection: Connection, tenant: Tenant, row: AnyRow, kept: Mapping[str, Any]) -> tuple[str, ...]:
    """Remove the block, unless it is gone already, and let the reservations wait again."""
    day, local = date.fromisoformat(kept["day"]), open_local(tenant, row)
    blocks = list(local.blocks)
    if (block := Block(day, kept["reason"])) in blocks:
        blocks.remove(block)
        write_local(connection, tenant, row, replace(local, blocks=tuple(blocks)))
    circulation.take_back_reservations(connection, tenant, kept["reservations"], cancelled=day)
    return ("blocks", "reservations") if kept["reservations"] else ("blocks",)


def _ask_again(connection: Connection, tenant: Tenant, of: ReviewItem, held: Mapping[str, AnyRow]) -> _Done:  # noqa: ARG001 -- one signature for all
    ask(connection, tenant, [(of.patron_id, FIRST_COPY)])
    return _Done()


def _ask_number(connection: Connection, tenant: Tenant, of: ReviewItem, held: Mapping[str, AnyRow]) -> _Done:  # noqa: ARG001 -- one signature for all
    ask(connection, tenant, [(of.patron_id, NUMBER_CHANGE)])
    return _Done()


def _number(connection: Connection, tenant: Tenant, of: ReviewItem, held: Mapping[str, AnyRow]) -> _Done:  # noqa: ARG001 -- one signature for all
    return _Done(("cpr_number",))


def _give_number(connection: Connection, tenant: Tenant, write: Write) -> None:
    """Write the number that the answer gives the patron, as a night does.

    The next question to the register asks who the patron is under that number.

    Raises:
        LostCompare: the record changed meanwhile, or another patron has got the number.
    """
    write_records(connection, tenant, tenant.no_run, [write])
    ask(connection, tenant, [(write.patron.id, NUMBER_CHANGE)])


def _end_protection(connection: Connection, tenant: Tenant, of: ReviewItem, held: Mapping[str, AnyRow]) -> _Done:  # noqa: ARG001 -- one signature for all
    return _Done(("protection",), {"day": tenant.clock.today().isoformat()})


def _merge(connection: Connection, tenant: Tenant, of: ReviewItem, held: Mapping[str, AnyRow]) -> _Done:
    kept = merging.merge(connection, tenant, closes=held[of.patron_id], keeps=held[_other(of)])
    return _Done(("merged",), kept)


def _end_links(connection: Connection, tenant: Tenant, of: ReviewItem, held: Mapping[str, AnyRow]) -> _Done:  # noqa: ARG001 -- one signature for all
    """End the links that are the reason for this item, as they are now."""
    today = tenant.clock.today()
    theirs = [one for one in links.answering_for(connection, tenant, [of.patron_id]) if one.is_reason_for(of.kind)]
    responsibles.end(connection, tenant, {(one.minor_id, one.responsible_id) for one in theirs}, on=today)
    undo = {"day": today.isoformat(), "responsible": [one.responsible_id for one in theirs]}
    return _Done(("responsible",), undo)


def _tell_again(connection: Connection, tenant: Tenant, of: ReviewItem, held: Mapping[str, AnyRow]) -> _Done:  # noqa: ARG001 -- one signature for all
    telling_again.tell_again(connection, tenant, of.patron_id)
    return _Done()


def _other(of: ReviewItem) -> str:
    if of.about is None:
        raise ReviewClosed("review item {id} does not say which other patron it is about: reject it", id=of.id)
    return of.about


_ACCEPTS: Final[Mapping[Doing, Callable[[Connection, Tenant, ReviewItem, Mapping[str, AnyRow]], _Done]]] = {
    Doing.SEEN: _nothing,
    Doing.BLOCK: _block,
    Doing.LIFT: _lift,
    Doing.MERGE: _merge,
    Doing.ASK_AGAIN: _ask_again,
    Doing.ASK_NUMBER: _ask_number,
    Doing.GIVE_NUMBER: _number,
    Doing.END_LINK: _end_links,
    Doing.TELL_AGAIN: _tell_again,
    Doing.END_PROTECTION: _end_protection,
    Doing.NUMBER_SET: _nothing,
}
#: Answers that come with a write, decided on the record as it is.
_WRITES: Final = {Doing.GIVE_NUMBER: _give_number, Doing.END_PROTECTION: ending_protection.end_protection}
_ANSWERS: Final[Mapping[State, Callable[[Connection, Tenant, ReviewItem, Mapping[str, AnyRow]], _Done]]] = {
    State.ACCEPTED: _accept,
    State.REJECTED: _reject,
    State.UNDONE: _undo,
    State.WAITING: _reopen,
}


# -- what an undo needs ------------------------------------------------------------------------------------


def _keep_undo(connection: Connection, tenant: Tenant, of: ReviewItem, kept: Mapping[str, Any]) -> None:
    this = (_ROW.agency == tenant.agency) & (_ROW.id == of.id)
    connection.execute(update(tables.review_item).where(this).values(seal_kept(tenant, of.patron_id, of.id, kept)))


def _open_undo(tenant: Tenant, row: AnyRow) -> dict[str, Any]:
    kept = open_kept(tenant, row)
    if kept is None:
        raise ReviewClosed(
            "review item {id} was answered too long ago: what taking it back needs is forgotten", id=row.id
        )
    return kept
