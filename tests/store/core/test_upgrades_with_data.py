"""An upgrade from the first version, with patrons in it: nobody is lost, and a killed one is made again."""

from __future__ import annotations

import os
import shutil
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from old_store import (
    AGENCY,
    AGREEMENT,
    FIRST,
    bring_to,
    count_statements,
    rows_at,
    rows_of,
    sample,
    unpack,
    upgrade_killed,
)
from ready_databases import PROGRAMS, create_database, fresh_database
from sqlalchemy import text

from cprsync.config.clock import StillClock
from cprsync.config.settings import StoreSection
from cprsync.errors import BackupFailed, StoreMismatch
from cprsync.store.backup.databases import put_back
from cprsync.store.core.engine import open_engine, reading, writing
from cprsync.store.core.version import WANTED, upgrade
from cprsync.store.seals.keys import Keyring, add_missing_keys
from cprsync.store.seals.vault import REGISTER, Vault, decode
from cprsync.store.sql import SqlStore
from cprsync.wiring.setting_up import upgrade_store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine

    from cprsync.domain.person.person import Person

#: The morning after the last night that the store has lived.
MORNING = datetime(2027, 4, 4, 5, 30, tzinfo=UTC)
#: How many kills the check samples on each database.
KILLS = 5


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the store of the first version, to be copied."""
    folder = tmp_path_factory.mktemp("first")
    unpack(folder)
    return folder


@pytest.fixture(autouse=True)
def _programs_of_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of the server's own version."""
    monkeypatch.setenv("PATH", f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}")


@pytest.fixture(scope="module")
def first_database(first: Path, postgresql: str) -> str:
    """The name of a database of PostgreSQL with the same rows, to be copied."""
    bring_to(f"sqlite:///{first / 'store.db'}", create_database(postgresql, "first_store", like="template1"))
    return "first_store"


@pytest.fixture(params=["sqlite", "postgresql"])
def old(request: pytest.FixtureRequest, tmp_path: Path, first: Path) -> Iterator[str]:
    """The url of a copy."""
    shutil.copytree(first / "keys", tmp_path / "keys")
    # as `db upgrade` does at its end
    add_missing_keys(tmp_path / "keys")
    if request.param == "sqlite":
        yield f"sqlite:///{shutil.copy(first / 'store.db', tmp_path)}"
        return
    with fresh_database(request.getfixturevalue("postgresql"), like=request.getfixturevalue("first_database")) as url:
        yield url


@pytest.fixture
def engine(old: str) -> Iterator[Engine]:
    engine = open_engine(old)
    yield engine
    engine.dispose()


def registered(engine: Engine, keyring: Keyring) -> dict[str, Person]:
    """The register's part of each record, read from the bare rows."""
    vault = Vault(keyring, agency=AGENCY, random=bytes)
    with reading(engine) as connection:
        rows = connection.execute(text("SELECT id, register_blob, register_key, version FROM patron")).all()
    return {
        row.id: decode(
            vault.unseal(row.register_blob, row.register_key, place=row.id, owner=REGISTER, version=row.version)
        )
        for row in rows
    }


def opened(engine: Engine, folder: Path) -> SqlStore:
    return SqlStore(
        engine,
        agency=AGENCY,
        agreement=AGREEMENT,
        keyring=Keyring.load(folder / "keys"),
        clock=StillClock(MORNING),
    )


def test_a_store_of_the_first_version_is_refused_until_it_is_upgraded(engine: Engine, tmp_path: Path) -> None:
    before = rows_of(engine)
    with pytest.raises(StoreMismatch) as refused:
        opened(engine, tmp_path)
    assert refused.value.kind == "store.version"
    assert rows_of(engine) == before


def test_every_record_of_the_first_version_reads_the_same_after_the_upgrade(engine: Engine, tmp_path: Path) -> None:
    before = registered(engine, Keyring.load(tmp_path / "keys"))
    assert len(before) == 40
    assert upgrade(engine).current == FIRST
    store = opened(engine, tmp_path)
    store.journal.begin()
    patrons = {patron.id: patron for patron in store.patrons.read(sorted(before))}
    assert {one: patron.number for one, patron in patrons.items()} == {one: was.number for one, was in before.items()}
    assert registered(engine, Keyring.load(tmp_path / "keys")) == before
    assert store.audit.check().problems == ()
    assert [run["run"] for run in store.runs.documents()] == [8, 7, 6, 5, 4, 3, 2, 1]


def test_a_before_image_of_the_first_version_that_is_taken_away_after_the_upgrade_is_found(
    engine: Engine, tmp_path: Path
) -> None:
    upgrade(engine)
    store = opened(engine, tmp_path)
    store.journal.begin()
    assert store.audit.check().problems == ()
    with writing(engine) as connection:
        last = "SELECT max(patron_id) FROM before_image"
        gone = connection.execute(text(f"DELETE FROM before_image WHERE patron_id = ({last})"))  # noqa: S608 -- no value
    assert gone.rowcount > 0
    assert [problem.kind for problem in store.audit.check().problems] == ["audit.broken"]


def test_a_copy_is_made_first_and_an_older_program_can_go_on_with_it(
    engine: Engine, old: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    before = rows_of(engine)
    document = upgrade_store(StoreSection(url=old), copies=tmp_path)
    copy = Path(document["copy"])
    assert copy.name.startswith(f"before-{WANTED}-at-{FIRST}.")
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    if copy.suffix == ".db":
        assert rows_at(f"sqlite:///{copy}") == before
        return
    empty = create_database(request.getfixturevalue("postgresql"), "put_back", like="template0")
    put_back(empty, _pieces(copy))
    assert rows_at(empty) == before


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from iter(lambda: file.read(65536), b"")


def test_without_a_place_for_the_copy_nothing_is_upgraded(engine: Engine, old: str, tmp_path: Path) -> None:
    before = rows_of(engine)
    with pytest.raises(BackupFailed):
        upgrade_store(StoreSection(url=old), copies=tmp_path / "nowhere")
    assert rows_of(engine) == before


def test_a_store_that_is_empty_or_up_to_date_is_not_copied(engine: Engine, old: str, tmp_path: Path) -> None:
    upgrade(engine)
    assert upgrade_store(StoreSection(url=old), copies=tmp_path)["copy"] is None
    assert upgrade_store(StoreSection(url=f"sqlite:///{tmp_path / 'new.db'}"), copies=tmp_path)["copy"] is None


def test_a_second_upgrade_changes_nothing(engine: Engine) -> None:
    upgrade(engine)
    after = rows_of(engine)
    assert upgrade(engine).current == WANTED
    assert rows_of(engine) == after


def test_an_upgrade_that_was_killed_has_changed_nothing_and_is_made_again(old: str, undisturbed: str) -> None:
    statements = count_statements(undisturbed)
    before = rows_at(old)
    for number in sample(statements, KILLS):
        assert upgrade_killed(old, before=number), number
        assert rows_at(old) == before
    assert not upgrade_killed(old, before=statements)
    assert rows_at(old) == rows_at(undisturbed)


@pytest.fixture
def undisturbed(request: pytest.FixtureRequest, old: str, tmp_path: Path, first: Path) -> Iterator[str]:
    """Another copy, on the same database."""
    if old.startswith("sqlite"):
        yield f"sqlite:///{shutil.copy(first / 'store.db', tmp_path / 'undisturbed.db')}"
        return
    with fresh_database(request.getfixturevalue("postgresql"), like=request.getfixturevalue("first_database")) as url:
        yield url
