"""The civil register: its port, what it answers, and what the store keeps of subscriptions, questions and windows."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from datetime import date

    from cprsync.domain.patron.patron import AsOf
    from cprsync.domain.person.number import CprNumber
    from cprsync.domain.person.person import Person
    from cprsync.domain.policy.policy import Harm
    from cprsync.errors import CprsyncError
    from cprsync.services.ports.runs import Run


@dataclass(frozen=True, slots=True, repr=False)
class Found:
    """The register's answer about one number."""

    number: CprNumber
    person: Person


@dataclass(frozen=True, slots=True, repr=False)
class NotFound:
    """No person for one number. The error says which side is at fault."""

    number: CprNumber
    error: CprsyncError


@dataclass(frozen=True, slots=True, repr=False)
class KeptAnswer:
    """An answer of the register in a run that was stopped before it could decide on it."""

    answer: Found | NotFound
    #: the day that the answer speaks of
    as_of: AsOf


class Subscribed(enum.Enum):
    """The result of a subscription call."""

    #: ADDED
    ADDED = "added"
    #: ALREADY_EXISTED
    ALREADY = "already"
    #: REMOVED
    REMOVED = "removed"
    #: NON_EXISTING_PNR: the number was not subscribed
    ABSENT = "absent"


#: The questions to the register that stay open: whether a protection has ended, as a source has said; whether it has,
#: though no source has said so; the first copy of a new patron; what it says under a patron's new number; and what it
#: says while the feed could not tell about a patron (decision 32).
PROTECTION_END: Final = "protection_end"
PROTECTION_SILENT: Final = "protection_silent"
FIRST_COPY: Final = "first_copy"
NUMBER_CHANGE: Final = "number_change"
WINDOW: Final = "window"
#: those about a protection: no source has said that it stands, so it may have ended
PROTECTION_QUESTIONS: Final = frozenset({PROTECTION_END, PROTECTION_SILENT})


@dataclass(frozen=True, slots=True)
class FollowUp:
    """A question to the register that stays open until it is answered."""

    patron_id: str
    #: one of those above
    kind: str


class CivilRegister(Protocol):
    """The civil register, through the platform. Every call has a limit on time, size and tries."""

    def look_up_many(self, numbers: Iterable[CprNumber]) -> Iterator[Found | NotFound]:
        """Answer each number once, in any order. One failing number does not stop the others."""

    def subscribe_many(self, numbers: Iterable[CprNumber]) -> Iterator[tuple[CprNumber, Subscribed | CprsyncError]]:
        """Subscribe each number once, in any order. Subscribing twice has the same effect as once."""

    def unsubscribe_many(self, numbers: Iterable[CprNumber]) -> Iterator[tuple[CprNumber, Subscribed | CprsyncError]]:
        """End the subscription of each number once, in any order. Ending it twice has the same effect as once."""

    def subscriptions(self) -> set[CprNumber]:
        """All numbers subscribed under our agreement."""


@dataclass(frozen=True, slots=True)
class InWindow:
    """A patron in a window: deliveries may lack news of their number."""

    patron_id: str
    since: date
    #: as `WindowReason` names it
    why: str
    #: the last day on which the register was asked and did not answer
    asked: date | None = None
    #: the review item that waits about the patron; or that was rejected, so that they keep a replaced number, or stay
    #: held by an undo
    item: int | None = None
    #: whether that item waits; False: it was rejected
    waits: bool = False


@dataclass(frozen=True, slots=True)
class AskedToday:
    """How many patrons in a window the register was asked about on a day, and the harm that counts beside its answers.

    That is what the answers have done, and what the nights of the day have written within the limits.
    """

    asked: int = 0
    harms: Mapping[Harm, int] = field(default_factory=dict)

    def document(self, most: int) -> dict[str, int]:
        """The day's quota and what is used of it. `most`: how many a day may be asked about."""
        return {"asked": self.asked, "most": most}


@dataclass(frozen=True, slots=True, repr=False)
class Gaps:
    """The differences between our subscriptions and the register's list."""

    #: ours, but not in the list
    missing: tuple[CprNumber, ...]
    #: in the list; we added them, and they no longer have a reason
    ended: tuple[CprNumber, ...]
    #: in the list, but not ours
    foreign: tuple[CprNumber, ...]
    #: how many are ours and in the list
    kept: int
    #: not in the list; we added them, and they no longer have a reason: a removal that we were not told about
    gone: tuple[CprNumber, ...] = ()


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many numbers the library wants to be told of, and how many it is."""

    wanted: int
    #: subscribed under this agreement
    held: int
    #: of those held, the ones that someone else may have added: the answer to ours was lost, or they were there before
    unconfirmed: int


class Subscriptions(Protocol):
    """Whom the register tells us about, and what it is still to be asked."""

    def intend(self, run: Run | None, patron_ids: Sequence[str], purpose: str) -> None:
        """Write an audit entry for each look-up that is about to be made. No run: by a plan."""

    def unsubscribed(self, limit: int, *, unheard: bool = False) -> list[tuple[str, CprNumber]]:
        """Return patrons with a real number that was never subscribed under this agreement, without those who left.

        `unheard`: only patrons without an as-of.
        """

    def subscribed(
        self,
        run: Run | None,
        rows: Sequence[tuple[str, CprNumber]],
        *,
        since: date,
        already: Collection[CprNumber] = (),
        dead_until: date | None = None,
    ) -> None:
        """Note that these patrons are subscribed, and ask for a first copy of each without an as-of.

        A record is unverified if a delivery could have told of it before the subscription (decision 32). All of
        it is one transaction: subscribing brings no first copy, and a killed run must not forget to ask for it.

        `already`: numbers that were there before. Someone who shares the agreement added them, or we did and
        the answer was lost. Nobody can tell, so they do not count as added by us. One subscription too many is
        better than removing another's.

        `dead_until`: the last day of those who are known to be dead, after a replaced number for example.
        """

    def count(self) -> int:
        """Count the numbers that are subscribed under this agreement."""

    def coverage(self) -> Coverage:
        """Count the numbers that are wanted under this agreement, and those that are subscribed."""

    def follow_ups(self, limit: int) -> list[FollowUp]:
        """Return open questions to the register, the oldest first."""

    def keep_answers(self, run: Run, answers: Sequence[tuple[str, Found | NotFound]], as_of: AsOf) -> None:
        """Keep the answers about these patrons, sealed with the day that each has seen.

        A failure is not kept, so the question is asked again.
        """

    def kept_answers(self, run: Run, ids: Sequence[str]) -> dict[str, KeptAnswer]:
        """Return the answers that this run got about these patrons before it was stopped."""


class Reconciliation(Protocol):
    """Our subscriptions against the register's list."""

    def gaps(self, listed: Collection[CprNumber]) -> Gaps:
        """Compare our rows with the list by index. Only the missing ones of some 100,000 rows are opened."""

    def end(self, run: Run | None, *, on: date) -> int:
        """End the rows whose reason no longer applies; returns how many.

        A person who only answered for a minor leaves when nothing is owed by now.
        """

    def added_there(self, run: Run | None, numbers: Sequence[CprNumber]) -> None:
        """Record that the register has added these numbers again."""

    def removed_there(self, run: Run | None, numbers: Sequence[CprNumber]) -> None:
        """Note that the register no longer holds these numbers for us. What others add later is theirs."""

    def restored(self, numbers: Sequence[CprNumber]) -> dict[CprNumber, str]:
        """Return who has these numbers, of those who are unverified since an older copy was put back."""

    def leave_ended(self, run: Run | None, patron_ids: Sequence[str]) -> None:
        """Leave to staff patrons without a subscription at the register since an older copy was put back.

        Perhaps they were closed or erased after the copy was made.
        """

    def open_lost(self, run: Run | None, numbers: Sequence[CprNumber]) -> dict[CprNumber, list[str]]:
        """Open windows before numbers that have vanished at the register are added again.

        The feed told nothing of the time in between. The windows open before the call, so that a killed night
        forgets nobody. Returns, by number, the patrons with a new window.
        """

    def close_not_lost(self, run: Run | None, patron_ids: Sequence[str]) -> None:
        """Close the windows of patrons whose subscriptions were there all along: the list was wrong."""

    def documents(self) -> list[dict[str, Any]]:
        """Return every row, by patron and reason, without its number."""


class Windows(Protocol):
    """Patrons in a window: deliveries may lack news of their number."""

    def listed(self) -> list[InWindow]:
        """Return every patron in a window, by patron number, with the review item that decides about them."""

    def count(self) -> int:
        """Count the patrons in a window. Opens no row, however many they are."""

    def counts(self) -> dict[str, int]:
        """How many patrons are in a window, by reason."""

    def awaits_register(self) -> bool:
        """Whether the register still has to answer about somebody since an older copy was put back.

        Patrons whom a person has to decide on are left out: that may take long, and asks for no answer.
        """

    def to_ask(self, limit: int) -> list[str]:
        """Return the patrons to ask about next, the most urgent first.

        Opens each record for a moment to see who is protected. Three groups are left out:
        - patrons with an open question that each night asks anyway: its answer closes the window too;
        - patrons whose number a person still has to decide: an answer may be about someone else;
        - patrons with a replaced number about which the register was asked a short time ago.
        """

    def asked_today(self) -> AskedToday:
        """How many patrons in a window were asked about today, and the harm that was done today."""

    def intend_to_ask(self, run: Run | None, patron_ids: Sequence[str]) -> None:
        """Write an audit entry for each look-up that is about to be made, and count them for the day."""

    def open_for_everyone(self, *, user: str, reason: str) -> int:
        """Open a window for every subscribed patron, for a reason that the program cannot see. Returns how many."""
