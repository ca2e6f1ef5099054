"""Look at the ends of the audit: quickly, however long it is. Writes nothing.

The last entries of each stream are followed to its head. The head is compared with the last lines of the file of the
heads. Altered older entries show when the audit is followed from end to end, which each night and `audit verify` do.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import BindParameter, bindparam, select

from cprsync.services.ports.trust.audit import AuditGlance
from cprsync.store import tables
from cprsync.store.audit import older_states
from cprsync.store.beside.checkpoints import Heads, StreamOnFile
from cprsync.store.seals.failures import AuditBroken
from cprsync.store.trust.audit_checks import RECORDS, StreamCheck, check_end, each_once, read_witness, stream_names

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from cprsync.store.beside.checkpoints import HeadsSeen, Mark
    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Tenant, Transaction

#: How many of the last entries of a stream are followed.
ENTRIES_MOST: Final = 1_000
#: How many of the last lines of the file of the heads are read. Each night writes one for every stream.
LINES_MOST: Final = 20_000
#: How many are read in any case: they may name a stream that is gone.
LINES_LEAST: Final = 500
_AGENCY: Final[BindParameter[Any]] = bindparam("agency_")
_HEADS: Final = select(tables.audit_head).where(tables.audit_head.c.agency == _AGENCY)


@dataclass(slots=True)
class _Ends:
    """What is found at the ends."""

    heads: Heads = field(default_factory=Heads)
    accepted: str | None = None
    entries: int = 0
    problems: list[AuditBroken] = field(default_factory=list)


def glance_at_audit(tenant: Tenant) -> AuditGlance:
    """Compare the ends of the streams, of the file of the heads, and of its witness."""
    ends = _Ends()
    # read before the database: what is written in between makes the database newer, never older
    witnessed = read_witness(tenant, ends.problems)
    with tenant.reading() as transaction:
        ours = {row.stream: row for row in transaction.execute(_HEADS, {"agency_": transaction.agency})}
        names = stream_names(transaction, tables.audit) | ours.keys()
        _read_last_lines(tenant, names, ends)
        names |= ends.heads.streams.keys()
        for name in sorted(names):
            _follow_end(transaction, name, ours.get(name), ends)
        changes, seen = older_states.changes_and_heads(transaction)
    if (changes or 0) < ends.heads.records:
        ends.problems.append(AuditBroken(RECORDS, changes or 0, "the records are those of an earlier time"))
    ends.problems += check_end(tenant, witnessed, seen)
    return _result(ends, ours, len(names))


def _result(ends: _Ends, ours: dict[str, AnyRow], streams: int) -> AuditGlance:
    kept = max((one.at for one in ends.heads.streams.values()), default="")
    since = sum(max(0, row.seq - _on_file(ends, name).seq) for name, row in ours.items())
    problems = each_once(ends.problems)
    return AuditGlance(ends.entries, streams, str(ends.heads.end), kept or None, since, ends.accepted, problems)


def _read_last_lines(tenant: Tenant, names: AbstractSet[str], ends: _Ends) -> None:
    """Take in the last lines of the file, as far back as each stream was named."""
    lines: list[tuple[HeadsSeen, str, Mark]] = []
    missing = set(names)
    try:
        for line in tenant.heads.signed_lines():
            lines.append(line)
            missing -= {line[2].stream} if line[1] == tenant.agency else set()
            if (not missing and len(lines) >= LINES_LEAST) or len(lines) >= LINES_MOST:
                break
    except AuditBroken as broken:
        ends.problems.append(broken)
    for end, agency, mark in reversed(lines):
        ends.heads.end = end
        if agency == tenant.agency:
            ends.heads.take(mark)
            # the latest of the accepted streams is the one with the entry that accepts them
            ends.accepted = max(ends.accepted or "", mark.at) if mark.accepted and mark.at else ends.accepted
    ends.problems += ends.heads.problems()


def _follow_end(transaction: Transaction, name: str, head: AnyRow | None, ends: _Ends) -> None:
    """Follow the last entries of one stream."""
    check = StreamCheck(transaction, name, _on_file(ends, name))
    try:
        if head is None:
            check.follow_to_head(None)
        else:
            ends.entries += check.follow_end(head, most=ENTRIES_MOST)
    except AuditBroken as broken:
        ends.problems.append(broken)


def _on_file(ends: _Ends, name: str) -> StreamOnFile:
    return ends.heads.streams.get(name, StreamOnFile())
