"""A rule table: as it is written, and as it is printed once the program has filled it in. Holds no rule.

A written row gives a cell as text in both languages, or as the name of a value that the code knows. What it leaves out
the program's own rule gives; what both give has to be the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from cprsync.domain.person.action import Action
from cprsync.domain.wording import Wording

if TYPE_CHECKING:
    from collections.abc import Mapping

#: An action is printed as the reports name it.
Cell: TypeAlias = Wording | Action | str
#: Cells by the key of their column, as text or by name.
Row: TypeAlias = "Mapping[str, Wording | str]"
Words: TypeAlias = "Mapping[str, Mapping[str, Wording]]"

#: Stands where a row has nothing to say.
NONE: Final = "–"
#: The row that is replaced by those of the library's policy.
POLICY_ROWS: Final = "policy"
#: The words that are names of actions: the reports have them.
ACTIONS: Final = "action"
NO_CELL: Final = "this setting is missing"
NO_SUCH_NAME: Final = "no value of the program has this name"
OTHER_RULE: Final = "the program has another rule"


class WrongRow(ValueError):
    """A row that cannot be printed. `place` is the row and the column, `why` one of the three reasons above."""

    def __init__(self, table: str, place: tuple[str, ...], why: str) -> None:
        super().__init__(f"{table}: {'.'.join(place)}: {why}")
        self.table, self.place, self.why = table, place, why


@dataclass(frozen=True, slots=True)
class Column:
    """A column: the name by which a program asks for it, and its heading."""

    key: str
    heading: Wording
    #: the group of words in which its named values stand; "": a name is printed as it is
    words: str = ""


@dataclass(frozen=True, slots=True)
class WrittenTable:
    """A table as its file has it, with the rows by name."""

    name: str
    title: Wording
    columns: tuple[Column, ...]
    rows: Mapping[str, Row]


@dataclass(frozen=True, slots=True)
class RuleTable:
    """One printed table; the last column is the source. `keys` name the rows, as the tests do."""

    name: str
    title: Wording
    columns: tuple[Column, ...]
    keys: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class Principle:
    """What rules rest on everywhere; a source names it by its name."""

    name: Wording
    text: Wording


@dataclass(frozen=True, slots=True)
class Reasons:
    """What sources refer to: the project's decisions by number, and the principles by key."""

    decisions: Mapping[int, Wording]
    principles: Mapping[str, Principle]


def fill_in(table: WrittenTable, program: Mapping[str, Row], words: Words) -> RuleTable:
    """The table as it is printed.

    Args:
        table: the written rows.
        program: what the program's own rules say, by the same names.
        words: the named values, by group.

    Raises:
        WrongRow: a cell is missing, has an unknown name, or says something else than the program does.
    """
    rows = _in_order(table, program)
    cells = tuple(
        tuple(_cell(table, key, column, program.get(key, {}), words) for column in table.columns) for key in rows
    )
    return RuleTable(table.name, table.title, table.columns, rows, cells)


def _in_order(table: WrittenTable, program: Mapping[str, Row]) -> tuple[str, ...]:
    """The names of all rows: those that are written, and in the place of POLICY_ROWS those that only the policy has."""
    unwritten = [key for key in program if key not in table.rows]
    if unwritten and POLICY_ROWS not in table.rows:
        raise WrongRow(table.name, ("rows", unwritten[0]), NO_CELL)
    return tuple(one for key in table.rows for one in (unwritten if key == POLICY_ROWS else [key]))


def _cell(table: WrittenTable, key: str, column: Column, program: Row, words: Words) -> Cell:
    place = ("rows", key, column.key)
    written, known = table.rows.get(key, {}).get(column.key), program.get(column.key)
    if written is not None and known is not None and written != known:
        raise WrongRow(table.name, place, OTHER_RULE)
    value = known if written is None else written
    if value is None:
        raise WrongRow(table.name, place[:2], NO_CELL)
    try:
        return _named(value, column.words, words)
    except (KeyError, ValueError):
        raise WrongRow(table.name, place, NO_SUCH_NAME) from None


def _named(value: Wording | str, group: str, words: Words) -> Cell:
    if isinstance(value, Wording) or not group or value == NONE:
        return value
    return Action(value) if group == ACTIONS else words[group][value]
