"""Patron groups: what each may do, which group an age belongs to, and the next day on which that changes.

A library's policy has several ladders, each in force from one day on. A patron keeps a group that is on no ladder
(staff, institutions).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cprsync.domain.person.age import LeapDay, age_on, birthday
from cprsync.domain.policy.order import OutOfOrder, check_days

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date


@dataclass(frozen=True, slots=True)
class AgeGroup:
    """A patron group and its lowest age."""

    name: str
    from_age: int


@dataclass(frozen=True, slots=True)
class Ladder:
    """The groups in force from `since` on. The first one begins at age 0, and the ages rise."""

    since: date
    groups: tuple[AgeGroup, ...]

    def __post_init__(self) -> None:
        if not self.groups or self.groups[0].from_age != 0:
            raise OutOfOrder("the first group has to count from age 0: otherwise there is a hole below it", 0)
        for position, group in enumerate(self.groups):
            before = self.groups[:position]
            if before and group.from_age <= before[-1].from_age:
                raise OutOfOrder("each group has to begin at a higher age than the one before", position)
            if group.name in {one.name for one in before}:
                raise OutOfOrder("two groups have the same name", position)

    def group_at(self, age: int) -> str:
        """The last group whose lowest age is reached."""
        return next(group.name for group in reversed(self.groups) if group.from_age <= age)


@dataclass(frozen=True, slots=True)
class Ladders:
    """All ladders of a policy, in the order of their days; empty: no group follows age."""

    ladders: tuple[Ladder, ...] = ()
    leap: LeapDay = LeapDay.MARCH
    #: groups of an earlier policy that were renamed or dropped: a patron in such a group still follows age
    former: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        days = [ladder.since for ladder in self.ladders]
        check_days(days, "the age groups have to stand in the order of their days, each day once")

    def names(self) -> frozenset[str]:
        """Every group that follows age, on any day."""
        return frozenset(group.name for ladder in self.ladders for group in ladder.groups)

    def on(self, day: date) -> Ladder | None:
        """The ladder in force on a day; None before the first one."""
        return next((ladder for ladder in reversed(self.ladders) if ladder.since <= day), None)

    def group_on(self, born: date, day: date) -> str | None:
        """The group of a person born on `born`; None while no ladder is in force."""
        ladder = self.on(day)
        return None if ladder is None else ladder.group_at(age_on(born, day, leap=self.leap))

    def follows_age(self, group: str) -> bool:
        """True for a group that age decides: a present or former group of a ladder, or no group ("").

        False for every group if the policy has no ladders.
        """
        return bool(self.ladders) and (group == "" or group in self.names() or group in self.former)

    def next_change(self, born: date, after: date) -> date | None:
        """The first day after `after` on which the group differs from the group on `after`."""
        now = self.group_on(born, after)
        days = sorted(day for day in set(self.days(born)) if day > after)
        return next((day for day in days if self.group_on(born, day) != now), None)

    def days(self, born: date) -> Iterator[date]:
        """Each day on which a ladder or one of its groups begins for a person born on `born`."""
        for ladder in self.ladders:
            yield ladder.since
            for group in ladder.groups:
                if group.from_age:
                    yield birthday(born, group.from_age, leap=self.leap)


@dataclass(frozen=True, slots=True)
class PatronGroup:
    """A patron group (Lånergruppe): its loan period, its reminders, and whether it pays fees."""

    name: str = ""
    loan_days: int = 30
    #: gets a reminder if a loan is due or late
    reminders: bool = True
    #: pays for late loans
    fees: bool = True
    #: may only borrow with a real CPR number
    cpr_required: bool = False
