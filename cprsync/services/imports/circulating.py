"""Import what circulates: loans, reservations, balances and messages, each known by the id that its source gave it.

Read as a stream and written a few rows at a time, as patrons are. What is owed is taken first: it says of a loan that
was returned long ago whether it is over.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO, Final, Protocol

from cprsync.services.imports.circulation_rows import BALANCE, COLUMNS, SHAPES, Circulated, as_circulated, type_of
from cprsync.services.imports.columns import Columns, columns_of
from cprsync.services.imports.importing import Taken, check_whole
from cprsync.services.imports.refused import REASONS, Imported, Refused, in_parts
from cprsync.services.imports.rows import Listing
from cprsync.services.imports.seen import nothing_seen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import date

    from cprsync.domain.policy.policy import Policy
    from cprsync.services.imports.rows import Row
    from cprsync.services.imports.seen import Seen

CIRCULATION_COLUMNS: Final = columns_of(COLUMNS)
#: Which field the store's reasons are about; of the last the row says which.
FIELD_OF: Final[Mapping[str, str]] = {"borrower.unknown": "patron", "id.other": "id"}
MISSING: Final = "missing.new"


class Circulates(Taken, Protocol):
    """What became of one row."""

    @property
    def owed_for(self) -> str | None: ...
    @property
    def field(self) -> str: ...


class CirculationImport(Protocol):
    """What the import needs of the store."""

    def import_circulation(
        self, rows: Sequence[Circulated], *, apply: bool, policy: Policy, foreseen: Foreseen | None = None
    ) -> Sequence[Circulates]:
        """Say what became of each row, all in one transaction; nothing is written unless `apply`.

        What is `foreseen` goes before what the store has.
        """
        ...


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What the balances of a list would leave owed: a dry run has not written them when it comes to the loans."""

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
    """How a list is taken in."""

    store: CirculationImport
    policy: Policy
    #: the day: nothing that has been lies after it
    on: date
    apply: bool
    #: what every row is that does not say it itself
    type: str | None = None
    columns: Columns = field(default=CIRCULATION_COLUMNS)
    #: called between two transactions; raises RunStopped once someone has asked to stop
    heed: Callable[[], None] = lambda: None


def import_circulation(source: BinaryIO, how: Circulating) -> Imported:
    """Read a list and hand its rows to the store.

    Raises BadInput when the file is no such list, and then nothing is taken; a bad row is refused by line and field.
    """
    listing = Listing(source)
    imported = Imported(listing.encoding)
    check_whole(listing, how.columns)
    with nothing_seen() as seen:
        foreseen = None if how.apply else Foreseen(seen)
        for owed in (True, False):
            for part in in_parts(_read(listing, how, seen, owed=owed)):
                _take(part, how, imported, foreseen)
                how.heed()
    imported.refused.sort(key=lambda one: one.line)
    return imported


def _read(listing: Listing, how: Circulating, seen: Seen, *, owed: bool) -> Iterator[tuple[int, Circulated | Refused]]:
    """What is owed, or all the rest."""
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
    taken = how.store.import_circulation(reads, apply=how.apply, policy=how.policy, foreseen=foreseen) if rows else ()
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
