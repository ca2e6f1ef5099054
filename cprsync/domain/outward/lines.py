"""One change as a reader gets it: a document for each line, and the same as a row of a table.

A patron who is not for the reader, or is none any more, is a tombstone. It does not say why.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from cprsync.domain.outward.record import OutwardField
from cprsync.domain.outward.target import may_know, view

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cprsync.domain.outward.record import OutwardRecord
    from cprsync.domain.outward.target import Target


@dataclass(frozen=True, slots=True, repr=False)
class NumberedChange:
    """A numbered change: a patron's record after it. None: the patron was none any more."""

    seq: int
    patron_id: str
    record: OutwardRecord | None


def tell(change: NumberedChange, target: Target) -> dict[str, Any] | None:
    """What a reader gets of a change. None: nothing, because the reader never heard of the patron."""
    payload = view(change.record, target)
    if payload is not None:
        return {"patron": change.patron_id, "version": change.seq, **payload}
    if change.record is not None and not may_know(change.record, target):
        return None
    return {"patron": change.patron_id, "version": change.seq, "gone": True}


#: One encoder for all lines: making one takes longer than using it.
_ENCODE: Final = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


def write_line(document: Mapping[str, Any]) -> bytes:
    """A document as one line. Equal documents give equal bytes."""
    # inside a string these two end a line for some readers
    text = _ENCODE(document).replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    return text.encode() + b"\n"


#: The parts of the fields that are more than one value: their keys, in the order of the table.
PARTS: Final[Mapping[OutwardField, tuple[str, ...]]] = {
    OutwardField.NAME: ("addressing", "first", "middle", "last"),
    OutwardField.ADDRESS: (
        *("street", "street_code", "house", "building", "floor", "door", "co", "locality", "town"),
        *("postcode", "district", "lines", "supplementary", "current"),
    ),
    OutwardField.ABROAD: ("country", "lines"),
}
_FIRST: Final = ("patron", "version", "gone", "protected", "verified", "withheld")
#: A cell that begins so is a formula to a spreadsheet.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def list_columns(target: Target) -> list[str]:
    """The columns of a target's table. They depend on its fields alone."""
    return [*_FIRST, *(name for field in OutwardField if field in target.fields for name in _names(field))]


def _names(field: OutwardField) -> Iterator[str]:
    parts = PARTS.get(field)
    if parts is None:
        yield field.value
    else:
        yield from (f"{field.value}.{part}" for part in parts)


def list_cells(document: Mapping[str, Any], target: Target) -> list[str]:
    """The cells of a document, in the order of `list_columns`. An empty cell: there is no value, or it is withheld."""
    found = []
    for name in list_columns(target):
        field, _, part = name.partition(".")
        value = document.get(field)
        found.append(write_cell((value or {}).get(part) if part else value))
    return found


def write_cell(value: Any) -> str:
    """A value as a cell. Lists stand one to a line, or as JSON where each is more than one value."""
    if value is None or value in ([], {}):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        value = "\n".join(value)
    text = _ENCODE(value) if isinstance(value, list | dict) else str(value)
    # spreadsheets show the apostrophe to nobody, and run no formula behind it
    return f"'{text}" if text.startswith(_FORMULA) else text
