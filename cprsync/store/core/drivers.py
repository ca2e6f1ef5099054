"""What the database's drivers say, in our words: their own may quote what was written."""

from __future__ import annotations

import re
import threading
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final, NamedTuple

from sqlalchemy.exc import DBAPIError

from cprsync.errors import CprsyncError, StoreMismatch, StoreUnavailable
from cprsync.store.seals.failures import StoreFault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection


class _Saying(NamedTuple):
    """What a driver says: PostgreSQL's codes, the beginnings of SQLite's names, and words where there is no code."""

    codes: str
    names: tuple[str, ...]
    words: str
    error: type[CprsyncError]
    told: str
    kind: str

    def is_said_by(self, said: BaseException | None) -> bool:
        if code := getattr(said, "sqlstate", None):
            return code in self.codes.split()
        name = getattr(said, "sqlite_errorname", None) or ""
        return name.startswith(self.names) or bool(self.words and re.search(self.words, str(said)))


HELD = "another program is writing in the database, and did not end in time"
# PostgreSQL's driver has no code while it connects, so the server's words are looked at. A server that speaks another
# language is told as one that does not answer.
_SAYINGS = (
    _Saying(
        "42703 42P01",
        (),
        r"^no such (?:table|column): | has no column named ",
        StoreMismatch,
        "the database lacks a table or a column that this program needs",
        "store.tables",
    ),
    _Saying("", ("SQLITE_NOMEM", "SQLITE_IOERR_NOMEM"), "", StoreUnavailable, "there is not enough memory", "memory"),
    # a lock that is held for too long, and a deadlock
    _Saying("55P03 40P01", ("SQLITE_BUSY", "SQLITE_LOCKED"), "", StoreUnavailable, HELD, "store.busy"),
    # SQLite may also notice a full disk in the files beside the database
    _Saying(
        "53100",
        ("SQLITE_FULL", "SQLITE_IOERR"),
        r"FATAL: .*: No space left on device",
        StoreUnavailable,
        "the disk of the database is full, or takes nothing more",
        "store.no_room",
    ),
    # a file without the right to write, or a copy that follows another server
    _Saying(
        "25006",
        ("SQLITE_READONLY",),
        "",
        StoreUnavailable,
        "the database may be read, and not written",
        "store.no_writes",
    ),
    _Saying("42501", (), "", StoreMismatch, "the database does not let the program's role do this", "store.rights"),
    _Saying(
        "3D000",
        (),
        r'FATAL: +database ".*" does not exist',
        StoreMismatch,
        "the server has no database of the url's name",
        "store.database",
    ),
    _Saying(
        "28P01",
        (),
        "password authentication failed",
        StoreMismatch,
        "the server does not take the role's password",
        "store.login",
    ),
    _Saying(
        "",
        (),
        "no password supplied",
        StoreMismatch,
        "the server asks for the role's password, and none was found",
        "store.login",
    ),
    _Saying(
        "28000",
        (),
        r'role ".*" (?:does not exist|is not permitted to log in)|no pg_hba\.conf entry|\w+ authentication failed',
        StoreMismatch,
        "the server does not let the role of the url log in",
        "store.login",
    ),
)
#: Whether a write of this request or command is committed: a database that is lost afterwards has changed in part.
_WRITTEN: ContextVar[bool] = ContextVar("written", default=False)
#: The same for this process: a stop from outside ends all of it.
_EVER: Final = threading.Event()


@contextmanager
def translated() -> Iterator[None]:
    """Translate the database's errors into ours, because the originals may quote what was written."""
    try:
        yield
    except DBAPIError as error:
        raise _in_our_words(error, error.orig) from error


@contextmanager
def driven(connection: Connection) -> Iterator[None]:
    """Do the same as `translated` where the driver is called directly."""
    try:
        yield
    except connection.dialect.loaded_dbapi.Error as error:
        raise _in_our_words(error, error) from error


def note_written() -> None:
    """Remember, for this request or command, that something is committed."""
    _WRITTEN.set(True)
    _EVER.set()


def has_written() -> bool:
    """Whether this process has committed something."""
    return _EVER.is_set()


def _in_our_words(error: Exception, said: BaseException | None) -> CprsyncError:
    """Return our error for the driver's error, which says whether something was written before."""
    ours = _find_ours(error, said)
    if isinstance(ours, StoreUnavailable) and _WRITTEN.get():
        ours.changed = "part"
    return ours


def _find_ours(error: Exception, said: BaseException | None) -> CprsyncError:
    """Find our error by what is said, then by the driver's class and base classes, whose names both drivers share."""
    for saying in _SAYINGS:
        if saying.is_said_by(said):
            return _of_role(saying.error(saying.told, kind=saying.kind), said)
    names = [above.__name__ for above in type(error).__mro__]
    if "OperationalError" in names or "InterfaceError" in names:
        return StoreUnavailable("the database does not answer")
    if names[0] == "DatabaseError":
        # SQLite's driver uses the base class itself for a file that is not a database, or is damaged
        return StoreMismatch("the store's file is not a database, or is damaged", kind="store.damaged")
    return StoreFault("the database refused a statement ({name})", name=type(said).__name__)


def _of_role(ours: CprsyncError, said: BaseException | None) -> CprsyncError:
    """Name the role of the url in a refused log-in: an installation may have three."""
    asked = getattr(said, "pgconn", None)
    if asked is None or ours.kind != "store.login":
        return ours
    role = asked.user.decode(errors="replace")
    return StoreMismatch("the role {role} cannot log in: {why}", role=role, why=ours, kind=ours.kind)
