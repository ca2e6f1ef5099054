"""The rule tables: as they are written, and as they are printed once the program has filled them in. Holds no rule.

A written row gives a cell as text in both languages, or as the name of a value that the code knows. What it leaves out
the program's own rule gives; what both give has to be the same. A policy gives the rows of age steps and products.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from cprsync.domain.deciding.protection import PROTECTION_RULES, ProtectionRule
from cprsync.domain.desk.parting import PARTING_ROWS
from cprsync.domain.desk.registering import WARNINGS
from cprsync.domain.netmedia.right_rule import RIGHT_RULES, ChangeCause, RightByRule
from cprsync.domain.pages.policy_page import product_rows
from cprsync.domain.person.municipality import RESIDENCE_RULES
from cprsync.domain.person.status import STATUS_RULES, Action, Lives
from cprsync.domain.policy.product import LicensedBy
from cprsync.domain.wording import Wording

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cprsync.domain.desk.confirming import WarningLevel
    from cprsync.domain.policy.policy import Ladder, Ladders, Policy
    from cprsync.domain.wording import Texts


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
_EITHER: Final = "either"


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
        return _put_in_words(value, column.words, words)
    except (KeyError, ValueError):
        raise WrongRow(table.name, place, NO_SUCH_NAME) from None


def _put_in_words(value: Wording | str, group: str, words: Words) -> Cell:
    if isinstance(value, Wording) or not group or value == NONE:
        return value
    return Action(value) if group == ACTIONS else words[group][value]


def rule_tables(written: Iterable[WrittenTable], words: Words, policy: Policy, texts: Texts) -> tuple[RuleTable, ...]:
    """All tables as they are printed for a policy. `texts`: the words that the program shows elsewhere, too.

    Raises WrongRow.
    """
    program = program_rows(policy, texts)
    named = {**words, **_shared_words(texts)}
    return tuple(fill_in(table, program.get(table.name, {}), named) for table in written)


def _shared_words(texts: Texts) -> Words:
    names = {
        "answer": [answer.value for answer in RightByRule],
        "change": [change.value for change in ChangeCause],
        "licence": [_EITHER, *(whose.value for whose in LicensedBy)],
    }
    return {group: {name: texts(f"{group}.{name}") for name in found} for group, found in names.items()}


def program_rows(policy: Policy, texts: Texts) -> Mapping[str, Mapping[str, Row]]:
    """The cells that the program knows, by table, row and column."""
    return {
        "status": _status_rows(texts),
        "protection": {protection_key(rule): _protection_row(rule) for rule in PROTECTION_RULES},
        "residence": _residence_rows(),
        "rights": _right_rows(texts),
        "desk": _desk_rows(texts),
        "parting": _parting_rows(texts),
        "age": _age_rows(policy.ladders, texts),
        "products": _product_rows(policy, texts),
    }


def _status_rows(texts: Texts) -> dict[str, Row]:
    return {
        f"status-{rule.status.value}": {
            "code": rule.status.value,
            "meaning": texts(f"status.{rule.status.value}"),
            "coming": rule.coming.value,
            "letters": rule.letters.value,
            "block": rule.block.value,
            "residence": rule.lives.value,
            "net_media": rule.net_media.value,
            "subscription": rule.subscription.value,
            "undone": rule.leaving.value,
        }
        for rule in STATUS_RULES.values()
    }


def protection_key(rule: ProtectionRule) -> str:
    agreed = {True: "-004", False: "-without004", None: ""}[rule.agreed]
    return f"protection-{rule.voice.value}-{rule.says.value}{agreed}-{rule.stands.value}"


def _protection_row(rule: ProtectionRule) -> Row:
    return {
        "voice": rule.voice.value,
        "says": rule.says.value,
        "agreed": {True: "yes", False: "no", None: _EITHER}[rule.agreed],
        "stands": rule.stands.value,
        "does": rule.does.value,
    }


def _residence_rows() -> dict[str, Row]:
    """By the kind of address, and by the statuses for which no address counts: all of one kind mean the same."""
    by_status = {
        f"residence-status-{rule.lives.value}": {"residence": rule.lives.value, "net_media": rule.net_media.value}
        for rule in STATUS_RULES.values()
        if rule.lives is not Lives.BY_ADDRESS
    }
    by_kind: dict[str, Row] = {
        f"residence-{rule.kind.value if rule.kind else 'none'}": {
            # by the very code: the table says it in words
            **({} if rule.lives is Lives.BY_ADDRESS else {"residence": rule.lives.value}),
            "net_media": rule.net_media.value,
        }
        for rule in RESIDENCE_RULES.values()
    }
    return {**by_status, **by_kind}


def _right_rows(texts: Texts) -> dict[str, Row]:
    return {
        f"rights-{row.rule.value.replace('_', '-')}": {
            "what": texts(f"right.{row.rule.value}"),
            "licence": row.licensed_by.value if row.licensed_by else _EITHER,
            "answer": row.answer.value,
            "changes": row.changes.value,
        }
        for row in RIGHT_RULES.values()
    }


def _desk_rows(texts: Texts) -> dict[str, Row]:
    return {
        f"desk-{row.kind.replace('.', '-').replace('_', '-')}": {
            "warning": texts(f"desk.{row.kind}"),
            "begins": row.level.value,
            "updates": (row.of_borrower or row.level).value,
        }
        for row in WARNINGS
    }


def _parting_rows(texts: Texts) -> dict[str, Row]:
    return {
        f"parting-{row.kind.replace('_', '-')}": {
            "warning": texts(f"parting.{row.kind}"),
            "leave": _level(row.leave),
            "erase": _level(row.erase),
        }
        for row in PARTING_ROWS
    }


def _level(level: WarningLevel | None) -> str:
    return NONE if level is None else level.value


def _age_rows(ladders: Ladders, texts: Texts) -> dict[str, Row]:
    birthday = texts("age.birthday", leap=texts(f"age.{ladders.leap.name.lower()}"))
    return {key: row for ladder in ladders.ladders for key, row in _steps(ladder, birthday, texts)}


def _steps(ladder: Ladder, birthday: Wording, texts: Texts) -> Iterable[tuple[str, Row]]:
    since = ladder.since.isoformat()
    source = f"policy.toml: age_groups {since}"
    for group in ladder.groups:
        yield (
            f"age-{since}-{group.from_age}",
            {
                "step": texts("age.step", age=group.from_age),
                "rule": group.name,
                "day": birthday if group.from_age else texts("age.birth"),
                "source": texts("age.source", source=source) if group.from_age else source,
            },
        )


def _product_rows(policy: Policy, texts: Texts) -> dict[str, Row]:
    columns = ("product", "days", "licence", "ages", "blocks", "groups", "source")
    return {
        f"products-{key}": dict(zip(columns, (*row, "policy.toml: product"), strict=True))
        for key, row in product_rows(policy, texts).items()
    }
