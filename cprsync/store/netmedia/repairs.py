"""What is written about accounts in CULR that were read: what was seen, the repair, and the question to a person.

A repair waits in the outbox like any other effect. A patron is left unchanged if they were written since the decision,
or if an effect waits for them by now. This module calls no other system and decides nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, bindparam, delete, select, union, update

from cprsync.domain.netmedia.account import NOWHERE
from cprsync.domain.netmedia.drift import Drift, asks_about_foreign
from cprsync.domain.patron.local import Stage
from cprsync.domain.patron.review import NET_MEDIA_FOREIGN, State
from cprsync.services.ports.netmedia import Checked, Repaired
from cprsync.store.audit import audit
from cprsync.store.core import tables
from cprsync.store.core.engine import parts, reading
from cprsync.store.core.tenant import TenantStore, run_transaction
from cprsync.store.netmedia import effects
from cprsync.store.netmedia.accounts import rows_of, waiting
from cprsync.store.netmedia.effects import CULR, WAITING, payload
from cprsync.store.netmedia.entitlements import kept_lines
from cprsync.store.records.records import from_row, move_on, open_local, overrides_of
from cprsync.store.reviews.review_items import ask_staff, settle_items

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cprsync.domain.netmedia.account import Held
    from cprsync.domain.netmedia.drift import Repair
    from cprsync.services.ports.runs import Run
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


_OUT = tables.outbox.c
_IMAGE = tables.before_image.c


class AccountRepairs(TenantStore):
    """Accounts in CULR that are read and repaired, and records that are verified."""

    def see(self, run: Run | None, seen: Sequence[tuple[str, Held]], *, gone: Sequence[str] = ()) -> None:
        if not seen and not gone:
            return
        with run_transaction(self._tenant, run) as connection:
            note_seen(connection, self._tenant, seen)
            settle_items(connection, self._tenant, [patron_id for patron_id, _ in seen], NET_MEDIA_FOREIGN)
            for part in parts(gone):
                connection.execute(delete(tables.account).where(rows_of(self._tenant, part)))

    def repair(self, run: Run | None, repairs: Sequence[Repair]) -> Repaired:
        with run_transaction(self._tenant, run) as connection:
            held = _hold(connection, self._tenant, sorted({one.patron_id for one in repairs}))
            still = [one for one in repairs if one.patron_id in held and held[one.patron_id].version == one.version]
            put_in = sum(_put_in(connection, self._tenant, held, one) for one in still)
            foreign = {one.patron_id: one.held for one in still if one.held and Drift.FOREIGN in one.drift}
            left = leave_to_staff(connection, self._tenant, run, foreign)
            mended = [one.patron_id for one in still if Drift.FOREIGN not in one.drift]
            settle_items(connection, self._tenant, mended, NET_MEDIA_FOREIGN)
            note_seen(
                connection, self._tenant, [(one.patron_id, one.held) for one in still if one.held and one.want.account]
            )
            number = None if run is None else run.id
            told = [
                audit.Happened(DRIFTED, run=number, patron=one.patron_id, actions=tuple(d.value for d in one.drift))
                for one in still
                if one.effect(one.version) is not None or one.patron_id in left
            ]
            audit.append(connection, self._tenant, self._tenant.night, told)
        return Repaired(put_in, tuple(left))

    def checked_page(self, after: str, limit: int) -> list[Checked]:
        found = select(tables.patron).where(_PATRON.agency == self._tenant.agency, _PATRON.id > after)
        with reading(self._tenant.engine) as connection:
            rows = connection.execute(found.order_by(_PATRON.id).limit(limit)).all()
            kept = kept_lines(connection, self._tenant, rows)
            corrected = overrides_of(connection, self._tenant, rows)
        return [
            Checked(
                patron=from_row(self._tenant.vault, row, corrected.get(row.id, ())),
                local=open_local(self._tenant, row),
                stage=Stage.CLOSED if row.status_class in tables.GONE else Stage(row.standing),
                gone=row.status_class in tables.GONE,
                rights=kept.get(row.id),
                waits=_waits(self._tenant, row),
            )
            for row in rows
        ]

    def wrong_versions(self) -> list[str]:
        theirs = (
            (_PATRON.agency == self._tenant.agency)
            & (_PATRON.agency == _ACCOUNT.agency)
            & (_PATRON.id == _ACCOUNT.patron_id)
        )
        waits = (_OUT.agency == self._tenant.agency) & (_OUT.target == CULR)
        settled = waits & (_OUT.agency == _ACCOUNT.agency) & (_OUT.patron_id == _ACCOUNT.patron_id)
        owner = waits & (_PATRON.agency == _OUT.agency) & (_PATRON.id == _OUT.patron_id)
        before = (
            (_IMAGE.agency == self._tenant.agency)
            & (_PATRON.agency == _IMAGE.agency)
            & (_PATRON.id == _IMAGE.patron_id)
        )
        wrong = union(
            select(_ACCOUNT.patron_id).where(theirs, _ACCOUNT.version > _PATRON.version),
            select(_OUT.patron_id).where(settled, _OUT.state == WAITING, _OUT.version <= _ACCOUNT.version),
            select(_OUT.patron_id).where(owner, _OUT.version > _PATRON.version),
            select(_IMAGE.patron_id).where(before, _IMAGE.version >= _PATRON.version),
        )
        with reading(self._tenant.engine) as connection:
            return sorted(connection.scalars(wrong))

    def let_stand(self, ids: Sequence[str]) -> set[str]:
        latest: dict[str, str] = {}
        with reading(self._tenant.engine) as connection:
            for part in parts(ids):
                theirs = (
                    (_ITEM.agency == self._tenant.agency)
                    & (_ITEM.kind == NET_MEDIA_FOREIGN)
                    & _ITEM.patron_id.in_(part)
                )
                for row in connection.execute(select(_ITEM.patron_id, _ITEM.state).where(theirs).order_by(_ITEM.id)):
                    latest[row.patron_id] = row.state
        return {one for one, state in latest.items() if state == State.REJECTED.value}


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
        seen = connection.execute(select(_ACCOUNT.patron_id, _ACCOUNT.seen).where(rows_of(tenant, part)))
        before |= {row.patron_id: row.seen for row in seen}
    fresh = [one for one in sorted(now) if asks_about_foreign(latest.get(one), before=before.get(one), now=now[one])]
    ask_staff(connection, tenant, run or tenant.no_run, fresh, NET_MEDIA_FOREIGN)
    return fresh


def _waits(tenant: Tenant, row: AnyRow) -> bool:
    """Return whether the patron's rights are still to be derived."""
    is_due = row.rights_due is not None and row.rights_due <= tenant.clock.today()
    return bool(is_due or row.rights_local != row.local_version)
