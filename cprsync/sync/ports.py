"""What the use cases need of the outside: the register, the feed, the reader, the store and the clock.

Adapters implement these; a contract suite for each port runs on the double and on the real thing.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import date, datetime

    from cprsync.domain.balance import Outcome
    from cprsync.domain.decide import Action
    from cprsync.domain.delivery import Header, Link
    from cprsync.domain.number import CprNumber
    from cprsync.domain.patron import AsOf, Patron
    from cprsync.domain.person import Person
    from cprsync.domain.policy import Harm
    from cprsync.domain.record import Local
    from cprsync.errors import CprsyncError


class Clock(Protocol):
    """The one clock. In a test environment it may be the mock's."""

    def now(self) -> datetime:
        """The moment, aware, in UTC."""
        ...

    def today(self) -> date:
        """The day in Copenhagen."""
        ...


# -- the register ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, repr=False)
class Found:
    """The register's answer about one number."""

    number: CprNumber
    person: Person


@dataclass(frozen=True, slots=True, repr=False)
class NotFound:
    """No person for one number; the error says whose fault that is."""

    number: CprNumber
    error: CprsyncError


class Subscribed(enum.Enum):
    """What a subscription call did."""

    #: ADDED
    ADDED = "added"
    #: ALREADY_EXISTED
    ALREADY = "already"
    #: REMOVED
    REMOVED = "removed"
    #: NON_EXISTING_PNR: was not subscribed
    ABSENT = "absent"


class Register(Protocol):
    """The civil register, through the platform. Every call is bounded in time, size and tries."""

    def look_up_many(self, numbers: Iterable[CprNumber]) -> Iterator[Found | NotFound]:
        """Answer each number once, in any order. One failing number does not end the others."""
        ...

    def subscribe_many(self, numbers: Iterable[CprNumber]) -> Iterator[tuple[CprNumber, Subscribed | CprsyncError]]:
        """Subscribe each number once, in any order; subscribing twice is the same as once."""
        ...

    def unsubscribe_many(self, numbers: Iterable[CprNumber]) -> Iterator[tuple[CprNumber, Subscribed | CprsyncError]]:
        """End the subscription of each number once, in any order; ending it twice is the same as once."""
        ...

    def subscriptions(self) -> set[CprNumber]:
        """All numbers subscribed under our agreement."""
        ...


# -- deliveries ------------------------------------------------------------------------------------------


class WaitingFile(Protocol):
    """A whole file that waits to be taken."""

    @property
    def name(self) -> str: ...

    def open(self) -> BinaryIO:
        """The content, from its first byte."""
        ...

    def done(self) -> None:
        """It is sealed in the inbox: keep or delete it, as set."""
        ...


class Feed(Protocol):
    """Where deliveries arrive."""

    def waiting(self) -> list[WaitingFile]:
        """Whole files only, in the order of their names."""
        ...

    def unfinished(self) -> list[str]:
        """Names of files that are still being written."""
        ...


@dataclass(frozen=True, slots=True, repr=False)
class Unreadable:
    """A person in a delivery whose records break the layout; the reason is a stable name."""

    number: CprNumber | None
    reason: str


Delivered: TypeAlias = "Person | Unreadable"


@dataclass(frozen=True, slots=True)
class Inspection:
    """What a whole and undamaged delivery holds, counted without a store."""

    header: Header
    framing: str
    records: int
    persons: int
    by_record: Mapping[str, int]
    by_status: Mapping[str, int]
    protected: int
    events: int
    by_event: Mapping[str, int]
    unknown_records: Mapping[str, int]


@dataclass(frozen=True, slots=True, repr=False)
class Links:
    """What a delivery says of replaced numbers, before any person of it is read."""

    #: a number of status 50 or 60 to the one that replaces it
    replaced: Mapping[CprNumber, CprNumber] = field(default_factory=dict)
    #: of the new numbers those that the delivery holds a person for
    delivered: frozenset[CprNumber] = frozenset()


class Reader(Protocol):
    """Reads the change extract. `source` is seekable; two passes, memory flat in the file's size."""

    def inspect(self, source: BinaryIO) -> Inspection:
        """Verify the whole file and count it. Raises DeliveryRefused."""
        ...

    def links(self, source: BinaryIO) -> Links:
        """The replaced numbers of the delivery, wherever they stand in it. Raises DeliveryRefused."""
        ...

    def persons(self, source: BinaryIO) -> Iterator[Delivered]:
        """Each distinct number once, in the order of their 001, silenced by status. Raises DeliveryRefused."""
        ...


# -- the store -------------------------------------------------------------------------------------------


class RunState(enum.Enum):
    """A run's states (decision 17)."""

    #: deliveries are in the inbox
    FETCHED = "fetched"
    #: whole, in chain
    ACCEPTED = "accepted"
    #: the whole plan is there
    PLANNED = "planned"
    #: stopped by a brake
    HELD = "held"
    #: two people said yes
    APPROVED = "approved"
    #: the first batch may have been written
    APPLYING = "applying"
    #: the outbox was offered to the counterparts
    PUBLISHED = "published"
    #: the report is written
    CLOSED = "closed"


class InboxState(enum.Enum):
    """Where a sealed delivery stands."""

    #: sealed, not yet verified
    SEALED = "sealed"
    #: whole and in chain; a run has it
    ACCEPTED = "accepted"
    #: every person of it is accounted for
    APPLIED = "applied"
    #: damaged or out of chain
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Run:
    """One run of one agreement; `epoch` is the fence that a newer run moves."""

    id: int
    epoch: int
    day: date
    started: datetime
    resumed: bool = False
    #: how many items of the deliveries are written: a resumed run goes on after them
    checkpoint: int = 0


@dataclass(frozen=True, slots=True)
class SealedDelivery:
    """A delivery in the inbox."""

    id: int
    name: str
    sha256: str
    size: int
    state: InboxState
    header: Header | None = None
    received: int = 0
    #: an operator takes it though it is out of chain
    accepted: bool = False


@dataclass(frozen=True, slots=True)
class NotOurs:
    """No patron has this number."""


@dataclass(frozen=True, slots=True)
class Equal:
    """The patron's fingerprint equals the person's: nothing was opened."""

    patron_id: str
    version: int
    as_of: AsOf


Recognised: TypeAlias = "NotOurs | Equal | Patron"


@dataclass(frozen=True, slots=True, repr=False)
class Prepared:
    """A record encoded once: the same bytes are sealed and fingerprinted."""

    canonical: bytes
    fingerprint: bytes


@dataclass(frozen=True, slots=True, repr=False)
class PlanRow:
    """One planned change, without values; `digest` is the fingerprint of the new ones."""

    patron_id: str
    version: int
    actions: tuple[Action, ...]
    harms: tuple[Harm, ...]
    digest: bytes


@dataclass(frozen=True, slots=True, repr=False)
class Write:
    """One change to write, with compare-and-set on the version of `patron`."""

    patron: Patron
    after: Person
    prepared: Prepared
    #: None for a patron who gets another number before any source has spoken of her
    as_of: AsOf | None
    actions: tuple[Action, ...]
    #: the municipality number that CULR is to hold from now on; None: nothing to send
    culr: str | None = None
    letters_stopped: date | None = None
    #: letters that a death stopped go out again
    letters_resume: bool = False
    #: the day of the delivery by which `after` has another number than `patron`
    renumbered: date | None = None


@dataclass(frozen=True, slots=True)
class Touch:
    """The record stays as it is and is now true for a newer day."""

    patron_id: str
    as_of: AsOf


@dataclass(frozen=True, slots=True, repr=False)
class Item:
    """One line of the balance sheet."""

    ordinal: int
    delivery_id: int | None
    number: CprNumber | None
    patron_id: str | None
    outcome: Outcome
    actions: tuple[Action, ...] = ()
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class FollowUp:
    """A question to the register that stays open until it is answered."""

    patron_id: str
    #: `protection_end`, `first_copy` or `number_change`
    kind: str


@dataclass(slots=True)
class Batch:
    """What one transaction writes: records, before-images, audit, outbox, items, follow-ups, checkpoint."""

    writes: list[Write] = field(default_factory=list)
    touches: list[Touch] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    asks: list[FollowUp] = field(default_factory=list)
    answered: list[FollowUp] = field(default_factory=list)
    reviews: list[tuple[str, str]] = field(default_factory=list)
    checkpoint: int | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Gaps:
    """Our subscriptions against the register's list."""

    #: ours, and not in the list
    missing: tuple[CprNumber, ...]
    #: in the list; we added them, and no reason holds any more
    ended: tuple[CprNumber, ...]
    #: in the list, and not from us
    foreign: tuple[CprNumber, ...]
    #: ours, and in the list
    kept: int


@dataclass(frozen=True, slots=True, repr=False)
class NewPatron:
    """A patron to create, not yet verified."""

    number: CprNumber
    local: Local


@dataclass(frozen=True, slots=True)
class Tally:
    """What the stored items of a run add up to."""

    outcomes: Mapping[Outcome, int]
    by_action: Mapping[str, int]


class Store(Protocol):
    """Our records, for one library (agency) and one agreement."""

    # the night
    def run_lock(self) -> AbstractContextManager[None]:
        """Hold the agreement's session lock. Raises RunBusy at once when another holds it."""
        ...

    def open_run(self, *, day: date, started: datetime) -> Run:
        """A new run, or the unfinished one to go on with. Moves the fence."""
        ...

    def set_state(self, run: Run, state: RunState) -> None: ...

    def close_run(self, run: Run, *, state: RunState, finished: datetime, document: Mapping[str, Any]) -> None:
        """Write the run's report and its audit entry, and let go of its deliveries.

        CLOSED: they are applied and the chain has moved on. HELD or any other: they wait in the inbox again.
        """
        ...

    def last_run_day(self) -> date | None:
        """The day of the last closed run: the calendar part lives the days since."""
        ...

    def run_deliveries(self, run: Run) -> list[SealedDelivery]:
        """The deliveries a resumed run has already accepted, in order."""
        ...

    # the inbox
    def seal(self, name: str, content: BinaryIO) -> SealedDelivery:
        """Seal a file in chunks while streaming it in; the same content under the same name is sealed once."""
        ...

    def open_delivery(self, delivery: SealedDelivery) -> BinaryIO:
        """The content again, seekable."""
        ...

    def sealed(self) -> list[SealedDelivery]:
        """Deliveries in the inbox that no run has applied or refused, in the order they came."""
        ...

    def taken_on(self, produced: date) -> Link | None: ...

    def last_produced(self) -> date | None: ...

    def accept(self, run: Run, delivery: SealedDelivery, header: Header, *, received: int) -> SealedDelivery: ...

    def refuse(self, delivery: SealedDelivery, reason: str) -> None: ...

    # records
    def population(self) -> int: ...

    def recognise(self, persons: Sequence[Person]) -> list[Recognised]:
        """For each person: not ours, equal by fingerprint, or the patron opened."""
        ...

    def patrons(self, ids: Sequence[str]) -> list[Patron]: ...

    def old_numbers(self, numbers: Sequence[CprNumber]) -> dict[CprNumber, str]:
        """Which of the numbers a patron had before another replaced it, and who."""
        ...

    def prepare(self, after: Person) -> Prepared: ...

    def save_plan(self, run: Run, rows: Iterable[PlanRow]) -> str:
        """Keep the plan; returns its hash, `sha256:…`."""
        ...

    def write(self, run: Run, batch: Batch) -> None:
        """One transaction. Raises LostCompare or FenceLost, and then nothing is written."""
        ...

    def tally(self, run: Run) -> Tally:
        """Add up the run's stored items: the report reads these, not what the program remembers."""
        ...

    def raised(self, run: Run) -> dict[tuple[str, str], bool]:
        """What the run has left to a person so far, as (patron id, kind), and whether a delivery told of her."""
        ...

    # the register's side
    def intend(self, run: Run, patron_ids: Sequence[str], purpose: str) -> None:
        """Audit entries for look-ups that are about to be made, committed before the calls."""
        ...

    def unsubscribed(self, limit: int) -> list[tuple[str, CprNumber]]:
        """Patrons with a real number and no subscription row."""
        ...

    def subscribed(
        self,
        run: Run,
        rows: Sequence[tuple[str, CprNumber]],
        *,
        since: date,
        already: Collection[CprNumber] = (),
    ) -> None:
        """Write rows down; `already` were there before we asked, so they are not ours to remove where others share."""
        ...

    def subscription_count(self) -> int: ...

    def subscription_gaps(self, listed: Collection[CprNumber]) -> Gaps: ...

    def end_subscriptions(self, run: Run | None, *, on: date) -> int:
        """End the rows for which no reason holds any more; returns how many."""
        ...

    def added_there(self, run: Run | None, numbers: Sequence[CprNumber]) -> None:
        """The register has added these again."""
        ...

    def removed_there(self, run: Run | None, numbers: Sequence[CprNumber]) -> None:
        """The register holds these no more: what others may add under them is theirs."""
        ...

    def follow_ups(self, limit: int) -> list[FollowUp]: ...

    def outbox_waiting(self) -> int: ...
