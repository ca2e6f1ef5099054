"""Reads `policy.toml`, the library's rules, and checks it at once. Knows its content, not what follows from it.

The whole file and its products are here; the other sections are in `sections`.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Annotated, Final, Literal, TypeAlias

from pydantic import BeforeValidator, Field, ValidationError

from cprsync.config.sections import (
    AgeSection,
    BranchSection,
    ControllerSection,
    DebtSection,
    FeeSection,
    FilmSection,
    GroupEntry,
    GroupName,
    LadderEntry,
    LetterSection,
    LimitEntry,
    NetMediaSection,
    OverrideSection,
    PinSection,
    RetentionSection,
    SubscriptionSection,
    TariffEntry,
)
from cprsync.config.toml import Mistake, Strict, TomlPlaces, build_error, first_mistake, read_toml
from cprsync.domain.person.age import AGE_MAX
from cprsync.domain.person.municipality import code_from
from cprsync.domain.policy.policy import DEFAULT_LIMITS, Harm, Ladders, PatronGroup, Policy
from cprsync.domain.policy.product import LicensedBy, Product, Products
from cprsync.domain.policy.tariff import FeeRules
from cprsync.domain.wording import Wording
from cprsync.errors import OutOfOrder, WrongValue
from cprsync.municipalities import load_municipalities

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cprsync.domain.policy.policy import Ladder
    from cprsync.domain.policy.tariff import Tariff

#: Denmark has about a hundred municipalities, and no record has more blocks or groups than this.
LIST_MAX: Final = 200
TEXT_MAX: Final = 200
#: A list, or a word that stands for a whole list.
Codes: TypeAlias = frozenset[str] | Literal["all", "own"]
Reasons: TypeAlias = frozenset[str] | Literal["all"]


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
    raise build_error(path, TomlPlaces(text), mistake, kind="policy")


def _texts(typed: object, expected: str) -> list[str]:
    """A list of texts. Raises ValueError, which says what was expected and does not quote the input."""
    if not isinstance(typed, list) or len(typed) > LIST_MAX:
        raise WrongValue(expected)
    texts = [text.strip() if isinstance(text, str) else "" for text in typed]
    if not all(texts):
        raise WrongValue(expected)
    return texts


def _code_list(typed: object) -> frozenset[str]:
    """Codes of present Danish municipalities, with three or four digits."""
    codes = [code_from(code) for code in _texts(typed, 'expected a list of codes, as ["0751", "0101"]')]
    for position, code in enumerate(codes, start=1):
        if mistake := load_municipalities().mistake_in(code):
            raise WrongValue("code {position} of the list {mistake}", position=position, mistake=mistake)
    return frozenset(codes)


def _codes(typed: object) -> object:
    """A list of codes, or `all` or `own`, which stand for one."""
    if isinstance(typed, str) and typed not in {"all", "own"}:
        raise WrongValue('expected "all", "own", or a list of codes, as ["0751", "0101"]')
    return typed if isinstance(typed, str) else _code_list(typed)


def _reasons(typed: object) -> object:
    """Reasons in lower case, or `all`."""
    if typed == "all":
        return typed
    reasons = _texts(typed, 'expected "all", or a list of reasons as they stand on the records')
    return frozenset(reason.casefold() for reason in reasons)


class TitleEntry(Strict):
    """A product's name."""

    da: str = Field(min_length=1, max_length=TEXT_MAX)
    en: str = Field(min_length=1, max_length=TEXT_MAX)


def _title(typed: object) -> object:
    if not isinstance(typed, dict):
        raise WrongValue('expected the name in both languages, as { da = "Aviser", en = "Newspapers" }')
    return typed


class ProductEntry(Strict):
    """A net medium, or one period of it."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")
    title: Annotated[TitleEntry, BeforeValidator(_title)]
    since: date
    until: date | None = None
    licensed_by: LicensedBy
    #: None: the library holds the licence, and municipalities do not matter
    municipalities: Annotated[Codes | None, BeforeValidator(_codes)] = None
    unlicensed: Annotated[frozenset[str], BeforeValidator(_code_list)] = frozenset()
    from_age: int = Field(ge=0, le=AGE_MAX, default=0, strict=True)
    below_age: int | None = Field(ge=1, le=AGE_MAX, default=None, strict=True)
    closing_blocks: Annotated[Reasons, BeforeValidator(_reasons)] = "all"
    closed_groups: tuple[Annotated[str, Field(min_length=1, max_length=64)], ...] = Field(
        default=(), max_length=LIST_MAX
    )

    def value(self, home: frozenset[str]) -> Product:
        """The terms. Raises OutOfOrder if they contradict each other."""
        return Product(
            name=self.name,
            title=Wording(self.title.da, self.title.en),
            since=self.since,
            licensed_by=self.licensed_by,
            until=self.until,
            licensed=self._licensed(home),
            unlicensed=self.unlicensed,
            from_age=self.from_age,
            below_age=self.below_age,
            closing_blocks=None if self.closing_blocks == "all" else self.closing_blocks,
            closed_groups=frozenset(self.closed_groups),
        )

    def _licensed(self, home: frozenset[str]) -> frozenset[str] | None:
        """The municipalities that hold the licence. None: all of them, or municipalities do not matter."""
        if self.licensed_by is LicensedBy.LIBRARY and self.municipalities is not None:
            raise OutOfOrder("the licence is the library's own, and no municipality has a say in it", "municipalities")
        if self.licensed_by is LicensedBy.MUNICIPALITY and self.municipalities is None:
            raise OutOfOrder(
                'say which municipalities hold the licence: municipalities = "own", "all", or a list of codes',
                "licensed_by",
            )
        if self.municipalities is None or self.municipalities == "all":
            return None
        return home if self.municipalities == "own" else frozenset(self.municipalities)


class PolicyFile(Strict):
    """The allowed content of `policy.toml`."""

    silent_protection: Literal["sealed", "open"] = "sealed"
    guard: dict[Harm, LimitEntry] = Field(default_factory=dict)
    age: AgeSection = AgeSection()
    age_groups: tuple[LadderEntry, ...] = Field(default=(), max_length=100)
    overrides: OverrideSection = OverrideSection()
    subscriptions: SubscriptionSection = SubscriptionSection()
    group_defaults: GroupEntry = GroupEntry()
    groups: dict[GroupName, GroupEntry] = Field(default_factory=dict, max_length=200)
    #: None: the standard table; an empty list: the library publishes none
    tariffs: tuple[TariffEntry, ...] | None = Field(default=None, max_length=100)
    fees: FeeSection = FeeSection()
    debt: DebtSection = DebtSection()
    films: FilmSection = FilmSection()
    retention: RetentionSection = RetentionSection()
    letters: LetterSection = LetterSection()
    net_media: NetMediaSection = NetMediaSection()
    product: tuple[ProductEntry, ...] = Field(default=(), max_length=200)
    controller: ControllerSection = ControllerSection()
    branches: BranchSection = BranchSection()
    pins: PinSection = PinSection()


def compare_policies(path: Path, other: Path) -> list[str]:
    """The sections and keys of a policy file whose values are not those of another one. Both files have no mistake."""
    ours, theirs = (PolicyFile.model_validate(read_toml(one, "policy")[0]) for one in (path, other))
    return [name for name in PolicyFile.model_fields if getattr(ours, name) != getattr(theirs, name)]


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
        group_defaults=read.group_defaults.value(PatronGroup()),
        fees=_fees(read),
        debt_limit_oere=read.debt.limit_kr,
        binding_films=read.films.binding,
        retention=read.retention.value(),
        letters=read.letters.value(),
        products=_products(read, home),
        account_nights=read.net_media.account_nights,
        controller=read.controller.value(),
        branches=read.branches.names,
        pins=read.pins.value(),
    )


def _groups(read: PolicyFile) -> tuple[PatronGroup, ...]:
    """The groups that are described.

    Raises OutOfOrder, at the first of them, if a group that age leads to is missing.
    """
    if read.groups and (missing := [name for name in _groups_by_age(read) if name not in read.groups]):
        sections = ", ".join(f'[groups."{name}"]' for name in missing)
        told = "if one group is described, all of age_groups have to be: add {sections}"
        raise OutOfOrder(told, "groups", next(iter(read.groups)), sections=sections)
    defaults = read.group_defaults.value(PatronGroup())
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
    groups = tuple(dict.fromkeys((*_groups_by_age(read), *read.groups)))
    products: list[Product] = []
    for position, entry in enumerate(read.product):
        with _within("product", position):
            products.append(entry.value(home))
        for n, group in enumerate(entry.closed_groups):
            # a misspelt group would let in the patrons that it should keep out; without groups, no name can be checked
            if groups and group not in groups:
                told = "no group is called that: age_groups and [groups] have {groups}"
                quoted = ", ".join(f'"{name}"' for name in groups)
                raise OutOfOrder(told, "product", position, "closed_groups", n, groups=quoted)
    with _within("product"):
        return Products(tuple(products))


def _groups_by_age(read: PolicyFile) -> tuple[str, ...]:
    return tuple(dict.fromkeys(group.name for ladder in read.age_groups for group in ladder.groups))


@contextmanager
def _within(*place: str | int) -> Iterator[None]:
    """Add the list's place in the file to an OutOfOrder error from the block."""
    try:
        yield
    except OutOfOrder as error:
        raise error.within(*place) from None
