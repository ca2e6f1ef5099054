"""What a person answered about an effect that the net media refused: her state waits anew, or CULR keeps what it has.

In the transaction of the answer. Leaves out how it came to be refused: see `publishing`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Connection, delete, select, update

from cprsync.domain.patron.effective import culr_in_force
from cprsync.domain.patron.override import in_force
from cprsync.services.ports.values import Write
from cprsync.store.core import tables
from cprsync.store.netmedia.effects import WAITING
from cprsync.store.netmedia.publishing import refused_of
from cprsync.store.patrons.changes import write_records
from cprsync.store.records.records import from_row, overrides_of, prepare

if TYPE_CHECKING:
    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Tenant

_OUT = tables.outbox.c
_PATRON = tables.patron.c


def tell_again(connection: Connection, tenant: Tenant, patron_id: str) -> None:
    """Let her state wait as it is now, in place of what was refused; of someone who is gone, that itself."""
    this = (_PATRON.agency == tenant.agency) & (_PATRON.id == patron_id)
    row = connection.execute(select(tables.patron).where(this).with_for_update()).one_or_none()
    if row is None or row.status_class in tables.GONE:
        again = update(tables.outbox).where(refused_of(tenant), _OUT.patron_id == patron_id)
        connection.execute(again.values(state=WAITING, attempts=0))
        return
    drop_refused(connection, tenant, patron_id)
    _set_again(connection, tenant, row)


def drop_refused(connection: Connection, tenant: Tenant, patron_id: str) -> None:
    """Let CULR keep what it has: it is read and compared again as anyone's."""
    connection.execute(delete(tables.outbox).where(refused_of(tenant), _OUT.patron_id == patron_id))


def _set_again(connection: Connection, tenant: Tenant, row: AnyRow) -> None:
    """Let the state of one record, which is held, wait to be set once more, if there is one to set.

    It moves on by one version: an effect has its record's, and none is used twice (decision 21).
    """
    patron = from_row(tenant.vault, row, overrides_of(connection, tenant, [row]).get(row.id, ()))
    culr = culr_in_force(patron.register, in_force(patron.overrides, tenant.clock.today()))
    if culr is not None and patron.borrows:
        same = prepare(tenant.vault, patron.register)
        write_records(
            connection, tenant, tenant.no_run, [Write(patron, patron.register, same, patron.as_of, (), culr=culr)]
        )
