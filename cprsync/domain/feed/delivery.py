"""The register's deliveries in time: which days have one, which follows which, and when the feed missed a number.

A window is a time in which the feed could not report changes of a number: its record is unverified (decision 32).
Knows dates and hashes, never the content of a delivery.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from datetime import date, time, timedelta
from functools import cache
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Container, Iterable
    from datetime import datetime

#: Why a delivery is refused that an operator has set aside. No night looks at it again.
DISCARDED: Final = "discarded"
#: Why a delivery is refused whose day has not come. On its day it is looked at again.
FUTURE: Final = "delivery.future"
#: Why one of a day that had not come is refused for good: another file came under its name.
SUPERSEDED: Final = "superseded"
#: After this many days the register is asked again about a number that it has replaced.
ASK_REPLACED_AFTER_DAYS: Final = 7
COPENHAGEN = ZoneInfo("Europe/Copenhagen")
SATURDAY = 5
#: A delivery dated D is loaded by this hour of the next day, unless a library's settings say otherwise (decision 1).
LOAD_HOUR: Final = time(6, 0)
#: The record types that a library's task includes, unless its settings say otherwise. A record of these types that is
#: missing is empty, of others silent (decision 1).
AGREED_RECORDS: Final = ("001", "002", "003", "004", "005", "006", "007", "008", "022", "099")
#: A number that is subscribed by this hour of a working day is in that day's delivery. The customer centre takes job
#: orders until 12:00; later ones may be in the next delivery only.
CLOSING_HOUR = time(12, 0)
#: No run of days without a delivery in Denmark is nearly as long as this.
_LOOK_BACK_DAYS = 14
#: Not public holidays, but no files are produced on 5 June, 24 and 31 December. On 1 May they are.
_CLOSED = frozenset({(6, 5), (12, 24), (12, 31)})
#: The first and last day of the times of the year that can have a public holiday, whenever Easter is.
_HOLIDAY_SEASONS = (((1, 1), (1, 1)), ((3, 19), (6, 14)), ((12, 25), (12, 26)))
#: D and the day of production: the register's name for a delivery.
_NAME: Final = re.compile(r"D([0-9]{2})([0-9]{2})([0-9]{2})\.", re.IGNORECASE | re.ASCII)


def is_working_day(day: date) -> bool:
    """True if CPR produces a delivery dated `day`: no weekend, no Danish holiday, and no day closed by custom."""
    return day.weekday() < SATURDAY and (day.month, day.day) not in _CLOSED and not is_holiday(day)


def is_holiday(day: date) -> bool:
    """True on a Danish public holiday."""
    in_year = (day.month, day.day)
    return any(first <= in_year <= last for first, last in _HOLIDAY_SEASONS) and day in _holidays()


@cache
def _holidays() -> Container[date]:
    """The public holidays, loaded when a day that can be one is asked for: the library knows all countries' days."""
    import holidays

    return holidays.country_holidays("DK", categories=("public",))


def working_day_before(day: date) -> date:
    """The last working day before `day`."""
    for back in range(1, _LOOK_BACK_DAYS):
        earlier = day - timedelta(days=back)
        if is_working_day(earlier):
            return earlier
    raise AssertionError("no working day within two weeks")  # pragma: no cover -- no calendar has such weeks


def working_day_after(day: date) -> date:
    """The first working day after `day`."""
    for ahead in range(1, _LOOK_BACK_DAYS):
        later = day + timedelta(days=ahead)
        if is_working_day(later):
            return later
    raise AssertionError("no working day within two weeks")  # pragma: no cover -- no calendar has such weeks


def last_loaded(now: datetime, hour: time = LOAD_HOUR) -> date:
    """The production date of the last expected delivery whose load hour has passed at `now` (aware)."""
    local = now.astimezone(COPENHAGEN)
    day = local.date() if local.time() >= hour else local.date() - timedelta(days=1)
    return working_day_before(day)


def last_closed(now: datetime) -> date:
    """The production date of the last expected delivery that a subscription at `now` (aware) is too late for."""
    local = now.astimezone(COPENHAGEN)
    day = local.date() + timedelta(days=1) if local.time() >= CLOSING_HOUR else local.date()
    return working_day_before(day)


@dataclass(frozen=True, slots=True)
class Header:
    """What a delivery says about itself in its first record."""

    task: str
    produced: date
    previous: date

    @property
    def begins_a_chain(self) -> bool:
        """Whether it names its own day as the previous one: nothing was produced before it."""
        return self.previous == self.produced


class ChainPlace(enum.Enum):
    """Where a delivery belongs (decision 4)."""

    #: the next one, or the very first: apply it
    NEXT = "applied"
    #: same date and content as a delivery that was taken: nothing to do
    REPEAT = "repeat"
    #: older than the last delivery taken, and unknown: it breaks a strict chain. If the chain only warns, it is
    #: applied, and a record takes from it only what is not older than the record
    OLDER = "older"
    #: the delivery before it is missing: stop
    GAP = "gap"
    #: same date as a delivery that was taken, with other content: stop, and show both hashes
    REPLACED = "replaced"


@dataclass(frozen=True, slots=True)
class Link:
    """A delivery that was taken: its production date and the hash of its content."""

    produced: date
    sha256: str


def place_of(header: Header, sha256: str, *, taken: Link | None, last: date | None, strict: bool) -> ChainPlace:
    """The place of a delivery in the chain.

    Args:
        header: its first record.
        sha256: the hash of its content.
        taken: the delivery of the same date that was taken before, if any.
        last: the production date of the last delivery taken; None: there is none, so this one starts the chain.
        strict: whether its previous production must be the last delivery taken.
    """
    if taken is not None:
        return ChainPlace.REPEAT if taken.sha256 == sha256 else ChainPlace.REPLACED
    if last is None:
        return ChainPlace.NEXT
    if strict and header.produced < last:
        return ChainPlace.OLDER
    follows = header.previous == last and not header.begins_a_chain
    return ChainPlace.GAP if strict and not follows else ChainPlace.NEXT


def may_come_before(damaged: date | None, header: Header, last: date | None) -> bool:
    """Whether a damaged delivery may belong between the last one taken and a complete one, which then waits.

    Args:
        damaged: the day in its name; None: the name has no day.
        header: the first record of the complete one.
        last: the production date of the last delivery taken; None: there is none.
    """
    if damaged is None:
        return last is None or header.previous != last or header.begins_a_chain
    return damaged < header.produced and (last is None or last < damaged)


def may_skip_delivery(header: Header, last: date | None) -> bool:
    """Whether a delivery between the last one taken and this one may exist that was never taken."""
    if last is None or header.produced <= last:
        return False
    return header.begins_a_chain or header.previous > last


def find_missing_day(last: date, due: date, waiting: Iterable[tuple[Header, bool]] = ()) -> date | None:
    """The first day whose delivery is missing, up to `due`; None: all have come.

    Args:
        last: the production date of the last delivery taken.
        due: the production date of the last one that is expected.
        waiting: those in the inbox, each with whether an operator has accepted it as it is.
    """
    for header, is_accepted in sorted(waiting, key=lambda one: one[0].produced):
        if header.produced <= last:
            continue
        if header.previous != last and not is_accepted:
            named = header.previous if header.previous > last else header.produced
            return min(working_day_after(last), named)
        last = header.produced
    return working_day_after(last) if last < due else None


class Missing(enum.Enum):
    """What the chain misses after a delivery was set aside (decision 4)."""

    #: no delivery was ever taken: no gap shows
    BEGINNING = "beginning"
    #: another delivery of that day or of a later day was taken: nothing is missing
    NOTHING = "nothing"
    #: the day is still to come: its delivery is expected
    EXPECTED = "expected"
    #: the day is missing: the next delivery stops at the gap
    GAP = "gap"
    #: days before it are missing as well
    WIDER_GAP = "wider_gap"


def missing_after_discard(produced: date | None, *, is_taken: bool, last: date | None, today: date | None) -> Missing:
    """What the chain misses after a delivery was set aside.

    Args:
        produced: its day; None: unknown.
        is_taken: whether another delivery of that day was taken.
        last: the production date of the last delivery taken; None: there is none.
        today: the register's day; None: unknown.
    """
    if last is None:
        return Missing.BEGINNING
    if produced is None:
        return Missing.GAP
    if is_taken or produced <= last:
        return Missing.NOTHING
    if today is not None and produced > today:
        return Missing.EXPECTED
    return Missing.WIDER_GAP if working_day_before(produced) > last else Missing.GAP


def day_in_name(name: str) -> date | None:
    """The day in a delivery's name; None: the name has no day."""
    found = _NAME.match(name)
    if found is None:
        return None
    year, month, day = map(int, found.groups())
    try:
        return date(2000 + year, month, day)
    except ValueError:
        return None


class WindowReason(enum.Enum):
    """Why the feed could not report changes of a number."""

    #: the number was subscribed after a delivery that may have had it
    SUBSCRIBED_LATE = "subscribed_late"
    #: the subscription was missing at the platform, and was added again
    SUBSCRIPTION_LOST = "subscription_lost"
    #: two patrons were one record for a time: what was reported for one may be on the other
    MERGE_UNDONE = "merge_undone"
    #: a delivery is missing, and the library continues without it
    GAP = "gap"
    #: the database was restored from an older copy
    RESTORED = "restored"
    #: the patron had left, and the number was not subscribed in the meantime
    RETURNED = "returned"
    #: the register has replaced the number, and staff have decided that the patron keeps it
    NUMBER_REPLACED = "number_replaced"
    #: a run was undone: what it had written was news
    REVERTED = "reverted"
    #: a delivery was set aside, of which nights may have written what protects
    SET_ASIDE = "set_aside"
    #: a protected patron's record in a delivery could not be used, and staff left it: it may have ended the protection
    RECORD_LEFT = "record_left"
    #: an operator had everyone looked up, for a reason that the program cannot see
    REQUESTED = "requested"

    @classmethod
    def of_row(cls, word: str | None) -> WindowReason:
        """Return the reason that a row names. A word that the program never writes is a reason that it cannot see."""
        return next((one for one in cls if one.value == word), cls.REQUESTED)

    @property
    def others_know_more(self) -> bool:
        """Whether other systems may have been told something newer than the record.

        Only an older copy forgets what was told. The program notices one by itself, unless the whole machine is one.
        """
        return self is WindowReason.RESTORED


#: Reasons with a new subscription.
_SUBSCRIBED: Final = frozenset({WindowReason.SUBSCRIBED_LATE, WindowReason.SUBSCRIPTION_LOST, WindowReason.RETURNED})


@dataclass(frozen=True, slots=True)
class Window:
    """Since when, and why, a patron's record is unverified."""

    since: date
    why: WindowReason
    #: the day up to which an answer must have seen everything, to close the window
    until: date

    @classmethod
    def opened(cls, why: WindowReason, *, today: date, now: datetime, loaded: date) -> Window:
        """The window that opens now. A number that is subscribed only now may be missing in today's delivery too.

        `loaded`: the production date of the last delivery that the register has loaded by now.
        """
        return cls(today, why, last_closed(now) if why in _SUBSCRIBED else loaded)


@dataclass(frozen=True, slots=True)
class WaitingPatron:
    """One patron in a window, with what the order of asking needs."""

    patron_id: str
    #: name and address protection, or an administrative street
    is_shut: bool
    #: the last day on which the patron did something at the library
    last_seen: date | None = None
    #: the last day on which the register was asked and gave no answer
    asked: date | None = None


def is_late(true_on: date, *, taken: date | None, now: datetime) -> bool:
    """Whether a delivery could have reported the number while it was not subscribed yet.

    Args:
        true_on: the day for which the record is true.
        taken: the production date of the last delivery taken.
        now: the time of the subscription.
    """
    return last_closed(now) > true_on or (taken is not None and taken > true_on)


def may_ask(why: WindowReason, asked: date | None, *, today: date) -> bool:
    """Whether a night asks the register about a patron in a window. `asked` is the last day on which it did.

    A replaced number is asked about seldom. Its subscription stays, so a delivery reports if the change is undone.
    """
    return why is not WindowReason.NUMBER_REPLACED or asked is None or (today - asked).days >= ASK_REPLACED_AFTER_DAYS


def look_up_day(loaded: date, taken: date | None) -> date:
    """The day that a look-up describes. It is never after the last delivery that was taken (decision 35).

    Otherwise a late delivery would look older than the record, and its data would be lost.
    """
    return loaded if taken is None else min(loaded, taken)


def ask_order(one: WaitingPatron) -> tuple[int, bool, int, str]:
    """The sort key for asking: protected patrons first, then the recently active.

    Patrons that were asked about without an answer come last.
    """
    seen = 0 if one.last_seen is None else one.last_seen.toordinal()
    asked = 0 if one.asked is None else one.asked.toordinal()
    return asked, not one.is_shut, -seen, one.patron_id
