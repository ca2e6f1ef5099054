"""The register with its changing people: today and as of last night, its day, its subscribers, and its calls.

Every public method that changes something has stored it in the folder when it returns. Speaks no protocol: `soap` and
`control` do. Runs in one thread, because the mock is one event loop.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

from cprsync.errors import BadInput, ConfigurationError
from cprsync.mock.town import agreement
from cprsync.mock.town.agreement import Entry, Filters, dump, replay
from cprsync.mock.town.calls import CallLog
from cprsync.mock.town.culr_accounts import CulrAccounts
from cprsync.mock.town.delivery import (
    COPENHAGEN,
    MORNING,
    Event,
    Framing,
    Head,
    OwedDelivery,
    build_extract,
    clear_box,
    clear_drafts,
    delivery_name,
    next_working_day,
    working_day_before,
    write_delivery,
)
from cprsync.mock.town.events import Scene, event_stamp_of, expire, happen
from cprsync.mock.town.faults import HALF_FILE, NO_METADATA, FaultScript
from cprsync.mock.town.people import Town, TownPerson, load_town, no_such_person, person_of, town_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping
    from pathlib import Path

    from cprsync.mock.town.events import PersonAfter
    from cprsync.mock.town.faults import TownFault
    from cprsync.mock.town.state import Memory

_NOON = time(12, 0)
#: The people file as it was at the first start, in the mock's folder.
PEOPLE_COPY = "people.toml"
#: The persons delivered, each with their events.
Delivered: TypeAlias = "list[tuple[TownPerson, list[Event]]]"


@dataclass(frozen=True, slots=True)
class ClosedNight:
    """A closed working day. `file` None: no file was written. `skipped`: the days passed over before it."""

    closed: date
    file: str | None
    persons: int
    skipped: tuple[date, ...] = ()


@dataclass(slots=True)
class TownRegister:
    """Everything that the mock knows."""

    folder: Path
    memory: Memory
    town: Town
    day: date
    people: dict[str, TownPerson]
    published: dict[str, TownPerson]
    pending: dict[str, list[Event]] = field(default_factory=dict)
    #: the last day that was delivered, by library
    produced: dict[str, date] = field(default_factory=dict)
    faults: FaultScript = field(default_factory=lambda: FaultScript([]))
    filters: dict[str, Filters] = field(default_factory=dict)
    framing: Framing = "lines"
    #: how many seconds each answer of both services takes
    latency: float = 0.0
    #: How many people the people file had.
    in_file: int = 0
    #: the deliveries of the day closed last, one for each library that gets one
    owed: list[OwedDelivery] = field(default_factory=list)
    #: the accounts that the net media are told of
    culr: CulrAccounts = field(init=False)
    #: what everybody asked
    calls: CallLog = field(init=False)
    #: what else begins anew with the register
    beside: list[Callable[[], object]] = field(default_factory=list)
    _by_number: dict[str, TownPerson] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._remember()

    def _remember(self) -> None:
        self._publish()
        self.culr, self.calls = CulrAccounts(self.memory), CallLog(self.memory)

    # -- what happens ----------------------------------------------------------------------------------

    def happen(self, kind: str, *, who: str, to: str | None) -> list[str]:
        """Let an event happen to a person. Return the keys of all persons that it changed.

        Raises:
            BadInput: the kind or a key is unknown, or the event makes no sense for this person.
        """
        if who not in self.people:
            raise no_such_person(self.people, kind="mock.event")
        scene = Scene(self.people[who], to, self.day, self.people, self.town.streets, self.town.names)
        changes = happen(kind, scene)
        self._change(changes)
        self.keep()
        return [change.person.key for change in changes]

    def _change(self, changes: Iterable[PersonAfter]) -> None:
        noon = datetime.combine(self.day, _NOON, tzinfo=COPENHAGEN)
        for change in changes:
            key = change.person.key
            self.people[key] = change.person
            self.pending.setdefault(key, []).append(Event(event_stamp_of(change.code, noon), change.code, change.mark))

    def close_day(self, *, empty: bool) -> ClosedNight:
        """Close the present or next working day: write the delivery, and let look-ups see the day.

        The day is stored as closed, with its deliveries set aside, before any file appears. If the mock is killed in
        between, it delivers them at its next start. No day is delivered twice with different content.
        """
        self.deliver_owed()
        closed = next_working_day(self.day)
        skipped = tuple(self.day + timedelta(days=n) for n in range((closed - self.day).days))
        self._change([change for person in self.people.values() if (change := expire(person, closed))])
        delivered = {one.agency: self._select_changed(closed, one) for one in agreement.ALL}
        # all are set aside before the first counts as owed
        self.owed = [owed for one in agreement.ALL if (owed := self._set_aside(closed, one, delivered, empty=empty))]
        self.produced |= {owed.agency: closed for owed in self.owed}
        self.day = closed + timedelta(days=1)
        self.pending.clear()
        self.published = dict(self.people)
        self._publish()
        self.keep()
        first = agreement.DEFAULT.agency
        file = next((owed.name for owed in self.owed if owed.agency == first), None)
        self.deliver_owed()
        return ClosedNight(closed, file, len(delivered[first]), skipped)

    def deliver_owed(self) -> None:
        """Put deliveries that were set aside into their boxes, if there are any."""
        if not self.owed:
            return
        by_agency = {one.agency: one for one in agreement.ALL}
        for owed in self.owed:
            under = by_agency[owed.agency]
            content = self.memory.aside(owed.name)
            write_delivery(under.inbox(self.folder), owed, content, recipient=under.sftp_user)
        self.owed = []
        self.keep()
        self.memory.clear_aside()

    def move_day(self) -> None:
        """Move forward one calendar day. Changes wait for the next delivery."""
        self.day += timedelta(days=1)
        self.keep()

    def begin_anew(self) -> None:
        """Go back to the first day with the people of the first start. Keys, certificates and ports stay.

        Raises:
            BadInput: kind `mock.reset`; the folder has no copy of its people file that can be read. Nothing is changed.
        """
        kept = self.folder / PEOPLE_COPY
        if not kept.exists():
            raise BadInput(
                "{name} is gone from the mock's folder: put the people file there that it began with",
                name=PEOPLE_COPY,
                kind="mock.reset",
            )
        try:
            town = load_town(kept)
        except ConfigurationError as error:
            why = error.message
            raise BadInput(
                "{name} in the mock's folder: {why}", name=PEOPLE_COPY, why=why, kind="mock.reset"
            ) from error
        self.town, self.day = town, town.day
        self.people, self.published = dict(town.people), dict(town.people)
        self.pending, self.produced, self.filters, self.owed = {}, {}, {}, []
        self.latency = 0.0
        self.faults.clear()
        self.memory.forget_journals()
        self._remember()
        for begin in self.beside:
            begin()
        for one in agreement.ALL:
            clear_box(one.inbox(self.folder))
        self.keep()

    def change_filter(self, service_agreement: str, group: str, value: str, *, added: bool) -> str:
        """Add or remove a filter. Return the platform's word for what happened."""
        result = self.filters.setdefault(service_agreement, Filters()).change(group, value, added=added)
        self.memory.append("subscriptions", [service_agreement, group, value, added])
        return result

    def add_fault(self, kind: str, *, times: int, seconds: float, share: float = 1.0, seed: int = 0) -> None:
        self.faults.add(kind, times=times, seconds=seconds, share=share, seed=seed)
        self.keep()

    def calm(self) -> None:
        """Cancel all faults."""
        self.faults.clear()
        self.keep()

    def take_fault(self, kinds: Collection[str]) -> TownFault | None:
        """The fault of one of these kinds, if one is due. After a restart it is used up too."""
        fault = self.faults.take(kinds)
        if fault is not None:
            self.keep()
        return fault

    # -- what is asked ----------------------------------------------------------------------------------

    def find(self, number: str) -> TownPerson | None:
        """The person of a number as of last night. None: the register did not know it then."""
        return self._by_number.get(number)

    def key_of(self, number: str | None) -> str | None:
        """The key of the person whose number this is. None: the register does not know it."""
        person = self._by_number.get(number or "")
        return None if person is None else person.key

    def another_than(self, number: str) -> TownPerson | None:
        return next((person for other, person in self._by_number.items() if other != number), None)

    def filters_of(self, service_agreement: str) -> Filters:
        """The filters of an agreement; none if the agreement is new."""
        return self.filters.get(service_agreement, Filters())

    @property
    def now(self) -> datetime:
        """The register's time, which is always the morning of its day."""
        return datetime.combine(self.day, MORNING, tzinfo=COPENHAGEN)

    def dump(self) -> dict[str, Any]:
        """Everything, with people by key, for comparisons in tests and the demo."""
        produced = self.produced.get(agreement.DEFAULT.agency)
        return {
            "day": self.day.isoformat(),
            "now": self.now.isoformat(),
            "task": self.town.task,
            "produced": produced.isoformat() if produced else None,
            "persons": {key: asdict(person) for key, person in self.people.items()},
            "published": {key: asdict(person) for key, person in self.published.items()},
            "pending": {key: [event.code + event.mark for event in events] for key, events in self.pending.items()},
            "subscriptions": dump(self.filters),
            "calls": [asdict(call) for call in self.calls],
            "faults": self.faults.dump(),
        }

    # -- inside --------------------------------------------------------------------------------------------

    def _select_changed(self, closed: date, under: agreement.CallingAgreement) -> Delivered:
        # Selected at night: a person who changes in the morning and is subscribed at noon is delivered. Look-ups until
        # then answered as of the night before, and would have missed the change.
        filters = self.filters_of(under.service_agreement)
        return [
            (self.people[key], events)
            for key, events in self.pending.items()
            if filters.selects(
                self._numbers(key),
                [state for state in (self.published.get(key), self.people[key]) if state],
                codes={event.code for event in events},
                day=closed,
            )
        ]

    def _numbers(self, key: str) -> set[str]:
        """All numbers of this person: a subscription to the old or the new one delivers both."""
        person, before = self.people[key], self.published.get(key)
        numbers = {person.number} | ({before.number} if before else set())
        if person.status == "60" and person.current in self.pending:
            numbers.add(self.people[person.current].number)
        return numbers

    def _set_aside(
        self, closed: date, under: agreement.CallingAgreement, delivered: Mapping[str, Delivered], *, empty: bool
    ) -> OwedDelivery | None:
        """Make a library's delivery and set it aside. None: the library gets none.

        Any library but the first gets deliveries only after it has subscribed to someone.
        """
        first, persons = under is agreement.DEFAULT, delivered[under.agency]
        if not (persons or empty) or not (first or under.service_agreement in self.filters):
            return None
        task = under.task(self.town.task)
        head = Head(task, closed, self.produced.get(under.agency) or working_day_before(closed))
        name = delivery_name(closed, task)
        self.memory.put_aside(name, build_extract(head, persons, people=self.people, framing=self.framing))
        fault = self.faults.take({HALF_FILE, NO_METADATA}) if first else None
        kind = None if fault is None else fault.kind
        return OwedDelivery(name, under.agency, half=kind == HALF_FILE, bare=kind == NO_METADATA)

    def _publish(self) -> None:
        self._by_number = {person.number: person for person in self.published.values() if not person.unborn}

    def keep(self) -> None:
        """Write everything but the journals to the folder."""
        town = self.town
        changed = {k: p for k, p in self.published.items() if p is not self.people[k]}
        self.memory.save(
            {
                "town": {"day": town.day.isoformat(), "task": town.task},
                "streets": dict(town.streets),
                "names": dict(town.names),
                "in_file": self.in_file,
                "day": self.day.isoformat(),
                "person": list(self.people.values()),
                # Only persons that look-ups do not show in today's state. None: not in the register last night.
                "published": changed | {key: None for key in self.people if key not in self.published},
                "pending": self.pending,
                "produced": {agency: day.isoformat() for agency, day in self.produced.items()},
                "faults": self.faults.dump(),
                "owed": self.owed,
            }
        )


def new_register(folder: Path, memory: Memory, town: Town, *, framing: Framing) -> TownRegister:
    """The register of a town on its first day, which look-ups show too."""
    register = TownRegister(
        folder,
        memory,
        town,
        town.day,
        people=dict(town.people),
        published=dict(town.people),
        framing=framing,
        in_file=len(town.people),
    )
    register.keep()
    return register


def load_register(folder: Path, memory: Memory, document: Mapping[str, Any], *, framing: Framing) -> TownRegister:
    """The register as it was when the mock stopped. Delivers what it still owed.

    Raises:
        ConfigurationError: kind `mock.town.state`; the stored state is not valid.
    """
    try:
        town = town_of({**document, "person": [_without_defaults(fields) for fields in document["person"]]})
        people = dict(town.people)
        published: dict[str, TownPerson] = dict(people)
        for key, fields in document["published"].items():
            if fields is None:
                del published[key]
            else:
                published[key] = person_of(_without_defaults(fields))
        entries: list[Entry] = [tuple(entry) for entry in memory.journal("subscriptions")]
        register = TownRegister(
            folder,
            memory,
            town,
            date.fromisoformat(document["day"]),
            people=people,
            published=published,
            pending={key: [Event(**row) for row in rows] for key, rows in document["pending"].items()},
            produced={agency: date.fromisoformat(day) for agency, day in document["produced"].items()},
            faults=FaultScript.parse(document["faults"]),
            filters=replay(entries),
            framing=framing,
            in_file=int(document["in_file"]),
            owed=[OwedDelivery(**one) for one in document["owed"]],
        )
    except ConfigurationError as error:
        raise ConfigurationError(
            "the mock's kept state has a value that this version does not know: use a new folder, or the version that "
            "wrote this one",
            kind="mock.state",
        ) from error
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ConfigurationError("the mock's kept state is damaged: use a new folder", kind="mock.state") from error
    for one in agreement.ALL:
        clear_drafts(one.inbox(folder))
    register.deliver_owed()
    memory.clear_aside()
    return register


def _without_defaults(fields: Mapping[str, Any]) -> dict[str, Any]:
    """A person's stored fields without the empty ones. Each field's default is empty.

    A field that another version of the mock has is no hindrance as long as nobody uses it.
    """
    inside = {k: _without_defaults(v) if isinstance(v, dict) else v for k, v in fields.items()}
    return {name: value for name, value in inside.items() if value}
