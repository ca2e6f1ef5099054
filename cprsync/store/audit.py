"""The audit chain: each entry's code covers the one before it, and the head moves in the same transaction.

Names runs, patrons and actions, never values; a reason is sealed beside its entry. SQLite gives detection, not
prevention (decision 22). Leaves out how the chain is verified: see `audit_checks`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, func, insert, select, update

from cprsync.domain.often import made_often
from cprsync.store import bulk, reasons, record_versions, tables
from cprsync.store.checkpoints import Mark
from cprsync.store.head_keeping import keep_after_commit
from cprsync.store.keyed import Keyed
from cprsync.store.keys import Purpose

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cprsync.store.engine import AnyRow
    from cprsync.store.tenant import Tenant

#: The stream of what people do.
DESK = "desk"
#: The kind of an entry that has the reason for which something was written in spite of a warning.
CONFIRM = "confirm"
#: The kind of an entry that says that a record was changed.
CHANGE = "change"
#: The kind of an entry that says what a day brought, though no source spoke.
CALENDAR = "calendar"
_FIRST = bytes(32)
#: One encoder for all entries: making one takes longer than using it.
_ENCODE = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode


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


def append(
    connection: Connection, tenant: Tenant, stream: str, happened: Sequence[Happened], *, keeps: bool = True
) -> None:
    """Add entries to the end of a stream, in the caller's transaction.

    What people do is kept outside the database as it is written, unless the caller `keeps` it otherwise; a night's
    heads are kept when it ends.
    """
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
    if keeps and stream != tenant.night:
        records = record_versions.changes_of(connection, tenant)
        keep_after_commit(connection, tenant, Mark(stream, seq + len(rows), mac, at, records=records))


def _hold_head(connection: Connection, tenant: Tenant, stream: str) -> tuple[int, bytes, str]:
    head = tables.audit_head
    wanted = select(head).where(head.c.agency == tenant.agency, head.c.stream == stream).with_for_update()
    row = connection.execute(wanted).one_or_none()
    if row is None:
        connection.execute(insert(head).values(agency=tenant.agency, stream=stream, seq=0, mac=_FIRST, at=""))
        return 0, _FIRST, ""
    return row.seq, row.mac, _last_stamp(connection, row) or row.at


def _last_stamp(connection: Connection, head: AnyRow) -> str | None:
    """The last entry's own, which is chained as the head's copy of it is not; none: the entry is forgotten."""
    row = tables.audit.c
    this = (row.agency == head.agency) & (row.stream == head.stream) & (row.seq == head.seq)
    stamp: str | None = connection.scalar(select(row.at).where(this))
    return stamp


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


def heads(connection: Connection, tenant: Tenant) -> list[Mark]:
    """Where each stream of the agency stands, and with which entry it begins."""
    head, row = tables.audit_head.c, tables.audit.c
    same = (row.agency == head.agency) & (row.stream == head.stream)
    first = select(func.min(row.seq)).where(same).scalar_subquery()
    wanted = select(head.stream, head.seq, head.mac, head.at, first.label("first"))
    records = record_versions.changes_of(connection, tenant)
    return [
        Mark(one.stream, one.seq, one.mac, one.at, first=one.first or one.seq + 1, records=records)
        for one in connection.execute(wanted.where(head.agency == tenant.agency).order_by(head.stream))
    ]


def changes_of(connection: Connection, tenant: Tenant, patron_id: str) -> list[tuple[int | None, str, tuple[str, ...]]]:
    """What was changed on one record, the oldest first: the run, none for the desk, the moment, and the actions."""
    row = tables.audit.c
    wanted = select(row.entry).where(_ours(tenant), row.patron_id == patron_id).order_by(row.at, row.stream, row.seq)
    entries = [json.loads(entry) for entry in connection.scalars(wanted)]
    changes = [entry for entry in entries if entry["kind"] in {CHANGE, CALENDAR}]
    return [(entry["run"], entry["at"], tuple(entry["actions"])) for entry in changes]


def _ours(tenant: Tenant) -> Any:
    return tables.audit.c.agency == tenant.agency
