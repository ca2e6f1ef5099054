"""The audit chain: each entry's code covers the entry before it, and the head moves in the same transaction.

It names runs, patrons and actions, never values. A reason is in someone's own words, so it is sealed beside the entry
that has its hash, and deleted with the patron's record. On SQLite the chain detects changes, but cannot prevent them
(decision 22). Verifying it is in `trust.audit_checks`.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import BindParameter, bindparam, delete, func, select, text, update

from cprsync.errors import SealBroken
from cprsync.store import tables
from cprsync.store.audit import older_states
from cprsync.store.beside.checkpoints import Mark
from cprsync.store.core import bulk
from cprsync.store.core.engine import after_commit, moment_of
from cprsync.store.core.tenant import AGENCY_IS, hold_library
from cprsync.store.seals.keys import Keyed, KeyPurpose

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from cprsync.services.ports.runs import Run
    from cprsync.store.beside.checkpoints import HeadsSeen
    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Tenant, Transaction

#: The stream for what people do.
DESK: Final = "desk"
#: The stream for what people at the desk looked at and looked for, and did not change.
SEEN: Final = "seen"
#: The kind of an entry with the reason why something was written in spite of a warning.
CONFIRM: Final = "confirm"
#: The kind of an entry that says that a record was changed.
CHANGE: Final = "change"
#: The kind of an entry about what a day of the calendar brought, without news from a source.
CALENDAR: Final = "calendar"
#: The kind of an entry that says that someone accepted the audit as it is.
ACCEPT: Final = "audit_accepted"
#: The name that an entry gives to the hash of its sealed reason.
REASON_HASH: Final = "reason_sha256"
#: The name under which an entry has the clock's own moment, if its stamp is a later one: the clock was ahead before.
CLOCK: Final = "clock"
#: The owner under which a reason is sealed.
_REASON: Final = "reason"
_FIRST: Final = bytes(32)
#: In words that both databases share, which SQLAlchemy's own have not.
_BEGIN_STREAM: Final = text(
    "INSERT INTO audit_head (agency, stream, seq, mac, at) VALUES (:agency, :stream, 0, :mac, '') "
    "ON CONFLICT DO NOTHING"
)
_ENTRY, _HEAD, _WHY = tables.audit.c, tables.audit_head.c, tables.audit_reason.c
# Whatever is done at the desk begins with the first and ends with the third, so they are built once.
_STREAM_IS: BindParameter[str] = bindparam("stream_")
_HOLD_HEAD: Final = (
    select(tables.audit_head).where(_HEAD.agency == AGENCY_IS, _HEAD.stream == _STREAM_IS).with_for_update()
)
_LAST_ENTRY: Final = (
    select(_ENTRY.seq, _ENTRY.mac, _ENTRY.at)
    .where(_ENTRY.agency == AGENCY_IS, _ENTRY.stream == _STREAM_IS)
    .order_by(_ENTRY.seq.desc())
    .limit(1)
)
_MOVE_HEAD: Final = (
    update(tables.audit_head)
    .where(_HEAD.agency == AGENCY_IS, _HEAD.stream == _STREAM_IS)
    .values(
        seq=bindparam("seq_", type_=_HEAD.seq.type),
        mac=bindparam("mac_", type_=_HEAD.mac.type),
        at=bindparam("stamp_", type_=_HEAD.at.type),
    )
)
#: Without what was only looked at: that is read by whoever watches over looking.
_ENTRIES_OF_PATRON: Final = (
    select(_ENTRY.entry)
    .where(_ENTRY.agency == AGENCY_IS, _ENTRY.patron_id == bindparam("patron_"), _ENTRY.stream != SEEN)
    .order_by(_ENTRY.at, _ENTRY.stream, _ENTRY.seq)
)
#: The entries of a stream.
_SAME: Final = (_ENTRY.agency == _HEAD.agency) & (_ENTRY.stream == _HEAD.stream)
_MARKS: Final = (
    select(
        *(_HEAD.stream, _HEAD.seq, _HEAD.mac, _HEAD.at),
        select(func.min(_ENTRY.seq)).where(_SAME).scalar_subquery().label("first"),
    )
    .where(_HEAD.agency == AGENCY_IS)
    .order_by(_HEAD.stream)
)
#: One encoder for all entries: creating one takes longer than using it.
_ENCODE = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class Happened:
    """What one entry says. `actions` are stable names."""

    kind: str
    #: the run that did it; None: nobody's, such as what is done at the desk
    run: Run | None = None
    patron: str | None = None
    actions: tuple[str, ...] = ()
    #: who did it
    user: str | None = None
    #: further values by name: never a value of a record
    more: tuple[tuple[str, str], ...] = ()
    #: why, in someone's own words; they may name anybody
    reason: str = field(default="", repr=False)

    @property
    def run_id(self) -> int | None:
        return None if self.run is None else self.run.id


def append(
    transaction: Transaction,
    stream: str,
    happened: Sequence[Happened],
    *,
    keeps: bool = True,
    end: StreamEnd | None = None,
) -> int:
    """Add entries to the end of a stream, in the caller's transaction. Return the last one's number; 0: none was added.

    With `keeps`, the heads are also kept outside the database after the commit. A night keeps its own heads when it
    ends. `end` is for a caller who holds the stream already, and has added nothing since.

    Raises:
        ConfigurationError: the file of the heads cannot be written; then nothing is committed.
    """
    if not happened:
        return 0
    end = end or hold_stream(transaction, stream)
    seq, mac = end.seq, end.mac
    clock = transaction.stamp()
    at = max(clock, end.at)  # stamps never go backward within a chain, whatever the clock does
    behind = ((CLOCK, clock),) if clock < at else ()
    key = transaction.tenant.keyring.newest(KeyPurpose.AUDIT)
    keyed, rows, reasons = Keyed(key.secret), [], []
    for number, one in enumerate(happened, start=seq + 1):
        if one.reason:
            sealed = transaction.vault.seal(one.reason.encode(), place=stream, owner=_REASON, version=number)
            reasons.append((transaction.agency, stream, number, one.patron, sealed, transaction.vault.seal_key))
            one = replace(one, more=(*one.more, (REASON_HASH, _hash(sealed))))  # noqa: PLW2901 -- the same, as it is kept
        if behind:
            one = replace(one, more=(*one.more, *behind))  # noqa: PLW2901 -- the same
        entry = _encode(transaction.tenant, stream, number, at, one)
        mac = keyed.digest(mac + entry)
        rows.append((transaction.agency, stream, number, at, one.patron, entry, mac, key.id))
    bulk.append(transaction.connection, tables.audit, rows)
    bulk.append(transaction.connection, tables.audit_reason, reasons)
    seq += len(rows)
    if end.fits_head:
        moved = {"agency_": transaction.agency, "stream_": stream, "seq_": seq, "mac_": mac, "stamp_": at}
        transaction.execute(_MOVE_HEAD, moved)
    if keeps and stream != transaction.tenant.night:
        changes, seen = older_states.changes_and_heads(transaction)
        transaction.tenant.heads.make_sure_that_writable()
        keeping = after_commit(transaction.connection, _Keeping(transaction.tenant, seen))
        keeping.marks[stream] = Mark(stream, seq, mac, at, records=changes)
    return seq


def moment_in(entry: Mapping[str, Any]) -> datetime:
    """Return when an entry was written, by the clock of that moment. Whoever counts by time needs this, not its stamp.

    After the clock was ahead, the stamps of a stream stand still until it has caught up.
    """
    return moment_of(entry.get(CLOCK, entry["at"]))


@dataclass(slots=True)
class _Keeping:
    """Keeps the heads that a transaction has moved, all of them in one go."""

    tenant: Tenant
    #: what the database had seen of the file of the heads
    seen: HeadsSeen | None
    marks: dict[str, Mark] = field(default_factory=dict)

    def __call__(self) -> None:
        older_states.keep_heads(self.tenant, list(self.marks.values()), seen=self.seen)


@dataclass(frozen=True, slots=True)
class StreamEnd:
    """Where a stream continues.

    A head that does not fit is not changed. The verification reports it until someone accepts it.
    """

    seq: int
    mac: bytes
    at: str
    fits_head: bool = True


def hold_stream(transaction: Transaction, stream: str) -> StreamEnd:
    """Hold a stream until the transaction ends, so that its writers go one after the other. Return its end.

    The end is the head's own, unless someone has lowered or deleted the head.
    """
    here = {"agency_": transaction.agency, "stream_": stream}
    row = transaction.execute(_HOLD_HEAD, here).one_or_none()
    last = _last_entry(transaction, stream)
    if row is None:
        # two writers may begin a stream at once: the later one waits here, and goes on behind the first one's entries
        if last is None:
            transaction.execute(_BEGIN_STREAM, {"agency": transaction.agency, "stream": stream, "mac": _FIRST})
        row, last = transaction.execute(_HOLD_HEAD, here).one_or_none(), _last_entry(transaction, stream)
    if last is not None and (row is None or row.seq < last.seq):
        # this head cannot be held, so writers take turns by holding the library
        hold_library(transaction)
        last = _last_entry(transaction, stream) or last
        return StreamEnd(last.seq, last.mac, last.at, fits_head=False)
    assert row is not None  # noqa: S101 -- a stream without an entry was begun above
    # the entry's own stamp is chained and the head's copy is not; the head's counts only if the entry is deleted
    return StreamEnd(row.seq, row.mac, last.at if last is not None and last.seq == row.seq else row.at)


def _last_entry(transaction: Transaction, stream: str) -> AnyRow | None:
    return transaction.execute(_LAST_ENTRY, {"agency_": transaction.agency, "stream_": stream}).one_or_none()


def _encode(tenant: Tenant, stream: str, seq: int, at: str, happened: Happened) -> bytes:
    """Return the bytes that are chained: JSON with sorted keys and no blanks."""
    if not happened.more and happened.user is None:
        # written by hand, because nearly all words are the same in each entry of a batch: a tenth of the time
        return (
            f'{{"actions":{_word(happened.actions)},"agency":{_word(tenant.agency)},"at":{_word(at)},'
            f'"kind":{_word(happened.kind)},"patron":{_ENCODE(happened.patron)},"run":{_word(happened.run_id)},'
            f'"seq":{seq},"stream":{_word(stream)}}}'
        ).encode()
    entry: dict[str, Any] = {} if happened.user is None else {"user": happened.user}
    entry |= {
        "actions": happened.actions,
        "agency": tenant.agency,
        "at": at,
        "kind": happened.kind,
        "patron": happened.patron,
        "run": happened.run_id,
        "seq": seq,
        "stream": stream,
    }
    return _ENCODE(entry | dict(happened.more)).encode()


@lru_cache(maxsize=256)
def _word(value: str | int | tuple[str, ...] | None) -> str:
    return _ENCODE(value)


def current_marks(transaction: Transaction, *, records: int | None) -> list[Mark]:
    """Return where each stream of the agency is, and with which entry it begins.

    `records`: how often records have changed.
    """
    return [
        Mark(one.stream, one.seq, one.mac, one.at, first=one.first or one.seq + 1, records=records)
        for one in transaction.execute(_MARKS, {"agency_": transaction.agency})
    ]


def changes_on(transaction: Transaction, patron_id: str) -> list[tuple[int | None, str, tuple[str, ...]]]:
    """Return what was changed on one record, the oldest first: run (None: the desk), moment and actions."""
    asked = {"agency_": transaction.agency, "patron_": patron_id}
    entries = map(json.loads, transaction.scalars(_ENTRIES_OF_PATRON, asked))
    changes = [entry for entry in entries if entry["kind"] in {CHANGE, CALENDAR}]
    return [(entry["run"], entry["at"], tuple(entry["actions"])) for entry in changes]


def open_reason(tenant: Tenant, row: AnyRow) -> str:
    """Open a reason in its place.

    Raises:
        SealBroken: it was altered or moved.
    """
    return tenant.vault.unseal(row.sealed, row.key, place=row.stream, owner=_REASON, version=row.seq).decode()


def is_reason_of_entry(tenant: Tenant, row: AnyRow, named: str) -> bool:
    """Return whether a sealed reason has the hash that its entry names, and opens in its place."""
    if not hmac.compare_digest(_hash(row.sealed), named):
        return False
    try:
        open_reason(tenant, row)
    except SealBroken:
        return False
    return True


def _hash(sealed: bytes) -> str:
    return hashlib.sha256(sealed).hexdigest()


def cut_stream(transaction: Transaction, stream: str, seq: int) -> None:
    """Delete the entries of a stream up to one of them, with their reasons."""
    for table in (tables.audit, tables.audit_reason):
        these = (table.c.agency == transaction.agency) & (table.c.stream == stream) & (table.c.seq <= seq)
        transaction.execute(delete(table).where(these))
