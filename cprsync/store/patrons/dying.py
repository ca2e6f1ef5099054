"""Subscriptions of dead patrons: keep them for a time, then end them.

The time is there so that an annulment of the death can arrive. It puts the subscription back.

When a patron dies, the row gets the reason `dead` and a last day (decision 10). Until that day it holds like any other
row. After it ends, its reason is `died`. That row records what we added, and that the patron is not subscribed again.
The nightly comparison tells the register of the end, under its guard.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import TYPE_CHECKING, Final

from sqlalchemy import ColumnElement, delete, func, select, update

from cprsync.store.core import tables
from cprsync.store.core.engine import parts
from cprsync.store.records import numbers
from cprsync.store.records.numbers import ACTIVE_PATRON, RESPONSIBLE, only_answer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from cprsync.services.ports.patrons import Write
    from cprsync.store.core.tenant import Tenant

#: The patron is dead, and subscribed until a last day.
DEAD: Final = numbers.DEAD
#: The patron is dead, and no longer subscribed.
DIED: Final = "died"
#: A former patron: the row of a time that is over (`subscriptions.LEFT`).
LEFT: Final = "left"
#: A patron with a row of one of these reasons is not new to the register's list.
THEIRS: Final = (ACTIVE_PATRON, RESPONSIBLE, DEAD, DIED)
#: Reasons for the rows of living patrons.
_LIVING: Final = (ACTIVE_PATRON, RESPONSIBLE)
_ROW = tables.subscription.c


def is_held(on: date) -> ColumnElement[bool]:
    """Return a condition: the row has no end, or belongs to a dead patron whose last day has not passed."""
    return _ROW.until.is_(None) | ((_ROW.reason == DEAD) & (_ROW.until >= on))


def follow_deaths(connection: Connection, tenant: Tenant, writes: Sequence[Write]) -> None:
    """Write what the writes mean for subscriptions, in the caller's transaction."""
    last_days: dict[date, list[str]] = defaultdict(list)
    for write in writes:
        if write.subscribed_until is not None:
            last_days[write.subscribed_until].append(write.patron.id)
    for until, ids in last_days.items():
        keep_until(connection, tenant, ids, until)
    resume(connection, tenant, [write.patron.id for write in writes if write.lives_again])


def keep_until(connection: Connection, tenant: Tenant, patron_ids: Sequence[str], until: date) -> None:
    """Keep dead patrons subscribed until a last day."""
    # the condition keeps SQLite from using the index of last days: no living patron has one, so it would read them all
    active = _ROW.reason.in_(_LIVING) & (func.coalesce(_ROW.until, date.max) == date.max)
    _turn(connection, tenant, patron_ids, active, reason=DEAD, until=until)


def resume(connection: Connection, tenant: Tenant, patron_ids: Sequence[str]) -> None:
    """Remove the end, because the death was a mistake.

    A patron whose subscription had already ended is subscribed like a new patron.
    """
    answers = only_answer(connection, tenant, patron_ids)
    for reason, ids in ((RESPONSIBLE, answers), (ACTIVE_PATRON, set(patron_ids) - answers)):
        _turn(connection, tenant, sorted(ids), _ROW.reason == DEAD, reason=reason, until=None)
    _turn(connection, tenant, patron_ids, _ROW.reason == DIED, reason=LEFT)


def end(connection: Connection, tenant: Tenant, patron_ids: Sequence[str], *, before: date) -> None:
    """End the subscriptions whose last day has passed. The row keeps its last day."""
    passed = (_ROW.reason == DEAD) & (_ROW.until < before)
    _turn(connection, tenant, patron_ids, passed, reason=DIED)


def last_days(connection: Connection, tenant: Tenant, patron_ids: Sequence[str]) -> dict[str, date]:
    """Return the last day of each of these patrons who is dead and subscribed."""
    wanted = select(_ROW.patron_id, func.max(_ROW.until)).where(_ours(tenant), _ROW.reason == DEAD)
    return {
        patron_id: until
        for part in parts(patron_ids)
        for patron_id, until in connection.execute(wanted.where(_ROW.patron_id.in_(part)).group_by(_ROW.patron_id))
    }


def _ours(tenant: Tenant) -> ColumnElement[bool]:
    return (_ROW.agency == tenant.agency) & (_ROW.agreement == tenant.agreement)


def _turn(
    connection: Connection, tenant: Tenant, patron_ids: Sequence[str], which: ColumnElement[bool], **values: object
) -> None:
    for part in parts(patron_ids):
        theirs = _ours(tenant) & _ROW.patron_id.in_(part)
        turning = select(_ROW.number_index).where(theirs, which)
        turned = list(connection.scalars(turning))
        if not turned:
            continue
        # a row from an earlier time that already has this reason is replaced
        earlier = theirs & (_ROW.reason == values["reason"]) & _ROW.number_index.in_(turned)
        connection.execute(delete(tables.subscription).where(earlier))
        connection.execute(update(tables.subscription).where(theirs, which).values(**values))
