"""What decides a right to a net medium, as one table that is read from the top: the first row that holds is the answer.

Every no stands above every undecided, and these above every yes: what is not known never hides a no, and never is one.
The code reads the same rows that `cprsync rules` prints; when a row holds is said in `rights`.
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
    #: something is not known, and nobody takes the right away because of that
    UNDECIDED = "undecided"


class RightRule(enum.Enum):
    """Why a patron has the right to a product, has not, or why that is undecided."""

    #: the policy has the product on other days
    NOT_OFFERED = "not_offered"
    #: the record is closed
    CLOSED = "closed"
    #: she is no borrower, and only answers for a minor
    NO_BORROWER = "no_borrower"
    #: an institution or a library
    NO_PERSON = "no_person"
    #: the register says that she is dead
    DEAD = "dead"
    #: she has asked to leave
    LEAVING = "leaving"
    #: a block closes it
    BLOCKED = "blocked"
    #: it is not for her group
    GROUP = "group"
    #: not old enough
    TOO_YOUNG = "too_young"
    #: too old
    TOO_OLD = "too_old"
    #: abroad, in Greenland, or without a residence
    ELSEWHERE = "elsewhere"
    #: her municipality holds no licence
    UNLICENSED = "unlicensed"
    #: her number is annulled
    NUMBER = "number"
    #: nobody knows where she lives
    RESIDENCE_UNKNOWN = "residence_unknown"
    #: nobody here knows whether her municipality holds a licence
    LICENCE_UNKNOWN = "licence_unknown"
    #: it has ages, and no birth date is known
    AGE_UNKNOWN = "age_unknown"
    #: her municipality holds the licence
    MUNICIPALITY = "municipality"
    #: the library holds it
    LIBRARY = "library"

    # a member is one object: the enum's own hash is slow
    __hash__ = object.__hash__


class Change(enum.Enum):
    """What would bring another answer."""

    #: the policy's own dates, or another policy
    POLICY = "policy"
    #: she registers, or registers again
    REGISTRATION = "registration"
    #: the kind of patron was wrong
    KIND = "kind"
    #: the death was a mistake
    DEATH_ANNULLED = "death_annulled"
    #: she stays after all
    STAYS = "stays"
    #: the block is lifted, or begins
    BLOCK = "block"
    #: another patron group
    GROUP = "group"
    #: she reaches an age
    BIRTHDAY = "birthday"
    #: a birth date becomes known, or is corrected
    BIRTH_DATE = "birth_date"
    #: she lives in a Danish municipality again
    RESIDENCE = "residence"
    #: she moves
    MOVE = "move"
    #: a valid number
    NUMBER = "number"
    #: it becomes known where she lives
    RESIDENCE_KNOWN = "residence_known"
    #: it becomes known whether the municipality holds a licence
    LICENCE = "licence"
    #: a correction from the desk begins or ends
    CORRECTION = "correction"
    #: she is no patron any more
    LEAVES = "leaves"

    # a member is one object: the enum's own hash is slow
    __hash__ = object.__hash__


@dataclass(frozen=True, slots=True)
class RightRow:
    """One row: whose licences it is about, what it answers, and what would change that."""

    rule: RightRule
    #: None: whoever holds the licence
    licensed_by: LicensedBy | None
    what: Wording
    answer: Answer
    changes: Change
    source: Wording


def _policy(section: str) -> Wording:
    return Wording(f"policy.toml: product ({section})", f"policy.toml: product ({section})")


_RECORD: Final = Wording("Postens Lånerforhold", "The record's standing")
_KIND: Final = Wording("Postens Lånertype", "The record's kind of patron")
_CULR: Final = Wording("CULR: ét kommunenummer pr. person; beslutning 11", "CULR: one number a person; decision 11")

_ROWS: Final = (
    RightRow(
        RightRule.NOT_OFFERED,
        None,
        Wording("biblioteket har ikke produktet den dag", "the library does not have the product on that day"),
        Answer.NO,
        Change.POLICY,
        _policy("since, until"),
    ),
    RightRow(
        RightRule.CLOSED,
        None,
        Wording("låneren er meldt ud", "the patron has left the library"),
        Answer.NO,
        Change.REGISTRATION,
        _RECORD,
    ),
    RightRow(
        RightRule.NO_BORROWER,
        None,
        Wording("er ikke låner, men svarer kun for en mindreårig", "no borrower, but only answers for a minor"),
        Answer.NO,
        Change.REGISTRATION,
        _KIND,
    ),
    RightRow(
        RightRule.NO_PERSON,
        None,
        Wording("er en institution eller et bibliotek, ikke en person", "an institution or a library, and no person"),
        Answer.NO,
        Change.KIND,
        _KIND,
    ),
    RightRow(
        RightRule.DEAD,
        None,
        Wording("låneren er død", "the patron is dead"),
        Answer.NO,
        Change.DEATH_ANNULLED,
        Wording("CPR: post 001 (status); beslutning 11", "CPR: record 001 (status); decision 11"),
    ),
    RightRow(
        RightRule.LEAVING,
        None,
        Wording("låneren er ved at blive meldt ud", "the patron is leaving the library"),
        Answer.NO,
        Change.STAYS,
        # a deliberate empty would take the number that her other libraries count with too
        Wording(
            "Postens Lånerforhold; CULR beholder kommunen, til posten lukkes: beslutning 11",
            "The record's standing; CULR keeps the municipality until the record closes: decision 11",
        ),
    ),
    RightRow(
        RightRule.BLOCKED,
        None,
        Wording("låneren er blokeret", "the patron is blocked"),
        Answer.NO,
        Change.BLOCK,
        _policy("closing_blocks"),
    ),
    RightRow(
        RightRule.GROUP,
        None,
        Wording("produktet er ikke for lånergruppen", "the product is not for the patron group"),
        Answer.NO,
        Change.GROUP,
        _policy("closed_groups"),
    ),
    RightRow(
        RightRule.TOO_YOUNG,
        None,
        Wording("låneren er for ung", "the patron is too young"),
        Answer.NO,
        Change.BIRTHDAY,
        _policy("from_age"),
    ),
    RightRow(
        RightRule.TOO_OLD,
        None,
        Wording("låneren er for gammel", "the patron is too old"),
        Answer.NO,
        Change.BIRTH_DATE,
        _policy("below_age"),
    ),
    RightRow(
        RightRule.ELSEWHERE,
        LicensedBy.MUNICIPALITY,
        Wording("låneren bor ikke i en dansk kommune", "the patron does not live in a Danish municipality"),
        Answer.NO,
        Change.RESIDENCE,
        Wording("CPR: post 001 (status), kommunekoder; beslutning 11", "CPR: record 001 (status), codes; decision 11"),
    ),
    RightRow(
        RightRule.UNLICENSED,
        LicensedBy.MUNICIPALITY,
        Wording("bopælskommunen har ikke licens", "the municipality of residence holds no licence"),
        Answer.NO,
        Change.MOVE,
        _policy("municipalities, unlicensed"),
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
        Wording("CPR: post 001 (status); beslutning 11", "CPR: record 001 (status); decision 11"),
    ),
    RightRow(
        RightRule.RESIDENCE_UNKNOWN,
        LicensedBy.MUNICIPALITY,
        Wording("bopælen er ikke kendt", "the residence is not known"),
        Answer.UNDECIDED,
        Change.RESIDENCE_KNOWN,
        Wording("Beslutning 1 og 11", "Decisions 1 and 11"),
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
        _policy("municipalities, unlicensed"),
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
        _policy("from_age, below_age"),
    ),
    RightRow(
        RightRule.MUNICIPALITY,
        LicensedBy.MUNICIPALITY,
        Wording("bopælskommunen har licens", "the municipality of residence holds a licence"),
        Answer.YES,
        Change.MOVE,
        _CULR,
    ),
    RightRow(
        RightRule.LIBRARY,
        LicensedBy.LIBRARY,
        Wording("biblioteket har licens til sine egne lånere", "the library holds a licence for its own patrons"),
        Answer.YES,
        Change.LEAVES,
        _policy("licensed_by"),
    ),
)

#: The table by rule, in the order in which it is read.
RIGHT_RULES: Final[Mapping[RightRule, RightRow]] = {row.rule: row for row in _ROWS}
