"""Find the register's files whose content is no longer needed, and delete the content.

What is known of a file stays.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import ColumnElement, Connection, delete, exists, null, or_, select

from cprsync.domain.feed.delivery import COPENHAGEN
from cprsync.services.ports.deliveries import InboxState
from cprsync.store.core import tables
from cprsync.store.core.engine import stamp_of
from cprsync.store.feed.inbox import UNNEEDED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Select

    from cprsync.domain.policy.policy import Policy
    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Tenant

_BOX: Final = tables.inbox.c
_CHUNK: Final = tables.inbox_chunk.c


@dataclass(frozen=True, slots=True)
class Over:
    """The last day on which data may have ended to be deleted, the day of deletion, and the policy."""

    tenant: Tenant
    by: date
    on: date
    policy: Policy

    @property
    def end(self) -> str:
        """The last moment of the day `by` in Copenhagen, as a row holds it."""
        return stamp_of(datetime.combine(self.by, time.max, tzinfo=COPENHAGEN))


def deliveries(over: Over) -> Select[*tuple[Any, ...]]:
    """Find deliveries that an ended run has applied, or that were not needed: sent twice, or older than the last."""
    taken, run = tables.run_delivery.c, tables.run.c
    late = exists().where(
        *(taken.agency == _BOX.agency, taken.inbox_id == _BOX.id),
        *(run.agency == taken.agency, run.id == taken.run_id, or_(run.finished.is_(None), run.day > over.by)),
    )
    applied = (_BOX.state == InboxState.APPLIED.value) & ~late
    return _held(over).where(or_(applied, _refused(over) & _BOX.reason.in_(UNNEEDED)))


def refused_deliveries(over: Over) -> Select[*tuple[Any, ...]]:
    """Find deliveries that were damaged or contradict another, and that no run has taken since."""
    return _held(over).where(_refused(over), _BOX.reason.not_in(UNNEEDED))


def _refused(over: Over) -> ColumnElement[bool]:
    return (_BOX.state == InboxState.REFUSED.value) & (_BOX.sealed_at < over.end)


def _held(over: Over) -> Select[*tuple[Any, ...]]:
    """Find deliveries whose content is here. They carry no patron id: a delivery is named by its place in the inbox."""
    held = exists().where(_CHUNK.agency == _BOX.agency, _CHUNK.inbox_id == _BOX.id)
    of_nobody = select(_BOX.id, null().label("patron_id"))
    return of_nobody.where(_BOX.agency == over.tenant.agency, held).order_by(_BOX.id)


def let_go(connection: Connection, tenant: Tenant, rows: Sequence[AnyRow]) -> None:
    for row in rows:
        connection.execute(delete(tables.inbox_chunk).where(_CHUNK.agency == tenant.agency, _CHUNK.inbox_id == row.id))
