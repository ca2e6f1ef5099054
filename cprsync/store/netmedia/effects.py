"""Effects as rows of the outbox: how one is written, sealed and read again, and which cards log in at CULR.

An effect is written in the same transaction as the change that causes it. The cards of an effect are read when it is
sent, so that they are up to date. Sending is in `publishing`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import ColumnElement, Connection, insert, select

from cprsync.domain.netmedia.account import Effect, Identity, IdType, card_accounts, identity_of
from cprsync.domain.patron.effective import culr_in_force
from cprsync.domain.patron.override import in_force
from cprsync.domain.patron.patron import PatronKind
from cprsync.store.core import tables
from cprsync.store.core.engine import fetch_values
from cprsync.store.records.records import move_on, open_local, open_patrons, patron_rows

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from cprsync.domain.person.number import CprNumber
    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Tenant

CULR: Final = "culr"
#: The states of an effect. An effect that succeeds is deleted.
WAITING, FAILED = "waiting", "failed"
#: One encoder for all payloads: creating one takes longer than using it.
_ENCODE = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode
_OUT = tables.outbox.c


def payload(  # noqa: PLR0913 -- keyword-only, one for each thing that an effect may say
    identity: Identity,
    municipality: str | None,
    *,
    replaces: CprNumber | None = None,
    gone: bool = False,
    sweeps: bool = False,
    repairs: bool = False,
) -> str:
    """Return the effect as JSON with sorted keys and no blanks."""
    # written by hand, because starting an encoder takes longer than writing these fields
    deleted = '"delete":true,' if gone else ""
    number = "" if municipality is None else f'"municipalityNo":{_ENCODE(municipality)},'
    former = "" if replaces is None else f'"replaces":{_ENCODE(replaces.digits)},'
    mends = '"repair":true,' if repairs else ""
    all_of_them = '"sweep":true,' if sweeps else ""
    value = _ENCODE(identity.value)
    begins = f"{deleted}{number}{mends}{former}{all_of_them}"
    return f'{{{begins}"userIdType":"{identity.type.value}","userIdValue":{value}}}'


def for_culr(tenant: Tenant, state: str | None = None) -> ColumnElement[bool]:
    """Return the condition for effects that CULR gets, in a state if one is given."""
    ours = (_OUT.agency == tenant.agency) & (_OUT.target == CULR)
    return ours if state is None else ours & (_OUT.state == state)


def row_of(tenant: Tenant, patron_id: str, version: int, written: str, now: str) -> tuple[Any, ...]:
    """Return a row of the outbox, with a value for each of its columns."""
    sealed = tenant.vault.seal(written.encode(), place=patron_id, owner=CULR, version=version)
    return tenant.agency, CULR, patron_id, version, sealed, tenant.vault.seal_key, WAITING, now, 0, None, None


def add(connection: Connection, tenant: Tenant, patron_id: str, version: int, written: str) -> None:
    """Add one effect to the outbox."""
    row = row_of(tenant, patron_id, version, written, tenant.stamp())
    names = tables.outbox.columns.keys()
    connection.execute(insert(tables.outbox).values(dict(zip(names, row, strict=True))))


def effect_of(tenant: Tenant, row: AnyRow) -> Effect:
    """Return the effect that a row holds."""
    plain = tenant.vault.unseal(row.payload, row.key, place=row.patron_id, owner=row.target, version=row.version)
    said = json.loads(plain)
    former = said.get("replaces")
    return Effect(
        row.patron_id,
        row.version,
        Identity(IdType(said["userIdType"]), said["userIdValue"]),
        said.get("municipalityNo"),
        replaces=None if former is None else Identity(IdType.CPR, former),
        gone=bool(said.get("delete")),
        sweeps=bool(said.get("sweep")),
        repairs=bool(said.get("repair")),
    )


def account_probes(tenant: Tenant, identity: Identity) -> list[bytes]:
    """Return the indexes under which an account's identity may be kept, the newest key's first."""
    return tenant.vault.probes("account", f"{identity.type.value}|{identity.value}")


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
    return set(fetch_values(connection, select(issued.id).where(issued.agency == tenant.agency), issued.id, numbers))


def publish_cards(connection: Connection, tenant: Tenant, ids: Collection[str]) -> None:
    """Tell CULR that the cards of these patrons have changed, in the transaction that changes them.

    Skips patrons that CULR does not know. Each record moves on by one version: an effect has the version of its record,
    and no version is used twice (decision 21).
    """
    if not tenant.card_accounts:
        return
    rows, account = patron_rows(connection, tenant, ids, hold=True), tables.account.c
    # those who have an account, or will get one
    told = select(account.patron_id).where(account.agency == tenant.agency)
    known = {*fetch_values(connection, told, account.patron_id, ids)}
    known |= {*fetch_values(connection, select(_OUT.patron_id).where(for_culr(tenant)), _OUT.patron_id, ids)}
    rows = [row for row in rows if row.id in known and _may_log_in(row)]
    for row, patron in zip(rows, open_patrons(connection, tenant, rows), strict=True):
        culr = culr_in_force(patron.register, in_force(patron.overrides, tenant.clock.today()))
        version = move_on(connection, tenant, row).version
        add(connection, tenant, row.id, version, payload(identity_of(patron.number, row.id), culr))
