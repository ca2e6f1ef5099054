"""A delivery's place in the chain: which file follows which. Knows dates and hashes, never the content."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from datetime import date
from typing import Final

from cprsync.domain.feed.workdays import working_day_before

#: Why a delivery is refused that an operator has set aside: no night looks at it again.
DISCARDED: Final = "discarded"
#: D and the day of production: a delivery's name as the register gives it.
_NAME: Final = re.compile(r"D([0-9]{2})([0-9]{2})([0-9]{2})\.", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True)
class Header:
    """What a delivery says of itself in its first record."""

    task: str
    produced: date
    previous: date

    @property
    def begins_a_chain(self) -> bool:
        """Whether it names its own day as the one before: nothing was produced before it."""
        return self.previous == self.produced


class Place(enum.Enum):
    """Where a delivery belongs (decision 4)."""

    #: the next one, or the first of all: apply it
    NEXT = "applied"
    #: same date and content as one already taken: nothing to do
    REPEAT = "repeat"
    #: older than the last one taken, and not known: it breaks a strict chain. Where the chain only warns it is applied,
    #: and each record takes of it what is not older than itself
    OLDER = "older"
    #: the one before it is missing: stop
    GAP = "gap"
    #: same date as one already taken, other content: stop, show both hashes
    REPLACED = "replaced"


@dataclass(frozen=True, slots=True)
class Link:
    """A delivery already taken: its production date and the hash of its content."""

    produced: date
    sha256: str


def place_of(header: Header, sha256: str, *, taken: Link | None, last: date | None, strict: bool) -> Place:
    """Say where a delivery belongs.

    Args:
        header: its first record.
        sha256: the hash of its content.
        taken: the delivery of the same date, if one was taken before.
        last: the production date of the last one taken; None before the first delivery, which starts the chain.
        strict: whether the date of the previous production must be that of the last one taken.
    """
    if taken is not None:
        return Place.REPEAT if taken.sha256 == sha256 else Place.REPLACED
    if last is None:
        return Place.NEXT
    if strict and header.produced < last:
        return Place.OLDER
    follows = header.previous == last and not header.begins_a_chain
    return Place.GAP if strict and not follows else Place.NEXT


def skips(header: Header, last: date | None) -> bool:
    """Whether a delivery may have been produced between the last one taken and this one, and was never taken."""
    if last is None or header.produced <= last:
        return False
    return header.begins_a_chain or header.previous > last


class Left(enum.Enum):
    """What the day of a delivery that was set aside is to the chain (decision 4)."""

    #: nothing was ever taken: no gap would show
    BEGINNING = "beginning"
    #: another delivery of that day was taken, or of a later one: nothing is missing
    NOTHING = "nothing"
    #: the day has not come: its delivery is still expected
    EXPECTED = "expected"
    #: the day is missing: the next delivery stops at the gap
    GAP = "gap"
    #: the days before it are missing as well
    WIDER_GAP = "wider_gap"


def what_is_left(produced: date | None, *, is_taken: bool, last: date | None, today: date | None) -> Left:
    """Say what the day of a delivery is to the chain once it is set aside.

    Args:
        produced: its day; None: nobody knows it.
        is_taken: whether another delivery of that day was taken.
        last: the production date of the last one taken; None before the first.
        today: the register's day; None: nobody knows it.
    """
    if last is None:
        return Left.BEGINNING
    if produced is None:
        return Left.GAP
    if is_taken or produced <= last:
        return Left.NOTHING
    if today is not None and produced > today:
        return Left.EXPECTED
    return Left.WIDER_GAP if working_day_before(produced) > last else Left.GAP


def day_in_name(name: str) -> date | None:
    """Read the day in a delivery's name; None: it names none."""
    found = _NAME.match(name)
    if found is None:
        return None
    year, month, day = map(int, found.groups())
    try:
        return date(2000 + year, month, day)
    except ValueError:
        return None
