"""Count which of the numbers that we want are subscribed at the register, without reading their rows."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Select, bindparam, exists, func, select, text

from cprsync.domain.patron.local import Stage
from cprsync.services.ports.register import Coverage
from cprsync.store import tables
from cprsync.store.core.tenant import AGENCY_IS, AGREEMENT_IS
from cprsync.store.records.numbers import DEAD, KNOWN_REASONS, OURS, is_held

if TYPE_CHECKING:
    from collections.abc import Callable

    from cprsync.store.core.tenant import Transaction

_ROW, _PATRON = tables.subscription.c, tables.patron.c
#: In the same words as the partial indexes of these rows. SQLite would not use them with a bound value.
_UNCONFIRMED = text("subscription.confirmed_at IS NULL")


def count_coverage(transaction: Transaction, *, held: Callable[[], int]) -> Coverage:
    """Count them. `held`: how many numbers are subscribed, whether the register has confirmed that or not."""
    values = {**transaction.ours, "today_": transaction.clock.today()}
    counted = [transaction.scalar(one, values) or 0 for one in _counts()]
    wanted, known, beside, leaving, unconfirmed = counted
    # of the patrons with a row, those who are not wanted are few: they and the leaving ones are counted apart
    missing = wanted - (known - beside) - leaving
    subscribed = held()
    return Coverage(subscribed + missing, subscribed, unconfirmed)


@cache
def _counts() -> tuple[Select[Any], ...]:
    """Patrons with a real number; those with a row; those with a row alone; leaving without a row; numbers unheard of.

    Each is counted along one index.
    """
    real = (_PATRON.agency == AGENCY_IS) & _PATRON.real_number.is_(True)
    unreal = (_PATRON.agency == AGENCY_IS) & _PATRON.real_number.is_(False)
    leaving = real & tables.NOT_ACTIVE & (_PATRON.standing == Stage.LEAVING.value)
    rows = select(_ROW.patron_id).where(OURS, _ROW.reason.in_(KNOWN_REASONS)).distinct().subquery()
    return (
        select(func.count()).select_from(tables.patron).where(real),
        select(func.count()).select_from(rows),
        select(func.count()).select_from(tables.patron).where(unreal, _has_row()),
        select(func.count()).select_from(tables.patron).where(leaving, ~_has_row()),
        select(func.count(_ROW.number_index.distinct())).where(OURS, _UNCONFIRMED, _is_held(), ~_is_confirmed()),
    )


def _has_row() -> ColumnElement[bool]:
    """The patron has a row, so that they are not new to the register's list."""
    theirs = (_ROW.agency == _PATRON.agency) & (_ROW.patron_id == _PATRON.id)
    return exists().where(theirs, _ROW.agreement == AGREEMENT_IS, _ROW.reason.in_(KNOWN_REASONS))


def _is_held() -> ColumnElement[bool]:
    return is_held(bindparam("today_", type_=_ROW.until.type))


def _is_confirmed() -> ColumnElement[bool]:
    """The register has confirmed the same number for another reason."""
    other = tables.subscription.alias()
    same = (other.c.agency == _ROW.agency) & (other.c.agreement == _ROW.agreement)
    today = bindparam("today_", type_=_ROW.until.type)
    held = other.c.until.is_(None) | ((other.c.reason == DEAD) & (other.c.until >= today))
    return exists().where(same, other.c.number_index == _ROW.number_index, other.c.confirmed_at.is_not(None), held)
