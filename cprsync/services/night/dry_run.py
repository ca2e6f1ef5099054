"""A night that is only planned: the same decisions on the same deliveries, and no record written.

The files that wait are sealed where nobody else sees them, and removed when the plan is made. They stay where they
arrive. The register is asked what the night would ask; without that, the plan would miss the protections that end. Each
look-up has its audit entry first, and only these entries remain. Patrons who are not subscribed yet are not asked
about, and their first copies are not planned.

The store is read-only. The writes that a plan may do, and the values that it counts instead of a write, have methods
here. The store itself refuses every other write, also one that is added later.
"""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from cprsync.services.night.report import Counts
from cprsync.services.night.run import run_night
from cprsync.services.planning.foreseen_reviews import ForeseenReviews
from cprsync.services.planning.plan_hash import plan_hash
from cprsync.services.planning.steps import moves_day_of_age
from cprsync.services.planning.welcome import NEW_A_NIGHT
from cprsync.services.ports.values import Departed, Run, Subscribed, Tally

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date, datetime

    from cprsync.domain.deciding.guard import Outcome
    from cprsync.domain.feed.delivery import Header
    from cprsync.domain.netmedia.account import Held, Identity
    from cprsync.domain.netmedia.settling import Unsettled
    from cprsync.domain.patron.due import Due, Facts
    from cprsync.domain.person.number import CprNumber
    from cprsync.errors import CprsyncError
    from cprsync.services.night.report import Report
    from cprsync.services.ports.night import Night
    from cprsync.services.ports.ports import Feed, NetMedia, Register, Store, WaitingFile
    from cprsync.services.ports.values import Batch, Departing, Found, NotFound, PlanRow, SealedDelivery, Write

#: Writes of a night that a plan skips. Any other write ends the plan.
_LEFT_OUT = frozenset(
    {"set_state", "close_run", "refuse", "subscribed", "added_there", "removed_there", "end_subscriptions"}
    | {"forget", "replay_journal", "sweep_gone", "keep_answers", "close_not_lost"}
)
#: The run id of a plan.
_NO_RUN = 0


def plan_night(night: Night) -> Report:
    """Plan one night and return its report. Raises RunBusy while a night runs."""
    unwritten = Unwritten(night.store)
    net_media = None if night.net_media is None else Untold(night.net_media)
    planned = replace(
        night,
        store=cast("Store", unwritten),
        register=Asked(night.register),
        feed=Untouched(night.feed),
        net_media=cast("NetMedia", net_media),
    )
    report = run_night(planned, only_plan=True)
    return replace(report, counts=report.counts + Counts(subscribed=unwritten.waiting))


class Unwritten:
    """The store of a planned night. Writes only the audit entries of look-ups, and counts what would be written."""

    def __init__(self, store: Store) -> None:
        """Take the store to read from, and to write a plan's sealed files and audit entries to."""
        self._store = store
        self._reads = store.read_only()
        self._outcomes: Counter[Outcome] = Counter()
        self._actions: Counter[str] = Counter()
        self._reviews = ForeseenReviews(self._reads)
        #: patrons with a line in the balance sheet
        self._told: set[str | None] = set()
        self._accepted: list[str] = []
        self._produced: date | None = None
        #: by patron, the planned writes that change the birth date
        self._born_anew: dict[str, Write] = {}
        self.waiting = len(self._reads.unsubscribed(NEW_A_NIGHT))

    def __getattr__(self, name: str) -> Any:
        """Read from the store. A write that is left out does nothing; any other write is refused."""
        return _nothing if name in _LEFT_OUT else getattr(self._reads, name)

    # what a plan may write

    @contextmanager
    def run_lock(self) -> Iterator[None]:
        """Hold the agreement's lock. Remove what was sealed for the plan before anyone else may seal."""
        with self._store.run_lock():
            try:
                yield
            finally:
                self._store.clear_half_sealed()

    def seal(self, name: str, content: BinaryIO, *, mark: str | None = None) -> SealedDelivery:  # noqa: ARG002 -- the port's signature
        return self._store.seal_unseen(name, content)

    def clear_half_sealed(self) -> None:
        self._store.clear_half_sealed()

    def intend(self, run: Run, patron_ids: Sequence[str], purpose: str) -> None:  # noqa: ARG002 -- the port's signature
        self._store.intend(None, patron_ids, purpose)

    # what a plan counts instead of writing

    def open_run(self, *, day: date, started: datetime) -> Run:
        return Run(_NO_RUN, _NO_RUN, day, started)

    def accept(self, run: Run, delivery: SealedDelivery, header: Header, *, received: int) -> SealedDelivery:  # noqa: ARG002 -- the port's signature
        self._accepted.append(delivery.sha256)
        self._produced = max(header.produced, self._produced or header.produced)
        return replace(delivery, header=header, received=received)

    def last_produced(self) -> date | None:
        """The chain as it would be: a look-up also speaks of the planned deliveries."""
        taken = self._reads.last_produced()
        return max((day for day in (taken, self._produced) if day is not None), default=None)

    def open_lost(self, run: Run | None, numbers: Sequence[CprNumber]) -> dict[CprNumber, list[str]]:  # noqa: ARG002 -- the port's signature
        return {}

    def save_plan(self, run: Run, rows: Iterable[PlanRow]) -> str:
        return plan_hash(run.day, self._accepted, rows)

    def write(self, run: Run, batch: Batch) -> None:  # noqa: ARG002 -- the port's signature
        for item in batch.items:
            self._outcomes[item.outcome] += 1
            self._actions.update(action.value for action in item.actions)
            self._told.add(item.patron_id)
        self._reviews.follow(batch)
        self._born_anew.update({write.patron.id: write for write in batch.writes if moves_day_of_age(write)})

    def due_facts(self, until: date, *, everyone: bool) -> Iterator[Facts]:
        """The facts with the planned birth dates: a night's days come after its deliveries."""
        left = dict(self._born_anew)
        for facts in self._reads.due_facts(until, everyone=everyone):
            yield _born_anew(facts, left.pop(facts.patron_id, None))
        for facts in self._reads.minors_facts(sorted(left)):
            yield _born_anew(facts, left[facts.patron_id])

    def foresee(self, due: Iterable[Due]) -> None:
        self._reviews.follow_days(due)

    def proposed(self, run: Run) -> dict[str, int]:  # noqa: ARG002 -- the port's signature
        return self._reviews.proposed()

    def raised(self, run: Run) -> dict[tuple[str, str], bool]:  # noqa: ARG002 -- the port's signature
        return {(patron_id, kind): patron_id in self._told for patron_id, kind in self._reviews.raised}

    def reviews_waiting(self) -> dict[str, int]:
        return self._reviews.waiting(self._reads.reviews_waiting())

    def tally(self, run: Run) -> Tally:  # noqa: ARG002 -- the port's signature
        return Tally(self._outcomes, self._actions)

    def depart(self, run: Run, departing: Departing, *, inactive_before: date | None) -> Departed:  # noqa: ARG002 -- the port's signature
        return Departed(len(departing.inactive), len(departing))

    def unsubscribed(self, limit: int, *, unheard: bool = False) -> list[tuple[str, CprNumber]]:  # noqa: ARG002 -- the port's signature
        return []


def _born_anew(facts: Facts, write: Write | None) -> Facts:
    """The facts that the calendar will read of a patron after the write, if there is one."""
    if write is None:
        return facts
    return replace(facts, register=write.after, group=facts.group if write.group is None else write.group)


def _nothing(*_: object, **__: object) -> int:
    return 0


class Asked:
    """The register, for questions only. Changes count as done."""

    def __init__(self, register: Register) -> None:
        """Take the register to ask."""
        self._register = register

    def look_up_many(self, numbers: Iterable[CprNumber]) -> Iterator[Found | NotFound]:
        return self._register.look_up_many(numbers)

    def subscribe_many(self, numbers: Iterable[CprNumber]) -> Iterator[tuple[CprNumber, Subscribed]]:
        return ((number, Subscribed.ADDED) for number in numbers)

    def unsubscribe_many(self, numbers: Iterable[CprNumber]) -> Iterator[tuple[CprNumber, Subscribed]]:
        return ((number, Subscribed.REMOVED) for number in numbers)

    def subscriptions(self) -> set[CprNumber]:
        return self._register.subscriptions()


class Untouched:
    """The place where deliveries arrive, for reading only."""

    def __init__(self, feed: Feed) -> None:
        """Take the place to read from."""
        self._feed = feed

    def waiting(self) -> list[WaitingFile]:
        return [_Left(file) for file in self._feed.waiting()]

    def unfinished(self) -> list[str]:
        return self._feed.unfinished()

    def unfinished_file(self, name: str) -> WaitingFile | None:
        return self._feed.unfinished_file(name)


class _Left:
    """A file that stays where it is, whatever the settings say."""

    def __init__(self, file: WaitingFile) -> None:
        self.name, self.mark = file.name, file.mark
        self._file = file

    def open(self) -> BinaryIO:
        return self._file.open()

    def done(self) -> None:
        """Leave the file: the night takes it."""


class Untold:
    """The net media, for questions only. This class has no method that tells them anything."""

    def __init__(self, net_media: NetMedia) -> None:
        """Take the net media to ask."""
        self._net_media = net_media

    def read_many(self, identities: Iterable[Identity]) -> Iterator[tuple[Identity, Held | Unsettled | CprsyncError]]:
        return self._net_media.read_many(identities)
