"""Which patrons get another number. Follows the register's own links only, never a name or an address.

A number of status 50 or 60 says which number replaces it (decision 6). A chain is followed to its
end; what goes in a circle, or ends at another patron, is for a person to decide.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cprsync.domain.person.number import CprNumber

#: How many links are followed where the register is asked about one number after another.
LINKS_MAX: Final = 5


@dataclass(frozen=True, slots=True, repr=False)
class Renumber:
    """The patron gets the number at the end of the chain."""

    patron_id: str
    old: CprNumber
    new: CprNumber


@dataclass(frozen=True, slots=True, repr=False)
class Collision:
    """The chain ends at a number that another patron has or had, or that another patron's chain ends at too."""

    patron_id: str
    old: CprNumber
    other: str


@dataclass(frozen=True, slots=True, repr=False)
class Circle:
    """The chain comes back to where it has been: the register contradicts itself."""

    patron_id: str
    old: CprNumber


@dataclass(frozen=True, slots=True, repr=False)
class Disputed:
    """An old number of the patron's leads to a number that nobody has, and not to hers: the register contradicts us."""

    patron_id: str
    old: CprNumber
    new: CprNumber


NumberChange: TypeAlias = Renumber | Collision | Circle


def between_real_numbers(links: Mapping[CprNumber, CprNumber]) -> dict[CprNumber, CprNumber]:
    """The links from one of the register's numbers to another: it has no replacement number, and can say none."""
    return {old: new for old, new in links.items() if not (old.is_replacement or new.is_replacement)}


def follow(number: CprNumber, links: Mapping[CprNumber, CprNumber]) -> CprNumber | None:
    """The number at the end of the chain from `number`; None when it goes in a circle."""
    seen = {number}
    while number in links:
        number = links[number]
        if number in seen:
            return None
        seen.add(number)
    return number


def number_changes(
    links: Mapping[CprNumber, CprNumber], holders: Mapping[CprNumber, str], former: Mapping[CprNumber, str]
) -> tuple[NumberChange, ...]:
    """Say what a delivery's links mean for the patrons who hold one of their numbers.

    Args:
        links: old number to the one that replaces it, as delivered.
        holders: the patrons' ids by their present numbers, for all numbers in `links`.
        former: by numbers that were replaced, who had them: the chain goes on to the one she has.
    """
    moved = {number: patron for number, patron in holders.items() if number in links}
    ends = {number: follow(number, links) for number in moved}
    return tuple(_change(patron, number, ends, {**former, **holders}) for number, patron in moved.items())


def disputes(
    links: Mapping[CprNumber, CprNumber], holders: Mapping[CprNumber, str], former: Mapping[CprNumber, str]
) -> tuple[Disputed | Collision | Circle, ...]:
    """Say which links of old numbers lead elsewhere than to the patrons who had them.

    Args:
        links: old number to the one that replaces it, as delivered.
        holders: the patrons' ids by the numbers they have once the delivery's changes are made.
        former: by numbers that were replaced, who had them.
    """
    known = {**former, **holders}
    found = (_dispute(former[old], old, links, known) for old in links if old in former and old not in holders)
    return tuple(one for one in found if one is not None)


def _dispute(
    patron: str, old: CprNumber, links: Mapping[CprNumber, CprNumber], known: Mapping[CprNumber, str]
) -> Disputed | Collision | Circle | None:
    if known.get(links[old]) == patron:
        return None  # the link that was followed before; where it leads from there is the next number's question
    end = follow(old, links)
    if end is None:
        return Circle(patron, old)
    other = known.get(end)
    if other == patron:
        return None
    return Disputed(patron, old, end) if other is None else Collision(patron, old, other)


def _change(
    patron: str, number: CprNumber, ends: Mapping[CprNumber, CprNumber | None], known: Mapping[CprNumber, str]
) -> NumberChange:
    end = ends[number]
    if end is None:
        return Circle(patron, number)
    # whoever has the number already or had it, and whoever would get it by a link of her own
    rivals = [known[end]] if end in known else []
    rivals += [known[other] for other, theirs in ends.items() if theirs == end]
    other = next((rival for rival in rivals if rival != patron), None)
    return Renumber(patron, number, end) if other is None else Collision(patron, number, other)
