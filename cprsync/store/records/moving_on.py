"""Move a record on by one version without a change: an effect that changes nothing in it needs a version of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, select, update

from cprsync.store.audit.record_versions import Moved, note_versions
from cprsync.store.core import tables
from cprsync.store.records.records import open_register
from cprsync.store.seals.codec import REGISTER

if TYPE_CHECKING:
    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Tenant

_PATRON = tables.patron.c


def move_on(connection: Connection, tenant: Tenant, row: AnyRow) -> AnyRow:
    """Move a record that is held on by one version, and seal it again, because the version is part of the seal.

    Returns the new row.
    """
    vault, version = tenant.vault, row.version + 1
    this = (_PATRON.agency == tenant.agency) & (_PATRON.id == row.id)
    sealed = vault.seal(open_register(vault, row), place=row.id, owner=REGISTER, version=version)
    values: dict[str, Any] = {"version": version, "register_blob": sealed, "register_key": vault.seal_key}
    connection.execute(update(tables.patron).where(this).values(values))
    note_versions(connection, tenant, [Moved(row.id, REGISTER, row.version, version)])
    return connection.execute(select(tables.patron).where(this)).one()
