"""Compare our subscription rows with the register's list: what is missing there, and what is there without a reason.

A row ends (`until`) when its reason no longer applies. It stays as a record of what we added: `confirmed_at` is set
while the register holds the number because we added it. If others share the agreement, we may remove only such numbers.
This module calls no other system.
"""

from __future__ import annotations

from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, exists, select, update

from cprsync.domain.feed.delivery import WindowReason
from cprsync.domain.patron.review import SUBSCRIPTION_ENDED
from cprsync.domain.person.number import CprNumber
from cprsync.services.ports.register import Gaps, Reconciliation
from cprsync.store import tables
from cprsync.store.audit import audit
from cprsync.store.core.engine import parts
from cprsync.store.core.tenant import AGENCY_IS, TenantStore, run_transaction
from cprsync.store.patrons import responsibles
from cprsync.store.patrons.windows import close_windows, open_windows
from cprsync.store.records import links
from cprsync.store.records.numbers import OLD_NUMBER, OURS, is_held, open_number
from cprsync.store.reviews.review_items import ask_staff

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import date

    from sqlalchemy import ColumnElement, Select

    from cprsync.services.ports.runs import Run
    from cprsync.store.core.tenant import Tenant, Transaction

#: The kind of an entry that says that the reason of a subscription no longer applies.
SUBSCRIPTION_END: Final = "subscription_end"
_ROW = tables.subscription.c
_PATRON = tables.patron.c


class SqlReconciliation(TenantStore, Reconciliation):
    """Our subscriptions against the register's list."""

    def gaps(self, listed: Collection[CprNumber]) -> Gaps:
        held, added = _indexes(self._tenant)
        found: set[bytes] = set()
        listed_still: set[bytes] = set()
        ended, foreign = [], []
        for number in sorted(listed, key=attrgetter("digits")):
            probes = self._tenant.vault.probes("number", number.digits)
            if ours := held.intersection(probes):
                found |= ours
            elif added.isdisjoint(probes):
                foreign.append(number)
            else:
                ended.append(number)
                listed_still.update(probes)
        missing, gone = _opened(self._tenant, held - found), _opened(self._tenant, added - listed_still)
        return Gaps(tuple(missing), tuple(ended), tuple(foreign), len(found), tuple(gone))

    def end(self, run: Run | None, *, on: date) -> int:
        _release_idle(self._tenant, run)
        with self._tenant.reading() as transaction:
            if transaction.execute(_select_one_ending(), transaction.ours).first() is None:
                return 0
        return _end(self._tenant, run, on=on)

    def added_there(self, run: Run | None, numbers: Sequence[CprNumber]) -> None:
        _confirm(self._tenant, run, numbers, at=self._tenant.stamp(), kind="subscribe")

    def removed_there(self, run: Run | None, numbers: Sequence[CprNumber]) -> None:
        _confirm(self._tenant, run, numbers, at=None, kind="unsubscribe")

    def restored(self, numbers: Sequence[CprNumber]) -> dict[CprNumber, str]:
        with self._tenant.reading() as transaction:
            whose = self._whose(transaction, numbers)
            ids = transaction.fetch_values(_select_restored(), _PATRON.id, list(whose), **transaction.ours)
        return {whose[one]: one for one in ids}

    def leave_ended(self, run: Run | None, patron_ids: Sequence[str]) -> None:
        if patron_ids:
            with run_transaction(self._tenant, run) as transaction:
                ask_staff(transaction, run or self._tenant.no_run, patron_ids, SUBSCRIPTION_ENDED)

    def open_lost(self, run: Run | None, numbers: Sequence[CprNumber]) -> dict[CprNumber, list[str]]:
        with run_transaction(self._tenant, run) as transaction:
            whose = self._whose(transaction, numbers)
            opened: dict[CprNumber, list[str]] = {}
            for one in open_windows(transaction, list(whose), WindowReason.SUBSCRIPTION_LOST):
                opened.setdefault(whose[one], []).append(one)
        return opened

    def _whose(self, transaction: Transaction, numbers: Sequence[CprNumber]) -> dict[str, CprNumber]:
        """The patrons who have these numbers now, each with the number."""
        by_probe = {probe: number for number in numbers for probe in transaction.vault.probes("number", number.digits)}
        held = OURS & is_held(transaction.clock.today()) & (_ROW.reason != OLD_NUMBER)
        wanted = select(_ROW.patron_id, _ROW.number_index).where(held)
        found = transaction.fetch_rows(wanted, _ROW.number_index, list(by_probe), **transaction.ours)
        return {row.patron_id: by_probe[row.number_index] for row in found}

    def close_not_lost(self, run: Run | None, patron_ids: Sequence[str]) -> None:
        if patron_ids:
            with run_transaction(self._tenant, run) as transaction:
                close_windows(transaction, patron_ids)

    def documents(self) -> list[dict[str, Any]]:
        wanted = select(_ROW.patron_id, _ROW.reason, _ROW.since, _ROW.until).where(OURS)
        with self._tenant.reading() as transaction:
            rows = transaction.execute(wanted.order_by(_ROW.patron_id, _ROW.since, _ROW.reason), transaction.ours)
            return [
                {
                    "patron": row.patron_id,
                    "reason": row.reason,
                    "since": row.since.isoformat(),
                    "until": None if row.until is None else row.until.isoformat(),
                }
                for row in rows
            ]


@cache
def _select_restored() -> Select[str]:
    """The patrons whose record comes from an older copy of the database."""
    return select(_PATRON.id).where(_PATRON.agency == AGENCY_IS, _PATRON.unverified_why == WindowReason.RESTORED.value)


def _indexes(tenant: Tenant) -> tuple[set[bytes], set[bytes]]:
    """Return two sets of indexes: those with a reason, and those without one that the register holds from us."""
    held: set[bytes] = set()
    added: set[bytes] = set()
    with tenant.reading() as transaction:
        for row in transaction.execute(_select_indexes(), {**transaction.ours, "today_": transaction.clock.today()}):
            if row.holds:
                held.add(row.number_index)
            elif row.added:
                added.add(row.number_index)
    return held, added - held


@cache
def _select_indexes() -> Select[Any]:
    holds = is_held(bindparam("today_", type_=_ROW.until.type)) & ~_is_not_needed()
    wanted = select(_ROW.number_index, holds.label("holds"), _ROW.confirmed_at.is_not(None).label("added"))
    return wanted.where(OURS)


def _opened(tenant: Tenant, indexes: set[bytes]) -> list[CprNumber]:
    if not indexes:
        return []
    wanted = select(tables.subscription).where(OURS)
    numbers: set[CprNumber] = set()
    with tenant.reading() as transaction:
        # a part at a time, because these may be all subscriptions of the library
        for part in parts(sorted(indexes)):
            rows = transaction.fetch_rows(wanted, _ROW.number_index, part, **transaction.ours)
            numbers.update(CprNumber.parse(open_number(tenant, row)) for row in rows)
    return sorted(numbers, key=attrgetter("digits"))


def _is_not_needed() -> ColumnElement[bool]:
    """Return a condition: an old number that is not needed, because a file delivered the new one (decision 6)."""
    delivered = exists().where(
        _PATRON.agency == _ROW.agency,
        _PATRON.id == _ROW.patron_id,
        _PATRON.as_of_source == "file",
        _PATRON.as_of_day >= _ROW.since,
    )
    return (_ROW.reason == OLD_NUMBER) & delivered


def _is_ending() -> ColumnElement[bool]:
    return OURS & _ROW.until.is_(None) & _is_not_needed()


@cache
def _select_one_ending() -> Select[str]:
    return select(_ROW.patron_id).where(_is_ending()).limit(1)


def _release_idle(tenant: Tenant, run: Run | None) -> None:
    with tenant.reading() as transaction:
        idle = links.find_idle(transaction)
    if idle:
        with run_transaction(tenant, run) as transaction:
            responsibles.release(transaction, idle, by_night=True)


def _end(tenant: Tenant, run: Run | None, *, on: date) -> int:
    ending = _is_ending()
    with run_transaction(tenant, run) as transaction:
        wanted = select(_ROW.patron_id).where(ending).order_by(_ROW.patron_id)
        patrons = transaction.scalars(wanted, transaction.ours).all()
        transaction.execute(update(tables.subscription).where(ending).values(until=on), transaction.ours)
        _write_audit(transaction, run, SUBSCRIPTION_END, patrons)
        return len(patrons)


def _confirm(tenant: Tenant, run: Run | None, numbers: Sequence[CprNumber], *, at: str | None, kind: str) -> None:
    if not numbers:
        return
    indexes = [probe for number in numbers for probe in tenant.vault.probes("number", number.digits)]
    wanted = select(_ROW.patron_id).where(OURS).order_by(_ROW.patron_id).distinct()
    confirmed = update(tables.subscription).where(OURS).values(confirmed_at=at)
    with run_transaction(tenant, run) as transaction:
        told: list[str | None] = transaction.fetch_values(wanted, _ROW.number_index, indexes, **transaction.ours)
        transaction.change_rows(confirmed, _ROW.number_index, indexes, **transaction.ours)
        told += [None] * (len(numbers) - len(told))
        _write_audit(transaction, run, kind, told)


def _write_audit(transaction: Transaction, run: Run | None, kind: str, patrons: Sequence[str | None]) -> None:
    audit.append(transaction, transaction.tenant.night, [audit.Happened(kind, run=run, patron=one) for one in patrons])
