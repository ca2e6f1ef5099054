"""A rule table as a reader sees it: columns, the rows' names, and the rows. Holds no rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cprsync.domain.wording import Wording

if TYPE_CHECKING:
    from cprsync.domain.rulebook.rule_rows import Cell


@dataclass(frozen=True, slots=True)
class Column:
    """A column: the name by which a program asks for it, and its heading."""

    key: str
    heading: Wording


@dataclass(frozen=True, slots=True)
class RuleTable:
    """One table; the last column of each is the source. `keys` name the rows, as the tests do."""

    name: str
    title: Wording
    columns: tuple[Column, ...]
    keys: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


#: What stands last in each.
SOURCE: Final = Column("source", Wording("Kilde", "Source"))
