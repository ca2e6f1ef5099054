"""Whether two people have approved a held plan, and whether a new plan does no more than they approved.

Approval covers the harmful part of one plan (decisions 18 and 39). A later plan may do less. One harmful change more,
and the approval does not count: the night is held again. A change without harm needs no approval. A first yes follows
the plan in the same way: it counts for a later held plan that does no more.
"""

from __future__ import annotations

import enum
import unicodedata
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from cprsync.domain.trust.moments import is_within

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cprsync.domain.person.status import Action
    from cprsync.domain.policy.policy import Harm

#: How long an approval counts, from the second yes.
APPROVAL_LIVES: Final = timedelta(hours=4)
#: How many people have to say yes.
PEOPLE: Final = 2
#: So much of a plan's hash names it to people: `sha256:` and eight digits.
PLAN_SHOWN: Final = len("sha256:") + 8


@dataclass(frozen=True, slots=True)
class GivenYes:
    """One person's yes to one held plan."""

    who: str
    at: datetime


class WhyNoYes(enum.Enum):
    """Why a yes does not count."""

    #: the program cannot tell who says it
    NOBODY = "nobody"
    #: the same person has said yes already
    SAME_PERSON = "same_person"
    #: two people have said yes already
    APPROVED = "approved"


def people_behind(who: str) -> frozenset[str]:
    """Whose word a name of the audit may be, so that one person counts once, however they came.

    A name given with `--as` is only typed in (decision 18): it may be the word of the account that gave it, in brackets
    behind it. An account of the identity provider may be an e-mail address. Only letters and digits make a difference,
    and neither capitals nor how a letter is encoded. Two people with the same name count as one.
    """
    name, is_given, account = who.rpartition(" (")
    return frozenset(map(_letters_of, (name, account) if is_given else (who,)))


def _letters_of(name: str) -> str:
    mailbox, is_mail, _ = unicodedata.normalize("NFKC", name).partition("@")
    written = mailbox.partition("+")[0] if is_mail else mailbox
    # folded capitals may be composed of more than one sign
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", written.casefold())))


def are_one_person(who: str, other: str) -> bool:
    """Whether two names of the audit may be one person's, or one of them is nobody's."""
    people, others = people_behind(who), people_behind(other)
    return "" in people | others or not people.isdisjoint(others)


def yeses_in_force(given: Sequence[GivenYes], now: datetime) -> tuple[GivenYes, ...]:
    """Those of the yeses, the oldest first, that count now: none, a first one, or the two of an approval.

    A first yes waits for the second as long as the plan is held. An approval that has run out counts for nothing: both
    people say yes again. One from far ahead was given by a clock that was wrong, and counts for nothing either.
    """
    if len(given) % PEOPLE:
        return (given[-1],)
    pair = tuple(given[-PEOPLE:])
    return pair if pair and is_within(pair[-1].at, APPROVAL_LIVES, now) else ()


def approved_until(given: Sequence[GivenYes]) -> datetime | None:
    """The moment at which the last approval runs out, or has run out. None: two people have not said yes."""
    whole = len(given) - len(given) % PEOPLE
    return given[whole - 1].at + APPROVAL_LIVES if whole else None


def why_no_yes(in_force: Sequence[GivenYes], who: str | None) -> WhyNoYes | None:
    """Why a person's yes does not count beside those in force. None: it counts. `who` None: nobody knows who it is."""
    if who is None or "" in people_behind(who):
        return WhyNoYes.NOBODY
    if len(in_force) == PEOPLE:
        return WhyNoYes.APPROVED
    return WhyNoYes.SAME_PERSON if any(are_one_person(who, one.who) for one in in_force) else None


@dataclass(frozen=True, slots=True, repr=False)
class PlannedHarm:
    """One planned change that does harm. Holds no value."""

    patron_id: str
    version: int
    kinds: frozenset[Action]
    harms: frozenset[Harm]
    #: the keyed fingerprint of the new values
    digest: bytes


@dataclass(frozen=True, slots=True, repr=False)
class Harmful:
    """The part of a plan that needs approval."""

    changes: Sequence[PlannedHarm] = ()
    #: what a limit counts beside the changes, by class: keyed marks, and how often each occurs
    beside: Mapping[Harm, Counter[bytes]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, repr=False)
class BeyondApproval:
    """What a plan does beyond what was approved. It is false if there is nothing."""

    #: the harmful changes that nobody approved
    changes: tuple[PlannedHarm, ...] = ()
    #: how many more, by class, beside the changes
    beside: Mapping[Harm, int] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.changes or self.beside)

    @property
    def patrons(self) -> frozenset[str]:
        """The patrons with such a change."""
        return frozenset(one.patron_id for one in self.changes)


def find_added(approved: Harmful, planned: Harmful, written: Mapping[str, int]) -> BeyondApproval:
    """What a plan does beyond an approved one.

    Args:
        approved: the plan that was held and approved.
        planned: the plan decided now.
        written: how often the held run has written each patron. A held run writes protections and stops letters, so
            these patrons may have moved on by as many versions.
    """
    left: dict[str, list[PlannedHarm]] = {}
    for one in approved.changes:
        left.setdefault(one.patron_id, []).append(one)
    changes = tuple(
        one
        for one in planned.changes
        if not _take_approved(left.get(one.patron_id, []), one, written.get(one.patron_id, 0))
    )
    more = {harm: marks - approved.beside.get(harm, Counter()) for harm, marks in planned.beside.items()}
    return BeyondApproval(changes, {harm: marks.total() for harm, marks in more.items() if marks})


def is_as_approved(approved: Harmful, planned: Harmful, added: BeyondApproval) -> bool:
    """Whether a plan does what an earlier one does, neither more nor less. `added`: what it does beyond that one."""
    return not added and len(planned.changes) == len(approved.changes) and planned.beside == approved.beside


def _take_approved(left: list[PlannedHarm], planned: PlannedHarm, written: int) -> bool:
    """Take the approved change that covers a planned one out of those that are left. False: none covers it."""
    for place, approved in enumerate(left):
        if _covers(approved, planned, written):
            del left[place]
            return True
    return False


def _covers(approved: PlannedHarm, planned: PlannedHarm, written: int) -> bool:
    return (
        approved.digest == planned.digest
        and planned.kinds <= approved.kinds
        and planned.harms <= approved.harms
        and approved.version <= planned.version <= approved.version + written
    )
