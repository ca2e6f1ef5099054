"""Find a patron by patron number or by card. To find by CPR number, see `views`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from cprsync.domain.patron.local import Stage
from cprsync.services.views.finding import Numbered
from cprsync.store.core import tables
from cprsync.store.core.engine import reading
from cprsync.store.patrons import belongings
from cprsync.store.records.cards import CARD, card_probes

if TYPE_CHECKING:
    from cprsync.store.core.tenant import Tenant

_PATRON = tables.patron.c
_KEY = tables.patron_key.c


def numbered(tenant: Tenant, patron_id: str) -> Numbered | None:
    """Find a patron by patron number.

    For a merged patron, returns the patron who has the record's contents now.
    """
    theirs = (_PATRON.agency == tenant.agency) & (_PATRON.id == patron_id)
    with reading(tenant.engine) as connection:
        row = connection.execute(select(_PATRON.id, _PATRON.status_class, _PATRON.standing).where(theirs)).one_or_none()
        if row is None:
            return None
        keeper = belongings.keeper_of(connection, tenant, row.id) if row.status_class == tables.MERGED else None
    return Numbered(keeper or row.id, Stage(row.standing))


def with_card(tenant: Tenant, card: str) -> str | None:
    """Find who has a card, however its letters and spaces are written; None: nobody."""
    probes = card_probes(tenant, card)
    theirs = (_KEY.agency == tenant.agency) & (_KEY.kind == CARD) & _KEY.key_index.in_(probes)
    with reading(tenant.engine) as connection:
        rows = connection.execute(select(_KEY.key_index, _KEY.patron_id).where(theirs))
        holders = {row.key_index: row.patron_id for row in rows}
    return next((holders[probe] for probe in probes if probe in holders), None)
