"""Who answers for a minor's debts. Staff type these links; they never come from the register's family records.

Says which link may be made, when it ends by itself, and which troubles a responsible person has. Leaves out the debts:
a responsible person still answers for debts from before the link ended.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cprsync.domain.patron.override import birth_in_force, in_force
from cprsync.domain.patron.review import (
    RESPONSIBLE_CUSTODY,
    RESPONSIBLE_GONE,
    RESPONSIBLE_OF_AGE,
    RESPONSIBLE_PROTECTED,
)
from cprsync.domain.person.age import birthday
from cprsync.domain.person.person import Status

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from cprsync.domain.patron.override import Override
    from cprsync.domain.person.age import LeapDay
    from cprsync.domain.person.number import CprNumber
    from cprsync.domain.person.person import Custody, Person

#: A minor is under 18 (værgemålsloven § 1). The law sets this age, not the library.
OF_AGE: Final = 18
#: At most four people answer for a minor: two parents and two others.
RESPONSIBLES_MAX: Final = 4
#: Statuses in which a person is asked for nothing: dead, gone, or with an annulled number.
GONE: Final = frozenset({Status.DEAD, Status.DISAPPEARED, Status.EMIGRATED, Status.ANNULLED})


class NoLink(enum.Enum):
    """Why a person cannot be made to answer for another. The value is a stable name."""

    #: nobody answers for themselves
    SELF = "self"
    #: the patron is of age and answers for their own debts
    OF_AGE = "of_age"
    #: a minor cannot answer for another person
    MINOR = "minor"
    #: dead, abroad, disappeared, or the number is annulled
    GONE = "gone"
    #: four people answer for the minor already
    TOO_MANY = "too_many"
    #: the patron answers for that person, directly or through others
    CIRCLE = "circle"


class NoMinorLetter(enum.Enum):
    """Why no letter about the minor goes to the responsible person."""

    #: the link has ended: the person answers only for earlier debts
    ENDED = "ended"
    #: dead, abroad, disappeared, or the number is annulled
    GONE = "gone"
    #: name and address are sealed
    PROTECTED = "protected"


@dataclass(frozen=True, slots=True, repr=False)
class Proposed:
    """A link that staff want to make, and what is known about it."""

    minor_id: str
    responsible_id: str
    #: the days on which each comes of age; None: no birth date is known
    minor_of_age: date | None
    responsible_of_age: date | None
    gone: bool
    #: who answers for the minor already
    others: frozenset[str] = frozenset()
    #: everyone who answers for the responsible person, directly or through others
    above: frozenset[str] = frozenset()


def of_age_on(person: Person, overrides: Iterable[Override], on: date, leap: LeapDay) -> date | None:
    """The day on which a person comes of age, by the birth date in force on a day; None: no birth date is known."""
    born = birth_in_force(person, in_force(overrides, on))
    return None if born is None else birthday(born.day, OF_AGE, leap=leap)


def why_not(link: Proposed, on: date) -> NoLink | None:
    """Why a link cannot be made on a day; None: it can. A person without a known age is neither minor nor of age."""
    if link.minor_id == link.responsible_id:
        return NoLink.SELF
    if link.minor_of_age is not None and link.minor_of_age <= on:
        return NoLink.OF_AGE
    if link.responsible_of_age is not None and link.responsible_of_age > on:
        return NoLink.MINOR
    if link.gone:
        return NoLink.GONE
    if link.minor_id in link.above:
        return NoLink.CIRCLE
    return NoLink.TOO_MANY if len(link.others) >= RESPONSIBLES_MAX else None


def has_lost_custody(responsible: CprNumber, custody: Custody, *, linked: date) -> bool:
    """Whether custody has changed after staff made the link, on the day `linked`, and the person has none.

    A link with somebody who had no custody then, such as a grandparent, is no news. On the day of the link itself
    nobody can tell which came first: staff are asked. The register knows no replacement number, so it says nothing of
    whoever has one.
    """
    return custody.since >= linked and not responsible.is_replacement and responsible not in custody.holders


def is_gone(person: Person) -> bool:
    """True if the person can no longer be asked for anything."""
    return person.status in GONE


def find_troubles(person: Person) -> frozenset[str]:
    """The troubles of a responsible person, as the kinds of review items about the minor."""
    gone = {RESPONSIBLE_GONE} if is_gone(person) else set()
    return frozenset(gone | ({RESPONSIBLE_PROTECTED} if person.is_shut else set()))


def why_no_letter(person: Person, *, ended: bool, stopped: bool, sealed: bool) -> NoMinorLetter | None:
    """Why no letter about the minor goes to the responsible person; None: letters are sent.

    Args:
        person: the register's part of the responsible person's record.
        ended: whether the link has ended.
        stopped: whether letters to the person are stopped, while the rest of a death waits (decision 3).
        sealed: whether name and address are sealed.
    """
    if ended:
        return NoMinorLetter.ENDED
    if stopped or is_gone(person):
        return NoMinorLetter.GONE
    return NoMinorLetter.PROTECTED if sealed else None


@dataclass(frozen=True, slots=True)
class Answering:
    """A link in force, and the troubles of the responsible person after all changes."""

    minor_id: str
    responsible_id: str
    troubles: frozenset[str]

    def is_reason_for(self, kind: str) -> bool:
        """Whether a review item about the minor concerns this link. One about age or custody concerns every link."""
        return kind in {RESPONSIBLE_OF_AGE, RESPONSIBLE_CUSTODY} or kind in self.troubles


@dataclass(frozen=True, slots=True)
class Troubled:
    """The troubles of a person before and after a change."""

    before: frozenset[str]
    after: frozenset[str]

    @property
    def is_news(self) -> bool:
        return self.before != self.after
