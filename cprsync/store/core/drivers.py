"""What the database's drivers say, in our words: their own may quote what was written."""

from __future__ import annotations

import re
import sqlite3
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError

from cprsync.errors import StoreMismatch, StoreUnavailable
from cprsync.store.seals.failures import StoreFault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from cprsync.errors import CprsyncError

# PostgreSQL's codes: an unknown column and an unknown table, a full disk, a write where only reading is allowed (as on
# a copy that follows another server), and a role that may not do something.
_UNDEFINED = frozenset({"42703", "42P01"})
_DISK_FULL, _READ_ONLY, _NOT_ALLOWED = "53100", "25006", "42501"
# How PostgreSQL refuses a log-in: its code, its own words, our sentence and kind. The driver has no code yet while it
# connects, so the words are looked at too; a server that speaks another language is told as one that does not answer.
_REFUSALS = (
    (
        "3D000",
        r'FATAL: +database ".*" does not exist',
        "the server has no database of the url's name",
        "store.database",
    ),
    ("28P01", r"password authentication failed", "the server does not take the role's password", "store.login"),
    ("28P01", r"no password supplied", "the server asks for the role's password, and none was found", "store.login"),
    (
        "28000",
        r'role ".*" (?:does not exist|is not permitted to log in)|no pg_hba\.conf entry|\w+ authentication failed',
        "the server does not let the role of the url log in",
        "store.login",
    ),
)
#: Whether a write of this request or command is committed: a database that is lost afterwards has changed in part.
_WRITTEN: ContextVar[bool] = ContextVar("written", default=False)
#: SQLite's words for an unknown table or column.
_UNKNOWN_TO_SQLITE = ("no such table: ", "no such column: ", " has no column named ")


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


def _in_our_words(error: Exception, said: BaseException | None) -> CprsyncError:
    """Return our error for the driver's error, which says whether something was written before."""
    ours = _find_ours(error, said)
    if isinstance(ours, StoreUnavailable) and _WRITTEN.get():
        ours.changed = "part"
    return ours


def _find_ours(error: Exception, said: BaseException | None) -> CprsyncError:
    """Find our error by the name of the driver's class and base classes, which both drivers share."""
    if (known := _known(said)) is not None:
        return known
    names = [above.__name__ for above in type(error).__mro__]
    if "OperationalError" in names or "InterfaceError" in names:
        return unanswered()
    if names[0] == "DatabaseError":
        # SQLite's driver uses the base class itself for a file that is not a database, or is damaged
        return StoreMismatch("the store's file is not a database, or is damaged", kind="store.damaged")
    return StoreFault("the database refused a statement ({name})", name=type(said).__name__)


def _known(said: BaseException | None) -> CprsyncError | None:
    """Return our error for what the driver says by a code, or in words that are known."""
    if _lacks_part(said):
        return StoreMismatch("the database lacks a table or a column that this program needs", kind="store.tables")
    if str(getattr(said, "sqlite_errorname", "")).endswith("NOMEM"):
        return StoreUnavailable("there is not enough memory", kind="memory")
    if _has_no_room(said):
        return StoreUnavailable("the disk of the database is full, or takes nothing more", kind="store.no_room")
    if _takes_no_writes(said):
        return StoreUnavailable("the database may be read, and not written", kind="store.no_writes")
    if getattr(said, "sqlstate", None) == _NOT_ALLOWED:
        return StoreMismatch("the database does not let the program's role do this", kind="store.rights")
    return _refused_log_in(said)


def _refused_log_in(said: BaseException | None) -> StoreMismatch | None:
    """Return our error for a server that answered, and let nobody in."""
    if said is None or not hasattr(said, "sqlstate"):
        # the other driver
        return None
    for code, pattern, told, kind in _REFUSALS:
        if said.sqlstate == code or (said.sqlstate is None and re.search(pattern, str(said))):
            return _of_role(StoreMismatch(told, kind=kind), said)
    return None


def _of_role(refused: StoreMismatch, said: BaseException) -> StoreMismatch:
    """Return the error with the role of the url: an installation may have three."""
    asked = getattr(said, "pgconn", None)
    if asked is None or refused.kind != "store.login":
        return refused
    role = asked.user.decode(errors="replace")
    return StoreMismatch("the role {role} cannot log in: {why}", role=role, why=refused, kind=refused.kind)


def unanswered() -> StoreUnavailable:
    """Return the error for a database that does not answer, or is held by another writer."""
    return StoreUnavailable("the database does not answer, or another writer holds it")


def _lacks_part(said: BaseException | None) -> bool:
    """Return whether the database lacks a table or column. SQLite says so in words, PostgreSQL by a code."""
    if getattr(said, "sqlstate", None) in _UNDEFINED:
        return True
    return isinstance(said, sqlite3.Error) and any(words in str(said) for words in _UNKNOWN_TO_SQLITE)


def _has_no_room(said: BaseException | None) -> bool:
    """Return whether the disk is full. SQLite may also notice it in the files beside the database."""
    if getattr(said, "sqlstate", None) == _DISK_FULL:
        return True
    return str(getattr(said, "sqlite_errorname", "")).startswith(("SQLITE_FULL", "SQLITE_IOERR"))


def _takes_no_writes(said: BaseException | None) -> bool:
    """Return whether the database may only be read: a file without the right to write, or a copy that follows."""
    if getattr(said, "sqlstate", None) == _READ_ONLY:
        return True
    return str(getattr(said, "sqlite_errorname", "")).startswith("SQLITE_READONLY")
