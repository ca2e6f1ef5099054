"""What undoing a run does to one patron's record: what is put back, and what stands in the way (decisions 19 and 39).

A run is undone where nothing has changed the record since. The patron is then held: no source changes the record until
a person lets the patron go. Only a protection and a stop of letters go through, as always (decision 3).

An undo opens nobody, and nobody who lives with them. If the run has sealed name and address, they stay sealed,
although the run was wrong: a protection that ends by mistake may let someone find the patron (decision 2), and an
operator who undoes a whole night has not looked at each patron. Two people end such a protection, one patron at a
time, as everywhere else (decision 35). Letters that the run has stopped are sent again, if the run itself said that
the patron had died: that is no secret of theirs.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cprsync.domain.deciding.decide import Change, change_between, count_harm
from cprsync.domain.person.person import SILENT, Protection
from cprsync.domain.person.sealed import same_dwelling
from cprsync.domain.person.status import Action
from cprsync.domain.policy.policy import Harm

if TYPE_CHECKING:
    from datetime import date

    from cprsync.domain.patron.patron import AsOf, Patron
    from cprsync.domain.person.person import Person


class InTheWay(enum.Enum):
    """Why a patron's record is not put back. Staff look at each."""

    #: someone, or another run, has changed the record since, or between two writes of the run
    CHANGED = "changed"
    #: what was kept of the record, or the record itself, was altered or taken away past the program
    ALTERED = "altered"
    #: another patron has the number by now
    NUMBER = "number"
    #: the run has sealed the patron by their street: the address before would be open
    STREET = "street"
    #: the run has moved a sealed patron to others, and the address of these would be open
    HOUSEHOLD = "household"


@dataclass(frozen=True, slots=True, repr=False)
class BeforeImage:
    """A patron's record as it was before a run wrote it."""

    person: Person
    #: the version that it had, how often the run has written it since, and the run's last version
    version: int
    times: int
    last: int
    #: whether the day and the letters, which stand beside what is sealed, are as they were kept
    is_whole: bool
    as_of: AsOf | None = None
    letters_stopped: date | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Restoring:
    """What is written to put a record back."""

    change: Change
    as_of: AsOf | None
    letters_stopped: date | None
    #: name and address stay sealed: the run has protected the patron
    keeps_protection: bool


def leaves_a_household(now: Person, before: Person) -> bool:
    """Tells whether putting the record back takes a sealed patron away from a dwelling.

    The address of whoever lives there is sealed too (decision 2), and the register may be right about it. A patron who
    is put back with the same dwelling hides its others whatever their status: the undo opens a window (decision 45).
    """
    if not now.is_shut or now.address is SILENT:
        return False
    return before.address is SILENT or not same_dwelling(now.address, before.address)


def decide_restoring(
    patron: Patron, image: BeforeImage, *, number_is_free: bool, on: date, opens_others: bool = False
) -> Restoring | InTheWay:
    """Decides how a record is put back.

    Args:
        patron: the present record.
        image: what it was before the run.
        number_is_free: no other patron has the number from before.
        on: today, for what staff have corrected.
        opens_others: the patron would leave a household (`leaves_a_household`) that has other patrons.
    """
    if image.last - image.version + 1 != image.times or patron.version != image.last + 1:
        return InTheWay.CHANGED
    if not number_is_free:
        return InTheWay.NUMBER
    now, before = patron.register, image.person
    if now.lives_administratively and not before.lives_administratively and not _is_protected(before):
        return InTheWay.STREET
    if opens_others:
        return InTheWay.HOUSEHOLD
    keeps = _is_protected(now) and not _is_protected(before)
    after = replace(before, protection=Protection.NAME_AND_ADDRESS) if keeps else before
    stopped = image.letters_stopped if image.is_whole else patron.letters_stopped
    as_of = image.as_of if image.is_whole else patron.as_of
    return Restoring(_change(patron, after, on), as_of, stopped, keeps)


def _change(patron: Patron, after: Person, on: date) -> Change:
    change = count_harm(change_between(patron.register, after), patron, on)
    if after.number == patron.number:
        return change
    return replace(change, actions=(*change.actions, Action.RENUMBER), harms=(*change.harms, Harm.MERGED))


def _is_protected(person: Person) -> bool:
    return person.protection is Protection.NAME_AND_ADDRESS
