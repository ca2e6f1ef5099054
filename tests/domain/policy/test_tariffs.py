"""Fee tables: a column without holes that never falls, typed as a page has it, and the tables of a library by date."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cprsync.domain.policy.tariff import STANDARD, Band, Bands, FeeRules, LoanDays, Moment, ShownBand, Tariff, bands_of
from cprsync.errors import OutOfOrder

PAGE = (ShownBand(1, 7, 20_00), ShownBand(8, 14, 60_00), ShownBand(15, None, 120_00))
FLAT = Bands((Band(1, 20_00),))


def test_a_column_is_typed_as_the_page_has_it() -> None:
    assert bands_of(PAGE) == Bands((Band(1, 20_00), Band(8, 60_00), Band(15, 120_00)))


@pytest.mark.parametrize(
    ("rows", "place", "why"),
    [
        ((ShownBand(2, None, 0),), 0, "a hole before this band: day 1 is missing"),
        ((ShownBand(1, 7, 0), ShownBand(9, None, 0)), 1, "a hole before this band: day 8 is missing"),
        ((ShownBand(1, 7, 0), ShownBand(7, None, 0)), 1, "overlaps the one before, which goes to day 7"),
        ((ShownBand(1, 7, 0), ShownBand(8, 3, 0), ShownBand(9, None, 0)), 1, "ends before it begins"),
        ((ShownBand(1, None, 0), ShownBand(8, None, 0)), 0, "no end, and one follows: write it as 1-7"),
        ((ShownBand(1, None, 0), ShownBand(1, None, 0)), 0, "no end, so that none may follow it"),
        ((ShownBand(1, 7, 0), ShownBand(8, 14, 0)), 1, "the last band may not end"),
        ((), 0, "the last band may not end"),
        ((ShownBand(1, 7, 20_00), ShownBand(8, None, 10_00)), 1, "a later day may not cost less"),
    ],
)
def test_a_page_is_refused_at_the_band_with_the_mistake(rows: tuple[ShownBand, ...], place: int, why: str) -> None:
    with pytest.raises(OutOfOrder, match=why) as caught:
        bands_of(rows)
    assert caught.value.place == (place,)


@pytest.mark.parametrize(
    ("bands", "why"),
    [
        ((), "begin on day 1"),
        ((Band(0, 0),), "begin on day 1"),
        ((Band(1, 0), Band(1, 5)), "on a later day"),
        ((Band(1, 5), Band(3, 4)), "may not cost less"),
    ],
)
def test_a_column_with_a_hole_or_a_step_backwards_is_no_column(bands: tuple[Band, ...], why: str) -> None:
    with pytest.raises(OutOfOrder, match=why):
        Bands(bands)


@pytest.mark.parametrize(
    ("child", "below", "why"),
    [(None, 18, "go together"), (FLAT, 0, "go together"), (FLAT, 151, "not an age"), (None, -1, "not an age")],
)
def test_a_column_for_children_needs_the_age_that_ends_it(child: Bands | None, below: int, why: str) -> None:
    with pytest.raises(OutOfOrder, match=why):
        Tariff(date(2000, 1, 1), FLAT, child, below)


@pytest.mark.parametrize(("age", "child"), [(0, True), (17, True), (18, False), (90, False), (None, False)])
def test_an_age_below_the_limit_is_a_childs_and_an_unknown_one_an_adults(age: int | None, *, child: bool) -> None:
    assert STANDARD.column(age) == (STANDARD.child if child else STANDARD.adult, child)


def test_without_a_column_for_children_all_pay_alike() -> None:
    assert Tariff(date(2000, 1, 1), FLAT).column(5) == (FLAT, False)


OLD, NEW = Tariff(date(2020, 1, 1), FLAT), Tariff(date(2027, 1, 1), FLAT)


@pytest.mark.parametrize("tariffs", [(NEW, OLD), (OLD, OLD)])
def test_tariffs_out_of_order_or_of_one_day_are_refused(tariffs: tuple[Tariff, ...]) -> None:
    with pytest.raises(OutOfOrder, match="in the order of their days") as caught:
        FeeRules(tariffs)
    assert caught.value.place == (1,)


@pytest.mark.parametrize(
    ("day", "tariff"),
    [(date(2019, 12, 31), None), (date(2020, 1, 1), OLD), (date(2026, 12, 31), OLD), (date(2027, 1, 1), NEW)],
)
def test_a_tariff_is_in_force_from_its_day_until_the_next_one(day: date, tariff: Tariff | None) -> None:
    assert FeeRules((OLD, NEW)).on(day) == tariff


def test_a_loan_that_was_never_renewed_was_renewed_when_it_was_borrowed() -> None:
    loaned, renewed, due, back = (date(2027, month, 1) for month in (1, 2, 3, 4))
    assert [LoanDays(loaned, due, renewed).day_of(moment, returned=back) for moment in Moment] == [
        loaned,
        renewed,
        due,
        back,
    ]
    assert LoanDays(loaned, due).day_of(Moment.RENEWAL, returned=back) == loaned


AMOUNTS = st.integers(0, 500_00)


@st.composite
def pages(draw: st.DrawFn) -> tuple[ShownBand, ...]:
    """Pages without a mistake."""
    starts = [1, *sorted(draw(st.sets(st.integers(2, 60), max_size=6)))]
    amounts = sorted(draw(st.lists(AMOUNTS, min_size=len(starts), max_size=len(starts))))
    lasts = [*(start - 1 for start in starts[1:]), None]
    return tuple(ShownBand(*row) for row in zip(starts, lasts, amounts, strict=True))


@given(pages())
def test_every_day_costs_what_its_band_says_and_no_day_less_than_the_one_before(rows: tuple[ShownBand, ...]) -> None:
    bands = bands_of(rows)
    owed = [bands.oere_at(day) for day in range(100)]
    assert owed == sorted(owed)
    assert owed[0] == 0
    assert owed[1:] == [
        next(row.oere for row in rows if row.first <= day and (row.last is None or day <= row.last))
        for day in range(1, 100)
    ]


@given(st.lists(st.tuples(st.integers(1, 40), st.none() | st.integers(1, 40), AMOUNTS), max_size=6))
def test_whatever_is_typed_is_refused_or_covers_every_day_once(typed: list[tuple[int, int | None, int]]) -> None:
    rows = [ShownBand(*row) for row in typed]
    try:
        bands_of(rows)
    except OutOfOrder:
        return
    for day in range(1, 100):
        assert sum(row.first <= day and (row.last is None or day <= row.last) for row in rows) == 1
