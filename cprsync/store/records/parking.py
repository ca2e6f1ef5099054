"""A condition for other queries: the patron could not be decided, and counts as protected meanwhile (decision 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import exists

from cprsync.domain.patron.review import PARKED, State
from cprsync.store.core import tables

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

_ITEM, _ASKED, _PATRON = tables.review_item.c, tables.follow_up.c, tables.patron.c


def is_parked() -> ColumnElement[bool]:
    """Return a condition: the row of `patron` waits for a person, or for the register that a person asked again."""
    still = exists().where(_ASKED.agency == _ITEM.agency, _ASKED.patron_id == _ITEM.patron_id)
    waits = (_ITEM.state == State.WAITING.value) | ((_ITEM.state == State.ACCEPTED.value) & still)
    theirs = (_ITEM.agency == _PATRON.agency) & (_ITEM.patron_id == _PATRON.id)
    return exists().where(theirs, waits, _ITEM.kind.startswith(PARKED))
