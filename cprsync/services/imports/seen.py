"""Recognises what has occurred in a file before, with little memory and without keeping it anywhere."""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_BYTES = 16


class Seen:
    """Hashes under a key that is kept nowhere, in a database that is deleted when it is closed."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._key = secrets.token_bytes(_BYTES)

    def __contains__(self, told: tuple[str, str]) -> bool:
        found = self._connection.execute("SELECT 1 FROM seen WHERE hash = ?", (self._hash(told),))
        return found.fetchone() is not None

    def add(self, told: tuple[str, str]) -> None:
        """Remember a value: its kind and the value itself."""
        self._connection.execute("INSERT OR IGNORE INTO seen VALUES (?)", (self._hash(told),))

    def _hash(self, told: tuple[str, str]) -> bytes:
        return hashlib.blake2b("|".join(told).encode(), key=self._key, digest_size=_BYTES).digest()


@contextmanager
def nothing_seen() -> Iterator[Seen]:
    """Open a new one.

    SQLite keeps a database without a name in memory while it is small, and then in a temporary file.
    """
    with closing(sqlite3.connect("", isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("CREATE TABLE seen (hash BLOB PRIMARY KEY) WITHOUT ROWID")
        connection.execute("BEGIN")
        yield Seen(connection)
