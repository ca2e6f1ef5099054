"""Patrons counted by municipality, age band and group, and which numbers may be shown.

A number under five may identify a person, so it is left out. Other numbers are left out too if it could be computed
from them. Each number is in three lines (its municipality, its band, its group), and each line has a total. In no line
may a single number be missing, or missing numbers with a sum under five. Leaves out which patrons are counted, and what
a reader could compute from several lines together.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise, product
from typing import TYPE_CHECKING, Final, TypeAlias

from cprsync.domain.person.age import age_on

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import date

    from cprsync.domain.person.age import LeapDay

#: The least number that is shown, apart from 0.
LEAST_SHOWN: Final = 5
#: Means all values of a dimension.
ALL: Final = "*"
#: Means that the value is unknown.
UNKNOWN: Final = ""
#: The first age of each band.
_BANDS: Final = (0, 7, 14, 18, 25, 40, 60, 75)
#: The names of the bands, the youngest first.
BANDS: Final = (
    *(f"{first}-{after - 1}" for first, after in pairwise(_BANDS)),
    f"{_BANDS[-1]}+",
    UNKNOWN,
)

#: Municipality, age band and group; each may be `ALL`.
Cell: TypeAlias = tuple[str, str, str]
#: The dimension that varies along a line, and the two values that stay the same.
_Line: TypeAlias = tuple[int, Cell]


@dataclass(frozen=True, slots=True, repr=False)
class Counted:
    """All numbers that are not 0, with totals, and which of them are left out."""

    counts: Mapping[Cell, int]
    hidden: frozenset[Cell]

    def shown(self, cell: Cell) -> int | None:
        """The number; None: it is left out."""
        return None if cell in self.hidden else self.counts.get(cell, 0)

    def along(self, dimension: int) -> list[str]:
        """The values of a dimension in order, without its total. Age bands stand in the order of their ages."""
        found = {cell[dimension] for cell in self.counts} - {ALL}
        return [band for band in BANDS if band in found] if dimension == 1 else sorted(found)


def band_of(born: date | None, on: date, leap: LeapDay) -> str:
    """The age band of a person on a day."""
    if born is None:
        return UNKNOWN
    age = age_on(born, on, leap=leap)
    return BANDS[sum(first <= age for first in _BANDS) - 1]


def count(patrons: Iterable[Cell]) -> Counted:
    """Counts patrons by their municipality, age band and group, with all totals."""
    counts: Counter[Cell] = Counter()
    for cell, number in Counter(patrons).items():
        for whole in product(*((one, ALL) for one in cell)):
            counts[whole[0], whole[1], whole[2]] += number
    return Counted(dict(counts), _find_hidden(counts))


def _find_hidden(counts: Mapping[Cell, int]) -> frozenset[Cell]:
    """The small numbers, and as few others as needed so that no small number can be computed."""
    lines: dict[_Line, list[Cell]] = {}
    for cell in sorted(counts):
        for line in _lines_of(cell):
            lines.setdefault(line, []).append(cell)
    hidden = {cell for cell, number in counts.items() if number < LEAST_SHOWN}
    waiting = list(dict.fromkeys(lines))
    while waiting:
        line = waiting.pop()
        also = _find_next_hidden(line, lines[line], counts, hidden)
        if also is not None:
            hidden.add(also)
            waiting += _lines_of(also)
    return frozenset(hidden)


def _lines_of(cell: Cell) -> Iterator[_Line]:
    for dimension in range(3):
        along = tuple(ALL if place == dimension else one for place, one in enumerate(cell))
        yield dimension, (along[0], along[1], along[2])


def _find_next_hidden(line: _Line, cells: list[Cell], counts: Mapping[Cell, int], hidden: set[Cell]) -> Cell | None:
    """The next cell of a line to leave out; None: nothing can be computed from the shown numbers of the line."""
    total = line[1]
    missing = [cell for cell in cells if cell in hidden]
    parts = [cell for cell in missing if cell != total]
    if not missing or (total in hidden and parts):
        return None
    if total not in hidden and len(parts) > 1 and sum(counts[cell] for cell in parts) >= LEAST_SHOWN:
        return None
    others = [cell for cell in cells if cell not in hidden and cell != total]
    return min(others, key=lambda cell: (counts[cell], cell), default=total)
