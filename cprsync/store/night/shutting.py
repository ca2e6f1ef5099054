"""Put back what keeps a patron shut, and was altered or taken away past the program: a night begins with it.

The audit's entries say what was there. A row that is there and has no entry stays: it opens nobody.
A subscription has no entry: whether it has ended follows from the patron's row. It goes on before the night compares it
with the register's list.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, insert, select, update

from cprsync.domain.patron.review import State
from cprsync.store import tables
from cprsync.store.audit import audit
from cprsync.store.audit.binding import CHAIN, HOLD, LINK, PARKING, PROTECTED, QUESTION, WINDOW, find_lost, patron_in
from cprsync.store.core.tenant import run_transaction
from cprsync.store.records.numbers import SUBSCRIPTION, find_ended, resume_ended
from cprsync.store.seals.failures import PUT_BACK, RowUnbound

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from sqlalchemy import Column

    from cprsync.errors import CprsyncError
    from cprsync.services.ports.runs import Run
    from cprsync.store.audit.binding import Kind, Said
    from cprsync.store.core.tenant import Tenant, Transaction

#: The kind of an entry that says that a patron is shut again, and its action is the kind of row.
SHUT_AGAIN: Final = "shut_again"
_SHUTTING: Final = (HOLD, PROTECTED, WINDOW, PARKING, QUESTION, LINK, CHAIN)
_PATRON: Final = tables.patron.c
_READ: Final[Mapping[type, Callable[[Any], Any]]] = {int: int, date: date.fromisoformat}
_WAITS: Final = {"state": State.WAITING.value, "decided_by": None, "decided_at": None}


@dataclass(frozen=True, slots=True)
class _Lost:
    """A row that is not there, or says something else than its entry."""

    kind: Kind
    key: str
    said: Said
    #: None: it is nobody's
    patron_id: str | None


def put_back(tenant: Tenant, run: Run) -> list[CprsyncError]:
    """Put back what is lost. Returns what it was, by kind and patron."""
    with tenant.reading() as transaction:
        lost = [one for kind in _SHUTTING for one in _find_lost(transaction, kind)]
        living = _find_living(transaction, {one.patron_id for one in lost if one.patron_id is not None})
        ended = find_ended(transaction)
    found = [one for one in lost if one.patron_id is None or one.patron_id in living]
    rows: list[tuple[str, str, str | None]] = [(one.kind.name, one.key, one.patron_id) for one in found]
    rows += [(SUBSCRIPTION, patron_id, patron_id) for patron_id in ended]
    if not rows:
        return []
    with run_transaction(tenant, run) as transaction:
        for one in found:
            _write(transaction, run, one)
        resume_ended(transaction, ended)
        happened = [audit.Happened(SHUT_AGAIN, run, patron_id, (what,)) for what, _, patron_id in rows]
        audit.append(transaction, tenant.night, happened)
    return [RowUnbound(*row, PUT_BACK) for row in rows]


def _find_lost(transaction: Transaction, kind: Kind) -> Iterator[_Lost]:
    for key, said in sorted(find_lost(transaction, kind).items()):
        yield _Lost(kind, key, said, patron_in(kind, key, said))


def _find_living(transaction: Transaction, patron_ids: set[str]) -> set[str]:
    living = select(_PATRON.id).where(_PATRON.agency == transaction.agency, _PATRON.status_class.not_in(tables.GONE))
    return set(transaction.fetch_values(living, _PATRON.id, patron_ids)) if patron_ids else set()


def _write(transaction: Transaction, run: Run, lost: _Lost) -> None:
    """Write a row as its entry has it. A review item waits again, and somebody answers it once more."""
    table, is_item = lost.kind.table, lost.kind is PARKING
    keys = _values(lost.kind.keys, lost.key.split("|"))
    values = _values(lost.kind.says, lost.said) | (_WAITS if is_item else {})
    this = and_(table.c.agency == transaction.agency, *(table.c[name] == value for name, value in keys.items()))
    if transaction.execute(update(table).where(this).values(values)).rowcount == 0:
        opened = {"run_id": run.id, "opened": run.day} if is_item else {}
        transaction.execute(insert(table).values({"agency": transaction.agency} | keys | values | opened))


def _values(columns: Sequence[Column[Any]], said: Sequence[Any]) -> dict[str, Any]:
    """Return the values of columns, which an entry has as JSON and a key as text."""
    return {
        column.name: value if value is None else _READ.get(column.type.python_type, str)(value)
        for column, value in zip(columns, said, strict=True)
    }
