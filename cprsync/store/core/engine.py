"""Open the database and begin transactions: reading, or writing with the write lock taken at once.

Knows the two databases' habits and no table.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from cprsync.errors import ConfigurationError, CprsyncError, StoreMismatch
from cprsync.private import check_private, open_unfollowed
from cprsync.store.seals.failures import ReadOnly, StoreFault, StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sqlalchemy import Row

#: How long a writer waits for another one, in seconds.
WAIT_SECONDS = 5
CONNECT_SECONDS = 10
#: How many keys one IN (...) names.
IN_MAX = 500

#: PostgreSQL's codes of a column and a table that are not there.
_UNDEFINED = frozenset({"42703", "42P01"})
#: Its code of a disk that is full.
_DISK_FULL = "53100"
#: What SQLite says of one.
_UNKNOWN_TO_SQLITE = ("no such table: ", "no such column: ", " has no column named ")

#: Where a connection keeps what is to be done after the commit.
_AFTER = "cprsync.after_commit"

T = TypeVar("T")
#: A row of whatever columns were asked for.
AnyRow: TypeAlias = "Row[*tuple[Any, ...]]"


def open_engine(url: str) -> Engine:
    """Make the engine of a store: `sqlite:///FILE` or `postgresql://…`.

    Raises:
        ConfigurationError: no such kind of database, or its driver or folder is missing.
    """
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite":
            return _open_sqlite(parsed)
        if parsed.get_backend_name() == "postgresql":
            return _open_postgresql(parsed)
    except (ArgumentError, NoSuchModuleError) as error:
        raise ConfigurationError("the store's url is not one of a database", kind="store.url") from error
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            "the store's driver is missing: install cprsync[postgres]", kind="store.url"
        ) from error
    raise ConfigurationError("the store's url is neither sqlite nor postgresql", kind="store.url")


def _open_sqlite(url: URL) -> Engine:
    if not url.database or url.database == ":memory:":
        # a night spans processes, and its lock is a file beside the database
        raise ConfigurationError("the store's url names no file", kind="store.url")
    try:
        # made before SQLite does, so that no one else can read it; its -wal and -shm take the same mode
        path = Path(url.database)
        handle = open_unfollowed(path, os.O_CREAT | os.O_RDWR)
        try:
            check_private(handle, path)
        finally:
            os.close(handle)
    except OSError as error:
        raise ConfigurationError("the store's file cannot be opened", kind="store.url") from error
    engine = create_engine(url, hide_parameters=True, echo=False, connect_args={"timeout": WAIT_SECONDS})
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    event.listen(engine, "rollback", _forget_what_was_to_follow)
    return engine


_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    f"busy_timeout={WAIT_SECONDS * 1000}",
    # 64 MiB, where 2 would be: a night meets rows all over the table, and finds their pages here when it changes them
    "cache_size=-65536",
    # after 16 MiB of log, where 4 would be: a page that each batch changes goes to the table once, not each time
    "wal_autocheckpoint=4000",
)


def _set_up_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver begins nothing by itself: `_begin_sqlite` does
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A deferred transaction that reads and then writes fails at once when another has written, whatever the timeout.
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _open_postgresql(url: URL) -> Engine:
    engine = create_engine(
        url.set(drivername="postgresql+psycopg"),
        hide_parameters=True,
        echo=False,
        pool_pre_ping=True,
        connect_args={
            "connect_timeout": CONNECT_SECONDS,
            "options": f"-c lock_timeout={WAIT_SECONDS * 1000} -c timezone=UTC",
        },
    )
    event.listen(engine, "rollback", _forget_what_was_to_follow)
    return engine


def read_only(engine: Engine) -> Engine:
    """The same database over the same connections, for `reading` alone; the database itself refuses a write in it."""
    return engine.execution_options(read_only=True)


def _is_read_only(engine: Engine) -> bool:
    return bool(engine.get_execution_options().get("read_only", False))


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One transaction that only reads, and sees one moment of the store."""
    with translated(), engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield connection
        elif _is_read_only(engine):
            with _query_only(connection):
                yield connection
        else:
            yield connection


@contextmanager
def _query_only(connection: Connection) -> Iterator[None]:
    """What SQLite has for a transaction that is read only; it stays with a connection, which others use next."""
    connection.exec_driver_sql("PRAGMA query_only=ON")
    try:
        yield
    finally:
        connection.exec_driver_sql("PRAGMA query_only=OFF")


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One transaction that writes: all of it, or nothing when an error leaves it.

    Raises ReadOnly: the engine is one of `read_only`, and no transaction is begun.
    """
    if _is_read_only(engine):
        raise ReadOnly("the store is only read here, and a write was tried: nothing was written")
    after: dict[object, Callable[[], None]] = {}
    with translated(), engine.execution_options(writes=True).begin() as connection:
        connection.info[_AFTER] = after
        yield connection
    # a list of them: what they read and write uses the same connection again
    for call in list(after.values()):
        call()


def _forget_what_was_to_follow(connection: Connection) -> None:
    # a connection whose server went away has nothing left, and would look for another one here
    if not connection.invalidated:
        connection.info.get(_AFTER, {}).clear()


def after_commit(connection: Connection, name: object, call: Callable[[], None]) -> None:
    """Let something be done once the transaction is committed, and not when it is not; a later call of a name wins."""
    connection.info[_AFTER][name] = call


@contextmanager
def translated() -> Iterator[None]:
    """Say in our words what went wrong; the database's own may quote what was written."""
    try:
        yield
    except DBAPIError as error:
        raise _in_our_words(error, error.orig) from error


@contextmanager
def driven(connection: Connection) -> Iterator[None]:
    """The same where the driver is called past SQLAlchemy."""
    try:
        yield
    except connection.dialect.loaded_dbapi.Error as error:
        raise _in_our_words(error, error) from error


def _in_our_words(error: Exception, said: BaseException | None) -> CprsyncError:
    """By the name of the driver's class and those above it, which both drivers have in common."""
    if _lacks_part(said):
        return StoreMismatch("the database lacks a table or a column that this program needs", kind="store.tables")
    if _has_no_room(said):
        return StoreUnavailable("the disk of the database is full, or takes nothing more", kind="store.no_room")
    names = [above.__name__ for above in type(error).__mro__]
    if "OperationalError" in names or "InterfaceError" in names:
        return StoreUnavailable("the database does not answer, or another writer holds it")
    if names[0] == "DatabaseError":
        # the bare class is what SQLite's driver says of a file that is something else, or torn
        return StoreMismatch("the store's file is not a database, or is damaged", kind="store.damaged")
    return StoreFault("the database refused a statement ({name})", name=type(said).__name__)


def _lacks_part(said: BaseException | None) -> bool:
    """Whether the database knows no such table or column: SQLite says so in words, PostgreSQL by a code."""
    if getattr(said, "sqlstate", None) in _UNDEFINED:
        return True
    return isinstance(said, sqlite3.Error) and any(words in str(said) for words in _UNKNOWN_TO_SQLITE)


def _has_no_room(said: BaseException | None) -> bool:
    """Whether the disk takes nothing more; SQLite finds it out in the files beside the database too."""
    if getattr(said, "sqlstate", None) == _DISK_FULL:
        return True
    return str(getattr(said, "sqlite_errorname", "")).startswith(("SQLITE_FULL", "SQLITE_IOERR"))


def parts(rows: Sequence[T], size: int = IN_MAX) -> Iterator[Sequence[T]]:
    """Cut a sequence into parts of at most `size`."""
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


def stamp_of(moment: datetime) -> str:
    """Write a moment as a row holds it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def moment_of(stamp: str) -> datetime:
    """Read a row's moment."""
    return datetime.fromisoformat(stamp)
