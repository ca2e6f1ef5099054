"""Net-media products of a library's policy: who has the licence, for which ages, and for which days.

A product has periods, each with its own terms, and without a hole between them. Leaves out what this means for a patron
(`rights`), and quotas, which the net media count themselves.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from cprsync.errors import OutOfOrder

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet
    from datetime import date

    from cprsync.domain.wording import Wording


class LicensedBy(enum.Enum):
    """Whose licence gives the right."""

    #: the licence of the patron's municipality, the library's own or another
    MUNICIPALITY = "municipality"
    #: the library's licence for its own patrons, wherever they live
    LIBRARY = "library"

    # a member is one object: the enum's own hash is slow
    __hash__ = object.__hash__


class Licence(enum.Enum):
    """Whether a municipality has the licence."""

    #: it does
    HELD = "held"
    #: it does not
    NONE = "none"
    #: another library's municipality, and this library was not told
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Product:
    """One period of a product. `until` is its last day; None: no end is known."""

    name: str
    title: Wording
    since: date
    licensed_by: LicensedBy
    until: date | None = None
    #: municipalities known to have the licence, four digits; None: every Danish one
    licensed: frozenset[str] | None = None
    #: municipalities known to have no licence
    unlicensed: frozenset[str] = frozenset()
    from_age: int = 0
    #: the first age that is too old; None: there is no upper limit
    below_age: int | None = None
    #: the reasons of the blocks that close the product, in lower case; None: every block closes it
    closing_blocks: frozenset[str] | None = None
    #: patron groups that the product excludes
    closed_groups: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if self.until is not None and self.until < self.since:
            raise OutOfOrder("it ends before it begins", "until")
        if self.below_age is not None and self.below_age <= self.from_age:
            raise OutOfOrder("no age is left: below_age has to be higher than from_age", "below_age")
        if self.unlicensed & (self.licensed or frozenset()):
            raise OutOfOrder("a municipality stands in both lists, with a licence and without", "unlicensed")
        if self.licensed_by is LicensedBy.LIBRARY and (self.licensed is not None or self.unlicensed):
            raise OutOfOrder("the licence is the library's own, and no municipality has a say in it", "municipalities")

    @property
    def asks_age(self) -> bool:
        """Whether the terms need the patron's age."""
        return bool(self.from_age) or self.below_age is not None

    def holds_on(self, day: date) -> bool:
        return self.since <= day and (self.until is None or day <= self.until)

    def licence_of(self, municipality: str, home: AbstractSet[str]) -> Licence:
        """Whether a Danish municipality has the licence. The library knows this for its own municipalities, `home`."""
        if municipality in self.unlicensed:
            return Licence.NONE
        if self.licensed is None or municipality in self.licensed:
            return Licence.HELD
        return Licence.NONE if municipality in home else Licence.UNKNOWN

    def is_closed_by(self, reason: str) -> bool:
        """Whether a block with this reason closes the product while it holds."""
        return self.closing_blocks is None or reason.casefold() in self.closing_blocks


@dataclass(frozen=True, slots=True)
class Products:
    """All products of a policy, period by period. The periods of one product stand in the order of their days."""

    periods: tuple[Product, ...] = ()

    def __post_init__(self) -> None:
        last: dict[str, Product] = {}
        for position, product in enumerate(self.periods):
            if before := last.get(product.name):
                _check_follows(before, product, position)
            last[product.name] = product

    def names(self) -> tuple[str, ...]:
        """Each product once, in the policy's order."""
        return tuple(dict.fromkeys(product.name for product in self.periods))

    def of(self, name: str) -> tuple[Product, ...]:
        """The periods of one product."""
        return tuple(product for product in self.periods if product.name == name)

    def titles(self, on: date) -> dict[str, Wording]:
        """What each product is called on a day: by its period, or by its last one if none holds."""
        return {
            name: next((one for one in self.of(name) if one.holds_on(on)), self.of(name)[-1]).title
            for name in self.names()
        }

    def ask_group(self) -> bool:
        """Whether the terms of any product need the patron group."""
        return any(product.closed_groups for product in self.periods)


def _check_follows(before: Product, product: Product, position: int) -> None:
    """Checks that a period begins on the day after the one before it ends. Raises OutOfOrder if not."""
    if before.until is None:
        raise OutOfOrder("the period of this product before it has no end: give that one an until", position, "since")
    if product.since <= before.until:
        sentence = "it overlaps the period before it, which goes to {year}-{month}-{day}"
        raise OutOfOrder(sentence, position, "since", **_parts(before.until))
    if product.since > before.until + timedelta(days=1):
        sentence = "there is a hole: the period before it goes to {year}-{month}-{day}"
        raise OutOfOrder(sentence, position, "since", **_parts(before.until))


def _parts(day: date) -> dict[str, str]:
    return dict(zip(("year", "month", "day"), day.isoformat().split("-"), strict=True))
