"""What a review item keeps sealed: which numbers it is about, or what taking its answer back needs.

Sealed for the item alone, and forgotten some time after its answer.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from cprsync.domain.person.number import CprNumber

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cprsync.services.ports.values import Named
    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Tenant

REVIEW: Final = "review"
_OLD, _NEW = "old", "new"


def sealed(tenant: Tenant, patron_id: str, item: int, kept: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of an item that keeps this."""
    plain = json.dumps(kept, sort_keys=True, ensure_ascii=False).encode()
    undo = tenant.vault.seal(plain, place=patron_id, owner=REVIEW, version=item)
    return {"undo": undo, "key": tenant.vault.seal_key}


def opened(tenant: Tenant, row: AnyRow) -> dict[str, Any] | None:
    """What an item keeps; None: nothing, or nothing any more."""
    if row.undo is None:
        return None
    plain = tenant.vault.unseal(row.undo, row.key, place=row.patron_id, owner=REVIEW, version=row.id)
    kept: dict[str, Any] = json.loads(plain)
    return kept


def naming(named: Named | None) -> dict[str, str] | None:
    """What an item keeps of the numbers it is about; None: an old number is not what it is about."""
    if named is None or named.old is None:
        return None
    return {_OLD: named.old.digits} | ({} if named.new is None else {_NEW: named.new.digits})


def numbers(tenant: Tenant, row: AnyRow) -> tuple[CprNumber, CprNumber | None] | None:
    """The old number that an item is about, and the one that replaces it now, where nobody has that."""
    kept = opened(tenant, row) or {}
    if _OLD not in kept:
        return None
    return CprNumber(kept[_OLD]), CprNumber(kept[_NEW]) if _NEW in kept else None
