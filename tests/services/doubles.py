"""Small doubles of what a night works with, and a library that holds them together with the real store."""

from __future__ import annotations

import io
import json
import os
import shutil
from collections import Counter
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from operator import attrgetter
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import pytest
from townspeople import as_looked_up, cpr
from whole import verify_audit

from cprsync.domain.deciding.number_change import Links
from cprsync.domain.feed.delivery import COPENHAGEN, Header, working_day_before
from cprsync.domain.patron.local import Card, Local
from cprsync.domain.person.number import CprNumber
from cprsync.domain.person.person import EMPTY, SILENT, Gap, Person, Protection, Silent, Status
from cprsync.domain.policy.policy import DEFAULT_LIMITS, Harm, Limit, Policy
from cprsync.errors import CprsyncError, DeliveryRefused, NoSuchPerson
from cprsync.services.night.run import run_night
from cprsync.services.ports.deliveries import Inspection, Unreadable
from cprsync.services.ports.night import Night
from cprsync.services.ports.outward import Delivered as DeliveredEffect
from cprsync.services.ports.outward import OpenTarget, OutwardEffect, Undelivered
from cprsync.services.ports.patrons import NewPatron
from cprsync.services.ports.register import Found, NotFound, Subscribed
from cprsync.store.audit import audit
from cprsync.store.audit.older_states import begin_versions
from cprsync.store.core.engine import open_engine
from cprsync.store.core.tenant import TenantStore
from cprsync.store.outward.changes import with_targets
from cprsync.store.seals.keys import Keyring
from cprsync.store.sql import SqlStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from culr_double import CulrDouble

    from cprsync.domain.outward.target import Target
    from cprsync.services.night.report import Report
    from cprsync.services.ports.deliveries import Delivered, WaitingFile
    from cprsync.services.ports.outward import TargetClient
    from cprsync.services.ports.store import Store

AGENCY, AGREEMENT, TASK = "775100", "aarhus", "123456"
FRIDAY, MONDAY, TUESDAY, WEDNESDAY = (date(2027, 3, day) for day in (19, 22, 23, 24))
#: Rows that are a run's own; besides these a night that has nothing to do writes its audit entry.
OWN = ("run", "run_delivery", "run_item", "plan_row", "plan_mark", "entitlement_turn")


@dataclass
class StillClock:
    """Stands at half past six on the morning after a delivery's day, until it is set."""

    moment: datetime

    @classmethod
    def after(cls, day: date) -> StillClock:
        clock = cls(datetime(2000, 1, 1, tzinfo=UTC))
        clock.set_after(day)
        return clock

    def set_after(self, day: date, at: time = time(6, 30)) -> None:
        self.moment = datetime.combine(day + timedelta(days=1), at, tzinfo=COPENHAGEN).astimezone(UTC)

    def now(self) -> datetime:
        return self.moment

    def today(self) -> date:
        return self.moment.astimezone(COPENHAGEN).date()


@dataclass
class RegisterDouble:
    """Answers from a table of persons; fails on command; remembers what it was asked."""

    persons: dict[CprNumber, Person] = field(default_factory=dict)
    #: what is answered instead of a person
    failures: dict[CprNumber, CprsyncError] = field(default_factory=dict)
    refuses_to_subscribe: dict[CprNumber, CprsyncError] = field(default_factory=dict)
    refuses_to_unsubscribe: dict[CprNumber, CprsyncError] = field(default_factory=dict)
    down: CprsyncError | None = None
    looked_up: list[CprNumber] = field(default_factory=list)
    subscribed: list[CprNumber] = field(default_factory=list)
    unsubscribed: list[CprNumber] = field(default_factory=list)
    #: what is subscribed under the agreement, whoever added it
    listed: set[CprNumber] = field(default_factory=set)
    #: says nothing of protection about whoever has none
    omits_false: bool = False
    #: called before each look-up is answered
    on_look_up: Callable[[CprNumber], None] = field(default=lambda _: None)

    def copy(self) -> RegisterDouble:
        """Another one that knows and remembers the same."""
        own = {name: copy(value) for name, value in vars(self).items() if name not in ("on_look_up", "down")}
        return replace(self, **own)

    def knows(self, *persons: Person) -> None:
        self.persons.update({one.number: as_looked_up(one) for one in persons})

    def look_up_many(self, numbers: Iterable[CprNumber]) -> Iterator[Found | NotFound]:
        for number in numbers:
            self.looked_up.append(number)
            self.on_look_up(number)
            error = self.down or self.failures.get(number)
            if error is None and number not in self.persons:
                error = NoSuchPerson("PNR not found")
            yield Found(number, self._told(self.persons[number])) if error is None else NotFound(number, error)

    def _told(self, person: Person) -> Person:
        is_omitted = self.omits_false and person.protection is EMPTY
        return replace(person, protection=SILENT) if is_omitted else person

    def subscribe_many(self, numbers: Iterable[CprNumber]) -> Iterator[tuple[CprNumber, Subscribed | CprsyncError]]:
        for number in numbers:
            self.subscribed.append(number)
            error = self.down or self.refuses_to_subscribe.get(number)
            result = Subscribed.ALREADY if number in self.listed else Subscribed.ADDED
            if error is None:
                self.listed.add(number)
            yield number, error or result

    def unsubscribe_many(self, numbers: Iterable[CprNumber]) -> Iterator[tuple[CprNumber, Subscribed | CprsyncError]]:
        for number in numbers:
            self.unsubscribed.append(number)
            error = self.down or self.refuses_to_unsubscribe.get(number)
            result = Subscribed.REMOVED if number in self.listed else Subscribed.ABSENT
            if error is None:
                self.listed.discard(number)
            yield number, error or result

    def subscriptions(self) -> set[CprNumber]:
        if self.down is not None:
            raise self.down
        return set(self.listed)


@dataclass
class TargetDouble:
    """Another system: holds what it was told, loses answers and refuses on command, and remembers every call."""

    holds: dict[str, dict[str, Any]] = field(default_factory=dict)
    calls: list[OutwardEffect] = field(default_factory=list)
    down: CprsyncError | None = None
    #: patrons that are refused, with the code
    refuses: dict[str, Undelivered] = field(default_factory=dict)
    #: patrons of whom it needs nothing
    idle: set[str] = field(default_factory=set)
    #: called after each call: whether its answer is lost
    is_lost: Callable[[], bool] = field(default=lambda: False)

    def takes_over(self, other: TargetDouble) -> None:
        """Know what another double knows."""
        self.holds, self.calls = dict(other.holds), list(other.calls)
        self.down, self.refuses = other.down, dict(other.refuses)

    def send_many(
        self, queues: Iterable[Sequence[OutwardEffect]]
    ) -> Iterator[tuple[OutwardEffect, DeliveredEffect | Undelivered | CprsyncError]]:
        for queue in queues:
            for effect in queue:
                if self.down is not None:
                    yield effect, self.down
                    return
                self.calls.append(effect)
                if effect.patron_id in self.refuses:
                    if self.refuses[effect.patron_id].final and effect is not queue[-1]:
                        continue
                    yield effect, self.refuses[effect.patron_id]
                    break
                if effect.payload is None:
                    self.holds.pop(effect.patron_id, None)
                else:
                    self.holds[effect.patron_id] = effect.payload
                if self.is_lost():
                    yield effect, Undelivered("no_answer")
                    break
                yield effect, DeliveredEffect(f"remote-{effect.patron_id}", wrote=effect.patron_id not in self.idle)


@dataclass
class FileDouble:
    """A file by name; its content is a token that the reader knows."""

    name: str
    token: str
    readable: bool = True
    mark: str | None = None
    is_announced: bool = True

    def open(self) -> BinaryIO:
        if not self.readable:
            raise DeliveryRefused("the delivery cannot be read from its folder", kind="delivery.unreadable")
        return io.BytesIO(self.token.encode())

    def done(self) -> None:
        """It stays: the folder is set to keep."""


@dataclass
class FeedDouble:
    """A folder in memory."""

    files: dict[str, FileDouble] = field(default_factory=dict)
    being_written: list[str] = field(default_factory=list)
    #: what there is of these
    halves: dict[str, FileDouble] = field(default_factory=dict)

    def copy(self) -> FeedDouble:
        """Another one with the same files, each of which changes for itself."""
        files, halves = ({name: replace(file) for name, file in some.items()} for some in (self.files, self.halves))
        return FeedDouble(files, list(self.being_written), halves)

    def waiting(self) -> list[WaitingFile]:
        return [self.files[name] for name in sorted(self.files)]

    def unfinished(self) -> list[str]:
        return self.being_written

    def unfinished_file(self, name: str) -> WaitingFile | None:
        return self.halves.get(name)


@dataclass
class ReaderDouble:
    """What each token stands for; a token it does not know is a damaged file."""

    deliveries: dict[str, tuple[Header, tuple[Delivered, ...]]] = field(default_factory=dict)

    def check_start(self, head: bytes) -> None:
        """Any token may be a delivery."""

    def inspect(self, source: BinaryIO) -> Inspection:
        header, persons = self._delivery(source)
        return Inspection(header, "lines", 0, len(persons), {}, {}, 0, 0, {}, {})

    def links(self, source: BinaryIO) -> Links:
        persons = [one for one in self._delivery(source)[1] if isinstance(one, Person)]
        replaced = {one.number: one.current_number for one in persons if isinstance(one.current_number, CprNumber)}
        return Links(replaced, frozenset(one.number for one in persons) & set(replaced.values()))

    def persons(self, source: BinaryIO) -> Iterator[Delivered]:
        yield from self._delivery(source)[1]

    def _delivery(self, source: BinaryIO) -> tuple[Header, tuple[Delivered, ...]]:
        source.seek(0)
        token = source.read().decode()
        if token not in self.deliveries:
            raise DeliveryRefused("record 999 is missing", kind="delivery.damaged")
        return self.deliveries[token]


class Killed(Exception):
    """The process died here."""


class Wrapped:
    """The real store. `wrap` is given the name of each method (`patrons.write`) and the method, and returns another."""

    def __init__(self, store: SqlStore, wrap: Callable[[str, Any], Any]) -> None:
        self._store, self._wrap = store, wrap

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._store, name)
        return _WrappedCapability(name, real, self._wrap) if isinstance(real, TenantStore) else real


class _WrappedCapability:
    def __init__(self, name: str, real: TenantStore, wrap: Callable[[str, Any], Any]) -> None:
        self._name, self._real, self._wrap = name, real, wrap

    def __getattr__(self, name: str) -> Any:
        return self._wrap(f"{self._name}.{name}", getattr(self._real, name))


def altered(store: SqlStore, **methods: Callable[..., Any]) -> Wrapped:
    """The real store with other methods, by name: `patrons_write` is `store.patrons.write`."""
    return Wrapped(store, lambda name, real: methods.get(name.replace(".", "_"), real))


class KilledStore(Wrapped):
    """The real store, which dies when its n-th write is committed: before the next is the same."""

    WRITES = frozenset(
        {
            *("runs.begin", "runs.set_state", "runs.close", "runs.save_plan"),
            *("approvals.begin", "approvals.keep_marks"),
            *("sealing.seal",),
            *("inbox.accept", "inbox.refuse"),
            *("patrons.write",),
            *("subscriptions.intend", "subscriptions.subscribed", "subscriptions.keep_answers"),
            *(
                "reconciliation.end",
                "reconciliation.added_there",
                "reconciliation.removed_there",
                "reconciliation.leave_ended",
                "reconciliation.open_lost",
                "reconciliation.close_not_lost",
            ),
            *("account_repairs.see", "account_repairs.repair"),
            *("card_accounts.tell", "card_accounts.end"),
            *("calendar.live_day", "calendar.keep_stamp"),
            *("journal.replay",),
            *("leaving.depart",),
            *("erasing.sweep",),
            *("retention.forget",),
            *("outbox.offer", "outbox.settle"),
            *("targets.note", "targets.load", "targets.follow", "targets.stop", "targets.brake_again"),
            *("queues.offer", "queues.settle"),
            *("rights.derive", "rights.keep_stamp"),
            *("windows.intend_to_ask",),
            *("finding.refresh",),
        }
    )

    def __init__(self, store: SqlStore, *, at: int) -> None:
        super().__init__(store, self._counted)
        # a method that has got another name would be a place where nothing is killed any more
        assert not [name for name in self.WRITES if not callable(attrgetter(name)(store))]
        self._at = at
        #: the writes so far, by the name of their method
        self.written: list[str] = []

    @property
    def writes(self) -> int:
        return len(self.written)

    def _counted(self, name: str, real: Callable[..., Any]) -> Any:
        def write(*args: Any, **kwargs: Any) -> Any:
            self.written.append(name)
            result = real(*args, **kwargs)
            if self.writes == self._at:
                raise Killed
            return result

        return write if name in self.WRITES else real


class DisturbedStore(Wrapped):
    """The real store, in which someone else acts once, just before the first batch is written."""

    def __init__(self, store: SqlStore, disturb: Callable[[], None]) -> None:
        super().__init__(store, self._disturbed)
        self._disturb: Callable[[], None] | None = disturb

    def _disturbed(self, name: str, real: Callable[..., Any]) -> Any:
        def write(*args: Any, **kwargs: Any) -> Any:
            disturb, self._disturb = self._disturb, None
            if disturb is not None:
                disturb()
            return real(*args, **kwargs)

        return write if name == "patrons.write" else real


class Library:
    """A library with a store in a folder, and doubles around it."""

    def __init__(
        self,
        folder: Path,
        *,
        url: str | None = None,
        agency: str = AGENCY,
        agreement: str = AGREEMENT,
        random: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self.folder = folder
        self.url = url or f"sqlite:///{folder / 'store.db'}"
        self.agency, self.agreement, self.random = agency, agreement, random
        self.clock = StillClock.after(FRIDAY)
        self.register = RegisterDouble()
        self.feed = FeedDouble()
        self.reader = ReaderDouble()
        #: None: the library has none, and what they are to hear waits
        self.net_media: CulrDouble | None = None
        #: other systems, and what each has heard
        self.targets: tuple[OpenTarget, ...] = ()
        #: by the name of a target, what makes its real client; any other is a double
        self.clients: dict[str, Callable[[Library], TargetClient]] = {}
        self.policy = Policy()
        self.strict = True
        self.shared = False
        self.batch = 500
        self.engine = open_engine(self.url)
        self.store = SqlStore(
            self.engine,
            agency=agency,
            agreement=agreement,
            keyring=Keyring.load(folder / "keys"),
            clock=self.clock,
            random=random,
        )
        # with the versions counted, each night shows whether whoever wrote a record has told of it
        begin_versions(self.store._tenant)

    def copy(self, to: Path, *, url: str | None = None) -> Library:
        """Another library in the same state; at another url that of the store is taken over by the caller."""
        self.engine.dispose()  # the last connection brings the log back into the file
        shutil.copytree(self.folder, to)
        return self.copy_in(to, url=url)

    def copy_in(self, to: Path, *, url: str | None = None) -> Library:
        """The same, in a folder that was copied."""
        other = type(self)(to, url=url, agency=self.agency, agreement=self.agreement, random=self.random)
        other.clock.moment = self.clock.moment
        other.register = self.register.copy()
        other.feed = self.feed.copy()
        other.reader = ReaderDouble(dict(self.reader.deliveries))
        other.policy, other.strict, other.shared, other.batch = self.policy, self.strict, self.shared, self.batch
        other.net_media = None if self.net_media is None else self.net_media.copy()
        other.clients = self.clients
        if self.targets:
            other.sets_targets_up(*(one.target for one in self.targets))
        for one in self.targets:
            if isinstance(one.client, TargetDouble):
                other.target(one.target.name).takes_over(one.client)
        return other

    def sets_culr_up(self, *, cards: bool = False) -> None:
        """As an installation with `[library.culr]`; with `cards` these log in too."""
        self.store._bind(replace(self.store._tenant, tells_net_media=True, card_accounts=cards))

    def sets_targets_up(self, *targets: Target) -> None:
        """As an installation with `[[library.target]]`, each a double that hears everything, or its real client."""
        self.store._bind(with_targets(self.store._tenant, targets))
        made = [self.clients.get(one.name, lambda _: TargetDouble()) for one in targets]
        self.targets = tuple(
            OpenTarget(one, None if one.kind.is_fetched else make(self))
            for one, make in zip(targets, made, strict=True)
        )

    def target(self, name: str) -> TargetDouble:
        """What a target has heard."""
        (found,) = [one.client for one in self.targets if one.target.name == name]
        return cast("TargetDouble", found)

    # -- what happens

    def enrol(self, *keys: str) -> None:
        """Patrons as an import leaves them."""
        self.store.imports.take_patrons([NewPatron(cpr(key), Local(cards=(Card(key),))) for key in keys])

    def deliver(
        self, produced: date, *persons: Delivered, previous: date | None = None, name: str = "", token: str = ""
    ) -> FileDouble:
        """Put a whole delivery into the folder, and let the morning after it come."""
        name = name or f"D{produced:%y%m%d}.L{TASK}"
        token = token or f"{name} {len(self.reader.deliveries)}"
        header = Header(TASK, produced, previous or working_day_before(produced))
        self.reader.deliveries[token] = (header, persons)
        self.feed.files[name] = FileDouble(name, token)
        self.clock.set_after(produced)
        return self.feed.files[name]

    def damage(self, produced: date) -> None:
        name = f"D{produced:%y%m%d}.L{TASK}"
        self.feed.files[name] = FileDouble(name, f"{name} is cut off")
        self.clock.set_after(produced)

    def limit(self, harm: Harm, count: int) -> None:
        self.policy = replace(self.policy, limits={**DEFAULT_LIMITS, harm: Limit(count, 0.0)})

    # -- nights

    def ports(self, store: object = None) -> Night:
        return Night(
            agency=self.agency,
            store=cast("Store", store or self.store),
            register=self.register,
            feed=self.feed,
            reader=self.reader,
            net_media=self.net_media,
            targets=self.targets,
            clock=self.clock,
            policy=self.policy,
            strict_chain=self.strict,
            shared=self.shared,
            batch=self.batch,
        )

    def night(self, store: object = None) -> Report:
        """One night, and a second one that must find nothing to do."""
        report = run_night(self.ports(store))
        self.nothing_is_left()
        return report

    def one_night(self, store: object = None) -> Report:
        """One night without the second: where a second has something to do."""
        return run_night(self.ports(store))

    def one_night_with(self, **ports: Any) -> Report:
        """One night with another port in place of its own."""
        return run_night(replace(self.ports(), **ports))

    def nothing_is_left(self) -> Report:
        """Another run of the same night changes no row but the run's own and its audit entry."""
        before = self.everything()
        report = run_night(self.ports())
        after = self.everything()
        assert unowned(after) == unowned(before)
        assert happened(after) - happened(before) == Counter({("run", None): 1})
        verify_audit(self.store)
        return report

    # -- what is there

    def everything(self) -> dict[str, list[dict[str, Any]]]:
        return self.store.views.everything()

    def rows(self, table: str) -> list[dict[str, Any]]:
        """What `everything` has of one table."""
        return self.store.views.everything(table)[table]

    def row(self, patron_id: str) -> dict[str, Any]:
        """What `everything` has of one patron's row."""
        (found,) = [one for one in self.rows("patron") if one["id"] == patron_id]
        return found

    def id_of(self, key: str) -> str:
        found = self.store.patrons.find(cpr(key))
        assert found is not None
        return found

    def record(self, key: str) -> Person:
        register: Person = self.view(key).register
        return register

    def view(self, key: str) -> Any:
        view = self.store.views.patron(self.id_of(key))
        assert view is not None
        return view

    def questions(self) -> list[tuple[str, str]]:
        return [(one.patron_id, one.kind) for one in self.store.subscriptions.follow_ups(100)]

    def reviews(self) -> list[tuple[str, str]]:
        return sorted((row["patron_id"], row["kind"]) for row in self.rows("review_item"))

    def outbox(self, key: str) -> list[tuple[int, str]]:
        """What the net media are to hold, in order."""
        rows = [row for row in self.rows("outbox") if row["patron_id"] == self.id_of(key)]
        return sorted((row["version"], _municipality(row["payload"])) for row in rows)

    def items(self, report: Report) -> list[tuple[str, str | None]]:
        """The run's balance sheet: outcome and reason, in order."""
        return [(item["outcome"], item["reason"]) for item in self.store.runs.items(report.run.id)]


def unreadable(
    key: str | None,
    reason: str = "person.no_001",
    protection: Protection | Gap = SILENT,
    status: Status | Silent = SILENT,
) -> Unreadable:
    return Unreadable(None if key is None else cpr(key), reason, protection, status)


def unowned(everything: dict[str, list[dict[str, Any]]], *besides: str) -> dict[str, Any]:
    """All rows but a run's own, the audit's, and those named."""
    left_out = {*OWN, *besides, "audit", "audit_head", "audit_reason", "desk_attempt", "desk_outcome"}
    left = {table: rows for table, rows in everything.items() if table not in left_out}
    if "review_item" in besides and "library" in left:
        # the last number of an item goes with the items
        left["library"] = [{**row, "last_review": None} for row in left["library"]]
    return left


def unseen(everything: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """All rows but those of who looked at a record, which a preview is too."""
    return {table: [row for row in rows if row.get("stream") != audit.SEEN] for table, rows in everything.items()}


def happened(everything: dict[str, list[dict[str, Any]]]) -> Counter[tuple[str, str | None]]:
    """The audit as a count of what happened to whom."""
    entries = [json.loads(bytes.fromhex(row["entry"])) for row in everything["audit"]]
    return Counter((entry["kind"], entry["patron"]) for entry in entries)


def _municipality(payload: str) -> str:
    told: str = json.loads(bytes.fromhex(payload))["municipalityNo"]
    return told


def refused(library: Library, act: Callable[[], object], error: type[CprsyncError] = CprsyncError) -> str:
    """The kind of the error with which something is refused. Nothing at all has changed by it."""
    before = library.everything()
    with pytest.raises(error) as raised:
        act()
    assert library.everything() == before
    return raised.value.kind
