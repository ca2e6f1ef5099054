"""Reads and checks a mapping file: which column of another system's export is which field. Reads no row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field, ValidationError

from cprsync.config.toml import Strict, TomlPlaces, build_error, first_mistake, read_toml
from cprsync.domain.patron.fields import FIELDS
from cprsync.errors import ConfigurationError, WrongValue
from cprsync.services.imports.rows import NOTICED, Columns, ImportColumn, is_day_form, mapped

if TYPE_CHECKING:
    from pathlib import Path

#: The fields that a column may be.
FIELD_KEYS = tuple(field.key for field in FIELDS if field.imported)
_KIND = "columns"


class ColumnsFile(Strict):
    """The allowed content of a mapping file."""

    #: column = "field"
    columns: dict[str, str] = Field(min_length=1, max_length=500)
    #: columns with the value for notices
    notices: tuple[str, ...] = ()
    #: column = "DD/MM/YYYY"
    dates: dict[str, str] = Field(default_factory=dict)
    #: [values.column] theirs = "ours"
    values: dict[str, dict[str, str]] = Field(default_factory=dict)


def load_columns(path: Path) -> Columns:
    """Read a mapping. Raises ConfigurationError, which names the file, the line and the key."""
    document, text = read_toml(path, _KIND)
    try:
        read = ColumnsFile.model_validate(document)
    except ValidationError as error:
        raise build_error(path, TomlPlaces(text), first_mistake(error), kind=_KIND) from None
    for name, told in _mistakes(read):
        why = WrongValue("{place}: {told}", place=name, told=told)
        raise ConfigurationError("{path}: {why}", path=path, why=why, kind=_KIND)
    return mapped(
        {
            name: ImportColumn(field, name in read.notices, read.dates.get(name, ""), read.values.get(name, {}))
            for name, field in read.columns.items()
        }
    )


def _mistakes(read: ColumnsFile) -> list[tuple[str, WrongValue]]:
    found = [
        (f"columns.{name}", WrongValue("no such field: they are {fields}", fields=", ".join(FIELD_KEYS)))
        for name, field in read.columns.items()
        if field not in FIELD_KEYS
    ]
    named = [("notices", name) for name in read.notices]
    named += [(table, name) for table, names in (("dates", read.dates), ("values", read.values)) for name in names]
    found += [
        (f"{table}.{name}", WrongValue("there is no such column")) for table, name in named if name not in read.columns
    ]
    found += [
        (f"notices.{name}", WrongValue("only a telephone or an e-mail address is for notices"))
        for name in read.notices
        if name in read.columns and read.columns[name] not in NOTICED
    ]
    found += [
        (f"dates.{name}", WrongValue("expected how a day is written, as DD/MM/YYYY"))
        for name, form in read.dates.items()
        if not is_day_form(form)
    ]
    return found
