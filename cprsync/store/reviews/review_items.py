"""Open review items that a night leaves to a person, and settle them when the register speaks again.

Runs in the transaction of the change. The answers are in `reviews`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import ColumnElement, Connection, func, insert, select, update

from cprsync.domain.patron.responsible import news_for_minors
from cprsync.domain.patron.review import (
    BIRTH_DIFFERS,
    FOLLOWING,
    PARKED,
    PROPOSALS,
    State,
    find_proposals,
    is_outdated,
    may_affect_blocks,
)
from cprsync.domain.person.action import Action
from cprsync.domain.person.age import differs_from_number
from cprsync.services.planning.steps import troubled_by, turns_birth
from cprsync.services.ports.values import Named
from cprsync.store.core import tables
from cprsync.store.core.engine import parts, reading, writing
from cprsync.store.core.tenant import hold_library, next_id
from cprsync.store.records import links
from cprsync.store.reviews.kept import naming, numbers, sealed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from cprsync.services.ports.values import Batch, Run, Write
    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Tenant

_ROW = tables.review_item.c
#: Actions that are written even if a change is held or a person is parked (decision 3).
_PROTECTIVE: Final = frozenset({Action.PROTECT, Action.STOP_LETTERS})
_WAITS: Final = State.WAITING.value


def raise_and_settle(connection: Connection, tenant: Tenant, run: Run, batch: Batch) -> None:
    """Settle the items that a batch decides. Open the items that it asks for or its statuses propose."""
    _settle_parked(connection, tenant, batch)
    proposed = _follow_status(connection, tenant, batch.writes)
    proposed += _follow_births(connection, tenant, batch.writes)
    proposed += _follow_responsibles(connection, tenant, batch.writes)
    asked = [*batch.reviews, *proposed]
    if asked:
        named = {(one.patron_id, one.kind): one for one in batch.named}
        _ask_staff(connection, tenant, run, dict.fromkeys(asked), named=named)


def ask_staff_at_desk(tenant: Tenant, run: Run, patron_id: str, kind: str, *, about: str) -> None:
    """Open one review item about two patrons, once. Touches no record."""
    with writing(tenant.engine) as connection:
        hold_library(connection, tenant)
        named = {(patron_id, kind): Named(patron_id, kind, other=about)}
        _ask_staff(connection, tenant, run, {(patron_id, kind): None}, named=named)


def ask_staff(connection: Connection, tenant: Tenant, run: Run, ids: Iterable[str], kind: str) -> None:
    """Open one item of a kind for each of these patrons, once, in the caller's transaction."""
    _ask_staff(connection, tenant, run, {(one, kind): None for one in ids}, named={})


def settle_items(connection: Connection, tenant: Tenant, ids: Sequence[str], kind: str) -> None:
    """Settle the items of a kind that wait about these patrons."""
    waits = _waiting(tenant) & (_ROW.kind == kind)
    if connection.scalar(select(_ROW.id).where(waits).limit(1)) is None:
        return  # true for most nights, which saves a search for thousands of patrons
    for part in parts(ids):
        settled = update(tables.review_item).where(waits, _ROW.patron_id.in_(part))
        connection.execute(settled.values(state=State.SETTLED.value))


def settle_of_age(connection: Connection, tenant: Tenant, minor_ids: Sequence[str]) -> None:
    """Settle the items about the age of these patrons, answered ones too. A later adult date opens a new item."""
    for part in parts(minor_ids):
        settled = update(tables.review_item).where(links.asks_of_age(tenant), _ROW.patron_id.in_(part))
        connection.execute(settled.values(state=State.SETTLED.value))


def _settle_parked(connection: Connection, tenant: Tenant, batch: Batch) -> None:
    still = {patron_id for patron_id, kind in batch.reviews if kind.startswith(PARKED)}
    decided = {write.patron.id for write in batch.writes if not _only_protects(write)} | {
        touch.patron_id for touch in batch.touches
    }
    waiting = _waiting(tenant) & _ROW.kind.startswith(PARKED)
    if connection.scalar(select(_ROW.id).where(waiting).limit(1)) is None:
        return  # true for most nights, which saves a search for thousands of patrons
    for part in parts(sorted(decided - still)):
        settled = update(tables.review_item).where(waiting, _ROW.undo.is_(None), _ROW.patron_id.in_(part))
        connection.execute(settled.values(state=State.SETTLED.value))
    named = {one.patron_id for one in batch.named} | {patron_id for patron_id, _ in batch.agreed}
    for part in parts(sorted((decided - still) | named)):
        keeping = select(tables.review_item).where(waiting, _ROW.undo.is_not(None), _ROW.patron_id.in_(part))
        over = [row.id for row in connection.execute(keeping) if _is_over(tenant, batch, row, decided - still)]
        this = (_ROW.agency == tenant.agency) & _ROW.id.in_(over)
        # nobody answers it any more, and the retention rules delete only what answered items keep
        settled = update(tables.review_item).where(this)
        connection.execute(settled.values(state=State.SETTLED.value, undo=None, key=None))


def _is_over(tenant: Tenant, batch: Batch, row: AnyRow, decided: Collection[str]) -> bool:
    """Return whether an item about an old number is over.

    News of the patron's present number does not settle it.
    """
    of = numbers(tenant, row)
    if of is None:
        return row.patron_id in decided  # taken back, and waits again like any other
    old, new = of
    agreed = (row.patron_id, old) in batch.agreed
    given = any((w.patron.id, w.after.number) == (row.patron_id, new) for w in batch.writes if w.renumbered)
    otherwise = any((n.patron_id, n.old) == (row.patron_id, old) and n.kind != row.kind for n in batch.named)
    return agreed or given or otherwise


def _only_protects(write: Write) -> bool:
    """Return whether a write only protects while the rest waits: no decision about the patron, and no date moved."""
    return write.as_of == write.patron.as_of and _PROTECTIVE.issuperset(write.actions)


def _waiting(tenant: Tenant) -> ColumnElement[bool]:
    return (_ROW.agency == tenant.agency) & (_ROW.state == State.WAITING.value)


def _ask_staff(
    connection: Connection,
    tenant: Tenant,
    run: Run,
    reviews: Mapping[tuple[str, str], None],
    *,
    named: Mapping[tuple[str, str], Named],
) -> None:
    asked: set[tuple[str, str]] = set()
    for part in parts(sorted({one for one, _ in reviews})):
        waiting = select(_ROW.id, _ROW.patron_id, _ROW.kind).where(_waiting(tenant), _ROW.patron_id.in_(part))
        for found in connection.execute(waiting).all():
            asked.add(about := (found.patron_id, found.kind))
            if about in named and about in reviews:
                _name_anew(connection, tenant, found.id, named[about])
    fresh = [review for review in reviews if review not in asked]
    if not fresh:
        return
    first = next_number(connection, tenant, len(fresh))
    rows = [
        {
            "agency": tenant.agency,
            "id": number,
            "patron_id": one,
            "kind": kind,
            "run_id": run.id,
            "state": State.WAITING.value,
            "opened": run.day,
        }
        | _about(tenant, one, number, named.get((one, kind)))
        for number, (one, kind) in enumerate(fresh, start=first)
    ]
    connection.execute(insert(tables.review_item), rows)


def next_number(connection: Connection, tenant: Tenant, count: int = 1) -> int:
    """Return the first of `count` numbers for new items.

    No number is issued twice, even if an item was deleted with its patron.
    """
    first = max(next_id(connection, tenant, tables.review_item), _last_number(connection, tenant) + 1)
    given = update(tables.library).where(tables.library.c.agency == tenant.agency)
    connection.execute(given.values(last_review=first + count - 1))
    return first


def _name_anew(connection: Connection, tenant: Tenant, item: int, named: Named) -> None:
    """Write the register's latest news of an old number in the item that waits."""
    if named.old is not None:
        this = update(tables.review_item).where(_ROW.agency == tenant.agency, _ROW.id == item)
        connection.execute(this.values(_about(tenant, named.patron_id, item, named)))


def _about(tenant: Tenant, patron_id: str, item: int, named: Named | None) -> dict[str, Any]:
    """Return the other patron and the sealed numbers that an item is about. Nearly all items have neither."""
    kept = naming(named)
    columns = {"undo": None, "key": None} if kept is None else sealed(tenant, patron_id, item, kept)
    return {"about": None if named is None else named.other, **columns}


def _last_number(connection: Connection, tenant: Tenant) -> int:
    """Return the last number issued.

    The audit keeps naming it, even if the item was deleted with an erased patron.
    """
    library = tables.library.c
    return connection.scalar(select(library.last_review).where(library.agency == tenant.agency)) or 0


# -- blocks that a status proposes ---------------------------------------------------------------------------


def _follow_status(connection: Connection, tenant: Tenant, writes: Sequence[Write]) -> list[tuple[str, str]]:
    """Settle proposals whose reason is gone. Returns what the new statuses propose."""
    moved = {w.patron.id: w for w in writes if may_affect_blocks(w.patron.register.status, w.after.status)}
    held: dict[str, list[AnyRow]] = {}
    for row in _in_force(connection, tenant, sorted(moved), _ROW.kind.in_(PROPOSALS)):
        held.setdefault(row.patron_id, []).append(row)
    settled: list[int] = []
    proposed: list[tuple[str, str]] = []
    for patron_id, write in moved.items():
        items, after = held.get(patron_id, []), write.after.status
        settled += [row.id for row in items if row.state == _WAITS and is_outdated(row.kind, after)]
        new = find_proposals(write.patron.register.status, after, _by_kind(items))
        proposed += ((patron_id, kind) for kind in new)
    for some in parts(settled):
        ended = update(tables.review_item).where(_ROW.agency == tenant.agency, _ROW.id.in_(some))
        connection.execute(ended.values(state=State.SETTLED.value))
    return proposed


def _follow_births(connection: Connection, tenant: Tenant, writes: Sequence[Write]) -> list[tuple[str, str]]:
    """Settle items about birth dates that match the number again. Returns an item for each that no longer matches."""
    differ = {write.patron.id: differs_from_number(write.after) for write in turns_birth(writes)}
    agreeing = [patron_id for patron_id, differs in differ.items() if not differs]
    if agreeing:
        settle_items(connection, tenant, agreeing, BIRTH_DIFFERS)
    return [(patron_id, BIRTH_DIFFERS) for patron_id, differs in differ.items() if differs]


def _follow_responsibles(connection: Connection, tenant: Tenant, writes: Sequence[Write]) -> list[tuple[str, str]]:
    """Settle items about minors that have no reason any more.

    Returns the items for which news of their responsibles gives a reason.
    """
    changed = troubled_by(writes)
    if not changed:
        return []
    news = news_for_minors(links.answering(connection, tenant, changed), changed)
    for minor, kind in sorted(news.settled):
        waiting = _waiting(tenant) & (_ROW.patron_id == minor) & (_ROW.kind == kind)
        connection.execute(update(tables.review_item).where(waiting).values(state=State.SETTLED.value))
    return sorted(news.asked)


def settle_news_for_minors(connection: Connection, tenant: Tenant, writes: Sequence[Write]) -> None:
    """Settle items about minors that have no reason any more, in the caller's transaction."""
    _follow_responsibles(connection, tenant, writes)


def _by_kind(rows: Iterable[AnyRow]) -> dict[str, set[State]]:
    states: dict[str, set[State]] = {}
    for row in rows:
        states.setdefault(row.kind, set()).add(State(row.state))
    return states


def _in_force(
    connection: Connection, tenant: Tenant, ids: Sequence[str], *which: ColumnElement[bool]
) -> Iterator[AnyRow]:
    """Yield the items of these patrons that wait or were accepted, the oldest first for each part of the ids."""
    wanted = select(_ROW.id, _ROW.patron_id, _ROW.kind, _ROW.state).where(
        _ROW.agency == tenant.agency, _ROW.state.in_((_WAITS, State.ACCEPTED.value)), *which
    )
    for part in parts(ids):
        # sorted here, because SQLite would otherwise read every item, in the order of their ids
        yield from sorted(connection.execute(wanted.where(_ROW.patron_id.in_(part))), key=lambda row: row.id)


def keeping_numbers(tenant: Tenant, ids: Sequence[str]) -> set[tuple[str, str]]:
    """Return the (patron id, kind) of items about an old number of these patrons.

    News of the present number settles none of them.
    """
    wanted = select(tables.review_item).where(_waiting(tenant), _ROW.undo.is_not(None))
    with reading(tenant.engine) as connection:
        rows = [row for part in parts(ids) for row in connection.execute(wanted.where(_ROW.patron_id.in_(part)))]
    return {(row.patron_id, row.kind) for row in rows if numbers(tenant, row) is not None}


def in_force(tenant: Tenant, ids: Sequence[str]) -> list[tuple[str, str, State]]:
    """Return what waits for a person or was accepted about these patrons: patron id, kind and state."""
    with reading(tenant.engine) as connection:
        return [(row.patron_id, row.kind, State(row.state)) for row in _in_force(connection, tenant, ids)]


def waiting_by_kind(tenant: Tenant) -> dict[str, int]:
    """Count the items that wait for a person, by kind."""
    counted = select(_ROW.kind, func.count().label("number")).where(_waiting(tenant)).group_by(_ROW.kind)
    with reading(tenant.engine) as connection:
        return {row.kind: row.number for row in connection.execute(counted.order_by(_ROW.kind))}


def proposed_by(tenant: Tenant, run: Run) -> dict[str, int]:
    """Count the items that followed from the changes of a run and still wait, by kind."""
    ours = _waiting(tenant) & (_ROW.run_id == run.id) & _ROW.kind.in_(FOLLOWING)
    counted = select(_ROW.kind, func.count().label("number")).where(ours).group_by(_ROW.kind)
    with reading(tenant.engine) as connection:
        return {row.kind: row.number for row in connection.execute(counted.order_by(_ROW.kind))}
