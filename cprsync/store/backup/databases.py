"""Copy a database at one moment while others write, and put a copy into an empty one. Both databases, as streams.

PostgreSQL is copied by its own programs. What they need to connect, they read from a file that is in memory alone. It
is neither in their arguments nor in their environment.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import sqlite3
import subprocess
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import inspect, text
from sqlalchemy.engine import make_url

from cprsync.errors import BackupFailed, ConfigurationError, CprsyncError, StoreMismatch, StoreUnavailable
from cprsync.private import make_private, write_new_private
from cprsync.store.backup.facts import Ends, read_ends, read_facts
from cprsync.store.core.drivers import driven, translated
from cprsync.store.core.engine import open_engine, reading

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sqlalchemy import Connection, Engine
    from sqlalchemy.engine import URL

    from cprsync.domain.trust.backup import Facts

SQLITE: Final = "sqlite"
POSTGRESQL: Final = "postgresql"
#: What a drill asks of a server.
_DROP: Final = "DROP DATABASE IF EXISTS {} WITH (FORCE)"
#: The server goes on with the statement of a drill that was killed, and keeps this lock until it has done it.
_ALONE: Final = "SELECT pg_advisory_lock(hashtext(%(name)s))"
#: How the system says that a disk is full, or a user's part of it, or that no file may be so large.
_NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
#: One sentence for both: the error that SQLite's copy arrives as does not tell them apart.
_NO_ROOM_SAID: Final = "the disk of the backups is full, or the limit on the size of files is too low"
#: How much is read at a time.
_READ_BYTES: Final = 1024 * 1024
#: Where Debian and others have the programs of each version of PostgreSQL.
_PROGRAMS: Final = Path("/usr/lib/postgresql")
_VERSION: Final = re.compile(r"\(PostgreSQL\) (\d+)")
#: How long a program may take to say its version, or to end once it has all.
_END_SECONDS: Final = 600
_VERSION_SECONDS: Final = 20
#: The name by which the programs find how to connect.
_SERVICE: Final = "cprsync"
_PASSED_ON: Final = ("PATH", "HOME", "SYSTEMROOT")
#: The longest name of a database.
_NAME_MAX: Final = 63
_DRILL: Final = "_cprsync_drill"


@dataclass(frozen=True, slots=True)
class DatabaseMoment:
    """A database at one moment: what is true of it, and its content, which is read once."""

    facts: Facts
    ends: Ends
    content: Iterator[bytes]


def database_kind_of(url: str) -> str:
    """Return which database a url means."""
    return make_url(url).get_backend_name()


@contextmanager
def open_moment(url: str, draft: Path) -> Iterator[DatabaseMoment]:
    """Open a database at one moment. Others go on writing.

    Args:
        url: of a store.
        draft: a private folder, in which SQLite makes its copy. It is removed at the end.

    Raises:
        ConfigurationError: a program of PostgreSQL is missing, or older than the server.
        BackupFailed: the copy could not be made.
    """
    engine = open_engine(url)
    try:
        opened = _open_sqlite(engine, draft) if engine.dialect.name == SQLITE else _open_postgresql(engine)
        with opened as moment:
            yield moment
    finally:
        engine.dispose()


@contextmanager
def _open_sqlite(engine: Engine, draft: Path) -> Iterator[DatabaseMoment]:
    path = draft / "copy.db"
    try:
        try:
            with translated(), engine.connect() as source:
                _copy_file(source, path)
        except StoreUnavailable as error:
            if error.kind != "store.no_room":
                raise
            # reading needs none: it is the copy that has no room
            raise BackupFailed(_NO_ROOM_SAID, kind="backup.no_room") from error
        copy = open_engine(f"sqlite:///{path}")
        try:
            with reading(copy) as connection:
                facts, ends = read_facts(connection), read_ends(connection)
        finally:
            copy.dispose()
        yield DatabaseMoment(facts, ends, _read(path))
    finally:
        for name in ("", "-wal", "-shm"):
            path.with_name(path.name + name).unlink(missing_ok=True)


def _copy_file(source: Connection, path: Path) -> None:
    driver: Any = source.connection.driver_connection
    make_private(path)
    with closing(sqlite3.connect(path)) as target:
        # whoever is killed here leaves a draft, which nobody reads
        for pragma in ("journal_mode=OFF", "synchronous=OFF"):
            target.execute(f"PRAGMA {pragma}")
        # in one step: with several, each write of another process would begin the copy anew
        with driven(source):
            driver.backup(target, pages=-1)


def _read(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while content := file.read(_READ_BYTES):
            yield content


@contextmanager
def _open_postgresql(engine: Engine) -> Iterator[DatabaseMoment]:
    with reading(engine) as connection:
        program = _find_program("pg_dump", least=_server_version(connection))
        snapshot = connection.scalar(text("SELECT pg_export_snapshot()"))
        facts, ends = read_facts(connection), read_ends(connection)
        yield DatabaseMoment(facts, ends, _dump(engine.url, program, str(snapshot)))


@contextmanager
def room_for_copy() -> Iterator[None]:
    """Say that a copy which is put back finds no room, wherever it is noticed: in its files or in the database.

    Raises BackupFailed. Every other error passes.
    """
    try:
        yield
    except (OSError, CprsyncError) as error:
        if not _is_of_room(error):
            raise
        raise BackupFailed(
            "the copy of the backup cannot be written: a disk is full, or the limit on the size of files is too low",
            kind="backup.no_room.copy",
        ) from error


def _is_of_room(error: BaseException | None) -> bool:
    # files beside the database have errors of their own, which arise from the disk's
    while error is not None:
        if isinstance(error, OSError) and error.errno in _NO_ROOM:
            return True
        if isinstance(error, StoreUnavailable) and error.kind == "store.no_room":
            return True
        error = error.__cause__
    return False


@contextmanager
def disk_errors() -> Iterator[None]:
    """Say in our words what the disk refuses. Raises BackupFailed."""
    try:
        yield
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise BackupFailed(_NO_ROOM_SAID, kind="backup.no_room") from error
        raise BackupFailed("the backup cannot be written ({why})", why=error.strerror or "-") from error


def write_copy(url: str, path: Path) -> None:
    """Copy a database of any version into one private file, whole or not at all.

    The file is SQLite's own, or for PostgreSQL what `pg_restore` reads.

    Raises:
        ConfigurationError: a program of PostgreSQL is missing, or older than the server.
        BackupFailed: the copy could not be made.
    """
    engine, draft = open_engine(url), path.with_name(f".{path.name}")
    try:
        with disk_errors():
            draft.unlink(missing_ok=True)
            _write_draft(engine, draft)
            draft.replace(path)
    finally:
        engine.dispose()


def _write_draft(engine: Engine, draft: Path) -> None:
    if engine.dialect.name == SQLITE:
        with translated(), engine.connect() as source:
            _copy_file(source, draft)
    else:
        with reading(engine) as connection:
            program = _find_program("pg_dump", least=_server_version(connection))
        make_private(draft)
        with draft.open("wb") as file:
            file.writelines(_dump(engine.url, program))
    with draft.open("rb") as file:
        os.fsync(file.fileno())


def _dump(url: URL, program: str, snapshot: str | None = None) -> Iterator[bytes]:
    command = [program, "--format=custom", "--no-owner", "--no-privileges", "--no-password"]
    if snapshot is not None:
        command.append(f"--snapshot={snapshot}")
    with _started(url, command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None  # noqa: S101 -- asked for
        while content := process.stdout.read(_READ_BYTES):
            yield content
        _end(process, "pg_dump")


def is_empty(url: str) -> bool:
    """Return whether nothing is in a database. A file of SQLite must not be there yet."""
    parsed = make_url(url)
    if parsed.get_backend_name() == SQLITE:
        return parsed.database is not None and not os.path.lexists(parsed.database)
    engine = open_engine(url)
    try:
        with reading(engine) as connection:
            return not inspect(connection).get_table_names()
    finally:
        engine.dispose()


def end_earlier(url: str) -> None:
    """End a `pg_restore` of ours that goes on after the program that began it was killed. SQLite has none.

    It would hold the tables until it commits, and the next one would then find them there.
    """
    if database_kind_of(url) == SQLITE:
        return
    ours = "datname = current_database() AND usename = current_user AND application_name = 'pg_restore'"
    engine = open_engine(url)
    try:
        with translated(), engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {ours}"))  # noqa: S608 -- no value
    finally:
        engine.dispose()


def put_back(url: str, content: Iterable[bytes], *, again: bool = False) -> None:
    """Put a copy into an empty database: all of it, or nothing.

    `again`: an earlier try of ours may have put the same copy there, which is replaced.

    Raises:
        ConfigurationError: a program of PostgreSQL is missing, or older than the server.
        BackupFailed: it could not be put back.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == SQLITE:
        path = Path(parsed.database or "")
        for name in ("", "-wal", "-shm") if again else ():
            path.with_name(path.name + name).unlink(missing_ok=True)
        _write_file(path, content)
    else:
        _restore(url, content, again=again)


def _write_file(path: Path, content: Iterable[bytes]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with write_new_private(path) as file:
        file.writelines(content)


def _restore(url: str, content: Iterable[bytes], *, again: bool) -> None:
    engine = open_engine(url)
    try:
        with reading(engine) as connection:
            program = _find_program("pg_restore", least=_server_version(connection))
        command = [
            program,
            *("--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges", "--no-password"),
            *(("--clean", "--if-exists") if again else ()),
            f"--dbname=service={_SERVICE}",
        ]
        with _started(engine.url, command, stdin=subprocess.PIPE) as process:
            assert process.stdin is not None  # noqa: S101 -- asked for
            try:
                for part in content:
                    process.stdin.write(part)
                process.stdin.close()
            except BrokenPipeError:
                raise _failed("pg_restore") from None
            _end(process, "pg_restore")
    finally:
        engine.dispose()


def _server_version(connection: Connection) -> int:
    return int(connection.scalar(text("SHOW server_version_num")) or 0) // 10_000


def make_sure_of_programs(url: str) -> None:
    """Make sure that the program which copies the database at `url` is here. SQLite needs none.

    Raises ConfigurationError: it is missing, or older than the server.
    """
    if database_kind_of(url) != POSTGRESQL:
        return
    engine = open_engine(url)
    try:
        with reading(engine) as connection:
            _find_program("pg_dump", least=_server_version(connection))
    finally:
        engine.dispose()


def _find_program(name: str, *, least: int) -> str:
    """Find a program that is not older than the server: an older one cannot read it. Raises ConfigurationError."""
    first = shutil.which(name)
    found = [*([first] if first else []), *map(str, sorted(_PROGRAMS.glob(f"*/bin/{name}"), reverse=True))]
    for program in found:
        if (_version_of(program) or 0) >= least:
            return program
    raise ConfigurationError(
        "{program} of PostgreSQL {version} or newer is not on this machine",
        program=name,
        version=least,
        kind="backup.program",
    )


def _version_of(program: str) -> int | None:
    try:
        said = subprocess.run(  # noqa: S603 -- found by name, no argument of anybody's
            [program, "--version"], capture_output=True, text=True, timeout=_VERSION_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    version = _VERSION.search(said.stdout)
    return None if version is None else int(version[1])


@contextmanager
def _started(
    url: URL, command: Sequence[str], *, stdin: int = subprocess.DEVNULL, stdout: int = subprocess.DEVNULL
) -> Iterator[subprocess.Popen[bytes]]:
    """Start a program that finds how to connect in a file in memory. It is killed if the block fails."""
    handle = os.memfd_create("cprsync", 0)
    try:
        with open(handle, "w", encoding="utf-8", closefd=False) as file:
            file.write(_service(url))
        there = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        environment = there | {
            "PGSERVICEFILE": f"/dev/fd/{handle}",
            "PGSERVICE": _SERVICE,
            "PGPASSFILE": os.devnull,
            "LC_ALL": "C",
        }
        # what it says on standard error may quote rows
        process = subprocess.Popen(  # noqa: S603 -- found by name, no argument of anybody's
            command, stdin=stdin, stdout=stdout, stderr=subprocess.DEVNULL, pass_fds=(handle,), env=environment
        )
    finally:
        os.close(handle)
    with process:
        try:
            yield process
        except BaseException:
            process.kill()
            raise


def _service(url: URL) -> str:
    """Return how to connect, in the form of PostgreSQL's file of services."""
    dialect = url.set(drivername="postgresql+psycopg").get_dialect()()
    options = dialect.create_connect_args(url)[1]
    said = {name: str(value) for name, value in options.items() if isinstance(value, str | int)}
    if any("\n" in value for value in said.values()):
        raise ConfigurationError("the store's url is not one of a database", kind="store.url")
    return f"[{_SERVICE}]\n" + "".join(f"{name}={value}\n" for name, value in said.items())


def _end(process: subprocess.Popen[bytes], program: str) -> None:
    try:
        if process.wait(_END_SECONDS) == 0:
            return
    except subprocess.TimeoutExpired:
        process.kill()
    raise _failed(program)


def _failed(program: str) -> BackupFailed:
    return BackupFailed("{program} could not do its work: its log, or the server's, says why", program=program)


def scratch_url(url: str, folder: Path) -> str:
    """Return where a drill may put a copy of the database at `url`: in a folder, or beside it on the server."""
    parsed = make_url(url)
    if parsed.get_backend_name() == SQLITE:
        return f"sqlite:///{folder / 'copy.db'}"
    name = (parsed.database or "")[: _NAME_MAX - len(_DRILL)] + _DRILL
    return parsed.set(database=name).render_as_string(hide_password=False)


def make_scratch(url: str, scratch: str) -> None:
    """Make an empty database for a drill. One that an earlier drill left is dropped. SQLite's is made when written.

    Raises ConfigurationError: the role may make none.
    """
    if database_kind_of(url) == POSTGRESQL:
        try:
            _administer(url, make_url(scratch), _DROP, "CREATE DATABASE {}")
        except StoreMismatch as error:
            role = make_url(url).username or "-"
            raise ConfigurationError(
                "the role {role} may not make the database of a drill", role=role, kind="backup.scratch"
            ) from error


def drop_scratch(url: str, scratch: str) -> None:
    """Drop a drill's database, if it is there. A folder is its maker's to remove."""
    if database_kind_of(url) == POSTGRESQL:
        _administer(url, make_url(scratch), _DROP)


def _administer(url: str, scratch: URL, *statements: str) -> None:
    name = scratch.database or ""
    if not name.endswith(_DRILL):
        raise ConfigurationError("the store's url is not one of a database", kind="store.url")
    engine = open_engine(url)
    try:
        quoted = engine.dialect.identifier_preparer.quote(name)
        with translated(), engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql(_ALONE, {"name": name})
            for statement in statements:
                connection.exec_driver_sql(statement.format(quoted))
    finally:
        engine.dispose()
