"""Why someone did what the audit says, in their own words. A reason is sealed beside the entry that has its hash.

Reasons are deleted with the record of the patron, and with their entries. The entries are in `audit`.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, delete, select

from cprsync.store.core import tables
from cprsync.store.seals.failures import SealBroken

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Tenant

OWNER: Final = "reason"
#: The name that an entry gives to the hash of its sealed reason.
HASH: Final = "reason_sha256"
_ROW = tables.audit_reason.c
_ENTRY = tables.audit.c


@dataclass(frozen=True, slots=True, repr=False)
class Reason:
    """A reason, sealed for its place in a stream."""

    stream: str
    seq: int
    sealed: bytes

    @property
    def hash(self) -> str:
        return hashlib.sha256(self.sealed).hexdigest()

    def row(self, tenant: Tenant, patron_id: str | None) -> tuple[Any, ...]:
        """Return a value for each column of the table, in its order."""
        return (tenant.agency, self.stream, self.seq, patron_id, self.sealed, tenant.vault.seal_key)


def sealed_reason(tenant: Tenant, stream: str, seq: int, reason: str) -> Reason:
    """Seal a reason for its place in a stream."""
    return Reason(stream, seq, tenant.vault.seal(reason.encode(), place=stream, owner=OWNER, version=seq))


def reasons_of(connection: Connection, tenant: Tenant, patron_id: str | None) -> list[str]:
    """Return the reasons given about a patron, opened, the oldest first. None: those about no patron.

    Raises:
        SealBroken: one was altered or moved.
    """
    wanted = select(tables.audit_reason, _ENTRY.at).join(tables.audit, _same_place())
    rows = connection.execute(
        wanted.where(_ROW.agency == tenant.agency, _ROW.patron_id == patron_id).order_by(_ENTRY.at, _ROW.seq)
    )
    return [opened(tenant, row) for row in rows]


def is_whole(tenant: Tenant, row: AnyRow, told: str) -> bool:
    """Return whether the sealed reason is the one that its entry names, and opens in its place."""
    if not hmac.compare_digest(hashlib.sha256(row.sealed).hexdigest(), told):
        return False
    try:
        opened(tenant, row)
    except SealBroken:
        return False
    return True


def opened(tenant: Tenant, row: AnyRow) -> str:
    """Open a reason in its place.

    Raises:
        SealBroken: it was altered or moved.
    """
    return tenant.vault.unseal(row.sealed, row.key, place=row.stream, owner=OWNER, version=row.seq).decode()


def cut(connection: Connection, tenant: Tenant, stream: str, seq: int) -> None:
    """Delete the reasons of a stream up to an entry."""
    these = (_ROW.agency == tenant.agency) & (_ROW.stream == stream) & (_ROW.seq <= seq)
    connection.execute(delete(tables.audit_reason).where(these))


def _same_place() -> Any:
    return and_(_ROW.agency == _ENTRY.agency, _ROW.stream == _ENTRY.stream, _ROW.seq == _ENTRY.seq)
