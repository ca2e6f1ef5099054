"""Whose data an entry of the audit is about, also when the person was no patron yet, or has another number since.

An attempt about somebody who is no patron keeps the keyed index of their number, and its number is that of its entry.
What was said of the attempt afterwards is an entry that names the attempt.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import or_, select

from cprsync.store import tables
from cprsync.store.audit import audit
from cprsync.store.records.numbers import open_number, shells_of
from cprsync.store.records.records import from_row, patron_rows

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from sqlalchemy import ColumnElement

    from cprsync.domain.person.number import CprNumber
    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Transaction

#: Kinds of entries that are about an earlier attempt, and how they name it.
SIGNED, EXPLAINED, SAMPLE = "signed", "explained", "sample"
ATTEMPT: Final = "attempt"
_ABOUT: Final = frozenset({SIGNED, EXPLAINED, SAMPLE})
#: How many entries after an attempt are read to find what was said of it.
_FOLLOWED_MOST: Final = 5_000
#: The most attempts about one person that are found, and of how many of the latest the answers are looked for.
_ATTEMPTS_MOST: Final = 2_000
_ANSWERED_MOST: Final = 50
_ENTRY, _TRIED, _PATRON, _ROW = tables.audit.c, tables.desk_attempt.c, tables.patron.c, tables.subscription.c


class Subject(NamedTuple):
    """Somebody whose entries are wanted."""

    #: the patron, and who was merged into them
    patrons: tuple[str, ...]
    #: the entries about the numbers they have had, from when nobody had them as a patron
    entries: tuple[int, ...]


def subject_of(transaction: Transaction, patron_id: str | None, number: CprNumber | None) -> Subject:
    """Who is meant by a patron, by a number, or by both. A number alone is of somebody who never became a patron."""
    patrons = [] if patron_id is None else [patron_id, *shells_of(transaction, patron_id)]
    digits = set() if number is None else {number.digits}
    probes = _probes_of(transaction, digits | _numbers_of(transaction, patrons), patrons)
    about = select(_TRIED.seq).where(_TRIED.agency == transaction.agency)
    attempts = sorted(transaction.fetch_values(about, _TRIED.number_index, probes))[-_ATTEMPTS_MOST:]
    return Subject(tuple(patrons), (*attempts, *_answers_to(transaction, attempts[-_ANSWERED_MOST:])))


def _numbers_of(transaction: Transaction, patrons: Sequence[str]) -> set[str]:
    """The numbers that patrons have, and have had as long as those are subscribed."""
    rows = [row for row in patron_rows(transaction, patrons) if row.status_class not in tables.EMPTIED]
    wanted = select(tables.subscription).where(_ROW.agency == transaction.agency)
    subscribed = transaction.fetch_rows(wanted, _ROW.patron_id, patrons)
    return {from_row(transaction.vault, row).number.digits for row in rows} | {
        open_number(transaction.tenant, row) for row in subscribed
    }


def _probes_of(transaction: Transaction, numbers: Iterable[str], patrons: Sequence[str]) -> list[bytes]:
    """The indexes under which attempts about these numbers stand. A number that another patron has now is theirs."""
    probes = {probe: one for one in numbers for probe in transaction.vault.probes("number", one)}
    wanted = select(_PATRON.number_index).where(_PATRON.agency == transaction.agency, _PATRON.id.not_in(patrons))
    others = {probes[one] for one in transaction.fetch_values(wanted, _PATRON.number_index, probes)}
    return [probe for probe, one in probes.items() if one not in others]


def _answers_to(transaction: Transaction, attempts: Iterable[int]) -> list[int]:
    """The entries about these attempts."""
    return [
        row.seq
        for attempt in attempts
        for row in entries_after(transaction, attempt)
        if attempt_of(row.seq, json.loads(row.entry)) == attempt
    ]


def entries_after(transaction: Transaction, attempt: int) -> Iterable[AnyRow]:
    """The entries in which something may be said of an attempt, the earliest first."""
    after = (_ENTRY.agency == transaction.agency) & (_ENTRY.stream == audit.DESK) & (_ENTRY.seq > attempt)
    return transaction.execute(select(_ENTRY.seq, _ENTRY.entry).where(after).order_by(_ENTRY.seq).limit(_FOLLOWED_MOST))


def is_about(subject: Subject, stream: str) -> ColumnElement[bool]:
    """Return a condition: the entry is about somebody."""
    theirs = _ENTRY.patron_id.in_(subject.patrons)
    return or_(theirs, _ENTRY.seq.in_(subject.entries)) if stream == audit.DESK else theirs


def attempt_of(seq: int, told: Mapping[str, Any]) -> int:
    """The attempt that an entry is about: another's, or its own."""
    return int(told[ATTEMPT]) if told["kind"] in _ABOUT else seq


def patrons_now(transaction: Transaction, rows: Sequence[AnyRow]) -> dict[int, str]:
    """Who has the number by now that an entry of the desk's stream is about, by the entry's number."""
    unnamed = {row.seq: attempt_of(row.seq, told) for row in rows if (told := json.loads(row.entry))["patron"] is None}
    found = patrons_of(transaction, set(unnamed.values()))
    return {seq: found[attempt] for seq, attempt in unnamed.items() if attempt in found}


def patrons_of(transaction: Transaction, attempts: Collection[int]) -> dict[int, str]:
    """Who has the number by now that an attempt was about, or had it before.

    Attempts from before the key for indexes was changed are found by the patron or the number alone: see `subject_of`.
    """
    same = (_PATRON.agency == _TRIED.agency) & (_PATRON.number_index == _TRIED.number_index)
    by_number = select(_TRIED.seq, _PATRON.id).join(tables.patron, same)
    earlier = (_ROW.agency == _TRIED.agency) & (_ROW.number_index == _TRIED.number_index)
    by_earlier = select(_TRIED.seq, _ROW.patron_id).join(tables.subscription, earlier)
    found: dict[int, str] = {}
    # the one who has the number now goes before the one who had it
    for wanted in (by_earlier, by_number):
        ours = wanted.where(_TRIED.agency == transaction.agency)
        found |= {row.seq: row[1] for row in transaction.fetch_rows(ours, _TRIED.seq, attempts)}
    return found
