"""Says which column of a list is which field, and how its values are read: by the field table, or by a mapping."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from cprsync.domain.patron.fields import FIELDS
from cprsync.errors import BadInput
from cprsync.services.imports.rows import BETWEEN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from cprsync.domain.patron.field import Field
    from cprsync.services.imports.rows import Row

#: Fields that may have several columns, and what joins their values. Any other field has one column.
JOINED: Final[Mapping[str, str]] = {one.key: one.kind.joined_by for one in FIELDS if one.kind.joined_by is not None}
#: Fields in which one value may be marked as the one for notices.
NOTICED: Final = frozenset(one.key for one in FIELDS if one.kind.notices)
#: A longer text is not a column's name.
NAME_MAX: Final = 60
#: What numbers, days and e-mail addresses contain, and column names do not.
_MAY_BE_DATA: Final = re.compile(r"[0-9]{4}|@")
_PARTS: Final = {"YYYY": r"(?P<year>[0-9]{4})", "MM": r"(?P<month>[0-9]{1,2})", "DD": r"(?P<day>[0-9]{1,2})"}


@dataclass(frozen=True, slots=True)
class Column:
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

    by_name: Mapping[str, Column]
    #: unknown columns are ignored: a mapping names only what it wants of another system's export
    leaves_out: bool = False

    @property
    def fields(self) -> frozenset[str]:
        """The fields that a list may contain."""
        return frozenset(column.name for column in self.by_name.values())

    @property
    def names(self) -> str:
        """The fields as text, for the message about a header with errors."""
        return ", ".join(dict.fromkeys(column.name for column in self.by_name.values()))

    def check(self, row: Row) -> None:
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

    def _unknown(self, row: Row, place: int, name: str) -> BadInput:
        """The error for an unknown column. It quotes the name only if the name cannot be someone's data.

        In a list without a header, the first row is data, so only the column's position is named.
        """
        told = {"line": row.line, "position": place, "columns": self.names}
        if _looks_like_data(name) or not any(one.casefold() in self.by_name for one, _ in row.cells):
            sentence = "line {line}: column {position} is not known: the columns are {columns}"
            return BadInput(sentence, **told, kind="input.header")
        sentence = 'line {line}: column {position}, "{name}", is not known: the columns are {columns}'
        return BadInput(sentence, **told, name=name, kind="input.header")

    def read(self, row: Row) -> dict[str, str]:
        """The row's values by field. An empty cell says nothing."""
        found: dict[str, list[str]] = {}
        for name, cell in row.cells:
            column = self.by_name.get(name.casefold())
            if column is not None and (value := column.read(cell)):
                found.setdefault(column.name, []).append(value)
        return {name: JOINED.get(name, BETWEEN).join(_distinct(values)) for name, values in found.items()}

    def beyond(self, row: Row) -> bool:
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


#: Further column names: from before the field table, and for parts of a field that the table explains together.
_ALSO: Final = {
    "card": Column("cards"),
    "mobil": Column("telephones"),
    "mobil (notif)": Column("telephones", notices=True),
    "e-mail": Column("emails"),
    "email": Column("emails"),
    "e-mail (notif)": Column("emails", notices=True),
}


def columns_of_table(fields: Iterable[Field]) -> Columns:
    """The columns that a field table names, in Danish and English."""
    return Columns({name.casefold(): Column(one.key) for one in fields if one.imported for name in one.columns} | _ALSO)


#: The columns of a list without a mapping.
PATRON_COLUMNS: Final = columns_of_table(FIELDS)


def columns_of(fields: Iterable[str]) -> Columns:
    """Columns that are named after their fields."""
    return Columns({name: Column(name) for name in fields})


def mapped(columns: Mapping[str, Column]) -> Columns:
    """The columns of a mapping, by the names that it gives."""
    return Columns({name.casefold(): replace(column) for name, column in columns.items()}, leaves_out=True)
