"""Review items: those that a change raises and settles, in its transaction; and an answered one that waits again.

`domain.deciding.reviews` decides which a change raises and settles. An item may keep something sealed: the numbers that
it is about, or what taking its answer back needs. It is sealed for this item alone, and deleted some time after the
answer. What an answer does is in `store.desk`.
"""

from __future__ import annotations

import json
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import ColumnElement, Select, bindparam, func, insert, select, update

from cprsync.domain.deciding.reviews import ItemInForce, OldNumber, ReviewNews, decide_reviews
from cprsync.domain.patron.review import (
    BIRTH_DIFFERS,
    BLOCK_OF,
    BOTH_PATRONS,
    FOLLOWING,
    LINK_KINDS,
    NUMBER_SET,
    OTHER_SUCCESSOR,
    PARKED,
    PROPOSALS,
    PROTECTION_DOUBTED,
    REVERTED_HELD,
    REVERTED_PROTECTED,
    State,
    is_outdated,
)
from cprsync.domain.person.age import differs_from_number
from cprsync.domain.person.number import CprNumber
from cprsync.domain.person.person import Protection
from cprsync.errors import ReviewChanged
from cprsync.services.ports.desk import Reviews, has_number_by_now
from cprsync.store import tables
from cprsync.store.audit.binding import PARKING, QUESTION, bind, find_keys
from cprsync.store.core.tenant import AGENCY_IS, TenantStore, next_id
from cprsync.store.records import links
from cprsync.store.records.records import from_row

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from datetime import date

    from cprsync.services.ports.desk import ReviewItem
    from cprsync.services.ports.patrons import Named
    from cprsync.services.ports.runs import Run
    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Tenant, Transaction

#: The owner under which an item keeps what is sealed.
REVIEW: Final = "review"
_OLD, _NEW = "old", "new"
_ROW = tables.review_item.c
_WAITING: Final = (_ROW.agency == AGENCY_IS) & (_ROW.state == State.WAITING.value)
_LIBRARY: Final = tables.library.c
_LAST_NUMBER: Final = select(_LIBRARY.last_review).where(_LIBRARY.agency == AGENCY_IS)
_OPEN: Final = insert(tables.review_item)
_GIVE_NUMBER: Final = update(tables.library).where(_LIBRARY.agency == AGENCY_IS)
# Each night asks these.
_SETTLE_OF_AGE: Final = update(tables.review_item).where(links.ASKS_OF_AGE)
_COUNTED: Final = (
    select(_ROW.kind, func.count().label("number")).where(_WAITING).group_by(_ROW.kind).order_by(_ROW.kind)
)
_OLDEST: Final = (
    select(_ROW.kind, func.min(_ROW.opened).label("opened")).where(_WAITING).group_by(_ROW.kind).order_by(_ROW.kind)
)
_COUNTED_OF_RUN: Final = _COUNTED.where(_ROW.run_id == bindparam("run_"), _ROW.kind.in_(FOLLOWING))
_ONE_PARKED: Final = select(_ROW.id).where(_WAITING, _ROW.kind.startswith(PARKED)).limit(1)
_ONE_OF_KIND: Final = select(_ROW.id).where(_WAITING, _ROW.kind == bindparam("kind_")).limit(1)
_IN_FORCE: Final = select(tables.review_item).where(
    _ROW.agency == AGENCY_IS, _ROW.state.in_((State.WAITING.value, State.ACCEPTED.value))
)


class SqlReviews(TenantStore, Reviews):
    """What waits for a person, as the night sees it."""

    def waiting(self) -> dict[str, int]:
        return self._count(_COUNTED)

    def oldest(self) -> dict[str, date]:
        with self._tenant.reading() as transaction:
            return {row.kind: row.opened for row in transaction.execute(_OLDEST, transaction.ours)}

    def proposed(self, run: Run) -> dict[str, int]:
        return self._count(_COUNTED_OF_RUN, run_=run.id)

    def _count(self, counted: Select[Any], **values: int) -> dict[str, int]:
        """Count items by kind."""
        with self._tenant.reading() as transaction:
            return {row.kind: row.number for row in transaction.execute(counted, {**transaction.ours, **values})}

    def in_force(self, ids: Sequence[str]) -> list[ItemInForce]:
        with self._tenant.reading() as transaction:
            return list(_in_force(transaction, ids))

    def was_asked(self, patron_id: str, kind: str, *, since: date) -> bool:
        theirs = (_ROW.agency == AGENCY_IS) & (_ROW.patron_id == patron_id)
        these = theirs & (_ROW.kind == kind) & (_ROW.opened > since)
        with self._tenant.reading() as transaction:
            return transaction.scalar(select(_ROW.id).where(these).limit(1), transaction.ours) is not None


def ask_staff(transaction: Transaction, run: Run, ids: Iterable[str], kind: str) -> None:
    """Open one item of a kind for each of these patrons, once, in the caller's transaction."""
    write_reviews(transaction, run, ReviewNews(asked=[(one, kind) for one in ids]))


def write_reviews(
    transaction: Transaction,
    run: Run,
    news: ReviewNews,
    named: Mapping[tuple[str, str], Named] = MappingProxyType({}),
) -> None:
    """Read what the news is about, let `decide_reviews` decide, and write its answer.

    `named`: what else the items that are asked for are about.
    """
    troubled = news.troubled
    answering = links.answering(transaction, troubled) if troubled else []
    about = news.patrons.union(link.minor_id for link in answering)
    if news.heard_of and _any_parked_waits(transaction):
        about |= news.heard_of
    reviews = decide_reviews(news, list(_in_force(transaction, about)), answering)
    _settle(transaction, reviews.settled)
    for item in reviews.asked_again:
        latest = named.get(item.about_whom)
        if latest is not None and latest.old is not None:
            columns = _about(transaction.tenant, latest.patron_id, item.id, latest)
            change_items(transaction, _ROW.id == item.id, columns)
    _open(transaction, run, reviews.raised, named)


def _any_parked_waits(transaction: Transaction) -> bool:
    """Return False on most nights, which saves a search for thousands of patrons."""
    return transaction.scalar(_ONE_PARKED, transaction.ours) is not None


def _settle(transaction: Transaction, items: Collection[ItemInForce]) -> None:
    if not items:
        return
    parked = {item.id: item.patron_id for item in items if item.kind.startswith(PARKED)}
    settled = update(tables.review_item).where(_ROW.agency == transaction.agency).values(state=State.SETTLED.value)
    # nobody answers a parked item any more, and the retention rules delete only what answered items keep
    transaction.change_rows(settled.values(undo=None, key=None), _ROW.id, parked)
    bind(transaction, PARKING, parked)
    transaction.change_rows(settled, _ROW.id, {item.id for item in items} - parked.keys())


def change_items(transaction: Transaction, which: ColumnElement[bool], values: Mapping[str, Any]) -> int:
    """Change items of any kind, also parked ones, and say in the audit whom they keep parked. Returns how many.

    A patron with an accepted parked item stays parked until the register has answered, so their questions are said too.
    """
    these = (_ROW.agency == transaction.agency) & which
    parked = select(_ROW.id, _ROW.patron_id).where(these, _ROW.kind.startswith(PARKED))
    items = {row.id: row.patron_id for row in transaction.execute(parked)}
    patrons = set(items.values())
    before = find_keys(transaction, QUESTION, patrons)
    count = transaction.execute(update(tables.review_item).where(these).values(values)).rowcount
    after = find_keys(transaction, QUESTION, patrons)
    bind(transaction, PARKING, items)
    bind(transaction, QUESTION, dict(before.items() ^ after.items()))
    return count


def settle_items(transaction: Transaction, ids: Sequence[str], kind: str) -> None:
    """Settle the items of a kind that wait about these patrons."""
    if transaction.scalar(_ONE_OF_KIND, {**transaction.ours, "kind_": kind}) is None:
        return  # true for most nights, which saves a search for thousands of patrons
    settled = update(tables.review_item).where(_WAITING, _ROW.kind == kind).values(state=State.SETTLED.value)
    transaction.change_rows(settled, _ROW.patron_id, ids, **transaction.ours)


def settle_of_age(transaction: Transaction, minor_ids: Sequence[str]) -> None:
    """Settle the items about the age of these patrons, answered ones too. A later adult date opens a new item."""
    settled = State.SETTLED.value
    transaction.change_rows(_SETTLE_OF_AGE, _ROW.patron_id, minor_ids, agency_=transaction.agency, state=settled)


def settle_about_links(transaction: Transaction, minor_ids: Collection[str]) -> None:
    """Settle items about these minors that no link in force justifies any more."""
    left = links.answering_for(transaction, minor_ids)
    wanted = select(_ROW.id, _ROW.patron_id, _ROW.kind).where(_WAITING, _ROW.kind.in_(LINK_KINDS))
    over = [
        row.id
        for row in transaction.fetch_rows(wanted, _ROW.patron_id, minor_ids, **transaction.ours)
        if not any(one.minor_id == row.patron_id and one.is_reason_for(row.kind) for one in left)
    ]
    settled = update(tables.review_item).where(_ROW.agency == transaction.agency).values(state=State.SETTLED.value)
    transaction.change_rows(settled, _ROW.id, over)


def _open(
    transaction: Transaction,
    run: Run,
    fresh: Sequence[tuple[str, str]],
    named: Mapping[tuple[str, str], Named],
) -> None:
    if not fresh:
        return
    first = next_number(transaction, len(fresh))
    rows = [
        {
            "agency": transaction.agency,
            "id": number,
            "patron_id": one,
            "kind": kind,
            "run_id": run.id,
            "state": State.WAITING.value,
            "opened": run.day,
        }
        | _about(transaction.tenant, one, number, named.get((one, kind)))
        for number, (one, kind) in enumerate(fresh, start=first)
    ]
    transaction.execute(_OPEN, rows)
    parked = {number: one for number, (one, kind) in enumerate(fresh, start=first) if kind.startswith(PARKED)}
    bind(transaction, PARKING, parked)


def next_number(transaction: Transaction, count: int = 1) -> int:
    """Return the first of `count` numbers for new items. No number is issued twice."""
    ours = {"agency_": transaction.agency}
    # the audit keeps naming the number of an item that was deleted with an erased patron
    last = transaction.scalar(_LAST_NUMBER, ours) or 0
    first = max(next_id(transaction, tables.review_item), last + 1)
    transaction.execute(_GIVE_NUMBER, {**ours, "last_review": first + count - 1})
    return first


def _about(tenant: Tenant, patron_id: str, item: int, named: Named | None) -> dict[str, Any]:
    """Return the other patron and the sealed numbers that an item is about. Nearly all items have neither."""
    columns: dict[str, Any] = {"about": None if named is None else named.other, "undo": None, "key": None}
    if named is None or named.old is None:
        return columns
    kept = {_OLD: named.old.digits} | ({} if named.new is None else {_NEW: named.new.digits})
    return columns | seal_kept(tenant, patron_id, item, kept)


def _in_force(transaction: Transaction, ids: Collection[str]) -> Iterator[ItemInForce]:
    """Yield the items of these patrons that wait or were accepted, the oldest first."""
    # sorted here, because SQLite would otherwise read every item, in the order of their ids
    for row in sorted(
        transaction.fetch_rows(_IN_FORCE, _ROW.patron_id, ids, **transaction.ours), key=lambda row: row.id
    ):
        state = State(row.state)
        kept = kept_numbers(transaction.tenant, row) if state is State.WAITING else None
        yield ItemInForce(row.id, row.patron_id, row.kind, state, None if kept is None else OldNumber(*kept))


def seal_kept(tenant: Tenant, patron_id: str, item: int, kept: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns of an item that keeps this."""
    plain = json.dumps(kept, sort_keys=True, ensure_ascii=False).encode()
    undo = tenant.vault.seal(plain, place=patron_id, owner=REVIEW, version=item)
    return {"undo": undo, "key": tenant.vault.seal_key}


def open_kept(tenant: Tenant, row: AnyRow) -> dict[str, Any] | None:
    """Return what an item keeps; None: nothing, or it is deleted."""
    if row.undo is None:
        return None
    plain = tenant.vault.unseal(row.undo, row.key, place=row.patron_id, owner=REVIEW, version=row.id)
    kept: dict[str, Any] = json.loads(plain)
    return kept


def kept_numbers(tenant: Tenant, row: AnyRow) -> tuple[CprNumber, CprNumber | None] | None:
    """Return the old number that an item is about, and its successor if no patron has that.

    Returns None if the item is not about an old number.
    """
    kept = open_kept(tenant, row) or {}
    if _OLD not in kept:
        return None
    return CprNumber(kept[_OLD]), CprNumber(kept[_NEW]) if _NEW in kept else None


def check_may_reopen(transaction: Transaction, of: ReviewItem, held: Mapping[str, AnyRow]) -> None:
    """Check that the item may wait again.

    Raises:
        ReviewChanged: it may not, because something has changed.
    """
    if any(row.status_class == tables.MERGED for row in held.values()):
        raise ReviewChanged("review item {id}: a patron it is about has been merged into another since", id=of.id)
    if of.kind == NUMBER_SET:
        raise ReviewChanged("review item {id}: a number is given to the patron, and not by an answer", id=of.id)
    if waiting := _other_items(transaction, of, of.kind, State.WAITING):
        raise ReviewChanged(
            "review item {id}: item {waiting} asks the same and waits; answer that one", id=of.id, waiting=waiting[0]
        )
    if of.kind in PROPOSALS:
        _still_proposed(transaction, of, held[of.patron_id])
    elif of.kind in LINK_KINDS and not _still_troubled(transaction, of):
        raise ReviewChanged("review item {id}: it is no longer true of anyone who answers for the patron", id=of.id)
    elif of.kind == BIRTH_DIFFERS and not _still_differs(transaction.tenant, held[of.patron_id]):
        raise ReviewChanged("review item {id}: the register no longer says what it asks about", id=of.id)
    elif of.kind == OTHER_SUCCESSOR and not _still_disputed(transaction, of, held[of.patron_id]):
        raise has_number_by_now(of.id)
    elif of.kind in {PROTECTION_DOUBTED, REVERTED_PROTECTED, REVERTED_HELD}:
        _still_to_end(transaction.tenant, of, held[of.patron_id])
    elif of.kind == BOTH_PATRONS and _has_spoken_since(of, held[of.patron_id]):
        raise ReviewChanged("review item {id}: the register has spoken of the patron since", id=of.id)


def _still_differs(tenant: Tenant, row: AnyRow) -> bool:
    return differs_from_number(from_row(tenant.vault, row).register)


def _still_to_end(tenant: Tenant, of: ReviewItem, row: AnyRow) -> None:
    """Check an item that ends a protection, or lets a held patron go.

    Raises:
        ReviewChanged: that has ended.
    """
    if of.kind == REVERTED_HELD and row.held_by is None:
        raise ReviewChanged("review item {id}: the patron is not held any more", id=of.id)
    if of.kind != REVERTED_HELD and not _is_protected(tenant, row):
        raise ReviewChanged("review item {id}: the patron is not protected any more", id=of.id)


def _is_protected(tenant: Tenant, row: AnyRow) -> bool:
    return from_row(tenant.vault, row).register.protection is Protection.NAME_AND_ADDRESS


def _still_disputed(transaction: Transaction, of: ReviewItem, row: AnyRow) -> bool:
    item = select(tables.review_item).where(_ROW.agency == transaction.agency, _ROW.id == of.id)
    named = kept_numbers(transaction.tenant, transaction.execute(item).one())
    return named is not None and named[1] != from_row(transaction.vault, row).number


def _still_troubled(transaction: Transaction, of: ReviewItem) -> bool:
    return any(link.is_reason_for(of.kind) for link in links.answering_for(transaction, [of.patron_id]))


def _still_proposed(transaction: Transaction, of: ReviewItem, row: AnyRow) -> None:
    """Check a proposal: a block needs its reason; lifting one needs the block, and that its reason is gone.

    Raises:
        ReviewChanged: the proposal is no longer valid.
    """
    if is_outdated(of.kind, from_row(transaction.vault, row).register.status):
        raise ReviewChanged("review item {id}: the register no longer says what it asks about", id=of.id)
    block = BLOCK_OF.get(of.kind)
    if block is not None and not _other_items(transaction, of, block, State.ACCEPTED):
        raise ReviewChanged("review item {id}: there is no block to lift any more", id=of.id)


def _has_spoken_since(of: ReviewItem, row: AnyRow) -> bool:
    # A parked person's record keeps the day for which it was true. That day is before the night that parked the person.
    # A later decision about the patron has the day of that night or a later one.
    return row.as_of_day is not None and row.as_of_day >= of.since


def _other_items(transaction: Transaction, of: ReviewItem, kind: str, state: State) -> list[int]:
    """Return the patron's other items of a kind in a state."""
    theirs = (_ROW.agency == transaction.agency) & (_ROW.patron_id == of.patron_id) & (_ROW.kind == kind)
    others = select(_ROW.id).where(theirs, _ROW.state == state.value, _ROW.id != of.id)
    return list(transaction.scalars(others.order_by(_ROW.id)))
