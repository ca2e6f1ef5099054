"""The keyed index of cards (LånerID). A card finds its patron by it, and belongs to only one patron."""

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

#: The purpose under which a card is hashed.
CARD: Final = "card"
_KEY = tables.patron_key.c


def card_index(tenant: Tenant, card: str) -> bytes:
    """Return the keyed index for a new card."""
    return tenant.vault.index(CARD, card_key(card))


def card_probes(tenant: Tenant, card: str) -> list[bytes]:
    """Return the indexes under which a card may be found: the form of new rows first, then older forms."""
    return [probe for form in card_forms(card) for probe in tenant.vault.probes(CARD, form)]


def key_row(tenant: Tenant, index: bytes, patron_id: str) -> dict[str, Any]:
    """Return the row by which a card finds its patron."""
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
    """Make the cards `after` find the patron, and the removed cards find nobody.

    Runs in the caller's transaction, which holds the library.

    Raises:
        BadInput: another patron has one of the cards; the caller must write nothing.
    """
    held, wanted = ({card.number for card in cards} for cards in (before, after))
    gone = [probe for number in held - wanted for probe in card_probes(tenant, number)]
    new = [probe for number in wanted - held for probe in card_probes(tenant, number)]
    cards = (_KEY.agency == tenant.agency) & (_KEY.kind == CARD)
    taken = cards & (_KEY.patron_id != patron_id) & _KEY.key_index.in_(new)
    if connection.scalar(select(_KEY.patron_id).where(taken).limit(1)) is not None:
        raise BadInput("another patron has one of these cards", kind="card.taken")
    theirs = cards & (_KEY.patron_id == patron_id)
    # also the patron's rows for the new cards: the same card, written in another form
    connection.execute(delete(tables.patron_key).where(theirs, _KEY.key_index.in_([*gone, *new])))
    rows = [key_row(tenant, index, patron_id) for index in sorted({card_index(tenant, one) for one in wanted - held})]
    if rows:
        connection.execute(insert(tables.patron_key), rows)
