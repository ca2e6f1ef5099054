"""Seal rows again with the newest key, a share at a time. Each share is one transaction, and may come again.

What is sealed stays the same to the byte, and bound to the same place. A row that somebody else wrote meanwhile keeps
what they wrote. A value that does not open is left as it is, under its own key: `audit verify` tells of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, select, tuple_, update

from cprsync.errors import SealBroken
from cprsync.services.ports.trust.keys import RotatedShare, SharePlace
from cprsync.store import tables
from cprsync.store.audit import older_states
from cprsync.store.core import bulk
from cprsync.store.core.tenant import library_transaction
from cprsync.store.records.records import open_register
from cprsync.store.seals.failures import AuditBroken
from cprsync.store.trust.audit_checks import ALTERED, RECORDS
from cprsync.store.trust.sealed_columns import NEVER_ANEW, SEALED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement, Table

    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Tenant, Transaction
    from cprsync.store.trust.sealed_columns import SealedColumn

#: How many parts of a delivery are opened at a time.
_PARTS: Final = 100
#: A delivery that still arrives: the next rotation seals it again.
_RECEIVING: Final = "receiving"
_DELIVERIES: Final = "inbox"
#: The passes, in order: each column with sealed values, and the deliveries.
_PASSES: Final = (
    *((table, column) for table, columns in SEALED.items() if table not in NEVER_ANEW for column in columns),
    (_DELIVERIES, None),
)
_BOX, _CHUNK, _PATRON = tables.inbox.c, tables.inbox_chunk.c, tables.patron.c


def reseal_share(tenant: Tenant, place: SharePlace | None, most: int) -> RotatedShare:
    """Seal the next rows again that an older key seals. `place`: where the last share ended; None: at the beginning."""
    number, after = (0, ()) if place is None else (place.number, place.after)
    table, column = _PASSES[number]
    with library_transaction(tenant) as transaction:
        if column is None:
            share = _reseal_delivery(transaction, after)
        else:
            share = _reseal_rows(transaction, (tables.metadata.tables[table], column), after, most)
    if share.after is not None:
        return RotatedShare(table, share.done, share.left, SharePlace(number, share.after))
    following = SharePlace(number + 1, ()) if number + 1 < len(_PASSES) else None
    return RotatedShare(table, share.done, share.left, following)


class _Part:
    """What one transaction did: rows sealed, values that do not open, and the last row. No last row: none is left."""

    def __init__(self, done: int, left: int, after: tuple[Any, ...] | None) -> None:
        self.done, self.left, self.after = done, left, after


def _reseal_rows(
    transaction: Transaction,
    at: tuple[Table, SealedColumn],
    after: tuple[Any, ...],
    most: int,
) -> _Part:
    table, column = at
    keys = [one for one in table.primary_key.columns if one.name != "agency"]
    key, value = table.c[column.key], table.c[column.value]
    old = (table.c.agency == transaction.agency) & (key != transaction.vault.seal_key) & value.is_not(None)
    rows = transaction.execute(select(table).where(old, *is_after(keys, after)).order_by(*keys).limit(most)).all()
    names = tuple(one.name for one in keys)
    sealed = [(row, _seal_anew(transaction.tenant, column, row)) for row in rows]
    changed = [
        (anew, transaction.vault.seal_key, transaction.agency, *_place(row, names), row._mapping[column.value])  # noqa: SLF001 -- SQLAlchemy's public name for a row as a mapping
        for row, anew in sealed
        if anew is not None
    ]
    done = bulk.change(
        transaction.connection,
        table,
        new=(column.value, column.key),
        where=("agency", *names, column.value),
        rows=changed,
    )
    return _Part(done, len(rows) - len(changed), _place(rows[-1], names) if len(rows) == most else None)


def is_after(keys: Sequence[ColumnElement[Any]], after: tuple[Any, ...]) -> list[ColumnElement[bool]]:
    """Return a condition: the row comes after this one. None for the first rows."""
    if not after:
        return []
    values = [bindparam(None, value, type_=key.type) for key, value in zip(keys, after, strict=True)]
    return [tuple_(*keys) > tuple_(*values)]


def _place(row: AnyRow, names: Sequence[str]) -> tuple[Any, ...]:
    return tuple(row._mapping[name] for name in names)  # noqa: SLF001 -- the same


def _seal_anew(tenant: Tenant, column: SealedColumn, row: AnyRow) -> bytes | None:
    """Return the same value under the newest key. None: it does not open."""
    values = row._mapping  # noqa: SLF001 -- the same
    bound: dict[str, Any] = {
        "place": str(values[column.place]),
        "owner": values.get(column.owner, column.owner),
        "version": int(values.get(column.version, column.version)),
    }
    try:
        plain = tenant.vault.unseal(values[column.value], values[column.key], **bound)
    except SealBroken:
        return None
    return tenant.vault.seal(plain, **bound)


def _reseal_delivery(transaction: Transaction, after: tuple[Any, ...]) -> _Part:
    """Seal all parts of one delivery again: its row names the key of all of them."""
    old = (_BOX.agency == transaction.agency) & (_BOX.key != transaction.vault.seal_key) & (_BOX.state != _RECEIVING)
    wanted = select(_BOX.id, _BOX.key).where(old, *is_after([_BOX.id], after)).order_by(_BOX.id).limit(1)
    row = transaction.execute(wanted).one_or_none()
    if row is None:
        return _Part(0, 0, None)
    try:
        with transaction.connection.begin_nested():
            _reseal_parts(transaction, row.id, row.key)
    except SealBroken:
        return _Part(0, 1, (row.id,))
    this = (_BOX.agency == transaction.agency) & (_BOX.id == row.id)
    transaction.execute(update(tables.inbox).where(this).values(key=transaction.vault.seal_key))
    return _Part(1, 0, (row.id,))


def _reseal_parts(transaction: Transaction, number: int, key: str) -> None:
    of_delivery, seq = (_CHUNK.agency == transaction.agency) & (_CHUNK.inbox_id == number), -1
    while True:
        wanted = select(_CHUNK.seq, _CHUNK.blob).where(of_delivery, _CHUNK.seq > seq)
        rows = transaction.execute(wanted.order_by(_CHUNK.seq).limit(_PARTS)).all()
        if not rows:
            return
        anew = []
        for row in rows:
            bound: dict[str, Any] = {"place": str(number), "owner": _DELIVERIES, "version": row.seq}
            sealed = transaction.vault.seal(transaction.vault.unseal(row.blob, key, **bound), **bound)
            anew.append((sealed, transaction.agency, number, row.seq))
        where = ("agency", "inbox_id", "seq")
        bulk.change(transaction.connection, tables.inbox_chunk, new=("blob",), where=where, rows=anew)
        seq = rows[-1].seq


def fingerprint_share(tenant: Tenant, place: SharePlace | None, most: int) -> RotatedShare:
    """Fingerprint the next records again that an older key fingerprints. The last share does the sum of all versions.

    Raises:
        AuditBroken: the records are not those that were written last: a new sum would hide it.
    """
    vault, after = tenant.vault, () if place is None else place.after
    with library_transaction(tenant) as transaction:
        old = (_PATRON.agency == transaction.agency) & (_PATRON.fingerprint_key != vault.fingerprint_key)
        wanted = select(tables.patron).where(old, *is_after([_PATRON.id], after))
        rows = transaction.execute(wanted.order_by(_PATRON.id).limit(most)).all()
        anew = [(row, _fingerprint_anew(tenant, row)) for row in rows]
        changed = [
            (made, vault.fingerprint_key, transaction.agency, row.id, row.fingerprint)
            for row, made in anew
            if made is not None
        ]
        where = ("agency", "id", "fingerprint")
        done = bulk.change(
            transaction.connection, tables.patron, new=("fingerprint", "fingerprint_key"), where=where, rows=changed
        )
        is_last = len(rows) < most
        if is_last:
            _sum_anew(transaction)
    return RotatedShare("patron", done, len(rows) - len(changed), None if is_last else SharePlace(0, (rows[-1].id,)))


def _fingerprint_anew(tenant: Tenant, row: AnyRow) -> bytes | None:
    try:
        return tenant.vault.fingerprint(open_register(tenant.vault, row))
    except SealBroken:
        return None


def _sum_anew(transaction: Transaction) -> None:
    if not older_states.are_records_the_last(transaction):
        raise AuditBroken(RECORDS, 0, "a new sum would hide it", sentence=ALTERED)
    changes = older_states.record_changes(transaction)
    if changes is not None:
        older_states.count_versions(transaction, changes=changes)
