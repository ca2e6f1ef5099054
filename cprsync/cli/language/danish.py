"""Error messages in Danish, found by the English sentence that is used where the error is raised.

The names in braces are the same in both languages. A test collects the English sentences from the code, so that none is
missing here.
"""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from cprsync.cli.language.dates import long_day
from cprsync.cli.language.words import find_text
from cprsync.domain.patron.fields import FIELD

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cprsync.cli.language.words import Language
    from cprsync.errors import CprsyncError

_DAY: Final = re.compile(r"[12][0-9]{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])")
#: How fields are shown, by the name of a value that holds one key or several.
_FIELDS: Final[Mapping[str, str]] = {
    "name": "{name}",
    "field": "{name}",
    "columns": "{name}",
    # the key is what is typed
    "fields": "{name} ({key})",
}


def error_text(error: CprsyncError, language: Language) -> str:
    """The sentence of an error, with its values."""
    return in_danish(error.document()) if language == "da" else error.message


def in_danish(told: Mapping[str, Any]) -> str:
    """The sentence of an error in Danish, with its values. `told`: what `CprsyncError.document` gives.

    A sentence without a translation stays English.
    """
    if "da" in told:
        return str(told["da"])
    sentence: str = told["sentence"]
    values = {name: _named(name, value) for name, value in told["values"].items()}
    said = find_text("errors", sentence, "da") or told.get("message", sentence)
    return said.format(**values) if values else said


def _named(name: str, value: Any) -> str:
    """The value for a name in a sentence. A field gets the name that it has in a record."""
    if isinstance(value, dict):
        return in_danish(value)
    if name in _FIELDS:
        return ", ".join(_field(key, _FIELDS[name]) for key in str(value).split(", "))
    return _value(value)


def _field(key: str, form: str) -> str:
    return form.format(name=FIELD[key].name.da, key=key) if key in FIELD else _value(key)


def _value(value: str) -> str:
    if _DAY.fullmatch(value):
        try:
            return long_day(date.fromisoformat(value), "da")
        except ValueError:  # no such day
            return value
    return find_text("errors", value, "da") or value
