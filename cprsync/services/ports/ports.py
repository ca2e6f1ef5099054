"""What the use cases need of the outside: the register, CULR, the feed, the reader, the store and the clock.

Adapters implement these, and `values` holds what passes through them. A contract suite for each port runs on the
double and on the real thing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import date, datetime

    from cprsync.domain.feed.delivery import Header, Link
    from cprsync.domain.leaving.forgetting import Forgotten
    from cprsync.domain.netmedia.account import Effect, Held, Identity, Settled, Unsettled
    from cprsync.domain.netmedia.drift import Repair
    from cprsync.domain.patron.due import Facts
    from cprsync.domain.patron.patron import AsOf, Patron
    from cprsync.domain.patron.responsible import Answering
    from cprsync.domain.patron.review import State
    from cprsync.domain.person.number import CprNumber
    from cprsync.domain.person.person import Person
    from cprsync.domain.policy.policy import Harm, Policy
    from cprsync.errors import CprsyncError
    from cprsync.services.ports.values import (
        Account,
        AskedToday,
        AuditState,
        Backlog,
        Batch,
        Checked,
        Delivered,
        Departed,
        Departing,
        Done,
        DuePage,
        FollowUp,
        Found,
        Gaps,
        Inspection,
        KeptAnswer,
        Links,
        NotFound,
        PlanRow,
        Prepared,
        Recognised,
        Repaired,
        Run,
        RunState,
        SealedDelivery,
        Subscribed,
        Tally,
    )


class Clock(Protocol):
    """The one clock. In a test environment it may be the mock's."""

    def now(self) -> datetime:
        """The moment, aware, in UTC."""
        ...

    def today(self) -> date:
        """The day in Copenhagen."""
        ...


# -- the register ------------------------------------------------------------------------------------


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


# -- the net media -------------------------------------------------------------------------------------


class NetMedia(Protocol):
    """CULR, as one library. Every call is bounded in time, size and tries; threads stay in the adapter."""

    def send_many(
        self, queues: Iterable[Sequence[Effect]]
    ) -> Iterator[tuple[Effect, Settled | Unsettled | CprsyncError]]:
        """Settle the effects of each queue, one patron's with the lowest version first; queues go side by side.

        Two queues that touch the same account go one after the other, in the order in which they come.

        Of a queue nothing is tried, nor yielded, behind an effect that is not settled, unless its code is one of
        REFUSED. A code of FORBIDDEN, or so many effects in a row without an answer, ends it all: what has not begun
        is not yielded. So does a row of refused ones, of which the last comes as NetMediaRefused. Queues are taken
        as they are needed, at most twice as many as go side by side.
        """
        ...

    def read_many(self, identities: Iterable[Identity]) -> Iterator[tuple[Identity, Held | Unsettled | CprsyncError]]:
        """What CULR holds under each, with the accounts of every agency; it ends early as `send_many` does."""
        ...


# -- deliveries ------------------------------------------------------------------------------------------


class WaitingFile(Protocol):
    """A whole file that waits to be taken."""

    @property
    def name(self) -> str: ...

    @property
    def mark(self) -> str | None:
        """What tells this state of the file from any other, to spare reading it; None: only its content does."""
        ...

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

    def unfinished_file(self, name: str) -> WaitingFile | None:
        """What is there by now of one of these; None: it is only announced."""
        ...


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


class Store(Protocol):
    """Our records, for one library (agency) and one agreement."""

    def read_only(self) -> Store:
        """The same store, which refuses each write, also one that nobody has thought of yet."""
        ...

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
    def seal(self, name: str, content: BinaryIO, *, mark: str | None = None) -> SealedDelivery:
        """Seal a file in chunks while streaming it in; the same content under the same name is sealed once.

        No write transaction is open while `content` is waited for. `mark` is kept for `sealed_as`.
        """
        ...

    def seal_unseen(self, name: str, content: BinaryIO) -> SealedDelivery:
        """Seal a file for a plan: nobody else sees it, and `clear_half_sealed` removes it."""
        ...

    def sealed_as(self, name: str, mark: str) -> SealedDelivery | None:
        """The delivery sealed from a file of this name while it had this mark."""
        ...

    def clear_half_sealed(self) -> None:
        """Remove what a killed program left half sealed. The caller holds the run lock."""
        ...

    def open_delivery(self, delivery: SealedDelivery) -> BinaryIO:
        """The content again, seekable."""
        ...

    def sealed(self) -> list[SealedDelivery]:
        """Deliveries in the inbox that no run has applied or refused, in the order they came."""
        ...

    def decided(self, names: Collection[str]) -> Mapping[str, SealedDelivery]:
        """Of these names, the newest delivery each that was taken or set aside."""
        ...

    def taken_on(self, produced: date) -> Link | None: ...

    def last_produced(self) -> date | None: ...

    def applied_until(self) -> date | None:
        """The production date of the newest delivery that is applied; one that a run has now does not count."""
        ...

    def accept(self, run: Run, delivery: SealedDelivery, header: Header, *, received: int) -> SealedDelivery: ...

    def refuse(self, delivery: SealedDelivery, reason: str) -> None: ...

    # records
    def population(self) -> int: ...

    def silent_count(self) -> int:
        """How many patrons there are of whose protection no source has spoken."""
        ...

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

    def write(self, run: Run | None, batch: Batch) -> None:
        """One transaction. Raises LostCompare or FenceLost, and then nothing is written.

        Without a run: for whoever holds the agreement's lock between two nights.
        """
        ...

    def tally(self, run: Run) -> Tally:
        """Add up the run's stored items: the report reads these, not what the program remembers."""
        ...

    def done(self, run: Run) -> Done:
        """What the run did before it was killed; nothing of one that has just begun."""
        ...

    def reviews_waiting(self) -> dict[str, int]:
        """How many items wait for a person, by kind."""
        ...

    def proposed(self, run: Run) -> dict[str, int]:
        """What the statuses of the run's changes propose and still waits for a person, by kind."""
        ...

    def keeping_numbers(self, patron_ids: Sequence[str]) -> set[tuple[str, str]]:
        """Of these patrons, what waits about an old number of theirs: whom, and which kind."""
        ...

    def reviews_in_force(self, patron_ids: Sequence[str]) -> list[tuple[str, str, State]]:
        """What waits for a person or was accepted about these patrons: the patron, the kind, and which of the two."""
        ...

    def answering(self, responsible_ids: Collection[str]) -> list[Answering]:
        """Every link in force of each minor for whom one of these answers."""
        ...

    def raised(self, run: Run) -> dict[tuple[str, str], bool]:
        """What this run, and none before it, has left to a person, and whether a delivery told of her.

        By patron id and kind; apart from what statuses propose.
        """
        ...

    def check_audit(self, *, code: str | None = None, records: int = 0) -> AuditState:
        """Follow the audit from end to end; `code`: the state that an earlier check told of is to be part of it.

        `records`: how many sealed records to open at most, beginning where the last night stopped.
        """
        ...

    # the register's side
    def intend(self, run: Run | None, patron_ids: Sequence[str], purpose: str) -> None:
        """Audit entries for look-ups that are about to be made, committed before the calls; no run: for a plan."""
        ...

    def unsubscribed(self, limit: int, *, unheard: bool = False) -> list[tuple[str, CprNumber]]:
        """Patrons with a real number and no subscription row; `unheard`: only those of whom no source has spoken."""
        ...

    def subscribed(
        self,
        run: Run | None,
        rows: Sequence[tuple[str, CprNumber]],
        *,
        since: date,
        already: Collection[CprNumber] = (),
        dead_until: date | None = None,
    ) -> None:
        """Write rows down; `already` were there before we asked, so they are not ours to remove where others share.

        `dead_until`: the last day of those who are known to be dead.
        """
        ...

    def subscription_count(self) -> int: ...

    def subscription_gaps(self, listed: Collection[CprNumber]) -> Gaps: ...

    def end_subscriptions(self, run: Run | None, *, on: date) -> int:
        """End the rows for which no reason holds any more; returns how many."""
        ...

    def open_lost(self, run: Run | None, numbers: Sequence[CprNumber]) -> Mapping[CprNumber, Sequence[str]]:
        """Open windows before these are added again; returns by number whose record was verified until now."""
        ...

    def close_not_lost(self, run: Run | None, patron_ids: Sequence[str]) -> None:
        """The register had the subscriptions of these all along."""
        ...

    def added_there(self, run: Run | None, numbers: Sequence[CprNumber]) -> None:
        """The register has added these again."""
        ...

    def removed_there(self, run: Run | None, numbers: Sequence[CprNumber]) -> None:
        """The register holds these no more: what others may add under them is theirs."""
        ...

    def follow_ups(self, limit: int) -> list[FollowUp]: ...

    def keep_answers(self, run: Run, found: Sequence[tuple[str, Found | NotFound]], as_of: AsOf) -> None:
        """Keep what the register has answered to these patrons' questions until the run ends. Raises FenceLost."""
        ...

    def kept_answers(self, run: Run, ids: Sequence[str]) -> dict[str, KeptAnswer]:
        """What this run was answered about these before it was stopped."""
        ...

    # windows
    def windows_to_ask(self, limit: int) -> list[str]:
        """Patrons in a window to ask the register about, the most urgent first."""
        ...

    def window_counts(self) -> dict[str, int]:
        """How many patrons are in a window, by why."""
        ...

    def asked_today(self) -> AskedToday:
        """How many in a window were asked about today, and what harm the answers have done."""
        ...

    def intend_to_ask(self, run: Run | None, patron_ids: Sequence[str]) -> None:
        """Audit entries for look-ups of those in a window, committed before the calls, and counted for the day."""
        ...

    def count_harms(self, run: Run | None, harms: Mapping[Harm, int]) -> None:
        """Harm that an answer is about to do, counted for the day before it is done."""
        ...

    # the calendar part
    def live_day(self, run: Run, page: DuePage, policy: Policy) -> str | None:
        """Do what a day brings these patrons, in one transaction; returns the last of them, None if no one is left.

        Lived again it finds nothing. Raises FenceLost.
        """
        ...

    def due_facts(self, until: date, *, everyone: bool) -> Iterable[Facts]:
        """The facts of each patron with something due up to a day, or of all."""
        ...

    def minors_facts(self, ids: Sequence[str]) -> Iterable[Facts]:
        """The facts of those of these patrons for whom someone answers."""
        ...

    def calendar_stamp(self) -> str | None:
        """What of the policy the due days were counted with."""
        ...

    def keep_calendar_stamp(self, run: Run, counted: str | None) -> None: ...

    def calendar_counts(self, run: Run) -> dict[str, int]:
        """How often each kind of event happened in a run, by the stored rows."""
        ...

    # what is over
    def forget(self, run: Run | None, kind: Forgotten, policy: Policy, *, on: date, limit: int) -> int:
        """Forget at most so many of a kind, in one transaction with their audit; returns how many there were.

        Raises FenceLost.
        """
        ...

    def count_log(self, policy: Policy, *, on: date) -> int:
        """How many entries of the audit may be cut on a day: none while a beginning of it does not hold."""
        ...

    def forgettable(self, policy: Policy, *, on: date) -> dict[str, int]:
        """How many of each kind would be forgotten on a day, as things stand."""
        ...

    # -- rights to net media

    def derive_rights(self, run: Run, page: DuePage, policy: Policy) -> str | None:
        """Derive those of the next patrons that are due, in one transaction; the last one, None: no one is left."""
        ...

    def rights_stamp(self) -> str | None:
        """What of the policy they were derived with."""
        ...

    def keep_rights_stamp(self, run: Run, derived: str | None) -> None:
        """Everyone's are derived with this policy now."""
        ...

    def derive_again(self, ids: Sequence[str], policy: Policy, *, on: date) -> None:
        """Derive the rights of these now, due or not."""
        ...

    def forget_earlier_turns(self, run: Run) -> None:
        """Forget what turned in earlier runs, but for what CULR has still to hear: their reports have it."""
        ...

    def rights_turns(self, run: Run) -> dict[str, dict[str, int]]:
        """What became of them in a run, by product, and under `waiting` of how many CULR has still to hear."""
        ...

    def rights_kept(self) -> int:
        """How many patrons' rights are kept."""
        ...

    # -- the net media

    def backlog(self) -> Backlog:
        """What the net media have still to hear."""
        ...

    def outbox_order(self) -> list[str]:
        """Patrons for whom effects wait: first those who may lose a right, then whoever has waited longest."""
        ...

    def outbox_queues(self, ids: Sequence[str]) -> list[tuple[Effect, ...]]:
        """What waits for each of these, lowest version first."""
        ...

    def offer(self, effects: Sequence[Effect]) -> None:
        """These are about to be sent, and may have been heard of from now on."""
        ...

    def settle(self, run: Run | None, outcomes: Sequence[tuple[Effect, Settled | Unsettled]]) -> list[tuple[str, str]]:
        """Write what came of effects, in one transaction; returns the patrons whom a person has to look at, and why.

        Without a run it is the desk that told of them.
        """
        ...

    # accounts there
    def account_count(self) -> int:
        """How many accounts the net media were told of."""
        ...

    def oldest_accounts(self, limit: int | None, *, today: datetime | None = None) -> list[str]:
        """Patrons whose accounts were not read for longest, or told of; without a limit all of them.

        What was read since `today` began counts against the limit, and is not read again. Nobody for whom an effect
        waits, or was refused: the same holds of what follows.
        """
        ...

    def without_account(self) -> list[str]:
        """Whoever has no account as far as is known, be she a patron or not."""
        ...

    def accounts(self, ids: Sequence[str]) -> list[Account]:
        """What is to be there for each of these; whoever has none and is to have none is left out, unless closed."""
        ...

    def accounts_left_out(self) -> int:
        """For how many patrons something waits, or was refused."""
        ...

    def see_accounts(self, run: Run | None, seen: Sequence[tuple[str, Held]], *, gone: Sequence[str] = ()) -> None:
        """Write down what was read of accounts that are as they are to be; `gone`: there is none, nor is one wanted.

        One transaction. Raises FenceLost.
        """
        ...

    def repair_accounts(self, run: Run | None, decided: Sequence[Repair]) -> Repaired:
        """Let what repairs these wait to be sent, or ask a person, in one transaction. Raises FenceLost.

        Whoever was written since, or for whom something waits by now, is left as she is.
        """
        ...

    # verifying
    def checked_page(self, after: str, limit: int) -> list[Checked]:
        """The next records after an id with the rights kept of them; whoever is gone among them."""
        ...

    def wrong_versions(self) -> list[str]:
        """Patrons of whom a version is not above the one before it."""
        ...

    def let_stand(self, ids: Sequence[str]) -> set[str]:
        """Those of whom someone has said last that another library's number may stand."""
        ...

    # patrons who leave
    def replay_journal(self) -> int:
        """Close and erase again whoever an older copy of the store has brought back; how many, since last told."""
        ...

    def departing(self, inactive_before: date | None) -> Departing:
        """Who leaves tonight: whom the policy asks, and who asked and has nothing open any more."""
        ...

    def depart(self, run: Run, departing: Departing, *, inactive_before: date | None) -> Departed:
        """Ask and close these, in one transaction. Raises FenceLost."""
        ...

    def sweep_gone(self, run: Run) -> int:
        """Drop what only waited for the register to let go of whoever has left; returns how many rows went."""
        ...

    def overridden(self) -> list[str]:
        """Patrons of whom staff have corrected something."""
        ...
