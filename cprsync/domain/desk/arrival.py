"""A person at the desk, what is known before anything is written, and whether they are the one on our record.

Records are compared by name and birth date, never by address. If one of the two is protected, the name is not compared,
and the age replaces the birth date. Otherwise anyone could type a name and a number and learn whether a protected
person has that name (decision 40).
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cprsync.domain.desk.confirming import DeskWarning, WarningLevel
from cprsync.domain.patron.local import Stage
from cprsync.domain.patron.override import birth_in_force, in_force
from cprsync.domain.patron.responsible import of_age_on
from cprsync.domain.person.age import age_on, birth_date_of
from cprsync.domain.person.person import Gap, Status
from cprsync.domain.person.sealed import is_named_alike

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from cprsync.domain.patron.local import Block
    from cprsync.domain.patron.patron import Patron, Purpose
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
class Arrival:
    """A person at the desk, and all that is known about them before anything is written."""

    #: the record as it would become; its stage is today's
    patron: Patron
    purpose: Purpose
    #: the person is a patron of the library already, or answers for one
    is_known: bool = False
    stage: Stage = Stage.ACTIVE
    left_before: bool = False
    #: blocks that the library keeps by the number since the person left
    kept_blocks: tuple[Block, ...] = ()
    #: the typed number was replaced by another
    is_old_number: bool = False
    #: someone answers for the person's new debts
    is_answered_for: bool = False
    #: the address is sealed to protect someone else
    in_household: bool = False
    #: no source has given the protection, and the library seals such people
    is_sealed_by_silence: bool = False
    #: the record is protected, and this answer has no protection: a night asks the register again before it ends
    protection_doubted: bool = False
    #: the person is known, and a yes changes nothing in the record
    changes_nothing: bool = False
    #: a newer source has answered: the record stays as it is
    is_older: bool = False
    #: with this answer, the birth date becomes another than the one in the number
    changes_birth_date: bool = False
    #: why the register's answer cannot be decided; None: it can
    parked: str | None = None
    #: the day on which the person comes of age; None: no birth date is known
    of_age: date | None = None
    today: date | None = None
    #: how far our record agrees with the register's person, if a patron gets that person's number; None: not compared
    like: Likeness | None = None
    #: the register has not answered: nobody has checked whose number it is
    is_unanswered: bool = False
    #: the register has not answered: the person is registered by their own words until it does
    is_provisional: bool = False
    #: the register now answers another name than the person said while it was silent; never told of somebody protected
    is_named_otherwise: bool = False
    #: no register knows the number, or there is none
    is_unknown: bool = False
    #: a patron has the typed name and birth date, and may be the same person; never somebody protected
    has_namesake: bool = False
    #: some typed values do not count, because the register's values do
    typed_beside: bool = False
    #: another patron has the number to be given
    is_taken: bool = False

    @property
    def begins(self) -> bool:
        """True if the person did not borrow before this, or if a patron gets another number."""
        return not self.is_known or not self.patron.borrows or self.like is not None

    def agrees(self, name: Agreement, birth: Agreement) -> bool:
        """True if name and birth date were compared with exactly these results."""
        return self.like == Likeness(name, birth)

    @property
    def is_minor(self) -> bool:
        return self.of_age is not None and self.today is not None and self.today < self.of_age

    def has(self, status: Status) -> bool:
        return self.patron.register.status is status


@dataclass(frozen=True, slots=True)
class WarningRow:
    """One warning: its level, and when it applies."""

    kind: str
    level: WarningLevel
    when: Callable[[Arrival], bool]
    #: the level for a borrower whose record is only updated; None: the same level
    of_borrower: WarningLevel | None = None
    #: it concerns a write, so a look-up that writes nothing does not show it
    is_about_writing: bool = False

    def of(self, arrival: Arrival) -> DeskWarning:
        level = self.level if arrival.begins or self.of_borrower is None else self.of_borrower
        return DeskWarning(self.kind, level, f"desk.{self.kind}")


def comes_of_age(patron: Patron, on: date, leap: LeapDay) -> date | None:
    """The day on which a patron comes of age, by the values in force on a day; None: unknown, or they are dead."""
    return None if patron.register.status is Status.DEAD else of_age_on(patron.register, patron.overrides, on, leap)


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
    our_name, theirs_name = ours.register.name, theirs.name
    if isinstance(our_name, Gap) or isinstance(theirs_name, Gap):
        name = Agreement.UNKNOWN
    else:
        name = Agreement.AGREES if is_named_alike(our_name, theirs_name) else Agreement.DIFFERS
    born, given = _born(ours, on), birth_date_of(theirs)
    if born is None or given is None:
        return Likeness(name, Agreement.UNKNOWN)
    return Likeness(name, Agreement.AGREES if born.day == given.day else Agreement.DIFFERS)


def sealed_likeness_of(ages: Ages) -> Likeness:
    """The same if one of the two is protected: the names are not read."""
    return Likeness(Agreement.SEALED, ages.agreement)


def _born(ours: Patron, on: date) -> BirthDate | None:
    return birth_in_force(ours.register, in_force(ours.overrides, on))
