"""The allowed content of a `[[product]]` in `policy.toml`: names, types and bounds. Reads no file."""

from __future__ import annotations

from datetime import date  # noqa: TC003 -- pydantic reads the annotations
from typing import Annotated, Final, Literal, TypeAlias

from pydantic import BeforeValidator, Field

from cprsync.config.municipalities import load_municipalities
from cprsync.config.toml import Strict
from cprsync.domain.person.age import AGE_MAX
from cprsync.domain.person.municipality import code_from
from cprsync.domain.policy.product import LicensedBy, Product
from cprsync.domain.wording import Wording
from cprsync.errors import OutOfOrder, WrongValue

#: Denmark has about a hundred municipalities, and no record has more blocks or groups than this.
LIST_MAX: Final = 200
TEXT_MAX: Final = 200
#: A list, or a word that stands for a whole list.
Codes: TypeAlias = frozenset[str] | Literal["all", "own"]
Reasons: TypeAlias = frozenset[str] | Literal["all"]


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
