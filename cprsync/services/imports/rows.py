"""Reads a list that another system exported, row by row: CSV or JSON, UTF-8 or Windows-1252; and which column is what.

The file is read as a stream, from its beginning as often as needed. Text that looks like a spreadsheet formula is text
like any other. The field table names the columns, or a mapping does. No error quotes the file's content.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, BinaryIO, Final, TextIO

from cprsync.domain.patron.fields import FIELD, FIELDS
from cprsync.domain.wording import Wording
from cprsync.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from cprsync.domain.patron.field import Field

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
#: Fields that may have several columns, and what joins their values. Any other field has one column.
JOINED: Final[Mapping[str, str]] = {one.key: one.kind.joined_by for one in FIELDS if one.kind.joined_by is not None}
#: Fields in which one value may be marked as the one for notices.
NOTICED: Final = frozenset(one.key for one in FIELDS if one.kind.notices)
#: A longer text is not a column's name.
NAME_MAX: Final = 60
#: What numbers, days and e-mail addresses contain, and column names do not.
_MAY_BE_DATA: Final = re.compile(r"[0-9]{4}|@")
_PARTS: Final = {"YYYY": r"(?P<year>[0-9]{4})", "MM": r"(?P<month>[0-9]{1,2})", "DD": r"(?P<day>[0-9]{1,2})"}


@dataclass(frozen=True, slots=True, repr=False)
class ImportRow:
    """One row: names and values in the file's order. A cell beyond the header has the name ""."""

    line: int
    cells: tuple[tuple[str, str], ...]


class ImportFile:
    """The rows of one file. Raises BadInput on opening or reading if it is no such file."""

    def __init__(self, source: BinaryIO) -> None:
        """Take a seekable source and detect its encoding and form."""
        self._source = source
        #: one of `ENCODINGS`
        self.encoding = _encoding_of(source)
        with _as_text(source, self.encoding) as text:
            first = text.read(_READ).lstrip()[:1]
        #: `csv` or `json`
        self.form = "json" if first in {"[", "{"} else "csv"

    def header(self) -> ImportRow | None:
        """The column names as a row without values. None: each row brings its own names."""
        if self.form == "json":
            return None
        with _as_text(self._source, self.encoding) as text:
            return ImportRow(1, tuple((name, "") for name in _header(text)[0]))

    def rows(self) -> Iterator[ImportRow]:
        """All rows, from the first."""
        with _as_text(self._source, self.encoding) as text:
            yield from _csv_rows(text) if self.form == "csv" else _json_rows(text)

    def check(self, columns: Columns) -> None:
        """Read the list to its end, so that a bad file is refused as a whole before its first row is taken."""
        header = self.header()
        if header is not None:
            columns.check(header)
        for row in self.rows():
            if header is None:
                columns.check(row)


@contextmanager
def _as_text(source: BinaryIO, encoding: str) -> Iterator[TextIO]:
    """The source as text from its beginning. The source stays open afterwards."""
    source.seek(0)
    text = io.TextIOWrapper(source, "utf-8-sig" if encoding == "utf-8" else encoding, newline="")
    try:
        yield text
    finally:
        text.detach()


def _encoding_of(source: BinaryIO) -> str:
    found = next((one for one in ENCODINGS if _is_encoded(source, one)), None)
    if found is None:
        raise BadInput("the file is text neither in UTF-8 nor in Windows-1252", kind="input.encoding")
    return found


def _is_encoded(source: BinaryIO, encoding: str) -> bool:
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


def _header(text: TextIO) -> tuple[list[str], str]:
    header = text.readline(HEADER_MAX)
    if not header.strip():
        raise BadInput("the file is empty: expected a header line", kind="input.header")
    separator = max(SEPARATORS, key=header.count)
    try:
        return [name.strip() for name in next(csv.reader([header], delimiter=separator, strict=True))], separator
    except csv.Error as error:
        raise BadInput("after line {line}: not readable as CSV", line=0, kind="input.csv") from error


def _csv_rows(text: TextIO) -> Iterator[ImportRow]:
    names, separator = _header(text)
    line = 1
    try:
        reader = csv.reader(text, delimiter=separator, strict=True)
        for cells in reader:
            # the header is line 1, and the reader counts from the line after it
            line = reader.line_num + 1
            if cells:
                yield ImportRow(line, tuple(zip_longest(names[: len(cells)], cells, fillvalue="")))
    except csv.Error as error:
        raise BadInput("after line {line}: not readable as CSV", line=line, kind="input.csv") from error


def _json_rows(text: TextIO) -> Iterator[ImportRow]:
    for line, document in _Objects(text):
        yield ImportRow(line, tuple(_flat("", document)))


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


@dataclass(frozen=True, slots=True)
class ImportColumn:
    """One column."""

    name: str
    #: the value is the one for notices, as with the * of `patron set`
    notices: bool = False
    #: how the column writes days, such as DD/MM/YYYY; a time after the day is ignored
    day: str = ""
    #: the column's values, and what each means
    values: Mapping[str, str] = field(default_factory=dict)

    def read(self, cell: str) -> str:
        """The cell as the field takes it. An unexpected value stays as it is; the field's reader refuses it."""
        value = self.values.get(cell.strip(), cell.strip())
        if self.day and (found := _form(self.day).match(value)) is not None:
            value = f"{found['year']}-{int(found['month']):02}-{int(found['day']):02}"
        return f"*{value.removeprefix('*')}" if self.notices and value else value


@dataclass(frozen=True, slots=True)
class Columns:
    """All known columns, by their names in lower case."""

    by_name: Mapping[str, ImportColumn]
    #: unknown columns are ignored: a mapping names only what it wants of another system's export
    leaves_out: bool = False

    @property
    def fields(self) -> frozenset[str]:
        """The fields that a list may contain."""
        return frozenset(column.name for column in self.by_name.values())

    @property
    def names(self) -> Wording:
        """The columns as text, for the message about a header with errors. Each as a list may call it."""
        keys = tuple(dict.fromkeys(column.name for column in self.by_name.values()))
        return Wording(", ".join(map(self._danish, keys)), ", ".join(keys))

    def _danish(self, key: str) -> str:
        field = FIELD.get(key)
        return key if field is None or field.name.da.casefold() not in self.by_name else field.name.da

    def check(self, row: ImportRow) -> None:
        """Raise BadInput for a name that is unknown or occurs twice. The error does not quote it."""
        seen: set[str] = set()
        for place, (name, _) in enumerate(row.cells, start=1):
            known = self.by_name.get(name.casefold())
            if not name or (known is None and self.leaves_out):
                continue
            if known is None:
                raise self._unknown(row, place, name)
            if name.casefold() in seen or (known.name in seen and known.name not in JOINED):
                raise BadInput(
                    "line {line}: column {position} stands there twice",
                    line=row.line,
                    position=place,
                    kind="input.header",
                )
            seen |= {name.casefold(), known.name}

    def _unknown(self, row: ImportRow, place: int, name: str) -> BadInput:
        """The error for an unknown column. It quotes the name only if the name cannot be someone's data.

        In a list without a header, the first row is data, so only the column's position is named.
        """
        told = {"line": row.line, "position": place, "columns": self.names}
        if _looks_like_data(name) or not any(one.casefold() in self.by_name for one, _ in row.cells):
            sentence = "line {line}: column {position} is not known: the columns are {columns}"
            return BadInput(sentence, **told, kind="input.header")
        sentence = 'line {line}: column {position}, "{name}", is not known: the columns are {columns}'
        return BadInput(sentence, **told, name=Wording(name, name), kind="input.header")

    def read(self, row: ImportRow) -> dict[str, str]:
        """The row's values by field. An empty cell says nothing."""
        found: dict[str, list[str]] = {}
        for name, cell in row.cells:
            column = self.by_name.get(name.casefold())
            if column is not None and (value := column.read(cell)):
                found.setdefault(column.name, []).append(value)
        return {name: JOINED.get(name, BETWEEN).join(_distinct(values)) for name, values in found.items()}

    def beyond(self, row: ImportRow) -> bool:
        """Whether the row has more cells than the header has columns."""
        return any(not name and cell.strip() for name, cell in row.cells)


def _looks_like_data(name: str) -> bool:
    return len(name) > NAME_MAX or not name.isprintable() or _MAY_BE_DATA.search(name) is not None


def _distinct(values: Iterable[str]) -> Iterator[str]:
    """Each value once. Of two equal values, the one for notices stays."""
    told = list(dict.fromkeys(values))
    yield from (value for value in told if f"*{value}" not in told)


def _form(day: str) -> re.Pattern[str]:
    pattern = re.escape(day)
    for part, digits in _PARTS.items():
        pattern = pattern.replace(part, digits)
    return re.compile(pattern + r"(?![0-9])", re.ASCII)


def is_day_form(text: str) -> bool:
    """Whether a text says how days are written: YYYY, MM and DD once each, and only separators besides."""
    rest = text
    for part in _PARTS:
        if rest.count(part) != 1:
            return False
        rest = rest.replace(part, "")
    return not any(letter.isalnum() for letter in rest)


def columns_of_table(fields: Iterable[Field]) -> Columns:
    """The columns that a field table names, in Danish and English."""
    imported = [one for one in fields if one.imported]
    plain = {name.casefold(): ImportColumn(one.key) for one in imported for name in one.columns}
    notified = {name.casefold(): ImportColumn(one.key, notices=True) for one in imported for name in one.notified}
    return Columns(plain | notified)


#: The columns of a list without a mapping.
PATRON_COLUMNS: Final = columns_of_table(FIELDS)


def columns_of(fields: Iterable[str]) -> Columns:
    """Columns that are named after their fields."""
    return Columns({name: ImportColumn(name) for name in fields})


def mapped(columns: Mapping[str, ImportColumn]) -> Columns:
    """The columns of a mapping, by the names that it gives."""
    return Columns({name.casefold(): column for name, column in columns.items()}, leaves_out=True)
