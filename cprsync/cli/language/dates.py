"""Days as people write them, in Danish and English."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from cprsync.cli.language.words import Language

#: The longest day in a column: `30. september 2027`.
DAY_WIDTH = 18
#: The longest moment in a column: `30. september 2027 kl. 06.30`.
TIME_WIDTH = 28
DAYS: dict[Language, tuple[str, ...]] = {
    "da": ("mandag", "tirsdag", "onsdag", "torsdag", "fredag", "lørdag", "søndag"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}
# fmt: off
MONTHS: dict[Language, tuple[str, ...]] = {
    "da": ("januar", "februar", "marts", "april", "maj", "juni",
           "juli", "august", "september", "oktober", "november", "december"),
    "en": ("January", "February", "March", "April", "May", "June",
           "July", "August", "September", "October", "November", "December"),
}
# fmt: on


def heading(day: date, language: Language, *, capital: bool = True) -> str:
    """`Tirsdag 23. marts`, `Tuesday 23 March`."""
    dot = "." if language == "da" else ""
    text = f"{DAYS[language][day.weekday()]} {day.day}{dot} {MONTHS[language][day.month - 1]}"
    return text[0].upper() + text[1:] if capital else text


def told_day(text: str | None, language: Language) -> str:
    """The day of a document in words. A dash if there is none."""
    return "–" if text is None else long_day(date.fromisoformat(text), language)


def long_day(day: date, language: Language) -> str:
    """`23. marts 2027`, `23 March 2027`."""
    dot = "." if language == "da" else ""
    return f"{day.day}{dot} {MONTHS[language][day.month - 1]} {day.year}"


def long_time(moment: datetime, language: Language) -> str:
    """`23. marts 2027 kl. 06.30`, `23 March 2027, 06:30`, without converting the time."""
    clock = f" kl. {moment:%H.%M}" if language == "da" else f", {moment:%H:%M}"
    return long_day(moment.date(), language) + clock
