"""Other systems that hear of patrons: the targets as ports, and what the store keeps of each."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Protocol

from cprsync.services.ports.netmedia import Backlog

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from cprsync.domain.outward.koha_drift import KohaDrift
    from cprsync.domain.outward.lines import NumberedChange
    from cprsync.domain.outward.sides import Sides, Withholding
    from cprsync.domain.outward.target import Target
    from cprsync.errors import CprsyncError
    from cprsync.services.ports.runs import Run

#: Before the first patron: where a load, a share or a comparison begins.
FROM_THE_START: Final = ""


@dataclass(frozen=True, slots=True)
class Epoch:
    """A time in which changes are numbered without a break. A database that was put back begins another."""

    number: int
    #: what a cursor says of it
    word: str
    #: the last number before it, and the last one given
    begins: int
    last: int
    #: the highest number of a deleted row about someone who left
    forgotten: int = 0


@dataclass(frozen=True, slots=True)
class Numbering:
    """How the changes are numbered, and whether they tell of everyone."""

    #: the current one last; empty: nothing was ever changed
    epochs: tuple[Epoch, ...]
    #: the changes hold a row of each patron
    is_complete: bool

    @property
    def forgotten(self) -> int:
        """The highest number of a forgotten tombstone."""
        return max((one.forgotten for one in self.epochs), default=0)

    def epoch_of(self, seq: int) -> str:
        """The word of the epoch in which a number was given."""
        return next((one.word for one in self.epochs if seq <= one.last), "")

    def begins_after(self, epoch: str) -> int:
        """The number behind which is all that came after an epoch. Of an unknown one: where the current one begins."""
        known = next((one.last for one in self.epochs if one.word == epoch), None)
        return known if known is not None else self.epochs[-1].begins if self.epochs else 0

    def was_given(self, epoch: str, seq: int) -> bool:
        """Whether a number was given in an epoch. A database that was put back has lost what came after its copy."""
        return any(one.word == epoch and seq <= one.last for one in self.epochs)


@dataclass(frozen=True, slots=True)
class ReadPart:
    """What a reader was given: the numbers behind the part and of its last change, and how many lines."""

    target: str
    after: int
    until: int
    count: int


@dataclass(frozen=True, slots=True)
class FeedPosition:
    """How far the reader of a feed has come."""

    #: when it was given its last page
    at: datetime
    #: the number of the last change in it, and how many changes are newer
    until: int
    newer: int


@dataclass(frozen=True, slots=True)
class TargetState:
    """How a target stands."""

    name: str
    kind: str
    #: in `cprsync.toml`: a target that is no longer there keeps what it was told
    set_up: bool
    #: everything was told once, with the settings of today
    loaded: bool
    backlog: Backlog = field(default_factory=Backlog)
    #: of how many patrons it was told, and of how many it refuses something
    told: int = 0
    refused: int = 0
    stopped: datetime | None = None
    stopped_why: str | None = None
    #: somebody let it go on: it may lose as many patrons as wait to be lost
    let_go: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetStands:
    """How another system that hears of patrons stands, as people and programs are told."""

    name: str
    kind: str
    #: false: it is not in cprsync.toml any more
    set_up: bool
    loaded: bool
    #: None: it is a feed, which is told nothing. `fetched` says how far its reader has come
    told: int | None
    waiting: int
    failed: int
    refused: int
    oldest: datetime | None
    stopped: datetime | None
    why: str | None
    fetched: FeedPosition | None


@dataclass(frozen=True, slots=True, repr=False)
class OutwardEffect:
    """What one target is to hear of one patron: a state, and not a difference. Told twice, it is as told once."""

    target: str
    patron_id: str
    #: the number of the change
    version: int
    #: the closed payload of `domain.outward.target.view`; None: the patron is not for this target any more
    payload: dict[str, Any] | None
    #: what the target calls the patron, if it has said so before
    remote: str | None = None
    #: without a payload: the CPR number of a patron whom the target may hold, though we never told it of them
    number: str | None = None
    urgent: bool = False
    #: the patron is protected: also without a payload it goes to a stopped target
    hides: bool = False
    #: the record was put back from a backup: the target keeps what it was told until the register has answered
    held: bool = False
    #: when it was queued. The same change may be queued again, for a target that is told all anew
    queued: str = ""
    #: the change does not open, so that nobody knows what is to be told: never sent
    is_broken: bool = False

    @property
    def sought(self) -> str | None:
        """The CPR number by which the target finds the patron. None: only by what it calls them."""
        return self.number if self.payload is None else self.payload.get("number")

    def __repr__(self) -> str:
        return f"OutwardEffect({self.target}, {self.patron_id}, {self.version})"


@dataclass(frozen=True, slots=True)
class Delivered:
    """The target holds the state now."""

    #: what the target calls the patron
    remote: str | None = None
    #: something was written there; False: it held the state already, or needs nothing of the patron
    wrote: bool = True


@dataclass(frozen=True, slots=True)
class Undelivered:
    """The target did not take the state.

    `final`: it never will, and a person has to look. Else it is tried again, a limited number of times.
    """

    #: a word for the reason; never a value
    code: str
    final: bool = False
    #: the fields that the other system has otherwise, by its own names
    fields: tuple[str, ...] = ()


class TargetClient(Protocol):
    """One target, as it is called. Every call has a limit on time, size and tries; threads stay in the adapter."""

    def send_many(
        self, queues: Iterable[Sequence[OutwardEffect]]
    ) -> Iterator[tuple[OutwardEffect, Delivered | Undelivered | CprsyncError]]:
        """Send the effects of each queue. A queue holds one patron's effects, the lowest version first.

        Queues may run side by side, and are taken as needed. A queue stops at its first effect that is not delivered.
        Effects behind it are neither tried nor yielded. One that is refused for good is not yielded if another follows,
        which is tried: it sets a later state. A target that holds only a state may be sent the last one of each queue
        alone. A CprsyncError says that the target does not answer or refuses
        us as a whole: no further queue begins.
        """


class TargetReader(Protocol):
    """One target whose records can be read. Every call has a limit on time, size and tries."""

    def compare_many(self, expected: Sequence[OutwardEffect]) -> dict[str, tuple[KohaDrift, ...]]:
        """Say in which ways the target differs from what it is to hold, by patron. Writes nothing there.

        Raises TargetUnavailable and TargetRefused: then nothing is known of these patrons.
        """

    def look(self, expected: OutwardEffect, *, least: Withholding) -> Sides:
        """Read what the target holds of one patron now, beside what it is to hold. Writes nothing there.

        `least`: what is withheld in any case. Raises TargetUnavailable and TargetRefused.
        """


@dataclass(frozen=True, slots=True)
class OpenTarget:
    """A target with what calls it. Without a client the target fetches by itself; without a reader nobody can look."""

    target: Target
    client: TargetClient | None = None
    reader: TargetReader | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Expected:
    """What a target is to hold of some patrons now, whether it was told or not."""

    #: the last patron that was looked at; "": none is left
    reached: str
    #: how many were looked at, whether the target is to hold anything of them or not
    looked_at: int = 0
    effects: tuple[OutwardEffect, ...] = ()
    #: patrons with something still waiting for the target
    waiting: frozenset[str] = frozenset()


class Targets(Protocol):
    """The targets of the library, as the store has met them."""

    def states(self) -> list[TargetState]:
        """Return how each target stands, by name: those of today, and those that were removed."""

    def stopped(self) -> dict[str, str]:
        """Return why, by the name of each target that is stopped. Counts no queue: each write at the desk asks this."""

    def note(self, target: Target) -> bool:
        """Note a target, or its new settings: everything is then told anew. Returns whether something is to load."""

    def load(self, target: Target, limit: int) -> int:
        """Queue everything about the next patrons for a target's first load. Returns how many; 0: the load is done.

        A killed load goes on where it was.
        """

    def stop(self, name: str, why: str) -> None:
        """Send nothing more to the target, except what protects, until somebody lets it go on."""

    def release(self, name: str, *, user: str, reason: str) -> bool:
        """Let a stopped target go on, without a brake until `brake_again`. Returns False if it was not stopped."""

    def brake_again(self, name: str) -> None:
        """Let the brake of a released target hold again."""

    def load_again(self, name: str) -> None:
        """Let a target be told everything anew. A load that has begun goes on where it was."""

    def forget(self, name: str, *, user: str, reason: str) -> int:
        """Delete what is kept for a target that is no longer set up. Returns how many effects waited for it."""

    def follow(self, after: str = FROM_THE_START) -> str | None:
        """Make changes of a share of the patrons who are still marked, behind `after`, in a transaction of its own.

        Returns the last of the share; None: nobody behind it is marked.
        """


class Expecting(Protocol):
    """What each target is to hold, for a comparison with what it holds."""

    def count(self, target: Target, after: str) -> int:
        """Count the patrons after `after` whom the target knows, or may have to know."""

    def page(self, target: Target, after: str, limit: int) -> Expected:
        """Return what the target is to hold of the next patrons by number, as their records are now."""

    def only(self, target: Target, patron_id: str) -> Expected:
        """Return what the target is to hold of one patron, as the record is now."""

    def queue_again(self, target: Target, ids: Sequence[str]) -> None:
        """Let the target hear of these patrons once more."""


class Queues(Protocol):
    """What waits for the targets that are sent to."""

    def order(self, target: str, *, urgent_only: bool = False, never_offered: bool = False) -> list[str]:
        """Return the patrons with effects that wait: those with urgent ones first, then the longest waiting."""

    def around(self, patron_id: str) -> dict[str, list[str]]:
        """Return by target of whom the desk tells it: the patron, and those around of whom something urgent waits.

        Those around live there too, or are linked to the patron: a protection seals their address. Nobody is among them
        who is still marked.
        """

    def count_gone(self, target: Target) -> int:
        """Count the effects that wait and take a patron away from the target, but those that protect."""

    def queues(self, target: Target, ids: Sequence[str]) -> list[tuple[OutwardEffect, ...]]:
        """Return the effects that wait for each of these patrons, lowest version first."""

    def refused(self, ids: Sequence[str]) -> dict[str, list[dict[str, str]]]:
        """Return which targets did not take what they were to hear of these patrons: `name`, and the last `code`."""

    def renew(self, run: Run | None, target: str, ids: Sequence[str]) -> list[tuple[str, str]]:
        """Queue what the records of these patrons say now, in place of changes of which one does not open.

        Returns those whose record does not open either, each with the kind of the review. A person has to look at them,
        and the target hears nothing of them.
        """

    def offer(self, effects: Sequence[OutwardEffect]) -> None:
        """Note that these effects are about to be sent. From now on the target may have heard of them."""

    def settle(
        self, run: Run | None, outcomes: Sequence[tuple[OutwardEffect, Delivered | Undelivered]]
    ) -> list[tuple[str, str]]:
        """Delete delivered effects, and note what was told. Any other effect waits on, or is left to a person.

        Returns the patrons that a person has to look at now, each with the kind of the review.
        """


#: How many bytes a sign has.
SIGN_BYTES: Final = 16


class Changes(Protocol):
    """The numbered changes, for those who fetch them."""

    def numbering(self) -> Numbering:
        """Return how the changes are numbered."""

    def read(self, after: int, limit: int) -> Iterator[NumberedChange]:
        """Yield the changes behind a number, at most `limit`, in their order. Raises SealBroken."""

    def fetched(self) -> dict[str, FeedPosition]:
        """Return how far readers have come, by target. Looks at a limited number of their last pages."""

    def renew(self, after: int, limit: int) -> None:
        """Make the changes behind a number anew that do not open, of what the records say now."""

    def sign(self, written: str) -> bytes:
        """Return the sign of a text that only we make."""

    def is_signed(self, written: str, sign: bytes) -> bool:
        """Whether the sign of a text is ours, under any key in use."""

    def note_read(self, part: ReadPart, *, user: str) -> None:
        """Write to the audit what a reader is given, before they get it."""
