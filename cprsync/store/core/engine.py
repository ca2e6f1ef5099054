"""Open the database and begin transactions: for reading, or for writing with the write lock taken at once.

Knows the differences of the two databases, and no table.
"""

from __future__ import annotations

import errno
import time
from collections.abc import Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, LargeBinary, bindparam, create_engine, event, func, select, text
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from cprsync.errors import ConfigurationError, StoreUnavailable
from cprsync.private import closed_to_us, make_private, refuse_root_at
from cprsync.store.core.drivers import HELD, note_written, translated
from cprsync.store.core.server_tls import check_line
from cprsync.store.core.write_lock import turn_of
from cprsync.store.seals.failures import ReadOnly

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from sqlalchemy import ColumnElement, Delete, Row, Select, Update

    from cprsync.errors import CprsyncError
    from cprsync.store.core.write_lock import WriteTurn

#: How long a writer waits for another writer, in seconds.
WAIT_SECONDS = 5
CONNECT_SECONDS = 10
#: How many keys one IN (...) may name.
IN_MAX = 500

#: Where an engine of SQLite keeps the turn of its file.
_TURN = "cprsync.turn"
#: Where a connection of SQLite keeps whether its commits wait for the disk.
_SYNCED = "cprsync.synced"
#: Where a connection of SQLite is told that what it begins next writes, and whether that commit waits for the disk.
_WRITES = "cprsync.writes"
#: The transaction that a block reads in, with its engine: see `at_one_moment`.
_MOMENT: ContextVar[tuple[Engine, Connection] | None] = ContextVar("moment", default=None)
#: Where an engine keeps what each of its transactions does first.
_FIRST = "cprsync.at_begin"
#: Where an engine keeps what each of its transactions that writes does at its end.
_LAST = "cprsync.before_commit"
#: Where a connection keeps what is to be done after the commit.
_AFTER = "cprsync.after_commit"

#: The name of the values that a query is narrowed to, and what was narrowed: see `fetch_rows`.
_VALUES = "values_"
_NARROWED: WeakKeyDictionary[Any, dict[ColumnElement[Any], Any]] = WeakKeyDictionary()

T = TypeVar("T")
C = TypeVar("C", bound="Callable[[], None]")
S = TypeVar("S", bound="Select[Any] | Update | Delete")
#: A row with any columns.
AnyRow: TypeAlias = "Row[*tuple[Any, ...]]"


def open_engine(url: str) -> Engine:
    """Return the engine of a store: `sqlite:///FILE` or `postgresql://…`.

    Raises:
        ConfigurationError: no such kind of database, its driver or folder is missing, or the line is not protected.
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


def _not_opened(error: OSError, path: Path) -> CprsyncError:
    """Return our error for a file that the system does not open: the disk's fault, or a wrong setting."""
    if error.errno == errno.EROFS:
        return StoreUnavailable("the database may be read, and not written", kind="store.no_writes")
    if error.errno == errno.ENOSPC:
        return StoreUnavailable("the disk of the database is full, or takes nothing more", kind="store.no_room")
    if isinstance(error, PermissionError):
        return closed_to_us(path)
    return ConfigurationError("the store's file cannot be opened ({why})", why=error.strerror, kind="store.url")


def _open_sqlite(url: URL) -> Engine:
    if not url.database or url.database == ":memory:":
        # a night uses several processes, and its lock is a file beside the database
        raise ConfigurationError("the store's url names no file", kind="store.url")
    path = Path(url.database)
    try:
        for place in (path.parent, path):
            refuse_root_at(place)
        # created before SQLite does it, so that nobody else can read it; its -wal and -shm get the same mode
        make_private(path)
    except OSError as error:
        raise _not_opened(error, path) from error
    engine = create_engine(
        url.set(drivername="sqlite+cprsync"),
        hide_parameters=True,
        echo=False,
        connect_args={"timeout": WAIT_SECONDS},
        execution_options={_TURN: turn_of(path)},
    )
    event.listen(engine, "connect", _set_up_sqlite)
    return engine


#: How much of a file each connection of SQLite keeps in memory, and how much of it while it scans a table.
_CACHE_KIB, _SCAN_CACHE_KIB = 64 * 1024, 2 * 1024
_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    f"busy_timeout={WAIT_SECONDS * 1000}",
    # a night meets rows all over the table, and still finds their pages here when it changes them
    f"cache_size=-{_CACHE_KIB}",
    # after 16 MiB of log instead of 4: a page that each batch changes is written to the table once, not each time
    "wal_autocheckpoint=4000",
)


_AS_TEXT: Final = partial(str, encoding="utf-8", errors="replace")


def _set_up_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver begins nothing by itself: `_Sqlite` does
    # a text that is none was written past the program: whoever checks what is there says so, and the driver would end
    connection.text_factory = _AS_TEXT
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


class _Bytes(LargeBinary):
    """Bytes as they were written. What else somebody has put there becomes bytes that no seal fits.

    SQLite keeps a value of any kind in any column. The driver's own bytes of a number are as many zeros.
    """

    def result_processor(self, dialect: object, coltype: object) -> Callable[[Any], bytes | None]:  # noqa: ARG002 -- as there
        return _as_bytes


def _as_bytes(value: object) -> bytes | None:
    return value if value is None or type(value) is bytes else str(value).encode()


class _Sqlite(SQLiteDialect_pysqlite):
    """SQLAlchemy's SQLite with our beginnings. An event would do the same, and cost a tenth of every statement."""

    supports_statement_cache = True
    colspecs = {**SQLiteDialect_pysqlite.colspecs, LargeBinary: _Bytes}  # noqa: RUF012 -- typed so by its base

    def do_begin(self, dbapi_connection: Any) -> None:
        is_synced: bool | None = dbapi_connection.info.pop(_WRITES, None)
        execute = dbapi_connection.driver_connection.execute
        if is_synced is None:
            execute("BEGIN")
            return
        if dbapi_connection.info.get(_SYNCED, True) != is_synced:
            execute(f"PRAGMA synchronous={'FULL' if is_synced else 'NORMAL'}")
            dbapi_connection.info[_SYNCED] = is_synced
        # A deferred transaction that reads and then writes fails at once if another has written, whatever the timeout.
        execute("BEGIN IMMEDIATE")


registry.register("sqlite.cprsync", __name__, _Sqlite.__name__)


def _open_postgresql(url: URL) -> Engine:
    check_line(url)
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
    event.listen(engine, "checkin", _leave_writing_to_the_server)
    return engine


def _leave_writing_to_the_server(driver: Any, _record: object) -> None:
    """Begin the next transaction as the server says.

    After a transaction that only read, the driver would begin each one as one that writes. That writes into a database
    which its administrator, or a disk that is nearly full, has closed to writers (`default_transaction_read_only`).
    """
    if driver is not None and not driver.closed:
        driver.read_only = None


def beginning(engine: Engine, begin: Callable[[], object]) -> Engine:
    """Return an engine on the same connections. Each of its transactions calls `begin` before it reads anything."""
    return engine.execution_options(**{_FIRST: begin})


def following(engine: Engine, follow: Callable[[Connection], object]) -> Engine:
    """Return an engine on the same connections. Each transaction that writes calls `follow` as its last part."""
    return engine.execution_options(**{_LAST: follow})


def _begin(engine: Engine) -> None:
    begin: Callable[[], object] | None = engine.get_execution_options().get(_FIRST)
    if begin is not None:
        begin()


def read_only(engine: Engine) -> Engine:
    """Return an engine on the same connections that can only read. The database itself refuses a write."""
    return engine.execution_options(read_only=True)


def _is_read_only(engine: Engine) -> bool:
    return bool(engine.get_execution_options().get("read_only", False))


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Open one transaction that only reads, and sees one moment of the store."""
    shared = _MOMENT.get()
    if shared is not None and shared[0] is engine:
        with translated():
            yield shared[1]
        return
    with translated(), engine.connect() as connection:
        _begin(engine)
        if engine.dialect.name == "postgresql":
            # the driver begins so: a statement that says it would be one more to wait for
            yield connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        elif _is_read_only(engine):
            with _query_only(connection):
                yield connection
        else:
            yield connection


@contextmanager
def scanning(engine: Engine) -> Iterator[Connection]:
    """Same as `reading`, for statements that read a large table or index from end to end.

    They meet each page once. SQLite needs as long for the memory of a large cache as for the pages themselves.
    PostgreSQL expects an index's pages far apart, and would rather read the whole table and sort what it finds, which
    takes half as long again.
    """
    with reading(engine) as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL enable_seqscan = off"))
            yield connection
            connection.execute(text("SET LOCAL enable_seqscan = DEFAULT"))
            return
        driver: Any = connection.connection.driver_connection
        driver.execute(f"PRAGMA cache_size=-{_SCAN_CACHE_KIB}")
        try:
            yield connection
        finally:
            driver.execute(f"PRAGMA cache_size=-{_CACHE_KIB}")


@contextmanager
def _query_only(connection: Connection) -> Iterator[None]:
    """Make the connection read only for the block.

    SQLite sets this for the connection, not the transaction. It is undone, because others use the connection next.
    """
    driver: Any = connection.connection.driver_connection
    driver.execute("PRAGMA query_only=ON")
    try:
        yield
    finally:
        driver.execute("PRAGMA query_only=OFF")


@contextmanager
def at_one_moment(engine: Engine) -> Iterator[None]:
    """Let each `reading` in the block use the same transaction: all of it sees one moment of the store.

    Nothing can be written in the block: it would not see that.
    """
    with reading(engine) as connection:
        before = _MOMENT.set((engine, connection))
        try:
            yield
        finally:
            _MOMENT.reset(before)


@contextmanager
def writing(engine: Engine, *, is_synced: bool = True) -> Iterator[Connection]:
    """Open one transaction that writes everything, or nothing if an error leaves the block.

    Args:
        engine: from `open_engine`.
        is_synced: whether the commit waits for the disk. If not, a machine that loses its power may lose what was
            written, but nothing that was written before. A program that is killed loses nothing.

    Raises:
        ReadOnly: the engine is from `read_only`, or this is a block of `at_one_moment`; no transaction is begun.
    """
    moment = _MOMENT.get()
    if _is_read_only(engine) or (moment is not None and moment[0] is engine):
        raise ReadOnly("the store is only read here, and a write was tried: nothing was written")
    after: dict[object, Callable[[], None]] = {}
    is_ending = False
    try:
        with _one_at_a_time(engine), translated(), engine.connect() as connection:
            if engine.dialect.name == "sqlite":
                connection.info[_WRITES] = is_synced
            with connection.begin() as transaction:
                if not is_synced and engine.dialect.name == "postgresql":
                    connection.exec_driver_sql("SET LOCAL synchronous_commit TO OFF")
                connection.info[_AFTER] = after
                # a writer of SQLite holds the file by now
                _begin(engine)
                yield connection
                follow: Callable[[Connection], object] | None = engine.get_execution_options().get(_LAST)
                # a dry run has taken everything back by now, and nothing follows
                if not transaction.is_active:
                    after.clear()
                elif follow is not None:
                    follow(connection)
                is_ending = transaction.is_active
    except StoreUnavailable as error:
        if is_ending and error.kind == StoreUnavailable.kind:
            # the server may have committed it before it went away
            error.changed = "part"
        raise
    if is_ending and is_synced:
        note_written()
    # copied to a list, because the calls use the same connection and may change the dictionary
    for call in list(after.values()):
        call()


def hold_rows(connection: Connection, rows: Select[Any], values: dict[str, Any]) -> None:
    """Hold rows until the transaction ends. A writer of SQLite holds all of the file from its beginning."""
    if connection.dialect.name == "postgresql":
        connection.execute(rows, values)


def after_commit(connection: Connection, call: C) -> C:
    """Call something once the transaction is committed, and not if it fails.

    One of each kind is called. Returns the one that is called: the first, which may take in what is new.
    """
    first: C = connection.info[_AFTER].setdefault(type(call), call)
    return first


@contextmanager
def _one_at_a_time(engine: Engine) -> Iterator[None]:
    """Let the writers of one file go one after the other, as far as this process has several. Raises StoreUnavailable.

    SQLite lets each look whether the file is free, after longer and longer pauses: of many writers one may find it
    taken each time. PostgreSQL has a queue.
    """
    turn: WriteTurn | None = engine.get_execution_options().get(_TURN)
    if turn is None:
        yield
        return
    if not turn.lock.acquire(timeout=WAIT_SECONDS):
        raise StoreUnavailable(HELD, kind="store.busy")
    try:
        yield
    finally:
        turn.lock.release()


def parts(rows: Sequence[T], size: int = IN_MAX) -> Iterator[Sequence[T]]:
    """Cut a sequence into parts of at most `size`."""
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


def fetch_rows(
    connection: Connection, wanted: Select[Any], column: ColumnElement[Any], values: Collection[Any], **bound: object
) -> list[AnyRow]:
    """Return the rows of a query whose column has one of the values. Each statement names at most IN_MAX of them.

    `bound`: the values of the query's parameters.
    """
    return [
        row for part in _keys(values) for row in connection.execute(_among(wanted, column), {**bound, _VALUES: part})
    ]


def _among(wanted: S, column: ColumnElement[Any]) -> S:
    """Narrow a statement to rows whose column has one of `_VALUES`. Done once for one that its module keeps."""
    narrowed = _NARROWED.setdefault(wanted, {})
    if column not in narrowed:
        narrowed[column] = wanted.where(column.in_(bindparam(_VALUES, expanding=True)))
    found: S = narrowed[column]
    return found


def fetch_values(
    connection: Connection, wanted: Select[Any], column: ColumnElement[Any], values: Collection[Any], **bound: object
) -> list[Any]:
    """Return the first column of what `fetch_rows` returns."""
    return [row[0] for row in fetch_rows(connection, wanted, column, values, **bound)]


def change_rows(
    connection: Connection,
    change: Update | Delete,
    column: ColumnElement[Any],
    values: Collection[Any],
    **bound: object,
) -> int:
    """Update or delete the rows whose column has one of the values. Returns how many rows there were.

    `bound`: the values of the statement's parameters, and of the columns that it does not set itself.
    """
    return sum(connection.execute(_among(change, column), {**bound, _VALUES: part}).rowcount for part in _keys(values))


def count_rows(connection: Connection, *where: ColumnElement[bool]) -> int:
    """Count the rows of the table that the conditions are about."""
    return connection.scalar(select(func.count()).where(*where)) or 0


def _keys(values: Collection[Any]) -> Iterator[Sequence[Any]]:
    return parts(values if isinstance(values, Sequence) else sorted(values))


def stamp_of(moment: datetime) -> str:
    """Write a moment as a row holds it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def moment_of(stamp: str) -> datetime:
    """Read a row's moment."""
    return datetime.fromisoformat(stamp)


def clock_offset(engine: Engine) -> float:
    """Return by how many seconds the database's clock is ahead of ours. SQLite has none of its own: 0."""
    if engine.dialect.name == "sqlite":
        return 0.0
    with reading(engine) as connection:
        began = time.monotonic()
        theirs: datetime = connection.scalar(text("SELECT clock_timestamp()"))
        half = (time.monotonic() - began) / 2
        offset: float = (theirs - datetime.now(UTC)).total_seconds() + half
        return offset
