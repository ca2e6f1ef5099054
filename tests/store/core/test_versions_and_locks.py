"""The store's version, its write transactions, and locks that die with their holder."""

from __future__ import annotations

import errno
import os
import re
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from subprocess import PIPE, Popen
from typing import TYPE_CHECKING, Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg.errors import DiskFull
from sqlalchemy import CheckConstraint, Engine, inspect, text
from sqlalchemy.exc import IntegrityError, OperationalError
from store_people import AGENCY, AGREEMENT, MONDAY, STARTED, StoppedClock, enrol

from cprsync.errors import CprsyncError, RunBusy, StoreMismatch, StoreUnavailable
from cprsync.store.core import version
from cprsync.store.core.drivers import translated
from cprsync.store.core.engine import open_engine, reading, writing
from cprsync.store.core.version import WANTED
from cprsync.store.migrations.versions.v0001_first import MARKED
from cprsync.store.sql import SqlStore
from cprsync.store.tables import metadata

if TYPE_CHECKING:
    from cprsync.store.seals.keys import Keyring


def test_the_migrations_make_the_tables_that_the_program_knows(engine: Engine) -> None:
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    assert ScriptDirectory.from_config(version.settings_of_alembic()).get_heads() == [WANTED]


CHECKS = [one for table in metadata.tables.values() for one in table.constraints if isinstance(one, CheckConstraint)]
#: Each would stop every night in a traceback.
UNKNOWN_WORDS = ("kind = 'cat'", "as_of_source = 'rumour'", "standing = 'gone'", "status_class = 'away'")


def words_in(said: str) -> set[str]:
    return set(re.findall(r"'(\w+)'", said))


def test_the_migrations_let_the_words_in_that_the_program_knows_and_no_others(engine: Engine) -> None:
    found = {
        str(check["name"]): words_in(check["sqltext"])
        for table in metadata.tables
        for check in inspect(engine).get_check_constraints(table)
    }
    assert found == {str(one.name): words_in(str(one.sqltext)) for one in CHECKS}


@pytest.mark.parametrize("says", UNKNOWN_WORDS)
def test_the_database_refuses_a_word_that_no_night_would_come_past(engine: Engine, store: SqlStore, says: str) -> None:
    enrol(store, 1)
    with pytest.raises(IntegrityError), engine.begin() as connection:
        connection.execute(text(f"UPDATE patron SET {says}"))  # noqa: S608 -- the words above


def test_each_table_that_targets_hear_of_marks_whatever_is_written_in_it(engine: Engine) -> None:
    there = (
        "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        if engine.dialect.name == "sqlite"
        else "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
    )
    with reading(engine) as connection:
        found = set(connection.scalars(text(there)))
    assert found == {f"mark_{table}_{event}" for table in MARKED for event in ("insert", "update", "delete")}


def test_upgrading_twice_is_upgrading_once(engine: Engine) -> None:
    assert version.upgrade(engine).up_to_date
    assert version.store_version(engine) == version.StoreVersion(WANTED, WANTED)


@pytest.mark.parametrize("version", ["0000", "9999"])
def test_a_store_of_another_version_is_refused(
    engine: Engine, keyring: Keyring, clock: StoppedClock, version: str
) -> None:
    with writing(engine) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :version"), {"version": version})
    with pytest.raises(StoreMismatch):
        SqlStore(engine, agency=AGENCY, agreement=AGREEMENT, keyring=keyring, clock=clock)
    with reading(engine) as connection:
        assert connection.scalar(text("SELECT count(*) FROM library")) == 0


def libraries(engine: Engine) -> list[object]:
    with engine.connect() as connection:
        return list(connection.execute(text("SELECT * FROM library ORDER BY agency")))


@pytest.mark.parametrize(("first", "other"), [("test", "production"), ("production", "test")])
def test_a_store_is_of_the_environment_that_opened_it_first_and_the_other_is_refused(
    engine: Engine, keyring: Keyring, clock: StoppedClock, first: str, other: str
) -> None:
    def open_(agency: str, environment: str) -> SqlStore:
        return SqlStore(
            engine, agency=agency, agreement=AGREEMENT, keyring=keyring, clock=clock, environment=environment
        )

    open_(AGENCY, first)
    for agency in (AGENCY, "765700"):
        before = libraries(engine)
        with pytest.raises(StoreMismatch) as refused:
            open_(agency, other)
        assert refused.value.kind == f"store.environment.{first}"
        assert libraries(engine) == before
    open_("765700", first)
    assert version.find_environments(engine) == {AGENCY: first, "765700": first}


def test_a_new_library_is_refused_under_the_agreement_of_anothers_patrons(
    store: SqlStore, engine: Engine, keyring: Keyring, clock: StoppedClock
) -> None:
    def open_(agency: str, agreement: str, *, shared: bool = False) -> SqlStore:
        return SqlStore(engine, agency=agency, agreement=agreement, keyring=keyring, clock=clock, shared=shared)

    # nobody is lost: the other library has no patron yet
    open_("765700", AGREEMENT)
    enrol(store, 1)
    before = libraries(engine)
    with pytest.raises(StoreMismatch, match=f"has patrons of {AGENCY}, and the settings name 765710") as refused:
        open_("765710", AGREEMENT)
    assert refused.value.kind == "store.agency"
    assert libraries(engine) == before
    # a second library: with an agreement of its own, or one that is shared
    open_("765720", "other")
    open_("765730", AGREEMENT, shared=True)
    assert len(libraries(engine)) == len(before) + 2


def test_a_library_is_refused_while_another_has_patrons_under_its_agreement_that_is_not_shared(
    store: SqlStore, engine: Engine, keyring: Keyring, clock: StoppedClock
) -> None:
    def open_(**more: Any) -> SqlStore:
        return SqlStore(engine, agency="765700", agreement=AGREEMENT, keyring=keyring, clock=clock, **more)

    # as an earlier version wrote the rows of a mistyped agency
    other = open_(shared=True)
    open_(shared=False)
    enrol(store, 1)
    before = libraries(engine)
    with pytest.raises(StoreMismatch, match=f"has patrons of {AGENCY}, and the settings name 765700") as refused:
        open_(shared=False)
    assert refused.value.kind == "store.agency"
    assert libraries(engine) == before
    # with patrons of its own, its night would end the subscriptions of the first
    enrol(other, 1)
    with pytest.raises(StoreMismatch, match=f"has patrons of {AGENCY}, and the settings name 765700"):
        open_(shared=False)
    assert open_(shared=True).patrons.count() == 1
    # the first has another agreement by now
    assert open_(shared=False, elsewhere=[AGENCY]).patrons.count() == 1


def test_a_library_from_before_the_note_is_noted_when_it_is_opened(
    store: SqlStore, engine: Engine, keyring: Keyring, clock: StoppedClock
) -> None:
    with writing(engine) as connection:
        connection.execute(text("UPDATE library SET environment = NULL"))
    SqlStore(engine, agency=AGENCY, agreement=AGREEMENT, keyring=keyring, clock=clock, environment="production")
    assert version.find_environments(engine) == {AGENCY: "production"}


@pytest.mark.parametrize(
    ("statement", "lacks"),
    [
        ("ALTER TABLE follow_up DROP COLUMN since", "follow_up.since"),
        ("ALTER TABLE follow_up RENAME TO follow_up_of_old", "follow_up"),
    ],
    ids=["a column", "a table"],
)
def test_a_part_that_is_missing_is_named_and_is_no_database_out_of_reach(
    store: SqlStore, engine: Engine, statement: str, lacks: str
) -> None:
    assert version.find_missing(engine) == []
    with writing(engine) as connection:
        connection.execute(text(statement))
    with pytest.raises(StoreMismatch) as refused:
        store.subscriptions.follow_ups(10)
    assert refused.value.kind == "store.tables"
    assert version.find_missing(engine) == [lacks]
    with pytest.raises(StoreMismatch, match=lacks):
        version.check_tables(engine)


def test_a_store_that_is_newer_than_the_program_is_not_upgraded(engine: Engine) -> None:
    with writing(engine) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreMismatch):
        version.upgrade(engine)
    assert version.store_version(engine).current == "9999"


def test_a_store_that_is_not_set_up_is_refused(tmp_path: Path, keyring: Keyring, clock: StoppedClock) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'new.db'}")
    assert version.store_version(engine).current is None
    with pytest.raises(StoreMismatch) as refused:
        SqlStore(engine, agency=AGENCY, agreement=AGREEMENT, keyring=keyring, clock=clock)
    assert refused.value.kind == "store.not_set_up"
    engine.dispose()


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "letter.db"
    path.touch(mode=0o600)
    path.write_text("Kære bibliotek, " * 100)
    engine = open_engine(f"sqlite:///{path}")
    with pytest.raises(StoreMismatch) as refused:
        version.upgrade(engine)
    assert refused.value.kind == "store.damaged"
    assert path.read_text() == "Kære bibliotek, " * 100
    engine.dispose()


def test_an_upgrade_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'new.db'}")
    with writing(engine) as connection:
        connection.execute(text("CREATE TABLE run (agency TEXT)"))  # in the way of the tables that come late
    with pytest.raises(StoreUnavailable):
        version.upgrade(engine)
    with reading(engine) as connection:
        tables = connection.scalars(text("SELECT name FROM sqlite_master WHERE type = 'table'")).all()
    assert tables == ["run"]
    engine.dispose()


def test_a_write_transaction_takes_the_write_lock_before_its_first_word(sqlite_store: SqlStore) -> None:
    """A deferred transaction would let the second writer begin, and fail when it writes (decision 20)."""
    other = open_engine(f"sqlite:///{sqlite_store._tenant.engine.url.database}")
    with other.connect() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout=1")
        connection.rollback()
    with writing(sqlite_store._tenant.engine), pytest.raises(StoreUnavailable), writing(other):
        pass
    with reading(sqlite_store._tenant.engine), reading(other):
        pass
    other.dispose()


def test_sqlite_writes_ahead_syncs_fully_and_holds_to_foreign_keys(sqlite_store: SqlStore) -> None:
    with reading(sqlite_store._tenant.engine) as connection:
        told = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        ]
    assert told == ["wal", 2, 1, 5000]


HOLDER = """
import sys, datetime, pathlib
from cprsync.store.core.engine import open_engine
from cprsync.store.seals.keys import Keyring
from cprsync.store.sql import SqlStore

class Clock:
    def now(self): return datetime.datetime.now(datetime.UTC)
    def today(self): return self.now().date()

url, keys, agency, agreement = sys.argv[1:]
keyring = Keyring.load(pathlib.Path(keys))
store = SqlStore(open_engine(url), agency=agency, agreement=agreement, keyring=keyring, clock=Clock())
with store.runs.lock():
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_lock_dies_with_the_process_that_held_it(store: SqlStore, url: str, keyring: Keyring) -> None:
    run = store.runs.begin(day=MONDAY, started=STARTED)
    before = store.views.everything()
    command = [sys.executable, "-c", HOLDER, url, str(keyring.folder), AGENCY, AGREEMENT]
    with Popen(command, stdin=PIPE, stdout=PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(RunBusy), store.runs.lock():
            pass
        assert store.views.everything() == before
        holder.kill()
        holder.wait()
    for _ in range(200):  # the server takes a moment to see that its client is gone
        try:
            with store.runs.lock():
                break
        except RunBusy:
            time.sleep(0.05)
    with store.runs.lock():
        assert store.runs.begin(day=MONDAY, started=STARTED).epoch == run.epoch + 1


#: Looks at the database as another program, and is the last to close it as far as SQLite's locks can tell.
PASSER_BY = "import sqlite3, sys; one = sqlite3.connect(sys.argv[1]); one.execute('SELECT * FROM patron'); one.close()"


def test_a_store_that_is_opened_again_keeps_the_locks_on_its_file(sqlite_store: SqlStore) -> None:
    """When a process closes a file, all its locks on that file end (POSIX).

    Another program would then take the database for unused, and delete what stands ahead of it: the next write fails.
    """
    engine = sqlite_store._tenant.engine
    with writing(engine) as connection:
        connection.exec_driver_sql("CREATE TABLE ours AS SELECT 1 AS one")
    with reading(engine) as held:
        held.exec_driver_sql("SELECT * FROM ours").all()
        open_engine(str(engine.url)).dispose()
        subprocess.run([sys.executable, "-c", PASSER_BY, engine.url.database or ""], check=True, timeout=60)
        assert Path(f"{engine.url.database}-wal").exists()
    with writing(engine) as connection:
        connection.exec_driver_sql("INSERT INTO ours VALUES (2)")


def fill_up(engine: Engine) -> None:
    """Write more than the file may grow."""
    with writing(engine) as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        connection.exec_driver_sql("CREATE TABLE filling AS SELECT zeroblob(10000000) AS content")


def test_a_database_without_room_is_not_told_as_one_that_does_not_answer(sqlite_store: SqlStore) -> None:
    before = sqlite_store.views.everything()
    with pytest.raises(StoreUnavailable) as refused:
        fill_up(sqlite_store._tenant.engine)
    assert refused.value.kind == "store.no_room"
    assert sqlite_store.views.everything() == before


@pytest.mark.parametrize(
    ("why", "kind"),
    [
        (errno.EROFS, "store.no_writes"),
        (errno.ENOSPC, "store.no_room"),
        (errno.EACCES, "file.owner"),
        (errno.EIO, "store.url"),
    ],
)
def test_a_disk_that_takes_no_file_is_not_told_as_a_wrong_setting(
    why: int, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Path) -> None:
        raise OSError(why, os.strerror(why))

    monkeypatch.setattr("cprsync.store.core.engine.make_private", refuse)
    with pytest.raises(CprsyncError) as refused:
        open_engine(f"sqlite:///{tmp_path}/store.db")
    assert refused.value.kind == kind
    assert not list(tmp_path.iterdir())


def test_sqlite_without_memory_is_not_told_as_a_full_disk() -> None:
    said = sqlite3.OperationalError("disk I/O error")
    said.sqlite_errorname = "SQLITE_IOERR_NOMEM"
    with pytest.raises(StoreUnavailable) as refused, translated():
        raise OperationalError("INSERT", {}, said)
    assert refused.value.kind == "memory"


def test_a_full_disk_of_postgresql_is_told_as_that() -> None:
    with pytest.raises(StoreUnavailable) as refused, translated():
        raise OperationalError("INSERT", {}, DiskFull("could not extend file"))
    assert refused.value.kind == "store.no_room"


def end_sessions(engine: Engine) -> None:
    """End every other session of the database, as a server that is restarted does."""
    with writing(engine) as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_a_server_that_goes_away_under_a_night_is_told_as_that_and_leaves_no_lock(store: SqlStore, url: str) -> None:
    other = open_engine(url)
    with pytest.raises(StoreUnavailable, match="the database does not answer"):
        lose_the_server(store, other)
    # the session is gone, and with it the lock
    with store.runs.lock():
        assert store.patrons.count() == 0
    other.dispose()


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_a_transaction_whose_server_goes_away_is_told_as_one_without_answer(store: SqlStore, url: str) -> None:
    other = open_engine(url)
    with pytest.raises(StoreUnavailable):
        write_while(store._tenant.engine, other)
    other.dispose()
    assert store.patrons.count() == 0


def lose_the_server(store: SqlStore, other: Engine) -> None:
    with store.runs.lock():
        end_sessions(other)
        raise StoreUnavailable("the database does not answer")


def write_while(engine: Engine, other: Engine) -> None:
    with writing(engine) as connection:
        end_sessions(other)
        connection.execute(text("UPDATE library SET heads_lines = 1"))
