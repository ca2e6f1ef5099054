"""Who may look a person up, how often, and when a second person has to sign.

The rules bind people, not machines (decision 12): machines have quotas. A person is known by the account that they
signed in with, or by their account of the operating system. Leaves out what a role may do: see `roles`.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from cprsync.domain.deciding.approval import are_one_person
from cprsync.domain.desk.confirming import SERVICE
from cprsync.domain.feed.delivery import COPENHAGEN
from cprsync.domain.patron.patron import Purpose
from cprsync.domain.trust.moments import is_within

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Doing(enum.Enum):
    """What somebody wants to do with one person's data."""

    #: ask the register
    LOOK_UP = "lookup"
    #: open what is sealed
    REVEAL = "reveal"
    #: change a record
    EDIT = "edit"
    #: answer a review item
    REVIEW = "review"


class Closeness(enum.Enum):
    """What makes a person more than a stranger to the one who asks."""

    #: it is they themselves
    OWN = "own"
    #: they live at the same address
    HOUSEHOLD = "household"
    #: the privacy officer watches every look-up of this person
    WATCHED = "watched"
    #: they have the same family name
    FAMILY = "family"


class Rule(enum.Enum):
    """Why something is refused."""

    #: too many look-ups in a row found nobody
    STOPPED = "stopped"
    #: too many look-ups within an hour
    HOUR = "hour"
    #: too many look-ups on one day
    DAY = "day"
    #: too many people were looked up on one day who did not become patrons
    STRANGERS = "strangers"
    #: somebody who did not become a patron was looked up, and nobody has said why
    REASON_OWED = "reason"
    #: a second person has to sign
    SECOND = "second"


class AttemptOutcome(enum.Enum):
    """What came of an attempt."""

    FOUND = "found"
    NOT_FOUND = "not_found"
    #: the register did not answer
    FAILED = "failed"
    #: the person is a patron now, or answers for one
    RECORDED = "recorded"
    #: why the person did not become a patron was said
    EXPLAINED = "explained"
    #: the person has the family name of the one who asked
    FAMILY = "family"
    #: the answer was withheld: the person lives with the one who asked
    WITHHELD = "withheld"
    #: a second person signed for it
    SIGNED = "signed"
    #: what was signed for was done
    USED = "used"
    #: a supervisor has seen the sample, and it was in order
    CHECKED = "checked"
    #: a supervisor has seen the sample, and it was not in order
    QUESTIONED = "questioned"
    #: the one who asked is stopped
    STOPPED = "stopped"
    #: a supervisor lets them go on
    LIFTED = "lifted"


#: Whom a second person has to sign for.
NEEDS_SECOND: Final[Mapping[Doing, frozenset[Closeness]]] = {
    Doing.LOOK_UP: frozenset({Closeness.OWN, Closeness.HOUSEHOLD, Closeness.WATCHED}),
    Doing.REVEAL: frozenset({Closeness.OWN, Closeness.HOUSEHOLD, Closeness.WATCHED}),
    Doing.EDIT: frozenset({Closeness.OWN, Closeness.HOUSEHOLD}),
    Doing.REVIEW: frozenset({Closeness.OWN, Closeness.HOUSEHOLD}),
}
#: What says that nobody was shown, or that the person is a patron now.
_NOT_SHOWN: Final = frozenset(
    {AttemptOutcome.RECORDED, AttemptOutcome.NOT_FOUND, AttemptOutcome.FAILED, AttemptOutcome.WITHHELD}
)
#: After one of these, no reason is owed for a look-up.
SETTLED_BY: Final = _NOT_SHOWN | {AttemptOutcome.EXPLAINED}
#: How many look-ups in a row may find nobody before the user is stopped.
NOT_FOUND_MOST: Final = 10
#: How long a look-up of somebody who is no patron may stay open before its reason is owed.
OPEN_FOR: Final = timedelta(minutes=30)
#: How long a request for a second person's signature waits, and how long the signature holds.
WAITS_FOR_SECOND: Final = timedelta(minutes=15)
_HOUR: Final = timedelta(hours=1)
SIGNED_FOR: Final = timedelta(minutes=5)
#: How long a sample may wait for a supervisor.
SAMPLE_WAITS: Final = timedelta(days=14)
#: The share of the look-ups that are drawn as samples, and how many there are at least in a month. Somewhat more than
#: what is asked for (2 %, 20), because each is drawn by itself.
_SHARE, _A_MONTH, _MONTH = 0.03, 25, timedelta(days=30)
#: The largest share. If all were drawn, a user could foresee it.
_MOST: Final = 0.5


@dataclass(frozen=True, slots=True)
class Caps:
    """How often one person may look somebody up."""

    an_hour: int = 30
    a_day: int = 150
    #: people who do not become patrons
    strangers_a_day: int = 5


#: As long as the library sets no others.
DEFAULT_CAPS: Final = Caps()


@dataclass(frozen=True, slots=True, repr=False)
class Look:
    """One look-up that was made, and what came of it."""

    at: datetime
    purpose: str
    #: the person was no patron at the time
    is_stranger: bool
    #: it belongs to an earlier look-up: the same person is asked about again
    follows: bool = False
    outcomes: frozenset[AttemptOutcome] = frozenset()

    @property
    def counts(self) -> bool:
        """Whether it counts against the caps. The look-up of a responsible person belongs to the minor's."""
        joins = self.purpose == Purpose.GUARDIAN.value and AttemptOutcome.RECORDED in self.outcomes
        return not self.follows and not joins

    @property
    def is_stranger_still(self) -> bool:
        """Whether somebody was, or may have been, shown who did not become a patron."""
        return self.is_stranger and _NOT_SHOWN.isdisjoint(self.outcomes)

    def owes_reason(self, now: datetime) -> bool:
        """Whether somebody has to say why the person did not become a patron."""
        return self.is_stranger and SETTLED_BY.isdisjoint(self.outcomes) and now - self.at > OPEN_FOR


@dataclass(frozen=True, slots=True, repr=False)
class History:
    """What one person has looked up, the latest first.

    The caps need no look-up from before `counted_since`, except those for which a reason may be owed.
    """

    looks: Sequence[Look] = ()
    is_stopped: bool = False
    #: when a supervisor last let them go on; None: never
    lifted: datetime | None = None

    @property
    def not_found_in_a_row(self) -> int:
        """How many of the latest look-ups found nobody."""
        count = 0
        for look in self.looks:
            if self.lifted is not None and look.at <= self.lifted:
                break
            if AttemptOutcome.NOT_FOUND in look.outcomes:
                count += 1
            elif AttemptOutcome.FOUND in look.outcomes:
                break
        return count


@dataclass(frozen=True, slots=True, repr=False)
class Attempt:
    """What somebody is about to do."""

    user: str
    doing: Doing
    at: datetime
    closeness: frozenset[Closeness] = frozenset()
    #: the person is no patron; only of a look-up
    is_stranger: bool = False
    follows: bool = False
    #: a second person has signed for this very attempt
    is_signed: bool = False

    @property
    def is_by_person(self) -> bool:
        return self.user != SERVICE


def why_refused(attempt: Attempt, history: History, caps: Caps) -> Rule | None:
    """Why the attempt is refused; None: it may be made."""
    if not attempt.is_by_person:
        return None
    if history.is_stopped:
        return Rule.STOPPED
    if attempt.doing is Doing.LOOK_UP and not attempt.follows and (over := _over_a_cap(attempt, history, caps)):
        return over
    if not attempt.is_signed and not NEEDS_SECOND[attempt.doing].isdisjoint(attempt.closeness):
        return Rule.SECOND
    return None


def _over_a_cap(attempt: Attempt, history: History, caps: Caps) -> Rule | None:
    now, (begins, ends) = attempt.at, _day_around(attempt.at)
    of_today = [one for one in history.looks if begins <= one.at < ends]
    within_hour = [one for one in history.looks if is_within(one.at, _HOUR, now)]
    if sum(one.counts for one in within_hour) >= caps.an_hour:
        return Rule.HOUR
    if sum(one.counts for one in of_today) >= caps.a_day:
        return Rule.DAY
    if not attempt.is_stranger:
        return None
    if sum(one.is_stranger_still for one in of_today) >= caps.strangers_a_day:
        return Rule.STRANGERS
    return Rule.REASON_OWED if any(one.owes_reason(now) for one in history.looks) else None


def _day_around(moment: datetime) -> tuple[datetime, datetime]:
    """When the day of a moment begins and ends in Copenhagen."""
    midnight = moment.astimezone(COPENHAGEN).replace(hour=0, minute=0, second=0, microsecond=0)
    # as moments: two times of one zone would be compared by their clocks
    return midnight.astimezone(UTC), (midnight + timedelta(days=1)).astimezone(UTC)


def counted_since(now: datetime) -> datetime:
    """From when on look-ups count against the caps."""
    begins, _ = _day_around(now)
    return min(begins, now - _HOUR)


def is_enumerating(history: History) -> bool:
    """Whether the user seems to try numbers one after the other."""
    return history.not_found_in_a_row >= NOT_FOUND_MOST


def is_sampled(attempt: Attempt, *, drawn: float, recent: int, span: timedelta) -> bool:
    """Whether a supervisor is to look at the attempt afterwards.

    Args:
        attempt: what is about to be done. What a second person signed for is always looked at.
        drawn: a random number from 0 up to 1, which nobody can foresee.
        recent: how many attempts the library made
        span: within this time.
    """
    if not attempt.is_by_person:
        return False
    if attempt.is_signed:
        return True
    in_a_month = max(1.0, recent * (_MONTH / max(span, timedelta(days=1))))
    return attempt.doing is Doing.LOOK_UP and drawn < min(_MOST, max(_SHARE, _A_MONTH / in_a_month))


def may_check(checker: str, by: str) -> bool:
    """Whether somebody may look at a sample, or sign: nobody does it for themselves, however their name is written."""
    return checker != SERVICE and not are_one_person(checker, by)


def is_overdue(at: datetime, now: datetime) -> bool:
    """Whether a sample has waited too long for a supervisor."""
    return now - at > SAMPLE_WAITS


def looks_needed(caps: Caps) -> int:
    """How many of the latest look-ups the rules have to know, at most."""
    # beside each that counts there may be one of somebody who answers for the minor, and one that is asked again
    return 3 * max(caps.a_day, caps.an_hour) + NOT_FOUND_MOST
