"""Whether the register's person is the one on our record: by name and by birth date, never by address.

Compares without opening what is sealed. Leaves out what follows: see `registering`.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cprsync.domain.age import birth_date_of
from cprsync.domain.override import birth_date_in, in_force
from cprsync.domain.person import Gap
from cprsync.domain.sealed import is_named_alike

if TYPE_CHECKING:
    from datetime import date

    from cprsync.domain.patron import Patron
    from cprsync.domain.person import Person


class Agreement(enum.Enum):
    """What a comparison of one thing says."""

    AGREES = "agrees"
    DIFFERS = "differs"
    #: one of the two says nothing
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Likeness:
    """How far our record and the register's person agree."""

    name: Agreement
    birth: Agreement

    @property
    def says_nothing(self) -> bool:
        return self.name is self.birth is Agreement.UNKNOWN

    @property
    def is_nobody(self) -> bool:
        """True when something could be compared, and nothing agrees."""
        return Agreement.AGREES not in {self.name, self.birth} and not self.says_nothing


def likeness_of(ours: Patron, theirs: Person, on: date) -> Likeness:
    """Compare our record, with what staff corrected of the birth date, and the register's person."""
    known, told = ours.register.name, theirs.name
    if isinstance(known, Gap) or isinstance(told, Gap):
        name = Agreement.UNKNOWN
    else:
        name = Agreement.AGREES if is_named_alike(known, told) else Agreement.DIFFERS
    born = birth_date_of(ours.register, corrected=birth_date_in(in_force(ours.overrides, on)))
    said = birth_date_of(theirs)
    if born is None or said is None:
        return Likeness(name, Agreement.UNKNOWN)
    return Likeness(name, Agreement.AGREES if born.day == said.day else Agreement.DIFFERS)
