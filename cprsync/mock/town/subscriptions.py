"""What each service agreement subscribes to: five groups of filters, and what the operations answer.

Knows filters as text and no XML: `soap.services` reads the elements. Writes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from cprsync.mock.town.people import Person

#: The groups have the names of the element FilterGroup.
GROUPS = ("PNR", "AgeRange", "MunicipalityCode", "EventChangeCode", "NoFilter")
ADDED = "ADDED"
ALREADY_EXISTED = "ALREADY_EXISTED"
REMOVED = "REMOVED"
# Known for numbers. The platform's word for the other groups is unknown, and clients read all groups by one list.
NON_EXISTING = "NON_EXISTING_PNR"

#: An agreement, a group, a filter as text, and whether it was added or removed.
Entry: TypeAlias = "tuple[str, str, str, bool]"


@dataclass(slots=True)
class Filters:
    """The filters of one agreement. An age range is `start-end`; NoFilter has at most one entry."""

    groups: dict[str, dict[str, None]] = field(default_factory=lambda: {group: {} for group in GROUPS})

    def add(self, group: str, value: str) -> str:
        if value in self.groups[group]:
            return ALREADY_EXISTED
        self.groups[group][value] = None
        return ADDED

    def remove(self, group: str, value: str) -> str:
        if value not in self.groups[group]:
            return NON_EXISTING
        del self.groups[group][value]
        return REMOVED

    def of(self, group: str) -> list[str]:
        return list(self.groups[group])

    def selects(self, numbers: Iterable[str], states: Collection[Person], *, codes: Collection[str], day: date) -> bool:
        """Whether any filter selects this person: the groups are a union.

        `numbers`: all numbers of the person this night. `states`: the person before and now, so that a person who moves
        into a municipality is selected like one who leaves it.
        """
        if self.groups["NoFilter"] or not self.groups["PNR"].keys().isdisjoint(numbers):
            return True
        if not self.groups["EventChangeCode"].keys().isdisjoint(codes):
            return True
        homes = {str(int(s.address.municipality)) for s in states if s.lives_somewhere and s.address}
        return not self.groups["MunicipalityCode"].keys().isdisjoint(homes) or any(
            self._age_is_taken(age_on(state.born, day)) for state in states
        )

    def _age_is_taken(self, age: int | None) -> bool:
        if age is None:
            return False
        return any(int(start) <= age <= int(end) for start, end in (r.split("-") for r in self.groups["AgeRange"]))


def age_on(born: str, day: date) -> int | None:
    """The age on a day. None: the birth date is not valid."""
    try:
        start = date.fromisoformat(born)
    except ValueError:
        return None
    return day.year - start.year - ((day.month, day.day) < (start.month, start.day))


def replay(entries: Iterable[Entry]) -> dict[str, Filters]:
    """The filters of every agreement after all additions and removals."""
    agreements: dict[str, Filters] = {}
    for agreement, group, value, added in entries:
        filters = agreements.setdefault(agreement, Filters())
        if added:
            filters.add(group, value)
        else:
            filters.remove(group, value)
    return agreements


def dump(agreements: Mapping[str, Filters]) -> dict[str, dict[str, list[str]]]:
    """All filters by agreement and group."""
    return {name: {group: filters.of(group) for group in GROUPS} for name, filters in agreements.items()}
