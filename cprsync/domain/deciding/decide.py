"""Decide what a person means for a patron's record. Does no I/O and reads no clock.

There is one `decide`, for the night and for the desk. It looks at the snapshot, never at the event
code: a code may only name the kind of a change.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, TypeAlias

from cprsync.domain.deciding.harm import harms_between
from cprsync.domain.deciding.naming import actions_between
from cprsync.domain.deciding.protection import Protecting, protecting
from cprsync.domain.patron.override import in_force
from cprsync.domain.person.action import Action
from cprsync.domain.person.often import made_often
from cprsync.domain.person.person import EMPTY, NEEDS_ADDRESS, REPLACED, SILENT, Gap, Person, Protection, Status
from cprsync.domain.person.snapshot import merge, says_nothing_new
from cprsync.domain.person.status import stops_letters
from cprsync.domain.policy.policy import Harm

if TYPE_CHECKING:
    from datetime import date

    from cprsync.domain.patron.patron import AsOf, Patron


class Same(enum.Enum):
    """Why nothing is written."""

    #: the record already says this
    EQUAL = "equal"
    #: a newer source has spoken; also a look-up on the file's own day, unless it protects or answers a window
    OLDER = "older"


class ProtectionEnd(enum.Enum):
    """What the register says when it is asked whether a protection has really ended (decision 2)."""

    #: not protected any more, or silent where the file already said so
    CONFIRMED = "confirmed"
    #: still protected: the file and the look-up contradict each other
    DENIED = "denied"
    #: not protected, beside a protection that has begun and has no end: keep it, and count the nights (decision 35)
    DOUBTED = "doubted"
    #: no answer, or one older than the file: keep it and ask again
    UNANSWERED = "unanswered"


@made_often
@dataclass(frozen=True, slots=True, repr=False)
class Change:
    """The record becomes `after`. `actions` and `harms` name what that means, without values."""

    after: Person
    actions: tuple[Action, ...]
    harms: tuple[Harm, ...] = ()
    #: the register is to be asked again about the end of a protection
    ask_again: bool = False
    #: what a person should look at, though the change is made
    review: str | None = None

    @property
    def stops_letters(self) -> bool:
        """True when no letter goes out from now on: she died, or was dead when we first heard of her."""
        dead_on_arrival = Action.FIRST_COPY in self.actions and stops_letters(self.after.status)
        return dead_on_arrival or Action.DIE in self.actions or Action.STOP_LETTERS in self.actions

    @property
    def resumes_letters(self) -> bool:
        """True when letters that a death stopped go out again: the death is annulled, alone or with her number."""
        return not _UNDOES_DEATH.isdisjoint(self.actions) and not stops_letters(self.after.status)


@dataclass(frozen=True, slots=True)
class Unchanged:
    """Nothing is written but, for `Same.EQUAL`, the day the record is true for."""

    why: Same
    ask_again: bool = False
    review: str | None = None


@dataclass(frozen=True, slots=True)
class Parked:
    """Not decided here: a person looks at it. The reason is a stable name."""

    reason: str


@dataclass(frozen=True, slots=True)
class AskRegister:
    """The file says that a protection has ended: look her up and decide again."""


Decision: TypeAlias = Change | Unchanged | Parked | AskRegister

#: Why someone should look at a patron whose number is annulled: what is known of her stays, and may be wrong.
NUMBER_ANNULLED: Final = "number.annulled"
#: What a harm counts as gone.
_LEAVING: Final = frozenset({Action.EMIGRATE, Action.DIE, Action.VANISH, Action.NUMBER_ANNULLED})
_UNDOES_DEATH: Final = frozenset({Action.DEATH_ANNULLED, Action.NUMBER_RESTORED})


def decide(person: Person, patron: Patron, *, as_of: AsOf, protection_end: ProtectionEnd | None = None) -> Decision:
    """Say what `person` means for `patron`.

    Args:
        person: what a source says, already silenced by status.
        patron: the record as it stands.
        as_of: the day and kind of that source.
        protection_end: the register's word after an `AskRegister`.
    """
    if patron.as_of is not None and patron.has_newer(as_of):
        return _older(person, patron, same_day=as_of.day == patron.as_of.day)
    if reason := _undecidable(person, patron):
        return Parked(reason)
    told, stored = person.protection, patron.register.protection
    if told is stored:
        # nearly everyone in a delivery
        decision: Decision = _change(person, patron)
    else:
        decision = _protecting(person, patron, protecting(as_of.source, told, stored), protection_end)
    stopped = patron.letters_stopped
    # a file from before that day waited behind the one that stopped them
    if stopped is None or as_of.day < stopped:
        return decision
    return _living(decision, person, patron)


def _older(person: Person, patron: Patron, *, same_day: bool) -> Change | Unchanged:
    """What a source may still do when a newer one has spoken: protect, if it speaks of the same day.

    Then the look-up and the file contradict each other, and protection beats every other write.
    """
    record = patron.register
    if same_day and person.protection is Protection.NAME_AND_ADDRESS is not record.protection:
        return Change(replace(record, protection=Protection.NAME_AND_ADDRESS), (Action.PROTECT,))
    return Unchanged(Same.OLDER)


def counted(change: Change, patron: Patron, on: date) -> Change:
    """The same change with the harm that it does on a day: none where staff's correction holds.

    Apart from `decide`, since a delivery speaks of the day before, and a correction of today holds tonight.
    """
    if not patron.overrides or Action.FIRST_COPY in change.actions:
        return change
    gone, renamed = Harm.GONE in change.harms, Action.RENAME in change.actions
    holding = in_force(patron.overrides, on)
    return replace(
        change, harms=harms_between(patron.register, change.after, gone=gone, renamed=renamed, holding=holding)
    )


# -- what a person has to look at -----------------------------------------------------------------------


def _undecidable(person: Person, patron: Patron) -> str | None:
    """Name what keeps a snapshot from being applied; every status and every step between two has its rule."""
    if person.status in NEEDS_ADDRESS and person.address is SILENT:
        return "address.missing"
    if person.status is SILENT and not patron.is_known:
        return "status.missing"
    if person.status in REPLACED:
        # handled with the links of the whole delivery; here only when those led nowhere
        return "number.unresolved"
    if person.name is EMPTY and not isinstance(patron.register.name, Gap):
        return "name.lost"
    return None


# -- the end of a protection -----------------------------------------------------------------------------


#: What writes the source's word; all else leaves the record's as it is.
_BELIEVED: Final = frozenset({Protecting.SEAL, Protecting.LIFT, Protecting.SETTLED_OPEN, Protecting.ASK})


def _protecting(person: Person, patron: Patron, does: Protecting, end: ProtectionEnd | None) -> Decision:
    if does is Protecting.ASK and end is None:
        return AskRegister()
    if does is Protecting.ASK and end is not ProtectionEnd.CONFIRMED:
        return _keep_protection(person, patron, denied=end is ProtectionEnd.DENIED)
    heard = does in _BELIEVED or person.protection is SILENT
    return _change(person if heard else replace(person, protection=SILENT), patron)


def _keep_protection(person: Person, patron: Patron, *, denied: bool) -> Change | Unchanged:
    kept = replace(person, protection=Protection.NAME_AND_ADDRESS)
    review = "protection.contradicted" if denied else None
    decision = _change(kept, patron)
    return replace(decision, ask_again=not denied, review=review)


# -- a death that was never applied ----------------------------------------------------------------------


#: Statuses that do not say that she lives.
_MAY_BE_DEAD: Final = frozenset({SILENT, Status.DEAD, Status.ANNULLED})
#: Statuses of a record whose own end lets letters go out again.
_ENDS_WITH_LETTERS: Final = frozenset({Status.DEAD, Status.ANNULLED})


def _living(decision: Decision, person: Person, patron: Patron) -> Decision:
    """Annul a death that stopped letters while it was parked or held, once someone tells later that she lives."""
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


# -- what changes ------------------------------------------------------------------------------------------


def _change(person: Person, patron: Patron) -> Change | Unchanged:
    before, after = patron.register, merge(patron.register, person)
    if not patron.is_known:
        return _first_copy(before, after)
    if says_nothing_new(before, after):
        return Unchanged(Same.EQUAL)
    actions = actions_between(before, after, person.events)
    harms = harms_between(before, after, gone=_leaves(actions), renamed=Action.RENAME in actions)
    review = NUMBER_ANNULLED if Action.NUMBER_ANNULLED in actions else None
    return Change(after, actions, harms, review=review)


def _first_copy(before: Person, after: Person) -> Change:
    """The first word about a patron; of her record only a protection may be there that went ahead of it."""
    if before.protection is Protection.NAME_AND_ADDRESS is not after.protection:
        # never of an annulled number, which says nothing of a protection
        return Change(after, (Action.FIRST_COPY, Action.UNPROTECT), (Harm.PROTECTION_LIFTED,))
    review = NUMBER_ANNULLED if after.status is Status.ANNULLED else None
    return Change(after, (Action.FIRST_COPY,), review=review)


def _leaves(actions: tuple[Action, ...]) -> bool:
    return not _LEAVING.isdisjoint(actions)
