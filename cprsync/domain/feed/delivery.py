"""A delivery's place in the chain: which file follows which. Knows dates and hashes, never the content."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from datetime import date
from typing import Final

from cprsync.domain.feed.workdays import working_day_before

#: Why a delivery is refused that an operator has set aside. No night looks at it again.
DISCARDED: Final = "discarded"
#: D and the day of production: the register's name for a delivery.
_NAME: Final = re.compile(r"D([0-9]{2})([0-9]{2})([0-9]{2})\.", re.IGNORECASE | re.ASCII)


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


class Place(enum.Enum):
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


def place_of(header: Header, sha256: str, *, taken: Link | None, last: date | None, strict: bool) -> Place:
    """The place of a delivery in the chain.

    Args:
        header: its first record.
        sha256: the hash of its content.
        taken: the delivery of the same date that was taken before, if any.
        last: the production date of the last delivery taken; None: there is none, so this one starts the chain.
        strict: whether its previous production must be the last delivery taken.
    """
    if taken is not None:
        return Place.REPEAT if taken.sha256 == sha256 else Place.REPLACED
    if last is None:
        return Place.NEXT
    if strict and header.produced < last:
        return Place.OLDER
    follows = header.previous == last and not header.begins_a_chain
    return Place.GAP if strict and not follows else Place.NEXT


def may_skip_delivery(header: Header, last: date | None) -> bool:
    """Whether a delivery between the last one taken and this one may exist that was never taken."""
    if last is None or header.produced <= last:
        return False
    return header.begins_a_chain or header.previous > last


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
