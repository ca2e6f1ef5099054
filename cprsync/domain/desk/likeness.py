"""Whether the register's person is the one on our record: by name and by birth date, never by address.

Where one of the two is protected the name is not compared, and the age stands for the birth date: whoever types a
name and a number would else be told of any protected person whether the name is right (decision 40). Leaves out what
follows: see `registering`.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cprsync.domain.patron.override import birth_date_in, in_force
from cprsync.domain.person.age import age_on, birth_date_of
from cprsync.domain.person.person import Gap
from cprsync.domain.person.sealed import is_named_alike

if TYPE_CHECKING:
    from datetime import date

    from cprsync.domain.patron.patron import Patron
    from cprsync.domain.person.age import BirthDate, LeapDay
    from cprsync.domain.person.person import Person


class Agreement(enum.Enum):
    """What a comparison of one thing says."""

    AGREES = "agrees"
    DIFFERS = "differs"
    #: one of the two says nothing
    UNKNOWN = "unknown"
    #: one of the two is protected: it is not compared
    SEALED = "sealed"


@dataclass(frozen=True, slots=True)
class Likeness:
    """How far our record and the register's person agree."""

    name: Agreement
    birth: Agreement

    @property
    def is_sealed(self) -> bool:
        """True where one of the two is protected; `birth` then compares the ages."""
        return self.name is Agreement.SEALED

    @property
    def says_nothing(self) -> bool:
        return self.name is self.birth is Agreement.UNKNOWN

    @property
    def is_nobody(self) -> bool:
        """True when something could be compared, and nothing agrees."""
        told = {self.name, self.birth}
        return not (self.is_sealed or self.says_nothing) and Agreement.AGREES not in told


@dataclass(frozen=True, slots=True, repr=False)
class Ages:
    """What staff may know of a protected person's birth date, on either side; None: nobody knows."""

    ours: int | None
    theirs: int | None

    @property
    def agreement(self) -> Agreement:
        if self.ours is None or self.theirs is None:
            return Agreement.UNKNOWN
        return Agreement.AGREES if self.ours == self.theirs else Agreement.DIFFERS


def ages_of(ours: Patron, theirs: Person, on: date, leap: LeapDay) -> Ages:
    """How old the two are, by the birth date that counts on either side."""
    born = (_born(ours, on), birth_date_of(theirs))
    return Ages(*(None if one is None else age_on(one.day, on, leap=leap) for one in born))


def likeness_of(ours: Patron, theirs: Person, on: date) -> Likeness:
    """Compare our record, with what staff corrected of the birth date, and the register's person."""
    known, told = ours.register.name, theirs.name
    if isinstance(known, Gap) or isinstance(told, Gap):
        name = Agreement.UNKNOWN
    else:
        name = Agreement.AGREES if is_named_alike(known, told) else Agreement.DIFFERS
    born, said = _born(ours, on), birth_date_of(theirs)
    if born is None or said is None:
        return Likeness(name, Agreement.UNKNOWN)
    return Likeness(name, Agreement.AGREES if born.day == said.day else Agreement.DIFFERS)


def sealed_likeness_of(ages: Ages) -> Likeness:
    """The same where one of the two is protected: no name is looked at."""
    return Likeness(Agreement.SEALED, ages.agreement)


def _born(ours: Patron, on: date) -> BirthDate | None:
    return birth_date_of(ours.register, corrected=birth_date_in(in_force(ours.overrides, on)))
