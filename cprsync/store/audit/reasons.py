"""Why someone did what the audit says: in her own words, and so sealed, beside the entry that has their hash.

They go with the record of whom they are about, and with the entries. Leaves out the entries: see `audit`.
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
#: What an entry calls the hash of what is sealed beside it.
HASH: Final = "reason_sha256"
_ROW = tables.audit_reason.c
_ENTRY = tables.audit.c


@dataclass(frozen=True, slots=True, repr=False)
class Reason:
    """Sealed for its place in a stream."""

    stream: str
    seq: int
    sealed: bytes

    @property
    def hash(self) -> str:
        return hashlib.sha256(self.sealed).hexdigest()

    def row(self, tenant: Tenant, patron_id: str | None) -> tuple[Any, ...]:
        """A value for each column of the table, in its order."""
        return (tenant.agency, self.stream, self.seq, patron_id, self.sealed, tenant.vault.seal_key)


def sealed_reason(tenant: Tenant, stream: str, seq: int, reason: str) -> Reason:
    """A reason, sealed where it is to stand."""
    return Reason(stream, seq, tenant.vault.seal(reason.encode(), place=stream, owner=OWNER, version=seq))


def reasons_of(connection: Connection, tenant: Tenant, patron_id: str | None) -> list[str]:
    """The reasons given about a patron, opened, the oldest first; None: those about nobody. Raises SealBroken."""
    wanted = select(tables.audit_reason, _ENTRY.at).join(tables.audit, _same_place())
    rows = connection.execute(
        wanted.where(_ROW.agency == tenant.agency, _ROW.patron_id == patron_id).order_by(_ENTRY.at, _ROW.seq)
    )
    return [opened(tenant, row) for row in rows]


def is_whole(tenant: Tenant, row: AnyRow, told: str) -> bool:
    """Whether what is sealed is what its entry says, and opens where it stands."""
    if not hmac.compare_digest(hashlib.sha256(row.sealed).hexdigest(), told):
        return False
    try:
        opened(tenant, row)
    except SealBroken:
        return False
    return True


def opened(tenant: Tenant, row: AnyRow) -> str:
    """A reason, opened where it stands. Raises SealBroken."""
    return tenant.vault.unseal(row.sealed, row.key, place=row.stream, owner=OWNER, version=row.seq).decode()


def cut(connection: Connection, tenant: Tenant, stream: str, seq: int) -> None:
    """Delete those of a stream up to an entry."""
    these = (_ROW.agency == tenant.agency) & (_ROW.stream == stream) & (_ROW.seq <= seq)
    connection.execute(delete(tables.audit_reason).where(these))


def _same_place() -> Any:
    return and_(_ROW.agency == _ENTRY.agency, _ROW.stream == _ENTRY.stream, _ROW.seq == _ENTRY.seq)
