"""Import patrons: rows of text become patrons that are not yet verified. A dry run says what would happen."""

from __future__ import annotations

import csv
import enum  # noqa: TC003 -- a protocol's annotation
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TextIO

from cprsync.domain.number import CprNumber
from cprsync.domain.record import Card, Local
from cprsync.errors import BadInput
from cprsync.sync.ports import NewPatron

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

COLUMNS = ("cpr_number", "card", "branch", "group", "language")
REASONS = {"card.taken": "another patron has this card"}
#: A cell is not longer than this.
CELL_MAX = 200
#: Rows handed to the store at a time.
ROWS_AT_A_TIME = 500


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that was not taken: its line, the field and why, without the value."""

    line: int
    field: str
    reason: str


@dataclass(slots=True)
class Imported:
    """What an import did, or would do."""

    rows: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    refused: list[Refused] = field(default_factory=list)

    def document(self) -> dict[str, Any]:
        """The JSON shape of `patron import`."""
        return {
            "rows": self.rows,
            "created": self.counts["created"],
            "updated": self.counts["updated"],
            "unchanged": self.counts["unchanged"],
            "refused": [{"line": r.line, "field": r.field, "reason": r.reason} for r in self.refused],
        }


class Taken(Protocol):
    """What became of one row."""

    @property
    def outcome(self) -> enum.Enum:
        """Its value is `created`, `updated`, `unchanged` or `refused`."""
        ...

    @property
    def reason(self) -> str | None: ...


class PatronImport(Protocol):
    """What the import needs of the store."""

    def import_patrons(self, rows: Sequence[NewPatron], *, apply: bool) -> Sequence[Taken]:
        """Say what became of each row; nothing is written unless `apply`."""
        ...


def import_patrons(text: TextIO, store: PatronImport, *, apply: bool) -> Imported:
    """Read CSV with a header line and hand its rows to the store.

    Raises BadInput when the file is no such table; a bad row is refused by line and field.
    """
    imported = Imported()
    seen: set[CprNumber] = set()
    lines: list[int] = []
    batch: list[NewPatron] = []
    for line, row in _rows(text):
        imported.rows += 1
        parsed = _parse(line, row, seen)
        if isinstance(parsed, Refused):
            imported.refused.append(parsed)
            continue
        lines.append(line)
        batch.append(parsed)
        if len(batch) >= ROWS_AT_A_TIME:
            _hand_over(store, imported, lines, batch, apply=apply)
            lines, batch = [], []
    _hand_over(store, imported, lines, batch, apply=apply)
    return imported


def _rows(text: TextIO) -> Iterator[tuple[int, Mapping[str, str]]]:
    header = text.readline()
    if not header.strip():
        raise BadInput("the file is empty: expected a header line", kind="input.header")
    delimiter = ";" if header.count(";") > header.count(",") else ","
    names = [name.strip() for name in next(csv.reader([header.lstrip("\ufeff")], delimiter=delimiter))]
    if "cpr_number" not in names:
        raise BadInput("the header has no column cpr_number", kind="input.header")
    if unknown := [position for position, name in enumerate(names, start=1) if name not in COLUMNS]:
        raise BadInput(f"column {unknown[0]} is not known: the columns are {', '.join(COLUMNS)}", kind="input.header")
    reader = csv.DictReader(text, fieldnames=names, delimiter=delimiter, restkey="", restval="")
    try:
        for row in reader:
            yield reader.line_num + 1, {name: row.get(name) or "" for name in COLUMNS}
    except (csv.Error, UnicodeDecodeError) as error:
        raise BadInput(f"line {reader.line_num + 1}: not readable as CSV in UTF-8", kind="input.csv") from error


def _parse(line: int, row: Mapping[str, str], seen: set[CprNumber]) -> NewPatron | Refused:
    values = {name: value.strip() for name, value in row.items()}
    for name, value in values.items():
        if len(value) > CELL_MAX or not value.isprintable():
            return Refused(line, name, "too long, or with control characters")
    try:
        number = CprNumber.parse(values["cpr_number"])
    except ValueError as error:
        return Refused(line, "cpr_number", str(error))
    if number in seen:
        return Refused(line, "cpr_number", "the same number stands on an earlier line")
    seen.add(number)
    cards = (Card(values["card"]),) if values["card"] else ()
    local = Local(cards=cards, branch=values["branch"], group=values["group"], language=values["language"] or "da")
    return NewPatron(number, local)


def _hand_over(
    store: PatronImport, imported: Imported, lines: Sequence[int], batch: Sequence[NewPatron], *, apply: bool
) -> None:
    if not batch:
        return
    for line, taken in zip(lines, store.import_patrons(batch, apply=apply), strict=True):
        if taken.outcome.value == "refused":
            imported.refused.append(Refused(line, "card", REASONS.get(taken.reason or "", "not taken")))
        else:
            imported.counts[taken.outcome.value] += 1
