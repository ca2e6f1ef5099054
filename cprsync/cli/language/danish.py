"""What errors say, in Danish: by the English sentence that stands where they are raised.

The values in braces are the same in both. A test reads the sentences from where they stand, so that none is left out.
"""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from cprsync.cli.language.dates import long_day
from cprsync.cli.texts.danish.desk import DESK
from cprsync.cli.texts.danish.netmedia import NET_MEDIA
from cprsync.cli.texts.danish.night import NIGHT
from cprsync.cli.texts.danish.patrons import PATRONS
from cprsync.cli.texts.danish.register import REGISTER
from cprsync.cli.texts.danish.settings import PATTERNS, SETTINGS
from cprsync.cli.texts.danish.store import STORE
from cprsync.cli.texts.danish.usage import USAGE
from cprsync.domain.patron.fields import FIELD
from cprsync.services.imports.refused import REASONS

if TYPE_CHECKING:
    from collections.abc import Mapping

_NUMBERS: Final = re.compile(r"[0-9]+")
#: Why a row is not taken, by its English sentence.
_REFUSED: Final = {english: danish for danish, english in REASONS.values()}
_DAY: Final = re.compile(r"[12][0-9]{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])")
#: What a sentence calls the name of a field.
_OF_FIELDS: Final = frozenset({"name", "field"})
DANISH: Final[Mapping[str, str]] = {**NIGHT, **REGISTER, **STORE, **PATRONS, **DESK, **NET_MEDIA, **SETTINGS, **USAGE}


def in_danish(told: Mapping[str, Any]) -> str:
    """The sentence of an error as `told()` keeps it, with its values; one that has no words here stays English."""
    sentence: str = told["sentence"]
    values = {name: _named(name, value) for name, value in told["values"].items()}
    return DANISH.get(sentence, sentence).format(**values) if values else DANISH.get(sentence, sentence)


def _named(name: str, value: Any) -> str:
    """The value that stands under a name in a sentence: a field is called as a record calls it."""
    if name in _OF_FIELDS and value in FIELD:
        return FIELD[value].name.da
    return _value(value)


def _day_in(value: str) -> date | None:
    """The day that a value is; None: it is none, or no such day."""
    if not _DAY.fullmatch(value):
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return in_danish(value)
    if (day := _day_in(value)) is not None:
        return long_day(day, "da")
    if value in DANISH:
        return DANISH[value]
    if value in _REFUSED:
        return _REFUSED[value]
    # what the domain says of a typed value has its limits in it
    unnumbered = _NUMBERS.sub("{}", value)
    if unnumbered in DANISH:
        return DANISH[unnumbered].format(*_NUMBERS.findall(value))
    found = ((pattern.fullmatch(value), danish) for pattern, danish in PATTERNS)
    return next((danish.replace("{}", "".join(match.groups())) for match, danish in found if match), str(value))
