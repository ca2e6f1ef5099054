"""Counts patrons by municipality, age band and group on a day, without any number that may identify someone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from cprsync.domain.pages.statistics import ALL, LEAST_SHOWN, count

if TYPE_CHECKING:
    from cprsync.domain.person.municipality import Municipalities
    from cprsync.domain.policy.policy import Policy
    from cprsync.services.ports.store import Store


@dataclass(frozen=True, slots=True)
class CountedMunicipality:
    """A municipality in which patrons live. `name` is None: no list has the code."""

    code: str
    name: str | None


@dataclass(frozen=True, slots=True)
class CountedCell:
    """How many patrons are of a municipality, an age band and a group, each a value or `*`. None: it is withheld."""

    municipality: str
    age: str
    group: str
    count: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PatronCounts:
    """Every cell that is not 0, with totals as `*`."""

    library: str
    on: date
    least_shown: int
    patrons: int | None
    municipalities: tuple[CountedMunicipality, ...]
    age_bands: tuple[str, ...]
    groups: tuple[str, ...]
    cells: tuple[CountedCell, ...]


def count_patrons(
    store: Store, policy: Policy, *, agency: str, on: date, municipalities: Municipalities
) -> PatronCounts:
    """Count the patrons of a library as they are on a day."""
    told = count(store.statistics.counted(on, policy))
    names = {code: one.name for code, one in municipalities.by_code.items()}
    return PatronCounts(
        library=agency,
        on=on,
        least_shown=LEAST_SHOWN,
        patrons=told.shown((ALL, ALL, ALL)),
        municipalities=tuple(CountedMunicipality(code, names.get(code)) for code in told.along(0)),
        age_bands=tuple(told.along(1)),
        groups=tuple(told.along(2)),
        cells=tuple(CountedCell(*cell, told.shown(cell)) for cell in sorted(told.counts)),
    )
