"""The audit chain: each entry's code covers the entry before it, and the head moves in the same transaction.

It names runs, patrons and actions, never values. A reason is sealed beside its entry. On SQLite it detects changes, but
cannot prevent them (decision 22). Verifying the chain is in `audit_checks`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, func, insert, select, update

from cprsync.store.audit import reasons, record_versions
from cprsync.store.audit.head_keeping import keep_after_commit
from cprsync.store.beside.checkpoints import Mark
from cprsync.store.core import bulk, tables
from cprsync.store.core.tenant import hold_library
from cprsync.store.seals.keyed import Keyed
from cprsync.store.seals.keys import Purpose

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Tenant

#: The stream for what people do.
DESK = "desk"
#: The kind of an entry with the reason why something was written in spite of a warning.
CONFIRM = "confirm"
#: The kind of an entry that says that a record was changed.
CHANGE = "change"
#: The kind of an entry about what a day of the calendar brought, without news from a source.
CALENDAR = "calendar"
_FIRST = bytes(32)
#: One encoder for all entries: creating one takes longer than using it.
_ENCODE = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class Happened:
    """What one entry says. `actions` are stable names."""

    kind: str
    run: int | None = None
    patron: str | None = None
    actions: tuple[str, ...] = ()
    #: further values by name: never a value of a record
    more: tuple[tuple[str, str], ...] = ()
    #: why, in someone's own words; they may name anybody, so they are sealed beside the entry
    reason: str = field(default="", repr=False)


def append(
    connection: Connection, tenant: Tenant, stream: str, happened: Sequence[Happened], *, keeps: bool = True
) -> None:
    """Add entries to the end of a stream, in the caller's transaction.

    With `keeps`, the heads are also kept outside the database after the commit. A night keeps its own heads when it
    ends.
    """
    if not happened:
        return
    end = _hold_end(connection, tenant, stream)
    seq, mac = end.seq, end.mac
    at = max(tenant.stamp(), end.at)  # stamps never go backward within a chain, whatever the clock does
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
    if end.fits_head:
        head = tables.audit_head
        connection.execute(
            update(head)
            .where(head.c.agency == tenant.agency, head.c.stream == stream)
            .values(seq=seq + len(rows), mac=mac, at=at)
        )
    if keeps and stream != tenant.night:
        records = record_versions.changes_of(connection, tenant)
        keep_after_commit(connection, tenant, Mark(stream, seq + len(rows), mac, at, records=records))


@dataclass(frozen=True, slots=True)
class _End:
    """Where a stream continues.

    A head that does not fit is not changed. The verification reports it until someone accepts it.
    """

    seq: int
    mac: bytes
    at: str
    fits_head: bool = True


def _hold_end(connection: Connection, tenant: Tenant, stream: str) -> _End:
    """Hold a stream's head and return the stream's end.

    The end is the head's own, unless someone has lowered or deleted the head.
    """
    head = tables.audit_head
    wanted = select(head).where(head.c.agency == tenant.agency, head.c.stream == stream).with_for_update()
    row = connection.execute(wanted).one_or_none()
    last = _last_entry(connection, tenant, stream)
    if last is not None and (row is None or row.seq < last.seq):
        # this head cannot be held, so writers take turns by holding the library
        hold_library(connection, tenant)
        last = _last_entry(connection, tenant, stream) or last
        return _End(last.seq, last.mac, last.at, fits_head=False)
    if row is None:
        connection.execute(insert(head).values(agency=tenant.agency, stream=stream, seq=0, mac=_FIRST, at=""))
        return _End(0, _FIRST, "")
    # the entry's own stamp is chained and the head's copy is not; the head's counts only if the entry is deleted
    return _End(row.seq, row.mac, last.at if last is not None and last.seq == row.seq else row.at)


def _last_entry(connection: Connection, tenant: Tenant, stream: str) -> AnyRow | None:
    row = tables.audit.c
    ours = (row.agency == tenant.agency) & (row.stream == stream)
    return connection.execute(
        select(row.seq, row.mac, row.at).where(ours).order_by(row.seq.desc()).limit(1)
    ).one_or_none()


def _entry(tenant: Tenant, stream: str, seq: int, at: str, happened: Happened) -> bytes:
    """Return the bytes that are chained: JSON with sorted keys and no blanks."""
    if happened.more:
        return _entry_with_more(tenant, stream, seq, at, happened)
    # written by hand, because nearly all words are the same in each entry of a batch
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
    """Return where each stream of the agency is, and with which entry it begins."""
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
    """Return what was changed on one record, the oldest first: run (None: the desk), moment and actions."""
    row = tables.audit.c
    wanted = select(row.entry).where(_ours(tenant), row.patron_id == patron_id).order_by(row.at, row.stream, row.seq)
    entries = [json.loads(entry) for entry in connection.scalars(wanted)]
    changes = [entry for entry in entries if entry["kind"] in {CHANGE, CALENDAR}]
    return [(entry["run"], entry["at"], tuple(entry["actions"])) for entry in changes]


def _ours(tenant: Tenant) -> Any:
    return tables.audit.c.agency == tenant.agency
