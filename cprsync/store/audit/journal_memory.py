"""Remember in the database how much of the erase journal it has seen, so that a shorter journal is noticed.

A restored copy of the database meets a journal with more lines. What happens then is decided elsewhere.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from sqlalchemy import Connection, or_, select, update

from cprsync.store.core import tables
from cprsync.store.seals.failures import JournalBehind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cprsync.store.beside.journal import Entry
    from cprsync.store.core.tenant import Tenant

_LIBRARY = tables.library.c


def journal_entries(connection: Connection, tenant: Tenant) -> list[Entry]:
    """Return what the library wrote, including everything that the database has seen.

    Raises:
        JournalBehind: lines that the database has seen are missing, or are different now.
    """
    wanted = select(_LIBRARY.journal_lines, _LIBRARY.journal_code).where(_LIBRARY.agency == tenant.agency)
    # read first: a line written in between is in the file before the database is changed
    remembered, code = connection.execute(wanted).one()
    written = tenant.journal.written(tenant.agency)
    if remembered and not _holds(written, remembered, code):
        raise JournalBehind(
            "not the erase journal that the database has seen: {lines} lines of this library's, and {remembered} seen",
            lines=len(written),
            remembered=remembered,
        )
    return [entry for entry, _ in written]


def _holds(written: Sequence[tuple[Entry, bytes]], remembered: int, code: bytes) -> bool:
    return len(written) >= remembered and hmac.compare_digest(written[remembered - 1][1], code)


def is_remembered(connection: Connection, tenant: Tenant, lines: int) -> bool:
    """Return whether the database has seen this many lines."""
    seen = select(_LIBRARY.journal_lines).where(_LIBRARY.agency == tenant.agency)
    return (connection.scalar(seen) or 0) >= lines


def remember(connection: Connection, tenant: Tenant) -> None:
    """Remember all that is in the journal now, in the caller's transaction, which holds the library."""
    written = tenant.journal.written(tenant.agency)
    fewer = or_(_LIBRARY.journal_lines.is_(None), _LIBRARY.journal_lines < len(written))
    if written:
        values = {"journal_lines": len(written), "journal_code": written[-1][1]}
        connection.execute(update(tables.library).where(_LIBRARY.agency == tenant.agency, fewer).values(values))
