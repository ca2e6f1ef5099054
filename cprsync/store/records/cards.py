"""The keyed index of cards (LånerID): by it a card finds its patron, and belongs to one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, delete, insert, select

from cprsync.domain.patron.local import card_forms, card_key
from cprsync.errors import BadInput
from cprsync.store.core import tables

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cprsync.domain.patron.local import Card
    from cprsync.store.core.tenant import Tenant

#: What a card is hashed as.
CARD: Final = "card"
_KEY = tables.patron_key.c


def card_index(tenant: Tenant, card: str) -> bytes:
    """The keyed index that a card gets."""
    return tenant.vault.index(CARD, card_key(card))


def card_probes(tenant: Tenant, card: str) -> list[bytes]:
    """The indexes under which a card may be found: as new rows have it first, then as older ones do."""
    return [probe for form in card_forms(card) for probe in tenant.vault.probes(CARD, form)]


def key_row(tenant: Tenant, index: bytes, patron_id: str) -> dict[str, Any]:
    """The row by which a card finds its patron."""
    return {
        "agency": tenant.agency,
        "kind": CARD,
        "key_index": index,
        "key_id": tenant.vault.index_key,
        "patron_id": patron_id,
    }


def keep_cards(
    connection: Connection, tenant: Tenant, patron_id: str, *, before: Sequence[Card], after: Sequence[Card]
) -> None:
    """Let these cards find her and those find nobody, in the caller's transaction, which holds the library.

    Raises:
        BadInput: another patron has one of them; nothing is to be written.
    """
    held, wanted = ({card.number for card in cards} for cards in (before, after))
    gone = [probe for number in held - wanted for probe in card_probes(tenant, number)]
    new = [probe for number in wanted - held for probe in card_probes(tenant, number)]
    cards = (_KEY.agency == tenant.agency) & (_KEY.kind == CARD)
    taken = cards & (_KEY.patron_id != patron_id) & _KEY.key_index.in_(new)
    if connection.scalar(select(_KEY.patron_id).where(taken).limit(1)) is not None:
        raise BadInput("another patron has one of these cards", kind="card.taken")
    hers = cards & (_KEY.patron_id == patron_id)
    # with what she has of the new ones: the same card, written otherwise
    connection.execute(delete(tables.patron_key).where(hers, _KEY.key_index.in_([*gone, *new])))
    rows = [key_row(tenant, index, patron_id) for index in sorted({card_index(tenant, one) for one in wanted - held})]
    if rows:
        connection.execute(insert(tables.patron_key), rows)
