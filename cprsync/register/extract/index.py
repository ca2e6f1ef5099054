"""Remembers where each person's records are in a delivery. Holds keyed hashes of numbers, and offsets; no content."""

from __future__ import annotations

import hashlib
import sqlite3
import struct
import tempfile
from contextlib import ExitStack, contextmanager
from functools import partial
from itertools import chain, groupby
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Self

from cprsync.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

HASH_BYTES = 16
KEY_LEAST_BYTES = 16
#: The most memory that one run needs: 150 bytes measured, and more while the dictionary grows.
ENTRY_BYTES = 256
#: The most runs that are kept for one person. A person with more is reported as too large.
RUNS_MOST = 1000
_BATCH_ROWS = 5000
#: What a run holds: a record that delivers the person; the person's 001; a 004 that seals.
DELIVERS, MAIN, SEALS = 1, 2, 4
#: The bits above these hold the status of the person's first 001, so that counting needs no second read.
_STATUS_SHIFT = 3
_PLACE = struct.Struct("<QQH")
_TABLE = (
    "CREATE TABLE run (hash BLOB NOT NULL, start INTEGER NOT NULL, length INTEGER NOT NULL, holds INTEGER NOT NULL)"
)
# Persons without 001 come last, as in memory.
_PERSONS = """
    WITH person AS (SELECT hash, MIN(CASE WHEN holds & 2 THEN start END) AS main_start, MIN(start) AS first
                    FROM run GROUP BY hash)
    SELECT run.hash, run.start, run.length, run.holds FROM person JOIN run USING (hash)
    ORDER BY person.main_start IS NULL, person.main_start, person.first, run.start
"""


class RecordRun(NamedTuple):
    """Adjacent records of one number. `holds`: a sum of `DELIVERS`, `MAIN`, `SEALS` and a status."""

    start: int
    length: int
    holds: int = 0

    @property
    def status(self) -> str | None:
        """The two digits of the run's 001. None: the run has no 001, or its status is no number."""
        number = (self.holds >> _STATUS_SHIFT) - 1
        return None if number < 0 else f"{number:02}"


#: `Run._make` without its length check: the struct has the right length.
_AS_RUN: Callable[[tuple[int, ...]], RecordRun] = partial(tuple.__new__, RecordRun)


def status_held(digits: bytes) -> int:
    """What a 001 of this status adds to `holds`; 0 if the status is no number."""
    return int(digits) + 1 << _STATUS_SHIFT if digits.isdigit() else 0


class RunIndex:
    """Collects the runs of a delivery and returns them by person.

    Above its limit it moves to a temporary SQLite file, in a folder that only we may read.
    """

    def __init__(self, *, hash_key: bytes, limit_bytes: int, folder: Path | None) -> None:
        if len(hash_key) < KEY_LEAST_BYTES:
            raise ConfigurationError("the index key is shorter than {least} bytes", least=KEY_LEAST_BYTES, kind="keys")
        key = hash_key if len(hash_key) <= hashlib.blake2b.MAX_KEY_SIZE else hashlib.blake2b(hash_key).digest()
        self._hasher = hashlib.blake2b(key=key, digest_size=HASH_BYTES)
        self._entries_most = max(1, limit_bytes // ENTRY_BYTES)
        self._folder = folder
        self._entries = 0
        self._runs: dict[bytes, bytes] = {}
        self._order: list[bytes] = []
        self._rows: list[tuple[bytes, int, int, int]] = []
        self._spilled: sqlite3.Connection | None = None
        self._resources = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._resources.close()

    @property
    def spilled(self) -> bool:
        """Whether the index has moved to a file."""
        return self._spilled is not None

    def note(self, number: bytes, run: RecordRun) -> None:
        """Add a run."""
        hasher = self._hasher.copy()
        hasher.update(number)
        digest = hasher.digest()
        if self._spilled is not None:
            self._add_row(digest, run)
            return
        places = self._runs.get(digest, b"")
        if len(places) > RUNS_MOST * _PLACE.size:
            if run.holds & SEALS:
                before, last = places[: -_PLACE.size], places[-_PLACE.size :]
                self._runs[digest] = before + _PLACE.pack(*_add_seal(*_PLACE.unpack(last)))
            return
        self._runs[digest] = places + _PLACE.pack(*run)
        if run.holds & MAIN and not (places and _has_main(places)):
            self._order.append(digest)
        self._entries += 1
        if self._entries > self._entries_most:
            self._spill()

    def persons(self) -> Iterator[list[RecordRun]]:
        """Yield each person's runs in file order. Persons come in the order of their 001, then those without one.

        A number that is only named, as an old number or by an event, counts as no delivered person. A number with too
        many runs counts as delivered.
        """
        found = self._kept_persons() if self._spilled is None else self._spilled_persons(self._spilled)
        return (runs for runs in found if len(runs) > RUNS_MOST or _is_delivered(runs))

    def _kept_persons(self) -> Iterator[list[RecordRun]]:
        # nearly every person has a 001, and is in the order once
        complete = len(self._order) == len(self._runs)
        without = () if complete else (digest for digest, places in self._runs.items() if not _has_main(places))
        for digest in chain(self._order, without):
            yield list(map(_AS_RUN, _PLACE.iter_unpack(self._runs[digest])))

    def _spilled_persons(self, spilled: sqlite3.Connection) -> Iterator[list[RecordRun]]:
        self._flush(spilled)
        with _translate_no_room():
            spilled.execute("CREATE INDEX IF NOT EXISTS run_hash ON run (hash)")
            ordered = spilled.execute(_PERSONS)
        for _, rows in groupby(ordered, key=itemgetter(0)):
            runs: list[RecordRun] = []
            for _, start, length, holds in rows:
                if len(runs) <= RUNS_MOST:
                    runs.append(RecordRun(start, length, holds))
                elif holds & SEALS:
                    runs[-1] = _add_seal(*runs[-1])
            yield runs

    def _spill(self) -> None:
        with _translate_no_room():
            self._spilled = self._new_file()
        for digest, places in self._runs.items():
            for place in _PLACE.iter_unpack(places):
                self._add_row(digest, RecordRun(*place))
        self._runs, self._order = {}, []

    def _new_file(self) -> sqlite3.Connection:
        folder = self._resources.enter_context(tempfile.TemporaryDirectory(prefix="cprsync-index-", dir=self._folder))
        spilled = sqlite3.connect(Path(folder) / "index.sqlite", isolation_level=None)
        self._resources.callback(spilled.close)
        # The file is deleted after this delivery, so nothing in it must survive a crash.
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "temp_store = FILE", "cache_size = -4096"):
            spilled.execute(f"PRAGMA {pragma}")
        spilled.execute(_TABLE)
        return spilled

    def _add_row(self, digest: bytes, run: RecordRun) -> None:
        self._rows.append((digest, run.start, run.length, run.holds))
        if self._spilled is not None and len(self._rows) >= _BATCH_ROWS:
            self._flush(self._spilled)

    def _flush(self, spilled: sqlite3.Connection) -> None:
        with _translate_no_room():
            spilled.execute("BEGIN")
            spilled.executemany("INSERT INTO run VALUES (?, ?, ?, ?)", self._rows)
            spilled.execute("COMMIT")
        self._rows.clear()


@contextmanager
def _translate_no_room() -> Iterator[None]:
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        raise ConfigurationError(
            "a large delivery needs room for its index in the folder of temporary files, and there is none",
            kind="delivery.no_room",
        ) from error


def _add_seal(start: int, length: int, holds: int) -> RecordRun:
    """The last run kept for a person who is too large, with the seal of a later run."""
    return RecordRun(start, length, holds | SEALS)


def _is_delivered(runs: list[RecordRun]) -> bool:
    # the first run nearly always decides
    return bool(runs[0].holds & DELIVERS) or any(run.holds & DELIVERS for run in runs)


def _has_main(places: bytes) -> bool:
    return any(holds & MAIN for _, _, holds in _PLACE.iter_unpack(places))
