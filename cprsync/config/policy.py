"""Reads `policy.toml`, the library's rules, and checks it at once. Knows its content, not what follows from it."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from pydantic import ValidationError

from cprsync.config.sections import PolicyFile
from cprsync.config.toml import Mistake, build_error, first_mistake, read_toml
from cprsync.domain.policy.policy import DEFAULT_LIMITS, Ladders, PatronGroup, Policy
from cprsync.domain.policy.product import Products
from cprsync.domain.policy.tariff import FeeRules
from cprsync.errors import OutOfOrder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cprsync.domain.policy.policy import Ladder
    from cprsync.domain.policy.product import Product
    from cprsync.domain.policy.tariff import Tariff


def load_policy(path: Path | None, home: frozenset[str]) -> Policy:
    """Read a library's policy, or take the default one.

    Raises ConfigurationError, which names the file, the line and the key.
    """
    if path is None:
        return Policy(home=home)
    document, text = read_toml(path, "policy")
    try:
        return _policy(PolicyFile.model_validate(document), home)
    except ValidationError as error:
        mistake = first_mistake(error)
    except OutOfOrder as error:
        mistake = Mistake(error.place, error)
    raise build_error(path, text, mistake, kind="policy")


def _policy(read: PolicyFile, home: frozenset[str]) -> Policy:
    return Policy(
        limits=dict(DEFAULT_LIMITS) | {harm: limit.value() for harm, limit in read.guard.items()},
        silent_is_sealed=read.silent_protection == "sealed",
        home=home,
        ladders=_ladders(read),
        override_warn_days=read.overrides.warn_days,
        override_max_days=read.overrides.max_days,
        dead_subscription_days=read.subscriptions.dead_days,
        groups=_groups(read),
        group_defaults=_group_defaults(read),
        fees=_fees(read),
        debt_limit_oere=read.debt.limit_kr,
        binding_films=read.films.binding,
        retention=read.retention.value(),
        letters=read.letters.value(),
        products=_products(read, home),
        account_nights=read.net_media.account_nights,
        controller=read.controller.value(),
        branches=read.branches.names,
    )


def _group_defaults(read: PolicyFile) -> PatronGroup:
    return read.group_defaults.value(PatronGroup())


def _groups(read: PolicyFile) -> tuple[PatronGroup, ...]:
    """The groups that are described.

    Raises OutOfOrder, at the first of them, if a group that age leads to is missing.
    """
    if read.groups:
        by_age = (group.name for ladder in read.age_groups for group in ladder.groups)
        if missing := [name for name in dict.fromkeys(by_age) if name not in read.groups]:
            sections = ", ".join(f'[groups."{name}"]' for name in missing)
            told = "if one group is described, all of age_groups have to be: add {sections}"
            raise OutOfOrder(told, "groups", next(iter(read.groups)), sections=sections)
    defaults = _group_defaults(read)
    return tuple(entry.value(replace(defaults, name=name)) for name, entry in read.groups.items())


def _fees(read: PolicyFile) -> FeeRules:
    """The fee tables. Raises OutOfOrder for a gap, an overlap, or a step backwards."""
    rules = FeeRules(tariff_at=read.fees.tariff_at, age_at=read.fees.age_at, one_fee_per=read.fees.one_fee_per)
    if read.tariffs is None:
        return rules
    tariffs: list[Tariff] = []
    for position, entry in enumerate(read.tariffs):
        with _within("tariffs", position):
            tariffs.append(entry.value())
    with _within("tariffs"):
        return replace(rules, tariffs=tuple(tariffs))


def _ladders(read: PolicyFile) -> Ladders:
    """The age groups. Raises OutOfOrder for a gap, an overlap, or a step backwards."""
    ladders: list[Ladder] = []
    for position, entry in enumerate(read.age_groups):
        with _within("age_groups", position, "groups"):
            ladders.append(entry.value())
    with _within("age_groups"):
        return Ladders(tuple(ladders), read.age.leap_day)


def _products(read: PolicyFile, home: frozenset[str]) -> Products:
    """The net media. Raises OutOfOrder for a gap, an overlap, contradicting terms, or an unknown group."""
    by_age = (group.name for ladder in read.age_groups for group in ladder.groups)
    groups = tuple(dict.fromkeys((*by_age, *read.groups)))
    products: list[Product] = []
    for position, entry in enumerate(read.product):
        with _within("product", position):
            products.append(entry.value(home))
        for n, group in enumerate(entry.closed_groups):
            # a misspelt group would let in the patrons that it should keep out; without groups, no name can be checked
            if groups and group not in groups:
                told = "no group is called that: age_groups and [groups] have {groups}"
                raise OutOfOrder(told, "product", position, "closed_groups", n, groups=_named(groups))
    with _within("product"):
        return Products(tuple(products))


def _named(groups: tuple[str, ...]) -> str:
    return ", ".join(f'"{group}"' for group in groups)


@contextmanager
def _within(*place: str | int) -> Iterator[None]:
    """Add the list's place in the file to an OutOfOrder error from the block."""
    try:
        yield
    except OutOfOrder as error:
        raise error.within(*place) from None
