"""Deliveries: where they arrive, how they are read, and the inbox in which they are sealed."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol, TypeAlias

from cprsync.domain.feed.delivery import DISCARDED, Link
from cprsync.domain.person.person import SILENT

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from datetime import date, datetime

    from cprsync.domain.deciding.number_change import Links
    from cprsync.domain.feed.calendar import ReceivedDelivery
    from cprsync.domain.feed.delivery import Header
    from cprsync.domain.person.number import CprNumber
    from cprsync.domain.person.person import Gap, Person, Protection, Silent, Status
    from cprsync.services.ports.runs import Run


@dataclass(frozen=True, slots=True, repr=False)
class Unreadable:
    """A person in a delivery with records that break the layout. The reason is a stable name."""

    number: CprNumber | None
    reason: str
    #: the only parts taken as true: protection if a valid record reports one, dead if a 001 says so
    protection: Protection | Gap = SILENT
    status: Status | Silent = SILENT


Delivered: TypeAlias = "Person | Unreadable"


@dataclass(frozen=True, slots=True)
class Inspection:
    """What a complete and undamaged delivery holds, counted without a store."""

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


class InboxState(enum.Enum):
    """The state of a sealed delivery."""

    #: being sealed; it is no complete delivery yet
    RECEIVING = "receiving"
    #: sealed, not yet verified
    SEALED = "sealed"
    #: complete and in chain; a run has it
    ACCEPTED = "accepted"
    #: every person in it is accounted for
    APPLIED = "applied"
    #: damaged or out of chain
    REFUSED = "refused"


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
    #: an operator takes it although it is out of chain
    accepted: bool = False
    #: why an earlier run refused it; None: no run has
    refused: str | None = None
    #: it was of no use and its content is deleted: it cannot be read again
    forgotten: bool = False

    @property
    def is_set_aside(self) -> bool:
        """Whether an operator has said that no night may read it again."""
        return self.refused == DISCARDED


@dataclass(frozen=True, slots=True)
class DeliveryLine:
    """One delivery of the run, as the report shows it."""

    file: str
    produced: date | None
    previous: date | None
    sha256: str
    outcome: str
    received: int = 0
    #: complete, and not taken yet: a later night takes it once what stands before it is decided
    waits: bool = False
    #: False: the file came without the companion that says how large it must be
    announced: bool = True

    def document(self) -> dict[str, Any]:
        return {
            "file": self.file,
            "produced": self.produced and self.produced.isoformat(),
            "previous": self.previous and self.previous.isoformat(),
            "sha256": self.sha256,
            "received": self.received,
            "outcome": self.outcome,
            "waits": self.waits,
            "announced": self.announced,
        }


class Sealing(Protocol):
    """Files as they arrive: sealed in chunks."""

    def seal(self, name: str, content: BinaryIO, *, mark: str | None = None) -> SealedDelivery:
        """Seal a file. The same content under the same name is sealed only once.

        `mark` names the state of the file at its source: `sealed_as` finds the delivery by it. Raises FenceLost if
        another program took what was sealed so far for the rest of a killed one, and removed it.
        """

    def seal_unseen(self, name: str, content: BinaryIO) -> SealedDelivery:
        """Seal a file so that only this program sees it, until `clear_half_sealed` removes it. Raises as `seal`.

        Returns the delivery that already has this content, or the one sealed now.
        """

    def sealed_as(self, name: str, mark: str) -> SealedDelivery | None:
        """Return the delivery sealed from a file with this name and mark; None: there is none to open."""

    def clear_half_sealed(self) -> None:
        """Remove what a killed program left half sealed. The caller holds the agreement's lock."""


class Inbox(Protocol):
    """Sealed deliveries, and the chain that the runs have applied."""

    def content(self, delivery: SealedDelivery) -> BinaryIO:
        """Return the content of a delivery as a seekable file."""

    def waiting(self) -> list[SealedDelivery]:
        """Deliveries in the inbox that no run has applied or refused, in the order they came.

        Includes those that were refused because their day had not come.
        """

    def accepted_by(self, run: Run) -> list[SealedDelivery]:
        """Return the deliveries that this run has accepted, in order."""

    def taken_on(self, produced: date) -> Link | None:
        """Return the delivery of this production date that was taken last; None: none was taken."""

    def newest(self) -> SealedDelivery | None:
        """Return the newest delivery taken whose content is still there; None: there is none."""

    def last_produced(self) -> date | None:
        """Return the production date of the last delivery taken; None: none was taken."""

    def last_loaded(self, now: datetime) -> date:
        """Return the production date of the last delivery that the register has loaded by now, taken or not."""

    def applied_until(self) -> date | None:
        """Return the production date of the newest delivery in which every person is accounted for."""

    def chain(self) -> tuple[date, date] | None:
        """Return the production dates of the first and the last delivery taken; None: none was taken."""

    def arrivals(self, first: date, last: date) -> list[ReceivedDelivery]:
        """Return the deliveries of these days in the order they came, without repeats and those set aside."""

    def accept(self, run: Run, delivery: SealedDelivery, header: Header, *, received: int) -> SealedDelivery:
        """Take a delivery that is whole and in chain into the run, and move the chain.

        If the chain only warns, a delivery may be missing before this one, and nobody can say which numbers it
        told of. Then a window opens for every subscribed patron. For a delivery that an operator accepted over
        a gap, the windows are open already.
        """

    def refuse(self, delivery: SealedDelivery, reason: str) -> None:
        """Refuse a delivery that is damaged or out of chain. `reason` is a stable name."""


@dataclass(frozen=True, slots=True)
class Doubted:
    """The patrons of whom nights may have written a part of a delivery that is set aside: a protection, or a death.

    The register is asked about them. Another source of the delivery's day may let letters go out again.
    """

    patron_ids: Sequence[str]
    produced: date


class StoppedDeliveries(Protocol):
    """What an operator decides about deliveries that stop the nights."""

    def copies(self, name: str) -> list[SealedDelivery]:
        """Return every delivery of this name, in the order they came, without one that is new when it comes again."""

    def accept(self, delivery: SealedDelivery, *, place: str, reason: str, user: str) -> int:
        """Accept a delivery that is out of chain. The next run applies it; this changes no record.

        After a gap, nobody can say which numbers the missing deliveries told of. Every subscribed patron is
        then unverified until the register has answered (decision 33). Returns for how many patrons a window was
        opened.
        """

    def stopping(self) -> list[SealedDelivery]:
        """Return the deliveries that no night could take. Each stops the nights as long as its file stays."""

    def discard(
        self, delivery: SealedDelivery, *, found: str, reason: str, user: str, doubted: Doubted | None = None
    ) -> int:
        """Set a delivery aside: no night looks at it again.

        `found`: the kind of fault. `doubted`: another one of the day has come. Otherwise the delivery leaves a gap. An
        operator who accepts the gap has every patron looked up (decision 33). Before the first delivery there is no
        chain that could show a gap. Then every subscribed patron is unverified from now on. Returns for how many
        patrons a window was opened because of a gap.
        """

    def decided_on(self, names: Collection[str]) -> dict[str, SealedDelivery]:
        """Return, for each of these names, the newest delivery that a run has taken or an operator has set aside."""


class WaitingFile(Protocol):
    """A complete file that waits to be taken."""

    @property
    def name(self) -> str: ...

    @property
    def mark(self) -> str | None:
        """A mark that identifies this state of the file, so that it need not be read. None: only the content does."""

    @property
    def is_announced(self) -> bool:
        """Whether a companion says how large the file must be. Without one only its record 999 shows it complete."""

    def open(self) -> BinaryIO:
        """The content, from its first byte. If it cannot seek, it can `peek`."""

    def done(self) -> None:
        """Keep or delete the file, as set. It is sealed in the inbox by now."""


class Feed(Protocol):
    """Where deliveries arrive."""

    def waiting(self) -> list[WaitingFile]:
        """Complete files only, in the order of their names."""

    def unfinished(self) -> list[str]:
        """Names of files that are still being written."""

    def unfinished_file(self, name: str) -> WaitingFile | None:
        """The part of an unfinished file that is there by now. None: it is only announced."""


class DeliveryReader(Protocol):
    """Reads the change extract. `source` is seekable and read in two passes; memory does not grow with the file."""

    def check_start(self, head: bytes) -> None:
        """Raise DeliveryRefused if a file that begins so can be no delivery."""

    def inspect(self, source: BinaryIO) -> Inspection:
        """Verify the whole file and count it. Raises DeliveryRefused."""

    def links(self, source: BinaryIO) -> Links:
        """The replaced numbers anywhere in the delivery. Raises DeliveryRefused."""

    def persons(self, source: BinaryIO) -> Iterator[Delivered]:
        """Each distinct number once, in the order of the 001 records, silenced by status. Raises DeliveryRefused."""
