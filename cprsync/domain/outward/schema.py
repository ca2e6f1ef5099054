"""The JSON Schema of the lines that a reader gets: every key is named, and no other is allowed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cprsync.domain.outward.lines import PARTS
from cprsync.domain.outward.record import OutwardField
from cprsync.domain.patron.fields import OUTWARD
from cprsync.domain.patron.kinds import DAY, TEXT, TEXTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_FLAG: Final = {"type": "boolean"}
_PATRON: Final = {"type": "string", "pattern": "^[0-9]{8}$"}
_VERSION: Final = {"type": "integer", "minimum": 1}


def _closed(properties: dict[str, Any], *, needed: Iterable[str] = ()) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": sorted(needed),
        "additionalProperties": False,
    }


def _or_null(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"anyOf": [schema, {"type": "null"}]}


def _texts_of(field: OutwardField, **others: Any) -> dict[str, Any]:
    properties = dict.fromkeys(PARTS[field], TEXT) | others
    return _closed(properties, needed=properties)


_FIELDS: Final[dict[OutwardField, Mapping[str, Any]]] = {
    **{OutwardField(word): field.kind.schema for word, field in OUTWARD.items()},
    OutwardField.NUMBER: {"type": "string", "pattern": "^[0-9]{10}$"},
    OutwardField.NAME: _texts_of(OutwardField.NAME),
    OutwardField.BIRTH_DATE: DAY,
    OutwardField.ADDRESS: _texts_of(OutwardField.ADDRESS, lines=TEXTS, supplementary=TEXTS, current=_FLAG),
    OutwardField.ABROAD: _closed({"country": TEXT, "lines": TEXTS}, needed=("lines",)),
    OutwardField.MUNICIPALITY: {"type": "string", "pattern": "^[0-9]{4}$"},
    OutwardField.RIGHTS: {"type": "object", "additionalProperties": {"enum": ["yes", "no", "undecided"]}},
}


def build_schema(fields: Iterable[OutwardField] = tuple(OutwardField)) -> dict[str, Any]:
    """The schema of a line for a target with these fields. Without `fields`: for any target."""
    allowed = [field for field in OutwardField if field in set(fields)]
    values = {field.value: _or_null(_FIELDS[field]) for field in allowed}
    withheld = {"type": "array", "items": {"enum": [field.value for field in allowed]}, "minItems": 1}
    patron = {"patron": _PATRON, "version": _VERSION, "protected": _FLAG, "verified": _FLAG, "withheld": withheld}
    gone = {"patron": _PATRON, "version": _VERSION, "gone": {"const": True}}
    end = {"next": {"type": "string", "minLength": 1}, "more": _FLAG}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A line of the change feed",
        "oneOf": [
            _closed(patron | values, needed=("patron", "version", "protected"))
            | {"description": "A patron as the record is after the change. It replaces what was told before."},
            _closed(gone, needed=gone)
            | {"description": "The patron is not for this reader any more: delete what is kept of them."},
            _closed(end, needed=end)
            | {"description": "The last line of a page: where the next page begins, and whether to ask at once."},
        ],
    }
