"""The register's working days, and which delivery a look-up speaks of (decision 1, "as of")."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import holidays
import pytest

from cprsync.domain.feed.delivery import (
    COPENHAGEN,
    is_holiday,
    is_working_day,
    last_loaded,
    working_day_before,
)


@pytest.mark.parametrize(
    "day",
    [
        date(2027, 3, 20),  # Saturday
        date(2027, 3, 21),  # Sunday
        date(2027, 3, 25),  # Maundy Thursday
        date(2027, 3, 26),  # Good Friday
        date(2027, 3, 29),  # Easter Monday
        date(2027, 5, 6),  # Ascension Day
        date(2027, 5, 17),  # Whit Monday
        date(2026, 6, 5),  # Constitution Day, a Friday
        date(2027, 12, 24),
        date(2026, 12, 25),
        date(2027, 12, 31),
        date(2027, 1, 1),
    ],
)
def test_no_delivery_is_made_on(day: date) -> None:
    assert not is_working_day(day)


@pytest.mark.parametrize(
    "day",
    [
        date(2027, 3, 22),  # an ordinary Monday
        date(2027, 3, 24),  # the day before Easter
        date(2027, 3, 30),  # the day after
        date(2024, 4, 26),  # Great Prayer Day was abolished from 2024 on
        date(2026, 5, 1),  # a day off for many, but no holiday
        date(2027, 5, 7),  # the day after Ascension Day
        date(2027, 12, 23),
        date(2027, 12, 27),
    ],
)
def test_a_delivery_is_made_on(day: date) -> None:
    assert is_working_day(day)


@pytest.mark.parametrize(
    ("day", "before"),
    [
        (date(2027, 3, 23), date(2027, 3, 22)),
        (date(2027, 3, 22), date(2027, 3, 19)),
        (date(2027, 3, 21), date(2027, 3, 19)),
        (date(2027, 3, 30), date(2027, 3, 24)),
        (date(2027, 1, 4), date(2026, 12, 30)),
        (date(2026, 12, 28), date(2026, 12, 23)),
    ],
)
def test_the_working_day_before_passes_over_weekends_and_holidays(day: date, before: date) -> None:
    assert working_day_before(day) == before


def test_every_public_holiday_of_a_century_is_known() -> None:
    """Most days are told without the library of holidays: Easter moves, but not into summer."""
    century = holidays.country_holidays("DK", categories=("public",), years=range(2000, 2101))
    assert [day for day in century if not is_holiday(day)] == []


def test_no_stretch_of_a_decade_is_without_a_working_day() -> None:
    days = [date(2025, 1, 1) + timedelta(days=n) for n in range(3653)]
    assert max((day - working_day_before(day)).days for day in days) <= 6


@pytest.mark.parametrize(
    ("now", "loaded"),
    [
        # winter: 06:00 in Copenhagen is 05:00 UTC
        (datetime(2027, 1, 12, 4, 59, 59, tzinfo=UTC), date(2027, 1, 8)),
        (datetime(2027, 1, 12, 5, 0, tzinfo=UTC), date(2027, 1, 11)),
        (datetime(2027, 1, 12, 22, 59, tzinfo=UTC), date(2027, 1, 11)),
        # midnight in Copenhagen begins no new delivery
        (datetime(2027, 1, 12, 23, 30, tzinfo=UTC), date(2027, 1, 11)),
        # summer: 04:00 UTC
        (datetime(2027, 7, 6, 3, 59, 59, tzinfo=UTC), date(2027, 7, 2)),
        (datetime(2027, 7, 6, 4, 0, tzinfo=UTC), date(2027, 7, 5)),
        # the zone of the clock does not matter
        (datetime(2027, 7, 6, 5, 59, tzinfo=COPENHAGEN), date(2027, 7, 2)),
        (datetime(2027, 7, 6, 6, 0, tzinfo=COPENHAGEN), date(2027, 7, 5)),
        # Friday's is loaded on Saturday and lasts until Tuesday morning
        (datetime(2027, 1, 9, 4, 59, tzinfo=UTC), date(2027, 1, 7)),
        (datetime(2027, 1, 9, 5, 0, tzinfo=UTC), date(2027, 1, 8)),
        (datetime(2027, 1, 11, 20, 0, tzinfo=UTC), date(2027, 1, 8)),
        # over Easter 2027 and the change to summer time within it
        (datetime(2027, 3, 25, 4, 59, tzinfo=UTC), date(2027, 3, 23)),
        (datetime(2027, 3, 25, 5, 0, tzinfo=UTC), date(2027, 3, 24)),
        (datetime(2027, 3, 28, 4, 0, tzinfo=UTC), date(2027, 3, 24)),
        (datetime(2027, 3, 31, 3, 59, tzinfo=UTC), date(2027, 3, 24)),
        (datetime(2027, 3, 31, 4, 0, tzinfo=UTC), date(2027, 3, 30)),
    ],
)
def test_a_look_up_speaks_of_the_last_delivery_whose_load_hour_has_passed(now: datetime, loaded: date) -> None:
    """A delivery dated D is loaded by 06:00 in Copenhagen on the next day."""
    assert last_loaded(now) == loaded


def test_a_library_whose_platform_loads_later_has_an_hour_of_its_own() -> None:
    half_past_eight = datetime(2027, 7, 6, 6, 30, tzinfo=UTC)
    assert last_loaded(half_past_eight, time(8, 30)) == date(2027, 7, 5)
    assert last_loaded(half_past_eight, time(8, 31)) == date(2027, 7, 2)
