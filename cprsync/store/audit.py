"""The audit chain: each entry's code covers the one before it, and the head moves in the same transaction.

Names runs, patrons and actions, never values; a reason is sealed beside its entry. SQLite gives detection, not
prevention (decision 22).
"""

from __future__ import annotations

import hmac
import json
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, func, insert, select, update

from cprsync.domain.often import made_often
from cprsync.store import bulk, reasons, tables
from cprsync.store.checkpoints import Kept, heads_kept
from cprsync.store.failures import AuditBroken
from cprsync.store.keyed import Keyed
from cprsync.store.keys import Purpose

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cprsync.store.engine import AnyRow
    from cprsync.store.tenant import Tenant

#: The kind of an entry that says that a record was changed.
CHANGE = "change"
#: The kind of an entry that says what a day brought, though no source spoke.
CALENDAR = "calendar"
_FIRST = bytes(32)
#: One encoder for all entries: making one takes longer than using it.
_ENCODE = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode
#: Entries read at a time when the chain is verified.
_READ_ROWS = 2000


@made_often
@dataclass(frozen=True, slots=True)
class Happened:
    """What one entry says; `actions` are stable names."""

    kind: str
    run: int | None = None
    patron: str | None = None
    actions: tuple[str, ...] = ()
    #: what else there is to say, by name: never a value of a record
    more: tuple[tuple[str, str], ...] = ()
    #: why, in someone's own words: these may name anybody, and are sealed beside the entry
    reason: str = field(default="", repr=False)


def append(connection: Connection, tenant: Tenant, stream: str, happened: Sequence[Happened]) -> None:
    """Add entries to the end of a stream, in the caller's transaction."""
    if not happened:
        return
    seq, mac, last = _hold_head(connection, tenant, stream)
    at = max(tenant.stamp(), last)  # stamps never go backward within a chain, whatever the clock does
    key = tenant.keyring.newest(Purpose.AUDIT)
    keyed, rows, why = Keyed(key.secret), [], []
    for number, one in enumerate(happened, start=seq + 1):
        if one.reason:
            reason = reasons.sealed_reason(tenant, stream, number, one.reason)
            why.append(reason.row(tenant, one.patron))
            one = replace(one, more=(*one.more, (reasons.HASH, reason.hash)))  # noqa: PLW2901 -- the same, as it is kept
        entry = _entry(tenant, stream, number, at, one)
        mac = keyed.digest(mac + entry)
        rows.append((tenant.agency, stream, number, at, one.patron, entry, mac, key.id))
    bulk.append(connection, tables.audit, rows)
    bulk.append(connection, tables.audit_reason, why)
    head = tables.audit_head
    connection.execute(
        update(head)
        .where(head.c.agency == tenant.agency, head.c.stream == stream)
        .values(seq=seq + len(rows), mac=mac, at=at)
    )


def _hold_head(connection: Connection, tenant: Tenant, stream: str) -> tuple[int, bytes, str]:
    head = tables.audit_head
    wanted = select(head).where(head.c.agency == tenant.agency, head.c.stream == stream).with_for_update()
    row = connection.execute(wanted).one_or_none()
    if row is None:
        connection.execute(insert(head).values(agency=tenant.agency, stream=stream, seq=0, mac=_FIRST, at=""))
        return 0, _FIRST, ""
    return row.seq, row.mac, row.at


def _entry(tenant: Tenant, stream: str, seq: int, at: str, happened: Happened) -> bytes:
    """The bytes that are chained: JSON with sorted keys and no blanks."""
    if happened.more:
        return _entry_with_more(tenant, stream, seq, at, happened)
    # put together by hand: of a batch nearly all words are the same in each entry
    return (
        f'{{"actions":{_word(happened.actions)},"agency":{_word(tenant.agency)},"at":{_word(at)},'
        f'"kind":{_word(happened.kind)},"patron":{_ENCODE(happened.patron)},"run":{_word(happened.run)},'
        f'"seq":{seq},"stream":{_word(stream)}}}'
    ).encode()


@lru_cache(maxsize=256)
def _word(value: str | int | tuple[str, ...] | None) -> str:
    return _ENCODE(value)


def _entry_with_more(tenant: Tenant, stream: str, seq: int, at: str, happened: Happened) -> bytes:
    entry: dict[str, Any] = {
        "actions": happened.actions,
        "agency": tenant.agency,
        "at": at,
        "kind": happened.kind,
        "patron": happened.patron,
        "run": happened.run,
        "seq": seq,
        "stream": stream,
    }
    entry.update(happened.more)
    return _ENCODE(entry).encode()


def heads(connection: Connection, tenant: Tenant) -> list[tuple[str, int, bytes]]:
    """The streams of the agency with their last number and code."""
    head = tables.audit_head.c
    rows = connection.execute(
        select(head.stream, head.seq, head.mac).where(head.agency == tenant.agency).order_by(head.stream)
    )
    return [(row.stream, row.seq, row.mac) for row in rows]


def changes_of(connection: Connection, tenant: Tenant, patron_id: str) -> list[tuple[int | None, str, tuple[str, ...]]]:
    """What was changed on one record, the oldest first: the run, none for the desk, the moment, and the actions."""
    row = tables.audit.c
    wanted = select(row.entry).where(_ours(tenant), row.patron_id == patron_id).order_by(row.at, row.stream, row.seq)
    entries = [json.loads(entry) for entry in connection.scalars(wanted)]
    changes = [entry for entry in entries if entry["kind"] in {CHANGE, CALENDAR}]
    return [(entry["run"], entry["at"], tuple(entry["actions"])) for entry in changes]


def verify(connection: Connection, tenant: Tenant) -> int:
    """Follow every stream from its first entry, or from where we cut it, to its head and past the heads kept elsewhere.

    Returns: how many entries there are.

    Raises:
        AuditBroken: names the first one that does not fit.
    """
    kept = heads_kept(tenant.keyring, tenant.agency)
    ours = {stream: (seq, mac) for stream, seq, mac in heads(connection, tenant)}
    stored = set(connection.scalars(select(tables.audit.c.stream).where(_ours(tenant)).distinct()))
    count = 0
    for stream in sorted(stored | set(ours) | set(kept)):
        of_stream = kept.get(stream, Kept())
        begun, reached, mac = _follow(connection, tenant, stream, of_stream, ours.get(stream))
        if ours.get(stream) != (reached, mac):
            raise AuditBroken(stream, reached + 1, "entries at the end are missing, or more than the head knows")
        if any(seq > reached for seq in of_stream.heads):
            raise AuditBroken(stream, reached + 1, "entries at the end are missing that were there at a checkpoint")
        count += reached - begun
    return count


def _ours(tenant: Tenant) -> Any:
    return tables.audit.c.agency == tenant.agency


def _follow(
    connection: Connection, tenant: Tenant, stream: str, kept: Kept, head: tuple[int, bytes] | None
) -> tuple[int, int, bytes]:
    """After which entry the stream begins, and how far it holds together from there."""
    keys = tenant.keyring.by_id(Purpose.AUDIT)
    begun, mac = _beginning(connection, tenant, stream, kept, head)
    reached = begun
    for row in _rows(connection, tenant, stream):
        if row.seq != reached + 1:
            raise AuditBroken(stream, reached + 1, "the entry is missing")
        key = keys.get(row.key)
        if key is None:
            raise AuditBroken(stream, row.seq, "its key is not in the key folder")
        mac = hmac.digest(key.secret, mac + row.entry, "sha256")
        if not hmac.compare_digest(mac, row.mac) or not _says_where_it_is(row, tenant, stream):
            raise AuditBroken(stream, row.seq, "the entry was altered or moved")
        if not reasons.fits(row, json.loads(row.entry).get(reasons.HASH)):
            raise AuditBroken(stream, row.seq, "the reason was altered, moved or taken away")
        if kept.heads.get(row.seq, mac) != mac:
            raise AuditBroken(stream, row.seq, "the entry is not the one of the checkpoint")
        reached = row.seq
    return begun, reached, mac


def _beginning(
    connection: Connection, tenant: Tenant, stream: str, kept: Kept, head: tuple[int, bytes] | None
) -> tuple[int, bytes]:
    """The last entry that we cut off, and its code; before the first one when we did not, or it is there again."""
    row = tables.audit.c
    first = connection.scalar(select(func.min(row.seq)).where(_ours(tenant), row.stream == stream))
    last_gone = first - 1 if first is not None else 0 if head is None else head[0]
    return (last_gone, kept.cuts[last_gone]) if last_gone in kept.cuts else (0, _FIRST)


def _rows(connection: Connection, tenant: Tenant, stream: str) -> Iterator[AnyRow]:
    row = tables.audit.c
    columns = (row.seq, row.at, row.patron_id, row.entry, row.mac, row.key)
    wanted = reasons.beside(select(*columns)).where(_ours(tenant), row.stream == stream)
    yield from connection.execution_options(yield_per=_READ_ROWS).execute(wanted.order_by(row.seq))


def _says_where_it_is(row: AnyRow, tenant: Tenant, stream: str) -> bool:
    entry = json.loads(row.entry)
    told = (entry["agency"], entry["stream"], entry["seq"], entry["at"], entry["patron"])
    return told == (tenant.agency, stream, row.seq, row.at, row.patron_id)
