"""Which addresses are sealed to protect someone else ("protected in the household", decision 2).

Only the address is sealed, not the name or the rest of the record. A patron who is sealed for a reason of their own
passes this on to the household. A patron who is sealed only for someone else does not. Leaves out how the other patrons
are found.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, Final, NamedTuple

from cprsync.domain.patron.patron import is_sealed
from cprsync.domain.person.address import Address
from cprsync.domain.person.sealed import SealedAddress

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cprsync.domain.person.person import Person

#: A dwelling with more other patrons than this is not checked, and counts as sealed: an institution has hundreds.
HOUSE_MOST: Final = 40


class Other(NamedTuple):
    """Another patron who shares the dwelling, or a link, with the patron."""

    person: Person
    #: this patron waits for a decision by staff, and counts as protected (decision 3)
    parked: bool
    #: the feed could not report changes of this number, so it counts as silent (decision 32)
    in_window: bool = False

    def is_sealed(self, *, silent_is_sealed: bool) -> bool:
        """Tell whether this patron is sealed for a reason of their own."""
        return is_sealed(self.person, silent_is_sealed=silent_is_sealed, parked=self.parked, in_window=self.in_window)


def in_household(
    mates: Iterable[Other], links: Iterable[Other] = (), *, silent_is_sealed: bool, others: int = 0
) -> bool:
    """Tell whether an address is sealed to protect someone else.

    Args:
        mates: the other patrons of the dwelling.
        links: the people that the patron answers for, or that answer for the patron (forælder, værge), wherever they
            live.
        silent_is_sealed: whether the library seals a patron if no source has given their protection.
        others: how many other patrons the dwelling has, read or not.
    """
    if others > HOUSE_MOST:
        return True
    return any(one.is_sealed(silent_is_sealed=silent_is_sealed) for one in chain(mates, links))


def seal_address(person: Person) -> Person:
    """The same person with the address sealed, to protect someone else who has that address."""
    return replace(person, address=SealedAddress(person.address)) if isinstance(person.address, Address) else person
