"""Invented patrons and a clock that stands still, for the tests of the store."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from whole import patron_ids

from cprsync.domain.feed.delivery import Header
from cprsync.domain.patron.local import Card, Local
from cprsync.domain.patron.patron import AsOf, Source
from cprsync.domain.person.number import CprNumber
from cprsync.domain.person.person import EMPTY, Birth, Person, Status
from cprsync.domain.person.sealed import Address, Name
from cprsync.domain.person.status import Action
from cprsync.services.ports.patrons import Batch, NewPatron, Write
from cprsync.services.ports.trust.audit import AuditFilter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cprsync.services.ports.runs import Run
    from cprsync.store.sql import SqlStore

AGENCY = "710100"
AGREEMENT = "main"
MONDAY = date(2027, 3, 1)
STARTED = datetime(2027, 3, 2, 5, 30, tzinfo=UTC)
FILE = AsOf(MONDAY, Source.FILE)
HEADER = Header(task="123456", produced=MONDAY, previous=MONDAY - timedelta(days=3))
_WEIGHTS = (4, 3, 2, 7, 6, 5, 4, 3, 2, 1)


@dataclass
class StoppedClock:
    """Stands still until a test moves it."""

    moment: datetime = STARTED

    def now(self) -> datetime:
        return self.moment

    def today(self) -> date:
        return self.moment.date()


def numbers() -> Iterator[CprNumber]:
    """Numbers that fail modulus 11, so that no one is likely to hold them (cpr_data I)."""
    for serial in itertools.count(1):
        digits = f"{2 + serial % 27:02}{1 + serial % 12:02}{60 + serial % 39:02}{serial % 4000:04}"
        if sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, digits, strict=True)) % 11:
            yield CprNumber.parse(digits)


def number(place: int) -> CprNumber:
    """One of them, by its place."""
    return next(itertools.islice(numbers(), place, None))


def person(place: int, **groups: Any) -> Person:
    """An adult with a flat, of whom a file says everything; `groups` are what deviates."""
    known = Person(
        number=number(place),
        name=Name("Sørine Ålykke", "Sørine", "", "Ålykke"),
        birth=Birth(date(1985, 5, 4)),
        status=Status.RESIDENT,
        address=Address("0751", "0123", house="16B", floor="st", door="th", postcode="8000", road="Skovfyrvej"),
        protection=EMPTY,
        current_number=EMPTY,
        contact=EMPTY,
    )
    return replace(known, **groups)


def local(card: str) -> Local:
    return Local(cards=(Card(card),), branch="main", group="adult")


def enrol(store: SqlStore, count: int) -> list[str]:
    """Patrons 0 … count-1, not yet verified; their ids in that order."""
    imported = store.imports.take_patrons([NewPatron(number(place), local(f"C{place}")) for place in range(count)])
    return [one.patron_id or "" for one in imported]


def change(store: SqlStore, after: Person, *actions: Action, as_of: AsOf = FILE, **rest: Any) -> Write:
    """The write that makes the patron with this number `after`."""
    (patron,) = [one for one in store.patrons.read(patron_ids(store)) if one.number == after.number]
    return Write(patron, after, store.patrons.prepare(after), as_of, actions or (Action.FIRST_COPY,), **rest)


def write(store: SqlStore, run: Run, *afters: Person, **rest: Any) -> None:
    """Write first copies, or whatever `rest` says, in one batch."""
    store.patrons.write(run, Batch(writes=[change(store, after, **rest) for after in afters]))


def reasons_of(store: SqlStore, patron_id: str | None) -> list[str]:
    """The reasons that people gave about a patron, or about no patron, the oldest first."""
    entries = list(store.audit.entries(AuditFilter(reasons=True)))
    return [one.reason for one in reversed(entries) if one.patron == patron_id and one.reason is not None]


def live_a_night(store: SqlStore) -> SqlStore:
    """Three patrons, two of whom a night has written."""
    store.journal.begin()
    enrol(store, 3)
    write(store, store.runs.begin(day=MONDAY, started=STARTED), person(0), person(1), culr="751")
    return store
