"""Reads the packaged rule tables once, one TOML file a table.

Checks each row of the rule tables before anything is printed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, TypeAlias, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from cprsync.catalogues import rule_words
from cprsync.config.toml import Mistake, TomlPlaces, build_error, first_mistake, read_toml
from cprsync.domain.person.municipality import code_from
from cprsync.domain.wording import Wording
from cprsync.errors import WrongValue
from cprsync.municipalities import load_municipalities
from cprsync.resources import rulebook_path

if TYPE_CHECKING:
    from pathlib import Path

    from cprsync.domain.policy.policy import Policy
    from cprsync.domain.rulebook.tables import Reasons, RuleTable, Words, WrittenTable

#: In the order of a reader's questions.
TABLES: Final = (
    *("status", "protection", "address", "parked", "number", "same", "age", "residence"),
    *("rights", "account", "products", "desk", "parting"),
)
_KIND: Final = "rules"

_Sentence = Annotated[str, Field(min_length=1)]
_Read = TypeVar("_Read", bound=BaseModel)


def _check_municipality(typed: str) -> str:
    code = code_from(typed)
    if mistake := load_municipalities().mistake_in(code):
        raise WrongValue("the code {mistake}", mistake=mistake)
    return code


#: A municipality where people live, with three or four digits. With a wrong one, everybody would live elsewhere.
MunicipalityCode: TypeAlias = Annotated[str, AfterValidator(_check_municipality)]


class _Strict(BaseModel):
    # built when rules are printed: most commands read the municipalities alone
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)


class _Text(_Strict):
    """A text in both languages: neither may be missing."""

    da: _Sentence
    en: _Sentence

    @property
    def wording(self) -> Wording:
        return Wording(self.da, self.en)


class _Column(_Text):
    words: str = ""


class _Table(_Strict):
    title: _Text
    columns: dict[str, _Column]
    rows: dict[str, dict[str, _Text | _Sentence]]


class _Words(_Strict):
    groups: dict[str, dict[str, _Text]]


class _Principle(_Strict):
    name: _Text
    text: _Text


class _Reasons(_Strict):
    decisions: dict[str, _Text]
    principles: dict[str, _Principle]


def load_rule_tables(policy: Policy, file: Path | None = None) -> tuple[RuleTable, ...]:
    """All tables, filled in for a policy. Raises ConfigurationError, which names the file, the line and the cell.

    `file`: one table's file to read instead of the packaged one of that name.
    """
    # they need half the domain, and most commands read the municipalities alone
    from cprsync.domain.rulebook.tables import WrongRow, rule_tables

    paths = {name: rulebook_path(f"{name}.toml") for name in TABLES} | ({file.stem: file} if file else {})
    try:
        return rule_tables([_load_table(name, path) for name, path in paths.items()], _load_words(), policy, rule_words)
    except WrongRow as wrong:
        path = paths[wrong.table]
        raise build_error(
            path, TomlPlaces(read_toml(path, _KIND)[1]), Mistake(wrong.place, WrongValue(wrong.why)), kind=_KIND
        ) from None


def load_reasons() -> Reasons:
    """The decisions and principles that the sources of the rows name."""
    from cprsync.domain.rulebook.tables import Principle, Reasons

    read = _load(rulebook_path("decisions.toml"), _Reasons)
    return Reasons(
        {int(number): text.wording for number, text in read.decisions.items()},
        {key: Principle(one.name.wording, one.text.wording) for key, one in read.principles.items()},
    )


def _load_table(name: str, path: Path) -> WrittenTable:
    from cprsync.domain.rulebook.tables import Column, WrittenTable, WrongRow

    read = _load(path, _Table)
    for key, row in read.rows.items():
        for column in row.keys() - read.columns.keys():
            raise WrongRow(name, ("rows", key, column), "there is no such setting")
    columns = tuple(Column(key, one.wording, one.words) for key, one in read.columns.items())
    rows = {key: {column: _cell(cell) for column, cell in row.items()} for key, row in read.rows.items()}
    return WrittenTable(name, read.title.wording, columns, rows)


def _cell(read: _Text | str) -> Wording | str:
    return read if isinstance(read, str) else read.wording


def _load_words() -> Words:
    groups = _load(rulebook_path("words.toml"), _Words, under="groups").groups
    return {group: {name: text.wording for name, text in names.items()} for group, names in groups.items()}


def _load(path: Path, model: type[_Read], *, under: str | None = None) -> _Read:
    document, text = read_toml(path, _KIND)
    content: dict[str, Any] = document if under is None else {under: document}
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise build_error(path, TomlPlaces(text), first_mistake(error), kind=_KIND) from None
