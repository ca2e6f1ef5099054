"""Which changes are forgotten: those that a later one has replaced, and those by which patrons went long ago.

The last state of each patron stays, and so does what a target still waits for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy import bindparam, delete, exists, func, null, select, update

from cprsync.store import tables
from cprsync.store.netmedia.effects import CULR

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import BindParameter, ColumnElement, Select

    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Transaction

_CHANGE, _OUT, _EPOCH = tables.change.c, tables.outbox.c, tables.change_epoch.c


class Cutoff(Protocol):
    """The names of the library, and of the last moment of what is old."""

    @property
    def agency(self) -> BindParameter[str]: ...

    @property
    def end(self) -> BindParameter[str]: ...


def find_replaced(cutoff: Cutoff) -> Select[*tuple[Any, ...]]:
    """Find changes until a moment that a later one has replaced.

    The last change of each patron is found first, by an index alone: most changes are a patron's only one.
    """
    ours = _CHANGE.agency == cutoff.agency
    newest = select(_CHANGE.patron_id, func.max(_CHANGE.seq).label("seq")).where(ours)
    last = newest.group_by(_CHANGE.patron_id).having(func.count() > 1).subquery()
    wanted = select(_CHANGE.seq, null().label("patron_id")).join(last, _CHANGE.patron_id == last.c.patron_id)
    return wanted.where(ours, _CHANGE.seq < last.c.seq, _CHANGE.at < cutoff.end, ~_waits(cutoff.agency))


def find_tombstones(cutoff: Cutoff) -> Select[*tuple[Any, ...]]:
    """Find changes until a moment by which patrons went."""
    gone = (_CHANGE.agency == cutoff.agency) & _CHANGE.payload.is_(None) & (_CHANGE.at < cutoff.end)
    return select(_CHANGE.seq, null().label("patron_id")).where(gone, ~_waits(cutoff.agency)).order_by(_CHANGE.seq)


def _waits(agency: BindParameter[str]) -> ColumnElement[bool]:
    named = (_OUT.agency == agency) & (_OUT.patron_id == _CHANGE.patron_id) & (_OUT.version == _CHANGE.seq)
    return exists().where(named, _OUT.target != CULR)


def forget_tombstones(transaction: Transaction, rows: Sequence[AnyRow]) -> None:
    """Delete them, and remember up to which number. A reader who has not read so far begins again."""
    if not rows:
        return
    this = (_CHANGE.agency == transaction.agency) & (_CHANGE.seq == bindparam("_seq"))
    transaction.execute(delete(tables.change).where(this), [{"_seq": row.seq} for row in rows])
    last = max(row.seq for row in rows)
    behind = (_EPOCH.agency == transaction.agency) & (_EPOCH.forgotten < last)
    transaction.execute(update(tables.change_epoch).where(behind).values(forgotten=last))
