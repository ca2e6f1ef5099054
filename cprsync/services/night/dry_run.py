"""A night that is only planned: the same decisions on the same deliveries, and no record written.

The files that wait are sealed where nobody else sees them, and removed when the plan is made. They stay where they
arrive. The register is asked what the night would ask; without that, the plan would miss the protections that end. Each
look-up has its audit entry first, and only these entries remain. Patrons who are not subscribed yet are not asked
about, and their first copies are not planned; but for those who were registered while the register did not answer.

The store is read-only. The writes that a plan may do, and the values that it counts instead of a write, have methods
here. The store itself refuses every other write, also one that is added later.
"""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, BinaryIO, Final, cast

from cprsync.domain.deciding.guard import Outcome
from cprsync.domain.deciding.reviews import ItemInForce, ReviewNews, decide_reviews
from cprsync.domain.patron.due import DueKind
from cprsync.domain.patron.provisional import compare_said
from cprsync.domain.patron.review import FOLLOWING, LINK_KINDS, PARKED, RESPONSIBLE_OF_AGE, State
from cprsync.services.feed.subscriptions import NEW_A_NIGHT
from cprsync.services.night.report import StageCounts
from cprsync.services.night.run import run_night
from cprsync.services.ports.register import Subscribed
from cprsync.services.ports.runs import Departed, Run, Tally, plan_hash

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from datetime import date, datetime

    from cprsync.domain.deciding.reviews import ReviewChanges
    from cprsync.domain.feed.delivery import Header
    from cprsync.domain.leaving.leaving import Departing
    from cprsync.domain.netmedia.account import CulrHolding, Identity
    from cprsync.domain.netmedia.settling import Unsettled
    from cprsync.domain.patron.due import CalendarFacts, Due
    from cprsync.domain.patron.responsible import Answering, Troubled
    from cprsync.domain.person.number import CprNumber
    from cprsync.errors import CprsyncError
    from cprsync.services.night.report import Report
    from cprsync.services.ports.deliveries import Feed, SealedDelivery, WaitingFile
    from cprsync.services.ports.netmedia import NetMedia
    from cprsync.services.ports.night import Night
    from cprsync.services.ports.patrons import Batch, Write
    from cprsync.services.ports.register import CivilRegister, Found, NotFound
    from cprsync.services.ports.runs import Marks, PlanRow
    from cprsync.services.ports.store import Store

#: By capability of the store, the writes of a night that a plan skips. Any other write ends the plan.
_LEFT_OUT: Final[Mapping[str, frozenset[str]]] = {
    "runs": frozenset({"set_state", "close"}),
    "approvals": frozenset({"begin", "keep_marks"}),
    "inbox": frozenset({"refuse"}),
    "subscriptions": frozenset({"subscribed", "keep_answers"}),
    "reconciliation": frozenset({"added_there", "removed_there", "end", "leave_ended", "close_not_lost"}),
    "retention": frozenset({"forget"}),
    "journal": frozenset({"replay"}),
    "upkeep": frozenset({"note"}),
    "erasing": frozenset({"sweep"}),
}
#: The run id of a plan.
_NO_RUN = 0
#: By kind of due event, the kinds of review about a minor that it settles.
_SETTLED_BY_AGE: Final[Mapping[DueKind, frozenset[str]]] = {
    DueKind.RESPONSIBILITY_KEPT: frozenset({RESPONSIBLE_OF_AGE}),
    # when the last link ends
    DueKind.RESPONSIBILITY_ENDED: LINK_KINDS,
}


def plan_night(night: Night) -> Report:
    """Plan one night and return its report. Raises RunBusy while a night runs."""
    store = PlanStore(night.store)
    net_media = None if night.net_media is None else ReadOnlyNetMedia(night.net_media)
    planned = replace(
        night,
        store=cast("Store", store),
        register=ReadOnlyRegister(night.register),
        feed=ReadOnlyFeed(night.feed),
        net_media=cast("NetMedia", net_media),
    )
    report = run_night(planned, foresee=store.reviews.foresee)
    return replace(report, counts=report.counts + StageCounts(subscribed=store.waiting))


class _Plan:
    """What a plan counts instead of writing."""

    def __init__(self) -> None:
        self.outcomes: Counter[Outcome] = Counter()
        self.actions: Counter[str] = Counter()
        #: patrons with a line in the balance sheet
        self.told: set[str | None] = set()
        #: the patrons of the lines that could not be decided
        self.parked: list[str] = []
        self.accepted: list[str] = []
        self.produced: date | None = None
        #: by patron, the planned writes that change the birth date
        self.born_anew: dict[str, Write] = {}
        #: reviews that the planned night opens, settled later or not: patron id and kind
        self.raised: set[tuple[str, str]] = set()


class PlanStore:
    """The store of a planned night. Writes only the audit entries of look-ups, and counts what would be written."""

    def __init__(self, store: Store) -> None:
        """Take the store to read from, and to write a plan's sealed files and audit entries to."""
        self._reads = store.read_only()
        plan = _Plan()
        self.waiting = len(self._reads.subscriptions.unsubscribed(NEW_A_NIGHT))
        self.reviews = _Reviews("reviews", self._reads, store, plan)
        self.patrons = _Patrons(self.reviews, self._reads, store, plan)
        self._others = {name: kind(name, self._reads, store, plan) for name, kind in _CAPABILITIES.items()}
        self._others["runs"] = _Runs(self.reviews, self._reads, store, plan)

    def __getattr__(self, name: str) -> Any:
        """Read from the store."""
        return self._others.get(name) or getattr(self._reads, name)


class _Capability:
    """One capability of the store of a planned night."""

    def __init__(self, name: str, reads: Store, store: Store, plan: _Plan) -> None:
        self._left_out = _LEFT_OUT.get(name, frozenset())
        self._reads = getattr(reads, name)
        self._store = store
        self._plan = plan

    def __getattr__(self, name: str) -> Any:
        """Read from the store. A write that is left out does nothing; any other write is refused."""
        return _nothing if name in self._left_out else getattr(self._reads, name)


class _Runs(_Capability):
    def __init__(self, reviews: _Reviews, reads: Store, store: Store, plan: _Plan) -> None:
        super().__init__("runs", reads, store, plan)
        self._reviews = reviews

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the agreement's lock. Remove what was sealed for the plan before anyone else may seal."""
        with self._store.runs.lock():
            try:
                yield
            finally:
                self._store.sealing.clear_half_sealed()

    def begin(self, *, day: date, started: datetime) -> Run:
        return Run(_NO_RUN, _NO_RUN, day, started)

    def save_plan(
        self, run: Run, rows: Iterable[PlanRow], *, beside: Marks | None = None, known_as: str | None = None
    ) -> str:
        return known_as or plan_hash(run.day, self._plan.accepted, rows, beside)

    def raised(self, run: Run) -> dict[tuple[str, str], bool]:  # noqa: ARG002 -- the port's signature
        return {(patron_id, kind): patron_id in self._plan.told for patron_id, kind in self._plan.raised}

    def tally(self, run: Run) -> Tally:  # noqa: ARG002 -- the port's signature
        items = self._reviews.in_force(set(self._plan.parked))
        waiting = {item.patron_id for item in items if item.waits and item.kind.startswith(PARKED)}
        settled = sum(patron_id not in waiting for patron_id in self._plan.parked)
        return Tally(self._plan.outcomes, self._plan.actions, settled)


class _Sealing(_Capability):
    def seal(self, name: str, content: BinaryIO, *, mark: str | None = None) -> SealedDelivery:  # noqa: ARG002 -- the port's signature
        return self._store.sealing.seal_unseen(name, content)

    def clear_half_sealed(self) -> None:
        self._store.sealing.clear_half_sealed()


class _Inbox(_Capability):
    def accept(self, run: Run, delivery: SealedDelivery, header: Header, *, received: int) -> SealedDelivery:  # noqa: ARG002 -- the port's signature
        self._plan.accepted.append(delivery.sha256)
        self._plan.produced = max(header.produced, self._plan.produced or header.produced)
        return replace(delivery, header=header, received=received)

    def last_produced(self) -> date | None:
        """The chain as it would be: a look-up also speaks of the planned deliveries."""
        taken = self._reads.last_produced()
        return max((day for day in (taken, self._plan.produced) if day is not None), default=None)


class _Patrons(_Capability):
    def __init__(self, reviews: _Reviews, reads: Store, store: Store, plan: _Plan) -> None:
        super().__init__("patrons", reads, store, plan)
        self._reviews = reviews

    def write(self, run: Run, batch: Batch) -> None:  # noqa: ARG002 -- the port's signature
        plan = self._plan
        for item in batch.items:
            plan.outcomes[item.outcome] += 1
            plan.actions.update(action.value for action in item.actions)
            plan.told.add(item.patron_id)
            if item.outcome is Outcome.PARKED and item.patron_id is not None:
                plan.parked.append(item.patron_id)
        self._reviews.follow(batch)
        plan.born_anew.update({write.patron.id: write for write in batch.writes if write.moves_day_of_age})


class _Reviews(_Capability):
    """The reviews of every patron that the planned night touches, as they would be after it."""

    def __init__(self, name: str, reads: Store, store: Store, plan: _Plan) -> None:
        super().__init__(name, reads, store, plan)
        self._links, self._provisional, self._patrons = reads.responsibles, reads.provisional, reads.patrons
        #: whose own words the planned night has compared
        self._compared: set[str] = set()
        #: by patron and id. An item that the planned night opens has an id below 0
        self._items: dict[str, dict[int, ItemInForce]] = {}
        self._opened = 0
        self._settled: Counter[str] = Counter()
        self._troubles: dict[str, frozenset[str]] = {}

    def follow(self, batch: Batch) -> None:
        """Apply what one batch opens and settles."""
        news = batch.review_news()
        news = replace(news, asked=[*news.asked, *self._differing(batch)])
        links = self._answering(news.troubled)
        self._decide(news, news.patrons | news.heard_of | {link.minor_id for link in links}, links)

    def _differing(self, batch: Batch) -> list[tuple[str, str]]:
        """The reviews about what patrons said while the register did not answer, once it has."""
        said = self._provisional.said_by(batch.heard - self._compared)
        if not said:
            return []
        known = {one.id: one.register for one in self._patrons.read(sorted(said)) if one.as_of is not None}
        known |= {one.patron.id: one.after for one in batch.writes if one.as_of is not None}
        found = compare_said(said, known)
        self._compared |= found.keys()
        return [(one, kind) for one, kind in found.items() if kind is not None]

    def foresee(self, due: Iterable[Due]) -> None:
        """Apply what the planned night's days ask about minors with responsible persons, and what they settle."""
        for one in due:
            if one.kind in _SETTLED_BY_AGE:
                kinds = _SETTLED_BY_AGE[one.kind]
                self._settle(item for item in self.in_force([one.patron_id]) if item.waits and item.kind in kinds)
            if one.kind is DueKind.RESPONSIBILITY_ASKED:
                self._decide(ReviewNews(asked=[(one.patron_id, RESPONSIBLE_OF_AGE)]), [one.patron_id])

    def proposed(self, run: Run) -> dict[str, int]:  # noqa: ARG002 -- the port's signature
        return dict(sorted((kind, count) for kind, count in self._new().items() if kind in FOLLOWING))

    def waiting(self) -> dict[str, int]:
        after = Counter(self._reads.waiting())
        after.update(self._new())
        after.subtract(self._settled)
        return dict(sorted((+after).items()))

    def _new(self) -> Counter[str]:
        return Counter(item.kind for items in self._items.values() for item in items.values() if item.id < 0)

    def _answering(self, troubled: Mapping[str, Troubled]) -> list[Answering]:
        """The links of the minors concerned, in the state that the planned night would have reached by then."""
        self._troubles |= {one: news.after for one, news in troubled.items()}
        return [
            replace(link, troubles=self._troubles.get(link.responsible_id, link.troubles))
            for link in (self._links.answering(troubled) if troubled else ())
        ]

    def in_force(self, patron_ids: Collection[str]) -> list[ItemInForce]:
        fresh = sorted(one for one in patron_ids if one not in self._items)
        self._items |= {one: {} for one in fresh}
        for item in self._reads.in_force(fresh):
            self._items[item.patron_id][item.id] = item
        return [item for one in patron_ids for item in self._items[one].values()]

    def _decide(self, news: ReviewNews, about: Collection[str], links: Collection[Answering] = ()) -> None:
        reviews = decide_reviews(news, self.in_force(about), links)
        self._settle(reviews.settled)
        self._open(news, reviews)

    def _settle(self, items: Iterable[ItemInForce]) -> None:
        for item in items:
            del self._items[item.patron_id][item.id]
            self._settled[item.kind] += item.id > 0

    def _open(self, news: ReviewNews, reviews: ReviewChanges) -> None:
        for item in reviews.asked_again:
            self._items[item.patron_id][item.id] = replace(item, about=news.named.get(item.about_whom, item.about))
        for patron_id, kind in reviews.raised:
            self._opened -= 1
            item = ItemInForce(self._opened, patron_id, kind, State.WAITING, news.named.get((patron_id, kind)))
            self._items[patron_id][item.id] = item
            self._plan.raised |= {(patron_id, kind)} if kind not in FOLLOWING else set()


class _Subscriptions(_Capability):
    def intend(self, run: Run, patron_ids: Sequence[str], purpose: str) -> None:  # noqa: ARG002 -- the port's signature
        self._store.subscriptions.intend(None, patron_ids, purpose)

    def unsubscribed(self, limit: int, *, unheard: bool = False) -> list[tuple[str, CprNumber]]:  # noqa: ARG002 -- the port's signature
        return []


class _Reconciliation(_Capability):
    def open_lost(self, run: Run | None, numbers: Sequence[CprNumber]) -> dict[CprNumber, list[str]]:  # noqa: ARG002 -- the port's signature
        return {}


class _Calendar(_Capability):
    def due_facts(self, until: date, *, everyone: bool) -> Iterator[CalendarFacts]:
        """The facts with the planned birth dates: a night's days come after its deliveries."""
        left = dict(self._plan.born_anew)
        for facts in self._reads.due_facts(until, everyone=everyone):
            yield _born_anew(facts, left.pop(facts.patron_id, None))
        for facts in self._reads.minors_facts(sorted(left)):
            yield _born_anew(facts, left[facts.patron_id])


class _Leaving(_Capability):
    def depart(self, run: Run, departing: Departing, *, inactive_before: date | None) -> Departed:  # noqa: ARG002 -- the port's signature
        return Departed(len(departing.inactive), len(departing))


def _born_anew(facts: CalendarFacts, write: Write | None) -> CalendarFacts:
    """The facts that the calendar will read of a patron after the write, if there is one."""
    if write is None:
        return facts
    return replace(facts, register=write.after, group=facts.group if write.group is None else write.group)


#: The further capabilities of a planned night's store.
_CAPABILITIES: Final[Mapping[str, type[_Capability]]] = {
    "sealing": _Sealing,
    "inbox": _Inbox,
    "subscriptions": _Subscriptions,
    "reconciliation": _Reconciliation,
    "calendar": _Calendar,
    "leaving": _Leaving,
    **dict.fromkeys(("approvals", "retention", "journal", "upkeep", "erasing"), _Capability),
}


def _nothing(*_: object, **__: object) -> int:
    return 0


class ReadOnlyRegister:
    """The register, for questions only. Changes count as done."""

    def __init__(self, register: CivilRegister) -> None:
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


class ReadOnlyFeed:
    """The place where deliveries arrive, for reading only."""

    def __init__(self, feed: Feed) -> None:
        """Take the place to read from."""
        self._feed = feed

    def waiting(self) -> list[WaitingFile]:
        return [_KeptFile(file) for file in self._feed.waiting()]

    def unfinished(self) -> list[str]:
        return self._feed.unfinished()

    def unfinished_file(self, name: str) -> WaitingFile | None:
        return self._feed.unfinished_file(name)


class _KeptFile:
    """A file that stays where it is, whatever the settings say."""

    def __init__(self, file: WaitingFile) -> None:
        self.name, self.mark, self.is_announced = file.name, file.mark, file.is_announced
        self._file = file

    def open(self) -> BinaryIO:
        return self._file.open()

    def done(self) -> None:
        """Leave the file: the night takes it."""


class ReadOnlyNetMedia:
    """The net media, for questions only. This class has no method that tells them anything."""

    def __init__(self, net_media: NetMedia) -> None:
        """Take the net media to ask."""
        self._net_media = net_media

    def read_many(
        self, identities: Iterable[Identity]
    ) -> Iterator[tuple[Identity, CulrHolding | Unsettled | CprsyncError]]:
        return self._net_media.read_many(identities)
