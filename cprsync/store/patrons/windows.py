"""Write windows: the patrons who are unverified because the feed could not have told of their number (decision 32).

One function opens a window and one closes it. A caller that knows a reason calls them in its own transaction. The rule
is in `domain.feed.window`. Who is asked, and what an answer means, is not decided here.
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
    """Mark these patrons as unverified until the register has answered. Returns those with `why` as the new reason.

    Runs in the caller's transaction, which holds the library. A patron without an as-of gets no window, because they
    are unverified already. Neither does a patron without a real number, because the register cannot be asked.
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
    """Return the condition for a new window: the patron is in no window.

    NUMBER_REPLACED also takes the place of another reason.
    """
    is_out = _PATRON.unverified_since.is_(None)
    return is_out | (_PATRON.unverified_why != why.value) if why is Why.NUMBER_REPLACED else is_out


def _extend(connection: Connection, tenant: Tenant, patron_ids: Sequence[str], until: date) -> None:
    """Extend the windows that are open already.

    An answer must also cover the later cause. A patron whose number was replaced is asked about again.
    """
    ours = _PATRON.agency == tenant.agency
    earlier, seldom = _PATRON.unverified_until < until, _PATRON.unverified_why == Why.NUMBER_REPLACED.value
    for part in parts(sorted(set(patron_ids))):
        these = update(tables.patron).where(ours, _PATRON.id.in_(part))
        connection.execute(these.where(earlier).values(unverified_until=until))
        connection.execute(these.where(seldom).values(unverified_asked=None))


def open_for_subscribed(connection: Connection, tenant: Tenant, why: Why) -> int:
    """Open a window for every patron subscribed under this agreement. Returns for how many a window was opened."""
    holding = _ours(tenant) & dying.is_held(tenant.clock.today()) & _ROW.reason.in_(_NAMES_THEM)
    ids = list(connection.scalars(select(_ROW.patron_id).where(holding).distinct()))
    return len(open_windows(connection, tenant, ids, why))


def close_windows(connection: Connection, tenant: Tenant, patron_ids: Sequence[str]) -> None:
    """Close the windows of these patrons, in the caller's transaction.

    The register has answered about them, or no answer will be asked for any more.
    """
    for part in parts(patron_ids):
        these = (_PATRON.agency == tenant.agency) & _PATRON.id.in_(part) & _PATRON.unverified_since.is_not(None)
        connection.execute(update(tables.patron).where(these).values(**dict.fromkeys(COLUMNS)))


#: The columns of a window in the patron's row.
COLUMNS: Final = ("unverified_since", "unverified_why", "unverified_until", "unverified_asked")
#: Reasons for which a patron's current number is subscribed. An old number tells nothing about the current one.
_NAMES_THEM: Final = (ACTIVE_PATRON, RESPONSIBLE, dying.DEAD)


def _ours(tenant: Tenant) -> ColumnElement[bool]:
    return (_ROW.agency == tenant.agency) & (_ROW.agreement == tenant.agreement)


# -- who needs a window ---------------------------------------------------------------------------------------


def find_late(connection: Connection, tenant: Tenant, patron_ids: Sequence[str]) -> list[str]:
    """Return those of these newly subscribed patrons that a delivery could have told of before the subscription."""
    ours = (_AGREEMENT.agency == tenant.agency) & (_AGREEMENT.id == tenant.agreement)
    taken, now = connection.scalar(select(_AGREEMENT.last_produced).where(ours)), tenant.clock.now()
    known = select(_PATRON.id, _PATRON.as_of_day).where(_PATRON.agency == tenant.agency, _PATRON.as_of_day.is_not(None))
    return [
        row.id
        for part in parts(patron_ids)
        for row in connection.execute(known.where(_PATRON.id.in_(part)))
        if is_late(row.as_of_day, taken=taken, now=now)
    ]
