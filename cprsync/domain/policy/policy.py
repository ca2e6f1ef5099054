"""What the library sets: the guard's limits, patron groups, fees, net media, and retention periods."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from cprsync.domain.policy.controller import Controller
from cprsync.domain.policy.groups import Ladders
from cprsync.domain.policy.patron_group import PatronGroup
from cprsync.domain.policy.product import Products
from cprsync.domain.policy.retention import Retention
from cprsync.domain.policy.tariff import FeeRules

if TYPE_CHECKING:
    from collections.abc import Mapping


class Harm(enum.Enum):
    """The harm that a wrong night would do to many people. Each class has its own limit (trust, R-20)."""

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


#: Decision 19 and trust R-20. A library sets its own limits in policy.toml.
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
class LetterRules:
    """Whether letters are sent on paper, and how many days after the due date reminders are sent; empty: not given."""

    on_paper: bool = True
    reminder_days: tuple[int, ...] = ()


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
    retention: Retention = field(default_factory=Retention)
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
