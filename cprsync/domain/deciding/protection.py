"""What a source's answer about protection does to a record, as one table with its sources (decisions 1 to 3).

A source may say four things. A reader reports a contradiction as protected, to be on the safe side. It reports data
outside the agreement as silent. So the code looks up what the reader reports, and the table shows what the source said.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from cprsync.domain.patron.patron import Source
from cprsync.domain.person.action import Action
from cprsync.domain.person.person import EMPTY, NUMBER_ONLY, SILENT, Gap, Protection
from cprsync.domain.wording import Wording

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
    #: the number is annulled or replaced: nothing is said about the person
    NUMBER_ONLY = "number_only"
    #: not protected, but with a period that has begun and has no end
    DOUBTED = "doubted"
    #: the register does not know the number: that says nothing about protection
    UNKNOWN_NUMBER = "unknown_number"
    #: no answer, or one that is older than the delivery
    UNANSWERED = "unanswered"


class Stands(enum.Enum):
    """The protection in the record before."""

    PROTECTED = "protected"
    OPEN = "open"
    #: no source has given the protection yet
    NEW = "new"


class Protecting(enum.Enum):
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
    #: it stays as it is, and staff are told that two sources contradict each other
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
    does: Protecting
    source: Wording


#: A record outside the agreement is silent (decision 1). This one is the exception: if in doubt, it seals.
_UNAGREED: Final = Wording(
    "; undtaget fra beslutning 1: 0001 forsegler for en sikkerheds skyld også uden for aftalen",
    "; an exception to decision 1: to be safe, 0001 seals outside the agreement too",
)
_FILE_0001: Final = Wording(
    f"CPR: post 004, type 0001; beslutning 2{_UNAGREED.da}", f"CPR: record 004, type 0001; decision 2{_UNAGREED.en}"
)
_FILE_DATES: Final = Wording(
    f"CPR: post 004, sletningsdato er ingen slutdato; beslutning 2{_UNAGREED.da}",
    f"CPR: record 004, a deletion date ends nothing; decision 2{_UNAGREED.en}",
)
_FILE_NONE: Final = Wording(
    "CPR: ændringsudtræk er hele personen, også efter A33 og P11; beslutning 1 og 2",
    "CPR: the extract is the whole person, after A33 and P11 too; decisions 1 and 2",
)
_FILE_OUTSIDE: Final = Wording(
    "Beslutning 1: en post uden for aftalen er tavs", "Decision 1: a record outside the agreement is silent"
)
_FILE_SILENT: Final = Wording(
    "Beslutning 1: tavshed ændrer intet (status 30, 50 og 60, og lånere, der ikke er i leverancen)",
    "Decision 1: silence changes nothing (status 30, 50 and 60, and patrons who are not in the delivery)",
)
_SOAP_TRUE: Final = Wording("SF1520: beskyttet er true; beslutning 2", "SF1520: beskyttet is true; decision 2")
_SOAP_DOUBT: Final = Wording(
    "SF1520: beskyttet mangler, eller er false ved en periode, der ikke er slut; beslutning 1 og 2",
    "SF1520: beskyttet is missing, or is false with a period that is not over; decisions 1 and 2",
)
_SOAP_FALSE: Final = Wording("SF1520: beskyttet er false; beslutning 1", "SF1520: beskyttet is false; decision 1")
_SOAP_CANDIDATE: Final = Wording(
    "SF1520: beskyttet er false; beslutning 35: et opslag ved skranken ophæver intet, det gør nattens eget opslag",
    "SF1520: beskyttet is false; decision 35: a look-up at the desk lifts nothing, the night's own look-up does",
)
_SOAP_ABSENT: Final = Wording(
    "SF1520: uden adressebeskyttelse; beslutning 1 og 2", "SF1520: no adressebeskyttelse; decisions 1 and 2"
)
_NUMBER: Final = Wording(
    "CPR: post 001 (status); beslutning 1: ved status 30, 50 og 60 kendes kun nummeret",
    "CPR: record 001 (status); decision 1: at status 30, 50 and 60 only the number is known",
)
_STRANGER: Final = Wording(
    "SF1520: PNR not found; beslutning 2: kun et svar ophæver",
    "SF1520: PNR not found; decision 2: only an answer lifts",
)
_SOAP_NIGHTS: Final = Wording(
    "SF1520: beskyttet er false ved en periode, der er begyndt og ikke har slutdato; beslutning 35",
    "SF1520: beskyttet is false with a period that has begun and has no end date; decision 35",
)
_ASKED: Final = Wording("Beslutning 2: låneren slås op samme nat", "Decision 2: the patron is looked up the same night")

PROTECTION_RULES: Final = (
    ProtectionRule(Voice.FILE, Says.KNOWN, None, Stands.PROTECTED, Protecting.KEEP, _FILE_0001),
    ProtectionRule(Voice.FILE, Says.KNOWN, None, Stands.OPEN, Protecting.SEAL, _FILE_0001),
    ProtectionRule(Voice.FILE, Says.KNOWN, None, Stands.NEW, Protecting.SEAL, _FILE_0001),
    ProtectionRule(Voice.FILE, Says.CONTRADICTORY, None, Stands.PROTECTED, Protecting.KEEP, _FILE_DATES),
    ProtectionRule(Voice.FILE, Says.CONTRADICTORY, None, Stands.OPEN, Protecting.SEAL, _FILE_DATES),
    ProtectionRule(Voice.FILE, Says.CONTRADICTORY, None, Stands.NEW, Protecting.SEAL, _FILE_DATES),
    ProtectionRule(Voice.FILE, Says.EMPTY, True, Stands.PROTECTED, Protecting.ASK, _FILE_NONE),
    ProtectionRule(Voice.FILE, Says.EMPTY, True, Stands.OPEN, Protecting.KEEP, _FILE_NONE),
    ProtectionRule(Voice.FILE, Says.EMPTY, True, Stands.NEW, Protecting.SETTLED_OPEN, _FILE_NONE),
    ProtectionRule(Voice.FILE, Says.EMPTY, False, Stands.PROTECTED, Protecting.KEEP, _FILE_OUTSIDE),
    ProtectionRule(Voice.FILE, Says.EMPTY, False, Stands.OPEN, Protecting.KEEP, _FILE_OUTSIDE),
    ProtectionRule(Voice.FILE, Says.EMPTY, False, Stands.NEW, Protecting.SEALED_UNTIL_TOLD, _FILE_OUTSIDE),
    ProtectionRule(Voice.FILE, Says.SILENT, None, Stands.PROTECTED, Protecting.KEEP, _FILE_SILENT),
    ProtectionRule(Voice.FILE, Says.SILENT, None, Stands.OPEN, Protecting.KEEP, _FILE_SILENT),
    ProtectionRule(Voice.FILE, Says.SILENT, None, Stands.NEW, Protecting.SEALED_UNTIL_TOLD, _FILE_SILENT),
    ProtectionRule(Voice.LOOKUP, Says.KNOWN, None, Stands.PROTECTED, Protecting.KEEP, _SOAP_TRUE),
    ProtectionRule(Voice.LOOKUP, Says.KNOWN, None, Stands.OPEN, Protecting.SEAL, _SOAP_TRUE),
    ProtectionRule(Voice.LOOKUP, Says.KNOWN, None, Stands.NEW, Protecting.SEAL, _SOAP_TRUE),
    ProtectionRule(Voice.LOOKUP, Says.CONTRADICTORY, None, Stands.PROTECTED, Protecting.KEEP, _SOAP_DOUBT),
    ProtectionRule(Voice.LOOKUP, Says.CONTRADICTORY, None, Stands.OPEN, Protecting.SEAL, _SOAP_DOUBT),
    ProtectionRule(Voice.LOOKUP, Says.CONTRADICTORY, None, Stands.NEW, Protecting.SEAL, _SOAP_DOUBT),
    ProtectionRule(Voice.LOOKUP, Says.EMPTY, None, Stands.PROTECTED, Protecting.ASK, _SOAP_CANDIDATE),
    ProtectionRule(Voice.LOOKUP, Says.EMPTY, None, Stands.OPEN, Protecting.KEEP, _SOAP_FALSE),
    ProtectionRule(Voice.LOOKUP, Says.EMPTY, None, Stands.NEW, Protecting.SETTLED_OPEN, _SOAP_FALSE),
    ProtectionRule(Voice.LOOKUP, Says.SILENT, None, Stands.PROTECTED, Protecting.KEEP, _SOAP_ABSENT),
    ProtectionRule(Voice.LOOKUP, Says.SILENT, None, Stands.OPEN, Protecting.KEEP, _SOAP_ABSENT),
    ProtectionRule(Voice.LOOKUP, Says.SILENT, None, Stands.NEW, Protecting.SEALED_UNTIL_TOLD, _SOAP_ABSENT),
    ProtectionRule(Voice.ANSWER, Says.KNOWN, None, Stands.PROTECTED, Protecting.KEEP_FOR_REVIEW, _ASKED),
    ProtectionRule(Voice.ANSWER, Says.CONTRADICTORY, None, Stands.PROTECTED, Protecting.KEEP_FOR_REVIEW, _ASKED),
    ProtectionRule(Voice.ANSWER, Says.DOUBTED, None, Stands.PROTECTED, Protecting.KEEP_AND_COUNT, _SOAP_NIGHTS),
    ProtectionRule(Voice.ANSWER, Says.EMPTY, None, Stands.PROTECTED, Protecting.LIFT, _ASKED),
    ProtectionRule(Voice.ANSWER, Says.SILENT, None, Stands.PROTECTED, Protecting.LIFT, _ASKED),
    ProtectionRule(Voice.ANSWER, Says.NUMBER_ONLY, None, Stands.PROTECTED, Protecting.KEEP_AND_ASK_AGAIN, _NUMBER),
    ProtectionRule(Voice.ANSWER, Says.UNKNOWN_NUMBER, None, Stands.PROTECTED, Protecting.KEEP_AND_ASK_AGAIN, _STRANGER),
    ProtectionRule(Voice.ANSWER, Says.UNANSWERED, None, Stands.PROTECTED, Protecting.KEEP_AND_ASK_AGAIN, _ASKED),
)

#: After this many nights with the same doubtful answer two people may end a protection (decision 35).
NIGHTS_OF_DOUBT: Final = 3

# -- how the code reads it ---------------------------------------------------------------------------------

#: A person's protection, as a reader reports it.
Told: TypeAlias = Protection | Gap

_TOLD: Final[Mapping[Says, Told]] = {
    Says.KNOWN: Protection.NAME_AND_ADDRESS,
    Says.EMPTY: EMPTY,
    Says.SILENT: SILENT,
}
_STORED: Final[Mapping[Stands, Told]] = {
    Stands.PROTECTED: Protection.NAME_AND_ADDRESS,
    Stands.OPEN: EMPTY,
    Stands.NEW: SILENT,
}
_VOICES: Final = {Voice.FILE: Source.FILE, Voice.LOOKUP: Source.LOOKUP}

#: What happens, by source, what the source says, and what is stored.
_DONE: Final[Mapping[tuple[Source, Told, Told], Protecting]] = {
    (_VOICES[rule.voice], _TOLD[rule.says], _STORED[rule.stands]): rule.does
    for rule in PROTECTION_RULES
    if rule.voice in _VOICES and rule.says in _TOLD and rule.agreed is not False
}
#: What happens, by what the night's look-up says.
_ANSWERED: Final[Mapping[Says, Protecting]] = {
    rule.says: rule.does for rule in PROTECTION_RULES if rule.voice is Voice.ANSWER
}
_SAID: Final[Mapping[Told, Says]] = {told: says for says, told in _TOLD.items()}
#: What a report calls each outcome.
_CALLED: Final[Mapping[Protecting, Action]] = {
    Protecting.SEAL: Action.PROTECT,
    Protecting.LIFT: Action.UNPROTECT,
    Protecting.ASK: Action.UNPROTECT,
    Protecting.SETTLED_OPEN: Action.PROTECTION_SETTLED,
}


def protecting(source: Source, told: Told, stored: Told) -> Protecting:
    """What a source's answer does to a record that says `stored`."""
    return _DONE[source, told, stored]


def answered(answer: Person | Says) -> Protecting:
    """What the night's look-up does after a delivery said that a protection ended.

    `answer` is the person, or the reason why there is none.
    """
    if isinstance(answer, Says):
        return _ANSWERED[answer]
    if answer.status in NUMBER_ONLY:
        # a replaced or annulled number says nothing about the person, and silence lifts no protection
        return _ANSWERED[Says.NUMBER_ONLY]
    return _ANSWERED[Says.DOUBTED if answer.is_end_doubted else _SAID[answer.protection]]


def action_between(before: Told, after: Told) -> Action | None:
    """The name of the step from one stored value to another, once it is accepted; None: there is none."""
    return _CALLED.get(_DONE[Source.LOOKUP, after, before])
