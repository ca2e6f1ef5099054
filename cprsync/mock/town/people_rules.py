"""What the fields of the people file may hold: one table of shapes, and the refusal that names a field.

Knows no rule between fields, and never quotes a value.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_DAY = r"\d{4}-\d\d-\d\d"
_KEY = r"[A-Z_]+"
_STATUS = "01|03|05|07|20|30|50|60|70|80|90"


def _text(length: int) -> str:
    return rf"[^\x00-\x1f]{{0,{length}}}"


#: By group and field: the shape of the value. Lengths are those of the change extract.
SHAPES: dict[str, dict[str, str]] = {
    "person": {
        "key": rf"{_KEY}",
        "number": r"[0-9]{10}",
        "status": _STATUS,
        "sex": "K|M",
        "born": _DAY,
        "why": _text(500),
        "status_since": rf"({_DAY})?",
        "disappeared": rf"({_DAY})?",
        "current": rf"({_KEY}|[0-9]{{10}})?",
        "spouse": rf"({_KEY})?",
        "mother": rf"({_KEY})?",
        "father": rf"({_KEY})?",
        "citizenship": r"(\d{4})?",
        "occupation": _text(34),
        "status_before": rf"({_STATUS})?",
        "no_end": rf"({_DAY})?",
    },
    "name": {
        "first": _text(50),
        "middle": _text(40),
        "last": _text(40),
        "addressing": _text(34),
        "first_mark": r"[+*=]?",
        "middle_mark": r"[+*=]?",
        "last_mark": r"[+*=]?",
        "since": rf"({_DAY})?",
    },
    "address": {
        "municipality": r"\d{4}",
        "street": r"(\d{4})?",
        "house": r"(\d{3}[A-ZÆØÅ]?)?",
        "floor": r"(\d\d|st|kl|k\d)?",
        "door": _text(4),
        "building": _text(4),
        "co": _text(34),
        "locality": _text(34),
        "town": _text(34),
        "postcode": r"(\d{4})?",
        "district": _text(20),
        "road": _text(20),
        "long_road": _text(40),
        "since": rf"({_DAY})?",
    },
    "abroad": {"country": r"5\d{3}", "left": _DAY},
    "contact": {"since": rf"({_DAY})?"},
}
_FLAGS = {"person": {"born_uncertain", "unborn", "taken_back"}}
_GROUPS = {"person": {"name", "address", "abroad", "contact"}}
_LINES = {"address": {"supplementary"}, "abroad": {"lines"}, "contact": {"lines"}}
_REQUIRED = {
    "person": {"key", "number", "status", "sex", "born"},
    "address": {"municipality"},
    "abroad": {"country", "left"},
}
_PROTECTIONS = frozenset({"0001", "0002", "0003", "0004", "0005"})
_LINES_MAX = 5


class PersonRefused(ValueError):
    """A person of the people file is not valid. Holds the person's key and the field's name."""

    def __init__(self, key: str, reason: str) -> None:
        shown = key if re.fullmatch(_KEY, key) else "?"
        super().__init__(f"{shown}: {reason}")


def refuse_unless(key: str, group: str, fields: Mapping[str, Any]) -> None:
    """Raise PersonRefused unless every field of the group is known and has its shape."""
    missing = _REQUIRED.get(group, set()) - set(fields)
    if missing:
        raise PersonRefused(key, f"{group} lacks {', '.join(sorted(missing))}")
    for name, value in fields.items():
        if not _fits(group, name, value):
            raise PersonRefused(key, f"{_field(group, name)} is unknown, too long or of another shape")


def _field(group: str, name: str) -> str:
    # A name outside the tables may be anything, so it is not repeated.
    known = {*SHAPES[group], *_FLAGS.get(group, ()), *_GROUPS.get(group, ()), *_LINES.get(group, ())}
    known |= {"protections", "next_numbers"}
    return f"{group} {name}" if name in known else f"a field of {group}"


def _fits(group: str, name: str, value: Any) -> bool:
    if name in SHAPES[group]:
        return _matches(SHAPES[group][name], value)
    if name in _FLAGS.get(group, ()):
        return isinstance(value, bool)
    if name in _GROUPS.get(group, ()):
        return value is None or isinstance(value, dict)
    if name in _LINES.get(group, ()):
        return _are_lines(value)
    return group == "person" and _fits_person(name, value)


def _fits_person(name: str, value: Any) -> bool:
    if name == "next_numbers":
        return isinstance(value, list | tuple) and all(_matches(r"[0-9]{10}", number) for number in value)
    if name == "protections":
        return isinstance(value, dict) and set(value) <= _PROTECTIONS and all(_matches(_DAY, d) for d in value.values())
    return False


def _are_lines(value: Any) -> bool:
    return isinstance(value, list | tuple) and len(value) <= _LINES_MAX and all(_matches(_text(34), v) for v in value)


def _matches(shape: str, value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(shape, value) is not None and _is_latin1(value)


def _is_latin1(text: str) -> bool:
    try:
        text.encode("iso-8859-1")
    except UnicodeEncodeError:
        return False
    # 0x80-0x9F would make the delivery look wrongly encoded.
    return not any("\x7f" <= character <= "\x9f" for character in text)
