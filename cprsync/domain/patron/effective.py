"""What is in force for a patron on a day: the register's values, with staff's corrections over them.

A correction never changes the register's part of a record. Night, desk and forecast all read birth date, municipality
and patron group from here. This module has no rule about residence: it asks `municipality`, with staff's correction in
place of the register's value.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from cprsync.domain.patron.due import ONE_DAY, CalendarFacts, derived_group
from cprsync.domain.patron.override import (
    Overridden,
    as_if_living,
    birth_in_force,
    culr_in_force,
    in_force,
    municipality_in,
    municipality_in_force,
)
from cprsync.domain.person.municipality import Residence, municipality_of, residence_of
from cprsync.domain.person.person import SILENT, Birth, Gap
from cprsync.domain.person.sealed import has_label, has_name

if TYPE_CHECKING:
    from datetime import date

    from cprsync.domain.patron.override import Override
    from cprsync.domain.patron.patron import Patron
    from cprsync.domain.person.age import BirthDate
    from cprsync.domain.person.person import Person
    from cprsync.domain.policy.policy import Policy


@dataclass(frozen=True, slots=True, repr=False)
class Effective:
    """The values that rules use on one day."""

    #: None: neither staff, the register nor the number gives one
    birth: BirthDate | None
    #: four digits; the last known one, also for a person who no longer lives there
    municipality: str | None
    residence: Residence
    #: what CULR must hold: three digits, "" to empty the field, None to send nothing
    culr: str | None
    group: str


class Recorded(Protocol):
    """What decides the values in force: a patron, or the facts of one that a rule needs."""

    @property
    def register(self) -> Person: ...
    @property
    def group(self) -> str: ...
    @property
    def overrides(self) -> tuple[Override, ...]: ...
    @property
    def letters_stopped(self) -> date | None: ...


def effective(patron: Recorded, policy: Policy, *, on: date) -> Effective:
    """What is in force on a day. `overrides` has also the corrections that do not hold on that day."""
    person, holding = patron.register, in_force(patron.overrides, on)
    lives = as_if_living(person, municipality_in(holding))
    facts = CalendarFacts("", person, patron.group, patron.overrides, letters_stopped=patron.letters_stopped)
    return Effective(
        birth=birth_in_force(person, holding),
        municipality=municipality_in_force(person, holding),
        residence=residence_of(lives, policy.home),
        culr=culr_in_force(person, holding),
        group=derived_group(facts, on, policy),
    )


def unpinned_group(patron: Patron, *, policy: Policy, on: date) -> str:
    """The group that the patron would be in without a pin."""
    ended = tuple(
        replace(one, until=on - ONE_DAY) if one.field is Overridden.GROUP else one for one in patron.overrides
    )
    stopped = patron.letters_stopped
    facts = CalendarFacts(
        patron.id, patron.register, patron.group, ended, borrows=patron.borrows, letters_stopped=stopped
    )
    return derived_group(facts, on, policy)


def find_differing(patron: Patron, *, policy: Policy, on: date) -> tuple[Overridden, ...]:
    """The fields in which a correction holds and differs from what the register or a rule says."""
    return tuple(
        field
        for field, override in in_force(patron.overrides, on).items()
        if not _says_without(patron, field, override.text, policy, on)
    )


def _says_without(patron: Patron, field: Overridden, text: str, policy: Policy, on: date) -> bool:
    """Whether the field would have the same value without the correction, compared in the form of a correction."""
    person = patron.register
    match field:
        case Overridden.NAME:
            return not isinstance(person.name, Gap) and has_name(person.name, text)
        case Overridden.BIRTH_DATE:
            return isinstance(person.birth, Birth) and person.birth.day.isoformat() == text
        case Overridden.ADDRESS:
            return person.address is not SILENT and has_label(person.address, text)
        case Overridden.MUNICIPALITY:
            return municipality_of(person) == text
    return unpinned_group(patron, policy=policy, on=on) == text
