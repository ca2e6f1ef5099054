"""Imports patrons: rows of a list become patrons that are not yet verified. A dry run says what would happen.

The list is read as a stream. A few rows at a time are written in one transaction with their audit. A killed import can
be run again: a row that the record agrees with changes nothing.
"""

from __future__ import annotations

import enum  # noqa: TC003 -- a protocol's annotation
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Final, Protocol

from cprsync.domain.lending.contacting import letter_language
from cprsync.services.imports.columns import PATRON_COLUMNS, Columns
from cprsync.services.imports.patron_rows import as_patron, check_readable, in_branch
from cprsync.services.imports.refused import REASONS, Doubt, Imported, OfPatrons, Refused, in_parts
from cprsync.services.imports.rows import Listing, nothing_seen

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date

    from cprsync.domain.policy.policy import Policy
    from cprsync.services.imports.rows import Row, Seen
    from cprsync.services.ports.patrons import NewPatron
    from cprsync.services.ports.store import Store

#: The most unknown groups that are reported one by one.
DOUBTS_MAX: Final = 20
#: The field that each of the store's reasons is about.
FIELD_OF: Final[Mapping[str, str]] = {
    "address": "address",
    "card.taken": "cards",
    "name": "name",
    "number.replaced": "cpr_number",
    "number.required": "cpr_number",
    "patron.unknown": "patron",
    "patron.other": "patron",
}


class Taken(Protocol):
    """The result of one row."""

    @property
    def outcome(self) -> enum.Enum:
        """The result; its value is `created`, `updated`, `unchanged` or `refused`."""
        ...

    @property
    def patron_id(self) -> str | None: ...
    @property
    def reason(self) -> str | None: ...
    @property
    def stays(self) -> bool: ...
    @property
    def returns(self) -> bool: ...
    @property
    def left(self) -> tuple[str, ...]: ...
    @property
    def by_age(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Importing:
    """How to import a list."""

    store: Store
    #: the day of the import; an absence that ended before it is ignored
    on: date
    apply: bool
    policy: Policy | None = None
    columns: Columns = PATRON_COLUMNS
    #: called between two transactions; raises RunStopped if someone has asked to stop
    raise_if_stopped: Callable[[], None] = lambda: None


def import_patrons(source: BinaryIO, how: Importing) -> Imported:
    """Read a list and pass its rows to the store.

    Raises BadInput if the file is no such list; then nothing is taken. A bad row is refused by line and field. Raises
    ConfigurationError, before anything is read, if the field table allows a field that the import cannot read.
    """
    check_readable(how.columns.fields)
    listing = Listing(source)
    imported = Imported(listing.encoding, patrons=OfPatrons())
    check_whole(listing, how.columns)
    with nothing_seen() as seen:
        for part in in_parts(listing.rows()):
            _take(part, how, seen, imported)
            how.raise_if_stopped()
    return imported


def check_whole(listing: Listing, columns: Columns) -> None:
    """Read a list to its end before its first row is taken, so that a bad file is refused as a whole.

    Raises BadInput.
    """
    header = listing.header()
    if header is not None:
        columns.check(header)
    for row in listing.rows():
        if header is None:
            columns.check(row)


def _take(part: Sequence[Row], how: Importing, seen: Seen, imported: Imported) -> None:
    lines: list[int] = []
    rows: list[NewPatron] = []
    refused: list[Refused] = []
    for listed in part:
        imported.rows += 1
        read = (
            Refused(listed.line, "row", "cells")
            if how.columns.beyond(listed)
            else as_patron(listed.line, how.columns.read(listed), seen, on=how.on)
        )
        if not isinstance(read, Refused) and how.policy is not None:
            read = in_branch(listed.line, read, how.policy)
        if isinstance(read, Refused):
            refused.append(read)
        else:
            lines.append(listed.line)
            rows.append(read)
    taken = how.store.imports.take_patrons(rows, apply=how.apply, policy=how.policy) if rows else ()
    for line, row, one in zip(lines, rows, taken, strict=True):
        if one.outcome.value == "refused":
            refused.append(_refused(line, one))
        else:
            imported.counts[one.outcome.value] += 1
            if imported.patrons is not None:
                _tell(line, one, imported.patrons, applied=how.apply)
                _doubt(line, row.local.group, how.policy, imported.patrons)
                if one.by_age:
                    _count(line, "group", "by_age", imported.patrons)
                if row.local.language and letter_language(row.local.language) != row.local.language:
                    _count(line, "language", "language", imported.patrons)
    imported.refused += sorted(refused, key=lambda one: one.line)


def _tell(line: int, taken: Taken, told: OfPatrons, *, applied: bool) -> None:
    if taken.stays and taken.patron_id and taken.patron_id not in told.stays:
        told.stays.append(taken.patron_id)
    # a dry run assigns no lasting number
    number = taken.patron_id if applied else None
    if taken.returns:
        told.returns.append((line, number))
    if taken.outcome.value == "created" and number is not None:
        told.lines.append(line)
        told.numbers.append(int(number))
    told.left.update(taken.left)


def _count(line: int, field: str, why: str, told: OfPatrons) -> None:
    told.doubts.setdefault((why, ""), Doubt(line, field, why)).rows += 1


def _doubt(line: int, group: str, policy: Policy | None, told: OfPatrons) -> None:
    """Note a group that the policy does not name, if it names any. The group is taken, but may be misspelt."""
    known = () if policy is None else policy.group_names
    if not group or not known or group in known:
        return
    # a wrong column may hold as many values as the list has rows
    key = ("group", group)
    if key not in told.doubts and sum(why == "group" for why, _ in told.doubts) >= DOUBTS_MAX:
        key = ("group", "")
    told.doubts.setdefault(key, Doubt(line, "group", "group", known)).rows += 1


def _refused(line: int, taken: Taken) -> Refused:
    why = taken.reason or ""
    why = why if why in REASONS else "other"
    return Refused(line, FIELD_OF.get(why, "row"), why, taken.patron_id)
