"""What a source's answer about protection does to a record, as one table with its sources (decisions 1 to 3).

A source may say four things. A reader reports a contradiction as protected, to be on the safe side. It reports data
outside the agreement as silent. So the code looks up what the reader reports, and the table shows what the source said.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, TypeAlias

from cprsync.domain.patron.patron import Source
from cprsync.domain.person.person import EMPTY, NUMBER_ONLY, SILENT, Gap, Protection
from cprsync.domain.person.status import Action

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cprsync.domain.person.person import Person


class Voice(enum.Enum):
    """Which source speaks."""

    #: a delivery
    FILE = "file"
    #: a look-up at the desk, or the first one about a patron
    LOOKUP = "lookup"
    #: the night's own look-up, after a delivery said that a protection has ended
    ANSWER = "answer"


class Says(enum.Enum):
    """What the source says about name and address protection."""

    #: protected
    KNOWN = "known"
    #: both protected and not protected, or a value is missing
    CONTRADICTORY = "contradictory"
    #: not protected
    EMPTY = "empty"
    #: nothing about protection
    SILENT = "silent"
    #: nothing about protection, and no source has said before that it ended
    ONLY_SILENT = "only_silent"
    #: the number is annulled or replaced: nothing is said about the person
    NUMBER_ONLY = "number_only"
    #: not protected, but with a period that has begun and has no end
    DOUBTED = "doubted"
    #: the register does not know the number: that says nothing about protection
    UNKNOWN_NUMBER = "unknown_number"
    #: not protected, or in doubt, but on the day of a delivery with a 0001, which may be in a record that had to wait
    NOT_LATER = "not_later"
    #: no answer, or one that is older than the delivery
    UNANSWERED = "unanswered"


class Stands(enum.Enum):
    """The protection in the record before."""

    PROTECTED = "protected"
    OPEN = "open"
    #: no source has given the protection yet
    NEW = "new"


class ProtectionStep(enum.Enum):
    """What happens to the record."""

    #: name and address are sealed, before any other change and in the same transaction
    SEAL = "seal"
    #: it stays as it is
    KEEP = "keep"
    #: it stays as it is, and the register is asked in the same night
    ASK = "ask"
    #: the protection ends
    LIFT = "lift"
    #: the person is not protected, and a source says so for the first time
    SETTLED_OPEN = "settled_open"
    #: nothing is known, so name and address are sealed if the policy `silent_protection` says so
    SEALED_UNTIL_TOLD = "sealed_until_told"
    #: it stays as it is, staff are told that two sources contradict each other, and each night asks until they agree
    KEEP_FOR_REVIEW = "keep_for_review"
    #: it stays as it is, and the next night asks again; after three such nights two people may end the protection
    KEEP_AND_COUNT = "keep_and_count"
    #: it stays as it is, and the next night asks again
    KEEP_AND_ASK_AGAIN = "keep_and_ask_again"

    # a member is one object, and is looked up for each new answer: the enum's own hash is slow
    __hash__ = object.__hash__


@dataclass(frozen=True, slots=True)
class ProtectionRule:
    """One row. `agreed`: whether record 004 is in the agreement; None if that makes no difference."""

    voice: Voice
    says: Says
    agreed: bool | None
    stands: Stands
    does: ProtectionStep


#: A record outside the agreement is silent (decision 1), except a type 0001: if in doubt, it seals.
PROTECTION_RULES: Final = (
    ProtectionRule(Voice.FILE, Says.KNOWN, None, Stands.PROTECTED, ProtectionStep.KEEP),
    ProtectionRule(Voice.FILE, Says.KNOWN, None, Stands.OPEN, ProtectionStep.SEAL),
    ProtectionRule(Voice.FILE, Says.KNOWN, None, Stands.NEW, ProtectionStep.SEAL),
    ProtectionRule(Voice.FILE, Says.CONTRADICTORY, None, Stands.PROTECTED, ProtectionStep.KEEP),
    ProtectionRule(Voice.FILE, Says.CONTRADICTORY, None, Stands.OPEN, ProtectionStep.SEAL),
    ProtectionRule(Voice.FILE, Says.CONTRADICTORY, None, Stands.NEW, ProtectionStep.SEAL),
    ProtectionRule(Voice.FILE, Says.EMPTY, True, Stands.PROTECTED, ProtectionStep.ASK),
    ProtectionRule(Voice.FILE, Says.EMPTY, True, Stands.OPEN, ProtectionStep.KEEP),
    ProtectionRule(Voice.FILE, Says.EMPTY, True, Stands.NEW, ProtectionStep.SETTLED_OPEN),
    ProtectionRule(Voice.FILE, Says.EMPTY, False, Stands.PROTECTED, ProtectionStep.KEEP),
    ProtectionRule(Voice.FILE, Says.EMPTY, False, Stands.OPEN, ProtectionStep.KEEP),
    ProtectionRule(Voice.FILE, Says.EMPTY, False, Stands.NEW, ProtectionStep.SEALED_UNTIL_TOLD),
    ProtectionRule(Voice.FILE, Says.SILENT, None, Stands.PROTECTED, ProtectionStep.KEEP),
    ProtectionRule(Voice.FILE, Says.SILENT, None, Stands.OPEN, ProtectionStep.KEEP),
    ProtectionRule(Voice.FILE, Says.SILENT, None, Stands.NEW, ProtectionStep.SEALED_UNTIL_TOLD),
    ProtectionRule(Voice.LOOKUP, Says.KNOWN, None, Stands.PROTECTED, ProtectionStep.KEEP),
    ProtectionRule(Voice.LOOKUP, Says.KNOWN, None, Stands.OPEN, ProtectionStep.SEAL),
    ProtectionRule(Voice.LOOKUP, Says.KNOWN, None, Stands.NEW, ProtectionStep.SEAL),
    ProtectionRule(Voice.LOOKUP, Says.CONTRADICTORY, None, Stands.PROTECTED, ProtectionStep.KEEP),
    ProtectionRule(Voice.LOOKUP, Says.CONTRADICTORY, None, Stands.OPEN, ProtectionStep.SEAL),
    ProtectionRule(Voice.LOOKUP, Says.CONTRADICTORY, None, Stands.NEW, ProtectionStep.SEAL),
    ProtectionRule(Voice.LOOKUP, Says.EMPTY, None, Stands.PROTECTED, ProtectionStep.ASK),
    ProtectionRule(Voice.LOOKUP, Says.EMPTY, None, Stands.OPEN, ProtectionStep.KEEP),
    ProtectionRule(Voice.LOOKUP, Says.EMPTY, None, Stands.NEW, ProtectionStep.SETTLED_OPEN),
    # no question either: a delivery tells of the end. Silence counts only where the feed could not have (ONLY_SILENT)
    ProtectionRule(Voice.LOOKUP, Says.SILENT, None, Stands.PROTECTED, ProtectionStep.KEEP),
    ProtectionRule(Voice.LOOKUP, Says.SILENT, None, Stands.OPEN, ProtectionStep.KEEP),
    ProtectionRule(Voice.LOOKUP, Says.SILENT, None, Stands.NEW, ProtectionStep.SEALED_UNTIL_TOLD),
    ProtectionRule(Voice.ANSWER, Says.KNOWN, None, Stands.PROTECTED, ProtectionStep.KEEP_FOR_REVIEW),
    ProtectionRule(Voice.ANSWER, Says.CONTRADICTORY, None, Stands.PROTECTED, ProtectionStep.KEEP_FOR_REVIEW),
    ProtectionRule(Voice.ANSWER, Says.DOUBTED, None, Stands.PROTECTED, ProtectionStep.KEEP_AND_COUNT),
    ProtectionRule(Voice.ANSWER, Says.EMPTY, None, Stands.PROTECTED, ProtectionStep.LIFT),
    ProtectionRule(Voice.ANSWER, Says.SILENT, None, Stands.PROTECTED, ProtectionStep.LIFT),
    # a register that leaves out what is false says this of the unprotected; so does one that tells of no protection
    ProtectionRule(Voice.ANSWER, Says.ONLY_SILENT, None, Stands.PROTECTED, ProtectionStep.KEEP_AND_COUNT),
    ProtectionRule(Voice.ANSWER, Says.NUMBER_ONLY, None, Stands.PROTECTED, ProtectionStep.KEEP_AND_ASK_AGAIN),
    ProtectionRule(Voice.ANSWER, Says.UNKNOWN_NUMBER, None, Stands.PROTECTED, ProtectionStep.KEEP_AND_ASK_AGAIN),
    # decision 43
    ProtectionRule(Voice.ANSWER, Says.NOT_LATER, None, Stands.PROTECTED, ProtectionStep.KEEP_AND_ASK_AGAIN),
    ProtectionRule(Voice.ANSWER, Says.UNANSWERED, None, Stands.PROTECTED, ProtectionStep.KEEP_AND_ASK_AGAIN),
)

#: After this many nights with the same doubtful answer two people may end a protection (decision 35).
NIGHTS_OF_DOUBT: Final = 3

#: A person's protection, as a reader reports it.
Reported: TypeAlias = Protection | Gap

_REPORTED: Final[Mapping[Says, Reported]] = {
    Says.KNOWN: Protection.NAME_AND_ADDRESS,
    Says.EMPTY: EMPTY,
    Says.SILENT: SILENT,
}
_STORED: Final[Mapping[Stands, Reported]] = {
    Stands.PROTECTED: Protection.NAME_AND_ADDRESS,
    Stands.OPEN: EMPTY,
    Stands.NEW: SILENT,
}
_VOICES: Final = {Voice.FILE: Source.FILE, Voice.LOOKUP: Source.LOOKUP}

#: What happens, by source, what the source says, and what is stored.
_DONE: Final[Mapping[tuple[Source, Reported, Reported], ProtectionStep]] = {
    (_VOICES[rule.voice], _REPORTED[rule.says], _STORED[rule.stands]): rule.does
    for rule in PROTECTION_RULES
    if rule.voice in _VOICES and rule.says in _REPORTED and rule.agreed is not False
}
#: What happens, by what the night's look-up says.
_ANSWERED: Final[Mapping[Says, ProtectionStep]] = {
    rule.says: rule.does for rule in PROTECTION_RULES if rule.voice is Voice.ANSWER
}
_SAID: Final[Mapping[Reported, Says]] = {reported: says for says, reported in _REPORTED.items()}
#: What a report calls each outcome.
_CALLED: Final[Mapping[ProtectionStep, Action]] = {
    ProtectionStep.SEAL: Action.PROTECT,
    ProtectionStep.LIFT: Action.UNPROTECT,
    ProtectionStep.ASK: Action.UNPROTECT,
    ProtectionStep.SETTLED_OPEN: Action.PROTECTION_SETTLED,
}


def protection_step(source: Source, reported: Reported, stored: Reported) -> ProtectionStep:
    """What a source's answer does to a record that says `stored`."""
    return _DONE[source, reported, stored]


def step_after_look_up(answer: Person | Says, *, is_told: bool = True) -> ProtectionStep:
    """What the night's look-up of a protected patron does.

    Args:
        answer: the person, or the reason why there is none.
        is_told: whether a source has said before that the protection ended. If not, silence is a doubt.
    """
    if isinstance(answer, Says):
        return _ANSWERED[answer]
    if answer.status in NUMBER_ONLY:
        # a replaced or annulled number says nothing about the person, and silence lifts no protection
        return _ANSWERED[Says.NUMBER_ONLY]
    if answer.protection is SILENT and not is_told:
        return _ANSWERED[Says.ONLY_SILENT]
    return _ANSWERED[Says.DOUBTED if answer.is_end_doubted else _SAID[answer.protection]]


def protection_action_between(before: Reported, after: Reported) -> Action | None:
    """The name of the step from one stored value to another, once it is accepted; None: there is none."""
    return _CALLED.get(_DONE[Source.LOOKUP, after, before])


def protected_by_either(keeps: Person, closes: Person) -> Person:
    """The register part of a patron into whom another is merged: protected if either record is.

    Protection beats every other write. The register says later whether it has ended.
    """
    if closes.protection is not Protection.NAME_AND_ADDRESS or keeps.protection is Protection.NAME_AND_ADDRESS:
        return keeps
    return replace(keeps, protection=Protection.NAME_AND_ADDRESS)


def protected_once_parted(parted: Person, keeps: Person) -> Person:
    """The register part of a patron who was merged into another, and is parted again: protected if either record is.

    The protection may have been told of either number. None was told of a replacement number: no register knows it.
    """
    return parted if parted.number.is_replacement else protected_by_either(parted, keeps)
