"""What has stood in a file already: told again without holding it in memory, and without keeping it anywhere."""

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
    """Hashes under a key that nobody has afterwards, in a database that is gone when it is closed."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._key = secrets.token_bytes(_BYTES)

    def __contains__(self, told: tuple[str, str]) -> bool:
        found = self._connection.execute("SELECT 1 FROM seen WHERE hash = ?", (self._hash(told),))
        return found.fetchone() is not None

    def add(self, told: tuple[str, str]) -> None:
        """Remember a kind of thing and which one it is."""
        self._connection.execute("INSERT OR IGNORE INTO seen VALUES (?)", (self._hash(told),))

    def _hash(self, told: tuple[str, str]) -> bytes:
        return hashlib.blake2b("|".join(told).encode(), key=self._key, digest_size=_BYTES).digest()


@contextmanager
def nothing_seen() -> Iterator[Seen]:
    """A new one: without a name SQLite keeps it in memory as long as it is small, and in a file of its own beyond."""
    with closing(sqlite3.connect("", isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("CREATE TABLE seen (hash BLOB PRIMARY KEY) WITHOUT ROWID")
        connection.execute("BEGIN")
        yield Seen(connection)
