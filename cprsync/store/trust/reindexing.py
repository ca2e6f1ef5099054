"""Index rows again with the newest key, a share of patrons at a time. A share is one transaction, and may come again.

An index cannot be turned into another one: its value is opened, and all rows of the value change together. So whatever
compares two rows, such as a household or a card and its account, finds the same before and after. Rows whose value is
kept nowhere, such as a kept block or an attempt with somebody who is no patron, stay under their key.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import Table, delete, insert, select, true, update

from cprsync.domain.netmedia.account import IdType, identity_of
from cprsync.domain.patron.local import card_forms
from cprsync.domain.person.person import SILENT
from cprsync.errors import SealBroken
from cprsync.services.ports.trust.keys import RotatedShare, SharePlace
from cprsync.store import tables
from cprsync.store.audit.binding import WATCH, bind
from cprsync.store.core import bulk
from cprsync.store.core.tenant import library_transaction
from cprsync.store.patrons.finding import make_keys
from cprsync.store.records.numbers import CARD, OLD_NUMBER, open_number
from cprsync.store.records.records import from_row, open_local
from cprsync.store.seals.vault import ADDRESS, dwelling
from cprsync.store.trust.sealed_columns import SEALED

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Tenant, Transaction

#: The purposes of the hashes.
NUMBER, ACCOUNT = "number", "account"
#: Sealed values that hold indexes as hexadecimal: what an undo of a merge needs, and what others heard of a dwelling.
_HOLDING: Final = ("review_item", "change")
_PATRON, _KEY, _ROW = tables.patron.c, tables.patron_key.c, tables.subscription.c
_WATCHED: Final = tables.watched_number.c
_ACCOUNT, _CARD, _FOUND, _MARK = tables.account.c, tables.card_account.c, tables.finding_key.c, tables.change_mark.c


class _Index(NamedTuple):
    """A column with an index, the column with its key, and the kind of the row where one table has several."""

    table: Table
    column: str
    key: str
    kind: str | None = None


#: Where the index of one value is in rows of any patron, by the purpose of the hash.
_ANYWHERE: Final = (
    (OLD_NUMBER, _Index(tables.patron_key, "key_index", "key_id", OLD_NUMBER)),
    (CARD, _Index(tables.patron_key, "key_index", "key_id", CARD)),
    (tables.MERGED, _Index(tables.patron_key, "key_index", "key_id", tables.MERGED)),
    (NUMBER, _Index(tables.watched_number, "number_index", "number_key")),
    (NUMBER, _Index(tables.staff_patron, "number_index", "number_key")),
)


class _Indexes:
    """The values of a share: by purpose, the indexes under older keys, and the one under the newest."""

    def __init__(self, tenant: Tenant) -> None:
        self._vault = tenant.vault
        self.newer: dict[str, dict[bytes, bytes]] = defaultdict(dict)

    def add(self, kind: str, value: str) -> None:
        newest, *older = self._vault.probes(kind, value)
        self.newer[kind].update(dict.fromkeys(older, newest))

    def hexadecimal(self) -> dict[bytes, bytes]:
        pairs = (pair for kind in self.newer.values() for pair in kind.items())
        return {old.hex().encode(): new.hex().encode() for old, new in pairs}


def reindex_share(tenant: Tenant, place: SharePlace | None, most: int) -> RotatedShare:
    """Index again what the next patrons are found by. `place`: where the last share ended; None: at the beginning."""
    after = "" if place is None else str(place.after[0])
    with library_transaction(tenant) as transaction:
        wanted = select(tables.patron).where(_PATRON.agency == transaction.agency, _PATRON.id > after)
        rows = transaction.execute(wanted.order_by(_PATRON.id).limit(most)).all()
        done = _reindex(transaction, rows) if rows else 0
    is_last = len(rows) < most
    return RotatedShare("patron", done, 0, None if is_last else SharePlace(0, (rows[-1].id,)))


def _reindex(transaction: Transaction, rows: Sequence[AnyRow]) -> int:
    ids = [row.id for row in rows]
    subscribed = transaction.fetch_rows(_of(transaction.tenant, tables.subscription), _ROW.patron_id, ids)
    indexes = _Indexes(transaction.tenant)
    for row in rows:
        _add_patron(transaction.tenant, indexes, row)
    numbers = [(row.patron_id, open_number(transaction.tenant, row)) for row in subscribed]
    for patron_id, digits in numbers:
        _add_number(indexes, patron_id, digits)
    cards = _card_accounts(transaction, indexes, ids)
    done = _move_patrons(transaction, indexes, rows)
    done += _move_homes(transaction, indexes.newer[ADDRESS])
    newer = indexes.newer[NUMBER]
    watches = select(_WATCHED.number_index).where(_WATCHED.agency == transaction.agency)
    watched = transaction.fetch_values(watches, _WATCHED.number_index, list(newer))
    for kind, at in _ANYWHERE:
        done += _move(transaction, at, indexes.newer[kind])
    bind(transaction, WATCH, dict.fromkeys([*watched, *map(newer.__getitem__, watched)]))
    done += _move_subscriptions(transaction, indexes.newer[NUMBER], subscribed)
    accounts = transaction.fetch_rows(_of(transaction.tenant, tables.account), _ACCOUNT.patron_id, ids)
    done += _move_accounts(transaction, indexes.newer[ACCOUNT], accounts)
    done += _move_cards(transaction, indexes, cards)
    _move_finding_keys(transaction, rows)
    for name in _HOLDING:
        _replace_inside(transaction, tables.metadata.tables[name], indexes.hexadecimal(), ids)
    return done


def _of(tenant: Tenant, table: Table) -> Any:
    return select(table).where(table.c.agency == tenant.agency)


def _add_patron(tenant: Tenant, indexes: _Indexes, row: AnyRow) -> None:
    """Add what one patron is found by. A record that does not open adds nothing: `audit verify` tells of it."""
    indexes.add(tables.MERGED, row.id)
    indexes.add(tables.CLOSED, row.id)
    if row.status_class in tables.GONE:
        return
    try:
        person, local = from_row(tenant.vault, row).register, open_local(tenant, row)
    except SealBroken:
        return
    _add_number(indexes, row.id, person.number.digits)
    account = identity_of(person.number, row.id)
    indexes.add(ACCOUNT, f"{account.type.value}|{account.value}")
    if person.address is not SILENT:
        indexes.add(ADDRESS, dwelling(person.address))
    for card in local.cards:
        _add_card(indexes, card.number)


def _add_number(indexes: _Indexes, patron_id: str, digits: str) -> None:
    indexes.add(NUMBER, digits)
    indexes.add(OLD_NUMBER, digits)
    indexes.add(ACCOUNT, f"{IdType.CPR.value}|{digits}")
    indexes.add(ACCOUNT, f"{IdType.LOCAL.value}|{patron_id}")


def _add_card(indexes: _Indexes, card: str) -> None:
    for form in card_forms(card):
        indexes.add(CARD, form)
    indexes.add(ACCOUNT, f"{IdType.LOCAL.value}|{card}")


def _card_accounts(transaction: Transaction, indexes: _Indexes, ids: Collection[str]) -> list[AnyRow]:
    """Return the accounts under cards of these patrons, and those under cards that these patrons have by now."""
    wanted = _of(transaction.tenant, tables.card_account)
    rows = {row.id_index: row for row in transaction.fetch_rows(wanted, _CARD.patron_id, ids)}
    rows |= {row.id_index: row for row in transaction.fetch_rows(wanted, _CARD.card_index, list(indexes.newer[CARD]))}
    (column,) = SEALED["card_account"]
    for row in rows.values():
        bound = {"place": row.patron_id, "owner": column.owner, "version": int(column.version)}
        _add_card(indexes, transaction.vault.unseal(row.card, row.key, **bound).decode())
    return list(rows.values())


def _move(transaction: Transaction, at: _Index, newer: Mapping[bytes, bytes]) -> int:
    """Write the new indexes in the rows that have old ones. A row with the new one takes the place of an old one."""
    index = at.table.c[at.column]
    ours = (at.table.c.agency == transaction.agency) & (at.table.c.kind == at.kind if at.kind else true())
    there = set(transaction.fetch_values(select(index).where(ours), index, list(newer)))
    if index.primary_key and there:
        taken = set(transaction.fetch_values(select(index).where(ours), index, [newer[old] for old in there]))
        gone = [old for old in there if newer[old] in taken]
        transaction.change_rows(delete(at.table).where(ours), index, gone)
        there -= set(gone)
    kind = () if at.kind is None else (at.kind,)
    where = ("agency", *("kind" for _ in kind), at.column)
    rows = [(newer[old], transaction.vault.index_key, transaction.agency, *kind, old) for old in there]
    return bulk.change(transaction.connection, at.table, new=(at.column, at.key), where=where, rows=rows)


def _move_patrons(transaction: Transaction, indexes: _Indexes, rows: Sequence[AnyRow]) -> int:
    newer = indexes.newer[NUMBER] | indexes.newer[tables.MERGED] | indexes.newer[tables.CLOSED]
    changed = [
        (newer[row.number_index], transaction.vault.index_key, transaction.agency, row.id, row.number_index)
        for row in rows
        if row.number_index in newer
    ]
    new, where = ("number_index", "index_key"), ("agency", "id", "number_index")
    return bulk.change(transaction.connection, tables.patron, new=new, where=where, rows=changed)


def _move_homes(transaction: Transaction, newer: Mapping[bytes, bytes]) -> int:
    """Write the new index of each dwelling for all who live there, also outside the share.

    Whoever has moved in meanwhile has the new one already. Targets are told of the household again: what is sealed to
    protect somebody was decided without the others.
    """
    ours = select(_PATRON.address_index, _PATRON.id).where(_PATRON.agency == transaction.agency)
    there = {row.address_index for row in transaction.fetch_rows(ours, _PATRON.address_index, list(newer))}
    fresh = transaction.fetch_rows(ours, _PATRON.address_index, [newer[old] for old in there])
    rows = [(newer[old], transaction.vault.index_key, transaction.agency, old) for old in there]
    new, where = ("address_index", "address_key"), ("agency", "address_index")
    done = bulk.change(transaction.connection, tables.patron, new=new, where=where, rows=rows)
    mixed = {row.address_index for row in fresh}
    _mark(transaction, {row.id for row in transaction.fetch_rows(ours, _PATRON.address_index, list(mixed))})
    return done


def _mark(transaction: Transaction, ids: Collection[str]) -> None:
    if not ids or not transaction.tenant.targets:
        return
    marked = set(
        transaction.fetch_values(
            select(_MARK.patron_id).where(_MARK.agency == transaction.agency), _MARK.patron_id, ids
        )
    )
    rows = [{"agency": transaction.agency, "patron_id": one} for one in sorted(set(ids) - marked)]
    if rows:
        transaction.execute(insert(tables.change_mark), rows)


def _move_subscriptions(transaction: Transaction, newer: Mapping[bytes, bytes], rows: Sequence[AnyRow]) -> int:
    """Write the new index of each number. A row that was written again meanwhile takes the old one's place."""
    there = {(row.agreement, row.number_index, row.reason, row.patron_id) for row in rows}
    changed = []
    for row in rows:
        new = newer.get(row.number_index)
        if new is None:
            continue
        rest = (row.agreement, row.reason, row.patron_id)
        if (row.agreement, new, row.reason, row.patron_id) in there:
            same = (_ROW.agency == transaction.agency) & (_ROW.agreement == row.agreement) & (_ROW.reason == row.reason)
            same &= (_ROW.patron_id == row.patron_id) & (_ROW.number_index == row.number_index)
            transaction.execute(delete(tables.subscription).where(same))
        else:
            changed.append((new, transaction.agency, *rest, row.number_index))
    where = ("agency", "agreement", "reason", "patron_id", "number_index")
    return bulk.change(transaction.connection, tables.subscription, new=("number_index",), where=where, rows=changed)


def _move_accounts(transaction: Transaction, newer: Mapping[bytes, bytes], rows: Sequence[AnyRow]) -> int:
    changed = [
        (newer[row.id_index], transaction.vault.index_key, transaction.agency, row.patron_id, row.id_index)
        for row in rows
        if row.id_index in newer
    ]
    new, where = ("id_index", "index_key"), ("agency", "patron_id", "id_index")
    return bulk.change(transaction.connection, tables.account, new=new, where=where, rows=changed)


def _move_cards(transaction: Transaction, indexes: _Indexes, rows: Sequence[AnyRow]) -> int:
    ids, cards = indexes.newer[ACCOUNT], indexes.newer[CARD]
    there = {row.id_index for row in rows}
    old = [row for row in rows if row.id_index in ids]
    for row in old:
        if ids[row.id_index] in there:
            this = (_CARD.agency == transaction.agency) & (_CARD.id_index == row.id_index)
            transaction.execute(delete(tables.card_account).where(this))
    changed = [
        (
            ids[row.id_index],
            cards.get(row.card_index, row.card_index),
            transaction.vault.index_key,
            transaction.agency,
            row.id_index,
        )
        for row in old
        if ids[row.id_index] not in there
    ]
    new = ("id_index", "card_index", "index_key")
    return bulk.change(transaction.connection, tables.card_account, new=new, where=("agency", "id_index"), rows=changed)


def _move_finding_keys(transaction: Transaction, rows: Sequence[AnyRow]) -> None:
    """Make the keys of names and telephones again where an older key made them."""
    old = select(_FOUND.patron_id).where(
        _FOUND.agency == transaction.agency, _FOUND.key_id != transaction.vault.index_key
    )
    ids = set(transaction.fetch_values(old, _FOUND.patron_id, [row.id for row in rows]))
    make_keys(transaction, [row for row in rows if row.id in ids])


def _replace_inside(transaction: Transaction, table: Table, newer: Mapping[bytes, bytes], ids: Collection[str]) -> None:
    """Write the new indexes inside sealed values that hold old ones."""
    (column,) = SEALED[table.name]
    value = table.c[column.value]
    for row in transaction.fetch_rows(_of(transaction.tenant, table).where(value.is_not(None)), table.c.patron_id, ids):
        values = row._mapping  # noqa: SLF001 -- SQLAlchemy's public name for a row as a mapping
        bound: dict[str, Any] = {"place": row.patron_id, "owner": column.owner, "version": values[column.version]}
        plain = transaction.vault.unseal(values[column.value], row.key, **bound)
        anew = plain
        for old in _held_in(plain, newer):
            anew = anew.replace(old, newer[old])
        if anew != plain:
            this = (table.c.agency == transaction.agency) & (table.c[column.version] == values[column.version])
            sealed = {column.value: transaction.vault.seal(anew, **bound), column.key: transaction.vault.seal_key}
            transaction.execute(update(table).where(this, value == values[column.value]).values(sealed))


def _held_in(plain: bytes, newer: Mapping[bytes, bytes]) -> Iterator[bytes]:
    """Yield the words of a JSON text that are old indexes."""
    yield from {word for word in plain.split(b'"') if word in newer}
