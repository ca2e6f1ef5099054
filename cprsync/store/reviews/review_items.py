"""Write the review items that a change raises and settles, in the transaction of the change.

`domain.deciding.reviews` decides which these are. The answers are in `reviews`.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Connection, func, insert, select, update

from cprsync.domain.deciding.reviews import ItemInForce, OldNumber, ReviewNews, decide_reviews
from cprsync.domain.patron.review import FOLLOWING, PARKED, State
from cprsync.services.ports.patrons import Named
from cprsync.store.core import tables
from cprsync.store.core.engine import parts, reading, writing
from cprsync.store.core.tenant import TenantStore, hold_library, next_id
from cprsync.store.records import links
from cprsync.store.reviews.kept import naming, numbers, sealed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from cprsync.services.ports.patrons import Batch
    from cprsync.services.ports.run import Run
    from cprsync.store.core.tenant import Tenant

_ROW = tables.review_item.c


class Reviews(TenantStore):
    """What waits for a person, as the night sees it."""

    def waiting(self) -> dict[str, int]:
        counted = select(_ROW.kind, func.count().label("number")).where(_waiting(self._tenant)).group_by(_ROW.kind)
        with reading(self._tenant.engine) as connection:
            return {row.kind: row.number for row in connection.execute(counted.order_by(_ROW.kind))}

    def proposed(self, run: Run) -> dict[str, int]:
        ours = _waiting(self._tenant) & (_ROW.run_id == run.id) & _ROW.kind.in_(FOLLOWING)
        counted = select(_ROW.kind, func.count().label("number")).where(ours).group_by(_ROW.kind)
        with reading(self._tenant.engine) as connection:
            return {row.kind: row.number for row in connection.execute(counted.order_by(_ROW.kind))}

    def in_force(self, ids: Sequence[str]) -> list[ItemInForce]:
        with reading(self._tenant.engine) as connection:
            return list(_in_force(connection, self._tenant, ids))


def raise_and_settle(connection: Connection, tenant: Tenant, run: Run, batch: Batch) -> None:
    """Write what a batch means for review items."""
    write_reviews(connection, tenant, run, batch.review_news(), {(one.patron_id, one.kind): one for one in batch.named})


def ask_staff_at_desk(tenant: Tenant, run: Run, patron_id: str, kind: str, *, about: str) -> None:
    """Open one review item about two patrons, once. Touches no record."""
    with writing(tenant.engine) as connection:
        hold_library(connection, tenant)
        news = ReviewNews(asked=[(patron_id, kind)])
        write_reviews(connection, tenant, run, news, {(patron_id, kind): Named(patron_id, kind, other=about)})


def ask_staff(connection: Connection, tenant: Tenant, run: Run, ids: Iterable[str], kind: str) -> None:
    """Open one item of a kind for each of these patrons, once, in the caller's transaction."""
    write_reviews(connection, tenant, run, ReviewNews(asked=[(one, kind) for one in ids]))


def write_reviews(
    connection: Connection,
    tenant: Tenant,
    run: Run,
    news: ReviewNews,
    named: Mapping[tuple[str, str], Named] = MappingProxyType({}),
) -> None:
    """Read what the news is about, let `decide_reviews` decide, and write its answer.

    `named`: what else the items that are asked for are about.
    """
    troubled = news.troubled
    answering = links.answering(connection, tenant, troubled) if troubled else []
    about = news.patrons.union(link.minor_id for link in answering)
    if news.decided and _any_parked_waits(connection, tenant):
        about |= news.decided
    reviews = decide_reviews(news, list(_in_force(connection, tenant, sorted(about))), answering)
    _settle(connection, tenant, reviews.settled)
    for item in reviews.asked_again:
        if item.about_whom in named:
            _name_anew(connection, tenant, item.id, named[item.about_whom])
    _open(connection, tenant, run, reviews.raised, named)


def _any_parked_waits(connection: Connection, tenant: Tenant) -> bool:
    """Return False on most nights, which saves a search for thousands of patrons."""
    waiting = _waiting(tenant) & _ROW.kind.startswith(PARKED)
    return connection.scalar(select(_ROW.id).where(waiting).limit(1)) is not None


def _settle(connection: Connection, tenant: Tenant, items: Iterable[ItemInForce]) -> None:
    parked = {item.id for item in items if item.kind.startswith(PARKED)}
    # nobody answers a parked item any more, and the retention rules delete only what answered items keep
    for ids, more in ((parked, {"undo": None, "key": None}), ({item.id for item in items} - parked, {})):
        for part in parts(sorted(ids)):
            these = update(tables.review_item).where(_ROW.agency == tenant.agency, _ROW.id.in_(part))
            connection.execute(these.values(state=State.SETTLED.value, **more))


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


def _waiting(tenant: Tenant) -> ColumnElement[bool]:
    return (_ROW.agency == tenant.agency) & (_ROW.state == State.WAITING.value)


def _open(
    connection: Connection,
    tenant: Tenant,
    run: Run,
    fresh: Sequence[tuple[str, str]],
    named: Mapping[tuple[str, str], Named],
) -> None:
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


# -- what is there -----------------------------------------------------------------------------------------


def _in_force(connection: Connection, tenant: Tenant, ids: Sequence[str]) -> Iterator[ItemInForce]:
    """Yield the items of these patrons that wait or were accepted, the oldest first for each part of the ids."""
    wanted = select(tables.review_item).where(
        _ROW.agency == tenant.agency, _ROW.state.in_((State.WAITING.value, State.ACCEPTED.value))
    )
    for part in parts(ids):
        # sorted here, because SQLite would otherwise read every item, in the order of their ids
        for row in sorted(connection.execute(wanted.where(_ROW.patron_id.in_(part))), key=lambda row: row.id):
            state = State(row.state)
            kept = numbers(tenant, row) if state is State.WAITING and row.undo is not None else None
            about = None if kept is None else OldNumber(*kept)
            yield ItemInForce(row.id, row.patron_id, row.kind, state, about)
