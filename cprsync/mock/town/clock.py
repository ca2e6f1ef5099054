"""The register's calendar: its working days, and Copenhagen's offset on a day.

Holds no state: the register's present day is in `register`.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import holidays

COPENHAGEN = ZoneInfo("Europe/Copenhagen")
#: The time when a night has ended: the delivery is in the folder, and look-ups answer from it.
MORNING = time(6, 30)
_SATURDAY = 5
_DANISH = holidays.country_holidays("DK", categories=("public",))
#: Not public holidays, but no delivery is made: 5 June, 24 and 31 December.
_CLOSED = frozenset({(6, 5), (12, 24), (12, 31)})


def is_working_day(day: date) -> bool:
    """Whether a delivery is made for `day`."""
    return day.weekday() < _SATURDAY and (day.month, day.day) not in _CLOSED and day not in _DANISH


def next_working_day(day: date) -> date:
    """`day` itself if it is a working day, or else the first one after it."""
    while not is_working_day(day):
        day += timedelta(days=1)
    return day


def working_day_before(day: date) -> date:
    """The last working day before `day`."""
    day -= timedelta(days=1)
    while not is_working_day(day):
        day -= timedelta(days=1)
    return day


def offset_on(day: date) -> str:
    """Copenhagen's offset at the day's midnight, such as `+01:00`.

    Before 1894 local mean time was +00:50:20, which xs:date cannot express: then it is +01:00.
    """
    offset = datetime.combine(day, time(), tzinfo=COPENHAGEN).utcoffset()
    minutes, seconds = divmod(0 if offset is None else int(offset.total_seconds()), 60)
    return "+01:00" if seconds else f"+{minutes // 60:02}:{minutes % 60:02}"
