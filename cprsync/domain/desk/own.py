"""What a patron sees and changes of their own record, by how they have proved who they are.

The field table says whose a field is. A card and its PIN, which others may have seen, open only what the patron owns,
and nothing by which a stranger would learn who the patron is or where they live.
"""

from __future__ import annotations

import enum
from collections import Counter
from typing import TYPE_CHECKING, Final

from cprsync.domain.patron.field import Owner
from cprsync.domain.patron.fields import FIELD, SHOWN
from cprsync.domain.patron.kinds import PIN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cprsync.domain.patron.field import Field


class Proof(enum.Enum):
    """How a patron has proved who they are."""

    #: by a card and its PIN
    CARD = "card"
    #: by an identity provider that knows their number
    IDENTITY = "identity"


def opened_fields(proof: Proof, *, is_sealed: bool) -> tuple[Field, ...]:
    """The fields that the patron sees, in the table's order.

    A card opens nothing of a sealed patron: whoever looks for a protected person may hold their card.
    """
    theirs = tuple(FIELD[key] for key in SHOWN if FIELD[key].is_for_patron)
    if proof is Proof.IDENTITY:
        return theirs
    return () if is_sealed else tuple(field for field in theirs if is_harmless(field))


def is_harmless(field: Field) -> bool:
    """Whether the field is the patron's own, and holds neither name, address nor number."""
    return field.owner is Owner.PATRON and not field.sealed


def changed_fields(proof: Proof, *, is_sealed: bool) -> tuple[Field, ...]:
    """The fields that the patron may change: what they see, own, and what is set for good."""
    opened = opened_fields(proof, is_sealed=is_sealed)
    return tuple(one for one in opened if one.owner is Owner.PATRON and one.settable and one.kind is not PIN)


#: How much of a masked telephone number is shown: enough to tell two of one's own apart.
_DIGITS_SHOWN: Final = 2
_HIDDEN: Final = "•••"


def mask_contact(text: str) -> str:
    """A telephone number or an e-mail address that its owner recognises, and nobody can use or tell a name from."""
    name, at, host = text.partition("@")
    if not at:
        return f"{_HIDDEN} {text[-_DIGITS_SHOWN:]}"
    return f"{name[:1]}{_HIDDEN}@{_HIDDEN}.{host.rpartition('.')[2]}"


def mask_contacts(texts: Sequence[str]) -> list[str]:
    """The entries of one list, masked. Those that would look alike get a number, in the order of the list."""
    masked = [mask_contact(text) for text in texts]
    alike, seen = Counter(masked), Counter[str]()
    shown = []
    for one in masked:
        seen[one] += 1
        shown.append(one if alike[one] == 1 else f"{one} ({seen[one]})")
    return shown
