"""What the use cases need from outside: the register, CULR, the feed, the reader, the store and the clock.

Adapters implement these ports, and `values` holds what passes through them. Each port has a contract suite, which runs
on the double and on the real thing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import date, datetime

    from cprsync.domain.deciding.reviews import ItemInForce
    from cprsync.domain.feed.delivery import Header, Link
    from cprsync.domain.leaving.forgetting import Forgotten
    from cprsync.domain.netmedia.account import Effect, Held, Identity
    from cprsync.domain.netmedia.drift import Repair
    from cprsync.domain.netmedia.settling import Settled, Unsettled
    from cprsync.domain.patron.due import Facts
    from cprsync.domain.patron.patron import AsOf, Patron
    from cprsync.domain.patron.responsible import Answering
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
        """The present moment, with time zone, in UTC."""
        ...

    def today(self) -> date:
        """The present day in Copenhagen."""
        ...


# -- the register ------------------------------------------------------------------------------------


class Register(Protocol):
    """The civil register, through the platform. Every call has a limit on time, size and tries."""

    def look_up_many(self, numbers: Iterable[CprNumber]) -> Iterator[Found | NotFound]:
        """Answer each number once, in any order. One failing number does not stop the others."""
        ...

    def subscribe_many(self, numbers: Iterable[CprNumber]) -> Iterator[tuple[CprNumber, Subscribed | CprsyncError]]:
        """Subscribe each number once, in any order. Subscribing twice has the same effect as once."""
        ...

    def unsubscribe_many(self, numbers: Iterable[CprNumber]) -> Iterator[tuple[CprNumber, Subscribed | CprsyncError]]:
        """End the subscription of each number once, in any order. Ending it twice has the same effect as once."""
        ...

    def subscriptions(self) -> set[CprNumber]:
        """All numbers subscribed under our agreement."""
        ...


# -- the net media -------------------------------------------------------------------------------------


class NetMedia(Protocol):
    """CULR, as one library. Every call has a limit on time, size and tries; threads stay in the adapter."""

    def send_many(
        self, queues: Iterable[Sequence[Effect]]
    ) -> Iterator[tuple[Effect, Settled | Unsettled | CprsyncError]]:
        """Send the effects of each queue. A queue holds one patron's effects, the lowest version first.

        Queues run side by side. Two queues that touch the same account run one after the other, in the order in which
        they come. A queue stops at its first effect that is not settled, unless its code is in REFUSED. Effects behind
        it are neither tried nor yielded.

        Three things stop all queues: the code FORBIDDEN, too many effects in a row without an answer, and too many
        refused in a row. Effects that have not begun are then not yielded. In the last case the last effect comes as
        NetMediaRefused. Queues are taken as needed, at most twice as many as run side by side.
        """
        ...

    def read_many(self, identities: Iterable[Identity]) -> Iterator[tuple[Identity, Held | Unsettled | CprsyncError]]:
        """What CULR holds under each identity, with the accounts of every agency. Stops early as `send_many` does."""
        ...


# -- deliveries ------------------------------------------------------------------------------------------


class WaitingFile(Protocol):
    """A complete file that waits to be taken."""

    @property
    def name(self) -> str: ...

    @property
    def mark(self) -> str | None:
        """A mark that identifies this state of the file, so that it need not be read. None: only the content does."""
        ...

    def open(self) -> BinaryIO:
        """The content, from its first byte."""
        ...

    def done(self) -> None:
        """Keep or delete the file, as set. It is sealed in the inbox by now."""
        ...


class Feed(Protocol):
    """Where deliveries arrive."""

    def waiting(self) -> list[WaitingFile]:
        """Complete files only, in the order of their names."""
        ...

    def unfinished(self) -> list[str]:
        """Names of files that are still being written."""
        ...

    def unfinished_file(self, name: str) -> WaitingFile | None:
        """The part of an unfinished file that is there by now. None: it is only announced."""
        ...


class Reader(Protocol):
    """Reads the change extract. `source` is seekable and read in two passes; memory does not grow with the file."""

    def inspect(self, source: BinaryIO) -> Inspection:
        """Verify the whole file and count it. Raises DeliveryRefused."""
        ...

    def links(self, source: BinaryIO) -> Links:
        """The replaced numbers anywhere in the delivery. Raises DeliveryRefused."""
        ...

    def persons(self, source: BinaryIO) -> Iterator[Delivered]:
        """Each distinct number once, in the order of the 001 records, silenced by status. Raises DeliveryRefused."""
        ...


# -- the store -------------------------------------------------------------------------------------------


class Store(Protocol):
    """Our records, for one library (agency) and one agreement."""

    def read_only(self) -> Store:
        """The same store, which refuses every write."""
        ...

    # the night
    def run_lock(self) -> AbstractContextManager[None]:
        """Hold the agreement's session lock. Raises RunBusy at once if another process holds it."""
        ...

    def open_run(self, *, day: date, started: datetime) -> Run:
        """Open a new run, or the unfinished one to resume. Moves the fence."""
        ...

    def set_state(self, run: Run, state: RunState) -> None: ...

    def close_run(self, run: Run, *, state: RunState, finished: datetime, document: Mapping[str, Any]) -> None:
        """Write the run's report and its audit entry, and release its deliveries.

        CLOSED: they are applied and the chain has moved on. HELD or any other state: they wait in the inbox again.
        """
        ...

    def last_run_day(self) -> date | None:
        """The day of the last closed run. The calendar part covers the days since then."""
        ...

    def run_deliveries(self, run: Run) -> list[SealedDelivery]:
        """The deliveries that a resumed run has already accepted, in order."""
        ...

    # the inbox
    def seal(self, name: str, content: BinaryIO, *, mark: str | None = None) -> SealedDelivery:
        """Seal a file in chunks while it streams in. The same content under the same name is sealed once.

        No write transaction is open while `content` is waited for. `mark` is kept for `sealed_as`.
        """
        ...

    def seal_unseen(self, name: str, content: BinaryIO) -> SealedDelivery:
        """Seal a file for a plan. Nobody else sees it, and `clear_half_sealed` removes it."""
        ...

    def sealed_as(self, name: str, mark: str) -> SealedDelivery | None:
        """The delivery that was sealed from a file of this name while it had this mark."""
        ...

    def clear_half_sealed(self) -> None:
        """Remove what a killed program left half sealed. The caller holds the run lock."""
        ...

    def open_delivery(self, delivery: SealedDelivery) -> BinaryIO:
        """The content, seekable."""
        ...

    def sealed(self) -> list[SealedDelivery]:
        """Deliveries in the inbox that no run has applied or refused, in the order they came."""
        ...

    def decided(self, names: Collection[str]) -> Mapping[str, SealedDelivery]:
        """By name, the newest delivery that was taken or set aside."""
        ...

    def taken_on(self, produced: date) -> Link | None: ...

    def last_produced(self) -> date | None: ...

    def applied_until(self) -> date | None:
        """The production date of the newest applied delivery. A delivery that a run has now does not count."""
        ...

    def accept(self, run: Run, delivery: SealedDelivery, header: Header, *, received: int) -> SealedDelivery: ...

    def refuse(self, delivery: SealedDelivery, reason: str) -> None: ...

    # records
    def population(self) -> int: ...

    def silent_count(self) -> int:
        """How many patrons have no word from any source about protection."""
        ...

    def recognise(self, persons: Sequence[Person]) -> list[Recognised]:
        """For each person: not ours, equal by fingerprint, or the opened patron."""
        ...

    def patrons(self, ids: Sequence[str]) -> list[Patron]: ...

    def old_numbers(self, numbers: Sequence[CprNumber]) -> dict[CprNumber, str]:
        """By number, the patron who had it before another number replaced it."""
        ...

    def prepare(self, after: Person) -> Prepared: ...

    def save_plan(self, run: Run, rows: Iterable[PlanRow]) -> str:
        """Store the plan and return its hash, `sha256:…`."""
        ...

    def write(self, run: Run | None, batch: Batch) -> None:
        """Write in one transaction. Raises LostCompare or FenceLost; then nothing is written.

        Without a run, the caller holds the agreement's lock between two nights.
        """
        ...

    def tally(self, run: Run) -> Tally:
        """Count the run's stored items. The report uses these counts, not the program's memory."""
        ...

    def done(self, run: Run) -> Done:
        """What the run did before it was killed. Empty for a run that has just begun."""
        ...

    def reviews_waiting(self) -> dict[str, int]:
        """How many reviews wait, by kind."""
        ...

    def proposed(self, run: Run) -> dict[str, int]:
        """How many reviews that the statuses of the run's changes propose still wait, by kind."""
        ...

    def reviews_in_force(self, patron_ids: Sequence[str]) -> list[ItemInForce]:
        """The reviews about these patrons that wait or were accepted."""
        ...

    def answering(self, responsible_ids: Collection[str]) -> list[Answering]:
        """Every link in force of each minor that one of these patrons answers for."""
        ...

    def raised(self, run: Run) -> dict[tuple[str, str], bool]:
        """The reviews that this run opened, and no run before it; True: a delivery reported the patron.

        By patron id and kind. Leaves out what statuses propose.
        """
        ...

    def check_audit(self, *, code: str | None = None, records: int = 0) -> AuditState:
        """Check the audit from end to end.

        `code`: the state that an earlier check returned; the audit must contain it. `records`: the most sealed records
        to open, starting where the last night stopped.
        """
        ...

    # the register's side
    def intend(self, run: Run | None, patron_ids: Sequence[str], purpose: str) -> None:
        """Commit the audit entries of look-ups before the calls. No run: for a plan."""
        ...

    def unsubscribed(self, limit: int, *, unheard: bool = False) -> list[tuple[str, CprNumber]]:
        """Patrons with a real number and no subscription row. `unheard`: only those without data from any source."""
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
        """Write subscription rows.

        `already`: numbers that were subscribed before we asked; if others share the agreement, we may not remove them.
        `dead_until`: the last day for persons known to be dead.
        """
        ...

    def subscription_count(self) -> int: ...

    def subscription_gaps(self, listed: Collection[CprNumber]) -> Gaps: ...

    def end_subscriptions(self, run: Run | None, *, on: date) -> int:
        """End the rows that no longer have a reason. Return how many."""
        ...

    def open_lost(self, run: Run | None, numbers: Sequence[CprNumber]) -> Mapping[CprNumber, Sequence[str]]:
        """Open windows before these numbers are subscribed again.

        Return by number the patrons who were verified until now.
        """
        ...

    def close_not_lost(self, run: Run | None, patron_ids: Sequence[str]) -> None:
        """Close the windows: the register had these subscriptions all the time."""
        ...

    def added_there(self, run: Run | None, numbers: Sequence[CprNumber]) -> None:
        """Record that the register has added these numbers again."""
        ...

    def removed_there(self, run: Run | None, numbers: Sequence[CprNumber]) -> None:
        """Record that the register no longer holds these numbers. If others subscribe to one later, it is theirs."""
        ...

    def follow_ups(self, limit: int) -> list[FollowUp]: ...

    def keep_answers(self, run: Run, found: Sequence[tuple[str, Found | NotFound]], as_of: AsOf) -> None:
        """Store the register's answers about these patrons until the run ends. Raises FenceLost."""
        ...

    def kept_answers(self, run: Run, ids: Sequence[str]) -> dict[str, KeptAnswer]:
        """The answers about these patrons that this run got before it was stopped."""
        ...

    # windows
    def windows_to_ask(self, limit: int) -> list[str]:
        """The patrons in a window to ask the register about, the most urgent first."""
        ...

    def window_counts(self) -> dict[str, int]:
        """How many patrons are in a window, by reason."""
        ...

    def asked_today(self) -> AskedToday:
        """How many patrons in a window were asked about today, and the harm done by the answers."""
        ...

    def intend_to_ask(self, run: Run | None, patron_ids: Sequence[str]) -> None:
        """Commit the audit entries of look-ups of patrons in a window before the calls. Count them for the day."""
        ...

    def count_harms(self, run: Run | None, harms: Mapping[Harm, int]) -> None:
        """Count harm for the day before an answer does it."""
        ...

    # the calendar part
    def live_day(self, run: Run, page: DuePage, policy: Policy) -> str | None:
        """Do what a day brings these patrons, in one transaction. Return the last patron's id; None: no one is left.

        A second call for the same day finds nothing to do. Raises FenceLost.
        """
        ...

    def due_facts(self, until: date, *, everyone: bool) -> Iterable[Facts]:
        """The facts of each patron with something due by a day, or of all patrons."""
        ...

    def minors_facts(self, ids: Sequence[str]) -> Iterable[Facts]:
        """The facts of these patrons, only of those with a responsible person."""
        ...

    def calendar_stamp(self) -> str | None:
        """The part of the policy with which the due days were computed."""
        ...

    def keep_calendar_stamp(self, run: Run, counted: str | None) -> None: ...

    def calendar_counts(self, run: Run) -> dict[str, int]:
        """How often each kind of event happened in a run, counted from the stored rows."""
        ...

    # deleting after the retention period
    def forget(self, run: Run | None, kind: Forgotten, policy: Policy, *, on: date, limit: int) -> int:
        """Delete at most `limit` items of a kind, in one transaction with their audit. Return how many.

        Raises FenceLost.
        """
        ...

    def count_log(self, policy: Policy, *, on: date) -> int:
        """How many audit entries may be cut on a day. None may be while a beginning of the audit fails its check."""
        ...

    def forgettable(self, policy: Policy, *, on: date) -> dict[str, int]:
        """How many items of each kind would be deleted on a day, in the present state."""
        ...

    # -- rights to net media

    def derive_rights(self, run: Run, page: DuePage, policy: Policy) -> str | None:
        """Derive the rights of the next patrons due, in one transaction. Return the last id; None: no one is left."""
        ...

    def rights_stamp(self) -> str | None:
        """The part of the policy with which rights were derived."""
        ...

    def keep_rights_stamp(self, run: Run, derived: str | None) -> None:
        """Record that all rights are now derived with this policy."""
        ...

    def derive_again(self, ids: Sequence[str], policy: Policy, *, on: date) -> None:
        """Derive the rights of these patrons now, due or not."""
        ...

    def forget_earlier_turns(self, run: Run) -> None:
        """Delete the turns of earlier runs, which their reports hold, except those that CULR must still be told."""
        ...

    def rights_turns(self, run: Run) -> dict[str, dict[str, int]]:
        """By product, what became of the rights in a run. `waiting` counts those that CULR must still be told."""
        ...

    def rights_kept(self) -> int:
        """For how many patrons rights are stored."""
        ...

    # -- the net media

    def backlog(self) -> Backlog:
        """What the net media must still be told."""
        ...

    def outbox_order(self) -> list[str]:
        """Patrons with effects that wait: first those who may lose a right, then those who have waited longest."""
        ...

    def outbox_queues(self, ids: Sequence[str]) -> list[tuple[Effect, ...]]:
        """The effects that wait for each patron, lowest version first."""
        ...

    def offer(self, effects: Sequence[Effect]) -> None:
        """Record that these effects are about to be sent, so CULR may know of them from now on."""
        ...

    def settle(self, run: Run | None, outcomes: Sequence[tuple[Effect, Settled | Unsettled]]) -> list[tuple[str, str]]:
        """Write the outcomes of effects in one transaction. Return the patrons that staff must look at, and why.

        Without a run, the desk has sent them.
        """
        ...

    # accounts in CULR
    def account_count(self) -> int:
        """How many accounts CULR was told of."""
        ...

    def oldest_accounts(self, limit: int | None, *, today: datetime | None = None) -> list[str]:
        """Patrons with accounts that were not read or told for the longest time. Without a limit, all of them.

        Accounts that were read since `today` began count against the limit and are not read again. Leaves out patrons
        with an effect that waits or was refused. The same applies to the methods below.
        """
        ...

    def without_account(self) -> list[str]:
        """Everyone who has no account as far as we know, patron or not."""
        ...

    def accounts(self, ids: Sequence[str]) -> list[Account]:
        """The account that each of these is to have. Leaves out those who have none and need none, unless closed."""
        ...

    def accounts_left_out(self) -> int:
        """How many patrons have an effect that waits or was refused."""
        ...

    def see_accounts(self, run: Run | None, seen: Sequence[tuple[str, Held]], *, gone: Sequence[str] = ()) -> None:
        """Record the accounts that were read and are correct. `gone`: there is no account, and none is needed.

        One transaction. Raises FenceLost.
        """
        ...

    def repair_accounts(self, run: Run | None, decided: Sequence[Repair]) -> Repaired:
        """Queue the repairs to be sent, or open reviews, in one transaction. Raises FenceLost.

        Leaves out patrons who were written since, or who have an effect that waits by now.
        """
        ...

    # verifying
    def checked_page(self, after: str, limit: int) -> list[Checked]:
        """The next records after an id, with the rights stored for them. Includes those who have left."""
        ...

    def wrong_versions(self) -> list[str]:
        """Patrons with a version that is not higher than the one before it."""
        ...

    def let_stand(self, ids: Sequence[str]) -> set[str]:
        """Those of these patrons for which staff last decided that another library's number may stay."""
        ...

    # patrons who leave
    def replay_journal(self) -> int:
        """Close and erase again those that an older copy of the store brought back.

        Return how many, since last told.
        """
        ...

    def departing(self, inactive_before: date | None) -> Departing:
        """Who leaves tonight: those that the policy asks, and those who asked before and now have nothing open."""
        ...

    def depart(self, run: Run, departing: Departing, *, inactive_before: date | None) -> Departed:
        """Ask these patrons to leave and close their records, in one transaction. Raises FenceLost."""
        ...

    def sweep_gone(self, run: Run) -> int:
        """Delete what only waited for the register to end subscriptions of those who left. Return how many rows."""
        ...

    def overridden(self) -> list[str]:
        """Patrons with a correction by staff."""
        ...
