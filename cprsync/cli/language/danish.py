"""Error messages in Danish, found by the English sentence that is used where the error is raised.

The names in braces are the same in both languages. A test collects the English sentences from the code, so that none is
missing here.
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
#: Why a row is refused, by its English sentence.
_REFUSED: Final = {english: danish for danish, english in REASONS.values()}
_DAY: Final = re.compile(r"[12][0-9]{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])")
#: The names of values that hold a field's name.
_OF_FIELDS: Final = frozenset({"name", "field"})
DANISH: Final[Mapping[str, str]] = {**NIGHT, **REGISTER, **STORE, **PATRONS, **DESK, **NET_MEDIA, **SETTINGS, **USAGE}


def in_danish(told: Mapping[str, Any]) -> str:
    """The sentence of an error, as `told()` keeps it, with its values.

    A sentence without a translation stays English.
    """
    sentence: str = told["sentence"]
    values = {name: _named(name, value) for name, value in told["values"].items()}
    return DANISH.get(sentence, sentence).format(**values) if values else DANISH.get(sentence, sentence)


def _named(name: str, value: Any) -> str:
    """The value for a name in a sentence. A field gets the name that it has in a record."""
    if name in _OF_FIELDS and value in FIELD:
        return FIELD[value].name.da
    return _value(value)


def _day_in(value: str) -> date | None:
    """The day that a value means. None: it is no day, or an impossible one."""
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
    # the domain's messages about a typed value contain their limits
    unnumbered = _NUMBERS.sub("{}", value)
    if unnumbered in DANISH:
        return DANISH[unnumbered].format(*_NUMBERS.findall(value))
    found = ((pattern.fullmatch(value), danish) for pattern, danish in PATTERNS)
    return next((danish.replace("{}", "".join(match.groups())) for match, danish in found if match), str(value))
