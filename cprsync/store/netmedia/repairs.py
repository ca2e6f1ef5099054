"""What is written about accounts in CULR that were read: what was seen, the repair, and the question to a person.

A repair waits in the outbox like any other effect. A patron is left unchanged if they were written since the decision,
or if an effect waits for them by now. This module calls no other system and decides nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, bindparam, delete, select, update

from cprsync.domain.netmedia.account import NOWHERE
from cprsync.domain.netmedia.drift import Drift, asks_about_foreign
from cprsync.domain.patron.review import NET_MEDIA_FOREIGN, State
from cprsync.services.ports.values import Repaired
from cprsync.store.audit import audit
from cprsync.store.core import tables
from cprsync.store.core.engine import parts
from cprsync.store.core.tenant import written
from cprsync.store.netmedia import effects
from cprsync.store.netmedia.accounts import these, waiting
from cprsync.store.netmedia.effects import payload
from cprsync.store.records.moving_on import move_on
from cprsync.store.reviews.review_items import ask_staff, settle_items

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cprsync.domain.netmedia.account import Held
    from cprsync.domain.netmedia.drift import Repair
    from cprsync.services.ports.values import Run
    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Tenant

#: The kind of the audit entry that says how an account had drifted.
DRIFTED: Final = "account_drift"
_PATRON = tables.patron.c
_ACCOUNT = tables.account.c
_ITEM = tables.review_item.c


# -- what was seen -------------------------------------------------------------------------------------------------

_SEEN: Final = (
    update(tables.account)
    .where(_ACCOUNT.agency == bindparam("at_agency"), _ACCOUNT.patron_id == bindparam("at_patron"))
    .values(seen=bindparam("now_seen"), checked=bindparam("now"))
)


def see(tenant: Tenant, run: Run | None, seen: Sequence[tuple[str, Held]], *, gone: Sequence[str] = ()) -> None:
    """Write what was read of accounts that are right, in one transaction.

    `gone`: patrons who must have no account, and have none.

    Raises:
        FenceLost: a newer run has taken over.
    """
    if not seen and not gone:
        return
    with written(tenant, run) as connection:
        note_seen(connection, tenant, seen)
        settle_items(connection, tenant, [patron_id for patron_id, _ in seen], NET_MEDIA_FOREIGN)
        for part in parts(gone):
            connection.execute(delete(tables.account).where(these(tenant, part)))


def note_seen(connection: Connection, tenant: Tenant, seen: Sequence[tuple[str, Held]]) -> None:
    """Write what was just read of these accounts, in the caller's transaction."""
    now = tenant.stamp()
    rows = [
        {"at_agency": tenant.agency, "at_patron": one, "now_seen": _number_of(held), "now": now} for one, held in seen
    ]
    if rows:
        connection.execute(_SEEN, rows)


def _number_of(held: Held) -> str | None:
    return (held.municipality or NOWHERE) if held.account or held.agencies else None


# -- repairs -------------------------------------------------------------------------------------------------------


def repair(tenant: Tenant, run: Run | None, repairs: Sequence[Repair]) -> Repaired:
    """Add the effects of these repairs to the outbox, or leave them to a person, in one transaction.

    A patron is left unchanged if they were written since, or if an effect waits for them by now.

    Raises:
        FenceLost: a newer run has taken over.
    """
    with written(tenant, run) as connection:
        held = _hold(connection, tenant, sorted({one.patron_id for one in repairs}))
        still = [one for one in repairs if one.patron_id in held and held[one.patron_id].version == one.version]
        put_in = sum(_put_in(connection, tenant, held, one) for one in still)
        foreign = {one.patron_id: one.held for one in still if one.held and Drift.FOREIGN in one.drift}
        left = leave_to_staff(connection, tenant, run, foreign)
        mended = [one.patron_id for one in still if Drift.FOREIGN not in one.drift]
        settle_items(connection, tenant, mended, NET_MEDIA_FOREIGN)
        note_seen(connection, tenant, [(one.patron_id, one.held) for one in still if one.held and one.want.account])
        number = None if run is None else run.id
        told = [
            audit.Happened(DRIFTED, run=number, patron=one.patron_id, actions=tuple(d.value for d in one.drift))
            for one in still
            if one.effect(one.version) is not None or one.patron_id in left
        ]
        audit.append(connection, tenant, tenant.night, told)
    return Repaired(put_in, tuple(left))


def _hold(connection: Connection, tenant: Tenant, ids: Sequence[str]) -> dict[str, AnyRow]:
    """Return the rows of these patrons, held, without patrons with an effect that waits by now."""
    held: dict[str, AnyRow] = {}
    for part in parts(ids):
        theirs = (_PATRON.agency == tenant.agency) & _PATRON.id.in_(part)
        rows = connection.execute(select(tables.patron).where(theirs).order_by(_PATRON.id).with_for_update()).all()
        waits = waiting(connection, tenant, part)
        held |= {row.id: row for row in rows if row.id not in waits}
    return held


def _put_in(connection: Connection, tenant: Tenant, held: dict[str, AnyRow], one: Repair) -> bool:
    """Add a repair's effect under a version of its own: no version is used twice (decision 21)."""
    row = held[one.patron_id]
    effect = one.effect(row.version + 1)
    if effect is None:
        return False
    held[one.patron_id] = move_on(connection, tenant, row)
    told = payload(effect.identity, effect.municipality, gone=effect.gone, sweeps=effect.sweeps, repairs=effect.repairs)
    effects.add(connection, tenant, one.patron_id, effect.version, told)
    return True


def leave_to_staff(connection: Connection, tenant: Tenant, run: Run | None, foreign: Mapping[str, Held]) -> list[str]:
    """Ask staff about another library's number, if `asks_about_foreign` says so.

    Call it before what is read now is written, because that is compared with what was read before.
    """
    now = {patron_id: _number_of(held) for patron_id, held in foreign.items()}
    latest: dict[str, State] = {}
    before: dict[str, str | None] = {}
    for part in parts(sorted(now)):
        theirs = (_ITEM.agency == tenant.agency) & (_ITEM.kind == NET_MEDIA_FOREIGN) & _ITEM.patron_id.in_(part)
        items = connection.execute(select(_ITEM.patron_id, _ITEM.state).where(theirs).order_by(_ITEM.id))
        latest |= {row.patron_id: State(row.state) for row in items}
        seen = connection.execute(select(_ACCOUNT.patron_id, _ACCOUNT.seen).where(these(tenant, part)))
        before |= {row.patron_id: row.seen for row in seen}
    fresh = [one for one in sorted(now) if asks_about_foreign(latest.get(one), before=before.get(one), now=now[one])]
    ask_staff(connection, tenant, run or tenant.no_run, fresh, NET_MEDIA_FOREIGN)
    return fresh
