"""Days as people write them: `2027-04-10`, `10.04.2027`, `10/4-2027`, `10. april 2027` or `10042027`.

A year of two digits may be of this century or of the last. Leaves out which one is meant: whoever asks knows that.
"""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Final

from cprsync.errors import WrongValue

if TYPE_CHECKING:
    from collections.abc import Iterator

#: A day within a text that holds more: in the plainest forms, and with a year of four digits, so that none is guessed.
TYPED_DAY: Final = r"(?:[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{1,2}\.[0-9]{1,2}\.[0-9]{4}|[0-9]{1,2}-[0-9]{1,2}-[0-9]{4})"
_ISO: Final = re.compile(r"(?<![0-9])(?P<year>[0-9]{4})-(?P<month>[0-9]{1,2})-(?P<day>[0-9]{1,2})(?![0-9])", re.ASCII)
_SIGNED: Final = re.compile(
    # also with another sign before the year, as in 27/10 1990 and 27/10-1990
    r"(?<![0-9])(?P<day>[0-9]{1,2})(?P<sign>[-./ ]|\. )(?P<month>[0-9]{1,2})(?:(?P=sign)|[- ])"
    r"(?P<year>[0-9]{4}|[0-9]{2})(?![0-9])",
    re.ASCII,
)
#: As pages and letters write it, in either language; a month may be shortened.
_WORDED: Final = re.compile(
    r"(?<![0-9])(?P<day>[0-9]{1,2})\.?\s*(?P<month>jan(?:uary?)?|feb(?:ruary?)?|mar(?:ts|ch)?|apr(?:il)?|ma[jy]|jun[ie]?"
    r"|jul[iy]?|aug(?:ust)?|sep(?:t|tember)?|o[kc]t(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b\.?\s*"
    r"(?P<year>[0-9]{4}|[0-9]{2})(?![0-9])",
    re.ASCII | re.IGNORECASE,
)
_JOINED: Final = re.compile(
    r"(?<![0-9])(?P<day>[0-9]{2})(?P<month>[0-9]{2})(?P<year>[0-9]{4}|[0-9]{2})(?![0-9])", re.ASCII
)
_FORMS: Final = (_ISO, _SIGNED, _WORDED, _JOINED)
_MONTHS: Final = {
    name: month
    for month, names in enumerate(
        ["jan", "feb", "mar", "apr", "maj/may", "jun", "jul", "aug", "sep", "okt/oct", "nov", "dec"], start=1
    )
    for name in names.split("/")
}


def find_day(text: str) -> tuple[tuple[date, ...], str] | None:
    """The days that the one date in a text may mean, and what else the text says. None: there is no date in it."""
    for form in _FORMS:
        if (found := form.search(text)) is not None:
            return tuple(_days(found)), f"{text[: found.start()]} {text[found.end() :]}"
    return None


def days_of(typed: str) -> tuple[date, ...]:
    """The days that a typed text may mean: one, or with a year of two digits two, that of this century first.

    Raises:
        ValueError: it is no day. The message does not quote it.
    """
    text = typed.strip()
    found = next((found for form in _FORMS if (found := form.fullmatch(text)) is not None), None)
    if found is None:
        raise WrongValue("not a day: expected 2027-04-10 or 10.04.2027")
    days = tuple(_days(found))
    if not days:
        raise WrongValue("there is no such day")
    return days


def day_of(typed: str) -> date:
    """The day that somebody typed. A year of two digits is of this century. Raises as `days_of`."""
    return days_of(typed)[0]


def plain_day(typed: str) -> str:
    """A typed day in the form of documents. What is no day stays as it is: whoever reads it on says what is wrong."""
    try:
        return day_of(typed).isoformat()
    except ValueError:
        return typed


def _days(found: re.Match[str]) -> Iterator[date]:
    year, month = found["year"], found["month"]
    number = int(month) if month.isdigit() else _MONTHS[month[:3].lower()]
    for full in (int(year),) if len(year) == len("1984") else (2000 + int(year), 1900 + int(year)):
        try:
            yield date(full, number, int(found["day"]))
        except ValueError:
            continue
