"""Loans, reservations, balances and messages: read, moved or cancelled, and what a patron owes by them.

A payload is sealed for its patron and its row. How the rows come in, and when they are deleted, is elsewhere.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import BindParameter, ColumnElement, Table, func, or_, select, update

from cprsync.domain.lending.fees import Compensation, LateLoan, Owed, Owing, given_up, is_for, over_since
from cprsync.services.ports.patrons import Lending
from cprsync.store import tables
from cprsync.store.core.tenant import TenantStore
from cprsync.store.records import links

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Tenant, Transaction

TABLES: Final = (tables.loan, tables.reservation, tables.balance, tables.message)
_LOAN, _RESERVATION, _BALANCE = tables.loan.c, tables.reservation.c, tables.balance.c
#: Columns that have no meaning for a reader.
_HIDDEN: Final = frozenset({"agency", "id", "patron_id", "source_id", "payload", "key", "content_until"})


class SqlLending(TenantStore, Lending):
    """Loans and what is owed."""

    def circulation(self, patron_id: str) -> dict[str, list[dict[str, Any]]]:
        told: dict[str, list[dict[str, Any]]] = {}
        with self._tenant.reading() as transaction:
            for table in TABLES:
                theirs = select(table).where(_theirs(self._tenant, table, patron_id)).order_by(table.c.id)
                told[table.name] = [_shown(self._tenant, table, row) for row in transaction.execute(theirs)]
        return told

    def owing(self, patron_id: str, on: date) -> Owing:
        theirs = _theirs(self._tenant, tables.loan, patron_id)
        late = select(tables.loan).where(theirs, _LOAN.returned.is_(None), _LOAN.due < on).order_by(_LOAN.due, _LOAN.id)
        with self._tenant.reading() as transaction:
            loans = transaction.execute(late).all()
            charged = _charged(transaction, patron_id, [row.source_id for row in loans])
            owed = [row for row in charged if row.settled is None]
            asked = _asked(transaction, [row.source_id for row in loans])
            known = {row.source_id: row for row in loans}
            known |= _loans(transaction, patron_id, {row.loan_source for row in owed} - {None, *known})
        told = {source: (row.due, open_said(self._tenant, tables.loan, row)) for source, row in known.items()}
        amounts = [(row, open_said(self._tenant, tables.balance, row)) for row in charged]
        fees = defaultdict(list)
        for row, said in amounts:
            if row.kind == tables.FEE:
                fees[row.loan_source].append((row.raised, _oere(said)))
        return Owing(
            tuple(
                _late(*told[row.source_id], fees[row.source_id], asked[row.source_id])
                for row in loans
                if over_since(row.returned, asked[row.source_id]) is None
            ),
            tuple(_owed(row, said, told.get(row.loan_source)) for row, said in amounts if row.settled is None),
        )

    def answering_for(self, patron_id: str) -> list[str]:
        with self._tenant.reading() as transaction:
            return sorted(links.responsibles_of(transaction, [patron_id]))


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


def open_said(tenant: Tenant, table: Table, row: AnyRow) -> dict[str, Any]:
    """Return what the payload of a row says, by field."""
    said: dict[str, Any] = json.loads(open_payload(tenant, table, row))
    return said


def counts(transaction: Transaction, patron_id: str) -> dict[str, int]:
    """Count the rows of a patron, by table."""
    return {table.name: transaction.count_rows(_theirs(transaction.tenant, table, patron_id)) for table in TABLES}


def _shown(tenant: Tenant, table: Table, row: AnyRow) -> dict[str, Any]:
    clear = {column.name: getattr(row, column.name) for column in table.columns if column.name not in _HIDDEN}
    return {"id": row.source_id, **clear, **open_said(tenant, table, row)}


def cancel_reservations(transaction: Transaction, patron_id: str, *, on: date) -> list[int]:
    """Cancel the reservations that wait. Returns their ids."""
    waiting = _theirs(transaction.tenant, tables.reservation, patron_id) & _RESERVATION.cancelled.is_(None)
    ids = list(transaction.scalars(select(_RESERVATION.id).where(waiting).order_by(_RESERVATION.id)))
    transaction.execute(update(tables.reservation).where(waiting).values(cancelled=on))
    return ids


def take_back_reservations(transaction: Transaction, ids: Sequence[int], *, cancelled: date) -> None:
    """Let reservations that were cancelled on a day wait again. A reservation that was deleted since stays deleted."""
    ours = (_RESERVATION.agency == transaction.agency) & (_RESERVATION.cancelled == cancelled)
    again = update(tables.reservation).where(ours).values(cancelled=None)
    transaction.change_rows(again, _RESERVATION.id, ids)


def move(
    transaction: Transaction, *, of: str, to: str, only: Mapping[str, Sequence[int]] | None = None
) -> dict[str, list[int]]:
    """Give all rows of a patron, or only some, to another patron. Returns the ids of the moved rows, by table."""
    moved: dict[str, list[int]] = {}
    for table in TABLES:
        rows = transaction.execute(
            select(table).where(_theirs(transaction.tenant, table, of)).order_by(table.c.id)
        ).all()
        chosen = [row for row in rows if only is None or row.id in only.get(table.name, ())]
        for row in chosen:
            sealed = seal_payload(
                transaction.tenant, table, open_payload(transaction.tenant, table, row), patron_id=to, row_id=row.id
            )
            this = (table.c.agency == transaction.agency) & (table.c.id == row.id)
            transaction.execute(update(table).where(this).values(patron_id=to, **sealed))
        moved[table.name] = [row.id for row in chosen]
    return moved


def _theirs(tenant: Tenant, table: Table, patron_id: str) -> ColumnElement[bool]:
    return (table.c.agency == tenant.agency) & (table.c.patron_id == patron_id)


def is_over(agency: str | BindParameter[str], by: date | BindParameter[date] | None = None) -> ColumnElement[bool]:
    """Return a condition: the loan came back, or all compensation for it is paid, by any patron.

    With `by`, by that day.
    """
    ours = (_BALANCE.agency == agency) & (_BALANCE.kind == tables.COMPENSATION)
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


def _charged(transaction: Transaction, patron_id: str, late: Sequence[str]) -> Sequence[AnyRow]:
    """Return the unpaid balances, and the paid ones for a loan that is late, because that fee grows on from there."""
    theirs = _theirs(transaction.tenant, tables.balance, patron_id)
    counts = or_(_BALANCE.settled.is_(None), _BALANCE.loan_source.in_(late))
    return transaction.execute(
        select(tables.balance).where(theirs, counts).order_by(_BALANCE.raised, _BALANCE.id)
    ).all()


def _asked(transaction: Transaction, loans: Sequence[str]) -> Mapping[str, list[Compensation]]:
    """Return the compensation charged for these loans, to any patron."""
    asked: dict[str, list[Compensation]] = defaultdict(list)
    ours = (_BALANCE.agency == transaction.agency) & (_BALANCE.kind == tables.COMPENSATION)
    wanted = select(_BALANCE.loan_source, _BALANCE.raised, _BALANCE.settled).where(ours)
    for row in transaction.fetch_rows(wanted, _BALANCE.loan_source, loans):
        asked[row.loan_source].append(Compensation(row.raised, row.settled))
    return asked


def _loans(transaction: Transaction, patron_id: str, sources: set[str]) -> Mapping[str, AnyRow]:
    """Return the patron's loans by their source's ids, if they are still kept."""
    wanted = select(tables.loan).where(_theirs(transaction.tenant, tables.loan, patron_id))
    return {row.source_id: row for row in transaction.fetch_rows(wanted, _LOAN.source_id, sources)}


def _late(
    due: date, told: Mapping[str, Any], fees: Iterable[tuple[date | None, int]], asked: Sequence[Compensation]
) -> LateLoan:
    lost = _day(told.get("lost"))
    return LateLoan(
        due,
        told.get("title") or "",
        _day(told.get("loaned")),
        _day(told.get("renewed")),
        raised_oere=sum(oere for day, oere in fees if is_for(day, due)),
        lost=lost,
        given_up=given_up(due, lost, asked),
        billed=any(one.settled is None for one in asked),
    )


def _owed(row: AnyRow, said: Mapping[str, Any], loan: tuple[date | None, Mapping[str, Any]] | None) -> Owed:
    owed = Owed(row.kind, _oere(said), said.get("title") or "", row.raised)
    if loan is None:
        return owed
    due, told = loan
    meant = due if due is not None and is_for(row.raised, due) else None
    return replace(owed, loan_title=told.get("title") or "", due=meant, lost=_day(told.get("lost")))


def _oere(said: Mapping[str, Any]) -> int:
    return int(said.get("amount") or 0)


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
