"""Patrons who are leaving: what keeps each, who asked, who is closed tonight, and who came back.

What is emptied when a record is closed or erased is in `emptying` and `erasing`.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import ColumnElement, Select, bindparam, exists, func, or_, select, update

from cprsync.domain.desk.parting import Parting
from cprsync.domain.leaving.leaving import (
    Departing,
    Ties,
    blocks_of_staff,
    is_kept_by,
    stage_after_night,
    stage_after_request,
)
from cprsync.domain.patron.local import Stage
from cprsync.domain.patron.patron import PatronKind
from cprsync.services.ports.leaving import CONFIRMED, Departure, Leaving
from cprsync.services.ports.runs import Departed
from cprsync.store import tables
from cprsync.store.audit import audit
from cprsync.store.audit.audit import CONFIRM
from cprsync.store.audit.binding import LEAVING, bind, find_unbound
from cprsync.store.core.tenant import AGENCY_IS, TenantStore, library_transaction, run_transaction
from cprsync.store.leaving.emptying import close, count_unconfirmed, rows_of, tell_and_count
from cprsync.store.lending.circulation import is_over
from cprsync.store.records import kept_blocks, links
from cprsync.store.records.numbers import shells_of
from cprsync.store.records.records import from_row, open_local, patron_row

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from sqlalchemy import BindParameter

    from cprsync.services.ports.runs import Run
    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Tenant, Transaction

#: The kinds of audit entries.
ASKED: Final = "leave"
CLOSE: Final = "close"
#: In the audit: how many subscriptions ended with the record.
ENDED: Final = "subscriptions"
#: Why a patron leaves, in the audit: the policy says so, or somebody asked for it.
BY_POLICY: Final = "inactive"
BY_REQUEST: Final = "request"
_PATRON = tables.patron.c
_LOAN = tables.loan.c
_BALANCE = tables.balance.c
_LINK = tables.responsible.c
_TOLD = tables.target_patron.c
#: Each night asks this, so it is built once.
_FIRST_LIVED: Final = select(func.min(tables.run.c.day)).where(tables.run.c.agency == AGENCY_IS)


class SqlLeaving(TenantStore, Leaving):
    """Patrons who leave."""

    def departing(self, inactive_before: date | None) -> Departing:
        with self._tenant.reading() as transaction:
            inactive = _inactive(transaction, inactive_before)
            # sorted here, because SQLite would otherwise read every patron in the order of their ids
            rows = sorted(transaction.execute(_select_free(), _of_today(self._tenant)), key=attrgetter("id"))
            # nobody leaves because somebody has written so in the database: the check of the audit names the patron
            forged = find_unbound(transaction, LEAVING, rows)
            return Departing(tuple(inactive), tuple(row.id for row in rows if row.id not in forged))

    def depart(self, run: Run, leaving: Departing, *, inactive_before: date | None) -> Departed:
        today = self._tenant.clock.today()
        with run_transaction(self._tenant, run) as transaction:
            still = set(_inactive(transaction, inactive_before)) if leaving.inactive else set()
            fresh = [one for one in leaving.inactive if one in still]
            _set_leaving(transaction, fresh, on=today)
            free = _select_free().with_only_columns(*_PATRON).order_by(_PATRON.id).with_for_update()
            ids = [*fresh, *leaving.free]
            rows = transaction.fetch_rows(free.params(_of_today(self._tenant)), _PATRON.id, ids)
            assert all(stage_after_night(Stage(row.standing), Ties()) is Stage.CLOSED for row in rows)  # noqa: S101 -- as selected
            ended = close(transaction, rows, on=today, by_night=True)
            happened = [audit.Happened(ASKED, run=run, patron=one, actions=(BY_POLICY,)) for one in fresh]
            counts = {one: ((ENDED, str(count)),) for one, count in ended.items()}
            happened += [audit.Happened(CLOSE, run=run, patron=one, more=more) for one, more in counts.items()]
            audit.append(transaction, self._tenant.night, happened)
            bind(transaction, LEAVING, dict.fromkeys(fresh))
            return Departed(len(fresh), len(rows), sum(ended.values()))

    def parting(self, patron_id: str) -> Parting | None:
        with self._tenant.reading() as transaction:
            row = patron_row(transaction, patron_id)
            kept = kept_blocks.count_kept(transaction, patron_id)
            if row is None:
                gone = Parting(Stage.CLOSED, is_emptied=True, kept=kept)
                return gone if was_given(transaction, patron_id) else None
            if row.status_class in tables.EMPTIED:
                waits = count_unconfirmed(transaction, row.id)
                known = Parting(Stage(row.standing), is_emptied=True, kept=kept)
                return replace(known, **asdict(waits))
            return _parting(transaction, row)

    def leave(self, patron_id: str, *, user: str, reason: str = "") -> Departure | None:
        today = self._tenant.clock.today()
        with library_transaction(self._tenant) as transaction:
            row = patron_row(transaction, patron_id, hold=True)
            if row is None:
                gone = Departure(patron_id, Stage.CLOSED, Ties(), None)  # nothing is left, so everyone has confirmed it
                return gone if was_given(transaction, patron_id) else None
            before, ties = Stage(row.standing), ties_of(transaction, row.id)
            stage = stage_after_request(before, ties)
            happened, dropped = [], 0
            if before is Stage.ACTIVE:
                _set_leaving(transaction, [row.id], on=today)
                happened.append(audit.Happened(ASKED, patron=row.id, actions=(BY_REQUEST,), user=user))
            if stage is Stage.CLOSED and row.status_class not in tables.EMPTIED:
                dropped = _open_reservations(transaction, row.id)
                close(transaction, [row], on=today)
                happened.append(audit.Happened(CLOSE, patron=row.id, user=user))
            if reason:
                happened.append(audit.Happened(CONFIRM, patron=row.id, user=user, reason=reason))
            audit.append(transaction, audit.DESK, happened)
            if before is Stage.ACTIVE:
                bind(transaction, LEAVING, {row.id: row.id})
            waits = tell_and_count(transaction, row.id) if stage is Stage.CLOSED else CONFIRMED
            return Departure(row.id, stage, ties, row.leaves_since or today, dropped, waits)

    def was_given(self, patron_id: str) -> bool:
        with self._tenant.reading() as transaction:
            return was_given(transaction, patron_id)


def _parting(transaction: Transaction, row: AnyRow) -> Parting:
    number, local = from_row(transaction.vault, row).number, open_local(transaction.tenant, row)
    subscribed = rows_of(tables.subscription, transaction.tenant, [row.id]) & tables.subscription.c.until.is_(None)
    return Parting(
        Stage(row.standing),
        ties_of(transaction, row.id),
        reservations=_open_reservations(transaction, row.id),
        blocks=blocks_of_staff(local.blocks),
        keeps_blocks=is_kept_by(number),
        subscriptions=transaction.count_rows(subscribed),
        accounts=transaction.count_rows(rows_of(tables.account, transaction.tenant, [row.id])),
        targets=_knowing(transaction, row.id),
        versions=(row.version, row.local_version),
    )


def ties_of(transaction: Transaction, patron_id: str) -> Ties:
    """Count what a patron has open."""
    return Ties(*(transaction.count_rows(one) for one in _ties(transaction.agency, patron_id)))


def _ties(agency: str | BindParameter[str], patron_id: str | ColumnElement[str]) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions for what the patron has open, in the order of `Ties`."""
    # an ended link still counts for what is owed from its time
    holds = _LINK.until.is_(None) | links.owes()
    return (
        (_LOAN.agency == agency) & (_LOAN.patron_id == patron_id) & ~is_over(agency),
        (_BALANCE.agency == agency) & (_BALANCE.patron_id == patron_id) & _BALANCE.settled.is_(None),
        (_LINK.agency == agency) & (_LINK.responsible_id == patron_id) & holds,
    )


def _open_reservations(transaction: Transaction, patron_id: str) -> int:
    # includes those of the patrons who were merged into this one, because closing takes them too
    theirs = rows_of(tables.reservation, transaction.tenant, [patron_id, *shells_of(transaction, patron_id)])
    return transaction.count_rows(theirs, tables.reservation.c.cancelled.is_(None))


def was_given(transaction: Transaction, patron_id: str) -> bool:
    """Return whether a patron number was ever issued, also if nothing is left of the patron."""
    issued = tables.issued_id.c
    given = select(issued.id).where(issued.agency == transaction.agency, issued.id == patron_id)
    return transaction.scalar(given) is not None


def _set_leaving(transaction: Transaction, ids: Sequence[str], *, on: date) -> None:
    leaving = update(tables.patron).where(_PATRON.agency == transaction.agency)
    leaving = leaving.values(standing=Stage.LEAVING.value, leaves_since=on, rights_due=on)
    transaction.change_rows(leaving, _PATRON.id, ids)


# built once, because every night asks them all, and building them took longer than their answer


@cache
def _select_free() -> Select[tuple[str, date | None]]:
    """Select those who are leaving and have nothing open; with the values of `_of_today`."""
    leaving = (_PATRON.agency == AGENCY_IS) & (_PATRON.standing == Stage.LEAVING.value)
    # if staff ended the link today, they may restore it today; if the night ended it, there is no day to wait for
    since = _PATRON.leaves_since
    free = (_PATRON.kind != PatronKind.RESPONSIBLE.value) | since.is_(None) | (since < bindparam("today_"))
    return select(_PATRON.id, _PATRON.leaves_since).where(leaving, tables.NOT_ACTIVE, free, *_nothing_open())


def _of_today(tenant: Tenant) -> dict[str, Any]:
    return {"agency_": tenant.agency, "today_": tenant.clock.today()}


@cache
def _nothing_open() -> tuple[ColumnElement[bool], ...]:
    return tuple(~exists().where(one) for one in _ties(AGENCY_IS, _PATRON.id))


def _inactive(transaction: Transaction, before: date | None) -> list[str]:
    """Return borrowers who have nothing open and were last seen before the day, or created before it and never seen."""
    if before is None:
        return []
    wanted = _select_inactive(unseen_too=_lived_before(transaction, before))
    values = {"agency_": transaction.agency, "before_": before, "made_before_": before.isoformat()}
    return sorted(transaction.scalars(wanted, values))


@cache
def _select_inactive(*, unseen_too: bool) -> Select[str]:
    seen: ColumnElement[bool] = _PATRON.last_seen < bindparam("before_")
    if unseen_too:
        # only then, because it reads the day of creation of patrons never seen, which is beside the sealed record
        seen = or_(seen, _PATRON.last_seen.is_(None) & (_PATRON.created < bindparam("made_before_")))
    theirs = (_PATRON.agency == AGENCY_IS) & (_PATRON.standing == Stage.ACTIVE.value)
    theirs &= (_PATRON.kind == tables.PERSON) & _PATRON.status_class.not_in(tables.GONE)
    return select(_PATRON.id).where(theirs, seen, *_nothing_open())


def _lived_before(transaction: Transaction, day: date) -> bool:
    """Return whether the library had its first night before the day. No row is much older than that."""
    first = transaction.scalar(_FIRST_LIVED, {"agency_": transaction.agency})
    return first is not None and first < day


def _knowing(transaction: Transaction, patron_id: str) -> tuple[str, ...]:
    """The targets that were told of the patron."""
    theirs = rows_of(tables.target_patron, transaction.tenant, [patron_id])
    return tuple(transaction.scalars(select(_TOLD.target).where(theirs).order_by(_TOLD.target)))
