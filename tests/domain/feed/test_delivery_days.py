"""The calendar of deliveries: each day's kind, and what became of the delivery that it should have."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from cprsync.domain.feed.calendar import DayKind, DeliveryDay, DeliveryFate, ReceivedDelivery, kind_of, list_days
from cprsync.domain.feed.delivery import COPENHAGEN, last_loaded

if TYPE_CHECKING:
    from collections.abc import Iterable

#: A Monday; Thursday to the next Monday are Easter and a weekend.
MONDAY = date(2027, 3, 22)
CHAIN = (MONDAY, MONDAY + timedelta(days=2))
#: Wednesday's delivery was due at six this morning.
THURSDAY = datetime(2027, 3, 25, 6, 30, tzinfo=UTC)


def arrives(produced: date, *, mornings: int = 1, taken: bool = True) -> ReceivedDelivery:
    sealed = datetime(produced.year, produced.month, produced.day, 5, 30, tzinfo=UTC) + timedelta(days=mornings)
    return ReceivedDelivery(produced, sealed, persons=3, taken=taken)


def fate(
    day: date,
    *arrivals: ReceivedDelivery,
    chain: tuple[date, date] | None = CHAIN,
    now: datetime = THURSDAY,
) -> DeliveryFate:
    return told(day, arrivals, chain=chain, now=now).fate


def told(
    day: date,
    arrivals: Iterable[ReceivedDelivery],
    *,
    chain: tuple[date, date] | None = CHAIN,
    now: datetime = THURSDAY,
) -> DeliveryDay:
    (one,) = list_days(
        (day, day), arrivals, chain=chain, today=now.astimezone(COPENHAGEN).date(), loaded=last_loaded(now)
    )
    return one


@pytest.mark.parametrize(
    ("day", "kind"),
    [
        (MONDAY, DayKind.WORKING),
        (date(2027, 3, 25), DayKind.HOLIDAY),
        (date(2027, 3, 27), DayKind.WEEKEND),
        (date(2027, 3, 28), DayKind.HOLIDAY),  # Easter Sunday
        (date(2026, 6, 5), DayKind.CLOSED),
    ],
)
def test_each_day_is_of_one_kind(day: date, kind: DayKind) -> None:
    assert kind_of(day) is kind


def test_every_day_of_a_span_is_told_in_order() -> None:
    days = [one.day for one in list_days((MONDAY, date(2027, 4, 1)), (), chain=None, today=MONDAY, loaded=MONDAY)]
    assert days == [MONDAY + timedelta(days=count) for count in range(11)]


def test_a_delivery_that_came_the_next_morning_is_on_time() -> None:
    one = told(MONDAY, [arrives(MONDAY)])
    assert (one.fate, one.days_late, one.persons) == (DeliveryFate.TAKEN, 0, 3)


@pytest.mark.parametrize(("mornings", "late"), [(2, 1), (4, 3), (0, 0)])
def test_a_later_morning_counts_as_late(mornings: int, late: int) -> None:
    """A mock, and a clock that is set back, may take a delivery on its own day."""
    one = told(MONDAY, [arrives(MONDAY, mornings=mornings)])
    assert one.days_late == late


def test_a_delivery_that_no_run_could_take_stops_until_one_is_taken() -> None:
    stopped, taken = arrives(MONDAY, taken=False), arrives(MONDAY, mornings=2)
    assert fate(MONDAY, stopped) is DeliveryFate.STOPPED
    assert fate(MONDAY, stopped, taken) is DeliveryFate.TAKEN
    assert fate(MONDAY, taken, stopped) is DeliveryFate.TAKEN


def test_a_working_day_before_the_last_delivery_without_one_of_its_own_is_a_gap() -> None:
    assert fate(MONDAY + timedelta(days=1)) is DeliveryFate.GAP


def test_a_delivery_is_missing_from_its_load_hour_on() -> None:
    """In Copenhagen it is six at five o'clock UTC in March, before summer time."""
    chain, wednesday = (MONDAY, MONDAY), date(2027, 3, 24)
    assert fate(wednesday, chain=chain, now=datetime(2027, 3, 25, 4, 59, tzinfo=UTC)) is DeliveryFate.EXPECTED
    assert fate(wednesday, chain=chain, now=datetime(2027, 3, 25, 5, 0, tzinfo=UTC)) is DeliveryFate.MISSING


@pytest.mark.parametrize("day", [date(2027, 3, 26), date(2027, 3, 27), date(2027, 3, 30), date(2027, 3, 19)])
def test_nothing_is_expected_on_a_day_off_on_a_day_to_come_and_before_the_first_delivery(day: date) -> None:
    assert fate(day) is DeliveryFate.NONE


def test_without_any_delivery_nothing_is_missing_yet() -> None:
    assert fate(MONDAY, chain=None) is DeliveryFate.NONE
