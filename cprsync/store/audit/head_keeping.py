"""Keep the audit's heads outside the database, and remember in the database how much it has seen of them."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from sqlalchemy import Connection, or_, select, update

from cprsync.store.beside.witness import Seen
from cprsync.store.core import tables
from cprsync.store.core.engine import after_commit, reading, writing
from cprsync.store.seals.failures import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cprsync.store.beside.checkpoints import Mark
    from cprsync.store.core.tenant import Tenant

_LIBRARY = tables.library.c


def keep_after_commit(connection: Connection, tenant: Tenant, mark: Mark) -> None:
    """Keep a stream's head once the caller's transaction is committed.

    Raises:
        ConfigurationError: the file cannot be written; then nothing is committed.
    """
    tenant.heads.make_sure_that_writable()
    after_commit(connection, mark.stream, lambda: keep_heads(tenant, [mark]))


def keep_heads(tenant: Tenant, marks: Sequence[Mark]) -> None:
    """Keep heads that are committed.

    Raises:
        ConfigurationError: they could not be kept, although their entries are committed.
    """
    with reading(tenant.engine) as connection:
        seen = remembered(connection, tenant)
    end = tenant.heads.keep(tenant.agency, marks, seen=seen)
    if end is not None:
        # if another writer holds the database, the next call remembers it
        with suppress(StoreUnavailable), writing(tenant.engine) as connection:
            remember(connection, tenant, end)


def keep_cuts(tenant: Tenant, cuts: Sequence[Mark]) -> None:
    """Keep the last entry of each stream that is about to be deleted with all entries before it.

    Raises:
        ConfigurationError: it could not be kept.
    """
    tenant.heads.keep(tenant.agency, cuts, seen=None)


def remembered(connection: Connection, tenant: Tenant) -> Seen | None:
    """Return what the database has seen of the file; None: nothing yet."""
    wanted = select(_LIBRARY.heads_lines, _LIBRARY.heads_code).where(_LIBRARY.agency == tenant.agency)
    row = connection.execute(wanted).one()
    return None if row.heads_lines is None else Seen(row.heads_lines, row.heads_code)


def remember(connection: Connection, tenant: Tenant, end: Seen, *, anew: bool = False) -> None:
    """Remember the file's end, in the caller's transaction. `anew`: also if the file had more lines before."""
    fewer = or_(_LIBRARY.heads_lines.is_(None), _LIBRARY.heads_lines < end.lines)
    here = update(tables.library).where(_LIBRARY.agency == tenant.agency)
    here = here if anew else here.where(fewer)
    connection.execute(here.values(heads_lines=end.lines, heads_code=end.code))
