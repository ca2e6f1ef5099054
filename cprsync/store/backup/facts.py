"""What is true of a store at one moment: rows, ends of the audit's streams, deliveries. Names no person."""

from __future__ import annotations

import shutil
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final

from sqlalchemy import func, inspect, select, table, text

from cprsync.domain.trust.backup import Facts
from cprsync.store import tables
from cprsync.store.beside.checkpoints import HeadsSeen
from cprsync.store.seals.failures import AuditBroken

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from sqlalchemy import Connection

    from cprsync.store.beside.checkpoints import HeadsFile, Mark

_HEAD, _LIBRARY, _AGREEMENT = tables.audit_head.c, tables.library.c, tables.agreement.c
#: How many characters of an entry's code a manifest has.
_CODE: Final = 32
_VERSIONS: Final = "alembic_version"


def read_facts(connection: Connection) -> Facts:
    """Read the facts, in the caller's transaction."""
    version = str(connection.scalar(text("SELECT version_num FROM alembic_version")))
    # as they are there, because an older program may have made them
    names = sorted(set(inspect(connection).get_table_names()) - {_VERSIONS})
    counts = {name: connection.scalar(select(func.count()).select_from(table(name))) or 0 for name in names}
    agencies = sorted(connection.scalars(select(_LIBRARY.agency)))
    streams: dict[str, dict[str, str]] = {agency: {} for agency in agencies}
    for row in connection.execute(select(tables.audit_head).order_by(_HEAD.agency, _HEAD.stream)):
        streams[row.agency][row.stream] = f"{row.seq}-{row.mac.hex()[:_CODE]}"
    last = select(_AGREEMENT.agency, func.max(_AGREEMENT.last_produced)).group_by(_AGREEMENT.agency)
    days = {row[0]: row[1] for row in connection.execute(last)}
    deliveries = {agency: day.isoformat() if (day := days.get(agency)) else None for agency in agencies}
    return Facts(version, counts, streams, deliveries)


def find_broken_ends(connection: Connection, facts: Facts) -> list[str]:
    """Return the streams, as `AGENCY/STREAM`, of which a later state of the store lacks the entry that they ended with.

    What was cut since is gone on purpose, and is not missing.
    """
    entry = tables.audit.c
    wrong: list[str] = []
    for agency, ends in facts.streams.items():
        for stream, end in ends.items():
            seq, _, code = end.partition("-")
            here = (entry.agency == agency) & (entry.stream == stream)
            mac = connection.scalar(select(entry.mac).where(here, entry.seq == int(seq)))
            first = connection.scalar(select(func.min(entry.seq)).where(here))
            is_cut = mac is None and (first or 0) > int(seq)
            if not is_cut and int(seq) and (mac is None or mac.hex()[:_CODE] != code):
                wrong.append(f"{agency}/{stream}")
    return wrong


@dataclass(frozen=True, slots=True)
class Ends:
    """How far each library's audit was: the last entry of each stream, and how often records had changed.

    `lines`: how many lines of the heads the database had seen. Some of them may tell of entries that it lost when an
    older database was put back.
    """

    entries: Mapping[tuple[str, str], int]
    changes: Mapping[str, int]
    lines: int

    def hold(self, agency: str, mark: Mark) -> bool:
        """Whether the database had all that a line of the heads tells."""
        if mark.cut or mark.lost or (mark.accepted and not mark.stream):
            return True
        is_there = mark.seq <= self.entries.get((agency, mark.stream), 0)
        return is_there and (mark.records or 0) <= self.changes.get(agency, 0)


def find_lost(copy: Connection, live: Connection, left: Collection[tuple[str, str]]) -> int:
    """Count the patrons of a copy whose rows are gone from the store, and of whom the erase journal says nothing."""
    patron = tables.patron.c
    wanted = select(patron.agency, patron.id)
    there = {(row.agency, row.id) for row in live.execute(wanted)}
    return sum((row.agency, row.id) not in there and (row.agency, row.id) not in left for row in copy.execute(wanted))


def read_ends(connection: Connection) -> Ends:
    """Read how far each library's audit is, in the caller's transaction."""
    rows = connection.execute(select(_HEAD.agency, _HEAD.stream, _HEAD.seq))
    entries = {(row.agency, row.stream): row.seq for row in rows}
    libraries = connection.execute(select(_LIBRARY.agency, _LIBRARY.records_changes, _LIBRARY.heads_lines)).all()
    changes = {row.agency: row.records_changes or 0 for row in libraries}
    return Ends(entries, changes, max((row.heads_lines or 0 for row in libraries), default=0))


def copy_heads(heads: HeadsFile, ends: Ends, to: Path) -> HeadsSeen | None:
    """Copy the file of the heads up to the moment of a copy of the database. Returns the end of what was copied.

    Later lines would tell of entries that the copy does not have, and the copy would look older than it is. Returns
    None if a line does not verify: the file is copied whole, so that a restore finds the same fault.
    """
    end: HeadsSeen | None = HeadsSeen(0, b"")
    try:
        for at, agency, mark in heads.lines():
            if at.lines > ends.lines and not ends.hold(agency, mark):
                break
            end = at
    except AuditBroken:
        end = None
    with suppress(FileNotFoundError), heads.path.open("rb") as file, to.open("xb") as copy:
        if end is None:
            shutil.copyfileobj(file, copy)
        else:
            copy.writelines(islice(file, end.lines))
    return end
