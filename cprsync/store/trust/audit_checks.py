"""Verify the audit from end to end, and name everything that does not fit. Writes nothing.

Each stream is followed from its first entry, or from where we cut it, to its head and to the head in the outside file.
That file is compared with its witness and with what the database has seen of it. The records are compared with the sum
of their versions, and some are opened: a night opens as many as its limit allows, and continues where the night before
stopped. The memory used does not depend on the number of entries.
"""

from __future__ import annotations

import functools
import json
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import BindParameter, CompoundSelect, Select, Table, bindparam, func, select, union_all

from cprsync.errors import SealBroken
from cprsync.services.ports.trust.audit import EVERY_RECORD, AuditState
from cprsync.store import tables
from cprsync.store.audit import audit, older_states
from cprsync.store.audit.binding import check_bound
from cprsync.store.beside.checkpoints import FILE, WITNESS, Heads, StreamOnFile
from cprsync.store.records.numbers import SUBSCRIPTION, find_ended
from cprsync.store.records.records import open_register
from cprsync.store.seals.failures import AuditBroken, RecordBroken, RowUnbound
from cprsync.store.seals.keys import Keyed, KeyPurpose
from cprsync.store.seals.vault import LOCAL, decode
from cprsync.store.trust.attempt_checks import check_attempts
from cprsync.store.trust.image_checks import check_images

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cprsync.domain.person.number import CprNumber
    from cprsync.store.beside.checkpoints import HeadsSeen
    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Tenant, Transaction
    from cprsync.store.seals.vault import Vault

#: Stands for a stream in errors about the records.
RECORDS: Final = "records"
#: Opening records stops after this many wrong ones.
WRONG_MAX: Final = 100
ALTERED: Final = "the records are not those that were written last: {why}"
OTHER_CODE: Final = "the code belongs to another audit, or to what was lost when an older database was put back"
#: Entries, and records, read at a time.
_READ_ROWS: Final = 2000
_PAGE: Final = 500
_FIRST: Final = bytes(32)
_ROW, _HEAD, _REASON = tables.audit.c, tables.audit_head.c, tables.audit_reason.c
_PATRON, _RUN = tables.patron.c, tables.run.c
_SEALED: Final = (
    *(_PATRON.id, _PATRON.register_blob, _PATRON.register_key, _PATRON.fingerprint, _PATRON.fingerprint_key),
    *(_PATRON.version, _PATRON.local_blob, _PATRON.local_key, _PATRON.local_version, _PATRON.number_index),
    _PATRON.as_of_day,
)
_AGENCY: Final[BindParameter[str]] = bindparam("agency_")
_STREAM: Final[BindParameter[str]] = bindparam("stream_")
_AFTER: Final[BindParameter[Any]] = bindparam("after_")
_LAST: Final[BindParameter[Any]] = bindparam("last_")


def _in_stream(columns: Any) -> tuple[Any, ...]:
    return columns.agency == _AGENCY, columns.stream == _STREAM


# Built once: each night asks each stream for these.
_HEADS: Final = select(tables.audit_head).where(_HEAD.agency == _AGENCY)
_HEAD_SEQ: Final = select(_HEAD.seq).where(*_in_stream(_HEAD))
_FIRST_SEQ: Final = select(func.min(_ROW.seq)).where(*_in_stream(_ROW), _ROW.seq > _AFTER)
_MAC_OF: Final = select(_ROW.mac).where(*_in_stream(_ROW), _ROW.seq == _AFTER)
#: Each entry has at most one reason: those of the entries that are read come first, and one that is beyond them next.
_REASONS: Final = (
    select(tables.audit_reason)
    .where(*_in_stream(_REASON), _REASON.seq > _AFTER)
    .order_by(_REASON.seq)
    .limit(_READ_ROWS + 1)
)
_ENTRIES: Final = (
    select(_ROW.seq, _ROW.at, _ROW.patron_id, _ROW.entry, _ROW.mac, _ROW.key)
    .where(*_in_stream(_ROW), _ROW.seq > _AFTER)
    .order_by(_ROW.seq)
    .limit(_READ_ROWS)
)
_LAST_REPORT: Final = (
    select(_RUN.document).where(_RUN.agency == _AGENCY, _RUN.finished.is_not(None)).order_by(_RUN.id.desc()).limit(1)
)
_RECORDS: Final = (
    select(*_SEALED).where(_PATRON.agency == _AGENCY, _PATRON.id > _AFTER).order_by(_PATRON.id).limit(_PAGE)
)
_RECORDS_TO: Final = _RECORDS.where(_PATRON.id <= _LAST)


def check_audit(tenant: Tenant, *, code: str | None = None, records: int = 0, images: bool = False) -> AuditState:
    """Verify all of it.

    `code`: the code of the audit's end, from an earlier check or a night's report.

    `records`: at most how many sealed records are opened, from where the last night stopped.

    `images`: open every before-image, as is done where every record is opened. A night has no time for them.
    """
    problems: list[AuditBroken] = []
    # read before the database: what is written in between makes the database newer, never older
    witnessed = read_witness(tenant, problems)
    heads = tenant.heads.read(tenant.agency)
    problems += heads.problems()
    with tenant.reading() as transaction:
        known = older_states.library_row(transaction)
        entries, streams = _check_streams(transaction, heads, problems)
        problems += _check_records(transaction, heads, known)
        ended = (RowUnbound(SUBSCRIPTION, one, one, "ended") for one in find_ended(transaction))
        problems += islice(chain(check_bound(transaction), check_attempts(transaction), ended), WRONG_MAX)
        after = _last_opened(transaction)
    problems += check_end(tenant, witnessed, older_states.seen_in(known))
    problems += [] if code is None else _check_code(tenant, heads, code)
    opened, last, wrong = _open_records(tenant, after=after, most=records)
    problems += check_images(tenant, most=WRONG_MAX) if images or records >= EVERY_RECORD else ()
    is_accepted = any(one.accepted is not None for one in heads.streams.values())
    told = each_once((*problems, *wrong))
    return AuditState(entries, streams, str(heads.end), told, opened, last, is_accepted)


def each_once(problems: Sequence[AuditBroken]) -> tuple[AuditBroken, ...]:
    """Leave out what two checks have found in the same words."""
    return tuple({str(one): one for one in problems}.values())


def read_witness(tenant: Tenant, problems: list[AuditBroken]) -> HeadsSeen | None:
    """Return what the witness has seen of the file of the heads. What is wrong with it goes to `problems`."""
    try:
        return tenant.heads.witnessed()
    except AuditBroken as broken:
        problems.append(broken)
        return None


def check_end(tenant: Tenant, witnessed: HeadsSeen | None, seen: HeadsSeen | None) -> Iterator[AuditBroken]:
    """Check that the file of the heads still has the end that was seen."""
    if witnessed is None and not tenant.heads.witness.exists() and tenant.heads.end().lines:
        yield AuditBroken(WITNESS, 1, "the witness to the audit's heads is missing")
    if witnessed is not None and tenant.heads.is_witness_older(witnessed, seen):
        yield AuditBroken(WITNESS, 1, "the witness is an older copy: it lacks lines that the database has seen")
    for one in (witnessed, seen):
        if one is not None and one.lines > 0 and tenant.heads.code_at(one.lines) != one.code:
            last = tenant.heads.read(tenant.agency).end.lines
            yield AuditBroken(FILE, min(one.lines, last + 1), "lines at the end are missing that were there before")
            return


def _check_code(tenant: Tenant, heads: Heads, code: str) -> Iterator[AuditBroken]:
    line, _, rest = code.partition("-")
    number = int(line) if line.isascii() and line.isdigit() else 0
    # a state that was lost has no later one, also after someone accepted the loss
    found = None if any(number in lines for lines in heads.lost) else tenant.heads.code_at(number)
    if found is None or not rest or found.hex()[: len(rest)] != rest:
        yield AuditBroken(FILE, number, OTHER_CODE, sentence=OTHER_CODE)


def _check_records(transaction: Transaction, heads: Heads, known: AnyRow) -> Iterator[AuditBroken]:
    changes = known.records_changes or 0
    if changes < heads.records:
        yield AuditBroken(RECORDS, changes, "the records are those of an earlier time", sentence=ALTERED)
    elif not older_states.are_records_the_last(transaction, known):
        why = "a record, or one as it was before a change, was altered, taken away or added past the program"
        yield AuditBroken(RECORDS, changes, why, sentence=ALTERED)


def _check_streams(transaction: Transaction, heads: Heads, problems: list[AuditBroken]) -> tuple[int, int]:
    """Follow each stream. Returns how many entries verify, and how many streams there are."""
    ours = {row.stream: row for row in transaction.execute(_HEADS, {"agency_": transaction.agency})}
    names = stream_names(transaction, tables.audit, tables.audit_reason)
    streams, entries = sorted(names | ours.keys() | heads.streams.keys()), 0
    for stream in streams:
        check = StreamCheck(transaction, stream, heads.streams.get(stream, StreamOnFile()))
        try:
            check.follow_to_head(ours.get(stream))
        except AuditBroken as broken:
            problems.append(broken)
        entries += check.count
    return entries, len(streams)


def follow_beginnings(transaction: Transaction, last: Mapping[str, int]) -> None:
    """Verify streams from their beginning up to an entry of each.

    Raises:
        AuditBroken: at the first entry that is wrong.
    """
    if not last:
        return
    heads = transaction.tenant.heads.read(transaction.agency)
    if heads.broken:
        raise heads.broken
    for stream, seq in last.items():
        StreamCheck(transaction, stream, heads.streams.get(stream, StreamOnFile())).follow_to(seq)


def stream_names(transaction: Transaction, *of: Table) -> set[str]:
    """Return the streams that the tables have rows of. It goes from name to name by the key, not through all rows."""
    return set(transaction.scalars(_select_streams(of), {"agency_": transaction.agency}))


@functools.cache
def _select_streams(of: tuple[Table, ...]) -> CompoundSelect[str]:
    return union_all(*map(_select_streams_of, of))


def _select_streams_of(table: Table) -> Select[str]:
    first = select(func.min(table.c.stream).label("stream")).where(table.c.agency == _AGENCY)
    found = first.cte(f"streams_of_{table.name}", recursive=True)
    following = first.where(table.c.stream > found.c.stream).scalar_subquery()
    found = found.union_all(select(following).where(found.c.stream.is_not(None)))
    return select(found.c.stream).where(found.c.stream.is_not(None))


class StreamCheck:
    """Follows one stream from entry to entry, or its last entries alone."""

    def __init__(self, transaction: Transaction, stream: str, kept: StreamOnFile) -> None:
        self._transaction, self._stream, self._kept = transaction, stream, kept
        self._keys = {key.id: Keyed(key.secret) for key in transaction.tenant.keyring.keys[KeyPurpose.AUDIT]}
        self._begun, self._at = 0, ""
        self._reached, self._mac = 0, _FIRST
        #: a reason that is behind all entries; None: there is none
        self._beyond: int | None = None
        self._left: set[str] | None = None

    @property
    def count(self) -> int:
        """How many entries verify."""
        return self._reached - self._begun

    def follow_to_head(self, head: AnyRow | None) -> None:
        """Follow the stream to its end.

        Raises:
            AuditBroken: at the first entry that does not fit.
        """
        self._follow(self._begin(), head)

    def _follow(self, rows: Sequence[AnyRow], head: AnyRow | None) -> None:
        self._take_all(self._parts(rows))
        self._check_head(head)
        self._check_kept()
        if self._beyond is not None:
            raise self._broken("a reason belongs to no entry", at=self._beyond)

    def follow_end(self, head: AnyRow, *, most: int) -> int:
        """Follow at most so many of the last entries to the head. The entry before them is taken as it is.

        Returns how many entries the stream has.

        Raises:
            AuditBroken: at the first entry that does not fit.
        """
        first = self._transaction.scalar(_FIRST_SEQ, self._values(after_=0))
        begin = max(head.seq - most, 0 if first == 1 else first or head.seq)
        if begin > 0:
            # with nothing left to follow, the head stands for the entry
            mac = head.mac if first is None else self._transaction.scalar(_MAC_OF, self._values(after_=begin))
            if mac is None:
                raise self._broken("the entry is missing", at=begin)
            self._begun, self._reached, self._mac = begin, begin, mac
            self._follow(self._read(begin), head)
        else:
            self.follow_to_head(head)
        return 0 if first is None else int(head.seq) - first + 1

    def follow_to(self, last: int) -> None:
        """Follow the stream up to an entry.

        Raises:
            AuditBroken: at the first entry that does not fit.
        """
        self._take_all(self._parts(self._begin(), last))

    def _begin(self) -> Sequence[AnyRow]:
        """Go to the entry before the first one to verify, and return the first entries after it.

        That is the last one that we cut off, the last one that was accepted as it is, or none.
        """
        after, mac = self._kept.accepted or (0, _FIRST)
        rows, cuts = self._read(after), self._kept.cuts
        if cuts:
            last_gone = rows[0].seq - 1 if rows else self._transaction.scalar(_HEAD_SEQ, self._values()) or 0
            if last_gone in cuts:
                after, mac = last_gone, cuts[last_gone]
                rows = rows or self._read(after)
        self._begun, self._reached, self._mac = after, after, mac
        if rows and self._kept.first is not None and rows[0].seq < self._kept.first:
            raise self._broken("an entry is there again that was forgotten")
        return rows

    def _read(self, after: int) -> Sequence[AnyRow]:
        return self._transaction.execute(_ENTRIES, self._values(after_=after)).all()

    def _parts(self, rows: Sequence[AnyRow], last: int | None = None) -> Iterator[Sequence[AnyRow]]:
        """Yield the entries up to `last` in parts, of which `rows` is the first. The last part may be empty."""
        while True:
            part = rows if last is None else [row for row in rows if row.seq <= last]
            yield part
            if len(part) < _READ_ROWS:
                return
            rows = self._read(self._reached)

    def _take_all(self, parts: Iterator[Sequence[AnyRow]]) -> None:
        for rows in parts:
            try:
                self._take(rows)
            except (TypeError, ValueError, KeyError, AttributeError):
                # not even the form of an entry and its columns
                raise self._broken("the entry was altered or moved") from None

    def _take(self, rows: Sequence[AnyRow]) -> None:
        beside = self._reasons(rows[-1].seq if rows else self._reached)
        for seq, at, patron_id, entry, mac, key in rows:
            if seq != self._reached + 1:
                raise self._broken("the entry is missing")
            if key not in self._keys:
                raise self._broken("its key is not in the key folder")
            found = self._keys[key].digest(self._mac + entry)
            if found != mac:
                raise self._broken("the entry was altered or moved")
            told = json.loads(entry)
            says = (told["agency"], told["stream"], told["seq"], told["at"], told["patron"])
            if says != (self._transaction.agency, self._stream, seq, at, patron_id):
                raise self._broken("the entry was altered or moved")
            if not self._fits(beside.pop(seq, None), patron_id, told.get(audit.REASON_HASH)):
                raise self._broken("the reason was altered, moved or taken away")
            if self._kept.contradicts(seq, found):
                raise self._broken("the entry is not the one of the checkpoint")
            self._reached, self._mac, self._at = seq, found, at
        if beside:
            raise self._broken("a reason belongs to no entry", at=min(beside))

    def _reasons(self, last: int) -> dict[int, AnyRow]:
        """Return the sealed reasons of the entries from here up to `last`, and keep the first one beyond them."""
        found = self._transaction.execute(_REASONS, self._values(after_=self._reached)).all()
        self._beyond = next((row.seq for row in found if row.seq > last), None)
        return {row.seq: row for row in found if row.seq <= last}

    def _fits(self, reason: AnyRow | None, patron_id: str | None, told: str | None) -> bool:
        """Return whether the sealed reason is the one that its entry names.

        A reason may be missing only if the patron's record was deleted.
        """
        if reason is None:
            return told is None or (patron_id is not None and self._has_left(patron_id))
        return (
            told is not None
            and reason.patron_id == patron_id
            and audit.is_reason_of_entry(self._transaction.tenant, reason, told)
        )

    def _has_left(self, patron_id: str) -> bool:
        """Return whether the erase journal knows that the patron's record was deleted.

        Nobody can forge it in the database.
        """
        if self._left is None:
            self._left = {
                entry.patron_id for entry in self._transaction.tenant.journal.entries(self._transaction.agency)
            }
        return patron_id in self._left

    def _check_head(self, head: AnyRow | None) -> None:
        if head is None or (head.seq, head.mac) != (self._reached, self._mac) or head.seq == 0:
            raise self._broken("entries at the end are missing, or more than the head knows")
        told = self._at or (self._kept.at if self._kept.seq == head.seq else "")
        if told and head.at != told:
            raise self._broken("the head was altered")

    def _check_kept(self) -> None:
        if self._kept.seq > self._reached:
            raise self._broken("entries at the end are missing that were there at a checkpoint")
        if self._kept.seq == self._reached and self._kept.mac != self._mac:
            raise self._broken("the entry is not the one of the checkpoint", at=self._reached)

    def _values(self, **more: int) -> dict[str, Any]:
        return {"agency_": self._transaction.agency, "stream_": self._stream, **more}

    def _broken(self, why: str, *, at: int | None = None) -> AuditBroken:
        return AuditBroken(self._stream, self._reached + 1 if at is None else at, why)


def _open_records(tenant: Tenant, *, after: str, most: int) -> tuple[int, str, list[RecordBroken]]:
    """Open at most `most` records, each once, after the patron `after` and on from the first id at the end.

    Returns how many were opened, the last of them, and those that are not what was written in their own place.
    """
    count, last, wrong = 0, after, list[RecordBroken]()
    for row in islice(_records_from(tenant, after), most):
        if len(wrong) >= WRONG_MAX:
            break
        count, last = count + 1, row.id
        wrong += _wrong_parts(tenant, row)
    return count, last, wrong


def _last_opened(transaction: Transaction) -> str:
    """Return where the last run stopped, from its report. "" means to begin at the first record."""
    document = transaction.scalar(_LAST_REPORT, {"agency_": transaction.agency})
    checked = json.loads(document or "{}").get("audit") or {}
    return str(checked.get("last_record") or "")


def _records_from(tenant: Tenant, after: str) -> Iterator[AnyRow]:
    """Yield all records, those after a patron first."""
    yield from _records_between(tenant, after, None)
    if after:
        yield from _records_between(tenant, "", after)


def _records_between(tenant: Tenant, after: str, until: str | None) -> Iterator[AnyRow]:
    wanted, last = (_RECORDS, {}) if until is None else (_RECORDS_TO, {"last_": until})
    while True:
        with tenant.reading() as transaction:
            rows = transaction.execute(wanted, {"agency_": transaction.agency, "after_": after, **last}).all()
        yield from rows
        if len(rows) < _PAGE:
            return
        after = rows[-1].id


def _wrong_parts(tenant: Tenant, row: AnyRow) -> Iterator[RecordBroken]:
    try:
        number = decode(open_register(tenant.vault, row)).number
    except SealBroken:
        yield RecordBroken(row.id, "what the register told of them is not what was written")
    else:
        if row.number_index not in _number_indexes(tenant.vault, row.id, number):
            yield RecordBroken(row.id, "no delivery finds them: their number is not in patron.number_index")
    if row.as_of_day is not None and row.as_of_day > tenant.clock.today():
        yield RecordBroken(row.id, "no delivery is news of them: patron.as_of_day is a day to come")
    try:
        tenant.vault.unseal(row.local_blob, row.local_key, place=row.id, owner=LOCAL, version=row.local_version)
    except SealBroken:
        yield RecordBroken(row.id, "what patron and staff own is not what was written")


def _number_indexes(vault: Vault, patron_id: str, number: CprNumber) -> list[bytes]:
    """Return the indexes that a record may be found by: its number's, or that of a shell, which no number finds."""
    shells = [probe for kind in (tables.MERGED, tables.CLOSED) for probe in vault.probes(kind, patron_id)]
    return [*vault.probes("number", number.digits), *shells]
