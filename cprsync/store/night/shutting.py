"""Put back what keeps a patron shut, and was altered or taken away past the program: a night begins with it.

The audit's entries say what was there. A row that is there and has no entry stays: it opens nobody.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, Date, select, update

from cprsync.store import tables
from cprsync.store.audit import audit
from cprsync.store.audit.binding import HOLD, PROTECTED, WINDOW, find_lost
from cprsync.store.core.engine import fetch_values, reading
from cprsync.store.core.tenant import run_transaction
from cprsync.store.seals.failures import PUT_BACK, RowUnbound

if TYPE_CHECKING:
    from cprsync.errors import CprsyncError
    from cprsync.services.ports.runs import Run
    from cprsync.store.audit.binding import Kind, Said
    from cprsync.store.core.tenant import Tenant

#: The kind of an entry that says that a patron is shut again, and its action is the kind of row.
SHUT_AGAIN: Final = "shut_again"
#: What is in the patron's own row, so that the key of an entry is the patron.
_SHUTTING: Final = (HOLD, PROTECTED, WINDOW)
_PATRON: Final = tables.patron.c


def put_back(tenant: Tenant, run: Run) -> list[CprsyncError]:
    """Put back what is lost. Returns what it was, by kind and patron."""
    with reading(tenant.engine) as connection:
        lost = {kind: find_lost(connection, tenant, kind) for kind in _SHUTTING}
        living = _find_living(connection, tenant, {patron for said in lost.values() for patron in said})
    found = [(kind, patron) for kind in lost for patron in sorted(lost[kind]) if patron in living]
    if not found:
        return []
    with run_transaction(tenant, run) as connection:
        for kind, patron in found:
            this = update(tables.patron).where(_PATRON.agency == tenant.agency, _PATRON.id == patron)
            connection.execute(this.values(_columns(kind, lost[kind][patron])))
        happened = [audit.Happened(SHUT_AGAIN, run, patron, (kind.name,)) for kind, patron in found]
        audit.append(connection, tenant, tenant.night, happened)
    return [RowUnbound(kind.name, patron, patron, PUT_BACK) for kind, patron in found]


def _find_living(connection: Connection, tenant: Tenant, patron_ids: set[str]) -> set[str]:
    living = select(_PATRON.id).where(_PATRON.agency == tenant.agency, _PATRON.status_class.not_in(tables.GONE))
    return set(fetch_values(connection, living, _PATRON.id, patron_ids)) if patron_ids else set()


def _columns(kind: Kind, said: Said) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for column, value in zip(kind.says, said, strict=True):
        values[column.name] = date.fromisoformat(value) if value and isinstance(column.type, Date) else value
    return values
