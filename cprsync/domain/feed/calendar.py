"""The days of the deliveries, one by one: which day has one, what became of it, and how late it came.

Tells the past and the day at hand. What is late enough for an alarm is told by `status`.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from cprsync.domain.feed.delivery import COPENHAGEN, SATURDAY, is_holiday, is_working_day

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime


class DayKind(enum.Enum):
    """Whether CPR produces a delivery dated so, and why not."""

    WORKING = "working"
    WEEKEND = "weekend"
    HOLIDAY = "holiday"
    #: no holiday, but CPR is closed by custom
    CLOSED = "closed"


class DeliveryFate(enum.Enum):
    """What became of a day's delivery."""

    #: a run has taken it
    TAKEN = "taken"
    #: it came, and no run could take it
    STOPPED = "stopped"
    #: it was never taken, although a later one was
    GAP = "gap"
    #: it should have been loaded by now
    MISSING = "missing"
    #: it is expected, and its hour has not come
    EXPECTED = "expected"
    #: none is produced on that day, the day is still to come, or the library had no deliveries yet
    NONE = "none"


@dataclass(frozen=True, slots=True)
class ReceivedDelivery:
    """A delivery that has come."""

    produced: date
    sealed: datetime
    #: how many persons it tells of
    persons: int
    #: False: no run could take it
    taken: bool


@dataclass(frozen=True, slots=True)
class DeliveryDay:
    """One day of the calendar."""

    day: date
    kind: DayKind
    fate: DeliveryFate
    #: how many mornings after the expected one the delivery came; 0: on time, or it has not come
    days_late: int = 0
    persons: int = 0


def kind_of(day: date) -> DayKind:
    """What kind of day it is. A holiday on a weekend is told as a holiday."""
    if is_working_day(day):
        return DayKind.WORKING
    if is_holiday(day):
        return DayKind.HOLIDAY
    return DayKind.WEEKEND if day.weekday() >= SATURDAY else DayKind.CLOSED


def list_days(
    span: tuple[date, date],
    arrivals: Iterable[ReceivedDelivery],
    *,
    chain: tuple[date, date] | None,
    today: date,
    loaded: date,
) -> Iterator[DeliveryDay]:
    """Yield each day from the first to the last of `span`.

    Args:
        span: the first day and the last.
        arrivals: the deliveries of these days. Of several of a day, one that was taken counts, or else the last.
        chain: the production dates of the first and the last delivery that was taken; None: there is none.
        today: the present day.
        loaded: the production date of the last delivery that the register has loaded by now.
    """
    by_day: dict[date, ReceivedDelivery] = {}
    for one in arrivals:
        known = by_day.get(one.produced)
        if known is None or not known.taken:
            by_day[one.produced] = one
    first, last = span
    for count in range((last - first).days + 1):
        day = first + timedelta(days=count)
        if (arrival := by_day.get(day)) is not None:
            yield _came(day, arrival)
        else:
            kind = kind_of(day)
            yield DeliveryDay(day, kind, _fate_without(day, kind, chain, today=today, loaded=loaded))


def _came(day: date, arrival: ReceivedDelivery) -> DeliveryDay:
    kind = kind_of(day)
    if not arrival.taken:
        return DeliveryDay(day, kind, DeliveryFate.STOPPED)
    came = arrival.sealed.astimezone(COPENHAGEN).date()
    late = (came - day).days - 1
    return DeliveryDay(day, kind, DeliveryFate.TAKEN, days_late=max(late, 0), persons=arrival.persons)


def _fate_without(
    day: date, kind: DayKind, chain: tuple[date, date] | None, *, today: date, loaded: date
) -> DeliveryFate:
    """What is said of a day whose delivery has not come."""
    if kind is not DayKind.WORKING or chain is None or day < chain[0]:
        return DeliveryFate.NONE
    if day < chain[1]:
        return DeliveryFate.GAP
    if day <= loaded:
        return DeliveryFate.MISSING
    return DeliveryFate.EXPECTED if day <= today else DeliveryFate.NONE
