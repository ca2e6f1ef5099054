"""Whether the register's person is the one on our record: by name and birth date, never by address.

If one of the two is protected, the name is not compared, and the age replaces the birth date. Otherwise anyone could
type a name and a number and learn whether a protected person has that name (decision 40). Leaves out what follows: see
`registering`.
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
    """The result of one comparison."""

    AGREES = "agrees"
    DIFFERS = "differs"
    #: one of the two has no value
    UNKNOWN = "unknown"
    #: one of the two is protected: not compared
    SEALED = "sealed"


@dataclass(frozen=True, slots=True)
class Likeness:
    """How far our record agrees with the register's person."""

    name: Agreement
    birth: Agreement

    @property
    def is_sealed(self) -> bool:
        """True if one of the two is protected. `birth` then compares the ages."""
        return self.name is Agreement.SEALED

    @property
    def says_nothing(self) -> bool:
        return self.name is self.birth is Agreement.UNKNOWN

    @property
    def agrees_on_nothing(self) -> bool:
        """True if something could be compared, and nothing agrees."""
        results = {self.name, self.birth}
        return not (self.is_sealed or self.says_nothing) and Agreement.AGREES not in results


@dataclass(frozen=True, slots=True, repr=False)
class Ages:
    """What staff may know about a protected person's birth date, on both sides; None: unknown."""

    ours: int | None
    theirs: int | None

    @property
    def agreement(self) -> Agreement:
        if self.ours is None or self.theirs is None:
            return Agreement.UNKNOWN
        return Agreement.AGREES if self.ours == self.theirs else Agreement.DIFFERS


def ages_of(ours: Patron, theirs: Person, on: date, leap: LeapDay) -> Ages:
    """The ages of both, by the birth date that counts on each side."""
    born = (_born(ours, on), birth_date_of(theirs))
    return Ages(*(None if one is None else age_on(one.day, on, leap=leap) for one in born))


def likeness_of(ours: Patron, theirs: Person, on: date) -> Likeness:
    """Compares our record with the register's person. Staff's correction of the birth date counts."""
    known, said = ours.register.name, theirs.name
    if isinstance(known, Gap) or isinstance(said, Gap):
        name = Agreement.UNKNOWN
    else:
        name = Agreement.AGREES if is_named_alike(known, said) else Agreement.DIFFERS
    born, given = _born(ours, on), birth_date_of(theirs)
    if born is None or given is None:
        return Likeness(name, Agreement.UNKNOWN)
    return Likeness(name, Agreement.AGREES if born.day == given.day else Agreement.DIFFERS)


def sealed_likeness_of(ages: Ages) -> Likeness:
    """The same if one of the two is protected: the names are not read."""
    return Likeness(Agreement.SEALED, ages.agreement)


def _born(ours: Patron, on: date) -> BirthDate | None:
    return birth_date_of(ours.register, corrected=birth_date_in(in_force(ours.overrides, on)))
