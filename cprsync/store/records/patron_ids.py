"""Patron numbers: eight random digits, never issued twice in a library (decision 26)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, select

from cprsync.errors import BadInput
from cprsync.store.core import tables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cprsync.store.core.tenant import Tenant

_FIRST_ID: Final = 10_000_000
_IDS: Final = 90_000_000
_ID_BYTES: Final = 8
#: How often free patron numbers are drawn. If half the numbers are used, 40 draws fail once in 10^12.
_DRAWS: Final = 40


def fresh_ids(connection: Connection, tenant: Tenant, count: int) -> Iterator[str]:
    """Return random patron numbers that were never issued in this library.

    Raises:
        BadInput: the library's numbers are nearly used up.
    """
    issued = tables.issued_id.c
    fresh: dict[str, None] = {}
    for _ in range(_DRAWS):
        drawn = [_draw(tenant) for _ in range(count - len(fresh))]
        given = select(issued.id).where(issued.agency == tenant.agency, issued.id.in_(drawn))
        taken = set(connection.scalars(given))
        fresh |= dict.fromkeys(one for one in drawn if one not in taken)
        if len(fresh) == count:
            return iter(fresh)
    raise BadInput("no free patron numbers were found: they are nearly used up", kind="store.patron_ids")


def _draw(tenant: Tenant) -> str:
    return str(_FIRST_ID + int.from_bytes(tenant.random(_ID_BYTES)) % _IDS)
