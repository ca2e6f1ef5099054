"""A library's net media as a page to compare with its licences: a line for each period of each product."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cprsync.domain.netmedia.right_rule import LICENCES
from cprsync.domain.policy.product import LicensedBy
from cprsync.domain.wording import Wording

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from cprsync.domain.policy.policy import Policy
    from cprsync.domain.policy.product import Product

_NONE: Final = Wording("–", "–")
_OWN: Final = Wording("bibliotekets egne kommuner", "the library's own municipalities")
_ALL: Final = Wording("alle danske kommuner", "all Danish municipalities")


def product_rows(policy: Policy) -> dict[str, tuple[Wording, ...]]:
    """By product and first day: title, days, licence, ages, the blocks that close it, the groups it excludes."""
    return {
        f"{product.name}-{product.since.isoformat()}": (
            product.title,
            _days(product),
            _licence(product, policy.home),
            _ages(product),
            _blocks(product),
            _listed(product.closed_groups),
        )
        for product in policy.products.periods
    }


def _days(product: Product) -> Wording:
    until = "" if product.until is None else product.until.isoformat()
    return _as_written(f"{product.since.isoformat()} – {until}".strip())


def _licence(product: Product, home: AbstractSet[str]) -> Wording:
    whose = LICENCES[product.licensed_by]
    if product.licensed_by is LicensedBy.LIBRARY:
        return whose
    held = _OWN if product.licensed == home else _ALL if product.licensed is None else _listed(product.licensed)
    without = _listed(product.unlicensed).da
    but = Wording(f"; ikke {without}", f"; not {without}") if product.unlicensed else Wording("", "")
    return Wording(f"{whose.da}: {held.da}{but.da}", f"{whose.en}: {held.en}{but.en}")


def _ages(product: Product) -> Wording:
    first, below = product.from_age, product.below_age
    if below is None:
        return Wording(f"fra {first} år", f"from {first} years") if first else Wording("alle", "all")
    if not first:
        return Wording(f"under {below} år", f"below {below} years")
    return Wording(f"fra {first} og under {below} år", f"from {first} and below {below} years")


def _blocks(product: Product) -> Wording:
    return Wording("enhver", "any") if product.closing_blocks is None else _listed(product.closing_blocks)


def _listed(texts: AbstractSet[str]) -> Wording:
    return _as_written(", ".join(sorted(texts))) if texts else _NONE


def _as_written(text: str) -> Wording:
    return Wording(text, text)
