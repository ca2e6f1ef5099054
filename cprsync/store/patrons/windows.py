"""Windows kept: who is unverified because the feed could not have told of their number (decision 32).

One function opens a window and one closes it; whoever knows a reason calls them in a transaction of their own. The rule
stands in `domain.feed.window`. Leaves out who is asked, and what an answer means.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, case, func, select, update

from cprsync.domain.feed.window import Why, Window, is_late
from cprsync.store.audit import audit
from cprsync.store.core import tables
from cprsync.store.core.engine import parts
from cprsync.store.patrons import dying
from cprsync.store.records.numbers import ACTIVE_PATRON, RESPONSIBLE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from sqlalchemy import ColumnElement

    from cprsync.store.core.tenant import Tenant

#: The audit stream, and the kind of an entry that says that windows were opened.
STREAM: Final = "windows"
OPENED: Final = "unverified"
_PATRON = tables.patron.c
_ROW = tables.subscription.c
_AGREEMENT = tables.agreement.c


# -- opening and closing -------------------------------------------------------------------------------------


def open_windows(connection: Connection, tenant: Tenant, patron_ids: Sequence[str], why: Why) -> list[str]:
    """Let these be unverified until the register has answered; returns for whom this is why.

    In the caller's transaction, which holds the library. A patron of whom no source has spoken is unverified already,
    and of one whom the register does not know nobody can be asked.
    """
    could = (_PATRON.agency == tenant.agency) & _PATRON.as_of_day.is_not(None) & _PATRON.real_number.is_(True)
    could &= _may_open(why) & _PATRON.status_class.not_in(tables.GONE)
    opened: list[str] = []
    for part in parts(sorted(set(patron_ids))):
        opened += connection.scalars(select(_PATRON.id).where(could, _PATRON.id.in_(part)).order_by(_PATRON.id))
    window = Window.opened(why, today=tenant.clock.today(), now=tenant.clock.now())
    later = case((_PATRON.unverified_until > window.until, _PATRON.unverified_until), else_=window.until)
    since = func.coalesce(_PATRON.unverified_since, window.since)
    days = {"unverified_since": since, "unverified_until": later, "unverified_asked": None}
    values = days | {"unverified_why": why.value}
    _extend(connection, tenant, patron_ids, window.until)
    for part in parts(opened):
        these = (_PATRON.agency == tenant.agency) & _PATRON.id.in_(part)
        connection.execute(update(tables.patron).where(these).values(values))
    if opened:
        whose = opened[0] if len(opened) == 1 else None
        more = (("patrons", str(len(opened))),)
        happened = audit.Happened(OPENED, patron=whose, actions=(why.value,), more=more)
        audit.append(connection, tenant, STREAM, [happened])
    return opened


def _may_open(why: Why) -> ColumnElement[bool]:
    """Nobody who is in a window already gets a second; that a number was replaced takes the place of another why."""
    is_out = _PATRON.unverified_since.is_(None)
    return is_out | (_PATRON.unverified_why != why.value) if why is Why.NUMBER_REPLACED else is_out


def _extend(connection: Connection, tenant: Tenant, patron_ids: Sequence[str], until: date) -> None:
    """Those who are in a window already: an answer must have seen the later cause too, and is asked for anew."""
    ours = _PATRON.agency == tenant.agency
    earlier, seldom = _PATRON.unverified_until < until, _PATRON.unverified_why == Why.NUMBER_REPLACED.value
    for part in parts(sorted(set(patron_ids))):
        these = update(tables.patron).where(ours, _PATRON.id.in_(part))
        connection.execute(these.where(earlier).values(unverified_until=until))
        connection.execute(these.where(seldom).values(unverified_asked=None))


def open_for_subscribed(connection: Connection, tenant: Tenant, why: Why) -> int:
    """Open a window for everyone who is subscribed under this agreement; returns how many were verified until now."""
    holding = _ours(tenant) & dying.holds(tenant.clock.today()) & _ROW.reason.in_(_NAMES_HER)
    ids = list(connection.scalars(select(_ROW.patron_id).where(holding).distinct()))
    return len(open_windows(connection, tenant, ids, why))


def close_windows(connection: Connection, tenant: Tenant, patron_ids: Sequence[str]) -> None:
    """The register has answered about these, or nobody will ask about them any more; in the caller's transaction."""
    for part in parts(patron_ids):
        these = (_PATRON.agency == tenant.agency) & _PATRON.id.in_(part) & _PATRON.unverified_since.is_not(None)
        connection.execute(update(tables.patron).where(these).values(**dict.fromkeys(COLUMNS)))


#: What a row says of a window.
COLUMNS: Final = ("unverified_since", "unverified_why", "unverified_until", "unverified_asked")
#: Reasons for which the number that a patron has now is subscribed; an old number tells nothing of it.
_NAMES_HER: Final = (ACTIVE_PATRON, RESPONSIBLE, dying.DEAD)


def _ours(tenant: Tenant) -> ColumnElement[bool]:
    return (_ROW.agency == tenant.agency) & (_ROW.agreement == tenant.agreement)


# -- who is to be in one -------------------------------------------------------------------------------------


def find_late(connection: Connection, tenant: Tenant, patron_ids: Sequence[str]) -> list[str]:
    """Those of these, subscribed just now, of whom a delivery could have told before they were."""
    ours = (_AGREEMENT.agency == tenant.agency) & (_AGREEMENT.id == tenant.agreement)
    taken, now = connection.scalar(select(_AGREEMENT.last_produced).where(ours)), tenant.clock.now()
    known = select(_PATRON.id, _PATRON.as_of_day).where(_PATRON.agency == tenant.agency, _PATRON.as_of_day.is_not(None))
    return [
        row.id
        for part in parts(patron_ids)
        for row in connection.execute(known.where(_PATRON.id.in_(part)))
        if is_late(row.as_of_day, taken=taken, now=now)
    ]
