"""Accounts in CULR as our records see them: which to read next, and what each has to hold.

Calls no other system. A patron with an effect that waits or was refused is not read. Either the effect is still on its
way, or a person looks at it. What is written after reading is in `repairs`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, Connection, exists, func, select

from cprsync.domain.netmedia.account import Identity, IdType, identity_of
from cprsync.domain.netmedia.drift import wanted_account
from cprsync.domain.patron.effective import culr_in_force
from cprsync.domain.patron.override import in_force
from cprsync.services.ports.netmedia import Account, AccountSides
from cprsync.store.core import tables
from cprsync.store.core.engine import parts, reading, stamp_of
from cprsync.store.core.tenant import TenantStore
from cprsync.store.netmedia.effects import CULR, FAILED
from cprsync.store.netmedia.log_ins import card_accounts_of
from cprsync.store.records.numbers import OLD_NUMBER, has_borrower, numbered, shells_of
from cprsync.store.records.records import from_row, overrides_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from cprsync.domain.patron.patron import Patron
    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Tenant

_PATRON = tables.patron.c
_ACCOUNT = tables.account.c
_OUT = tables.outbox.c
_ROW = tables.subscription.c


class Accounts(TenantStore):
    """Our patrons' accounts in CULR."""

    def count(self) -> int:
        with reading(self._tenant.engine) as connection:
            return connection.scalar(select(func.count()).where(_ACCOUNT.agency == self._tenant.agency)) or 0

    def oldest(self, limit: int | None, *, today: datetime | None = None) -> list[str]:
        waits = exists().where(
            _OUT.agency == _ACCOUNT.agency, _OUT.target == CULR, _OUT.patron_id == _ACCOUNT.patron_id
        )
        known = func.coalesce(_ACCOUNT.checked, _ACCOUNT.settled)
        found = select(_ACCOUNT.patron_id).where(_ACCOUNT.agency == self._tenant.agency, ~waits)
        with reading(self._tenant.engine) as connection:
            if today is not None:
                since = stamp_of(today)
                read = select(func.count()).where(_ACCOUNT.agency == self._tenant.agency, _ACCOUNT.checked >= since)
                limit = None if limit is None else max(0, limit - (connection.scalar(read) or 0))
                found = found.where(known < since)
            return list(connection.scalars(found.order_by(known, _ACCOUNT.patron_id).limit(limit)))

    def without(self) -> list[str]:
        everyone = select(_PATRON.id).where(_PATRON.agency == self._tenant.agency)
        # the database compares the indexes side by side, for 100,000 patrons a night; a subquery for each patron takes
        # three times as long
        told = select(_ACCOUNT.patron_id).where(_ACCOUNT.agency == self._tenant.agency)
        waits = select(_OUT.patron_id).where(_OUT.agency == self._tenant.agency, _OUT.target == CULR)
        with reading(self._tenant.engine) as connection:
            return sorted(connection.scalars(everyone.except_(told, waits)))

    def wanted(self, ids: Sequence[str]) -> list[Account]:
        found: list[Account] = []
        with reading(self._tenant.engine) as connection:
            for part in parts(ids):
                waits = waiting(connection, self._tenant, part)
                found += (one for one in _accounts(connection, self._tenant, part) if one.patron_id not in waits)
        return found

    def count_left_out(self) -> int:
        mine = (_OUT.agency == self._tenant.agency) & (_OUT.target == CULR)
        with reading(self._tenant.engine) as connection:
            return connection.scalar(select(func.count(_OUT.patron_id.distinct())).where(mine)) or 0

    def sides(self, ids: Sequence[str]) -> dict[str, AccountSides]:
        found = dict.fromkeys(ids, AccountSides())
        with reading(self._tenant.engine) as connection:
            for part in parts(ids):
                for one in _accounts(connection, self._tenant, part):
                    found[one.patron_id] = AccountSides(account=one.want.account, ours=one.want.municipality)
                for row in connection.execute(select(tables.account).where(rows_of(self._tenant, part))):
                    stands = row.municipality if row.checked is None else row.seen
                    found[row.patron_id] = replace(found[row.patron_id], theirs=stands)
                refused = (_OUT.agency == self._tenant.agency) & (_OUT.target == CULR) & (_OUT.state == FAILED)
                codes = (
                    select(_OUT.patron_id, _OUT.code).where(refused, _OUT.patron_id.in_(part)).order_by(_OUT.version)
                )
                for row in connection.execute(codes):
                    found[row.patron_id] = replace(found[row.patron_id], answer=row.code)
        return found


def rows_of(tenant: Tenant, ids: Sequence[str]) -> ColumnElement[bool]:
    """Return the condition for the accounts of these patrons."""
    return (_ACCOUNT.agency == tenant.agency) & _ACCOUNT.patron_id.in_(ids)


# -- which to read next ----------------------------------------------------------------------------------------------


def _accounts(connection: Connection, tenant: Tenant, ids: Sequence[str]) -> Iterator[Account]:
    of_patron = (_PATRON.agency == tenant.agency) & _PATRON.id.in_(ids)
    rows = connection.execute(select(tables.patron).where(of_patron).order_by(_PATRON.id)).all()
    told = {row.patron_id: row for row in connection.execute(select(tables.account).where(rows_of(tenant, ids)))}
    former = _former(connection, tenant, list(told))
    cards = card_accounts_of(connection, tenant, rows)
    corrected = overrides_of(connection, tenant, rows)
    for row in rows:
        patron = from_row(tenant.vault, row, corrected.get(row.id, ()))
        one = _account(tenant, row, patron, told.get(row.id), cards=cards.get(row.id))
        if one is None:
            continue
        if not one.want.account and has_borrower(connection, tenant, patron.number, but=row.id):
            continue  # an account under this number belongs to the other patron
        yield replace(one, former=former.get(row.id, ()))


def waiting(connection: Connection, tenant: Tenant, ids: Sequence[str]) -> set[str]:
    """Return those of these patrons with an effect that waits or was refused."""
    mine = (_OUT.agency == tenant.agency) & (_OUT.target == CULR) & _OUT.patron_id.in_(ids)
    return set(connection.scalars(select(_OUT.patron_id).where(mine)))


def _account(
    tenant: Tenant, row: AnyRow, patron: Patron, told: AnyRow | None, *, cards: frozenset[Identity] | None
) -> Account | None:
    borrows = patron.borrows and row.status_class not in tables.GONE
    culr = culr_in_force(patron.register, in_force(patron.overrides, tenant.clock.today())) if borrows else None
    if told is None and culr is None and not (patron.borrows and row.status_class == tables.CLOSED):
        # the municipality is unknown and nothing was told, or the person only answers for a minor: CULR is not asked
        return None
    last = None if told is None else told.municipality
    want = wanted_account(borrows=borrows, culr=culr, last_told=last, cards=cards)
    identity = identity_of(patron.number, row.id)
    if told is not None and not borrows and told.id_type == IdType.LOCAL.value:
        identity = Identity(IdType.LOCAL, row.id)
    return Account(row.id, row.version, identity, want, told is not None, last)


def _former(connection: Connection, tenant: Tenant, ids: Sequence[str]) -> dict[str, tuple[Identity, ...]]:
    """Return the replaced numbers of these patrons that belong to no other patron.

    Returns none for a patron who has merged shells whose deletions still wait.
    """
    holder = exists().where(
        _PATRON.agency == _ROW.agency,
        _PATRON.number_index == _ROW.number_index,
        _PATRON.status_class.not_in(tables.GONE),
    )
    old = (_ROW.agency == tenant.agency) & (_ROW.reason == OLD_NUMBER) & _ROW.patron_id.in_(ids) & ~holder
    found: dict[str, dict[Identity, None]] = {}
    for row in connection.execute(select(tables.subscription).where(old).order_by(_ROW.patron_id, _ROW.since)):
        found.setdefault(row.patron_id, {})[Identity(IdType.CPR, numbered(tenant, row))] = None
    # each patron who was merged into this one has deletions of their own
    return {
        patron_id: tuple(numbers)
        for patron_id, numbers in found.items()
        if not waiting(connection, tenant, shells_of(connection, tenant, patron_id))
    }


# -- both sides ----------------------------------------------------------------------------------------------------


def account_of(connection: Connection, tenant: Tenant, patron_id: str) -> dict[str, str | None] | None:
    """Return the account that the net media hold for the patron, as far as they have told; None: no account."""
    theirs = (_ACCOUNT.agency == tenant.agency) & (_ACCOUNT.patron_id == patron_id)
    row = connection.execute(select(_ACCOUNT.municipality).where(theirs)).one_or_none()
    return None if row is None else {"municipality": row.municipality}
