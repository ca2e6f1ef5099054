"""What a record has in the register's part, kept sealed in a review item, so that it can be written again.

Taking back a merge, or a number that the desk gave, needs it. Who seals it is decided elsewhere.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from cprsync.domain.patron.patron import AsOf, Source
from cprsync.errors import ReviewClosed
from cprsync.store import tables
from cprsync.store.seals.vault import encode

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cprsync.domain.patron.patron import Patron
    from cprsync.domain.person.number import CprNumber
    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Transaction

_PATRON = tables.patron.c


def remembered(row: AnyRow, patron: Patron, *, clear: Sequence[str], days: Sequence[str]) -> dict[str, Any]:
    """Return, as JSON can hold it, what a record has in the register's part, and in these columns beside it."""
    as_of, dated = patron.as_of, {name: getattr(row, name) for name in days}
    return {
        "register": encode(patron.register).hex(),
        "as_of": None if as_of is None else [as_of.day.isoformat(), as_of.source.value],
        "clear": {name: getattr(row, name) for name in clear},
        "days": {name: day and day.isoformat() for name, day in dated.items()},
    }


def remembered_as_of(kept: Mapping[str, Any]) -> AsOf | None:
    """Return the day and source of what was remembered."""
    return None if kept["as_of"] is None else AsOf(date.fromisoformat(kept["as_of"][0]), Source(kept["as_of"][1]))


def remembered_columns(kept: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns beside the register's part that were remembered."""
    days = {name: day and date.fromisoformat(day) for name, day in kept["days"].items()}
    return {**kept["clear"], **days}


def refuse_taken(transaction: Transaction, number: CprNumber, *, but: str) -> None:
    """Make sure that no patron other than `but` has the number.

    Raises:
        ReviewClosed: another patron has it.
    """
    has = _PATRON.number_index.in_(transaction.vault.probes("number", number.digits))
    taken = select(_PATRON.id).where(_PATRON.agency == transaction.agency, has, _PATRON.id != but)
    if transaction.scalar(taken.limit(1)) is not None:
        raise ReviewClosed("another patron has the number by now: nothing was taken back")
