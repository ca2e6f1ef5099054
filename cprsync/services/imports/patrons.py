"""Imports patrons: rows of a list become patrons that are not yet verified. A dry run says what would happen.

The list is read as a stream. A few rows at a time are written in one transaction with their audit. A killed import can
be run again: a row that the record agrees with changes nothing. A row becomes a patron to create or update, or is
refused by field.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date
from operator import attrgetter
from typing import TYPE_CHECKING, Any, BinaryIO, Final, TypeAlias

from cprsync.domain.patron.fields import FIELD, LOCAL_FIELDS
from cprsync.domain.patron.kinds import BLOCK_MAX, BRANCH
from cprsync.domain.patron.local import Block, Local, card_key, distinct_cards
from cprsync.domain.person.age import parse_birth_date
from cprsync.domain.person.number import CprNumber, is_mask
from cprsync.errors import ConfigurationError, WrongValue
from cprsync.services.imports.results import (
    Imported,
    PatronNotes,
    Refused,
    Unfit,
    in_parts,
    nothing_seen,
)
from cprsync.services.imports.rows import BETWEEN, PATRON_COLUMNS, Columns, ImportFile
from cprsync.services.ports.patrons import NewPatron

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from cprsync.domain.patron.field import Field
    from cprsync.domain.policy.policy import Policy
    from cprsync.services.imports.results import SeenRows
    from cprsync.services.imports.rows import ImportRow
    from cprsync.services.ports.store import Store

#: Turns a cell and the day into parts of a patron.
_Reader: TypeAlias = "Callable[[str, date], Mapping[str, Any]]"
#: A CPR number that has lost its leading 0 in a spreadsheet.
_NINE: Final = re.compile(r"[0-9]{9}", re.ASCII)
KINDS: Final[Mapping[str, str]] = {
    "person": "person",
    "institution": "institution",
    "library": "library",
    "bibliotek": "library",
}


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
    listing = ImportFile(source)
    imported = Imported(listing.encoding, patrons=(notes := PatronNotes()))
    listing.check(how.columns)
    with nothing_seen() as seen:
        for part in in_parts(listing.rows()):
            _take(part, how, seen, imported, notes)
            how.raise_if_stopped()
    imported.refused.sort(key=attrgetter("line"))
    return imported


def _read_row(row: ImportRow, how: Importing, seen: SeenRows) -> NewPatron | Refused:
    if how.columns.beyond(row):
        return Refused(row.line, "row", "cells")
    read = as_patron(row.line, how.columns.read(row), seen, on=how.on)
    return read if isinstance(read, Refused) or how.policy is None else in_branch(row.line, read, how.policy)


def _take(part: Sequence[ImportRow], how: Importing, seen: SeenRows, imported: Imported, notes: PatronNotes) -> None:
    rows = imported.sort_out([(row.line, _read_row(row, how, seen)) for row in part])
    reads, known = [read for _, read in rows], () if how.policy is None else how.policy.group_names
    taken = how.store.imports.take_patrons(reads, apply=how.apply, policy=how.policy) if rows else ()
    for (line, row), one in zip(rows, taken, strict=True):
        if imported.count(line, one):
            notes.note(line, row, one, applied=how.apply)
            notes.note_group(line, row.local.group, known)


def check_readable(fields: Iterable[str]) -> None:
    """Refuse to begin with a column that the import cannot read, since its values would be lost.

    Raises:
        ConfigurationError: kind `fields.unread`; the field table marks a field as `imported` that the import does not
            read.
    """
    if unread := sorted(set(fields) - READERS.keys()):
        raise ConfigurationError(
            'the field table marks "{field}" as imported, and the import does not read it',
            field=unread[0],
            kind="fields.unread",
        )


def as_patron(
    line: int, values: Mapping[str, str], seen: SeenRows, *, on: date, anyone: bool = False
) -> NewPatron | Refused:
    """The patron of a row. A patron or a card that occurs on an earlier line is refused.

    `anyone`: accept a row that identifies nobody, as at the desk. Raises ConfigurationError as `check_readable` does.
    """
    check_readable(values)
    try:
        _check(values)
        said = _read_values(values, on)
        _once(said, seen, anyone=anyone)
        return _patron(said)
    except Unfit as unfit:
        return Refused(line, unfit.field, unfit.why)


_BRANCHES: Final = tuple(field for field in LOCAL_FIELDS if field.kind is BRANCH)


def in_branch(line: int, row: NewPatron, policy: Policy) -> NewPatron | Refused:
    """The same row with each branch as the policy spells it; refused if the library has no such branch."""
    spelt: dict[str, str] = {}
    for field in _BRANCHES:
        try:
            spelt[field.key] = policy.branch_named(field.value_in(row.local))
        except ValueError:
            return Refused(line, field.key, "branch")
    local = row.local.with_values(spelt)
    return row if local == row.local else replace(row, local=local)


def _check(values: Mapping[str, str]) -> None:
    for key, value in values.items():
        kind = FIELD[key].kind
        try:
            kind.refuse_number(value)
        except WrongValue:
            raise Unfit(key, "number") from None
        parts = [part for line in value.splitlines() for part in (line.split("|") if kind.several else [line])]
        if any(len(part) > kind.cell_max or not part.isprintable() for part in parts):
            raise Unfit(key, "cell")


def _number(text: str, on: date) -> CprNumber:
    try:
        number = CprNumber.parse_any(text)
    except ValueError:
        raise Unfit("cpr_number", "nine" if _NINE.fullmatch(text) else "form") from None
    if not number.is_possible:
        # the register would not know it, and the next night could only park it
        raise Unfit("cpr_number", "impossible")
    if number.born is not None and number.born > on:
        raise Unfit("cpr_number", "future")
    return number


def _read_values(values: Mapping[str, str], on: date) -> dict[str, Any]:
    """The row's values, each field by its reader. An empty cell never overwrites the record."""
    said: dict[str, Any] = {"number": None, "language": ""}
    for name, reader in READERS.items():
        if text := values.get(name, ""):
            said |= reader(text, on)
    return said | {"blocks": _blocks(said.pop("since", ""), said.pop("reason", ""), on)}


def _once(said: Mapping[str, Any], seen: SeenRows, *, anyone: bool) -> None:
    number, patron, cards = said["number"], said.get("patron_id", ""), said.get("cards", ())
    if number is None and not patron and not cards and not anyone:
        raise Unfit("cpr_number", "nobody")
    told = [("cpr_number", "twice", number.digits)] if number is not None else []
    told += [("patron", "twice", patron)] if patron else []
    told += [("cards", "card.earlier", card_key(card.number)) for card in cards]
    for name, why, value in told:
        if (name, value) in seen:
            raise Unfit(name, why)
    for name, _, value in told:
        seen.add((name, value))


def _patron(said: Mapping[str, Any]) -> NewPatron:
    """The patron to create. Every value that was read must have a place here, or it is an error."""
    own = {name: said[name] for name in ("number", "patron_id", "kind", "name", "address", "born") if name in said}
    own["kind"] = _kind(own.get("kind", ""))
    local = {key: value for key, value in said.items() if key not in own}
    return NewPatron(local=Local.of(local), **own)


def _typed(field: Field) -> _Reader:
    """The reader of a cell that holds what staff would type."""

    def read(text: str, on: date) -> Mapping[str, Any]:
        try:
            value = field.kind.typed(text.replace("|", BETWEEN) if field.kind.several else text)
        except ValueError:
            raise Unfit(field.key, field.kind.unfit) from None
        # a period that is over says nothing: the calendar would end it again
        is_over = field.kind.is_period and value is not None and value.until is not None and value.until < on
        return {} if is_over else {field.key: value}

    return read


def _born(text: str, on: date) -> Mapping[str, Any]:
    try:
        return {"born": parse_birth_date(text, on)}
    except ValueError:
        raise Unfit("birth_date", "birth_date") from None


def _cards(text: str, _: date) -> Mapping[str, Any]:
    cards = distinct_cards(text.replace("|", BETWEEN).splitlines())
    if any(is_mask(card.number) for card in cards):
        raise Unfit("cards", "card.hidden")
    return {"cards": cards}


def _blocks(since: str, reason: str, on: date) -> tuple[Block, ...]:
    if not since and not reason:
        return ()
    if not reason or len(reason) > BLOCK_MAX or BETWEEN in reason:
        raise Unfit("blocked_reason", "blocked")
    try:
        # some systems keep no day; a block in force with the same reason is the same block
        return (Block(date.fromisoformat(since) if since else on, reason),)
    except ValueError:
        raise Unfit("blocked_since", "blocked") from None


def _kind(text: str) -> str:
    if not text:
        return ""
    if text.casefold() not in KINDS:
        raise Unfit("kind", "kind")
    return KINDS[text.casefold()]


#: How a cell is read that says something else than what staff would type, and what it adds to the patron.
_OWN: Final[Mapping[str, _Reader]] = {
    "cpr_number": lambda text, on: {"number": _number(text, on)},
    "cards": _cards,
    "blocked_since": lambda text, _: {"since": text},
    "blocked_reason": lambda text, _: {"reason": text},
    "patron": lambda text, _: {"patron_id": text},
    "kind": lambda text, _: {"kind": text},
    "name": lambda text, _: {"name": text},
    "birth_date": _born,
    "address": lambda text, _: {"address": text.replace("|", BETWEEN)},
}
#: How each field that may be a column is read. Rows are refused in this order.
READERS: Final[Mapping[str, _Reader]] = {
    "cpr_number": _OWN["cpr_number"],
    **{field.key: _typed(field) for field in LOCAL_FIELDS if field.imported and field.key not in _OWN},
    **_OWN,
}
