"""Ends the subscriptions of a patron as an older version, or another program, may have left them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cprsync.store import tables
from cprsync.store.core.engine import writing
from cprsync.store.records.numbers import is_held

if TYPE_CHECKING:
    from datetime import date

    from cprsync.store.sql import SqlStore

_ROW = tables.subscription.c


def end_patron(store: SqlStore, patron_id: str, *, on: date) -> int:
    """End every row of the patron. Returns how many."""
    tenant = store._tenant
    ours = (_ROW.agency == tenant.agency) & (_ROW.agreement == tenant.agreement) & (_ROW.patron_id == patron_id)
    with writing(tenant.engine) as connection:
        ended = tables.subscription.update().where(ours, is_held(on)).values(until=on)
        return connection.execute(ended).rowcount
