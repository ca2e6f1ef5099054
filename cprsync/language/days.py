"""Names of days and months as people say them, without a date."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

from cprsync.language.words import has_word, word

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from cprsync.catalogues import Language

_LOCALES: Final[Mapping[Language, str]] = {"da": "da", "en": "en_US"}


def month_name(day: date, language: Language) -> str:
    """`Marts 2027`, `March 2027`."""
    text = f"{word(f'month.{day.month}', language)} {day.year}"
    return text[0].upper() + text[1:]


def free_day_name(day: date, language: Language) -> str:
    """What a public holiday is called, or a day on which CPR is closed by custom. "": it is neither."""
    named: str = _holidays(language).get(day, "")
    closed = f"closed_{day.month}_{day.day}"
    return named or (word(closed, language) if has_word(closed) else "")


@cache
def _holidays(language: Language) -> Mapping[date, str]:
    """The public holidays, loaded when first asked for: that takes longer than a page."""
    import holidays

    return holidays.country_holidays("DK", categories=("public",), language=_LOCALES[language])
