"""Which loans are over, as `domain.lending.loan.over_since` has it, asked of all rows at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, func, or_, select

from cprsync.store.core import tables

if TYPE_CHECKING:
    from datetime import date

    from cprsync.store.core.tenant import Tenant

_LOAN, _BALANCE = tables.loan.c, tables.balance.c


def is_over(tenant: Tenant, by: date | None = None) -> ColumnElement[bool]:
    """Whether a loan came back, or all that was asked for it is paid, whoever paid it; with `by`, by that day."""
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
