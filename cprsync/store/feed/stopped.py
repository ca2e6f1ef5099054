"""Write what an operator decides about deliveries that stop the nights: accepted out of chain, or discarded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, select, update

from cprsync.domain.feed.delivery import DISCARDED, Place, Why
from cprsync.services.ports.deliveries import InboxState
from cprsync.store.audit import audit
from cprsync.store.core import tables
from cprsync.store.core.engine import reading
from cprsync.store.core.tenant import TenantStore, run_transaction
from cprsync.store.feed.inbox import SETTLED, TAKEN, forgotten, from_row, looked_at_anew
from cprsync.store.patrons.feed_coverage import open_for_subscribed

if TYPE_CHECKING:
    from collections.abc import Collection

    from cprsync.services.ports.deliveries import SealedDelivery
    from cprsync.store.core.tenant import Tenant

#: Marks a delivery as accepted. The reason itself is sealed in the audit.
IN_THE_AUDIT: Final = ""
#: The audit stream of what an operator does to deliveries.
STREAM: Final = "feed"
_BOX = tables.inbox.c


class StoppedDeliveries(TenantStore):
    """What an operator decides about deliveries that stop the nights."""

    def copies(self, name: str) -> list[SealedDelivery]:
        whole = (_BOX.state != InboxState.RECEIVING.value) & ~looked_at_anew()
        wanted = select(tables.inbox, forgotten().label("forgotten")).where(
            _ours(self._tenant), _BOX.name == name, whole
        )
        with reading(self._tenant.engine) as connection:
            return [from_row(row, forgotten=row.forgotten) for row in connection.execute(wanted.order_by(_BOX.id))]

    def accept(self, delivery: SealedDelivery, *, place: str, reason: str, user: str) -> int:
        more = (("delivery", delivery.sha256), ("user", user))
        happened = audit.Happened("accept", actions=(place,), more=more, reason=reason)
        with run_transaction(self._tenant, None) as connection:
            accepted = {"state": InboxState.SEALED.value, "reason": None, "accepted_reason": IN_THE_AUDIT}
            connection.execute(_this(self._tenant, delivery.id).values(accepted))
            audit.append(connection, self._tenant, STREAM, [happened])
            return open_for_subscribed(connection, self._tenant, Why.GAP) if place == Place.GAP.value else 0

    def stopping(self) -> list[SealedDelivery]:
        refused = (_BOX.state == InboxState.REFUSED.value) & _BOX.reason.not_in(SETTLED) & ~forgotten()
        wanted = select(tables.inbox).where(_ours(self._tenant), refused).order_by(_BOX.id)
        with reading(self._tenant.engine) as connection:
            found = [from_row(row) for row in connection.execute(wanted)]
        settled = self.decided_on([delivery.name for delivery in found])
        return [delivery for delivery in found if delivery.name not in settled]

    def discard(self, delivery: SealedDelivery, *, found: str, reason: str, user: str) -> int:
        more = (("delivery", delivery.sha256), ("user", user))
        happened = audit.Happened("discard", actions=(found,), more=more, reason=reason)
        with run_transaction(self._tenant, None) as connection:
            aside = {"state": InboxState.REFUSED.value, "reason": DISCARDED, "accepted_reason": None}
            connection.execute(_this(self._tenant, delivery.id).values(aside))
            audit.append(connection, self._tenant, STREAM, [happened])
            return (
                open_for_subscribed(connection, self._tenant, Why.GAP)
                if not _has_begun(connection, self._tenant)
                else 0
            )

    def decided_on(self, names: Collection[str]) -> dict[str, SealedDelivery]:
        settled = _BOX.state.in_(TAKEN) | ((_BOX.state == InboxState.REFUSED.value) & (_BOX.reason == DISCARDED))
        wanted = select(tables.inbox).where(_ours(self._tenant), _BOX.name.in_(list(names)), settled).order_by(_BOX.id)
        if not names:
            return {}
        with reading(self._tenant.engine) as connection:
            return {row.name: from_row(row) for row in connection.execute(wanted)}


def _ours(tenant: Tenant) -> Any:
    return (_BOX.agency == tenant.agency) & (_BOX.agreement == tenant.agreement)


def _this(tenant: Tenant, number: int) -> Any:
    return update(tables.inbox).where(_BOX.agency == tenant.agency, _BOX.id == number)


def _has_begun(connection: Connection, tenant: Tenant) -> bool:
    """Return whether a delivery was ever taken."""
    row = tables.agreement.c
    ours = (row.agency == tenant.agency) & (row.id == tenant.agreement)
    return connection.scalar(select(row.last_produced).where(ours)) is not None
