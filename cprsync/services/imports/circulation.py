"""Reads a list of loans, reservations, balances and messages, and writes it or says what it would write.

A table says which columns each type has. A row is read, or refused by field.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from operator import attrgetter
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from cprsync.domain.lending.circulation import BALANCE, MESSAGE, SHAPES, RowShape
from cprsync.domain.patron.kinds import NOTE_MAX
from cprsync.services.imports.results import Imported, Refused, Unfit, in_parts, nothing_seen
from cprsync.services.imports.rows import Columns, ImportFile, columns_of
from cprsync.services.ports.imports import ORDER, Circulated, ImportedRow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from cprsync.domain.policy.policy import Policy
    from cprsync.services.imports.results import SeenRows
    from cprsync.services.imports.rows import ImportRow
    from cprsync.services.ports.store import Store

#: The longest text, except for a message's content.
TEXT_MAX: Final = 254
ID_MAX: Final = 64
#: Amounts as programs and as people write them: 1250, 1250.50, 1250,50, and 1.250,50. A point followed by a comma
#: separates thousands.
_AMOUNT: Final = re.compile(
    r"(?P<kroner>[0-9]{1,7})(?:[.,](?P<oere>[0-9]{1,2}))?"
    r"|(?P<thousands>[0-9]{1,3}(?:\.[0-9]{3}){1,2}),(?P<rest>[0-9]{1,2})",
    re.ASCII,
)
FEE, COMPENSATION = "fee", "compensation"
CHANNELS: Final = frozenset({"sms", "email", "letter"})
#: The columns of such a list.
COLUMNS: Final = (
    *("type", "id", "patron", "title", "loaned", "due", "renewed", "returned", "lost"),
    *("placed", "until", "fulfilled", "cancelled"),
    *("kind", "amount", "raised", "settled", "loan"),
    *("channel", "sent", "subject", "content"),
)


def type_of(values: Mapping[str, str], given: str | None) -> str:
    """The type of a row: its own takes precedence over `given`, the type of the whole list. "": no known type."""
    told = values.get("type", "").casefold() or (given or "")
    return told if told in SHAPES else ""


def as_circulated(line: int, values: Mapping[str, str], kind: str, *, on: date) -> Circulated | Refused:
    """The content of a row of this type, or why it is refused."""
    try:
        return _read(values, kind, SHAPES[kind], on)
    except Unfit as unfit:
        return Refused(line, unfit.field, unfit.why)


def _check_days(shape: RowShape, days: Mapping[str, date], on: date) -> None:
    if (future := shape.find_future(days, on)) is not None:
        raise Unfit(future, "day.future")
    if (early := shape.find_misplaced(days, {})) is not None:
        raise Unfit(early, ORDER)


def _read(values: Mapping[str, str], kind: str, shape: RowShape, on: date) -> Circulated:
    for name in ("id", "patron"):
        if not values.get(name):
            raise Unfit(name, "missing")
    for name in ("id", "patron", "loan"):
        _text(values, name, ID_MAX)
    days = {name: _day(values, name) for name in (*shape.days, *shape.sealed_days) if values.get(name)}
    _check_days(shape, days, on)
    said: dict[str, Any] = {name: _text(values, name, _longest(name)) for name in shape.texts if values.get(name)}
    said |= {name: days[name].isoformat() for name in shape.sealed_days if name in days}
    clear: dict[str, str] = {}
    if kind == BALANCE:
        clear = _balance(values)
        if values.get("amount"):
            said["amount"] = _oere(values["amount"])
    if kind == MESSAGE and values.get("channel"):
        said["channel"] = _channel(values["channel"])
    return Circulated(
        kind,
        values["id"],
        values["patron"],
        {name: days[name] for name in shape.days if name in days},
        clear,
        said,
        over=shape.is_over(days),
        seen=shape.last_action(days),
        missing=shape.first_missing(values),
    )


def _longest(name: str) -> int:
    return NOTE_MAX if name == "content" else TEXT_MAX


def _text(values: Mapping[str, str], name: str, longest: int) -> str:
    text = values.get(name, "")
    lines = text.splitlines()
    if len(text) > longest or not all(line.isprintable() for line in lines) or (len(lines) > 1 and name != "content"):
        raise Unfit(name, "cell")
    return text


def _day(values: Mapping[str, str], name: str) -> date:
    try:
        # a time after the day is ignored
        return date.fromisoformat(values[name][:10])
    except ValueError:
        raise Unfit(name, "day") from None


def _oere(text: str) -> int:
    found = _AMOUNT.fullmatch(text)
    if found is None:
        raise Unfit("amount", "amount")
    kroner = found["kroner"] or found["thousands"].replace(".", "")
    return int(kroner) * 100 + int((found["oere"] or found["rest"] or "0").ljust(2, "0"))


def _balance(values: Mapping[str, str]) -> dict[str, str]:
    kind = values.get("kind", "").casefold()
    if kind not in {"", FEE, COMPENSATION}:
        raise Unfit("kind", "balance.kind")
    return {name: told for name, told in (("kind", kind), ("loan_source", values.get("loan", ""))) if told}


def _channel(text: str) -> str:
    if text.casefold() not in CHANNELS:
        raise Unfit("channel", "channel")
    return text.casefold()


CIRCULATION_COLUMNS: Final = columns_of(COLUMNS)


@dataclass(frozen=True, slots=True)
class BalancesOfList:
    """What a list's balances would leave owed.

    A dry run needs it for the loans, because it has not written the balances.
    """

    seen: SeenRows

    def tells_of(self, balance_id: str) -> bool:
        return ("told", balance_id) in self.seen

    def is_owed(self, patron_id: str, loan_id: str) -> bool:
        return ("owed", f"{patron_id}|{loan_id}") in self.seen

    def remember(self, row: Circulated, taken: ImportedRow) -> None:
        if row.type != BALANCE or taken.patron_id is None:
            return
        self.seen.add(("told", row.source_id))
        if taken.owed_for is not None:
            self.seen.add(("owed", f"{taken.patron_id}|{taken.owed_for}"))


@dataclass(frozen=True, slots=True)
class CirculationImport:
    """How to import a list."""

    store: Store
    policy: Policy
    #: the day of the import: a day in the past cannot lie after it
    on: date
    apply: bool
    #: the type of every row that does not name one
    type: str | None = None
    columns: Columns = field(default=CIRCULATION_COLUMNS)
    #: called between two transactions; raises RunStopped if someone has asked to stop
    raise_if_stopped: Callable[[], None] = lambda: None


def import_circulation(source: BinaryIO, how: CirculationImport) -> Imported:
    """Read a list and pass its rows to the store.

    Raises BadInput if the file is no such list; then nothing is taken. A bad row is refused by line and field.
    """
    listing = ImportFile(source)
    imported = Imported(listing.encoding)
    listing.check(how.columns)
    with nothing_seen() as seen:
        foreseen = None if how.apply else BalancesOfList(seen)
        for owed in (True, False):
            for part in in_parts(_read_rows(listing, how, seen, owed=owed)):
                _take(part, how, imported, foreseen)
                how.raise_if_stopped()
    imported.refused.sort(key=attrgetter("line"))
    return imported


def _read_rows(
    listing: ImportFile, how: CirculationImport, seen: SeenRows, *, owed: bool
) -> Iterator[tuple[int, Circulated | Refused]]:
    """The rows of balances if `owed`, or else all other rows."""
    for row in listing.rows():
        values = how.columns.read(row)
        kind = type_of(values, how.type)
        if (kind == BALANCE) is owed:
            yield row.line, _row(row, values, kind, how, seen)


def _row(
    row: ImportRow, values: Mapping[str, str], kind: str, how: CirculationImport, seen: SeenRows
) -> Circulated | Refused:
    if how.columns.beyond(row):
        return Refused(row.line, "row", "cells")
    if kind not in SHAPES:
        return Refused(row.line, "type", "type")
    read = as_circulated(row.line, values, kind, on=how.on)
    if isinstance(read, Refused):
        return read
    told = (kind, read.source_id)
    if told in seen:
        return Refused(row.line, "id", "id.twice")
    seen.add(told)
    return read


def _take(
    part: Sequence[tuple[int, Circulated | Refused]],
    how: CirculationImport,
    imported: Imported,
    foreseen: BalancesOfList | None,
) -> None:
    rows = imported.sort_out(part)
    reads, imports = [read for _, read in rows], how.store.imports
    taken = imports.take_circulation(reads, apply=how.apply, policy=how.policy, foreseen=foreseen) if rows else ()
    for (line, read), one in zip(rows, taken, strict=True):
        if foreseen is not None:
            foreseen.remember(read, one)
        imported.count(line, one, missing=read.missing)
