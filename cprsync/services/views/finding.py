"""Find a patron by what was typed: a CPR number, a patron number or a card, told apart by their shape.

Nobody is found by a part of one, or by one that is nearly right; spaces and capitals tell nobody apart.

A patron number has eight digits, and a card may have any shape: what is neither of the other two is a card, and so is
what no patron has as the number that it looks like. Leaves out names and addresses: nobody is found by them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

from cprsync.domain.patron.local import Stage
from cprsync.domain.person.number import CprNumber, unspaced

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cprsync.domain.patron.patron import Patron

#: By what she was found.
CPR_NUMBER: Final = "cpr_number"
PATRON_NUMBER: Final = "patron"
CARD: Final = "card"
#: What is said beside it.
OLD_NUMBER: Final = "old_number"
MERGED: Final = "merged"
CLOSED: Final = "closed"
#: The same text is a card, and another patron's.
CARD_OF_ANOTHER: Final = "card_of_another"
_PATRON_NUMBER: Final = re.compile(r"[0-9]{8}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Numbered:
    """Whose a patron number is by now: her own, or whoever she was merged into."""

    patron_id: str
    stage: Stage


class FindingStore(Protocol):
    """What finding needs of the store."""

    def find(self, number: CprNumber) -> str | None:
        """The patron who has this number, or had it."""
        ...

    def numbered(self, patron_id: str) -> Numbered | None:
        """The patron of this patron number, also one who has left; None: nothing is left of her, or she never was."""
        ...

    def with_card(self, card: str) -> str | None: ...
    def patrons(self, ids: Sequence[str]) -> list[Patron]: ...


@dataclass(frozen=True, slots=True)
class _Found:
    patron_id: str
    by: str
    warnings: tuple[str, ...] = ()


def find_patron(store: FindingStore, typed: str) -> dict[str, Any]:
    """Whose this is, or was: the JSON shape of `patron find`."""
    found = list(_all(store, typed))
    if not found:
        return {"found": False, "patron": None, "by": None, "warnings": []}
    first = found[0]
    others = [one.patron_id for one in found if one.patron_id != first.patron_id]
    document = {"found": True, "patron": first.patron_id, "by": first.by, "warnings": list(first.warnings)}
    if others:
        # whoever scanned a card would else be shown somebody else without a word
        document |= {"warnings": [*first.warnings, CARD_OF_ANOTHER], "other": others[0]}
    return document


def _all(store: FindingStore, typed: str) -> Iterator[_Found]:
    """Everyone whom the text may mean, by what it looks like most first."""
    if (number := _number(typed)) is not None and (one := store.find(number)) is not None:
        (patron,) = store.patrons([one])
        yield _Found(one, CPR_NUMBER, () if patron.number == number else (OLD_NUMBER,))
    joined = unspaced(typed)
    if _PATRON_NUMBER.fullmatch(joined) and (hers := store.numbered(joined)) is not None:
        yield _Found(hers.patron_id, PATRON_NUMBER, tuple(_about(joined, hers)))
    if (holder := store.with_card(typed)) is not None:
        yield _Found(holder, CARD)


def _number(typed: str) -> CprNumber | None:
    try:
        return CprNumber.parse_any(unspaced(typed))
    except ValueError:
        return None


def _about(typed: str, hers: Numbered) -> Iterator[str]:
    if hers.patron_id != typed:
        yield MERGED
    if hers.stage is Stage.CLOSED:
        yield CLOSED
