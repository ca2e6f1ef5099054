"""Which patrons get another number. Follows only the register's own links, never a name or an address.

A number of status 50 or 60 names the number that replaces it (decision 6). A chain is followed to its end. Staff decide
about a chain that goes in a circle or ends at another patron.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cprsync.domain.patron.patron import AsOf, Patron
    from cprsync.domain.person.number import CprNumber

#: How many links are followed if the register is asked about one number after another.
LINKS_MAX: Final = 5


@dataclass(frozen=True, slots=True, repr=False)
class Links:
    """What a delivery says about replaced numbers, before any person in it is read."""

    #: from a number of status 50 or 60 to the number that replaces it
    replaced: Mapping[CprNumber, CprNumber] = field(default_factory=dict)
    #: the new numbers for which the delivery holds a person
    delivered: frozenset[CprNumber] = frozenset()

    @property
    def numbers(self) -> list[CprNumber]:
        """All numbers that the links name, each once."""
        return list(dict.fromkeys((*self.replaced, *self.replaced.values())))


@dataclass(frozen=True, slots=True, repr=False)
class Renumber:
    """The patron gets the number at the end of the chain."""

    patron_id: str
    old: CprNumber
    new: CprNumber


@dataclass(frozen=True, slots=True, repr=False)
class Collision:
    """The chain ends at a number of another patron, present or former, or at the end of another patron's chain."""

    patron_id: str
    old: CprNumber
    other: str


@dataclass(frozen=True, slots=True, repr=False)
class Circle:
    """The chain returns to an earlier number: the register contradicts itself."""

    patron_id: str
    old: CprNumber


@dataclass(frozen=True, slots=True, repr=False)
class Disputed:
    """An old number of the patron leads to a number that no patron has. The register contradicts our record."""

    patron_id: str
    old: CprNumber
    new: CprNumber


NumberChange: TypeAlias = Renumber | Collision | Circle


def between_real_numbers(links: Mapping[CprNumber, CprNumber]) -> dict[CprNumber, CprNumber]:
    """The links between two numbers of the register. Replacement numbers are left out: the register has none."""
    return {old: new for old, new in links.items() if not (old.is_replacement or new.is_replacement)}


def end_of_chain(number: CprNumber, links: Mapping[CprNumber, CprNumber]) -> CprNumber | None:
    """The number at the end of the chain from `number`; None: the chain goes in a circle."""
    seen = {number}
    while number in links:
        number = links[number]
        if number in seen:
            return None
        seen.add(number)
    return number


def find_number_changes(
    links: Mapping[CprNumber, CprNumber], holders: Mapping[CprNumber, str], former: Mapping[CprNumber, str]
) -> tuple[NumberChange, ...]:
    """What a delivery's links mean for the patrons who have one of their numbers.

    Args:
        links: each old number with the number that replaces it, as delivered.
        holders: the ids of patrons by their present numbers, for all numbers in `links`.
        former: the ids of patrons by numbers that were replaced earlier.
    """
    moved = {number: patron for number, patron in holders.items() if number in links}
    ends = {number: end_of_chain(number, links) for number in moved}
    return tuple(_change(patron, number, ends, {**former, **holders}) for number, patron in moved.items())


def find_disputes(
    links: Mapping[CprNumber, CprNumber], holders: Mapping[CprNumber, str], former: Mapping[CprNumber, str]
) -> tuple[Disputed | Collision | Circle, ...]:
    """The links of old numbers that lead to a number other than the patron's present one.

    Args:
        links: each old number with the number that replaces it, as delivered.
        holders: the ids of patrons by their numbers after the delivery's changes.
        former: the ids of patrons by numbers that were replaced earlier.
    """
    known = {**former, **holders}
    found = (_dispute(former[old], old, links, known) for old in links if old in former and old not in holders)
    return tuple(one for one in found if one is not None)


@dataclass(frozen=True, slots=True, repr=False)
class NumberPlan:
    """One delivery's number changes, and who has which number after them."""

    links: Links = field(default_factory=Links)
    #: by the patron's present number
    changes: dict[CprNumber, NumberChange] = field(default_factory=dict)
    #: by the number that the patron will have, until the step is planned
    waiting: dict[CprNumber, tuple[Renumber, Patron]] = field(default_factory=dict)
    #: patrons by the number that the delivery leaves them with
    holders: dict[CprNumber, str] = field(default_factory=dict)
    #: by old number: links that lead to a number that its former patron does not have
    disputes: dict[CprNumber, Disputed | Collision | Circle] = field(default_factory=dict)

    def patron_after(self, number: CprNumber) -> Patron | None:
        """The patron who will have this number, as they will be."""
        if number not in self.waiting:
            return None
        change, patron = self.waiting[number]
        return renumbered(patron, change.new)

    def holder_of_end(self, number: CprNumber) -> str | None:
        """The id of the patron who has the number at the end of this number's links."""
        end = end_of_chain(number, self.links.replaced)
        return None if end is None or end == number else self.holders.get(end)


def number_plan(
    links: Links, patrons: Mapping[CprNumber, Patron], former: Mapping[CprNumber, str], *, as_of: AsOf
) -> NumberPlan:
    """Work out what a delivery's links mean for the patrons who have, or had, one of their numbers.

    A link is undone if a newer source has reported the patron under the old number.
    """
    newer = {number for number, one in patrons.items() if one.as_of is not None and as_of.is_older_than(one.as_of)}
    links = replace(links, replaced={old: new for old, new in links.replaced.items() if old not in newer})
    holders = {number: patron.id for number, patron in patrons.items()}
    plan = NumberPlan(links, holders=dict(holders))
    for change in find_number_changes(links.replaced, holders, former):
        # no delivery gives a held patron another number, and none gives somebody else theirs, or the one it leads to
        if patrons[change.old].is_held:
            continue
        plan.changes[change.old] = change
        if isinstance(change, Renumber):
            plan.waiting[change.new] = (change, patrons[change.old])
            del plan.holders[change.old]
            plan.holders[change.new] = change.patron_id
    return replace(plan, disputes={one.old: one for one in find_disputes(links.replaced, plan.holders, former)})


def renumbered(patron: Patron, number: CprNumber) -> Patron:
    """The patron after the step that gives them this number. Only number and version change."""
    return replace(patron, register=replace(patron.register, number=number), version=patron.version + 1)


def _dispute(
    patron: str, old: CprNumber, links: Mapping[CprNumber, CprNumber], known: Mapping[CprNumber, str]
) -> Disputed | Collision | Circle | None:
    if known.get(links[old]) == patron:
        return None  # this link was followed before; where the chain goes next is checked at the next number
    end = end_of_chain(old, links)
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
    # a rival has or had that number, or would get it by a link of their own
    rivals = [known[end]] if end in known else []
    rivals += [known[other] for other, theirs in ends.items() if theirs == end]
    other = next((rival for rival in rivals if rival != patron), None)
    return Renumber(patron, number, end) if other is None else Collision(patron, number, other)
