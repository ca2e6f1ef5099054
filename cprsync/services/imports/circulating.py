"""Imports circulation: loans, reservations, balances and messages, each known by the id that its source gave it.

The list is read as a stream and written a few rows at a time, as patrons are. Balances are imported first: they decide
whether a loan that was returned long ago is over.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO, Final, Protocol

from cprsync.services.imports.circulation_rows import BALANCE, COLUMNS, SHAPES, as_circulated, type_of
from cprsync.services.imports.columns import Columns, columns_of
from cprsync.services.imports.importing import Taken, check_whole
from cprsync.services.imports.refused import REASONS, Imported, Refused, in_parts
from cprsync.services.imports.rows import Listing
from cprsync.services.imports.seen import nothing_seen
from cprsync.services.ports.imports import Circulated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import date

    from cprsync.domain.policy.policy import Policy
    from cprsync.services.imports.rows import Row
    from cprsync.services.imports.seen import Seen
    from cprsync.services.ports.store import Store

CIRCULATION_COLUMNS: Final = columns_of(COLUMNS)
#: The field that each of the store's reasons is about. For `missing.new` the row names the field.
FIELD_OF: Final[Mapping[str, str]] = {"borrower.unknown": "patron", "id.other": "id"}
MISSING: Final = "missing.new"


class Circulates(Taken, Protocol):
    """The result of one row."""

    @property
    def owed_for(self) -> str | None: ...
    @property
    def field(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What a list's balances would leave owed.

    A dry run needs it for the loans, because it has not written the balances.
    """

    seen: Seen

    def tells_of(self, balance_id: str) -> bool:
        return ("told", balance_id) in self.seen

    def is_owed(self, patron_id: str, loan_id: str) -> bool:
        return ("owed", f"{patron_id}|{loan_id}") in self.seen

    def remember(self, row: Circulated, taken: Circulates) -> None:
        if row.type != BALANCE or taken.patron_id is None:
            return
        self.seen.add(("told", row.source_id))
        if taken.owed_for is not None:
            self.seen.add(("owed", f"{taken.patron_id}|{taken.owed_for}"))


@dataclass(frozen=True, slots=True)
class Circulating:
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


def import_circulation(source: BinaryIO, how: Circulating) -> Imported:
    """Read a list and pass its rows to the store.

    Raises BadInput if the file is no such list; then nothing is taken. A bad row is refused by line and field.
    """
    listing = Listing(source)
    imported = Imported(listing.encoding)
    check_whole(listing, how.columns)
    with nothing_seen() as seen:
        foreseen = None if how.apply else Foreseen(seen)
        for owed in (True, False):
            for part in in_parts(_read(listing, how, seen, owed=owed)):
                _take(part, how, imported, foreseen)
                how.raise_if_stopped()
    imported.refused.sort(key=lambda one: one.line)
    return imported


def _read(listing: Listing, how: Circulating, seen: Seen, *, owed: bool) -> Iterator[tuple[int, Circulated | Refused]]:
    """The rows of balances if `owed`, or else all other rows."""
    for row in listing.rows():
        values = how.columns.read(row)
        kind = type_of(values, how.type)
        if (kind == BALANCE) is owed:
            yield row.line, _row(row, values, kind, how, seen)


def _row(row: Row, values: Mapping[str, str], kind: str, how: Circulating, seen: Seen) -> Circulated | Refused:
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
    part: Sequence[tuple[int, Circulated | Refused]], how: Circulating, imported: Imported, foreseen: Foreseen | None
) -> None:
    imported.rows += len(part)
    imported.refused += [read for _, read in part if isinstance(read, Refused)]
    rows = [(line, read) for line, read in part if isinstance(read, Circulated)]
    reads = [read for _, read in rows]
    taken = (
        how.store.imports.take_circulation(reads, apply=how.apply, policy=how.policy, foreseen=foreseen) if rows else ()
    )
    for (line, read), one in zip(rows, taken, strict=True):
        if foreseen is not None:
            foreseen.remember(read, one)
        if one.outcome.value == "refused":
            why = one.reason or ""
            why = why if why in REASONS else "other"
            of = read.missing if why == MISSING else one.field or FIELD_OF.get(why, "row")
            imported.refused.append(Refused(line, of, why, one.patron_id))
        else:
            imported.counts[one.outcome.value] += 1
