"""Working days as the register counts them: which days have a delivery, and when it is due."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import holidays

COPENHAGEN = ZoneInfo("Europe/Copenhagen")
SATURDAY = 5
#: A delivery dated D is loaded by this hour of the next day (decision 1).
LOAD_HOUR = time(6, 0)
#: A number that is subscribed by this hour of a working day is in that day's delivery. The customer centre takes job
#: orders until 12:00; later ones may be in the next delivery only.
CLOSING_HOUR = time(12, 0)
#: No run of days without a delivery in Denmark is nearly as long as this.
_LOOK_BACK_DAYS = 14

_HOLIDAYS = holidays.country_holidays("DK", categories=("public",))
#: Not public holidays, but no files are produced on 5 June, 24 and 31 December. On 1 May they are.
_CLOSED = frozenset({(6, 5), (12, 24), (12, 31)})


def is_working_day(day: date) -> bool:
    """True if CPR produces a delivery dated `day`: no weekend, no Danish holiday, and no day closed by custom."""
    return day.weekday() < SATURDAY and (day.month, day.day) not in _CLOSED and day not in _HOLIDAYS


def working_day_before(day: date) -> date:
    """The last working day before `day`."""
    for back in range(1, _LOOK_BACK_DAYS):
        earlier = day - timedelta(days=back)
        if is_working_day(earlier):
            return earlier
    raise AssertionError("no working day within two weeks")  # pragma: no cover -- no calendar has such weeks


def last_loaded(now: datetime) -> date:
    """The production date of the last expected delivery whose load hour has passed at `now` (aware)."""
    local = now.astimezone(COPENHAGEN)
    day = local.date() if local.time() >= LOAD_HOUR else local.date() - timedelta(days=1)
    return working_day_before(day)


def last_closed(now: datetime) -> date:
    """The production date of the last expected delivery that a subscription at `now` (aware) is too late for."""
    local = now.astimezone(COPENHAGEN)
    day = local.date() + timedelta(days=1) if local.time() >= CLOSING_HOUR else local.date()
    return working_day_before(day)
