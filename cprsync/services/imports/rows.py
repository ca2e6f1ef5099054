"""Reads a list that another system exported, row by row: CSV or JSON, UTF-8 or Windows-1252.

Knows no field of a record.

The file is read as a stream, from its beginning as often as needed. Text that looks like a spreadsheet formula is text
like any other. No error quotes the file's content.
"""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
import json
import secrets
import sqlite3
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, BinaryIO, Final, TextIO

from cprsync.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

#: The possible encodings, in the order in which they are tried, each strictly.
ENCODINGS: Final = ("utf-8", "windows-1252")
#: The possible separators; the one that occurs most in the header is used.
SEPARATORS: Final = (",", ";", "\t")
#: The most characters of a header, and of one JSON object.
HEADER_MAX: Final = 64 * 1024
OBJECT_MAX: Final = 1024 * 1024
_READ: Final = 64 * 1024
#: Separates several values of one column.
BETWEEN: Final = "\n"


@dataclass(frozen=True, slots=True, repr=False)
class Row:
    """One row: names and values in the file's order. A cell beyond the header has the name ""."""

    line: int
    cells: tuple[tuple[str, str], ...]


class Listing:
    """The rows of one file. Raises BadInput on opening or reading if it is no such file."""

    def __init__(self, source: BinaryIO) -> None:
        """Take a seekable source and detect its encoding and form."""
        self._source = source
        #: one of `ENCODINGS`
        self.encoding = _encoding_of(source)
        with _Text(source, self.encoding) as text:
            first = text.read(_READ).lstrip()[:1]
        #: `csv` or `json`
        self.form = "json" if first in {"[", "{"} else "csv"

    def header(self) -> Row | None:
        """The column names as a row without values. None: each row brings its own names."""
        if self.form == "json":
            return None
        with _Text(self._source, self.encoding) as text:
            return Row(1, tuple((name, "") for name in _header(text)[0]))

    def rows(self) -> Iterator[Row]:
        """All rows, from the first."""
        with _Text(self._source, self.encoding) as text:
            yield from _csv_rows(text) if self.form == "csv" else _json_rows(text)


class _Text:
    """The source as text from its beginning. The source stays open afterwards."""

    def __init__(self, source: BinaryIO, encoding: str) -> None:
        source.seek(0)
        self._text = io.TextIOWrapper(source, "utf-8-sig" if encoding == "utf-8" else encoding, newline="")

    def __enter__(self) -> TextIO:
        return self._text

    def __exit__(self, *_: object) -> None:
        self._text.detach()


def _encoding_of(source: BinaryIO) -> str:
    found = next((one for one in ENCODINGS if _is(source, one)), None)
    if found is None:
        raise BadInput("the file is text neither in UTF-8 nor in Windows-1252", kind="input.encoding")
    return found


def _is(source: BinaryIO, encoding: str) -> bool:
    source.seek(0)
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    try:
        while part := source.read(_READ):
            if b"\0" in part:
                return False
            decoder.decode(part)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


# -- CSV -----------------------------------------------------------------------------------------------


def _header(text: TextIO) -> tuple[list[str], str]:
    header = text.readline(HEADER_MAX)
    if not header.strip():
        raise BadInput("the file is empty: expected a header line", kind="input.header")
    separator = max(SEPARATORS, key=header.count)
    try:
        return [name.strip() for name in next(csv.reader([header], delimiter=separator, strict=True))], separator
    except csv.Error as error:
        raise BadInput("after line {line}: not readable as CSV", line=0, kind="input.csv") from error


def _csv_rows(text: TextIO) -> Iterator[Row]:
    names, separator = _header(text)
    line = 1
    try:
        reader = csv.reader(text, delimiter=separator, strict=True)
        for cells in reader:
            # the header is line 1, and the reader counts from the line after it
            line = reader.line_num + 1
            if cells:
                yield Row(line, tuple(zip_longest(names[: len(cells)], cells, fillvalue="")))
    except csv.Error as error:
        raise BadInput("after line {line}: not readable as CSV", line=line, kind="input.csv") from error


# -- JSON ----------------------------------------------------------------------------------------------


def _json_rows(text: TextIO) -> Iterator[Row]:
    for line, document in _Objects(text):
        yield Row(line, tuple(_flat("", document)))


class _Objects:
    """The objects of a JSON list, or of a sequence, each with its line.

    `json` reads each object. ijson would stream too, but knows no line and has no ceiling on the size of one object;
    loading the whole file takes eighty times the memory of this.
    """

    def __init__(self, text: TextIO) -> None:
        self._text = text
        self._line = 1
        self._rest = text.read(_READ).lstrip("\ufeff")
        self._ended = False
        # numbers stay text, so that an amount or a card number is not rounded
        self._decoder = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str)

    def __iter__(self) -> Iterator[tuple[int, Mapping[str, Any]]]:
        self._skip("")
        listed = self._rest.startswith("[")
        if listed:
            self._move(1)
        while True:
            self._skip(",")
            if listed and self._rest.startswith("]"):
                self._move(1)
                self._skip("")
                if self._rest:
                    raise self._unreadable()
                return
            if not self._rest:
                if listed:
                    raise self._unreadable()
                return
            line = self._line
            yield line, self._next()

    def _next(self) -> Mapping[str, Any]:
        while True:
            try:
                found, end = self._decoder.raw_decode(self._rest)
            except (ValueError, RecursionError) as error:
                if len(self._rest) > OBJECT_MAX or not self._more():
                    raise self._unreadable() from error
                continue
            if not isinstance(found, dict):
                raise self._unreadable()
            self._move(end)
            return found

    def _skip(self, also: str) -> None:
        while True:
            kept = self._rest.lstrip(" \t\r\n" + also)
            self._move(len(self._rest) - len(kept))
            if self._rest or not self._more():
                return

    def _move(self, count: int) -> None:
        self._line += self._rest.count("\n", 0, count)
        self._rest = self._rest[count:]

    def _more(self) -> bool:
        part = self._text.read(_READ)
        self._rest += part
        return bool(part)

    def _unreadable(self) -> BadInput:
        return BadInput(
            "at line {line}: not readable as JSON: expected a list of objects, or one object a line",
            line=self._line,
            kind="input.json",
        )


def _flat(name: str, value: Any) -> Iterator[tuple[str, str]]:
    """The values in an object, by path, such as `personal.addresses.0.city`."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield from _flat(f"{name}.{key}" if name else key, one)
    elif isinstance(value, list) and any(isinstance(one, dict | list) for one in value):
        for place, one in enumerate(value):
            yield from _flat(f"{name}.{place}", one)
    else:
        yield name, _text(value)


def _text(value: Any) -> str:
    if isinstance(value, list):
        return BETWEEN.join(_text(one) for one in value)
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


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
