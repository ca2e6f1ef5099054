"""Whose address is sealed for the sake of someone else ("protected in the household", decision 2).

Only the address: the name is not, and neither is what else stands in the record. Whoever is sealed for a reason of her
own passes it on; whoever is sealed for the sake of someone else does not. Leaves out how the others are found.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, Final, NamedTuple

from cprsync.domain.patron.patron import is_sealed
from cprsync.domain.person.person import Address
from cprsync.domain.person.sealed import SealedAddress

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cprsync.domain.person.person import Person

#: Of a house with more patrons none is opened: an institution has hundreds, and counts as sealed.
HOUSE_MOST: Final = 40


class Other(NamedTuple):
    """Someone who shares a dwelling or a link with her."""

    person: Person
    #: she waits for a person, and counts as protected (decision 3)
    parked: bool
    #: the feed could not have told of her number, and counts as silent (decision 32)
    in_window: bool = False

    def is_sealed(self, *, silent_is_sealed: bool) -> bool:
        """Tell whether they are sealed for a reason of their own."""
        return is_sealed(self.person, silent_is_sealed=silent_is_sealed, parked=self.parked, in_window=self.in_window)


def in_household(
    mates: Iterable[Other], links: Iterable[Other] = (), *, silent_is_sealed: bool, others: int = 0
) -> bool:
    """Tell whether an address is sealed for the sake of someone else.

    Args:
        mates: the other patrons of the dwelling.
        links: those she answers for, or who answer for her (forælder, værge), wherever they live.
        silent_is_sealed: whether the library seals whoever no source has spoken of.
        others: how many patrons the dwelling has besides her, read or not.
    """
    if others > HOUSE_MOST:
        return True
    return any(one.is_sealed(silent_is_sealed=silent_is_sealed) for one in chain(mates, links))


def shut_address(person: Person) -> Person:
    """The same with her address sealed, for the sake of someone else who has it."""
    return replace(person, address=SealedAddress(person.address)) if isinstance(person.address, Address) else person
