"""What a night leaves to a person, and what settles by itself when the register speaks again.

In the transaction of the change that it is about. Leaves out the answers: see `reviews`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import ColumnElement, Connection, func, insert, select, update

from cprsync.domain.review import (
    BLOCK_OF,
    BOTH_PATRONS,
    LIFTED_BY,
    PARKED,
    PROPOSALS,
    State,
    proposed_at,
    stands,
)
from cprsync.store import tables
from cprsync.store.engine import parts, reading, writing
from cprsync.store.tenant import hold_library, next_id

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cprsync.store.tenant import Tenant
    from cprsync.sync.values import Batch, Run, Write

_ROW = tables.review_item.c
_IN_FORCE: Final = (State.WAITING.value, State.ACCEPTED.value)


def raise_and_settle(connection: Connection, tenant: Tenant, run: Run, batch: Batch) -> None:
    """Let go of whoever can be decided now, and leave to a person what a batch asks for or its statuses propose."""
    _settle_parked(connection, tenant, batch)
    proposed = _follow_status(connection, tenant, batch.writes)
    asked = [*batch.reviews, *proposed]
    if asked:
        _ask_staff(connection, tenant, run, dict.fromkeys(asked), others=_others(batch))


def ask_staff_at_desk(tenant: Tenant, run: Run, patron_id: str, kind: str, *, about: str) -> None:
    """Leave two patrons to a person, once; no record is touched."""
    with writing(tenant.engine) as connection:
        hold_library(connection, tenant)
        _ask_staff(connection, tenant, run, {(patron_id, kind): None}, others={patron_id: about})


def _settle_parked(connection: Connection, tenant: Tenant, batch: Batch) -> None:
    still = {patron_id for patron_id, kind in batch.reviews if kind.startswith(PARKED)}
    decided = {write.patron.id for write in batch.writes} | {touch.patron_id for touch in batch.touches}
    waiting = _waiting(tenant) & _ROW.kind.startswith(PARKED)
    if connection.scalar(select(_ROW.id).where(waiting).limit(1)) is None:
        return  # as on most nights: nobody to look for among thousands
    for part in parts(sorted(decided - still)):
        settled = update(tables.review_item).where(waiting, _ROW.patron_id.in_(part))
        connection.execute(settled.values(state=State.SETTLED.value))


def _waiting(tenant: Tenant) -> ColumnElement[bool]:
    return (_ROW.agency == tenant.agency) & (_ROW.state == State.WAITING.value)


def _others(batch: Batch) -> Mapping[str, str]:
    """Of those whose number another patron has: that one, as the balance sheet names it."""
    named = [(item.patron_id, (item.reason or "").partition(":")[2]) for item in batch.items]
    return {patron_id: other for patron_id, other in named if patron_id is not None and other}


def _ask_staff(
    connection: Connection,
    tenant: Tenant,
    run: Run,
    reviews: Mapping[tuple[str, str], None],
    *,
    others: Mapping[str, str],
) -> None:
    asked: set[tuple[str, str]] = set()
    for part in parts(sorted({one for one, _ in reviews})):
        waiting = select(_ROW.patron_id, _ROW.kind).where(_waiting(tenant), _ROW.patron_id.in_(part))
        asked.update((found.patron_id, found.kind) for found in connection.execute(waiting))
    fresh = [review for review in reviews if review not in asked]
    if not fresh:
        return
    first = next_id(connection, tenant, tables.review_item)
    rows = [
        {
            "agency": tenant.agency,
            "id": number,
            "patron_id": one,
            "kind": kind,
            "run_id": run.id,
            "state": State.WAITING.value,
            "opened": run.day,
            "about": others.get(one) if kind == BOTH_PATRONS else None,
        }
        for number, (one, kind) in enumerate(fresh, start=first)
    ]
    connection.execute(insert(tables.review_item), rows)


# -- blocks that a status proposes ---------------------------------------------------------------------------


def _follow_status(connection: Connection, tenant: Tenant, writes: Sequence[Write]) -> list[tuple[str, str]]:
    """Settle proposals whose reason is gone, and name what the new statuses propose."""
    moved = {write.patron.id: write for write in writes if _concerns_blocks(write)}
    held: dict[str, dict[str, list[tuple[int, str]]]] = {}
    for part in parts(sorted(moved)):
        wanted = select(_ROW.id, _ROW.patron_id, _ROW.kind, _ROW.state).where(
            _ROW.agency == tenant.agency, _ROW.patron_id.in_(part), _ROW.kind.in_(PROPOSALS), _ROW.state.in_(_IN_FORCE)
        )
        for row in connection.execute(wanted.order_by(_ROW.id)):
            held.setdefault(row.patron_id, {}).setdefault(row.kind, []).append((row.id, row.state))
    settled: list[int] = []
    proposed: list[tuple[str, str]] = []
    for patron_id, write in moved.items():
        items = held.get(patron_id, {})
        settled += _no_longer_asked(write, items)
        proposed += ((patron_id, kind) for kind in _proposed(write, items))
    for some in parts(settled):
        ended = update(tables.review_item).where(_ROW.agency == tenant.agency, _ROW.id.in_(some))
        connection.execute(ended.values(state=State.SETTLED.value))
    return proposed


def _concerns_blocks(write: Write) -> bool:
    before, after = write.patron.register.status, write.after.status
    return before is not after and (proposed_at(before) is not None or proposed_at(after) is not None)


def _no_longer_asked(write: Write, items: Mapping[str, Sequence[tuple[int, str]]]) -> Iterator[int]:
    """A waiting block whose reason is gone, and a waiting end of a block whose reason is back."""
    for kind, held in items.items():
        asks = stands(kind, write.after.status) if kind in LIFTED_BY else not stands(BLOCK_OF[kind], write.after.status)
        yield from (number for number, state in held if state == State.WAITING.value and not asks)


def _proposed(write: Write, items: Mapping[str, Sequence[tuple[int, str]]]) -> Iterator[str]:
    before, after = write.patron.register.status, write.after.status
    block = proposed_at(after)
    if block is not None and block not in items:
        yield block
    for kind, lift in LIFTED_BY.items():
        confirmed = any(state == State.ACCEPTED.value for _, state in items.get(kind, ()))
        if confirmed and stands(kind, before) and not stands(kind, after):
            yield lift


def waiting_by_kind(tenant: Tenant) -> dict[str, int]:
    """How many items wait for a person, by kind."""
    counted = select(_ROW.kind, func.count().label("number")).where(_waiting(tenant)).group_by(_ROW.kind)
    with reading(tenant.engine) as connection:
        return {row.kind: row.number for row in connection.execute(counted.order_by(_ROW.kind))}


def proposed_by(tenant: Tenant, run: Run) -> dict[str, int]:
    """What the statuses of a run's changes have proposed and still waits, by kind."""
    ours = _waiting(tenant) & (_ROW.run_id == run.id) & _ROW.kind.in_(PROPOSALS)
    counted = select(_ROW.kind, func.count().label("number")).where(ours).group_by(_ROW.kind)
    with reading(tenant.engine) as connection:
        return {row.kind: row.number for row in connection.execute(counted.order_by(_ROW.kind))}
