"""Effects as rows of the outbox: how one is written, sealed and read again.

An effect is written in the same transaction as the change that causes it. Its cards are read when it is sent: they are
in `card_accounts`. Sending is in `publishing`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import ColumnElement, bindparam, insert, update

from cprsync.domain.netmedia.account import Effect, Identity, IdType
from cprsync.store import tables

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cprsync.domain.person.number import CprNumber
    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Tenant, Transaction

CULR: Final = "culr"
#: The states of an effect. An effect that succeeds is deleted.
WAITING, FAILED = "waiting", "failed"
#: One encoder for all payloads: creating one takes longer than using it.
_ENCODE = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode
_OUT = tables.outbox.c
#: One effect for one target. `place_of` has the values.
THIS: Final = (
    (_OUT.agency == bindparam("at_agency"))
    & (_OUT.target == bindparam("at_target"))
    & (_OUT.patron_id == bindparam("at_patron"))
    & (_OUT.version == bindparam("at_version"))
)
_OFFER: Final = update(tables.outbox).where(THIS, _OUT.offered.is_(None)).values(offered=bindparam("now"))
#: Counts a try that failed, with its code and what the effect is now.
FAIL: Final = (
    update(tables.outbox)
    .where(THIS)
    .values(attempts=_OUT.attempts + 1, code=bindparam("said"), state=bindparam("now_state"))
)


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


def effect_key_of(tenant: Tenant, target: str, patron_id: str, version: int) -> dict[str, Any]:
    """Return the values of `THIS`."""
    return {"at_agency": tenant.agency, "at_target": target, "at_patron": patron_id, "at_version": version}


def offer(tenant: Tenant, places: Iterable[dict[str, Any]]) -> None:
    """Note that the effects at these places are about to be sent."""
    rows = [{**place, "now": tenant.stamp()} for place in places]
    if rows:
        with tenant.writing() as transaction:
            transaction.execute(_OFFER, rows)


def row_of(tenant: Tenant, patron_id: str, version: int, written: str, now: str) -> tuple[Any, ...]:
    """Return a row of the outbox, with a value for each of its columns."""
    sealed = tenant.vault.seal(written.encode(), place=patron_id, owner=CULR, version=version)
    return tenant.agency, CULR, patron_id, version, sealed, tenant.vault.seal_key, WAITING, now, 0, None, None, False


def add(transaction: Transaction, patron_id: str, version: int, written: str) -> None:
    """Add one effect to the outbox."""
    row = row_of(transaction.tenant, patron_id, version, written, transaction.stamp())
    names = tables.outbox.columns.keys()
    transaction.execute(insert(tables.outbox).values(dict(zip(names, row, strict=True))))


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
