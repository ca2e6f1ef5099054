"""The settings of the other systems that hear of patrons: `[[library.target]]`."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 -- pydantic reads the annotations
from typing import Annotated, Final, Literal, Self, TypeAlias

from pydantic import Field, model_validator

from cprsync.config.addresses import Address, PerSecond, Workers  # noqa: TC001 -- pydantic reads the annotations
from cprsync.config.toml import Strict
from cprsync.domain.outward.koha import Ending, KohaRules
from cprsync.domain.outward.record import OutwardField
from cprsync.domain.outward.target import ProtectedRule, Target, TargetKind
from cprsync.errors import WrongValue


class TargetSection(Strict):
    """What every target says of itself, whatever its kind."""

    kind: str
    name: str = Field(pattern=r"^[a-z][a-z0-9-]{0,31}$")
    #: all that it may get; a payload holds nothing else
    fields: frozenset[OutwardField]
    #: how it sees protected patrons
    protected: ProtectedRule = ProtectedRule.LEAVE_OUT
    #: only patrons of these groups and of these municipalities; left out: all
    groups: frozenset[str] = frozenset()
    municipalities: frozenset[Annotated[str, Field(pattern=r"^[0-9]{4}$")]] = frozenset()

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
    {
        OutwardField.NUMBER,
        OutwardField.NAME,
        OutwardField.BIRTH_DATE,
        OutwardField.ADDRESS,
        OutwardField.ABROAD,
        OutwardField.CONTACT_ADDRESS,
        OutwardField.MUNICIPALITY,
        OutwardField.STATUS,
        OutwardField.GROUP,
        OutwardField.BRANCH,
    }
)
#: A code of Koha's: a library, a category, the type of an attribute.
KohaCode = Annotated[str, Field(pattern=r"^\S{1,64}$")]


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
    """What is done with a patron of whom the register says this. The status attribute says it too."""

    dead: frozenset[Ending] = frozenset({Ending.EXPIRE})
    emigrated: frozenset[Ending] = frozenset({Ending.EXPIRE})
    disappeared: frozenset[Ending] = frozenset({Ending.INCORRECT_ADDRESS})


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
    #: Koha's category by group, or "koha": its own nightly job decides
    categories: Literal["koha"] | dict[str, KohaCode] = "koha"
    endings: KohaEndings = KohaEndings()
    #: what is done with a patron whom Koha does not have, or has deleted
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
            raise WrongValue("these fields are Koha's own: cards, telephones, emails, language, blocks and rights")
        if isinstance(self.categories, dict) and OutwardField.GROUP not in self.fields:
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
            categories=self.categories if isinstance(self.categories, dict) else {},
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
    #: files are deleted after so many days; left out: whoever reads them deletes them
    keep_days: int | None = Field(default=None, ge=1, le=3660, strict=True)


#: The outbox has what CULR is to hear under this name.
RESERVED_TARGET: Final = "culr"
#: A target of any kind.
AnyTarget: TypeAlias = Annotated[FeedTarget | KohaTarget | WebhookTarget | FileTarget, Field(discriminator="kind")]
