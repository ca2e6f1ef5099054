"""The JSON Schema of the lines that a reader gets: every key is named, and no other is allowed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cprsync.domain.outward.lines import PARTS
from cprsync.domain.outward.record import OutwardField

if TYPE_CHECKING:
    from collections.abc import Iterable

_TEXT: Final = {"type": "string"}
_TEXTS: Final = {"type": "array", "items": _TEXT}
_FLAG: Final = {"type": "boolean"}
_DAY: Final = {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}
_PATRON: Final = {"type": "string", "pattern": "^[0-9]{8}$"}
_VERSION: Final = {"type": "integer", "minimum": 1}


def _closed(properties: dict[str, Any], *, needed: Iterable[str] = ()) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": sorted(needed),
        "additionalProperties": False,
    }


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [schema, {"type": "null"}]}


def _texts_of(field: OutwardField, **others: Any) -> dict[str, Any]:
    properties = dict.fromkeys(PARTS[field], _TEXT) | others
    return _closed(properties, needed=properties)


_BLOCK: Final = _closed({"since": _DAY, "reason": _TEXT}, needed=("since", "reason"))
_FIELDS: Final[dict[OutwardField, dict[str, Any]]] = {
    OutwardField.NUMBER: {"type": "string", "pattern": "^[0-9]{10}$"},
    OutwardField.NAME: _texts_of(OutwardField.NAME),
    OutwardField.BIRTH_DATE: _DAY,
    OutwardField.ADDRESS: _texts_of(OutwardField.ADDRESS, lines=_TEXTS, supplementary=_TEXTS, current=_FLAG),
    OutwardField.ABROAD: _closed({"country": _TEXT, "lines": _TEXTS}, needed=("lines",)),
    OutwardField.CONTACT_ADDRESS: _TEXTS,
    OutwardField.MUNICIPALITY: {"type": "string", "pattern": "^[0-9]{4}$"},
    OutwardField.STATUS: _TEXT,
    OutwardField.GROUP: _TEXT,
    OutwardField.BRANCH: _TEXT,
    OutwardField.LANGUAGE: _TEXT,
    OutwardField.TELEPHONES: _TEXTS,
    OutwardField.EMAILS: _TEXTS,
    OutwardField.CARDS: _TEXTS,
    OutwardField.BLOCKS: {"type": "array", "items": _BLOCK},
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
