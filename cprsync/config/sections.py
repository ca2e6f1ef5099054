"""The sections of `policy.toml` about patrons and fees: names, types and bounds. Reads no file."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from cprsync.config.toml import Strict
from cprsync.domain.patron.kinds import LINE_MAX
from cprsync.domain.person.age import AGE_MAX, LeapDay
from cprsync.domain.policy.policy import AgeGroup, Controller, Ladder, LetterRules, Limit, PinCeilings, RetentionDays
from cprsync.domain.policy.tariff import Bands, Moment, ShownBand, Tariff, bands_of
from cprsync.errors import OutOfOrder, WrongValue

if TYPE_CHECKING:
    from cprsync.domain.policy.policy import PatronGroup


YEAR_DAYS: Final = 365
#: The highest amount in kroner.
KRONER_MAX: Final = 10_000
#: The last day of any fee band or reminder.
LATE_MAX_DAYS: Final = 3660
_UNIT: Final = r"(?:\s*(?:dage?|days?))?"
_RANGE: Final = re.compile(rf"([1-9]\d{{0,3}})(?:\s*([-–+])\s*([1-9]\d{{0,3}})?)?{_UNIT}")
#: "> 30", "over 30 dage": the band begins on the day after.
_BEYOND: Final = re.compile(rf"(?:>|over|mere end|more than)\s*([1-9]\d{{0,3}}){_UNIT}", re.IGNORECASE)
#: "0-14", "0–14 år": the last age of children.
_YEARS: Final = re.compile(r"\s*\d{1,2}\s*[-–]\s*(\d{1,2})\b")


def _oere(kroner: object) -> int:
    """Convert kroner as on a fee page (20 or 20.50) to whole øre."""
    if isinstance(kroner, bool) or not isinstance(kroner, int | float) or not 0 <= kroner <= KRONER_MAX:
        raise WrongValue("expected an amount in kroner, 0 to {most}, as 20 or 20.50", most=KRONER_MAX)
    oere = round(kroner * 100)
    # as floats, 20.55 times 100 is not exactly 2055
    if abs(kroner * 100 - oere) > 1e-6:  # noqa: PLR2004 -- far below an øre
        raise WrongValue("an amount has at most two decimals")
    return oere


def _days(text: object) -> tuple[int, int | None]:
    """First and last day of `8-14`. `31-`, `31+` and `> 30` have no last day, and `8` is one day."""
    beyond = _BEYOND.fullmatch(text.strip()) if isinstance(text, str) else None
    if beyond is not None:
        return int(beyond[1]) + 1, None
    found = _RANGE.fullmatch(text.strip()) if isinstance(text, str) else None
    if found is None or (found[2] == "+" and found[3]):
        raise WrongValue('expected days as "8-14", and "31-" in the last band')
    first = int(found[1])
    if found[2] is None:
        return first, first
    return first, int(found[3]) if found[3] else None


def _child_below(age: object) -> object:
    """An age. If the input is a fee page's range of years, the error says what to write instead."""
    years = _YEARS.match(age) if isinstance(age, str) else None
    if years is not None:
        raise WrongValue(
            "expected the first age that pays as adults do, as a number: child_below = {age}", age=int(years[1]) + 1
        )
    return age


GroupName = Annotated[str, Field(min_length=1, max_length=64)]
Oere = Annotated[int, BeforeValidator(_oere)]
Days = Annotated[tuple[int, int | None], BeforeValidator(_days)]


def _check_rising(numbers: tuple[int, ...]) -> tuple[int, ...]:
    if list(numbers) != sorted(set(numbers)):
        raise WrongValue("the numbers have to rise")
    return numbers


def _check_due(moments: tuple[Moment, ...]) -> tuple[Moment, ...]:
    if Moment.DUE not in moments:
        raise WrongValue('"due" has to be one of them: loans of different due dates are never one fee')
    return moments


def _check_year(days: int) -> int:
    if 0 < days < YEAR_DAYS:
        raise WrongValue("expected 0 (never), or at least a year")
    return days


def _check_printable(text: str) -> str:
    if not text.strip() or not text.isprintable():
        raise WrongValue("expected a text on one line")
    return text.strip().rstrip(".")


Printed = Annotated[str, Field(max_length=300), AfterValidator(_check_printable)]


class LimitEntry(Strict):
    """A limit: `count`, or `share` of the patrons if that is more, but never above `ceiling`."""

    count: int = Field(ge=0, le=10_000_000, strict=True)
    share: float = Field(ge=0, le=1, default=0.0)
    ceiling: int | None = Field(ge=0, default=None, strict=True)

    def value(self) -> Limit:
        return Limit(self.count, self.share, self.ceiling)


class AgeGroupEntry(Strict):
    """A patron group, and the age from which it applies."""

    name: GroupName
    from_: int = Field(alias="from", ge=0, le=AGE_MAX, strict=True)


class LadderEntry(Strict):
    """The groups in force from a day on."""

    since: date
    groups: tuple[AgeGroupEntry, ...] = Field(min_length=1, max_length=50)

    def value(self) -> Ladder:
        return Ladder(self.since, tuple(AgeGroup(group.name, group.from_) for group in self.groups))


class AgeSection(Strict):
    """When someone born on 29 February turns a year older in a common year."""

    leap_day: LeapDay = LeapDay.MARCH


class OverrideSection(Strict):
    """How long a correction typed at the desk may last, and when its end is announced."""

    warn_days: int = Field(ge=0, le=366, default=14, strict=True)
    max_days: int = Field(ge=1, le=3660, default=366, strict=True)


class SubscriptionSection(Strict):
    """How long a dead patron stays subscribed, so that an annulment arrives."""

    dead_days: int = Field(ge=0, le=3660, default=90, strict=True)


class GroupEntry(Strict):
    """What a patron group may do and pays. Values that are left out come from `group_defaults`."""

    loan_days: int = Field(ge=1, le=LATE_MAX_DAYS, default=30, strict=True)
    reminders: bool = Field(default=True, strict=True)
    fees: bool = Field(default=True, strict=True)
    cpr_required: bool = Field(default=False, strict=True)

    def value(self, defaults: PatronGroup) -> PatronGroup:
        return replace(defaults, **self.model_dump(exclude_unset=True))


class TariffRow(Strict):
    """A band of a fee page. `child` is left out if children pay as adults do."""

    days: Days
    adult: Oere
    child: Oere | None = None


class TariffEntry(Strict):
    """A fee page, in force from a day on."""

    since: date
    child_below: Annotated[int, BeforeValidator(_child_below)] = Field(ge=0, le=AGE_MAX, default=0, strict=True)
    bands: tuple[TariffRow, ...] = Field(min_length=1, max_length=50)

    def value(self) -> Tariff:
        """The table. Raises OutOfOrder for a gap, an overlap, a step backwards, or an incomplete column."""
        children = [position for position, row in enumerate(self.bands) if row.child is not None]
        missing = next((n for n in range(len(self.bands)) if n not in children), None)
        if children and missing is not None:
            raise OutOfOrder("this band has no amount for children, and another one has", "bands", missing, "child")
        if children and not self.child_below:
            raise OutOfOrder("say from which age children pay as adults do: child_below = 18", "child_below")
        if self.child_below and not children:
            raise OutOfOrder("a column for children is missing: child = 10 in each band", "child_below")
        adult = self._column("adult")
        return Tariff(self.since, adult, self._column("child") if children else None, self.child_below)

    def _column(self, name: Literal["adult", "child"]) -> Bands:
        try:
            return bands_of(ShownBand(*row.days, getattr(row, name) or 0) for row in self.bands)
        except OutOfOrder as error:
            raise error.within("bands") from None


class FeeSection(Strict):
    """Which day of a loan selects the tariff and the age, and which loans share one fee."""

    tariff_at: Moment = Moment.RENEWAL
    age_at: Moment = Moment.RENEWAL
    one_fee_per: Annotated[tuple[Moment, ...], AfterValidator(_check_due)] = (Moment.DUE,)


class DebtSection(Strict):
    """A patron who owes this much or more may not borrow. 0: debt stops nobody. Left out: no limit is set."""

    limit_kr: Oere | None = None


Rating = Annotated[int, Field(ge=1, le=18, strict=True)]
Late = Annotated[int, Field(ge=1, le=LATE_MAX_DAYS, strict=True)]
Kept = Annotated[int, Field(ge=0, le=LATE_MAX_DAYS, strict=True)]


class FilmSection(Strict):
    """The age ratings that bind; others are advice."""

    binding: Annotated[tuple[Rating, ...], AfterValidator(_check_rising)] = (11, 15)


class RetentionSection(Strict):
    """For how many days each kind of data is kept after it is over."""

    loans_days: Kept = 30
    fees_days: Kept = 30
    compensation_days: Kept = 30
    message_days: Kept = 30
    blocks_days: Kept = 30
    kept_blocks_days: Kept = 365
    before_images_days: Kept = 30
    deliveries_days: Kept = 90
    refused_deliveries_days: Kept = 90
    corrections_days: Kept = 30
    answered_reviews_days: Kept = 365
    nights_days: Kept = 365
    feed_changes_days: Kept = 30
    feed_tombstone_days: Kept = 365
    log_days: Annotated[Kept, AfterValidator(_check_year)] = 1825
    inactive_days: Annotated[Kept, AfterValidator(_check_year)] = 1095

    def value(self) -> RetentionDays:
        return RetentionDays(**self.model_dump())


Wrong = Annotated[int, Field(ge=10, le=100_000, strict=True)]


class PinSection(Strict):
    """How many cards and PINs may not fit within an hour before no new browser or machine may try."""

    page_wrong_an_hour: Wrong = 100
    machines_wrong_an_hour: Wrong = 300

    def value(self) -> PinCeilings:
        return PinCeilings(self.page_wrong_an_hour, self.machines_wrong_an_hour)


class LetterSection(Strict):
    """Whether letters are sent on paper, and how many days after the due day reminders are."""

    on_paper: bool = Field(default=True, strict=True)
    reminder_days: Annotated[tuple[Late, ...], AfterValidator(_check_rising)] = ()

    def value(self) -> LetterRules:
        return LetterRules(self.on_paper, self.reminder_days)


def _check_distinct(names: tuple[str, ...]) -> tuple[str, ...]:
    if len({name.casefold() for name in names}) != len(names):
        raise WrongValue("a branch stands there twice")
    return names


BranchName = Annotated[str, Field(min_length=1, max_length=LINE_MAX), AfterValidator(_check_printable)]


class BranchSection(Strict):
    """The library's branches. Left out: any text is allowed."""

    names: Annotated[tuple[BranchName, ...], AfterValidator(_check_distinct)] = Field(default=(), max_length=200)


class NetMediaSection(Strict):
    """Within how many nights each account in CULR is compared with the record."""

    account_nights: int = Field(ge=1, le=YEAR_DAYS, default=30, strict=True)


class ControllerSection(Strict):
    """The data controller. Each text is printed as it is."""

    name: Printed = ""
    contact: Printed = ""
    officer: Printed = ""
    stored: Printed = ""

    def value(self) -> Controller:
        return Controller(**self.model_dump())
