"""Which patrons wait for the register because of a window, in which order, and how much was asked and done today.

Windows are opened and closed in `feed_coverage`. The counts of a day are kept on the agreement, so that a night that
was killed, a second night and `feed heal` share one quota and one brake.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, func, select, text, update

from cprsync.domain.feed.delivery import Waiting, Why, ask_order, may_ask
from cprsync.domain.patron.review import OTHER_SUCCESSOR, PARKED, REPLACED_KINDS, State
from cprsync.domain.policy.policy import Harm
from cprsync.services.ports.register import AskedToday, InWindow
from cprsync.store.audit import audit
from cprsync.store.core import tables
from cprsync.store.core.engine import change_rows, parts, reading
from cprsync.store.core.tenant import TenantStore, run_transaction
from cprsync.store.feed.inbox import STREAM as FEED
from cprsync.store.patrons.feed_coverage import open_for_subscribed
from cprsync.store.records.records import from_row, patron_rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlalchemy import ColumnElement

    from cprsync.services.ports.runs import Run
    from cprsync.store.core.tenant import Tenant

#: The purpose of such a look-up, in the audit.
PURPOSE: Final = "window"
#: The kind of an entry that says that an operator opened a window for every patron.
ASKED_FOR: Final = "heal_everyone"
#: Questions whose answer tells everything about a patron.
_WHOLE: Final = ("first_copy", "number_change")
#: Items in which a person decides which number a patron has.
_WHICH_NUMBER: Final = (*sorted(REPLACED_KINDS), OTHER_SUCCESSOR)
_PATRON, _AGREEMENT = tables.patron.c, tables.agreement.c
#: In the same words as the partial index of these rows. SQLite would not use it with a bound value.
_IN_WINDOW: Final = text("patron.unverified_since IS NOT NULL")


class Windows(TenantStore):
    """Patrons in a window: deliveries may lack news of their number."""

    def listed(self) -> list[InWindow]:
        wanted = select(_PATRON.id, _PATRON.unverified_since, _PATRON.unverified_why, _PATRON.unverified_asked)
        with reading(self._tenant.engine) as connection:
            # sorted here, because SQLite would otherwise read every patron in the order of their ids
            rows = sorted(connection.execute(wanted.where(_PATRON.agency == self._tenant.agency, _IN_WINDOW)))
            waiting, rejected = (_items(connection, self._tenant, one) for one in (State.WAITING, State.REJECTED))
        found: list[InWindow] = []
        for patron_id, since, why, asked in rows:
            kept = rejected.get(patron_id) if why == Why.NUMBER_REPLACED.value else None
            item = waiting.get(patron_id, kept)
            found.append(InWindow(patron_id, since, why, asked, item, waits=patron_id in waiting))
        return found

    def counts(self) -> dict[str, int]:
        wanted = select(_PATRON.unverified_why, func.count()).where(_PATRON.agency == self._tenant.agency, _IN_WINDOW)
        with reading(self._tenant.engine) as connection:
            return {row[0]: row[1] for row in connection.execute(wanted.group_by(_PATRON.unverified_why))}

    def to_ask(self, limit: int) -> list[str]:
        asked, waits = tables.follow_up.c, tables.review_item.c
        questions = select(asked.patron_id).where(asked.agency == self._tenant.agency, asked.kind.in_(_WHOLE))
        waiting = (waits.agency == self._tenant.agency) & (waits.state == State.WAITING.value)
        numbers = select(waits.patron_id).where(waiting, waits.kind.in_(_WHICH_NUMBER))
        with reading(self._tenant.engine) as connection:
            left_out = {*connection.scalars(questions), *connection.scalars(numbers)}
        today = self._tenant.clock.today()
        ids = [
            one.patron_id
            for one in self.listed()
            if one.patron_id not in left_out and may_ask(Why(one.why), one.asked, today=today)
        ]
        return [one.patron_id for one in sorted(_waiting(self._tenant, ids), key=ask_order)[:limit]]

    def asked_today(self) -> AskedToday:
        with reading(self._tenant.engine) as connection:
            return _asked_today(connection, self._tenant)

    def intend_to_ask(self, run: Run | None, patron_ids: Sequence[str]) -> None:
        number = None if run is None else run.id
        with run_transaction(self._tenant, run) as connection:
            these = (_PATRON.agency == self._tenant.agency) & _PATRON.unverified_since.is_not(None)
            asked = update(tables.patron).where(these).values(unverified_asked=self._tenant.clock.today())
            change_rows(connection, asked, _PATRON.id, patron_ids)
            before = _asked_today(connection, self._tenant)
            _count(connection, self._tenant, AskedToday(before.asked + len(patron_ids), before.harms))
            happened = [audit.Happened("lookup", run=number, patron=one, actions=(PURPOSE,)) for one in patron_ids]
            audit.append(connection, self._tenant, self._tenant.night, happened)

    def count_harms(self, run: Run | None, harms: Mapping[Harm, int]) -> None:
        if not harms:
            return
        with run_transaction(self._tenant, run) as connection:
            before = _asked_today(connection, self._tenant)
            _count(connection, self._tenant, AskedToday(before.asked, Counter(before.harms) + Counter(harms)))

    def open_for_everyone(self, *, user: str, reason: str) -> int:
        happened = audit.Happened(ASKED_FOR, user=user, reason=reason)
        with run_transaction(self._tenant, None) as connection:
            audit.append(connection, self._tenant, FEED, [happened])
            return open_for_subscribed(connection, self._tenant, Why.RESTORED)


def _items(connection: Connection, tenant: Tenant, state: State) -> dict[str, int]:
    """Return, by patron, the last item in this state in which a person decides who the patron is."""
    row = tables.review_item.c
    about = row.kind.startswith(PARKED) if state is State.WAITING else row.kind.in_(REPLACED_KINDS)
    in_window = select(_PATRON.id).where(_PATRON.agency == tenant.agency, _IN_WINDOW)
    ours = (row.agency == tenant.agency) & (row.state == state.value) & row.patron_id.in_(in_window)
    last = select(row.patron_id, func.max(row.id).label("number")).where(ours, about).group_by(row.patron_id)
    return {found.patron_id: found.number for found in connection.execute(last)}


def _waiting(tenant: Tenant, ids: Sequence[str]) -> Iterator[Waiting]:
    for part in parts(ids):
        with reading(tenant.engine) as connection:
            rows = patron_rows(connection, tenant, part)
        for row in rows:
            is_shut = from_row(tenant.vault, row).register.is_shut
            yield Waiting(row.id, is_shut, row.last_seen, row.unverified_asked)


def _asked_today(connection: Connection, tenant: Tenant) -> AskedToday:
    wanted = select(_AGREEMENT.heal_day, _AGREEMENT.heal_asked, _AGREEMENT.heal_harms).where(_ours(tenant))
    row = connection.execute(wanted).one()
    if row.heal_day != tenant.clock.today():
        return AskedToday()
    counts = json.loads(row.heal_harms or "{}")
    return AskedToday(row.heal_asked or 0, {Harm(name): count for name, count in counts.items()})


def _count(connection: Connection, tenant: Tenant, counted: AskedToday) -> None:
    harms = json.dumps({harm.value: count for harm, count in counted.harms.items()}, sort_keys=True)
    values: dict[str, Any] = {"heal_day": tenant.clock.today(), "heal_asked": counted.asked, "heal_harms": harms}
    connection.execute(update(tables.agreement).where(_ours(tenant)).values(values))


def _ours(tenant: Tenant) -> ColumnElement[bool]:
    return (_AGREEMENT.agency == tenant.agency) & (_AGREEMENT.id == tenant.agreement)
