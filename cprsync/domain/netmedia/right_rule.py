"""The table that decides a right to a net medium, and its words.

It is read from the top: the first row that holds gives the answer. All rows that say no come first, then those that say
undecided, then those that say yes. So an unknown fact never hides a no, and never becomes one. `cprsync rules` prints
the table with its sources. `right_day` says when a row holds.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cprsync.domain.policy.product import LicensedBy
from cprsync.domain.wording import Wording

if TYPE_CHECKING:
    from collections.abc import Mapping


class Answer(enum.Enum):
    """Whether a patron has the right."""

    YES = "yes"
    NO = "no"
    #: something is unknown, and the patron keeps a right that they have
    UNDECIDED = "undecided"


class RightRule(enum.Enum):
    """Why a patron has the right to a product, does not have it, or why that is undecided."""

    #: the policy has the product on other days only
    NOT_OFFERED = "not_offered"
    #: the record is closed
    CLOSED = "closed"
    #: the patron does not borrow, and only answers for a minor
    NO_BORROWER = "no_borrower"
    #: an institution or a library
    NO_PERSON = "no_person"
    #: the register says that the patron is dead
    DEAD = "dead"
    #: the patron has asked to leave
    LEAVING = "leaving"
    #: a block closes the product
    BLOCKED = "blocked"
    #: the product is not for the patron's group
    GROUP = "group"
    #: the patron is not old enough
    TOO_YOUNG = "too_young"
    #: the patron is too old
    TOO_OLD = "too_old"
    #: abroad, in Greenland, or without a residence
    ELSEWHERE = "elsewhere"
    #: the municipality has no licence
    UNLICENSED = "unlicensed"
    #: the number is annulled
    NUMBER = "number"
    #: the residence is unknown
    RESIDENCE_UNKNOWN = "residence_unknown"
    #: it is unknown here whether the municipality has a licence
    LICENCE_UNKNOWN = "licence_unknown"
    #: the product has age limits, and no birth date is known
    AGE_UNKNOWN = "age_unknown"
    #: the municipality has the licence
    MUNICIPALITY = "municipality"
    #: the library has the licence
    LIBRARY = "library"

    # a member is one object: the enum's own hash is slow
    __hash__ = object.__hash__


class Change(enum.Enum):
    """What would change the answer."""

    #: the policy's own dates, or another policy
    POLICY = "policy"
    #: the patron registers, or registers again
    REGISTRATION = "registration"
    #: the kind of patron is corrected
    KIND = "kind"
    #: the death is annulled
    DEATH_ANNULLED = "death_annulled"
    #: the patron stays after all
    STAYS = "stays"
    #: the block begins or is lifted
    BLOCK = "block"
    #: another patron group
    GROUP = "group"
    #: the patron reaches an age
    BIRTHDAY = "birthday"
    #: a birth date becomes known, or is corrected
    BIRTH_DATE = "birth_date"
    #: the patron lives in a Danish municipality again
    RESIDENCE = "residence"
    #: the patron moves
    MOVE = "move"
    #: a valid number
    NUMBER = "number"
    #: the residence becomes known
    RESIDENCE_KNOWN = "residence_known"
    #: it becomes known whether the municipality has a licence
    LICENCE = "licence"
    #: a correction from the desk begins or ends
    CORRECTION = "correction"
    #: the patron leaves the library
    LEAVES = "leaves"

    # a member is one object: the enum's own hash is slow
    __hash__ = object.__hash__


@dataclass(frozen=True, slots=True)
class RightRow:
    """One row: which licences it concerns, what it answers, and what would change the answer."""

    rule: RightRule
    #: None: any holder of the licence
    licensed_by: LicensedBy | None
    what: Wording
    answer: Answer
    changes: Change


_ROWS: Final = (
    RightRow(
        RightRule.NOT_OFFERED,
        None,
        Wording("biblioteket har ikke produktet den dag", "the library does not have the product on that day"),
        Answer.NO,
        Change.POLICY,
    ),
    RightRow(
        RightRule.CLOSED,
        None,
        Wording("låneren er meldt ud", "the patron has left the library"),
        Answer.NO,
        Change.REGISTRATION,
    ),
    RightRow(
        RightRule.NO_BORROWER,
        None,
        Wording("er ikke låner, men svarer kun for en mindreårig", "no borrower, but only answers for a minor"),
        Answer.NO,
        Change.REGISTRATION,
    ),
    RightRow(
        RightRule.NO_PERSON,
        None,
        Wording("er en institution eller et bibliotek, ikke en person", "an institution or a library, and no person"),
        Answer.NO,
        Change.KIND,
    ),
    RightRow(
        RightRule.DEAD,
        None,
        Wording("låneren er død", "the patron is dead"),
        Answer.NO,
        Change.DEATH_ANNULLED,
    ),
    RightRow(
        RightRule.LEAVING,
        None,
        Wording("låneren er ved at blive meldt ud", "the patron is leaving the library"),
        Answer.NO,
        Change.STAYS,
        # an empty number would also remove the one that the patron's other libraries rely on
    ),
    RightRow(
        RightRule.BLOCKED,
        None,
        Wording("låneren er blokeret", "the patron is blocked"),
        Answer.NO,
        Change.BLOCK,
    ),
    RightRow(
        RightRule.GROUP,
        None,
        Wording("produktet er ikke for lånergruppen", "the product is not for the patron group"),
        Answer.NO,
        Change.GROUP,
    ),
    RightRow(
        RightRule.TOO_YOUNG,
        None,
        Wording("låneren er for ung", "the patron is too young"),
        Answer.NO,
        Change.BIRTHDAY,
    ),
    RightRow(
        RightRule.TOO_OLD,
        None,
        Wording("låneren er for gammel", "the patron is too old"),
        Answer.NO,
        Change.BIRTH_DATE,
    ),
    RightRow(
        RightRule.ELSEWHERE,
        LicensedBy.MUNICIPALITY,
        Wording("låneren bor ikke i en dansk kommune", "the patron does not live in a Danish municipality"),
        Answer.NO,
        Change.RESIDENCE,
    ),
    RightRow(
        RightRule.UNLICENSED,
        LicensedBy.MUNICIPALITY,
        Wording("bopælskommunen har ikke licens", "the municipality of residence holds no licence"),
        Answer.NO,
        Change.MOVE,
    ),
    RightRow(
        RightRule.NUMBER,
        LicensedBy.MUNICIPALITY,
        Wording(
            "personnummeret er annulleret, og netmedierne kender låneren på det",
            "the number is annulled, and the net media know the patron by it",
        ),
        Answer.UNDECIDED,
        Change.NUMBER,
    ),
    RightRow(
        RightRule.RESIDENCE_UNKNOWN,
        LicensedBy.MUNICIPALITY,
        Wording("bopælen er ikke kendt", "the residence is not known"),
        Answer.UNDECIDED,
        Change.RESIDENCE_KNOWN,
    ),
    RightRow(
        RightRule.LICENCE_UNKNOWN,
        LicensedBy.MUNICIPALITY,
        Wording(
            "det er ikke kendt her, om bopælskommunen har licens",
            "it is not known here whether the municipality of residence holds a licence",
        ),
        Answer.UNDECIDED,
        Change.LICENCE,
    ),
    RightRow(
        RightRule.AGE_UNKNOWN,
        None,
        Wording(
            "produktet har aldersgrænse, og lånerens alder er ikke kendt",
            "the product has an age limit, and the patron's age is not known",
        ),
        Answer.UNDECIDED,
        Change.BIRTH_DATE,
    ),
    RightRow(
        RightRule.MUNICIPALITY,
        LicensedBy.MUNICIPALITY,
        Wording("bopælskommunen har licens", "the municipality of residence holds a licence"),
        Answer.YES,
        Change.MOVE,
    ),
    RightRow(
        RightRule.LIBRARY,
        LicensedBy.LIBRARY,
        Wording("biblioteket har licens til sine egne lånere", "the library holds a licence for its own patrons"),
        Answer.YES,
        Change.LEAVES,
    ),
)

#: The table by rule, in the order in which it is read.
RIGHT_RULES: Final[Mapping[RightRule, RightRow]] = {row.rule: row for row in _ROWS}


ANSWERS: Final[Mapping[Answer, Wording]] = {
    Answer.YES: Wording("ja", "yes"),
    Answer.NO: Wording("nej", "no"),
    Answer.UNDECIDED: Wording("uafklaret", "undecided"),
}
LICENCES: Final[Mapping[LicensedBy | None, Wording]] = {
    None: Wording("ligegyldigt", "either"),
    LicensedBy.MUNICIPALITY: Wording("bopælskommunens", "the municipality's"),
    LicensedBy.LIBRARY: Wording("bibliotekets", "the library's"),
}
CHANGES: Final[Mapping[Change, Wording]] = {
    Change.POLICY: Wording("når netmediets vilkår skifter", "when the net medium's terms change"),
    Change.REGISTRATION: Wording("når vedkommende melder sig ind", "when the patron registers"),
    Change.KIND: Wording("når lånertypen rettes", "when the kind of patron is corrected"),
    Change.DEATH_ANNULLED: Wording("når dødsfaldet annulleres", "when the death is annulled"),
    Change.STAYS: Wording("når låneren bliver alligevel", "when the patron stays after all"),
    Change.BLOCK: Wording("når en blokering begynder eller ophæves", "when a block begins or is lifted"),
    Change.GROUP: Wording("når låneren kommer i en anden lånergruppe", "when the patron comes into another group"),
    Change.BIRTHDAY: Wording("når låneren når en aldersgrænse", "when the patron reaches an age limit"),
    Change.BIRTH_DATE: Wording(
        "når en anden fødselsdato bliver kendt eller rettes", "when another birth date becomes known or is corrected"
    ),
    Change.RESIDENCE: Wording("når låneren får bopæl i en dansk kommune", "when the patron lives in Denmark"),
    Change.MOVE: Wording("når låneren flytter til en anden kommune", "when the patron moves to another municipality"),
    Change.NUMBER: Wording("når låneren har et gyldigt nummer", "when the patron has a valid number"),
    Change.RESIDENCE_KNOWN: Wording(
        "når registret kender bopælen, eller kommunen skrives ind ved skranken",
        "when the register knows the residence, or the municipality is typed at the desk",
    ),
    Change.LICENCE: Wording(
        "når det bliver oplyst, om kommunen har licens, eller låneren flytter",
        "when it becomes known whether that municipality holds a licence, or the patron moves",
    ),
    Change.CORRECTION: Wording(
        "når en rettelse ved skranken begynder eller udløber", "when a correction from the desk begins or ends"
    ),
    Change.LEAVES: Wording("når låneren meldes ud", "when the patron leaves the library"),
}
#: What a move does not change.
RUNNING_LOANS: Final = Wording(
    "En flytning gælder for nye lån fra den dag; lån, der er i gang, røres ikke.",
    "A move counts for new loans from that day; running loans are left alone.",
)


def with_detail(why: Wording, detail: Wording) -> Wording:
    """A rule in words, followed by what it read in brackets."""
    return Wording(f"{why.da} ({detail.da})", f"{why.en} ({detail.en})") if detail.da else why


def explain(answer: Answer, why: Wording, change: Change) -> Wording:
    """The answer with its reason, what would change it, and, for a move, what it leaves alone."""
    said, when = ANSWERS[answer], CHANGES[change]
    da, en = (f" {RUNNING_LOANS.da}", f" {RUNNING_LOANS.en}") if change is Change.MOVE else ("", "")
    return Wording(
        f"{said.da.capitalize()}: {why.da}. Ændres, {when.da}.{da}",
        f"{said.en.capitalize()}: {why.en}. Changes {when.en}.{en}",
    )
