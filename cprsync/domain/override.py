"""What staff typed as a correction: it wins visibly over the register until its day, and then gives way.

An override never overwrites: the register's value stays beside it and is shown while the two differ. It
changes nothing about protection, which no one at a desk can end, and a sealed patron's is sealed with
the rest.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from dataclasses import field as of_dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from cprsync.domain.person import LINES, text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: As on the health card and on a label (cpr-data D).
TEXT_MAX: Final = 34
_MUNICIPALITY_DIGITS: Final = 4


class Overridden(enum.Enum):
    """Fields that the register or a rule owns, and that staff may correct for a time."""

    NAME = "name"
    BIRTH_DATE = "birth_date"
    #: up to five lines
    ADDRESS = "address"
    #: kommunenummer, four digits
    MUNICIPALITY = "municipality"
    #: the patron group: pinned while age says otherwise
    GROUP = "group"


#: What is hidden when the patron is sealed.
SEALED_FIELDS: Final = frozenset({Overridden.NAME, Overridden.ADDRESS})
#: Who has an end day at the latest; a pinned group may stay.
ENDLESS: Final = frozenset({Overridden.GROUP})


@dataclass(frozen=True, slots=True, repr=False)
class Override:
    """One correction. `until` is the last day on which it holds; None: until it is taken back."""

    field: Overridden
    value: str
    by: str
    reason: str
    since: date
    until: date | None = None
    #: the store's number for it; 0 before it is stored
    id: int = 0
    warned: date | None = of_dataclass(default=None, compare=False)

    def __repr__(self) -> str:
        return f"Override({self.field.value}, …)"

    def holds_on(self, day: date) -> bool:
        return self.since <= day and (self.until is None or day <= self.until)

    @property
    def gives_way(self) -> date | None:
        """The first day on which the register's value is in force again."""
        return None if self.until is None else self.until + timedelta(days=1)

    def warns(self, days: int) -> date | None:
        """The day on which its end is announced, never before it begins."""
        return None if self.until is None else max(self.since, self.until - timedelta(days=days))


def in_force(overrides: Iterable[Override], on: date) -> Mapping[Overridden, Override]:
    """By field, the override that holds on a day; of two the later one, and the later number on the same day."""
    holding = [override for override in overrides if override.holds_on(on)]
    return {override.field: override for override in sorted(holding, key=lambda one: (one.since, one.id))}


def birth_date_in(holding: Mapping[Overridden, Override]) -> date | None:
    """The birth date that staff corrected, if they did."""
    override = holding.get(Overridden.BIRTH_DATE)
    return None if override is None else date.fromisoformat(override.value)


def municipality_in(holding: Mapping[Overridden, Override]) -> str | None:
    """The municipality that staff typed, if they did."""
    override = holding.get(Overridden.MUNICIPALITY)
    return None if override is None else override.value


def value_of(field_: Overridden, text: str, *, municipalities: frozenset[str], groups: frozenset[str]) -> str:
    """Canonical text of what was typed.

    Args:
        field_: the field it is for.
        text: as typed; an address may have several lines.
        municipalities: every code there is.
        groups: the groups that staff may choose; none: any name.

    Raises:
        ValueError: it cannot stand in that field. The message does not quote it.
    """
    lines = [text_of(line) for line in text.splitlines()]
    lines = [line for line in lines if line]
    if not lines or len(lines) > (LINES if field_ is Overridden.ADDRESS else 1):
        raise ValueError(f"expected one line, or up to {LINES} for an address")
    if any(len(line) > TEXT_MAX for line in lines):
        raise ValueError(f"a line is longer than {TEXT_MAX} characters")
    return _CHECKS[field_]("\n".join(lines), municipalities, groups)


def _any_text(value: str, _municipalities: frozenset[str], _groups: frozenset[str]) -> str:
    return value


def _date(value: str, _municipalities: frozenset[str], _groups: frozenset[str]) -> str:
    try:
        return date.fromisoformat(value).isoformat()
    except ValueError:
        raise ValueError("not a day: expected YYYY-MM-DD") from None


def _municipality(value: str, municipalities: frozenset[str], _groups: frozenset[str]) -> str:
    code = value.zfill(_MUNICIPALITY_DIGITS)
    if code not in municipalities:
        raise ValueError("no municipality has that code")
    return code


def _group(value: str, _municipalities: frozenset[str], groups: frozenset[str]) -> str:
    if groups and value not in groups:
        raise ValueError("policy.toml has no such patron group")
    return value


_CHECKS: Final = {
    Overridden.NAME: _any_text,
    Overridden.ADDRESS: _any_text,
    Overridden.BIRTH_DATE: _date,
    Overridden.MUNICIPALITY: _municipality,
    Overridden.GROUP: _group,
}
