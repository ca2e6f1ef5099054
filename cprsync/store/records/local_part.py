"""Open the local part of one record, which patron and staff own, and write it back sealed for its next version."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, update

from cprsync.domain.patron.local import first_lifting
from cprsync.errors import LostCompare
from cprsync.store.audit.record_versions import Moved, note_versions
from cprsync.store.core import tables
from cprsync.store.records.local import decode_local, encode_local

if TYPE_CHECKING:
    from cprsync.domain.patron.local import Local
    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Tenant

#: The owner under which the local part is sealed.
LOCAL: Final = "local"
_PATRON = tables.patron.c


def open_local(tenant: Tenant, row: AnyRow) -> Local:
    """Open the local part of a row.

    Raises:
        SealBroken: it was altered or moved.
    """
    blob = tenant.vault.unseal(row.local_blob, row.local_key, place=row.id, owner=LOCAL, version=row.local_version)
    # the group in clear is the valid one: age, policy and a pin change it without opening the rest
    return replace(decode_local(blob), group=row.patron_group)


def write_local(connection: Connection, tenant: Tenant, row: AnyRow, after: Local) -> None:
    """Write the local part of a row that was read in this transaction. The caller writes the group in clear.

    Raises:
        LostCompare: someone else wrote it since it was read.
    """
    version = row.local_version + 1
    blob = tenant.vault.seal(encode_local(after), place=row.id, owner=LOCAL, version=version)
    this = (_PATRON.agency == tenant.agency) & (_PATRON.id == row.id) & (_PATRON.local_version == row.local_version)
    written = update(tables.patron).where(this)
    values = {"local_blob": blob, "local_key": tenant.vault.seal_key, "local_version": version}
    values["block_lifted"] = first_lifting(after.blocks)
    if connection.execute(written.values(values)).rowcount != 1:
        raise LostCompare("the record's local part changed since it was read")
    note_versions(connection, tenant, [Moved(row.id, LOCAL, row.local_version, version)])
