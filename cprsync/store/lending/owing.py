"""What a patron owes, read from loans and balances. Only what is late or unpaid is opened."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Table, or_, select

from cprsync.domain.lending.fees import Compensation, LateLoan, Owed, Owing, given_up, is_for, over_since
from cprsync.store.core import tables
from cprsync.store.core.engine import parts, reading
from cprsync.store.core.tenant import TenantStore
from cprsync.store.lending import circulation
from cprsync.store.lending.circulation import open_payload
from cprsync.store.records import links

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Tenant

_LOAN = tables.loan.c
_BALANCE = tables.balance.c


class Lending(TenantStore):
    """Loans and what is owed."""

    def circulation(self, patron_id: str) -> dict[str, list[dict[str, Any]]]:
        return circulation.shown(self._tenant, patron_id)

    def owing(self, patron_id: str, on: date) -> Owing:
        theirs = (_LOAN.agency == self._tenant.agency) & (_LOAN.patron_id == patron_id)
        late = select(tables.loan).where(theirs, _LOAN.returned.is_(None), _LOAN.due < on).order_by(_LOAN.due, _LOAN.id)
        with reading(self._tenant.engine) as connection:
            loans = connection.execute(late).all()
            charged = _charged(connection, self._tenant, patron_id, [row.source_id for row in loans])
            owed = [row for row in charged if row.settled is None]
            asked = _asked(connection, self._tenant, [row.source_id for row in loans])
            known = {row.source_id: row for row in loans}
            known |= _loans(connection, self._tenant, patron_id, {row.loan_source for row in owed} - {None, *known})
        told = {source: (row.due, _opened(self._tenant, tables.loan, row)) for source, row in known.items()}
        amounts = [(row, _opened(self._tenant, tables.balance, row)) for row in charged]
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
        with reading(self._tenant.engine) as connection:
            return sorted(links.responsibles_of(connection, self._tenant, [patron_id]))


def _charged(connection: Connection, tenant: Tenant, patron_id: str, late: Sequence[str]) -> Sequence[AnyRow]:
    """Return the unpaid balances, and the paid ones for a loan that is late, because that fee grows on from there."""
    theirs = (_BALANCE.agency == tenant.agency) & (_BALANCE.patron_id == patron_id)
    counts = or_(_BALANCE.settled.is_(None), _BALANCE.loan_source.in_(late))
    return connection.execute(select(tables.balance).where(theirs, counts).order_by(_BALANCE.raised, _BALANCE.id)).all()


def _asked(connection: Connection, tenant: Tenant, loans: Sequence[str]) -> Mapping[str, list[Compensation]]:
    """Return the compensation charged for these loans, to any patron."""
    asked: dict[str, list[Compensation]] = defaultdict(list)
    for part in parts(loans):
        these = (_BALANCE.agency == tenant.agency) & _BALANCE.loan_source.in_(part)
        wanted = select(_BALANCE.loan_source, _BALANCE.raised, _BALANCE.settled)
        for source, raised, settled in connection.execute(wanted.where(these, _BALANCE.kind == tables.COMPENSATION)):
            asked[source].append(Compensation(raised, settled))
    return asked


def _loans(connection: Connection, tenant: Tenant, patron_id: str, sources: Iterable[str]) -> Mapping[str, AnyRow]:
    """Return the patron's loans by their source's ids, if they are still kept."""
    theirs = (_LOAN.agency == tenant.agency) & (_LOAN.patron_id == patron_id)
    wanted = (select(tables.loan).where(theirs, _LOAN.source_id.in_(part)) for part in parts(sorted(sources)))
    return {row.source_id: row for found in wanted for row in connection.execute(found)}


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


def _opened(tenant: Tenant, table: Table, row: AnyRow) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(open_payload(tenant, table, row))
    return told
