"""Patrons counted, and no number shown from which one under five can be computed."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cprsync.domain.pages.statistics import ALL, BANDS, LEAST_SHOWN, UNKNOWN, Cell, Counted, band_of, count
from cprsync.domain.person.age import LeapDay

DAY = date(2027, 3, 20)


def people(*numbers: tuple[str, str, str, int]) -> list[Cell]:
    return [(municipality, band, group) for municipality, band, group, times in numbers for _ in range(times)]


def lines(counted: Counted) -> dict[tuple[int, Cell], list[Cell]]:
    """Every line, with its cells: computed here in another way than there."""
    found: dict[tuple[int, Cell], list[Cell]] = defaultdict(list)
    for cell in counted.counts:
        for place in range(3):
            along = (*cell[:place], ALL, *cell[place + 1 :])
            found[place, along].append(cell)  # type: ignore[index]  # three of them
    return found


@pytest.mark.parametrize(
    ("born", "band"),
    [
        (date(2027, 3, 20), "0-6"),
        (date(2020, 3, 21), "0-6"),
        (date(2020, 3, 20), "7-13"),
        (date(2009, 3, 21), "14-17"),
        (date(2009, 3, 20), "18-24"),
        (date(1952, 3, 20), "75+"),
        (date(2028, 1, 1), "0-6"),
        (None, UNKNOWN),
    ],
)
def test_a_band_is_of_whole_years_on_the_day(born: date | None, band: str) -> None:
    assert band_of(born, DAY, LeapDay.MARCH) == band


def test_the_bands_are_told_from_the_youngest_and_those_of_no_known_age_last() -> None:
    assert BANDS == ("0-6", "7-13", "14-17", "18-24", "25-39", "40-59", "60-74", "75+", "")


def test_everyone_is_counted_once_and_in_each_total() -> None:
    counted = count(people(("0751", "0-6", "Barn", 20), ("0751", "18-24", "Voksen", 30), ("0101", "0-6", "Barn", 8)))
    assert counted.hidden == frozenset()
    assert counted.shown((ALL, ALL, ALL)) == 58
    assert counted.shown(("0751", ALL, ALL)) == 50
    assert counted.shown((ALL, "0-6", "Barn")) == 28
    assert counted.shown(("0101", "18-24", "Voksen")) == 0
    assert [counted.along(place) for place in range(3)] == [["0101", "0751"], ["0-6", "18-24"], ["Barn", "Voksen"]]


def test_a_number_under_five_is_left_out_and_five_is_shown() -> None:
    assert count(people(("0751", "0-6", "Barn", 4))).shown((ALL, ALL, ALL)) is None
    assert count(people(("0751", "0-6", "Barn", 5))).shown(("0751", "0-6", "Barn")) == 5


def test_what_a_number_could_be_computed_from_is_left_out_too() -> None:
    counted = count(people(("0751", "0-6", "Barn", 4), ("0751", "7-13", "Barn", 9), ("0751", "14-17", "Barn", 40)))
    assert counted.shown(("0751", "7-13", "Barn")) is None
    assert counted.shown(("0751", "14-17", "Barn")) == 40
    assert counted.shown(("0751", ALL, "Barn")) == 53


def test_two_that_together_are_under_five_take_a_third() -> None:
    one = people(("0751", "0-6", "B", 1), ("0751", "7-13", "B", 1), ("0751", "14-17", "B", 9), ("0751", "75+", "B", 70))
    counted = count(one)
    assert counted.shown(("0751", "14-17", "B")) is None
    assert counted.shown(("0751", "75+", "B")) == 70


def test_a_small_one_with_nothing_beside_it_takes_its_total() -> None:
    counted = count(people(("0751", "0-6", "Barn", 50), ("0751", "7-13", "Barn", 3)))
    assert counted.shown(("0751", "0-6", "Barn")) is None
    assert counted.shown((ALL, ALL, ALL)) == 53


_CELLS = st.tuples(st.sampled_from("ABC"), st.sampled_from(BANDS[:3]), st.sampled_from("xyz"))


@given(st.dictionaries(_CELLS, st.integers(1, 12)))
def test_no_line_gives_a_small_number_away(numbers: dict[Cell, int]) -> None:
    """Of no line one number alone is missing, or parts beside a total that are under five together."""
    counted = count(Counter(numbers).elements())
    assert all(counted.counts[cell] >= LEAST_SHOWN for cell in counted.counts if cell not in counted.hidden)
    for (_, total), cells in lines(counted).items():
        missing = [cell for cell in cells if counted.shown(cell) is None]
        assert len(missing) != 1
        if missing and total not in missing:
            assert sum(counted.counts[cell] for cell in missing) >= LEAST_SHOWN
    assert counted.counts == count(Counter(numbers).elements()).counts
