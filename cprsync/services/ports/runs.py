"""A night's runs, approvals of held ones, and the calendar: the store's ports, what they keep, and the one clock."""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Protocol

from cprsync.documents import left_out
from cprsync.domain.deciding.approval import GivenYes, PlannedHarm
from cprsync.errors import Exit

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from cprsync.domain.deciding.approval import Harmful
    from cprsync.domain.deciding.guard import Outcome
    from cprsync.domain.patron.due import CalendarFacts
    from cprsync.domain.person.status import Action
    from cprsync.domain.policy.policy import Harm, Policy

    #: what a limit counts beside the changes, by class: keyed marks, and how often each occurs
    Marks = Mapping[Harm, Counter[bytes]]

#: Exit codes of a run that has gone well: all is done, or the rest is left to staff.
WELL: Final = frozenset({Exit.DONE, Exit.LEFT})
#: Exit codes of a run that has processed its days. Any other run writes only what decision 3 lets through.
LIVED: Final = WELL | {Exit.LATER}


@dataclass(frozen=True, slots=True)
class Run:
    """One run of one agreement. `epoch` is the fence that a newer run moves."""

    id: int
    epoch: int
    day: date
    started: datetime
    resumed: bool = False
    #: how many items of the deliveries are written: a resumed run starts after them
    checkpoint: int = 0


class RunState(enum.Enum):
    """The states of a run (decision 17)."""

    #: deliveries are in the inbox
    FETCHED = "fetched"
    #: the deliveries are complete and in chain
    ACCEPTED = "accepted"
    #: the whole plan is stored
    PLANNED = "planned"
    #: stopped by a limit
    HELD = "held"
    #: two people have approved
    APPROVED = "approved"
    #: the first batch may have been written
    APPLYING = "applying"
    #: the outbox was offered to the counterparts
    PUBLISHED = "published"
    #: the report is written
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Departed:
    """How many patrons the policy has asked to leave, and how many records were closed."""

    asked: int = 0
    closed: int = 0
    #: subscriptions that no longer have a reason
    ended: int = 0

    def __add__(self, other: Departed) -> Departed:
        return Departed(self.asked + other.asked, self.closed + other.closed, self.ended + other.ended)


@dataclass(frozen=True, slots=True, repr=False)
class PlanRow:
    """One planned change, without values. `digest` is the fingerprint of the new values."""

    patron_id: str
    version: int
    actions: tuple[Action, ...]
    harms: tuple[Harm, ...]
    digest: bytes


@dataclass(frozen=True, slots=True)
class Tally:
    """The counts of a run's stored items."""

    outcomes: Mapping[Outcome, int]
    by_action: Mapping[str, int]
    #: parked lines about patrons with nothing parked that still waits
    settled: int = 0


@dataclass(frozen=True, slots=True)
class RunProgress:
    """What an open run has done so far, in its balance sheet and outside it."""

    subscribed: int
    unsubscribed: int
    by_action: Mapping[str, int]
    #: what was deleted after its retention period, by kind
    forgotten: Mapping[str, int] = field(default_factory=dict)
    #: patrons that the policy has asked to leave, and records that were closed
    departed: Departed = field(default_factory=Departed)
    #: subscriptions that ended for lack of a reason, without those of closed patrons
    ended: int = 0


@dataclass(frozen=True, slots=True)
class DuePage:
    """A page of the patrons with something due by a day, or of all patrons, in the order of their ids."""

    day: date
    limit: int
    everyone: bool = False
    #: the page starts after this id
    after: str = ""
    #: False if no group follows age: patrons from an import are then not checked for it
    by_age: bool = True


class Clock(Protocol):
    """The one clock. In a test environment it may be the mock's."""

    def now(self) -> datetime:
        """The present moment, with time zone, in UTC."""

    def today(self) -> date:
        """The present day in Copenhagen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedRun:
    """One night of the list, or an undo: its times, and what its report counts. An unfinished one has no counts."""

    run: int
    agency: str
    day: date
    #: the report's; of an unfinished run the stored one
    state: str
    #: as the store has them, to the microsecond
    started: str
    finished: str | None = None
    resumed: bool = False
    exit: int | None = None
    #: the run that this one undoes
    reverts: int | None = None
    #: the kind of what stopped it
    error: str | None = None
    received: int | None = left_out()
    applied: int | None = left_out()
    unchanged: int | None = left_out()
    parked: int | None = left_out()
    not_ours: int | None = left_out()
    held: int | None = left_out()
    left_to_a_person: int | None = left_out()
    reasons: Mapping[str, int] | None = left_out()
    #: how many patrons an undo has put back
    restored: int | None = left_out()
    #: the run that has undone this one
    reverted_by: int | None = None


class Runs(Protocol):
    """The runs of an agreement, one after the other."""

    def lock(self) -> AbstractContextManager[None]:
        """Hold the agreement's session lock. Raises RunBusy at once if another process holds it."""

    def begin(self, *, day: date, started: datetime) -> Run:
        """Open a new run, or the unfinished one to resume: it too ends on this day. Moves the fence."""

    def set_state(self, run: Run, state: RunState) -> None:
        """Move the run to a state."""

    def close(self, run: Run, *, state: RunState, finished: datetime, document: Mapping[str, Any]) -> None:
        """Write the run's report and its audit entry, and release its deliveries.

        CLOSED: they are applied and the chain has moved on. Any other state: they wait in the inbox again. If the
        report says that its held plan follows an earlier one, the yeses to that one are this run's too.
        """

    def last_day(self) -> date | None:
        """Return the day of the last closed run that was not stopped: only such a run has lived its day."""

    def first_day(self) -> date | None:
        """Return the day of the first run that has gone well, and so has subscribed. None: there is none."""

    def save_plan(
        self, run: Run, rows: Iterable[PlanRow], *, beside: Marks | None = None, known_as: str | None = None
    ) -> str:
        """Keep the plan, in place of an earlier one of the same run, which is PLANNED by then. Returns its hash.

        `beside`: what an exceeded limit counts beside the changes; the hash is of it too. `known_as`: the hash of an
        earlier held plan that does the same. None: the plan gets a hash of its own.
        """

    def tally(self, run: Run) -> Tally:
        """Count the run's stored items. The report uses these counts, not the program's memory."""

    def done(self, run: Run) -> RunProgress:
        """What the run did before it was killed. Empty for a run that has just begun."""

    def raised(self, run: Run) -> dict[tuple[str, str], bool]:
        """The reviews that this run opened, and no run before it; True: a delivery reported the patron.

        By patron id and kind. Leaves out what statuses propose.
        """

    def list_runs(self, *, before: int | None = None, most: int | None = None) -> list[ListedRun]:
        """Return the runs of the agency, the newest first, without their reports.

        before: only runs with a smaller number. most: no more than that. None: all.
        """

    def actions(self, since: date) -> list[tuple[date, dict[str, int]]]:
        """Return what each finished run from a day on did, in order: its day, and how often by action."""

    def document(self, number: int) -> dict[str, Any] | None:
        """Return the run's report with its times; an unfinished run has only the times. None: no such run."""

    def items(self, number: int) -> list[dict[str, Any]]:
        """Return the run's balance sheet, one line for each number, without the numbers."""


class Calendar(Protocol):
    """What a day brings patrons: birthdays, corrections and absences that end."""

    def live_day(self, run: Run, page: DuePage, policy: Policy) -> str | None:
        """Do what a day brings these patrons, in one transaction. A second call for the same day finds nothing to do.

        Return the last patron's id; None: no one is left.
        """

    def due_facts(self, until: date, *, everyone: bool) -> Iterator[CalendarFacts]:
        """Yield the facts of each patron with something due up to a day, or of all, in the order of their ids."""

    def minors_facts(self, ids: Sequence[str]) -> Iterator[CalendarFacts]:
        """Yield the facts of those of these patrons who have a responsible, whether or not anything is due."""

    def stamp(self) -> str | None:
        """Return the stamp of the policy with which the due days were counted (`Policy.calendar_stamp`)."""

    def keep_stamp(self, run: Run, counted: str | None) -> None:
        """Note that every due day is counted with this policy now."""

    def counts(self, run: Run) -> dict[str, int]:
        """How often each kind of event happened in a run, counted from the stored rows."""


def plan_hash(day: date, deliveries: Iterable[str], rows: Iterable[PlanRow], beside: Marks | None = None) -> str:
    """Hash the day, the deliveries' sha256, and each patron's version, actions, harms and keyed digest.

    `beside`: what a limit that is exceeded counts beside the changes is hashed too.
    """
    digest = hashlib.sha256("|".join([day.isoformat(), *deliveries]).encode())
    for row in rows:
        actions, harms = words(row.actions), words(row.harms)
        digest.update(f"\n{row.patron_id}|{row.version}|{actions}|{harms}|{row.digest.hex()}".encode())
    for harm, marks in sorted((beside or {}).items(), key=lambda one: one[0].value):
        for mark, times in sorted(marks.items()):
            digest.update(f"\n{harm.value}|{mark.hex()}|{times}".encode())
    return f"sha256:{digest.hexdigest()}"


@lru_cache(maxsize=1024)
def words(named: tuple[Action, ...] | tuple[Harm, ...]) -> str:
    """Join the stable names into one text. Cached, because a night has few combinations."""
    return ",".join(one.value for one in named)


@dataclass(frozen=True, slots=True)
class HeldRun:
    """A run that a limit has stopped, and whose plan may be approved."""

    id: int
    day: date
    plan: str
    #: when it was held
    since: datetime
    #: its report
    document: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class ExceededLimit:
    """A limit that is exceeded: the class of changes, how many there are, and how many may be."""

    class_: str
    count: int
    limit: int


@dataclass(frozen=True, slots=True)
class VoidYes:
    """Whose yes to the plan of an earlier run no longer counts: more was added, of so many patrons, or beside them."""

    run: int
    by: tuple[str, ...]
    added: int
    beside: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingPlan:
    """A held plan that two people may approve: of which run, since when, and who has said yes."""

    run: int
    #: the run that it would undo; None: it is a night's plan
    undoes: int | None
    plan: str
    since: datetime
    approved_by: tuple[GivenYes, ...]
    #: who stands as having said yes, and the audit does not have it: it does not count
    unbound: tuple[str, ...]
    void: VoidYes | None
    #: how many people have yet to say yes, and until when the last approval counts, or has counted
    missing: int
    until: datetime | None
    #: the classes of changes that are over their limit
    classes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SaidYes:
    """A person's yes to a held plan, as it is written."""

    run: HeldRun
    user: str
    #: why, in their own words
    reason: str = field(repr=False)
    at: datetime
    #: how many had said yes before
    after: int


class Approvals(Protocol):
    """Held plans, and who approved them."""

    def held(self, reverts: int | None = None) -> HeldRun | None:
        """Return the last finished night if a limit has stopped it. None: it was not, or there is none.

        `reverts`: the same of the runs that undo this one.

        A run that was stopped by something else, such as a register that does not answer, does not count.
        """

    def waiting(self) -> list[HeldRun]:
        """Return the held night, if there is one, and the held undos, each the last of its run's.

        An undo waits as long as the before-images of the run are kept.
        """

    def rows(self, number: int) -> list[PlanRow]:
        """Return the planned changes of a run, in order."""

    def harmful(self, number: int) -> Harmful:
        """Return the part of a held plan that needs approval."""

    def written(self, number: int) -> dict[str, int]:
        """Return how often a run has written each patron."""

    def yeses(self, number: int) -> list[GivenYes]:
        """Return who said yes to the plan of a run, the oldest first, as far as the audit says so too."""

    def unbound_yeses(self, number: int) -> list[str]:
        """Return whose yes to the plan of a run the audit does not have: it does not count."""

    def say_yes(self, said: SaidYes) -> None:
        """Write a yes with its audit entry. Raises ReviewClosed if someone else has said yes in the meantime."""

    def mark(self, counted: Mapping[Harm, Iterable[str]]) -> dict[Harm, Counter[bytes]]:
        """Return keyed marks of what a limit counts beside the changes. Nobody can tell from one what it is of."""

    def keep_marks(self, run: Run, marks: Mapping[Harm, Counter[bytes]], *, follows: int | None) -> None:
        """Keep the marks of a held run, in place of those of earlier runs, but for the one that its plan follows."""

    def begin(self, run: Run, number: int) -> None:
        """Let a run write the approved plan of another one, with its audit entry. The run is APPROVED by then."""

    def begun(self, run: Run) -> int | None:
        """Return the run whose approved plan this run writes. None: it writes its own."""

    def is_being_written(self, number: int) -> bool:
        """Whether a run that has not ended writes the approved plan of this one."""


def harmful_of(rows: Iterable[PlanRow]) -> list[PlannedHarm]:
    """The planned changes that do harm."""
    return [
        PlannedHarm(row.patron_id, row.version, frozenset(row.actions), frozenset(row.harms), row.digest)
        for row in rows
        if row.harms
    ]


def moment_document(at: datetime | None) -> str | None:
    """The JSON shape of a moment. None: there is none."""
    return None if at is None else at.isoformat(timespec="seconds")
