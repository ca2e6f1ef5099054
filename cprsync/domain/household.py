"""Whose address is sealed because it is a protected patron's too ("protected in the household", decision 2).

Only the address: the name is not, and neither is what else stands in the record. Leaves out how the others are found.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, Final

from cprsync.domain.person import Address, Protection
from cprsync.domain.sealed import SealedAddress

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cprsync.domain.person import Person

#: Of a house with more patrons none is opened: an institution has hundreds, and counts as sealed.
HOUSE_MOST: Final = 40


def in_household(mates: Iterable[Person], links: Iterable[Person] = (), *, others: int = 0) -> bool:
    """Tell whether an address is sealed for the sake of someone else.

    Args:
        mates: the other patrons of the dwelling.
        links: those she answers for, or who answer for her (forælder, værge), wherever they live.
        others: how many patrons the dwelling has besides her, read or not.
    """
    if others > HOUSE_MOST:
        return True
    return any(one.protection is Protection.NAME_AND_ADDRESS for one in chain(mates, links))


def shut_address(person: Person) -> Person:
    """The same with her address sealed, for the sake of someone else who has it."""
    return replace(person, address=SealedAddress(person.address)) if isinstance(person.address, Address) else person
