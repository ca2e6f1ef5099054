"""An upgrade to the next version, with patrons in the store: nobody is lost, and a killed one is made again.

That version is this program with one more migration, which only these tests have.
"""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from ready_databases import PROGRAMS, create_database, fresh_database
from sqlalchemy import MetaData, event, make_url, select
from store_people import AGENCY, AGREEMENT, StoppedClock, live_a_night
from whole import patron_ids

from cprsync.config.settings import StoreSection
from cprsync.errors import BackupFailed, StoreMismatch
from cprsync.store.backup.databases import put_back
from cprsync.store.core import version
from cprsync.store.core.engine import open_engine, reading
from cprsync.store.core.version import WANTED, upgrade
from cprsync.store.sql import SqlStore
from cprsync.wiring.setting_up import upgrade_store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine

    from cprsync.store.seals.keys import Keyring

NEXT = "9001"
MIGRATION = Path(__file__).parent / "v9001_shelves.py"
KILLED = 9
Rows = dict[str, list[tuple[Any, ...]]]


@pytest.fixture(autouse=True)
def _programs_of_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of the server's own version."""
    monkeypatch.setenv("PATH", f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}")


@pytest.fixture
def lived(url: str, engine: Engine, store: SqlStore) -> str:
    """The url of a store of this version, with patrons, audit and a night."""
    live_a_night(store)
    engine.dispose()
    return url


@pytest.fixture
def following(lived: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The same url, for a program of the next version."""
    folder = shutil.copytree(version._MIGRATIONS, tmp_path / "migrations")
    shutil.copy(MIGRATION, folder / "versions")
    monkeypatch.setattr(version, "_MIGRATIONS", folder)
    monkeypatch.setattr(version, "WANTED", NEXT)
    return lived


@pytest.fixture
def undisturbed(following: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A copy of it."""
    if following.startswith("sqlite"):
        yield f"sqlite:///{shutil.copy(following.removeprefix('sqlite:///'), tmp_path / 'undisturbed.db')}"
        return
    with fresh_database(request.getfixturevalue("postgresql"), like=make_url(following).database) as url:
        yield url


def rows_of(engine: Engine) -> Rows:
    """Every row of every table, in an order that does not depend on the database."""
    tables = MetaData()
    with reading(engine) as connection:
        tables.reflect(connection)
        return {
            table.name: sorted((tuple(row) for row in connection.execute(select(table))), key=repr)
            for table in tables.sorted_tables
        }


def rows_at(url: str) -> Rows:
    """The same, of a database that nobody has open."""
    engine = open_engine(url)
    found = rows_of(engine)
    engine.dispose()
    return found


def opened(engine: Engine, keyring: Keyring) -> SqlStore:
    return SqlStore(engine, agency=AGENCY, agreement=AGREEMENT, keyring=keyring, clock=StoppedClock())


def count_statements(url: str) -> int:
    """How many statements an upgrade makes."""
    engine, seen = open_engine(url), []
    event.listen(engine, "before_cursor_execute", lambda *_: seen.append(1))
    upgrade(engine)
    engine.dispose()
    return len(seen)


def upgrade_killed(url: str, *, before: int) -> bool:
    """Upgrade in another process, which is gone before its nth statement. Returns whether it was."""
    pid = os.fork()
    if not pid:
        code = 0
        try:
            _upgrade_until(url, before)
        except BaseException:  # noqa: BLE001 -- a child of a test must never go on as the test
            code = 1
        os._exit(code)
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status) == KILLED


def _upgrade_until(url: str, before: int) -> None:
    engine = open_engine(url)
    left = iter(range(before))

    def count(*_: object) -> None:
        if next(left, None) is None:
            os._exit(KILLED)

    event.listen(engine, "before_cursor_execute", count)
    upgrade(engine)


def test_a_store_of_the_version_before_is_refused_until_it_is_upgraded(
    following: str, engine: Engine, keyring: Keyring
) -> None:
    before = rows_at(following)
    with pytest.raises(StoreMismatch) as refused:
        opened(engine, keyring)
    assert refused.value.kind == "store.version"
    assert rows_at(following) == before


@pytest.mark.usefixtures("following")
def test_every_record_reads_the_same_after_the_upgrade(engine: Engine, keyring: Keyring, store: SqlStore) -> None:
    ids = patron_ids(store)
    before, runs = store.patrons.read(ids), store.runs.list_runs()
    assert upgrade(engine).current == WANTED
    after = opened(engine, keyring)
    after.journal.begin()
    assert after.patrons.read(ids) == before
    assert after.runs.list_runs() == runs
    assert after.audit.check().problems == ()
    assert len(before) == 3
    assert [run.run for run in runs] == [1]


def test_a_copy_is_made_first_and_the_older_program_can_go_on_with_it(
    following: str, engine: Engine, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    before = rows_of(engine)
    document = upgrade_store(StoreSection(url=following), copies=tmp_path)
    copy = Path(document["copy"])
    assert copy.name.startswith(f"before-{NEXT}-at-{WANTED}.")
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert rows_at(following) != before
    if copy.suffix == ".db":
        assert rows_at(f"sqlite:///{copy}") == before
        return
    empty = create_database(request.getfixturevalue("postgresql"), "put_back", like="template0")
    put_back(empty, _pieces(copy))
    assert rows_at(empty) == before


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from iter(lambda: file.read(65536), b"")


def test_an_upgraded_store_is_refused_by_the_version_before(
    following: str, engine: Engine, keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    upgrade(engine)
    monkeypatch.undo()
    before = rows_at(following)
    for go_back in (lambda: opened(engine, keyring), lambda: upgrade(engine)):
        with pytest.raises(StoreMismatch) as refused:
            go_back()
        assert refused.value.kind == "store.newer"
    assert rows_at(following) == before


def test_without_a_place_for_the_copy_nothing_is_upgraded(following: str, engine: Engine, tmp_path: Path) -> None:
    before = rows_of(engine)
    with pytest.raises(BackupFailed):
        upgrade_store(StoreSection(url=following), copies=tmp_path / "nowhere")
    assert rows_of(engine) == before


def test_a_store_that_is_empty_or_up_to_date_is_not_copied(following: str, engine: Engine, tmp_path: Path) -> None:
    upgrade(engine)
    assert upgrade_store(StoreSection(url=following), copies=tmp_path)["copy"] is None
    assert upgrade_store(StoreSection(url=f"sqlite:///{tmp_path / 'new.db'}"), copies=tmp_path)["copy"] is None


def test_a_second_upgrade_changes_nothing(following: str, engine: Engine) -> None:
    upgrade(engine)
    after = rows_at(following)
    assert upgrade(engine).current == NEXT
    assert rows_at(following) == after


def test_an_upgrade_that_was_killed_at_any_statement_has_changed_nothing_and_is_made_again(
    following: str, undisturbed: str
) -> None:
    before, statements = rows_at(following), count_statements(undisturbed)
    for number in range(statements):
        assert upgrade_killed(following, before=number), number
        assert rows_at(following) == before
    assert not upgrade_killed(following, before=statements)
    assert rows_at(following) == rows_at(undisturbed)
