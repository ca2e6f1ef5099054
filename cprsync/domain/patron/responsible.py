"""Who answers for a minor's debts: links that staff typed, never the register's family records.

Says which link may be made, when it ends by itself, and what is the matter with her who answers. Leaves out the debts
themselves: what was owed before a link ended stays hers.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cprsync.domain.patron.override import birth_date_in, in_force
from cprsync.domain.patron.review import RESPONSIBLE_GONE, RESPONSIBLE_OF_AGE, RESPONSIBLE_PROTECTED
from cprsync.domain.person.age import birth_date_of, birthday
from cprsync.domain.person.person import Status

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import date

    from cprsync.domain.patron.override import Override
    from cprsync.domain.person.age import LeapDay
    from cprsync.domain.person.person import Person

#: A minor is under 18 (værgemålsloven § 1): the law's age, and no library's.
OF_AGE: Final = 18
#: More than two parents and two others answer for nobody.
RESPONSIBLES_MAX: Final = 4
#: Whoever is dead, gone, or no longer known by her number is asked for nothing.
GONE: Final = frozenset({Status.DEAD, Status.DISAPPEARED, Status.EMIGRATED, Status.ANNULLED})


class NoLink(enum.Enum):
    """Why someone cannot be made to answer for another; the value is a stable name."""

    #: nobody answers for herself
    SELF = "self"
    #: the patron is of age: her debts are hers
    OF_AGE = "of_age"
    #: a minor answers for nobody
    MINOR = "minor"
    #: dead, abroad, disappeared, or her number is annulled
    GONE = "gone"
    #: four answer already
    TOO_MANY = "too_many"
    #: the patron answers for that person, or for someone who does
    CIRCLE = "circle"


class NoLetter(enum.Enum):
    """Why nothing is sent to her on the minor's behalf."""

    #: she answers no more, but for what was owed before
    ENDED = "ended"
    #: dead, abroad, disappeared, or her number is annulled
    GONE = "gone"
    #: name and address are sealed
    PROTECTED = "protected"


@dataclass(frozen=True, slots=True, repr=False)
class Proposed:
    """A link that staff want to make, and all that is known about it."""

    minor_id: str
    responsible_id: str
    #: the days on which either comes of age; None: no birth date is known
    minor_of_age: date | None
    responsible_of_age: date | None
    gone: bool
    #: who answers for the minor already
    others: frozenset[str] = frozenset()
    #: who answers for her who is to answer, for whom again, and so on
    above: frozenset[str] = frozenset()


def of_age_on(person: Person, overrides: Iterable[Override], on: date, leap: LeapDay) -> date | None:
    """The day on which someone comes of age, by the birth date in force on a day; None: none is known."""
    born = birth_date_of(person, corrected=birth_date_in(in_force(overrides, on)))
    return None if born is None else birthday(born.day, OF_AGE, leap=leap)


def why_not(link: Proposed, on: date) -> NoLink | None:
    """Why a link cannot be made on a day; None: it can. Whoever has no known age is neither minor nor of age."""
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


def is_gone(person: Person) -> bool:
    """True when she cannot be asked for anything any more."""
    return person.status in GONE


def troubles_of(person: Person) -> frozenset[str]:
    """What is the matter with her who answers, as the kinds of review items about the minor."""
    gone = {RESPONSIBLE_GONE} if is_gone(person) else set()
    return frozenset(gone | ({RESPONSIBLE_PROTECTED} if person.is_shut else set()))


def why_no_letter(person: Person, *, ended: bool, stopped: bool, sealed: bool) -> NoLetter | None:
    """Why nothing is sent to her on the minor's behalf; None: letters go.

    Args:
        person: the register's part of her record.
        ended: the link is.
        stopped: letters to her are, while the rest of a death waits (decision 3).
        sealed: whether name and address are.
    """
    if ended:
        return NoLetter.ENDED
    if stopped or is_gone(person):
        return NoLetter.GONE
    return NoLetter.PROTECTED if sealed else None


# -- what news of her mean for the minor -----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Answering:
    """A link in force, and what is the matter with her who answers, after whatever has changed."""

    minor_id: str
    responsible_id: str
    troubles: frozenset[str]

    def is_reason_for(self, kind: str) -> bool:
        """Whether an item about the minor is about this link; the minor's age is about every link of theirs."""
        return kind == RESPONSIBLE_OF_AGE or kind in self.troubles


@dataclass(frozen=True, slots=True)
class Troubled:
    """What was the matter with someone before a change, and is after it."""

    before: frozenset[str]
    after: frozenset[str]

    @property
    def is_news(self) -> bool:
        return self.before != self.after


@dataclass(frozen=True, slots=True)
class News:
    """Pairs of a minor and a kind: what to leave to a person, and what has settled by itself."""

    asked: frozenset[tuple[str, str]]
    settled: frozenset[tuple[str, str]]


def news_for_minors(links: Collection[Answering], changed: Mapping[str, Troubled]) -> News:
    """What changes of those who answer mean for the minors.

    Args:
        links: every link in force of each minor concerned.
        changed: those who answer and have changed, by id.
    """
    still = {(link.minor_id, kind) for link in links for kind in link.troubles}
    theirs = [(link.minor_id, changed[link.responsible_id]) for link in links if link.responsible_id in changed]
    asked = {(minor, kind) for minor, one in theirs for kind in one.after - one.before}
    over = {(minor, kind) for minor, one in theirs for kind in one.before - one.after}
    return News(frozenset(asked), frozenset(over - still))
