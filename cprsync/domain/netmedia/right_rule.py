"""The table that decides a right to a net medium.

It is read from the top: the first row that holds gives the answer. All rows that say no come first, then those that say
undecided, then those that say yes. So an unknown fact never hides a no, and never becomes one. `cprsync rules` prints
the table with its sources, in the words of the catalogue `rules`. `right_day` says when a row holds.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cprsync.domain.policy.product import LicensedBy

if TYPE_CHECKING:
    from collections.abc import Mapping


class RightByRule(enum.Enum):
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


class ChangeCause(enum.Enum):
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
    answer: RightByRule
    changes: ChangeCause


_ROWS: Final = (
    RightRow(RightRule.NOT_OFFERED, None, RightByRule.NO, ChangeCause.POLICY),
    RightRow(RightRule.CLOSED, None, RightByRule.NO, ChangeCause.REGISTRATION),
    RightRow(RightRule.NO_BORROWER, None, RightByRule.NO, ChangeCause.REGISTRATION),
    RightRow(RightRule.NO_PERSON, None, RightByRule.NO, ChangeCause.KIND),
    RightRow(RightRule.DEAD, None, RightByRule.NO, ChangeCause.DEATH_ANNULLED),
    # CULR keeps its number: an empty one would also remove the one that the patron's other libraries rely on
    RightRow(RightRule.LEAVING, None, RightByRule.NO, ChangeCause.STAYS),
    RightRow(RightRule.BLOCKED, None, RightByRule.NO, ChangeCause.BLOCK),
    RightRow(RightRule.GROUP, None, RightByRule.NO, ChangeCause.GROUP),
    RightRow(RightRule.TOO_YOUNG, None, RightByRule.NO, ChangeCause.BIRTHDAY),
    RightRow(RightRule.TOO_OLD, None, RightByRule.NO, ChangeCause.BIRTH_DATE),
    RightRow(RightRule.ELSEWHERE, LicensedBy.MUNICIPALITY, RightByRule.NO, ChangeCause.RESIDENCE),
    RightRow(RightRule.UNLICENSED, LicensedBy.MUNICIPALITY, RightByRule.NO, ChangeCause.MOVE),
    RightRow(RightRule.NUMBER, LicensedBy.MUNICIPALITY, RightByRule.UNDECIDED, ChangeCause.NUMBER),
    RightRow(RightRule.RESIDENCE_UNKNOWN, LicensedBy.MUNICIPALITY, RightByRule.UNDECIDED, ChangeCause.RESIDENCE_KNOWN),
    RightRow(RightRule.LICENCE_UNKNOWN, LicensedBy.MUNICIPALITY, RightByRule.UNDECIDED, ChangeCause.LICENCE),
    RightRow(RightRule.AGE_UNKNOWN, None, RightByRule.UNDECIDED, ChangeCause.BIRTH_DATE),
    RightRow(RightRule.MUNICIPALITY, LicensedBy.MUNICIPALITY, RightByRule.YES, ChangeCause.MOVE),
    RightRow(RightRule.LIBRARY, LicensedBy.LIBRARY, RightByRule.YES, ChangeCause.LEAVES),
)

#: The table by rule, in the order in which it is read.
RIGHT_RULES: Final[Mapping[RightRule, RightRow]] = {row.rule: row for row in _ROWS}
