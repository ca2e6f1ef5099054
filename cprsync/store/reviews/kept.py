"""What a review item keeps sealed: the numbers that it is about, or what taking its answer back needs.

It is sealed for this item alone, and deleted some time after the answer.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from cprsync.domain.person.number import CprNumber

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cprsync.services.ports.patrons import Named
    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Tenant

REVIEW: Final = "review"
_OLD, _NEW = "old", "new"


def sealed(tenant: Tenant, patron_id: str, item: int, kept: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns of an item that keeps this."""
    plain = json.dumps(kept, sort_keys=True, ensure_ascii=False).encode()
    undo = tenant.vault.seal(plain, place=patron_id, owner=REVIEW, version=item)
    return {"undo": undo, "key": tenant.vault.seal_key}


def opened(tenant: Tenant, row: AnyRow) -> dict[str, Any] | None:
    """Return what an item keeps; None: nothing, or it is deleted."""
    if row.undo is None:
        return None
    plain = tenant.vault.unseal(row.undo, row.key, place=row.patron_id, owner=REVIEW, version=row.id)
    kept: dict[str, Any] = json.loads(plain)
    return kept


def naming(named: Named | None) -> dict[str, str] | None:
    """Return what an item keeps of the numbers that it is about; None: it is not about an old number."""
    if named is None or named.old is None:
        return None
    return {_OLD: named.old.digits} | ({} if named.new is None else {_NEW: named.new.digits})


def numbers(tenant: Tenant, row: AnyRow) -> tuple[CprNumber, CprNumber | None] | None:
    """Return the old number that an item is about, and its successor if no patron has that.

    Returns None if the item is not about an old number.
    """
    kept = opened(tenant, row) or {}
    if _OLD not in kept:
        return None
    return CprNumber(kept[_OLD]), CprNumber(kept[_NEW]) if _NEW in kept else None
