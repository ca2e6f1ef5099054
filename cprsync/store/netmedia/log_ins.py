"""Cards that log in at CULR, if the library allows it: which accounts they are, and how CULR hears of a change.

The cards of an effect are read when the effect is sent, so that they are up to date. What happens to them in CULR is in
`domain.netmedia.account`.
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
from cprsync.store.records.records import from_row, move_on, open_local, overrides_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from cprsync.domain.netmedia.account import Identity
    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Tenant

_PATRON = tables.patron.c


def card_accounts_of(connection: Connection, tenant: Tenant, rows: Iterable[AnyRow]) -> dict[str, frozenset[Identity]]:
    """Return the accounts with which the cards of these patrons log in.

    Empty if cards do not log in. A patron without a CPR number is left out.
    """
    if not tenant.card_accounts:
        return {}
    cards = {row.id: [card.number for card in open_local(tenant, row).cards] for row in rows if _may_log_in(row)}
    taken = _patron_numbers(connection, tenant, [number for numbers in cards.values() for number in numbers])
    return {patron_id: card_accounts(numbers, taken=taken) for patron_id, numbers in cards.items()}


def _may_log_in(row: AnyRow) -> bool:
    gone = row.status_class in tables.GONE
    return bool(row.real_number) and row.kind != PatronKind.RESPONSIBLE.value and not gone


def _patron_numbers(connection: Connection, tenant: Tenant, numbers: Sequence[str]) -> set[str]:
    """Return the card numbers that were ever issued as a patron number.

    A patron without a CPR number may have an account under one.
    """
    issued = tables.issued_id.c
    given = select(issued.id).where(issued.agency == tenant.agency)
    return {one for part in parts(numbers) for one in connection.scalars(given.where(issued.id.in_(part)))}


def tell_cards(connection: Connection, tenant: Tenant, ids: Collection[str]) -> None:
    """Tell CULR that the cards of these patrons have changed, in the transaction that changes them.

    Skips patrons that CULR does not know. Each record moves on by one version: an effect has the version of its record,
    and no version is used twice (decision 21).
    """
    if not tenant.card_accounts:
        return
    for part in parts(sorted(ids)):
        theirs = (_PATRON.agency == tenant.agency) & _PATRON.id.in_(part)
        rows = connection.execute(select(tables.patron).where(theirs).order_by(_PATRON.id).with_for_update()).all()
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
    """Return those of these patrons who have an account, or will get one."""
    account, out = tables.account.c, tables.outbox.c
    told = select(account.patron_id).where(account.agency == tenant.agency, account.patron_id.in_(ids))
    waits = select(out.patron_id).where(out.agency == tenant.agency, out.target == CULR, out.patron_id.in_(ids))
    return {*connection.scalars(told), *connection.scalars(waits)}
