"""What the library sets: the guard's limits, patron groups, fees, net media, how long data are kept, and who it is.

A policy has several ladders of age groups, each in force from one day on. A patron keeps a group that is on no ladder
(staff, institutions).
"""

from __future__ import annotations

import enum
import hashlib
import json
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING

from cprsync.domain.person.age import LeapDay, age_on, birthday
from cprsync.domain.policy.product import Products
from cprsync.domain.policy.tariff import FeeRules, check_days
from cprsync.errors import OutOfOrder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
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


class Harm(enum.Enum):
    """The harm that a wrong night would do to many people. Each class has its own limit."""

    #: an address is lost
    ADDRESS_LOST = "address_lost"
    #: name and address protection ends
    PROTECTION_LIFTED = "protection_lifted"
    #: the right to net media ends
    ENTITLEMENT_LOST = "entitlement_lost"
    #: dead, abroad or disappeared
    GONE = "gone"
    #: two records become one, or a record gets another number
    MERGED = "merged"
    #: another name replaces the name
    NAME_REPLACED = "name_replaced"
    #: any change of name, address or right
    CHANGED = "changed"
    #: could not be decided and waits for staff
    PARKED = "parked"
    #: a subscription is about to end, or is missing in the register's own list
    UNSUBSCRIBED = "unsubscribed"


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `count`, or `share` of the patrons if that is more, but never above `ceiling`."""

    count: int
    share: float
    ceiling: int | None = None

    def of(self, population: int) -> int:
        """The largest number that still passes."""
        # Rounded first: as floats, 0.29 of 100 is slightly below 29.
        allowed = max(self.count, int(round(self.share * population, 6)))
        return allowed if self.ceiling is None else min(allowed, self.ceiling)


#: Decision 19. A library sets its own limits in policy.toml.
DEFAULT_LIMITS: Mapping[Harm, Limit] = {
    Harm.ADDRESS_LOST: Limit(20, 0.002),
    Harm.PROTECTION_LIFTED: Limit(10, 0.001),
    Harm.ENTITLEMENT_LOST: Limit(50, 0.005),
    Harm.GONE: Limit(20, 0.002),
    Harm.MERGED: Limit(10, 0.001),
    Harm.NAME_REPLACED: Limit(100, 0.01),
    Harm.CHANGED: Limit(200, 0.05),
    Harm.PARKED: Limit(10, 0.01, ceiling=500),
    # The same limit as for lost addresses: without a subscription, an old address stays and nobody notices.
    Harm.UNSUBSCRIBED: Limit(20, 0.002),
}


@dataclass(frozen=True, slots=True)
class RetentionDays:
    """Days, each counted from the day on which the matter ended. Sources: the libraries' own pages (decision 14)."""

    #: loans, after the return, or after what is owed for the loan is settled
    loans_days: int = 30
    #: fees, after they are paid
    fees_days: int = 30
    #: compensations, after they are paid; some libraries keep these for a year
    compensation_days: int = 30
    #: the content of a message; the fact that it was sent stays
    message_days: int = 30
    #: blocks, after they were lifted
    blocks_days: int = 30
    #: a block that a leaving patron had, after they left
    kept_blocks_days: int = 365
    #: the content of a record before a change: as long as a run can be undone (decision 19)
    before_images_days: int = 30
    #: the register's files, after they were applied
    deliveries_days: int = 90
    #: register files that no night could take (damaged, or in conflict with another), after they came
    refused_deliveries_days: int = 90
    #: staff's corrections, after they ended
    corrections_days: int = 30
    #: review items, after staff have answered
    answered_reviews_days: int = 365
    #: what a night did with each number, and the patrons of its calendar part; the counts of each kind stay
    nights_days: int = 365
    #: what other systems' readers were told of a patron, after a later change has replaced it
    feed_changes_days: int = 30
    #: that a patron is gone, for readers who were away; a reader who was away for longer begins again
    feed_tombstone_days: int = 365
    #: the audit, from each entry; 0: it is never deleted
    log_days: int = 1825
    #: days without any use (loan, renewal, return, reservation, payment, visit) before a patron is asked to leave; 0:
    #: nobody
    inactive_days: int = 1095


@dataclass(frozen=True, slots=True, repr=False)
class Controller:
    """The data controller (dataansvarlig), as the library types it. An empty text is not given yet."""

    name: str = ""
    #: address, telephone, e-mail
    contact: str = ""
    #: data protection officer (databeskyttelsesrådgiver), and how to reach them
    officer: str = ""
    #: where the database and its copies are, who keeps them, and how the connection is encrypted: no program can know
    #: that
    stored: str = ""

    @property
    def missing(self) -> tuple[str, ...]:
        """The texts that a page lacks, by their names in `policy.toml`."""
        return tuple(one.name for one in fields(self) if not getattr(self, one.name))


@dataclass(frozen=True, slots=True)
class LetterRules:
    """Whether letters are sent on paper, and how many days after the due date reminders are sent; empty: not given."""

    on_paper: bool = True
    reminder_days: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class PinCeilings:
    """How many wrong cards and PINs an hour are tried before new browsers or machines have to wait."""

    #: on the patrons' page, all addresses together
    page: int = 100
    #: all machines together, beside the quota of each
    machines: int = 300


@dataclass(frozen=True, slots=True)
class Policy:
    """One library's policy."""

    limits: Mapping[Harm, Limit] = field(default_factory=lambda: dict(DEFAULT_LIMITS))
    silent_is_sealed: bool = True
    #: municipalities that count as residence
    home: frozenset[str] = frozenset()
    #: patron groups that follow age
    ladders: Ladders = field(default_factory=Ladders)
    #: staff are warned this many days before the end of an override
    override_warn_days: int = 14
    #: the most days that an override may last; a pinned group may stay
    override_max_days: int = 366
    #: for how many days a dead patron stays subscribed, so that an annulment arrives (decision 10)
    dead_subscription_days: int = 90
    #: how long data are kept after they are no longer needed
    retention: RetentionDays = field(default_factory=RetentionDays)
    #: the groups that the policy describes; other groups have the defaults
    groups: tuple[PatronGroup, ...] = ()
    group_defaults: PatronGroup = field(default_factory=PatronGroup)
    fees: FeeRules = field(default_factory=FeeRules)
    #: a debt of this amount or more stops borrowing; None: the library has set no limit; 0: debt stops nobody
    debt_limit_oere: int | None = None
    #: film ratings that bind: a patron below that age may not borrow such a film; other ratings are advice
    binding_films: tuple[int, ...] = (11, 15)
    letters: LetterRules = LetterRules()
    #: the net media; empty: the library's policy has none yet
    products: Products = field(default_factory=Products)
    #: the number of nights in which each account in CULR is read once
    account_nights: int = 30
    #: the data controller, for the privacy page and the record of processing
    controller: Controller = field(default_factory=Controller)
    #: the names of the library's branches on records; empty: any text is accepted
    branches: tuple[str, ...] = ()
    pins: PinCeilings = PinCeilings()

    def branch_named(self, written: str) -> str:
        """A branch as the policy spells it. Raises ValueError for a branch that the library does not have."""
        if not self.branches or not written or written in self.branches:
            return written
        named = {branch.casefold(): branch for branch in self.branches}
        if written.casefold() not in named:
            raise ValueError("the library has no such branch")
        return named[written.casefold()]

    @property
    def group_names(self) -> tuple[str, ...]:
        """The groups that the policy names: groups that follow age first, then the others."""
        by_age = (group.name for ladder in self.ladders.ladders for group in ladder.groups)
        return tuple(dict.fromkeys((*by_age, *(group.name for group in self.groups))))

    def group(self, name: str) -> PatronGroup:
        """What a group may do and pays."""
        described = next((group for group in self.groups if group.name == name), None)
        return described or replace(self.group_defaults, name=name)

    def calendar_stamp(self) -> str | None:
        """What decides when something is due for a patron, as one JSON text; None: no group follows age."""
        if not self.ladders.ladders:
            return None
        ladders = [
            [ladder.since.isoformat(), [[group.name, group.from_age] for group in ladder.groups]]
            for ladder in self.ladders.ladders
        ]
        said = {"leap": self.ladders.leap.value, "warn_days": self.override_warn_days, "ladders": ladders}
        return json.dumps(said, ensure_ascii=False)

    def with_former_groups(self, stamp: str | None) -> Policy:
        """The same policy, with the groups of an earlier one (its `calendar_stamp`) marked as former.

        A patron may still be in a group that the policy no longer has. A former group still follows age, so that the
        patron leaves it.
        """
        if stamp is None:
            return self
        former = frozenset(name for _, groups in json.loads(stamp)["ladders"] for name, _ in groups)
        return replace(self, ladders=replace(self.ladders, former=former))

    def rights_stamp(self, form: int) -> str | None:
        """A hash of what decides the rights to net media, and of the form in which they are stored.

        None: the policy has no products.
        """
        if not self.products.periods:
            return None
        said = [
            [
                *(one.name, one.since.isoformat(), one.until and one.until.isoformat(), one.licensed_by.value),
                *(_sorted(one.licensed), _sorted(one.unlicensed), one.from_age, one.below_age),
                *(_sorted(one.closing_blocks), _sorted(one.closed_groups)),
            ]
            for one in self.products.periods
        ]
        rest = [form, _sorted(self.home), self.ladders.leap.value, self.calendar_stamp()]
        return hashlib.sha256(json.dumps([said, rest]).encode()).hexdigest()


def _sorted(words: Iterable[str] | None) -> list[str] | None:
    return None if words is None else sorted(words)
