"""Positions of the change extract's fields, from the packaged table of U12170-P. Reads no delivery."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from operator import itemgetter
from typing import TYPE_CHECKING, cast

from cprsync.errors import ConfigurationError
from cprsync.resources import schema_path

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

TABLE = "change-extract-U12170-P.csv"
#: Where every record has its type, and its person's number except in 000, 910 and 999.
TYPE = slice(0, 3)
NUMBER = slice(3, 13)
#: The shortest text that can be a record: its type and its number.
RECORD_LEAST = 13


@dataclass(frozen=True, slots=True)
class Layout:
    """The record types with their nominal lengths, and the position of each field in its record."""

    lengths: Mapping[str, int]
    places: Mapping[tuple[str, str], slice]

    def place(self, record: str, field: str) -> slice:
        """The position of a field. Raises ConfigurationError if the table lacks it."""
        try:
            return self.places[record, field]
        except KeyError as missing:
            raise ConfigurationError(
                "{table} lacks field {field} of record {record}",
                table=TABLE,
                field=field,
                record=record,
                kind="schemas",
            ) from missing

    def pick(self, record: str, *fields: str) -> Callable[[str], tuple[str, ...]]:
        """Make a function that slices the named fields, two or more, out of a record."""
        getter = itemgetter(*(self.place(record, field) for field in fields))
        return cast("Callable[[str], tuple[str, ...]]", getter)


@cache
def layout() -> Layout:
    """Load the packaged table, once."""
    return load_layout(schema_path(TABLE))


def load_layout(path: Path) -> Layout:
    """Load a table with the columns record, field, start (from 1) and length.

    Raises:
        ConfigurationError: the table cannot be read.
    """
    lengths: dict[str, int] = {}
    places: dict[tuple[str, str], slice] = {}
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                record, start = row["record"], int(row["start"]) - 1
                end = start + int(row["length"])
                places[record, row["field"]] = slice(start, end)
                lengths[record] = max(lengths.get(record, 0), end)
    except (OSError, KeyError, TypeError, ValueError) as broken:
        raise ConfigurationError("{name} is not a table of record fields", name=path.name, kind="schemas") from broken
    return Layout(lengths, places)
