"""Decides what a person from a source means for a patron's record. Does no I/O and reads no clock.

The night and the desk use the same `decide`. It compares the person with the record and does not rely on event codes: a
code may only name the kind of a change.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, TypeAlias

from cprsync.domain.deciding.guard import actions_between, harms_between
from cprsync.domain.deciding.protection import ProtectionStep, protection_step
from cprsync.domain.patron.override import in_force
from cprsync.domain.patron.review import PROTECTION_CONTRADICTED
from cprsync.domain.person.person import (
    EMPTY,
    NEEDS_ADDRESS,
    REPLACED,
    SILENT,
    Gap,
    Person,
    Protection,
    Status,
    merge,
    says_nothing_new,
)
from cprsync.domain.person.status import Action, stops_letters
from cprsync.domain.policy.policy import Harm

if TYPE_CHECKING:
    from datetime import date

    from cprsync.domain.patron.patron import AsOf, Patron


class WhyUnchanged(enum.Enum):
    """Why nothing is written."""

    #: the record has the same data already
    EQUAL = "equal"
    #: a newer source has answered. Also a look-up on the file's own day, unless it protects or closes a window
    OLDER = "older"
    #: a run was undone, and the patron is held until a person lets them go
    HELD = "held_by_undo"


class ProtectionEnd(enum.Enum):
    """The register's answer to whether a protection has really ended (decision 2)."""

    #: not protected any more, or silent after the file has already said so
    CONFIRMED = "confirmed"
    #: still protected: the file and the look-up contradict each other; keep the protection, tell staff and ask again
    DENIED = "denied"
    #: the answer is no, but the protection's period has begun and has no end: keep it and count the nights (decision
    #: 35)
    DOUBTED = "doubted"
    #: no answer, or one that is older than the file: keep the protection and ask again
    UNANSWERED = "unanswered"


@dataclass(frozen=True, slots=True, repr=False)
class Change:
    """The record becomes `after`. `actions` and `harms` name the meaning of the change, without values."""

    after: Person
    actions: tuple[Action, ...]
    harms: tuple[Harm, ...] = ()
    #: the register must be asked again about the end of a protection
    ask_again: bool = False
    #: the kind of review item for staff, although the change is made
    review: str | None = None

    @property
    def stops_letters(self) -> bool:
        """True if no letter is sent from now on: the patron died, or was dead when we first heard of them."""
        dead_on_arrival = Action.FIRST_COPY in self.actions and stops_letters(self.after.status)
        return dead_on_arrival or Action.DIE in self.actions or Action.STOP_LETTERS in self.actions

    @property
    def resumes_letters(self) -> bool:
        """True if letters that a death stopped are sent again. The death is annulled, or the number is restored."""
        return not _UNDOES_DEATH.isdisjoint(self.actions) and not stops_letters(self.after.status)


@dataclass(frozen=True, slots=True)
class Unchanged:
    """Nothing is written, except, for `WhyUnchanged.EQUAL`, the day for which the record is true."""

    why: WhyUnchanged
    ask_again: bool = False
    review: str | None = None


@dataclass(frozen=True, slots=True)
class Parked:
    """Not decided by the program: staff must look at it. The reason is a stable name."""

    reason: str


@dataclass(frozen=True, slots=True)
class AskRegister:
    """The file says that a protection has ended: look the person up and decide again."""


Decision: TypeAlias = Change | Unchanged | Parked | AskRegister
#: The kind of review item for an annulled number. The known data stay, and may be wrong.
NUMBER_ANNULLED: Final = "number.annulled"
#: Actions that count as the harm "gone".
_LEAVING: Final = frozenset({Action.EMIGRATE, Action.DIE, Action.VANISH, Action.NUMBER_ANNULLED})
_UNDOES_DEATH: Final = frozenset({Action.DEATH_ANNULLED, Action.NUMBER_RESTORED})
#: Outcomes that write the source's protection. All others leave the record's as it is.
_BELIEVED: Final = frozenset(
    {ProtectionStep.SEAL, ProtectionStep.LIFT, ProtectionStep.SETTLED_OPEN, ProtectionStep.ASK}
)
#: Statuses that do not say that the person lives.
_MAY_BE_DEAD: Final = frozenset({SILENT, Status.DEAD, Status.ANNULLED})
#: Statuses of a record whose own end resumes letters.
_ENDS_WITH_LETTERS: Final = frozenset({Status.DEAD, Status.ANNULLED})


def decide(person: Person, patron: Patron, *, as_of: AsOf, protection_end: ProtectionEnd | None = None) -> Decision:
    """Decides what `person` means for `patron`.

    Args:
        person: the data of a source, without what the status makes silent.
        patron: the present record.
        as_of: the day and the kind of the source.
        protection_end: the register's answer after an `AskRegister`.
    """
    if patron.is_held:
        # a protection and a stop of letters go through, as when a line is parked (decision 3)
        return protective_part_while_parked(person, patron) or Unchanged(WhyUnchanged.HELD)
    if patron.as_of is not None and patron.has_newer(as_of):
        return _decide_older(person, patron, same_day=as_of.day == patron.as_of.day)
    if reason := _reason_to_park(person, patron):
        return Parked(reason)
    reported, stored = person.protection, patron.register.protection
    if reported is stored:
        # most people in a delivery
        decision: Decision = _compare(person, patron)
    else:
        decision = _decide_protection(person, patron, protection_step(as_of.source, reported, stored), protection_end)
    stopped = patron.letters_stopped
    # a file from before that day had to wait, while a later file stopped the letters
    if stopped is None or as_of.day < stopped:
        return decision
    return _annul_death(decision, person, patron)


def _decide_older(person: Person, patron: Patron, *, same_day: bool) -> Change | Unchanged:
    """What a source may still do after a newer one has answered: protect, if both are of the same day.

    The look-up and the file then contradict each other, and a protection takes precedence over every other write.
    """
    record = patron.register
    if same_day and person.protection is Protection.NAME_AND_ADDRESS is not record.protection:
        return Change(replace(record, protection=Protection.NAME_AND_ADDRESS), (Action.PROTECT,))
    return Unchanged(WhyUnchanged.OLDER)


def count_harm(change: Change, patron: Patron, on: date) -> Change:
    """The same change, with the harm that it does on a day. Where a staff correction holds, it does none.

    `decide` does not count this: a delivery describes the day before, but a correction of today counts tonight.
    """
    if not patron.overrides or Action.FIRST_COPY in change.actions:
        return change
    gone, renamed = Harm.GONE in change.harms, Action.RENAME in change.actions
    holding = in_force(patron.overrides, on)
    return replace(
        change, harms=harms_between(patron.register, change.after, gone=gone, renamed=renamed, holding=holding)
    )


def _reason_to_park(person: Person, patron: Patron) -> str | None:
    """Names what prevents a person from being applied. Every status and every step between two has its rule."""
    if person.status in NEEDS_ADDRESS and person.address is SILENT:
        return "address.missing"
    if person.status is SILENT and not patron.is_known:
        return "status.missing"
    if person.status in REPLACED:
        # handled with the links of the whole delivery; it gets here only if those led nowhere
        return "number.unresolved"
    if person.name is EMPTY and not isinstance(patron.register.name, Gap):
        return "name.lost"
    return None


def _decide_protection(person: Person, patron: Patron, does: ProtectionStep, end: ProtectionEnd | None) -> Decision:
    if does is ProtectionStep.ASK and end is None:
        return AskRegister()
    if does is ProtectionStep.ASK and end is not ProtectionEnd.CONFIRMED:
        return _keep_protection(person, patron, denied=end is ProtectionEnd.DENIED)
    heard = does in _BELIEVED or person.protection is SILENT
    return _compare(person if heard else replace(person, protection=SILENT), patron)


def _keep_protection(person: Person, patron: Patron, *, denied: bool) -> Change | Unchanged:
    kept = replace(person, protection=Protection.NAME_AND_ADDRESS)
    decision = _compare(kept, patron)
    # asked again also after a denial: no delivery tells of the end a second time
    return replace(decision, ask_again=True, review=PROTECTION_CONTRADICTED if denied else None)


def _annul_death(decision: Decision, person: Person, patron: Patron) -> Decision:
    """Annuls a death that stopped letters while it was parked or held, if a later source says that the person lives."""
    if person.status in _MAY_BE_DEAD or patron.register.status in _ENDS_WITH_LETTERS:
        return decision
    match decision:
        case Change():
            return replace(decision, actions=(*decision.actions, Action.DEATH_ANNULLED))
        case Unchanged():
            review, ask_again = decision.review, decision.ask_again
            return Change(patron.register, (Action.DEATH_ANNULLED,), ask_again=ask_again, review=review)
        case _:
            return decision


def _compare(person: Person, patron: Patron) -> Change | Unchanged:
    before, after = patron.register, merge(patron.register, person)
    if not patron.is_known:
        return _first_copy(before, after)
    if says_nothing_new(before, after):
        return Unchanged(WhyUnchanged.EQUAL)
    actions = actions_between(before, after, person.events)
    harms = harms_between(before, after, gone=_is_gone(actions), renamed=Action.RENAME in actions)
    review = NUMBER_ANNULLED if Action.NUMBER_ANNULLED in actions else None
    return Change(after, actions, harms, review=review)


def _first_copy(before: Person, after: Person) -> Change:
    """The first answer about a patron. The record may only have a protection that was written in advance."""
    if before.protection is Protection.NAME_AND_ADDRESS is not after.protection:
        # An annulled number does not get here: it says nothing about protection, so the record keeps it.
        return Change(after, (Action.FIRST_COPY, Action.UNPROTECT), (Harm.PROTECTION_LIFTED,))
    review = NUMBER_ANNULLED if after.status is Status.ANNULLED else None
    return Change(after, (Action.FIRST_COPY,), review=review)


def change_between(before: Person, after: Person) -> Change:
    """The change from one state of a record to another, for a writer that no source has told anything."""
    actions = actions_between(before, after, ())
    harms = harms_between(before, after, gone=_is_gone(actions), renamed=Action.RENAME in actions)
    return Change(after, actions, harms)


def _is_gone(actions: tuple[Action, ...]) -> bool:
    return not _LEAVING.isdisjoint(actions)


def protective_part(change: Change, patron: Patron) -> Change | None:
    """The part of a held change that is written: a new protection, and no more letters to a dead patron (decision 3).

    Returns a change with only that part, or None if there is nothing new to write.
    """
    arrives = Action.FIRST_COPY in change.actions and change.after.protection is Protection.NAME_AND_ADDRESS
    protects = arrives or Action.PROTECT in change.actions
    return _only_protection(patron, protects=protects, stops=change.stops_letters)


def protective_part_while_parked(person: Person, patron: Patron) -> Change | None:
    """The part of a parked person that is written (decision 3).

    Returns a change with only that part, or None if the person is neither newly protected nor newly dead.
    """
    protects = person.protection is Protection.NAME_AND_ADDRESS
    stops = stops_letters(person.status) and not stops_letters(patron.register.status)
    return _only_protection(patron, protects=protects, stops=stops)


def _only_protection(patron: Patron, *, protects: bool, stops: bool) -> Change | None:
    # also for an unverified patron: what staff typed could be shown, and a letter could be sent
    after, actions = patron.register, []
    if protects and after.protection is not Protection.NAME_AND_ADDRESS:
        after = replace(after, protection=Protection.NAME_AND_ADDRESS)
        actions.append(Action.PROTECT)
    if stops and patron.letters_stopped is None:
        actions.append(Action.STOP_LETTERS)
    return Change(after, tuple(actions)) if actions else None
