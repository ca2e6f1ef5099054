"""Move or cancel loans, reservations, balances and messages when a review is answered.

A payload is sealed for its patron and its row. How the rows come in, and when they are deleted, is elsewhere.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import ColumnElement, Connection, Table, func, or_, select, update

from cprsync.store.core import tables
from cprsync.store.core.engine import parts, reading

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Tenant

TABLES: Final = (tables.loan, tables.reservation, tables.balance, tables.message)
_RESERVATION = tables.reservation.c
#: Columns that have no meaning for a reader.
_HIDDEN: Final = frozenset({"agency", "id", "patron_id", "source_id", "payload", "key", "content_until"})


_LOAN, _BALANCE = tables.loan.c, tables.balance.c


def seal_payload(tenant: Tenant, table: Table, payload: bytes, *, patron_id: str, row_id: int) -> dict[str, Any]:
    """Return a sealed payload as its row holds it, with the key that it is sealed with."""
    sealed = tenant.vault.seal(payload, place=patron_id, owner=table.name, version=row_id)
    return {"payload": sealed, "key": tenant.vault.seal_key}


def open_payload(tenant: Tenant, table: Table, row: AnyRow) -> bytes:
    """Open the payload of a row.

    Raises:
        SealBroken: it does not open.
    """
    return tenant.vault.unseal(row.payload, row.key, place=row.patron_id, owner=table.name, version=row.id)


def counts(connection: Connection, tenant: Tenant, patron_id: str) -> dict[str, int]:
    """Count the rows of a patron, by table."""
    return {
        table.name: connection.scalar(select(func.count()).select_from(table).where(_theirs(tenant, table, patron_id)))
        or 0
        for table in TABLES
    }


def shown(tenant: Tenant, patron_id: str) -> dict[str, list[dict[str, Any]]]:
    """Return all rows of a patron, opened, by table, the oldest first: the clear columns and the payload."""
    told: dict[str, list[dict[str, Any]]] = {}
    with reading(tenant.engine) as connection:
        for table in TABLES:
            rows = connection.execute(select(table).where(_theirs(tenant, table, patron_id)).order_by(table.c.id))
            told[table.name] = [_shown(tenant, table, row) for row in rows]
    return told


def _shown(tenant: Tenant, table: Table, row: AnyRow) -> dict[str, Any]:
    clear = {column.name: getattr(row, column.name) for column in table.columns if column.name not in _HIDDEN}
    said: dict[str, Any] = json.loads(open_payload(tenant, table, row))
    return {"id": row.source_id, **clear, **said}


def cancel_reservations(connection: Connection, tenant: Tenant, patron_id: str, *, on: date) -> list[int]:
    """Cancel the reservations that wait. Returns their ids."""
    waiting = _theirs(tenant, tables.reservation, patron_id) & _RESERVATION.cancelled.is_(None)
    ids = list(connection.scalars(select(_RESERVATION.id).where(waiting).order_by(_RESERVATION.id)))
    connection.execute(update(tables.reservation).where(waiting).values(cancelled=on))
    return ids


def take_back_reservations(connection: Connection, tenant: Tenant, ids: Sequence[int], *, cancelled: date) -> None:
    """Let reservations that were cancelled on a day wait again. A reservation that was deleted since stays deleted."""
    for part in parts(ids):
        these = (_RESERVATION.agency == tenant.agency) & _RESERVATION.id.in_(part)
        again = update(tables.reservation).where(these, _RESERVATION.cancelled == cancelled)
        connection.execute(again.values(cancelled=None))


def move(
    connection: Connection, tenant: Tenant, *, of: str, to: str, only: Mapping[str, Sequence[int]] | None = None
) -> dict[str, list[int]]:
    """Give all rows of a patron, or only some, to another patron. Returns the ids of the moved rows, by table."""
    moved: dict[str, list[int]] = {}
    for table in TABLES:
        rows = connection.execute(select(table).where(_theirs(tenant, table, of)).order_by(table.c.id)).all()
        chosen = [row for row in rows if only is None or row.id in only.get(table.name, ())]
        for row in chosen:
            sealed = seal_payload(tenant, table, open_payload(tenant, table, row), patron_id=to, row_id=row.id)
            this = (table.c.agency == tenant.agency) & (table.c.id == row.id)
            connection.execute(update(table).where(this).values(patron_id=to, **sealed))
        moved[table.name] = [row.id for row in chosen]
    return moved


def _theirs(tenant: Tenant, table: Table, patron_id: str) -> ColumnElement[bool]:
    return (table.c.agency == tenant.agency) & (table.c.patron_id == patron_id)


def is_over(tenant: Tenant, by: date | None = None) -> ColumnElement[bool]:
    """Return a condition: the loan came back, or all compensation for it is paid, by any patron.

    With `by`, by that day.
    """
    ours = (_BALANCE.agency == tenant.agency) & (_BALANCE.kind == tables.COMPENSATION)
    paid = (
        select(_BALANCE.loan_source)
        .where(ours, _BALANCE.loan_source.is_not(None))
        .group_by(_BALANCE.loan_source)
        .having(func.count() == func.count(_BALANCE.settled))
    )
    if by is None:
        return or_(_LOAN.returned.is_not(None), _LOAN.source_id.in_(paid))
    paid = paid.having(func.max(_BALANCE.settled) <= by)
    return or_(_LOAN.returned <= by, _LOAN.returned.is_(None) & _LOAN.source_id.in_(paid))
