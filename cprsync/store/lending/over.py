"""Find the loans that are over, by the rule in `domain.lending.statement.over_since`, for all rows at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, func, or_, select

from cprsync.store.core import tables

if TYPE_CHECKING:
    from datetime import date

    from cprsync.store.core.tenant import Tenant

_LOAN, _BALANCE = tables.loan.c, tables.balance.c


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
