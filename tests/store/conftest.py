"""A store on each of the two databases, with keys and a clock that stands still."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from ready_databases import fresh_database
from store_people import AGENCY, AGREEMENT, MONDAY, STARTED, StoppedClock

from cprsync.store.core.engine import open_engine
from cprsync.store.seals.keys import Keyring, create_keys
from cprsync.store.sql import SqlStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Engine

    from cprsync.services.ports.runs import Run


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock()


@pytest.fixture
def keyring(tmp_path: Path) -> Keyring:
    folder = tmp_path / "keys"
    create_keys(folder)
    return Keyring.load(folder)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path, empty_store: Path) -> Iterator[str]:
    """Where a fresh store of this program's version is."""
    if request.param == "sqlite":
        yield f"sqlite:///{shutil.copy(empty_store / 'store.db', tmp_path)}"
        return
    with fresh_database(request.getfixturevalue("postgresql")) as url:
        yield url


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    engine = open_engine(url)
    yield engine
    engine.dispose()


@pytest.fixture
def store(engine: Engine, keyring: Keyring, clock: StoppedClock) -> SqlStore:
    return SqlStore(engine, agency=AGENCY, agreement=AGREEMENT, keyring=keyring, clock=clock)


@pytest.fixture
def sqlite_store(tmp_path: Path, empty_store: Path, keyring: Keyring, clock: StoppedClock) -> Iterator[SqlStore]:
    """A store where the database makes no difference."""
    engine = open_engine(f"sqlite:///{shutil.copy(empty_store / 'store.db', tmp_path / 'one.db')}")
    yield SqlStore(engine, agency=AGENCY, agreement=AGREEMENT, keyring=keyring, clock=clock)
    engine.dispose()


@pytest.fixture
def run(store: SqlStore) -> Run:
    return store.runs.begin(day=MONDAY, started=STARTED)
