"""Write what a person answered about an effect that the net media refused, in the transaction of the answer.

The patron's state is sent again, or CULR keeps what it has. How an effect comes to be refused is in `publishing`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Connection, delete, select, update

from cprsync.domain.patron.effective import culr_in_force
from cprsync.domain.patron.override import in_force
from cprsync.services.ports.patrons import Write
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
    """Replace the refused effect by the patron's present state, and let it wait to be sent.

    For a patron who is gone, the refused effect itself waits again.
    """
    this = (_PATRON.agency == tenant.agency) & (_PATRON.id == patron_id)
    row = connection.execute(select(tables.patron).where(this).with_for_update()).one_or_none()
    if row is None or row.status_class in tables.GONE:
        again = update(tables.outbox).where(refused_of(tenant), _OUT.patron_id == patron_id)
        connection.execute(again.values(state=WAITING, attempts=0))
        return
    drop_refused(connection, tenant, patron_id)
    _set_again(connection, tenant, row)


def drop_refused(connection: Connection, tenant: Tenant, patron_id: str) -> None:
    """Drop the refused effect, so that CULR keeps what it has. It is read and compared again like any patron's."""
    connection.execute(delete(tables.outbox).where(refused_of(tenant), _OUT.patron_id == patron_id))


def _set_again(connection: Connection, tenant: Tenant, row: AnyRow) -> None:
    """Let the state of one record wait to be sent again, if it has one. The caller holds the row.

    The record moves on by one version: an effect has the version of its record, and no version is used twice (decision
    21).
    """
    patron = from_row(tenant.vault, row, overrides_of(connection, tenant, [row]).get(row.id, ()))
    culr = culr_in_force(patron.register, in_force(patron.overrides, tenant.clock.today()))
    if culr is not None and patron.borrows:
        same = prepare(tenant.vault, patron.register)
        write_records(
            connection, tenant, tenant.no_run, [Write(patron, patron.register, same, patron.as_of, (), culr=culr)]
        )
