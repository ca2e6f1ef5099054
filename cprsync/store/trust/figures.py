"""Counts what an operator measures and no other use case asks for. Opens no record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select

from cprsync.domain.patron.review import State
from cprsync.services.ports.access import AttemptCounts
from cprsync.store import tables
from cprsync.store.core.engine import clock_offset, reading, stamp_of
from cprsync.store.core.tenant import TenantStore

if TYPE_CHECKING:
    from datetime import date, datetime

_REVIEW: Final = tables.review_item.c
_ATTEMPT: Final = tables.desk_attempt.c


class Figures(TenantStore):
    """What is counted for measurements alone."""

    def oldest_reviews(self) -> dict[str, date]:
        waiting = (_REVIEW.agency == self._tenant.agency) & (_REVIEW.state == State.WAITING.value)
        oldest = select(_REVIEW.kind, func.min(_REVIEW.opened).label("opened")).where(waiting).group_by(_REVIEW.kind)
        with reading(self._tenant.engine) as connection:
            return {row.kind: row.opened for row in connection.execute(oldest.order_by(_REVIEW.kind))}

    def clock_offset(self) -> float:
        return clock_offset(self._tenant.engine)

    def attempts(self, since: datetime) -> AttemptCounts:
        lately = (_ATTEMPT.agency == self._tenant.agency) & (_ATTEMPT.at >= stamp_of(since))
        is_made = (_ATTEMPT.refused == "").label("is_made")
        counted = select(is_made, func.count().label("number")).where(lately).group_by(is_made)
        with reading(self._tenant.engine) as connection:
            found = {bool(row.is_made): row.number for row in connection.execute(counted)}
        return AttemptCounts(found.get(True, 0), found.get(False, 0))
