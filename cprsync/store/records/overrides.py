"""Store what staff corrected beside the register's part: added, replaced, withdrawn and ended.

Each correction has a row; value and reason are sealed together. The patron's row holds the number of live corrections.
A patron without any is read without this table.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import ColumnElement, Connection, func, insert, select, update

from cprsync.domain.patron.override import Overridden, Override
from cprsync.store.core import tables
from cprsync.store.core.engine import change_rows, fetch_rows, fetch_values
from cprsync.store.core.tenant import next_id

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import date

    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Tenant
    from cprsync.store.seals.vault import Vault

OVERRIDE: Final = "override"
#: The states of a row: it is in force, its day has passed, someone withdrew it, a later one replaced it, or its content
#: is deleted and only who made it, and when, is known.
LIVE: Final = "live"
ENDED: Final = "ended"
WITHDRAWN: Final = "withdrawn"
REPLACED: Final = "replaced"
FORGOTTEN: Final = "forgotten"
_ROW = tables.override.c
_PATRON = tables.patron.c


def live_by_patron(
    connection: Connection, tenant: Tenant, patron_ids: Sequence[str]
) -> dict[str, tuple[Override, ...]]:
    """Return the live overrides of these patrons, by patron, in the order in which they were made.

    Raises:
        SealBroken: one was altered or moved.
    """
    found: dict[str, tuple[Override, ...]] = {}
    wanted = select(tables.override).where(_ROW.agency == tenant.agency, _ROW.state == LIVE)
    # sorted here, because SQLite would otherwise read every override, in the order of their ids
    for row in sorted(fetch_rows(connection, wanted, _ROW.patron_id, patron_ids), key=lambda row: row.id):
        found[row.patron_id] = (*found.get(row.patron_id, ()), from_row(tenant.vault, row))
    return found


def from_row(vault: Vault, row: AnyRow) -> Override:
    """Open a row.

    Raises:
        SealBroken: it was altered or moved.
    """
    plain = vault.unseal(row.value, row.key, place=row.patron_id, owner=OVERRIDE, version=row.id)
    typed = json.loads(plain)
    return Override(
        field=Overridden(row.field),
        value=typed["value"],
        by=row.by_user,
        reason=typed["reason"],
        before=typed["before"],
        since=row.since,
        until=row.until,
        id=row.id,
        warned=row.warned,
    )


def add(connection: Connection, tenant: Tenant, patron_id: str, override: Override) -> None:
    """Write an override. It replaces a live one of the same field."""
    number = next_id(connection, tenant, tables.override)
    replaced = update(tables.override).where(_live(tenant, patron_id, override.field))
    connection.execute(replaced.values(state=REPLACED, ended=override.since))
    typed = {"before": override.before, "reason": override.reason, "value": override.value}
    row = {
        "agency": tenant.agency,
        "id": number,
        "patron_id": patron_id,
        "field": override.field.value,
        "value": _seal(tenant, patron_id, number, typed),
        "key": tenant.vault.seal_key,
        "by_user": override.by,
        "since": override.since,
        "until": override.until,
        "state": LIVE,
    }
    connection.execute(insert(tables.override).values(row))
    count_again(connection, tenant, [patron_id])


@dataclass(frozen=True, slots=True, repr=False)
class Withdrawal:
    """When, by whom and why an override was withdrawn."""

    on: date
    by: str
    reason: str


def withdraw(connection: Connection, tenant: Tenant, patron_id: str, field: Overridden, withdrawal: Withdrawal) -> bool:
    """Withdraw the live override of a field, with who and why sealed in it.

    Returns False if there is no live override.
    """
    live = select(tables.override).where(_live(tenant, patron_id, field)).with_for_update()
    row = connection.execute(live).one_or_none()
    if row is None:
        return False
    typed = json.loads(tenant.vault.unseal(row.value, row.key, place=patron_id, owner=OVERRIDE, version=row.id))
    typed["withdrawn"] = {"by": withdrawal.by, "reason": withdrawal.reason}
    sealed = {"value": _seal(tenant, patron_id, row.id, typed), "key": tenant.vault.seal_key}
    this = (_ROW.agency == tenant.agency) & (_ROW.id == row.id)
    connection.execute(update(tables.override).where(this).values(state=WITHDRAWN, ended=withdrawal.on, **sealed))
    count_again(connection, tenant, [patron_id])
    return True


def _seal(tenant: Tenant, patron_id: str, number: int, typed: dict[str, Any]) -> bytes:
    plain = json.dumps(typed, sort_keys=True, ensure_ascii=False).encode()
    return tenant.vault.seal(plain, place=patron_id, owner=OVERRIDE, version=number)


def end(connection: Connection, tenant: Tenant, ids: Sequence[int], *, on: date) -> None:
    """End live overrides whose last day has passed."""
    ended = (_ROW.agency == tenant.agency) & (_ROW.state == LIVE)
    theirs = set(fetch_values(connection, select(_ROW.patron_id).where(ended), _ROW.id, ids))
    values = {"state": ENDED, "ended": on}
    change_rows(connection, update(tables.override).where(ended).values(values), _ROW.id, ids)
    count_again(connection, tenant, theirs)


def forget(connection: Connection, tenant: Tenant, patron_id: str, number: int) -> None:
    """Delete the typed values and the reason. Who made it, in which field and when, stays."""
    nothing = {"before": None, "reason": "", "value": ""}
    sealed = {"value": _seal(tenant, patron_id, number, nothing), "key": tenant.vault.seal_key}
    this = (_ROW.agency == tenant.agency) & (_ROW.id == number) & (_ROW.state != LIVE)
    connection.execute(update(tables.override).where(this).values(state=FORGOTTEN, **sealed))


def count_again(connection: Connection, tenant: Tenant, patron_ids: Collection[str]) -> None:
    """Write in the patrons' rows how many of their overrides are live."""
    live = select(func.count()).where(_ROW.agency == tenant.agency, _ROW.patron_id == _PATRON.id, _ROW.state == LIVE)
    counted = update(tables.patron).where(_PATRON.agency == tenant.agency).values(overrides=live.scalar_subquery())
    change_rows(connection, counted, _PATRON.id, patron_ids)


def _live(tenant: Tenant, patron_id: str, field: Overridden) -> ColumnElement[bool]:
    theirs = (_ROW.agency == tenant.agency) & (_ROW.patron_id == patron_id)
    return theirs & (_ROW.field == field.value) & (_ROW.state == LIVE)


def withdraw_all(connection: Connection, tenant: Tenant, patron_id: str) -> list[int]:
    """Withdraw the live overrides of a record that is merged into another. Returns their ids."""
    live = (_ROW.agency == tenant.agency) & (_ROW.patron_id == patron_id) & (_ROW.state == LIVE)
    ids = list(connection.scalars(select(_ROW.id).where(live).order_by(_ROW.id)))
    connection.execute(update(tables.override).where(live).values(state=WITHDRAWN, ended=tenant.clock.today()))
    count_again(connection, tenant, [patron_id])
    return ids


def restore(connection: Connection, tenant: Tenant, patron_id: str, ids: Sequence[int]) -> None:
    """Put withdrawn overrides in force again. The night ends those whose last day has passed."""
    these = (_ROW.agency == tenant.agency) & _ROW.id.in_(ids) & (_ROW.state == WITHDRAWN)
    connection.execute(update(tables.override).where(these).values(state=LIVE, ended=None))
    count_again(connection, tenant, [patron_id])
