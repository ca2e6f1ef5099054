"""Find whether a sealed patron shares a dwelling, by the keyed index of the address, or has a link to the patron."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Connection, select

from cprsync.domain.patron.household import HOUSE_MOST, in_household
from cprsync.domain.person.person import SILENT
from cprsync.store.core import tables
from cprsync.store.records import links
from cprsync.store.records.parking import is_parked
from cprsync.store.records.records import other_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cprsync.domain.person.address import Address
    from cprsync.domain.person.person import Silent
    from cprsync.domain.person.sealed import SealedAddress
    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Tenant

_PATRON = tables.patron.c


def shares_with_sealed(
    connection: Connection, tenant: Tenant, address: Address | SealedAddress | Silent, *, but: str | None
) -> bool:
    """Return whether a patron who is sealed for a reason of their own lives there or has a link to `but`.

    Args:
        connection: the caller's.
        tenant: the library.
        address: the dwelling. If silent, only links count, as for a patron whose only address is one that staff typed.
        but: the patron for this question, who does not count.
    """
    rows = [] if address is SILENT else _mates(connection, tenant, address, but=but)
    # opened one by one, because the first sealed patron is enough
    mates = (other_of(tenant.vault, row) for row in rows[:HOUSE_MOST])
    # a responsible is looked for at both addresses (decision 2)
    linked = links.linked(connection, tenant, but) if but else ()
    return in_household(mates, linked, silent_is_sealed=tenant.silence_seals, others=len(rows))


def _mates(
    connection: Connection, tenant: Tenant, address: Address | SealedAddress, *, but: str | None
) -> Sequence[AnyRow]:
    there = (_PATRON.agency == tenant.agency) & _PATRON.address_index.in_(tenant.vault.address_probes(address))
    wanted = select(tables.patron, is_parked().label("parked")).where(there, _PATRON.id != (but or ""))
    # One row more than are opened shows that there are too many. All count or none, so the order does not matter. In
    # the order of the ids, SQLite would read every patron of the library to find a few of one house.
    return connection.execute(wanted.limit(HOUSE_MOST + 1)).all()
