"""Let a rejected item, or one taken back, wait again, as long as its question is still valid.

Accepting it then does the same as before. So this module refuses what would make that wrong by now. The answers are in
`reviews`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, select

from cprsync.domain.patron.review import (
    BIRTH_DIFFERS,
    BLOCK_OF,
    BOTH_PATRONS,
    LINK_KINDS,
    NUMBER_SET,
    OTHER_SUCCESSOR,
    PROPOSALS,
    PROTECTION_DOUBTED,
    State,
    is_outdated,
)
from cprsync.domain.person.age import differs_from_number
from cprsync.domain.person.person import Protection
from cprsync.errors import ReviewChanged
from cprsync.store.core import tables
from cprsync.store.records import links
from cprsync.store.records.records import from_row
from cprsync.store.reviews.kept import numbers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cprsync.services.ports.reviews import ReviewItem
    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Tenant

_ROW: Final = tables.review_item.c


def reopen(connection: Connection, tenant: Tenant, of: ReviewItem, held: Mapping[str, AnyRow]) -> None:
    """Check that the item may wait again.

    Raises:
        ReviewChanged: it may not, because something has changed.
    """
    if any(row.status_class == tables.MERGED for row in held.values()):
        raise ReviewChanged("review item {id}: a patron it is about has been merged into another since", id=of.id)
    if of.kind == NUMBER_SET:
        raise ReviewChanged("review item {id}: a number is given with `patron set-cpr` alone", id=of.id)
    if waiting := _numbers(connection, tenant, of, of.kind, State.WAITING):
        raise ReviewChanged(
            "review item {id}: item {waiting} asks the same and waits; answer that one", id=of.id, waiting=waiting[0]
        )
    if of.kind in PROPOSALS:
        _still_proposed(connection, tenant, of, held[of.patron_id])
    elif of.kind in LINK_KINDS and not _still_troubled(connection, tenant, of):
        raise ReviewChanged("review item {id}: it is no longer true of anyone who answers for the patron", id=of.id)
    elif of.kind == BIRTH_DIFFERS and not _still_differs(tenant, held[of.patron_id]):
        raise ReviewChanged("review item {id}: the register no longer says what it asks about", id=of.id)
    elif of.kind == OTHER_SUCCESSOR and not _still_disputed(connection, tenant, of, held[of.patron_id]):
        raise ReviewChanged("review item {id}: the patron has that number by now, or it is forgotten", id=of.id)
    elif of.kind == PROTECTION_DOUBTED and not _is_protected(tenant, held[of.patron_id]):
        raise ReviewChanged("review item {id}: the patron is not protected any more", id=of.id)
    elif of.kind == BOTH_PATRONS and _has_spoken_since(of, held[of.patron_id]):
        raise ReviewChanged("review item {id}: the register has spoken of the patron since", id=of.id)


def _still_differs(tenant: Tenant, row: AnyRow) -> bool:
    return differs_from_number(from_row(tenant.vault, row).register)


def _is_protected(tenant: Tenant, row: AnyRow) -> bool:
    return from_row(tenant.vault, row).register.protection is Protection.NAME_AND_ADDRESS


def _still_disputed(connection: Connection, tenant: Tenant, of: ReviewItem, row: AnyRow) -> bool:
    item = select(tables.review_item).where(_ROW.agency == tenant.agency, _ROW.id == of.id)
    named = numbers(tenant, connection.execute(item).one())
    return named is not None and named[1] != from_row(tenant.vault, row).number


def _still_troubled(connection: Connection, tenant: Tenant, of: ReviewItem) -> bool:
    return any(link.is_reason_for(of.kind) for link in links.answering_for(connection, tenant, [of.patron_id]))


def _still_proposed(connection: Connection, tenant: Tenant, of: ReviewItem, row: AnyRow) -> None:
    """Check a proposal: a block needs its reason; lifting one needs the block, and that its reason is gone.

    Raises:
        ReviewChanged: the proposal is no longer valid.
    """
    if is_outdated(of.kind, from_row(tenant.vault, row).register.status):
        raise ReviewChanged("review item {id}: the register no longer says what it asks about", id=of.id)
    block = BLOCK_OF.get(of.kind)
    if block is not None and not _numbers(connection, tenant, of, block, State.ACCEPTED):
        raise ReviewChanged("review item {id}: there is no block to lift any more", id=of.id)


def _has_spoken_since(of: ReviewItem, row: AnyRow) -> bool:
    # A parked person's record keeps the day for which it was true. That day is before the night that parked the person.
    # A later decision about the patron has the day of that night or a later one.
    return row.as_of_day is not None and row.as_of_day >= of.since


def _numbers(connection: Connection, tenant: Tenant, of: ReviewItem, kind: str, state: State) -> list[int]:
    """Return the patron's other items of a kind in a state."""
    theirs = (_ROW.agency == tenant.agency) & (_ROW.patron_id == of.patron_id) & (_ROW.kind == kind)
    others = select(_ROW.id).where(theirs, _ROW.state == state.value, _ROW.id != of.id)
    return list(connection.scalars(others.order_by(_ROW.id)))
