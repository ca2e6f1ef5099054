"""What became of an import's rows: why a row is refused or doubted, by line and field, never the value."""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
from array import array
from collections import Counter
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, TypeVar

from cprsync.domain.lending.contacting import letter_language
from cprsync.domain.patron.kinds import HOLDS_NUMBER
from cprsync.errors import WrongValue
from cprsync.services.ports.imports import ImportedRow, ImportOutcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from cprsync.services.ports.patrons import NewPatron

T = TypeVar("T")
#: Rows in one transaction. Desk users wait at most for one transaction.
AT_ONCE: Final = 500

#: Why a row is refused.
REASONS: Final[Mapping[str, str]] = {
    "form": "not a CPR number: expected ten digits, with at most one hyphen after the sixth",
    "nine": (
        "nine digits only: a spreadsheet may have removed the 0 in front. Make the column text there, and save again"
    ),
    "impossible": (
        "not a possible CPR number, with no date: ask the patron, mend the file (a replacement has the day plus 60)"
    ),
    "future": "the birth date in the number has not come yet: ask the patron, mend the file",
    "name": "at most 34 characters, as on an address label: shorten the name",
    "address": "at most a line with c/o and five more, of at most 34 characters each",
    "twice": "the same number stands on an earlier line",
    "cells": "more cells than the header has columns",
    "cell": "too long, or with control characters",
    "number": HOLDS_NUMBER,
    "nobody": "it does not say who it is: neither a CPR number, a patron number nor a card",
    "card.taken": "another patron has this card",
    "card.number": "a CPR number, and not the patron's own: use a card that is the patron's",
    "card.hidden": "a hidden CPR number is no card: scan the card",
    "card.earlier": "the same card stands on an earlier line",
    "number.replaced": "the number was replaced: it is now patron {patron}'s, who has another one",
    "number.required": "the patron group requires a CPR number",
    "patron.unknown": "there is no patron of that patron number",
    "patron.other": "the CPR number and the patron number are not the same patron's",
    "absence": "expected the first day and the last, as 2027-04-10 til 2027-04-20, or the first alone",
    "blocked": "expected a day as YYYY-MM-DD, and why in the field blocked_reason",
    "contact_address": "at most a line with c/o and five more",
    "branch": "the library has no branch of that name",
    "emails": "expected e-mail addresses as name@place, and at most one of them for notices",
    "telephones": ("expected telephone numbers in digits, a foreign one with a +, and at most one of them for notices"),
    "kind": "expected person, institution or library",
    "language": "expected a language code such as da or en",
    "birth_date": "expected a day and its whole year, as 10.04.2015: not in the future, and not too long ago",
    # the same at the desk, which has no file
    "desk.nine": "nine digits only: one is missing, perhaps the 0 in front",
    "desk.impossible": (
        "not a possible CPR number, with no date: ask the patron (a replacement number has the day plus 60)"
    ),
    "desk.number.replaced": "the number was replaced: ask the patron for the new one",
    "desk.future": "the birth date in the number has not come yet: ask the patron",
    "type": "expected loan, reservation, balance or message",
    "missing": "something has to stand in this field",
    "day": "expected a day as YYYY-MM-DD",
    "day.future": "the day has not come yet: mend it in the list's own system, and import the row again",
    "day.order": "the day is before the beginning (loaned, placed or raised): correct it in the list's own system",
    "missing.new": "something has to stand in this field: only an id that is known here may do without",
    "amount": "expected kroner with at most two decimals, as 1250, 1250.50 or 1.250,50",
    "balance.kind": "expected fee or compensation",
    "channel": "expected sms, email or letter",
    "id.twice": "the same id stands on an earlier line",
    "id.other": "this id is another patron's",
    "borrower.unknown": "no patron has that number or card",
    "other": "not taken",
}
#: The field that each of the store's reasons is about. For `MISSING` the row names the field.
FIELD_OF: Final[Mapping[str, str]] = {
    "address": "address",
    "card.taken": "cards",
    "card.number": "cards",
    "name": "name",
    "number.replaced": "cpr_number",
    "number.required": "cpr_number",
    "patron.unknown": "patron",
    "patron.other": "patron",
    "borrower.unknown": "patron",
    "id.other": "id",
}
MISSING: Final = "missing.new"
#: The most unknown groups that are reported one by one.
DOUBTS_MAX: Final = 20
#: What is taken but may be a mistake, or is left out of a row that is taken.
DOUBTS: Final[Mapping[str, str]] = {
    "by_age": "the patron group was left out: it follows age, which says another (patron set ID group can pin one)",
    "language": (
        "statements exist in Danish (da) and English (en): to those with other languages they are written in Danish"
    ),
    "group": "the library has no such patron group: is it spelt right? It does not follow age. There are {groups}",
}


class Unfit(Exception):
    """The row is refused: which field, and why."""

    def __init__(self, field: str, why: str) -> None:
        super().__init__()
        self.field, self.why = field, why


@dataclass(frozen=True, slots=True)
class Refused:
    """A refused row: its line, the field and the reason, without the value."""

    line: int
    field: str
    #: a key of `REASONS`
    why: str
    #: the patron who has the number or card now
    patron: str | None = None

    @property
    def error(self) -> WrongValue:
        """The reason as an error, which has a Danish translation."""
        return WrongValue(REASONS[self.why], patron=self.patron)

    @property
    def reason(self) -> str:
        """The reason in English, as in the JSON shape."""
        return self.error.message


@dataclass(slots=True)
class Doubt:
    """What is taken but may be a mistake: the first line and the number of rows, without the value."""

    line: int
    field: str
    #: a key of `DOUBTS`
    why: str
    #: the groups that the policy has
    groups: tuple[str, ...] = ()
    rows: int = 0

    @property
    def error(self) -> WrongValue:
        """The doubt as an error, which has a Danish translation."""
        return WrongValue(DOUBTS[self.why], groups=", ".join(self.groups))


@dataclass(slots=True)
class PatronNotes:
    """What is reported of a list of patrons, beside the counts."""

    #: patrons whose request to leave was taken back
    stays: list[str] = field(default_factory=list)
    #: patrons who had left and are created anew, by line; the patron number once it is assigned
    returns: list[tuple[int, str | None]] = field(default_factory=list)
    #: lines and patron numbers of those created: two numbers for each, so that a list may have any length
    lines: array[int] = field(default_factory=lambda: array("L"))
    numbers: array[int] = field(default_factory=lambda: array("L"))
    #: by field, how many rows had a value in a field that belongs to the register
    left: Counter[str] = field(default_factory=Counter)

    #: by reason and doubted text; the text is not reported
    doubts: dict[tuple[str, str], Doubt] = field(default_factory=dict)

    def note(self, line: int, row: NewPatron, taken: ImportedRow, *, applied: bool) -> None:
        """Note what became of one row that was taken. `applied` False: a dry run, which gives no lasting numbers."""
        if taken.stays and taken.patron_id and taken.patron_id not in self.stays:
            self.stays.append(taken.patron_id)
        number = taken.patron_id if applied else None
        if taken.returns:
            self.returns.append((line, number))
        if taken.outcome is ImportOutcome.CREATED and number is not None:
            self.lines.append(line)
            self.numbers.append(int(number))
        self.left.update(taken.left)
        if taken.by_age:
            self._doubt(line, "group", "by_age")
        if row.local.language and letter_language(row.local.language) != row.local.language:
            self._doubt(line, "language", "language")

    def note_group(self, line: int, group: str, known: tuple[str, ...]) -> None:
        """Note a group that the policy does not name, if it names any. The group is taken, but may be misspelt."""
        if not group or not known or group in known:
            return
        # a wrong column may hold as many values as the list has rows
        is_full = sum(why == "group" for why, _ in self.doubts) >= DOUBTS_MAX
        self._doubt(line, "group", "group", group if ("group", group) in self.doubts or not is_full else "", known)

    def _doubt(self, line: int, field: str, why: str, text: str = "", groups: tuple[str, ...] = ()) -> None:
        self.doubts.setdefault((why, text), Doubt(line, field, why, groups)).rows += 1

    def made(self) -> Iterator[tuple[int, str]]:
        """The line and patron number of each patron created."""
        return ((line, str(number)) for line, number in zip(self.lines, self.numbers, strict=True))

    def document(self) -> dict[str, Any]:
        """This part of the JSON shape. Leaves out `patrons`, those created, because that list can be long."""
        return {
            "stays": self.stays,
            "returns": [{"line": line, "patron": patron} for line, patron in self.returns],
            "register_owns": dict(sorted(self.left.items())),
            "warnings": [
                {"line": one.line, "field": one.field, "rows": one.rows, "reason": one.error.message}
                for one in self.doubts.values()
            ],
        }


@dataclass(slots=True)
class Imported:
    """What an import did, or would do."""

    #: the file's encoding, as detected
    encoding: str = "utf-8"
    rows: int = 0
    #: by outcome; with the refused rows they add up to all rows
    counts: Counter[str] = field(default_factory=Counter)
    refused: list[Refused] = field(default_factory=list)
    #: None: the list is not about patrons
    patrons: PatronNotes | None = None

    def sort_out(self, part: Sequence[tuple[int, T | Refused]]) -> list[tuple[int, T]]:
        """Count the rows and keep the refused ones. Return the others, with their lines."""
        self.rows += len(part)
        self.refused += [read for _, read in part if isinstance(read, Refused)]
        return [(line, read) for line, read in part if not isinstance(read, Refused)]

    def count(self, line: int, taken: ImportedRow, *, missing: str = "") -> bool:
        """Count what became of a row that was read. Return False if the store refused it.

        `missing`: the empty field of a row that only a known id may leave empty.
        """
        if taken.outcome is not ImportOutcome.REFUSED:
            self.counts[taken.outcome.value] += 1
            return True
        why = taken.reason if taken.reason is not None and taken.reason in REASONS else "other"
        field = missing if why == MISSING else taken.field or FIELD_OF.get(why, "row")
        self.refused.append(Refused(line, field, why, taken.patron_id))
        return False

    def document(self) -> dict[str, Any]:
        """The JSON shape of an import."""
        return {
            "rows": self.rows,
            "created": self.counts["created"],
            "updated": self.counts["updated"],
            "unchanged": self.counts["unchanged"],
            "refused": [{"line": r.line, "field": r.field, "reason": r.reason} for r in self.refused],
            "encoding": self.encoding,
            **({"over": self.counts["over"]} if self.patrons is None else self.patrons.document()),
        }


def in_parts(rows: Iterable[T], size: int = AT_ONCE) -> Iterator[list[T]]:
    """Split the rows into parts."""
    source = iter(rows)
    while part := list(islice(source, size)):
        yield part


_BYTES = 16


class SeenRows:
    """Hashes under a key that is kept nowhere, in a database that is deleted when it is closed."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._key = secrets.token_bytes(_BYTES)

    def __contains__(self, told: tuple[str, str]) -> bool:
        found = self._connection.execute("SELECT 1 FROM seen WHERE hash = ?", (self._hash(told),))
        return found.fetchone() is not None

    def add(self, told: tuple[str, str]) -> None:
        """Remember a value: its kind and the value itself."""
        self._connection.execute("INSERT OR IGNORE INTO seen VALUES (?)", (self._hash(told),))

    def _hash(self, told: tuple[str, str]) -> bytes:
        return hashlib.blake2b("|".join(told).encode(), key=self._key, digest_size=_BYTES).digest()


@contextmanager
def nothing_seen() -> Iterator[SeenRows]:
    """Open a new one.

    SQLite keeps a database without a name in memory while it is small, and then in a temporary file.
    """
    with closing(sqlite3.connect("", isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("CREATE TABLE seen (hash BLOB PRIMARY KEY) WITHOUT ROWID")
        connection.execute("BEGIN")
        yield SeenRows(connection)
