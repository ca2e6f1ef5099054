"""Asks the store, and looks at the files beside it. What is written to try it is taken back."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import text

from cprsync.doctor.status import make_sure_that_heads_can_grow, places_of_heads
from cprsync.documents import document_of
from cprsync.register.extract.reader import ExtractReader
from cprsync.services.ports.trust.doctor import Contents
from cprsync.services.ports.trust.keys import KeyState
from cprsync.services.trust.status import find_deliveries
from cprsync.store.beside.journal import make_sure_of_place
from cprsync.store.core.engine import clock_offset, reading, writing
from cprsync.store.core.planner import is_informed
from cprsync.store.core.version import WANTED, check_tables, check_version, find_environments, find_unnamed
from cprsync.wiring.setting_up import find_wrong_roles, open_database, telling_what_is_gone

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from sqlalchemy import Connection, Engine

    from cprsync.config.settings import StoreSection
    from cprsync.services.ports.deliveries import Inspection
    from cprsync.services.ports.trust.alarms import UntoldChannel
    from cprsync.services.ports.trust.audit import AuditGlance
    from cprsync.services.ports.trust.keys import Rotation
    from cprsync.wiring.site import Site

#: How SQLite is to be set up: what `PRAGMA name` says.
_PRAGMAS: Final = {"journal_mode": "wal", "foreign_keys": "1", "synchronous": "2"}
#: No library has it: agencies have six digits.
_NOBODY: Final = "doctor"


def find_wrong_settings(store: StoreSection) -> list[str]:
    """What of the database is set up otherwise than it should be, and what its roles may do too much or too little."""
    with open_database(store.url) as engine, reading(engine) as connection:
        postgresql = engine.dialect.name == "postgresql"
        wrong = list(_wrong_server(connection) if postgresql else _wrong_file(connection))
    for role, rights in find_wrong_roles(store).items():
        wrong += [f"{role}: {one}" for one in rights]
    return wrong


def _wrong_file(connection: Connection) -> Iterator[str]:
    for name, wanted in _PRAGMAS.items():
        found = str(connection.exec_driver_sql(f"PRAGMA {name}").scalar())
        if found != wanted:
            yield f"{name}={found}"
    # somebody has run ANALYZE
    if not is_informed(connection):
        yield "sqlite_stat1"


def _wrong_server(connection: Connection) -> Iterator[str]:
    if connection.scalar(text("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")):
        yield "superuser"
    for name in ("fsync", "full_page_writes"):
        if (found := connection.scalar(text(f"SHOW {name}"))) != "on":
            yield f"{name}={found}"


@contextmanager
def _open_current(url: str) -> Iterator[Engine]:
    """Open the database, if it is of this program's version. If not, each check has the same error: it is told once."""
    with open_database(url) as engine:
        check_version(engine)
        yield engine


def try_to_write(url: str) -> None:
    """Write a row and take it back. Raises the store's errors."""
    with _open_current(url) as engine, writing(engine) as connection:
        connection.execute(text("INSERT INTO library (agency) VALUES (:agency)"), {"agency": _NOBODY})
        connection.rollback()


def measure_offset(url: str) -> float:
    """By how many seconds the database's clock is ahead of ours."""
    with open_database(url) as engine:
        return clock_offset(engine)


class LiveStore:
    """The store of a library, asked live."""

    def __init__(self, site: Site) -> None:
        self._site, self._settings, self._feed = site, site.settings, site.section.feed

    def store_version(self) -> str:
        with self._open() as engine:
            check_tables(engine)
        return WANTED

    def store_environments(self) -> dict[str, str]:
        with self._open() as engine:
            return find_environments(engine)

    def unnamed_libraries(self) -> list[str]:
        with self._open() as engine:
            return find_unnamed(engine, [one.agency for one in self._settings.library])

    def contents(self) -> Contents:
        with self._site.store_of_any_keys() as opened:
            patrons = opened.patrons.count()
            if patrons or opened.runs.last_day() is not None:
                return Contents(patrons, is_lost=False)
            # a new audit is whole: one that is not was longer, as the heads and the witness remember
            return Contents(0, is_lost=bool(opened.audit.glance().problems) or bool(opened.journal.verify()))

    def wrong_settings(self) -> list[str]:
        return find_wrong_settings(self._settings.store)

    def try_to_write(self) -> None:
        with telling_what_is_gone(self._settings):
            try_to_write(self._settings.store.url)

    def store_offset(self) -> float:
        return measure_offset(self._settings.store.url)

    @contextmanager
    def _open(self) -> Iterator[Engine]:
        with telling_what_is_gone(self._settings), _open_current(self._settings.store.url) as engine:
            yield engine

    def lost_keys(self) -> list[tuple[str, str]]:
        with self._site.store_of_any_keys() as opened:
            return [(one.purpose, one.id) for one in opened.keys.uses() if one.state is KeyState.LOST]

    def rotations(self) -> list[Rotation]:
        with self._site.store_of_any_keys() as opened:
            return opened.keys.unfinished()

    def journal_lines(self) -> int:
        make_sure_of_place(self._settings.store.erase_journal)
        with self._site.store_of_any_keys() as opened:
            return opened.journal.verify()

    def glance(self) -> AuditGlance:
        make_sure_that_heads_can_grow(*places_of_heads(self._settings))
        with self._site.store_of_any_keys() as opened:
            return opened.audit.glance()

    def undelivered(self) -> list[UntoldChannel]:
        with self._site.store_of_any_keys() as opened:
            return opened.alarms.undelivered()

    def deliveries(self) -> dict[str, Any]:
        with self._site.store_of_any_keys() as opened:
            return document_of(find_deliveries(opened, self._site.clock.now()))

    def last_delivery(self) -> tuple[date, Inspection] | None:
        with self._site.store_of_any_keys() as opened:
            newest = opened.inbox.newest()
            if newest is None:
                return None
            strict = self._feed.count == "strict"
            reader = ExtractReader(task=self._feed.task, hash_key=opened.index_key, strict_count=strict)
            with opened.inbox.content(newest) as content:
                found = reader.inspect(content)
            return found.header.produced, found
