"""Import patrons: rows of text become patrons that are not yet verified. A dry run says what would happen."""

from __future__ import annotations

import csv
import enum  # noqa: TC003 -- a protocol's annotation
from collections import Counter
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, Final, Protocol, TextIO

from cprsync.domain.number import CprNumber
from cprsync.domain.record import Card, Local
from cprsync.errors import BadInput
from cprsync.sync.values import NewPatron

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cprsync.domain.policy import Policy

COLUMNS = ("cpr_number", "card", "branch", "group", "language")
#: Why a row is not taken: what is told of it, in Danish and in English.
REASONS: Final[Mapping[str, tuple[str, str]]] = {
    "form": (
        "ikke et CPR-nummer: der skal stå ti cifre, med højst én bindestreg efter det sjette",
        "not a CPR number: expected ten digits, with at most one hyphen after the sixth",
    ),
    "impossible": (
        "ikke et muligt CPR-nummer, uden dato: spørg låneren, og ret filen (et erstatningsnummer har dagen plus 60)",
        "not a possible CPR number, with no date: ask the patron, mend the file (a replacement has the day plus 60)",
    ),
    "twice": ("det samme nummer står på en tidligere linje", "the same number stands on an earlier line"),
    "cells": ("flere felter, end overskriften har kolonner", "more cells than the header has columns"),
    "cell": ("for langt, eller med styretegn", "too long, or with control characters"),
    "card.taken": ("en anden låner har dette kort", "another patron has this card"),
    "number.replaced": (
        "nummeret er skiftet ud: det er nu låner {patron}s, som har et andet",
        "the number was replaced: it is now patron {patron}'s, who has another one",
    ),
    "other": ("ikke taget", "not taken"),
}
#: Which field the store's reasons are about.
FIELD_OF: Final[Mapping[str, str]] = {"card.taken": "card", "number.replaced": "cpr_number"}
#: A cell is not longer than this.
CELL_MAX = 200


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that was not taken: its line, the field and why, without the value."""

    line: int
    field: str
    #: a key of `REASONS`
    why: str
    #: whose the number or card is now
    patron: str | None = None

    @property
    def told(self) -> tuple[str, str]:
        """The reason in Danish and in English."""
        danish, english = REASONS[self.why]
        return danish.format(patron=self.patron), english.format(patron=self.patron)

    @property
    def reason(self) -> str:
        """The reason in English, as in the JSON shape."""
        return self.told[1]


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
    def patron_id(self) -> str | None: ...
    @property
    def reason(self) -> str | None: ...


class PatronImport(Protocol):
    """What the import needs of the store."""

    def import_patrons(self, rows: Sequence[NewPatron], *, apply: bool, policy: Policy | None) -> Sequence[Taken]:
        """Say what became of each row; nothing is written unless `apply`, and no group against age by the policy."""
        ...


def import_patrons(text: TextIO, store: PatronImport, *, apply: bool, policy: Policy | None = None) -> Imported:
    """Read CSV with a header line and hand its rows to the store, all at once: they are taken together.

    Raises BadInput when the file is no such table, and then nothing is taken; a bad row is refused by
    line and field.
    """
    imported = Imported()
    seen: set[CprNumber] = set()
    lines: list[int] = []
    rows: list[NewPatron] = []
    for line, row in _rows(text):
        imported.rows += 1
        parsed = _parse(line, row, seen)
        if isinstance(parsed, Refused):
            imported.refused.append(parsed)
        else:
            lines.append(line)
            rows.append(parsed)
    if rows:
        taken = store.import_patrons(rows, apply=apply, policy=policy)
        for line, one in zip(lines, taken, strict=True):
            _note(imported, line, one)
    imported.refused.sort(key=lambda refused: refused.line)
    return imported


def _rows(text: TextIO) -> Iterator[tuple[int, list[tuple[str, str]]]]:
    """Each row with its line; a cell beyond the header has the name ""."""
    line = 1
    try:
        header = text.readline()
        names, delimiter = _columns(header)
        reader = csv.reader(text, delimiter=delimiter, strict=True)
        for cells in reader:
            line = reader.line_num + 1
            if cells:
                yield line, list(zip_longest(names[: len(cells)], cells, fillvalue=""))
    except (csv.Error, UnicodeDecodeError) as error:
        # the header is line 1, and the reader counts from the line after it
        raise BadInput("after line {line}: not readable as CSV in UTF-8", line=line, kind="input.csv") from error


def _columns(header: str) -> tuple[list[str], str]:
    header = header.lstrip("\ufeff")
    if not header.strip():
        raise BadInput("the file is empty: expected a header line", kind="input.header")
    delimiter = ";" if header.count(";") > header.count(",") else ","
    names = [name.strip() for name in next(csv.reader([header], delimiter=delimiter))]
    if "cpr_number" not in names:
        raise BadInput("the header has no column cpr_number", kind="input.header")
    for position, name in enumerate(names, start=1):
        if name not in COLUMNS:
            raise BadInput(
                "column {position} is not known: the columns are {columns}",
                position=position,
                columns=", ".join(COLUMNS),
                kind="input.header",
            )
        if name in names[: position - 1]:
            raise BadInput("column {position} stands in the header twice", position=position, kind="input.header")
    return names, delimiter


def _parse(line: int, row: list[tuple[str, str]], seen: set[CprNumber]) -> NewPatron | Refused:
    values = dict.fromkeys(COLUMNS, "")
    for name, cell in row:
        value = cell.strip()
        if not name and value:
            return Refused(line, "row", "cells")
        if len(value) > CELL_MAX or not value.isprintable():
            return Refused(line, name, "cell")
        values[name] = value
    try:
        number = CprNumber.parse_any(values["cpr_number"])
    except ValueError:
        return Refused(line, "cpr_number", "form")
    if not number.is_possible:
        # the register would not know it, and the night after could only park it
        return Refused(line, "cpr_number", "impossible")
    if number in seen:
        return Refused(line, "cpr_number", "twice")
    seen.add(number)
    cards = (Card(values["card"]),) if values["card"] else ()
    # a cell left empty says nothing: it never overwrites what the record has
    local = Local(cards=cards, branch=values["branch"], group=values["group"], language=values["language"])
    return NewPatron(number, local)


def _note(imported: Imported, line: int, taken: Taken) -> None:
    if taken.outcome.value == "refused":
        why = taken.reason or ""
        why = why if why in REASONS else "other"
        imported.refused.append(Refused(line, FIELD_OF.get(why, "row"), why, taken.patron_id))
    else:
        imported.counts[taken.outcome.value] += 1
