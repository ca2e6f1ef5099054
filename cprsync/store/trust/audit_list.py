"""List who did what, when and why; accept an audit as it is; and delete its oldest entries.

A list goes entry by entry, the latest first, and shows no value of a record. It reads a part of each stream at a time,
so the memory used stays small. Verifying the entries is in `audit_checks`.
"""

from __future__ import annotations

import heapq
import json
from contextlib import suppress
from dataclasses import replace
from itertools import islice, takewhile
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, delete, exists, func, insert, null, select

from cprsync.domain.desk.confirming import SERVICE
from cprsync.errors import BadInput
from cprsync.services.ports.trust.audit import (
    ASKING,
    HIDING,
    LOOKING,
    WRITING,
    Audit,
    AuditGlance,
    AuditState,
    Happening,
)
from cprsync.store import tables
from cprsync.store.audit import audit, binding, older_states
from cprsync.store.beside.checkpoints import FILE, Mark
from cprsync.store.core.engine import stamp_of
from cprsync.store.core.tenant import AGENCY_IS, TenantStore, library_transaction
from cprsync.store.patrons.windows import WINDOWS_STREAM
from cprsync.store.seals.failures import AuditBroken
from cprsync.store.trust.audit_checks import check_audit, follow_beginnings, stream_names
from cprsync.store.trust.audit_glance import glance_at_audit
from cprsync.store.trust.image_checks import delete_altered
from cprsync.store.trust.key_checks import noted_keys
from cprsync.store.trust.subjects import is_about, patrons_now, subject_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement

    from cprsync.services.ports.trust.audit import AuditFilter
    from cprsync.store.beside.checkpoints import HeadsSeen
    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Tenant, Transaction
    from cprsync.store.trust.subjects import Subject

#: The kind of an entry that says that someone read the reasons of others.
READ: Final = "audit_read"
#: The key of what the witness had seen, in an entry that says that an older copy was noticed.
WITNESSED: Final = "witness"
#: The kind of an entry that says that someone renewed our certificate; below, the keys of what it tells.
CERTIFICATE: Final = "certificate"
#: What changes no record: who reads the audit looks too.
_LOOKING: Final = LOOKING | ASKING | {READ}
_SERIAL, _ENDS = "serial", "ends"
_LOOKUP: Final = "lookup"
_LISTED_ROWS: Final = 500
_COUNTED_ROWS: Final = 2000
_ROW, _HEAD, _REASON = tables.audit.c, tables.audit_head.c, tables.audit_reason.c
#: The next entries of a stream: built once, because each night reads the first of each.
_PAGE: Final = (
    select(_ROW.stream, _ROW.seq, _ROW.at, _ROW.entry, _ROW.mac, null().label("patron_id"))
    .where(_ROW.agency == AGENCY_IS, _ROW.stream == bindparam("stream_"), _ROW.seq > bindparam("after_"))
    .order_by(_ROW.seq)
    .limit(bindparam("most_"))
)
_RECORDS: Final = select(func.count()).select_from(tables.patron).where(tables.patron.c.agency == AGENCY_IS)
_LAST: Final = select(_HEAD.stream, _HEAD.seq).where(_HEAD.agency == AGENCY_IS)
_STREAMS: Final = select(_HEAD.stream).where(_HEAD.agency == AGENCY_IS).order_by(_HEAD.stream)


class SqlAudit(TenantStore, Audit):
    """Who did what, when and why."""

    def __init__(self, tenant: Tenant, *, keeping: Tenant) -> None:
        super().__init__(tenant)
        self._keeping = keeping

    def check(self, *, code: str | None = None, records: int = 0) -> AuditState:
        return check_audit(self._tenant, code=code, records=records)

    def count_records(self) -> int:
        with self._tenant.reading() as transaction:
            return transaction.scalar(_RECORDS, {"agency_": transaction.agency}) or 0

    def glance(self) -> AuditGlance:
        return glance_at_audit(self._tenant)

    def noted_keys(self) -> set[tuple[str, str]]:
        return noted_keys(self._tenant)

    def accept(self, *, user: str, reason: str) -> AuditState:
        state = check_audit(self._tenant, images=True)
        if not state.problems:
            raise BadInput("the audit is whole: there is nothing to accept", kind="audit.whole")
        heads, lost = self._tenant.heads.read(self._tenant.agency), _find_lost_end(self._tenant)
        if heads.broken is not None and heads.broken.stream == FILE:
            self._tenant.heads.begin_anew()
        if lost is not None:
            _tell_others(self._tenant, lost)
        # this deletes heads and reasons, which only the keeper may where there is one
        with library_transaction(self._keeping) as transaction:
            # what does not open can never be put back: it would be told, and stop each drill, until its time is over
            delete_altered(transaction)
            changes = max(older_states.record_changes(transaction) or 0, heads.records) + 1
            older_states.count_versions(transaction, changes=changes)
            _fit_heads(transaction)
            more = (("problems", str(len(state.problems))), ("code", state.code))
            accepted = audit.Happened(audit.ACCEPT, user=user, more=more, reason=reason)
            audit.append(transaction, audit.DESK, [accepted], keeps=False)
            binding.accept_bound(transaction)
            ends = audit.current_marks(transaction, records=changes)
            marks = [replace(mark, accepted=True) for mark in ends]
        end = self._tenant.heads.keep(
            self._tenant.agency, [Mark("", 0, b"", accepted=True), *marks], seen=None, anew=True
        )
        with self._tenant.writing() as transaction:
            if end is not None:
                older_states.remember_heads(transaction, end, anew=True)
        return state

    def ends(self) -> Mapping[str, int]:
        with self._tenant.reading() as transaction:
            return _ends(transaction)

    def may_have_hidden(self, ends: Mapping[str, int]) -> bool:
        with self._tenant.reading() as transaction:
            streams = _ends(transaction).keys() - {audit.SEEN, *(one.stream for one in binding.KINDS)}
            return any(_may_hide(transaction, one, ends.get(one, 0)) for one in streams)

    def entries(self, wanted: AuditFilter) -> Iterator[Happening]:
        with self._tenant.reading() as transaction:
            subject = None
            if wanted.unregistered and (wanted.patron is not None or wanted.number is not None):
                subject = subject_of(transaction, wanted.patron, wanted.number)
            streams = [
                _list_stream(transaction, name, wanted, subject)
                for name in sorted(stream_names(transaction, tables.audit))
                # what binds rows tells of no deed that another entry does not tell of
                if (wanted.seen or name != audit.SEEN) and not name.startswith(f"{binding.BOUND}/")
            ]
            latest = heapq.merge(*streams, key=lambda found: (found.at, found.stream, found.seq), reverse=True)
            for found, _ in zip(latest, range(wanted.limit), strict=False):
                yield found

    def note_reading(self, *, user: str, patron: str | None = None, of: str = "") -> None:
        self._note(audit.Happened(READ, patron=patron, actions=(of,) if of else (), user=user))

    def note_certificate(self, *, user: str, serial: int, ends: datetime) -> None:
        more = ((_SERIAL, f"{serial:x}"), (_ENDS, ends.isoformat()))
        self._note(audit.Happened(CERTIFICATE, user=user, more=more))

    def _note(self, entry: audit.Happened) -> None:
        with self._tenant.writing() as transaction:
            audit.append(transaction, audit.DESK, [entry])


def _ends(transaction: Transaction) -> dict[str, int]:
    return {row.stream: row.seq for row in transaction.execute(_LAST, {"agency_": transaction.agency})}


def _may_hide(transaction: Transaction, stream: str, after: int) -> bool:
    """Return whether a stream has an entry after this number that may hide somebody, or too many to read."""
    asked = {"agency_": transaction.agency, "stream_": stream, "after_": after, "most_": _LISTED_ROWS}
    rows = transaction.execute(_PAGE, asked).all()
    return len(rows) == _LISTED_ROWS or not all(map(_hides_nobody, (json.loads(row.entry) for row in rows)))


def _hides_nobody(entry: Mapping[str, Any]) -> bool:
    return entry["kind"] in _LOOKING or (entry["kind"] in WRITING and HIDING.isdisjoint(entry["actions"]))


def _find_lost_end(tenant: Tenant) -> HeadsSeen | None:
    """Return what the witness has seen of the file of the heads, if that is not there any more."""
    with suppress(AuditBroken):
        seen = tenant.heads.witnessed()
        if seen is not None and seen.lines and tenant.heads.code_at(seen.lines) != seen.code:
            return seen
    return None


def _tell_others(tenant: Tenant, lost: HeadsSeen) -> None:
    """Write down for the other libraries of the database that the file's end was lost, if they have not noticed it.

    They share the file and its witness, which forgets now what it has seen: their own loss may show by nothing else.
    """
    others = select(tables.library.c.agency).where(tables.library.c.agency != tenant.agency)
    with tenant.reading() as transaction:
        agencies = transaction.scalars(others.order_by(tables.library.c.agency)).all()
        unaware = [one for one in agencies if not is_loss_noticed(transaction, one, lost)]
    first = tenant.heads.first_lost(lost)
    for agency in unaware:
        tenant.heads.keep(agency, [Mark("", first, b"", tenant.stamp(), lost=True)], seen=None)


def is_loss_noticed(transaction: Transaction, agency: str, witnessed: HeadsSeen) -> bool:
    """Return whether a library has noticed an older copy by what the witness had seen.

    The witness keeps showing the loss until someone accepts the audit.
    """
    ours = (_ROW.agency == agency) & (_ROW.stream == WINDOWS_STREAM)
    told = f'"{WITNESSED}":"{witnessed}"'.encode()
    return any(told in entry for entry in transaction.scalars(select(_ROW.entry).where(ours)))


def _list_stream(
    transaction: Transaction, stream: str, wanted: AuditFilter, subject: Subject | None
) -> Iterator[Happening]:
    rows = select(_ROW.seq, _ROW.at, _ROW.entry).where(_ROW.agency == transaction.agency, _ROW.stream == stream)
    rows = rows if (which := _which(wanted, subject, stream)) is None else rows.where(which)
    rows = rows if wanted.until is None else rows.where(_ROW.at <= stamp_of(wanted.until))
    rows, below = rows.order_by(_ROW.seq.desc()).limit(_LISTED_ROWS), None
    since = None if wanted.since is None else stamp_of(wanted.since)
    while part := transaction.execute(rows if below is None else rows.where(_ROW.seq < below)).all():
        asks = wanted.unregistered and subject is None and stream == audit.DESK
        whose = patrons_now(transaction, part) if asks else {}
        for row in part:
            if since is not None and row.at < since:
                return  # a stream's stamps never go backward
            found = _happening(transaction, stream, row, opens=wanted.reasons)
            if found.patron is None and wanted.unregistered:
                found = replace(found, patron=whose.get(row.seq, wanted.patron))
            if _is_wanted(found, wanted):
                yield found
        below = part[-1].seq


def _which(wanted: AuditFilter, subject: Subject | None, stream: str) -> ColumnElement[bool] | None:
    """Whose entries are wanted; None: everybody's."""
    if subject is not None:
        return is_about(subject, stream)
    return None if wanted.patron is None else _ROW.patron_id == wanted.patron


def _is_wanted(found: Happening, wanted: AuditFilter) -> bool:
    if wanted.by is not None and (found.who or "") != wanted.by:
        return False
    return wanted.purpose is None or found.why == wanted.purpose


def _happening(transaction: Transaction, stream: str, row: AnyRow, *, opens: bool) -> Happening:
    told: dict[str, Any] = json.loads(row.entry)
    actions, purpose = tuple(told["actions"]), told.get("purpose")
    if told["kind"] == _LOOKUP:
        actions, purpose = (), next(iter(actions), None)
    gave = audit.REASON_HASH in told
    return Happening(
        at=row.at,
        # a user who was unknown at the time is not named, and neither is the program itself
        who=None if told.get("user") == SERVICE else told.get("user"),
        what=told["kind"],
        patron=told["patron"],
        actions=actions,
        why=purpose,
        has_reason=gave,
        reason=_reason(transaction, stream, row.seq) if opens and gave else None,
        run=told["run"],
        stream=stream,
        seq=row.seq,
        clock=told.get(audit.CLOCK),
    )


def _reason(transaction: Transaction, stream: str, seq: int) -> str | None:
    """Return the reason; None: it was deleted with the record."""
    here = (_REASON.agency == transaction.agency) & (_REASON.stream == stream) & (_REASON.seq == seq)
    row = transaction.execute(select(tables.audit_reason).where(here)).one_or_none()
    return None if row is None else audit.open_reason(transaction.tenant, row)


def _fit_heads(transaction: Transaction) -> None:
    """Set each head to the last entry that is there, and delete reasons without an entry."""
    for table in (tables.audit_head, tables.audit_reason):
        same = (_ROW.agency == table.c.agency) & (_ROW.stream == table.c.stream)
        same = same if table is tables.audit_head else same & (_ROW.seq == table.c.seq)
        transaction.execute(delete(table).where(table.c.agency == transaction.agency, ~exists().where(same)))
    ours = _ROW.agency == transaction.agency
    for stream in transaction.scalars(select(_ROW.stream).where(ours).distinct()).all():
        last = select(_ROW.seq, _ROW.mac, _ROW.at).where(ours, _ROW.stream == stream)
        row = transaction.execute(last.order_by(_ROW.seq.desc()).limit(1)).one()
        head = {"agency": transaction.agency, "stream": stream, "seq": row.seq, "mac": row.mac, "at": row.at}
        transaction.execute(delete(tables.audit_head).where(_HEAD.agency == transaction.agency, _HEAD.stream == stream))
        transaction.execute(insert(tables.audit_head).values(head))


def find_old_entries(transaction: Transaction, before: str, *, limit: int) -> list[AnyRow]:
    """Return at most `limit` entries written before a moment, of each stream from its first entry on.

    Returns none if a beginning does not verify. It stays as it is, so that the verification can report it.
    """
    found = list(islice(_old_entries(transaction, before, page=limit), limit))
    return found if _is_whole(transaction, {row.stream: row.seq for row in found}) else []


def count_old_entries(transaction: Transaction, before: str) -> int:
    """Count the entries that would be cut; 0 if a beginning does not verify."""
    last: dict[str, int] = {}
    count = 0
    for row in _old_entries(transaction, before, page=_COUNTED_ROWS):
        last[row.stream] = row.seq
        count += 1
    return count if _is_whole(transaction, last) else 0


def _is_whole(transaction: Transaction, last: dict[str, int]) -> bool:
    """Return whether each stream verifies from its beginning up to an entry."""
    try:
        follow_beginnings(transaction, last)
    except AuditBroken:
        return False
    return True


def _old_entries(transaction: Transaction, before: str, *, page: int) -> Iterator[AnyRow]:
    """Yield the old entries of each stream from its first one on, read a page at a time."""
    for stream in transaction.scalars(_STREAMS, {"agency_": transaction.agency}).all():
        # stamps never go backward, so the old entries end at the first young one
        yield from takewhile(lambda row: _written(row) < before, _all_entries(transaction, stream, page=page))


def _all_entries(transaction: Transaction, stream: str, *, page: int) -> Iterator[AnyRow]:
    values: dict[str, Any] = {"agency_": transaction.agency, "stream_": stream, "most_": page, "after_": 0}
    while rows := transaction.execute(_PAGE, values).all():
        yield from rows
        if len(rows) < page:
            return
        values["after_"] = rows[-1].seq


def _written(row: AnyRow) -> str:
    """Return when an entry says that it was written: anyone with the database can change the stamp in clear.

    An accepted entry may be unreadable. Then its stamp in clear counts.
    """
    try:
        return str(json.loads(row.entry)["at"])
    except (TypeError, ValueError, KeyError):
        return str(row.at)


def cut_entries(transaction: Transaction, rows: Sequence[AnyRow]) -> None:
    """Delete the entries that were found, which are in order.

    First each cut is signed and kept outside the database. With its code, the rest of the chain still verifies.

    Raises:
        ConfigurationError: a cut cannot be kept outside; nothing is deleted.
    """
    last = {row.stream: Mark(row.stream, row.seq, row.mac, cut=True) for row in rows}
    if not last:
        return
    transaction.tenant.heads.keep(transaction.agency, list(last.values()), seen=None)
    for mark in last.values():
        audit.cut_stream(transaction, mark.stream, mark.seq)
