"""The library to measure on: its keys, its patrons after their first copies, and what a night needs."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from datetime import time as time_of_day
from typing import TYPE_CHECKING

from bench.deliveries import TASK, shares, write_delivery
from cprsync.config.clock import StillClock
from cprsync.domain.feed.delivery import COPENHAGEN
from cprsync.domain.patron.local import Card, Local
from cprsync.domain.person.person import Person
from cprsync.domain.policy.policy import Harm, Limit, Policy
from cprsync.errors import RegisterUnavailable
from cprsync.register.extract.reader import ExtractReader
from cprsync.register.pickup.arrivals import FolderFeed
from cprsync.services.ports.night import Night
from cprsync.services.ports.register import NotFound
from cprsync.store import tables
from cprsync.store.beside.journal import FILE, EraseJournal
from cprsync.store.core.bulk import append
from cprsync.store.core.engine import open_engine, writing
from cprsync.store.core.tenant import Tenant
from cprsync.store.patrons.patrons import clear_columns
from cprsync.store.records import records
from cprsync.store.records.records import encode_local
from cprsync.store.seals.keys import Keyring
from cprsync.store.seals.vault import REGISTER, Vault
from cprsync.store.sql import SqlStore

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from bench.rows import Row
    from cprsync.domain.person.number import CprNumber
    from cprsync.errors import CprsyncError
    from cprsync.mock.town.people import TownPerson as Raw
    from cprsync.services.ports.register import Found, Subscribed

AGENCY, AGREEMENT = "710100", "bench"
PRODUCED, PREVIOUS = date(2027, 3, 22), date(2027, 3, 19)
#: The morning after the delivery's day.
MORNING = datetime.combine(date(2027, 3, 23), time_of_day(6, 30), tzinfo=COPENHAGEN).astimezone(UTC)
_FIRST_ID = 10_000_000
#: A prime that scatters the patrons' ids like random ones.
_STRIDE = 48_271_007
_IDS = 90_000_000


@dataclass(frozen=True, slots=True)
class Place:
    """What one measured way works on: a database, the keys, and the folder with the delivery.

    Is sent to a child process.
    """

    url: str
    keys: Path
    feed: Path

    @property
    def delivery(self) -> Path:
        """The only file in the folder."""
        (path,) = self.feed.iterdir()
        return path


class SilentRegister:
    """A register that answers nothing, because a night is measured without it."""

    def look_up_many(self, numbers: Iterable[CprNumber]) -> Iterator[Found | NotFound]:
        for number in numbers:
            yield NotFound(number, RegisterUnavailable("the bench has no register"))

    def subscribe_many(self, numbers: Iterable[CprNumber]) -> Iterator[tuple[CprNumber, Subscribed | CprsyncError]]:
        for number in numbers:
            yield number, RegisterUnavailable("the bench has no register")

    def unsubscribe_many(self, numbers: Iterable[CprNumber]) -> Iterator[tuple[CprNumber, Subscribed | CprsyncError]]:
        for number in numbers:
            yield number, RegisterUnavailable("the bench has no register")

    def subscriptions(self) -> set[CprNumber]:
        return set()


def bench_policy(patrons: int) -> Policy:
    """The policy of a bench (decision 19): every limit allows all patrons."""
    return Policy(limits={harm: Limit(patrons, 1.0) for harm in Harm})


@contextmanager
def opened_tenant(place: Place) -> Iterator[Tenant]:
    """Access to the rows of the bench's library, with the means to open them."""
    engine = open_engine(place.url)
    keyring = Keyring.load(place.keys)
    try:
        vault = Vault(keyring, agency=AGENCY, random=os.urandom)
        journal = EraseJournal(place.keys.parent / FILE, keyring)
        yield Tenant(engine, AGENCY, AGREEMENT, keyring, vault, StillClock(MORNING), os.urandom, journal)
    finally:
        engine.dispose()


def store_of(tenant: Tenant) -> SqlStore:
    """The store on the same database."""
    return SqlStore(tenant.engine, agency=AGENCY, agreement=AGREEMENT, keyring=tenant.keyring, clock=tenant.clock)


def reader_of(store: SqlStore) -> ExtractReader:
    """The reader, set up as in the program."""
    return ExtractReader(task=TASK, hash_key=store.index_key)


def night_of(tenant: Tenant, feed: Path, *, patrons: int) -> Night:
    """What a night works with."""
    store = store_of(tenant)
    return Night(
        agency=AGENCY,
        store=store,
        register=SilentRegister(),
        feed=FolderFeed(feed, after="keep", metadata_minutes=0),
        reader=reader_of(store),
        clock=tenant.clock,
        policy=bench_policy(patrons),
        reconciles=False,
        monotonic=time.monotonic,
    )


# -- patrons as their first copies left them -----------------------------------------------------------------


def enrol(tenant: Tenant, raw: Iterable[Raw], scratch: Path) -> int:
    """Write patrons with the data of a delivery of the day before. Return how many.

    They are written in bulk, with the store's own codec and seals. Measuring begins afterwards.
    """
    reader, count = reader_of(store_of(tenant)), 0
    with writing(tenant.engine) as connection:
        for share in shares(raw):
            write_delivery(scratch, ((one, "A01") for one in share), produced=PREVIOUS, previous=date(2027, 3, 18))
            with scratch.open("rb") as content:
                persons = [one for one in reader.persons(content) if isinstance(one, Person)]
            # a delivery is ordered by number
            places = {one.number: count + place for place, one in enumerate(share)}
            written = [_rows(tenant, places[person.number.digits], person) for person in persons]
            for table, rows in zip(_ENROLLED, zip(*written, strict=True), strict=True):
                append(connection, table, rows)
            count += len(persons)
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("ANALYZE")
    return count


_ENROLLED = (tables.patron, tables.issued_id, tables.patron_key, tables.subscription)


def patron_id_of(place: int) -> str:
    """The id of the patron enrolled at this place."""
    return str(_FIRST_ID + place * _STRIDE % _IDS)


def _rows(tenant: Tenant, place: int, person: Person) -> tuple[Row, Row, Row, Row]:
    patron_id, card = patron_id_of(place), f"C{place:08}"
    vault = tenant.vault
    key = (AGENCY, "card", vault.index("card", card), vault.index_key, patron_id)
    sealed = vault.seal(person.number.digits.encode(), place=patron_id, owner="subscription", version=1)
    index = vault.number_index(person.number)
    subscription = (
        *(AGENCY, AGREEMENT, index, "patron", patron_id, sealed, vault.seal_key),
        *(PREVIOUS, None, tenant.stamp()),
    )
    return _patron_row(tenant, patron_id, card, person), (AGENCY, patron_id), key, subscription


def _patron_row(tenant: Tenant, patron_id: str, card: str, person: Person) -> Row:
    vault, prepared = tenant.vault, records.prepare(tenant.vault, person)
    local = Local(cards=(Card(card),), branch="main", group="adult")
    row = {
        "agency": AGENCY,
        "id": patron_id,
        "number_index": vault.number_index(person.number),
        "index_key": vault.index_key,
        "real_number": True,
        "register_blob": vault.seal(prepared.canonical, place=patron_id, owner=REGISTER, version=1),
        "register_key": vault.seal_key,
        "fingerprint": prepared.fingerprint,
        "fingerprint_key": vault.fingerprint_key,
        "version": 1,
        "as_of_day": PREVIOUS,
        "as_of_source": "file",
        "local_blob": vault.seal(encode_local(local), place=patron_id, owner="local", version=1),
        "local_key": vault.seal_key,
        "local_version": 1,
        "overrides": 0,
        "patron_group": local.group,
        "created": tenant.stamp(),
        "register_since": tenant.stamp(),
        "kind": tables.PERSON,
        "standing": tables.ACTIVE,
        # as if rights were derived already: the bench has no products
        "rights_local": 1,
        # as if an earlier night had made the keys
        "found_register": 1,
        "found_local": 1,
    } | clear_columns(tenant, person)
    return tuple(row.get(column.name) for column in tables.patron.columns)
