"""What a patron owes, read from loans and balances: only what is late or unpaid is opened."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any

from sqlalchemy import Table, select

from cprsync.domain.statement import LateLoan, Owed, Owing
from cprsync.store import links, tables
from cprsync.store.circulation import open_payload
from cprsync.store.engine import reading

if TYPE_CHECKING:
    from cprsync.store.engine import AnyRow
    from cprsync.store.tenant import Tenant

_LOAN = tables.loan.c
_BALANCE = tables.balance.c


def owing(tenant: Tenant, patron_id: str, on: date) -> Owing:
    """Loans that are late on a day, and what is not paid, each in the order of its days."""
    out = (_LOAN.agency == tenant.agency) & (_LOAN.patron_id == patron_id) & _LOAN.returned.is_(None)
    late = select(tables.loan).where(out, _LOAN.due < on).order_by(_LOAN.due, _LOAN.id)
    hers = (_BALANCE.agency == tenant.agency) & (_BALANCE.patron_id == patron_id) & _BALANCE.settled.is_(None)
    unpaid = select(tables.balance).where(hers).order_by(_BALANCE.raised, _BALANCE.id)
    with reading(tenant.engine) as connection:
        loans = [(row.due, _opened(tenant, tables.loan, row)) for row in connection.execute(late)]
        owed = [(row, _opened(tenant, tables.balance, row)) for row in connection.execute(unpaid)]
    return Owing(
        tuple(
            LateLoan(due, told.get("title") or "", _day(told.get("loaned")), _day(told.get("renewed")))
            for due, told in loans
        ),
        tuple(Owed(row.kind, int(told.get("amount") or 0), told.get("title") or "", row.raised) for row, told in owed),
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _opened(tenant: Tenant, table: Table, row: AnyRow) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(open_payload(tenant, table, row))
    return told


def is_answered_for(tenant: Tenant, patron_id: str) -> bool:
    """Whether someone is registered who answers for her new debts."""
    with reading(tenant.engine) as connection:
        return bool(links.answered_for(connection, tenant, [patron_id]))
