"""The settings of the other systems that hear of patrons: `[[library.target]]`."""

from __future__ import annotations

import re
from pathlib import Path  # noqa: TC003 -- pydantic reads the annotations
from typing import TYPE_CHECKING, Annotated, Final, Literal, Self, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from cprsync.config.addresses import Address, PerSecond, Workers  # noqa: TC001 -- pydantic reads the annotations
from cprsync.config.packaged import MunicipalityCode  # noqa: TC001 -- the same
from cprsync.config.toml import Strict
from cprsync.domain.outward.koha import KohaEnding, KohaRules
from cprsync.domain.outward.record import OutwardField
from cprsync.domain.outward.target import ProtectedRule, Target, TargetKind
from cprsync.domain.patron.field import FieldTargets
from cprsync.domain.patron.fields import OUTWARD
from cprsync.errors import ConfigurationError, WrongValue

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cprsync.config.toml import Mistake
    from cprsync.domain.policy.policy import Policy

_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,31}", re.ASCII)
_CODE: Final = re.compile(r"\S{1,64}")


def _check_name(typed: str) -> str:
    if not _NAME.fullmatch(typed):
        raise WrongValue("expected at most 32 small letters, digits and hyphens, a letter first")
    return typed


def _check_code(typed: str) -> str:
    if not _CODE.fullmatch(typed):
        raise WrongValue("expected a code of Koha's: at most 64 characters, no space")
    return typed


def _read_categories(typed: object) -> object:
    """The table. None for the word "koha"."""
    if isinstance(typed, dict) or typed == "koha":
        return typed if isinstance(typed, dict) else None
    raise WrongValue('expected "koha", or a table with a category for each group')


class TargetSection(Strict):
    """What every target says of itself, whatever its kind."""

    kind: str
    name: Annotated[str, AfterValidator(_check_name)]
    #: all that it may get; a payload holds nothing else
    fields: frozenset[OutwardField]
    #: how it sees protected patrons
    protected: ProtectedRule = ProtectedRule.LEAVE_OUT
    #: only patrons of these groups and of these municipalities; left out: all
    groups: frozenset[str] = frozenset()
    municipalities: frozenset[MunicipalityCode] = frozenset()

    @property
    def target_kind(self) -> TargetKind:
        """The kind, which each section says for itself."""
        return TargetKind(self.kind)

    @property
    def target(self) -> Target:
        """The rules of this target."""
        return Target(self.name, self.target_kind, self.fields, self.protected, self.groups, self.municipalities)


class FeedTarget(TargetSection):
    """A reader that fetches the changes from the desk's server."""

    kind: Literal["feed"]


#: What a Koha can hold of a patron. The rest is Koha's own: cards, telephones, e-mail, language and restrictions.
KOHA_FIELDS: Final = frozenset(
    OutwardField(word) for word, field in OUTWARD.items() if field.targets is FieldTargets.ALL
)
#: A code of Koha's: a library, a category, the type of an attribute.
KohaCode = Annotated[str, AfterValidator(_check_code)]


class KohaAttributes(Strict):
    """The types of the extended attributes that are ours. They have to exist in Koha."""

    number: KohaCode = "CPR"
    municipality: KohaCode = "KOMMUNE"
    protected: KohaCode = "BESKYTTET"
    status: KohaCode = "STATUS"

    @model_validator(mode="after")
    def _four(self) -> Self:
        codes = list(self.model_dump().values())
        if len(set(codes)) < len(codes):
            raise WrongValue("each attribute needs a type of its own")
        return self


class KohaEndings(Strict):
    """What is done with a patron who has this status in the register. The status attribute says it too."""

    dead: frozenset[KohaEnding] = frozenset({KohaEnding.EXPIRE})
    emigrated: frozenset[KohaEnding] = frozenset({KohaEnding.EXPIRE})
    disappeared: frozenset[KohaEnding] = frozenset({KohaEnding.INCORRECT_ADDRESS})


class KohaTarget(TargetSection):
    """A Koha, to which we write over its REST API."""

    kind: Literal["koha"]
    protected: ProtectedRule = ProtectedRule.WITHOUT_ADDRESS
    #: where the API begins: https://koha.example/api/v1
    url: Address
    ca: Path
    crl: tuple[Path, ...] = ()
    #: the client id, or the user name with log_in = "basic"
    client: str = Field(min_length=1, max_length=128)
    secret_file: Path
    log_in: Literal["oauth", "basic"] = "oauth"
    #: calls at the same time
    workers: Workers = 8
    #: calls per second, of all workers together
    per_second: PerSecond = 50
    attributes: KohaAttributes = KohaAttributes()
    #: where a new patron belongs if no table says it
    library: KohaCode
    category: KohaCode
    #: Koha's library by branch; a branch without a row: Koha keeps its own
    libraries: dict[str, KohaCode] = Field(default_factory=dict)
    #: Koha's category by group. None, in the file "koha": its own nightly job decides
    categories: Annotated[dict[str, KohaCode] | None, BeforeValidator(_read_categories)] = None
    endings: KohaEndings = KohaEndings()
    #: what is done with a patron who is not in Koha, or was deleted there
    missing: Literal["create", "review"] = "review"
    #: whether Koha sends a new patron its welcome letter
    welcome: bool = Field(default=False, strict=True)
    #: for how many days someone who comes back is a borrower again
    renewed_days: int = Field(default=365, ge=1, le=3660, strict=True)

    @model_validator(mode="after")
    def _fields_fit(self) -> Self:
        if OutwardField.NUMBER not in self.fields:
            raise WrongValue("Koha needs the field number: a patron is found there by the CPR number alone")
        if not self.fields <= KOHA_FIELDS:
            not_held = ", ".join(field.value for field in OutwardField if field not in KOHA_FIELDS)
            raise WrongValue("these fields are Koha's own: {fields}", fields=not_held)
        if self.categories is not None and OutwardField.GROUP not in self.fields:
            raise WrongValue("a table of categories needs the field group")
        if self.libraries and OutwardField.BRANCH not in self.fields:
            raise WrongValue("a table of libraries needs the field branch")
        return self

    @property
    def rules(self) -> KohaRules:
        """What the library has decided about its Koha."""
        return KohaRules(
            **self.attributes.model_dump(),
            library=self.library,
            category=self.category,
            libraries=self.libraries,
            categories=self.categories or {},
            endings=self.endings.model_dump(),
            creates=self.missing == "create",
            renewed_days=self.renewed_days,
        )


class WebhookTarget(TargetSection):
    """A receiver that hears which patrons have changed, and fetches the rest from a feed."""

    kind: Literal["webhook"]
    url: Address
    ca: Path
    crl: tuple[Path, ...] = ()
    #: the files of the keys that sign, the newest first
    keys: tuple[Path, ...] = Field(min_length=1, max_length=4)
    #: calls at the same time
    workers: Workers = 4
    #: calls per second, of all workers together
    per_second: PerSecond = 50


class FileTarget(TargetSection):
    """A folder that gets a file with the changes of each night."""

    kind: Literal["file"]
    folder: Path
    format: Literal["ndjson", "csv"] = "ndjson"
    #: more than these begin another file
    records_most: int = Field(default=10_000, ge=1, le=100_000, strict=True)
    megabytes_most: int = Field(default=64, ge=1, le=1024, strict=True)
    #: files are deleted after this many days; left out: their reader deletes them
    keep_days: int | None = Field(default=None, ge=1, le=3660, strict=True)


#: The outbox has what CULR is to hear under this name.
RESERVED_TARGET: Final = "culr"
#: A target of any kind.
AnyTarget: TypeAlias = Annotated[FeedTarget | KohaTarget | WebhookTarget | FileTarget, Field(discriminator="kind")]
#: In a file of settings, a target is at `library.0.target.1`.
_DEPTH: Final = 4
_KINDS: Final = frozenset(kind.value for kind in TargetKind)
_NO_GROUP: Final = "policy.toml has no such patron group: there are {some}"
_NO_BRANCH: Final = "policy.toml has no such branch: there are {some}"


def place_target(mistake: Mistake) -> Mistake:
    """The mistake in its place in the file: pydantic puts the kind of a target between the target and the key."""
    place = mistake.place
    if place[::2][:2] != ("library", "target") or len(place) <= _DEPTH or place[_DEPTH] not in _KINDS:
        return mistake
    return mistake._replace(place=(*place[:_DEPTH], *place[_DEPTH + 1 :]))


def check_names(targets: Sequence[AnyTarget], policy: Policy, *, library: str) -> None:
    """Check the patron groups and branches that targets name. With a misspelt one, most patrons would be left out.

    Raises ConfigurationError, with those that the policy has.
    """
    for target in targets:
        koha = target if isinstance(target, KohaTarget) else None
        named = [
            ("groups", sorted(target.groups), policy.group_names, _NO_GROUP),
            ("categories", koha and koha.categories, policy.group_names, _NO_GROUP),
            ("libraries", koha and koha.libraries, policy.branches, _NO_BRANCH),
        ]
        # a policy that names none says nothing of them
        for key, names, known, told in named:
            if known and (unknown := [name for name in names or () if name not in known]):
                raise ConfigurationError(
                    "{place}: {told}",
                    place=f'[[library]] "{library}", [[library.target]] "{target.name}", {key}, {unknown[0]}',
                    told=WrongValue(told, some=", ".join(known)),
                    kind="configuration",
                )
