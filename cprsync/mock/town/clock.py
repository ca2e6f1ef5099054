"""The register's calendar: its working days, and the offset Copenhagen had on a day.

Holds no state: the day the register stands on is in `register`.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import holidays

COPENHAGEN = ZoneInfo("Europe/Copenhagen")
#: The hour at which a night has ended: the delivery lies in the folder and look-ups answer from it.
MORNING = time(6, 30)
_SATURDAY = 5
_DANISH = holidays.country_holidays("DK", categories=("public",))
#: Not public holidays, but days on which no delivery is made: 5 June, 24 and 31 December.
_CLOSED = frozenset({(6, 5), (12, 24), (12, 31)})


def is_working_day(day: date) -> bool:
    """True when a delivery is made for `day`."""
    return day.weekday() < _SATURDAY and (day.month, day.day) not in _CLOSED and day not in _DANISH


def next_working_day(day: date) -> date:
    """`day` itself if it is one, else the first after it."""
    while not is_working_day(day):
        day += timedelta(days=1)
    return day


def working_day_before(day: date) -> date:
    """The last one before `day`."""
    day -= timedelta(days=1)
    while not is_working_day(day):
        day -= timedelta(days=1)
    return day


def offset_on(day: date) -> str:
    """The offset of Copenhagen at the day's midnight, such as `+01:00`.

    Local mean time before 1894 was +00:50:20, which no xs:date can say: +01:00 then.
    """
    offset = datetime.combine(day, time(), tzinfo=COPENHAGEN).utcoffset()
    minutes, seconds = divmod(0 if offset is None else int(offset.total_seconds()), 60)
    return "+01:00" if seconds else f"+{minutes // 60:02}:{minutes % 60:02}"
