"""What a library charges for late loans: dated tables, and the days that choose the table.

Money is whole øre. Leaves out collection charges, compensation, and the days on which the library is closed.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

from cprsync.domain.person.age import AGE_MAX
from cprsync.errors import OutOfOrder

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def check_days(days: Sequence[date], message: str) -> None:
    """Checks that the days rise. Raises OutOfOrder at the first day that is not later than the one before."""
    for position in range(1, len(days)):
        if days[position] <= days[position - 1]:
            raise OutOfOrder(message, position)


@dataclass(frozen=True, slots=True)
class Band:
    """The fee from `from_day` days late on, until the next band begins."""

    from_day: int
    oere: int


@dataclass(frozen=True, slots=True)
class Bands:
    """One column of a table. It begins on the first day late, and a later day never costs less."""

    bands: tuple[Band, ...]

    def __post_init__(self) -> None:
        if not self.bands or self.bands[0].from_day != 1:
            raise OutOfOrder("the first band has to begin on day 1: otherwise there is a hole before it", 0)
        for position, band in enumerate(self.bands[1:], start=1):
            before = self.bands[position - 1]
            if band.from_day <= before.from_day:
                raise OutOfOrder("each band has to begin on a later day than the one before", position)
            if band.oere < before.oere:
                raise OutOfOrder("a later day may not cost less than an earlier one", position)

    def oere_at(self, days_late: int) -> int:
        """The amount; 0 for a loan that is not late."""
        return next((band.oere for band in reversed(self.bands) if band.from_day <= days_late), 0)


@dataclass(frozen=True, slots=True)
class ShownBand:
    """A band as a page shows it, `8-14 days`. `last` None: and all later days."""

    first: int
    last: int | None
    oere: int


def bands_of(rows: Iterable[ShownBand]) -> Bands:
    """The column for bands with a first and a last day.

    Raises OutOfOrder for a hole, an overlap, a step backwards, or an end on the last band. It is also raised if a band
    without an end is not the last one.
    """
    bands: list[Band] = []
    last: int | None = 0
    for position, row in enumerate(rows):
        if last is None and row.first > bands[-1].from_day:
            raise OutOfOrder(
                "this band has no end, and one follows: write it as {first}-{last}",
                position - 1,
                first=bands[-1].from_day,
                last=row.first - 1,
            )
        if last is None:
            raise OutOfOrder("this band has no end, so that none may follow it", position - 1)
        if row.first > last + 1:
            raise OutOfOrder("there is a hole before this band: day {day} is missing", position, day=last + 1)
        if row.first <= last:
            raise OutOfOrder("this band overlaps the one before, which goes to day {day}", position, day=last)
        if row.last is not None and row.last < row.first:
            raise OutOfOrder("this band ends before it begins", position)
        bands.append(Band(row.first, row.oere))
        last = row.last
    if last is not None:
        raise OutOfOrder("the last band may not end: write it as 31-", max(len(bands) - 1, 0))
    return Bands(tuple(bands))


@dataclass(frozen=True, slots=True)
class Tariff:
    """A table in force from `since` on. `child_below` is the first age that pays as an adult; 0: everyone does."""

    since: date
    adult: Bands
    child: Bands | None = None
    child_below: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.child_below <= AGE_MAX:
            raise OutOfOrder("not an age: expected 0 to {most}", "child_below", most=AGE_MAX)
        if (self.child is not None) != (self.child_below > 0):
            raise OutOfOrder("a column for children and the age that ends it go together", "child_below")

    def column(self, age: int | None) -> tuple[Bands, bool]:
        """The column for an age, and whether it is the children's. An unknown age counts as an adult's."""
        if self.child is not None and age is not None and age < self.child_below:
            return self.child, True
        return self.adult, False


class Moment(enum.Enum):
    """A day of a loan that may decide something."""

    #: the day of the loan
    LOAN = "loan"
    #: the day of the latest renewal, or of the loan if there was none
    RENEWAL = "renewal"
    #: the due date
    DUE = "due"
    #: the day of the return, or of a renewal that came too late
    RETURN = "return"


@dataclass(frozen=True, slots=True, repr=False)
class LoanDays:
    """The days of one loan. `renewed` is the latest renewal."""

    loaned: date
    due: date
    renewed: date | None = None
    #: the day from which the library no longer waits for it; None: it still waits
    given_up: date | None = None

    def ends(self, returned: date) -> date:
        """The day on which the loan stops being late, if it is returned on `returned`."""
        return returned if self.given_up is None else min(returned, self.given_up)

    def day_of(self, moment: Moment, *, returned: date) -> date:
        days = {
            Moment.LOAN: self.loaned,
            Moment.RENEWAL: self.loaned if self.renewed is None else self.renewed,
            Moment.DUE: self.due,
            Moment.RETURN: self.ends(returned),
        }
        return days[moment]


#: The table of the standard text that most libraries use on their pages.
STANDARD: Final = Tariff(
    since=date(2000, 1, 1),
    adult=Bands((Band(1, 20_00), Band(8, 70_00), Band(15, 120_00), Band(31, 230_00))),
    child=Bands((Band(1, 10_00), Band(8, 40_00), Band(15, 55_00), Band(31, 120_00))),
    child_below=18,
)


@dataclass(frozen=True, slots=True)
class FeeRules:
    """A library's tables in the order of their days, and which day of a loan decides table and age.

    By default the latest renewal decides both. Nobody then pays more than the page said when they borrowed. A birthday
    during a loan changes nothing about it.
    """

    #: empty: the library has published no amounts
    tariffs: tuple[Tariff, ...] = (STANDARD,)
    tariff_at: Moment = Moment.RENEWAL
    age_at: Moment = Moment.RENEWAL
    #: loans returned together have one common fee if these days are the same
    one_fee_per: tuple[Moment, ...] = (Moment.DUE,)

    def __post_init__(self) -> None:
        days = [tariff.since for tariff in self.tariffs]
        check_days(days, "the tariffs have to stand in the order of their days, each day once")

    def on(self, day: date) -> Tariff | None:
        """The table in force on a day; None before the first one."""
        return next((tariff for tariff in reversed(self.tariffs) if tariff.since <= day), None)
