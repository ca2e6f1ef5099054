"""Days and moments as people write them. The forms and the names of months are in the catalogue of words."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from cprsync.cli.language.words import word

if TYPE_CHECKING:
    from datetime import datetime

    from cprsync.cli.language.words import Language

#: The longest day in a column: `30. september 2027`.
DAY_WIDTH = 18
#: The longest moment in a column: `30. september 2027 kl. 06.30`.
TIME_WIDTH = 28


def heading(day: date, language: Language, *, capital: bool = True) -> str:
    """`Tirsdag 23. marts`, `Tuesday 23 March`."""
    weekday = word(f"weekday.{day.isoweekday()}", language)
    text = word("day_heading", language, weekday=weekday, day=day.day, month=_month(day, language))
    return text[0].upper() + text[1:] if capital else text


def day_text(text: str | None, language: Language) -> str:
    """The day of a document in words. A dash if there is none."""
    return "–" if text is None else long_day(date.fromisoformat(text), language)


def long_day(day: date, language: Language) -> str:
    """`23. marts 2027`, `23 March 2027`."""
    return word("day_long", language, day=day.day, month=_month(day, language), year=day.year)


def long_time(moment: datetime, language: Language) -> str:
    """`23. marts 2027 kl. 06.30`, `23 March 2027, 06:30`, without converting the time."""
    return word("day_time", language, day=long_day(moment.date(), language), moment=moment)


def _month(day: date, language: Language) -> str:
    return word(f"month.{day.month}", language)
