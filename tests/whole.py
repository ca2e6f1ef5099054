"""Asks a store what only tests ask: whether its whole audit verifies, and the ids of all patrons."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from cprsync.store import tables
from cprsync.store.core.engine import reading

if TYPE_CHECKING:
    from cprsync.store.sql import SqlStore


def verify_audit(store: SqlStore) -> int:
    """How many entries the audit has. Raises the first problem that the check finds."""
    state = store.audit.check()
    if state.problems:
        raise state.problems[0]
    return state.entries


def patron_ids(store: SqlStore) -> list[str]:
    """The ids of all patrons, in order, without those who were merged or have left."""
    tenant, patron = store._tenant, tables.patron.c
    wanted = select(patron.id).where(patron.agency == tenant.agency, patron.status_class.not_in(tables.GONE))
    with reading(tenant.engine) as connection:
        return list(connection.scalars(wanted.order_by(patron.id)))
