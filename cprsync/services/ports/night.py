"""What a night works with: its ports and settings, passed from step to step. The port of the runs that undo others."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from cprsync.domain.patron.patron import AsOf

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date, datetime

    from cprsync.domain.deciding.reverting import BeforeImage
    from cprsync.domain.policy.policy import Policy
    from cprsync.services.ports.deliveries import Feed, Reader
    from cprsync.services.ports.netmedia import NetMedia
    from cprsync.services.ports.outward import OpenTarget
    from cprsync.services.ports.patrons import Write
    from cprsync.services.ports.register import Register
    from cprsync.services.ports.runs import Clock, Run
    from cprsync.services.ports.store import Store

#: How many persons are recognised, or changes written, in one transaction. Each batch rewrites the database pages that
#: it shares with others, so twice as many batches cost a tenth more time.
BATCH = 5_000
#: How many numbers are sent to a counterpart before the night checks whether it was asked to stop.
CALLS = 2_000
#: How many patrons in a window the register is asked about on one day; the rest follow on the next.
WINDOWS_A_DAY = 20_000


class Progress(Protocol):
    """Shows the progress of long work."""

    def stage(self, name: str, total: int | None = None) -> None:
        """Begin a stage. `total`: how many items it has, if known."""

    def advance(self, count: int = 1) -> None: ...


def never_stop() -> None:
    """Do nothing: nobody asks this night to stop."""


class Silence:
    """Progress that is shown to nobody."""

    def stage(self, name: str, total: int | None = None) -> None:
        """Show nothing."""

    def advance(self, count: int = 1) -> None:
        """Show nothing."""


@dataclass(frozen=True, slots=True)
class Night:
    """One agreement's ports, policy and settings."""

    agency: str
    store: Store
    register: Register
    feed: Feed
    reader: Reader
    clock: Clock
    policy: Policy
    #: None: no CULR is set up, and what it must be told waits
    net_media: NetMedia | None = None
    #: other systems that hear of patrons
    targets: tuple[OpenTarget, ...] = ()
    #: stop a file that does not name the last accepted delivery's date as its previous one
    strict_chain: bool = True
    #: others subscribe under the same agreement: we may remove only what we added
    shared: bool = False
    #: whether the night compares its subscriptions with the register's list; a bench does not
    reconciles: bool = True
    #: how many patrons in a window the register is asked about on one day
    windows_a_day: int = WINDOWS_A_DAY
    #: how many persons are recognised or written in one step
    batch: int = BATCH
    #: the clock agrees with the register's, so a delivery of a later day is refused
    knows_the_day: bool = True
    progress: Progress = field(default_factory=Silence)
    #: called between two pieces of work; raises RunStopped if someone has asked the night to stop
    raise_if_stopped: Callable[[], None] = field(default=never_stop)
    #: measures how long the run took; the clock may stand still in a test environment
    monotonic: Callable[[], float] = field(default=lambda: 0.0)

    @property
    def calls(self) -> int:
        """How many numbers are sent in one step."""
        return min(self.batch, CALLS)

    def as_of_lookup(self) -> AsOf:
        """The day that a look-up made now describes."""
        return AsOf.of_look_up(self.clock.now(), taken=self.store.inbox.last_produced())


@dataclass(frozen=True, slots=True)
class PastRun:
    """A run that may be undone."""

    id: int
    day: date
    is_finished: bool
    #: how many patrons' records are kept as they were before it
    kept: int
    #: whether it wrote records at all
    has_written: bool
    #: the run that has undone it; None: none has
    reverted_by: int | None = None


@dataclass(frozen=True, slots=True, repr=False)
class RevertBatch:
    """What one transaction writes of an undo."""

    writes: Sequence[Write] = ()
    #: patrons with a stop of letters that a write alone does not bring back: the day; None: letters are sent
    letters: Mapping[str, date | None] = field(default_factory=dict)
    #: patron ids with the kind of review that is opened about them
    reviews: Sequence[tuple[str, str]] = ()


class Reverting(Protocol):
    """Runs that undo other runs, and the patrons they hold."""

    def past(self, number: int) -> PastRun | None:
        """Return a run of the agreement. None: there is none with this number."""

    def patrons(self, number: int) -> list[str]:
        """Return the patrons with a before-image of a run who are still patrons, in order."""

    def images(self, number: int, patron_ids: Sequence[str]) -> dict[str, BeforeImage]:
        """Return what these patrons' records were before a run, opened."""

    def begin(self, reverts: int, *, day: date, started: datetime) -> Run:
        """Open a run that undoes another one, or the unfinished one to resume. Moves the fence."""

    def is_writing(self, run: Run) -> bool:
        """Whether the run has been let through: what is left of it is written without weighing it again."""

    def done(self, run: Run) -> set[str]:
        """Return the patrons that the run has put back."""

    def begun(self, number: int) -> set[str]:
        """Return the patrons that an undo of a run has put back which was killed and has not ended."""

    def write(self, run: Run, batch: RevertBatch, *, reverts: int) -> None:
        """Write records, hold the patrons, open their windows and reviews: all of it, or nothing.

        Raises LostCompare if a patron changed since.
        """

    def opened(self, run: Run) -> dict[str, int]:
        """Count the reviews that the run has opened, by kind."""

    def close(self, run: Run, document: Mapping[str, Any], *, user: str, reason: str, state: str) -> None:
        """Write the report and the audit entry, and end the run."""

    def held(self, run: int | None = None) -> int:
        """Count the patrons who are held, by one run or by any."""

    def release(self, run: int, *, user: str, most: int) -> int:
        """Let up to `most` patrons of a run go, and settle their reviews as accepted. Return how many were let go."""

    def note_release(self, run: int, *, user: str, reason: str, count: int) -> None:
        """Write an audit entry that all patrons of a run were let go, and why."""
