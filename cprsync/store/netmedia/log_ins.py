"""Cards that log in at CULR, where the library lets them: which accounts they are, and that CULR hears of a change.

Which cards an effect is to leave there is read when it is sent, so that the newest stand. Leaves out what becomes of
them there: see `domain.netmedia.account`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Connection, select

from cprsync.domain.netmedia.account import card_accounts, identity_of
from cprsync.domain.patron.effective import culr_in_force
from cprsync.domain.patron.override import in_force
from cprsync.domain.patron.patron import PatronKind
from cprsync.store.core import tables
from cprsync.store.core.engine import parts
from cprsync.store.netmedia import effects
from cprsync.store.netmedia.effects import CULR, payload
from cprsync.store.records.local_part import open_local
from cprsync.store.records.moving_on import move_on
from cprsync.store.records.records import from_row, overrides_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from cprsync.domain.netmedia.account import Identity
    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Tenant

_PATRON = tables.patron.c


def card_accounts_of(connection: Connection, tenant: Tenant, rows: Iterable[AnyRow]) -> dict[str, frozenset[Identity]]:
    """The accounts by which the cards of these log in; of nobody where cards do not, or without a CPR number."""
    if not tenant.card_accounts:
        return {}
    cards = {row.id: [card.number for card in open_local(tenant, row).cards] for row in rows if _may_log_in(row)}
    taken = _patron_numbers(connection, tenant, [number for numbers in cards.values() for number in numbers])
    return {patron_id: card_accounts(numbers, taken=taken) for patron_id, numbers in cards.items()}


def _may_log_in(row: AnyRow) -> bool:
    gone = row.status_class in tables.GONE
    return bool(row.real_number) and row.kind != PatronKind.RESPONSIBLE.value and not gone


def _patron_numbers(connection: Connection, tenant: Tenant, numbers: Sequence[str]) -> set[str]:
    """Those that were ever given as a patron number: someone without a CPR number may stand under one."""
    issued = tables.issued_id.c
    given = select(issued.id).where(issued.agency == tenant.agency)
    return {one for part in parts(numbers) for one in connection.scalars(given.where(issued.id.in_(part)))}


def tell_cards(connection: Connection, tenant: Tenant, ids: Collection[str]) -> None:
    """Let CULR hear that the cards of these have changed, if it knows them; in the transaction that changes them.

    Each record moves on by one version: an effect has its record's, and none is used twice (decision 21).
    """
    if not tenant.card_accounts:
        return
    for part in parts(sorted(ids)):
        hers = (_PATRON.agency == tenant.agency) & _PATRON.id.in_(part)
        rows = connection.execute(select(tables.patron).where(hers).order_by(_PATRON.id).with_for_update()).all()
        known = _known(connection, tenant, part)
        for row in rows:
            if row.id in known and _may_log_in(row):
                _tell(connection, tenant, row)


def _tell(connection: Connection, tenant: Tenant, row: AnyRow) -> None:
    patron = from_row(tenant.vault, row, overrides_of(connection, tenant, [row]).get(row.id, ()))
    culr = culr_in_force(patron.register, in_force(patron.overrides, tenant.clock.today()))
    version = move_on(connection, tenant, row).version
    effects.add(connection, tenant, row.id, version, payload(identity_of(patron.number, row.id), culr))


def _known(connection: Connection, tenant: Tenant, ids: Sequence[str]) -> set[str]:
    """Those of them who have an account, or are to get one."""
    account, out = tables.account.c, tables.outbox.c
    told = select(account.patron_id).where(account.agency == tenant.agency, account.patron_id.in_(ids))
    waits = select(out.patron_id).where(out.agency == tenant.agency, out.target == CULR, out.patron_id.in_(ids))
    return {*connection.scalars(told), *connection.scalars(waits)}
