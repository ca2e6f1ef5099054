"""How each target stands: met, loaded, stopped, let go on, forgotten."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from sqlalchemy import case, delete, exists, func, insert, select, update

from cprsync.domain.outward.target import number_to_forget, view
from cprsync.errors import SealBroken
from cprsync.services.ports.netmedia import Backlog
from cprsync.services.ports.outward import FROM_THE_START, Targets, TargetState
from cprsync.store import tables
from cprsync.store.audit import audit
from cprsync.store.audit.binding import BRAKE, Entries, bind
from cprsync.store.core.bulk import append
from cprsync.store.core.engine import moment_of
from cprsync.store.core.tenant import TenantStore, library_transaction
from cprsync.store.netmedia.accounts import WAITS_FOR_REGISTER
from cprsync.store.netmedia.effects import CULR, FAILED, WAITING
from cprsync.store.outward.changes import (
    effect_row,
    follow_marks,
    follow_patrons,
    forget_changes,
    has_met_targets,
    last_changes,
    open_change,
)
from cprsync.store.outward.queues import is_ours, settle_answered, waiting_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cprsync.domain.outward.target import Target
    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Tenant, Transaction

#: The kinds of audit entries: somebody let a target go on, or forgot it.
RELEASED: Final = "target_released"
FORGOTTEN: Final = "target_forgotten"
#: In place of why a target is stopped: somebody let it go on, and the brake waits until it has lost what it must lose.
LET_GO: Final = "let_go"
#: How many signs of a stamp come before the fraction, and what the fraction counts to.
_SECONDS: Final = 19
_MILLION: Final = 1_000_000
_FRACTION_BYTES: Final = 8
_OUT, _TARGET, _TOLD = tables.outbox.c, tables.target.c, tables.target_patron.c
_MARK, _PATRON = tables.change_mark.c, tables.patron.c


class SqlTargets(TenantStore, Targets):
    """The targets of the library, as the store has met them."""

    def states(self) -> list[TargetState]:
        tenant = self._tenant
        kinds = {one.name: one for one in tenant.targets}
        with tenant.reading() as transaction:
            rows = {row.name: row for row in transaction.execute(select(tables.target).where(is_ours(_TARGET, tenant)))}
            brakes = _brakes(transaction)
            waits = _backlogs(transaction)
            told = select(_TOLD.target, func.count()).where(is_ours(_TOLD, tenant)).group_by(_TOLD.target)
            counts: dict[str, int] = {row[0]: row[1] for row in transaction.execute(told)}
            refusing = select(_OUT.target, func.count(_OUT.patron_id.distinct())).group_by(_OUT.target)
            refusing = refusing.where(is_ours(_OUT, tenant), _OUT.target != CULR, _OUT.state == FAILED)
            refused: dict[str, int] = {row[0]: row[1] for row in transaction.execute(refusing)}
        states = [
            _state(name, kinds.get(name), rows.get(name), waits.get(name, Backlog()), brakes.get(name))
            for name in sorted({*kinds, *rows})
        ]
        return [replace(one, told=counts.get(one.name, 0), refused=refused.get(one.name, 0)) for one in states]

    def stopped(self) -> dict[str, str]:
        with self._tenant.reading() as transaction:
            brakes = _brakes(transaction)
        return {name: one.why or "" for name, one in brakes.items() if one.stopped is not None}

    def note(self, target: Target) -> bool:
        this = is_ours(_TARGET, self._tenant) & (_TARGET.name == target.name)
        with self._tenant.reading() as transaction:
            row = transaction.execute(select(tables.target).where(this)).one_or_none()
        if row is not None and row.stamp == target.stamp:
            return row.loaded is not None
        values = {"kind": target.kind.value, "stamp": target.stamp, "loaded": FROM_THE_START}
        with library_transaction(self._tenant) as transaction:
            if target.kind.is_fetched:
                # it was sent to before: what waits then would never be sent
                waits = is_ours(_OUT, self._tenant) & (_OUT.target == target.name)
                transaction.execute(delete(tables.outbox).where(waits))
            if row is None:
                key = {"agency": transaction.agency, "name": target.name, "since": transaction.stamp()}
                transaction.execute(insert(tables.target).values(**key, **values))
            else:
                transaction.execute(update(tables.target).where(this).values(**values))
        return True

    def load(self, target: Target, limit: int) -> int:
        tenant = self._tenant
        this = is_ours(_TARGET, tenant) & (_TARGET.name == target.name)
        with library_transaction(tenant) as transaction:
            last = transaction.scalar(select(_TARGET.loaded).where(this))
            if last is None:
                return 0
            known = is_ours(_TOLD, tenant) & (_TOLD.target == target.name) & (_TOLD.patron_id > last)
            ours = (_PATRON.agency == transaction.agency) & (_PATRON.id > last)
            ids = set(transaction.scalars(select(_PATRON.id).where(ours).order_by(_PATRON.id).limit(limit)))
            ids |= set(transaction.scalars(select(_TOLD.patron_id).where(known).order_by(_TOLD.patron_id).limit(limit)))
            page = sorted(ids)[:limit]
            follow_patrons(transaction, page)
            if not target.kind.is_fetched:
                queue_again(transaction, target, page)
            loaded = page[-1] if len(page) == limit else None
            transaction.execute(update(tables.target).where(this).values(loaded=loaded))
        return len(page)

    def stop(self, name: str, why: str) -> None:
        this = is_ours(_TARGET, self._tenant) & (_TARGET.name == name) & _TARGET.stopped.is_(None)
        with library_transaction(self._tenant) as transaction:
            stopped = update(tables.target).where(this).values(stopped=transaction.stamp(), stopped_why=why)
            transaction.execute(stopped)
            bind(transaction, BRAKE, {name: None})

    def release(self, name: str, *, user: str, reason: str) -> bool:
        this = is_ours(_TARGET, self._tenant) & (_TARGET.name == name) & _TARGET.stopped.is_not(None)
        with library_transaction(self._tenant) as transaction:
            going = update(tables.target).where(this).values(stopped=None, stopped_why=LET_GO)
            if not transaction.execute(going).rowcount:
                return False
            _note(transaction, RELEASED, name, (user, reason))
            bind(transaction, BRAKE, {name: None})
        return True

    def brake_again(self, name: str) -> None:
        this = is_ours(_TARGET, self._tenant) & (_TARGET.name == name) & (_TARGET.stopped_why == LET_GO)
        with library_transaction(self._tenant) as transaction:
            if transaction.execute(update(tables.target).where(this).values(stopped_why=None)).rowcount:
                bind(transaction, BRAKE, {name: None})

    def load_again(self, name: str) -> None:
        this = is_ours(_TARGET, self._tenant) & (_TARGET.name == name) & _TARGET.loaded.is_(None)
        with library_transaction(self._tenant) as transaction:
            transaction.execute(update(tables.target).where(this).values(loaded=FROM_THE_START))

    def forget(self, name: str, *, user: str, reason: str) -> int:
        tenant = self._tenant
        with library_transaction(tenant) as transaction:
            waiting = is_ours(_OUT, tenant) & (_OUT.target == name)
            refused = set(transaction.scalars(select(_OUT.patron_id).where(waiting, _OUT.state == FAILED)))
            left = transaction.execute(delete(tables.outbox).where(waiting)).rowcount
            settle_answered(transaction, refused)
            transaction.execute(delete(tables.target_patron).where(is_ours(_TOLD, tenant), _TOLD.target == name))
            transaction.execute(delete(tables.target).where(is_ours(_TARGET, tenant), _TARGET.name == name))
            if not has_met_targets(transaction):
                forget_changes(transaction)
            _note(transaction, FORGOTTEN, name, (user, reason))
            bind(transaction, BRAKE, {name: None})
        return left

    def follow(self, after: str = FROM_THE_START) -> str | None:
        marked = select(exists().where(is_ours(_MARK, self._tenant), _MARK.patron_id > after))
        with self._tenant.reading() as transaction:
            if not transaction.scalar(marked):
                return None
        with library_transaction(self._tenant) as transaction:
            return follow_marks(transaction, after)


@dataclass(frozen=True, slots=True)
class _Brake:
    """When and why a target was stopped; `why` alone: what became of that."""

    stopped: str | None
    why: str | None


def _brakes(transaction: Transaction) -> dict[str, _Brake]:
    """Return what stops each target. A stop that was taken away past the program stands, and a release does not."""
    wanted = select(_TARGET.name, _TARGET.stopped, _TARGET.stopped_why).where(is_ours(_TARGET, transaction.tenant))
    rows = {row.name: _Brake(row.stopped, row.stopped_why) for row in transaction.execute(wanted)}
    said = {key: told for key, told in Entries(transaction, BRAKE).all().items() if told is not None}
    for name, row in rows.items():
        by_entry = _Brake(*said.get(name, (None, None)))
        if row.stopped is None and row != by_entry:
            rows[name] = by_entry
    return rows


def _backlogs(transaction: Transaction) -> dict[str, Backlog]:
    told = case((WAITS_FOR_REGISTER, None), else_=_OUT.created)
    counted = select(_OUT.target, _OUT.state, func.count().label("many"), func.min(told).label("oldest"))
    counted = counted.where(is_ours(_OUT, transaction.tenant), _OUT.target != CULR).group_by(_OUT.target, _OUT.state)
    found: dict[str, dict[str, AnyRow]] = defaultdict(dict)
    for row in transaction.execute(counted, transaction.ours):
        found[row.target][row.state] = row
    return {
        name: Backlog(
            states[WAITING].many if WAITING in states else 0,
            states[FAILED].many if FAILED in states else 0,
            moment_of(states[WAITING].oldest) if WAITING in states and states[WAITING].oldest else None,
        )
        for name, states in found.items()
    }


def _state(name: str, target: Target | None, row: AnyRow | None, waits: Backlog, brake: _Brake | None) -> TargetState:
    brake = brake or _Brake(None, None)
    stopped = None if brake.stopped is None else moment_of(brake.stopped)
    return TargetState(
        name,
        row.kind if target is None and row is not None else target.kind.value if target is not None else "",
        set_up=target is not None,
        loaded=row is not None and row.loaded is None and (target is None or row.stamp == target.stamp),
        backlog=waits,
        told=0,
        stopped=stopped,
        stopped_why=None if stopped is None else brake.why,
        let_go=brake.why == LET_GO,
    )


def _note(transaction: Transaction, kind: str, name: str, by: tuple[str, str]) -> None:
    """`by`: who did it, and why."""
    user, reason = by
    happened = audit.Happened(kind, user=user, more=(("target", name),), reason=reason)
    audit.append(transaction, audit.DESK, [happened])


def _stamp_apart(tenant: Tenant) -> str:
    """The time, with a second's fraction of its own.

    A mock's clock stands still, and what is queued again must not look as if it was told already.
    """
    fraction = int.from_bytes(tenant.random(_FRACTION_BYTES)) % _MILLION
    return f"{tenant.stamp()[:_SECONDS]}.{fraction:06}Z"


def queue_again(transaction: Transaction, target: Target, ids: Sequence[str]) -> None:
    """Queue the last change of each of these patrons, unless one waits already or the target need not hear of it.

    It takes the place of what the target refused about the patron: the question about that is settled, and is asked
    again if this is refused too.
    """
    rows = last_changes(transaction, ids)
    waits = select(_OUT.patron_id).where(waiting_for(transaction.tenant, target.name))
    waiting = set(transaction.fetch_values(waits, _OUT.patron_id, ids))
    known = select(_TOLD.patron_id).where(is_ours(_TOLD, transaction.tenant), _TOLD.target == target.name)
    told = set(transaction.fetch_values(known, _TOLD.patron_id, ids))
    now = _stamp_apart(transaction.tenant)
    queued = {}
    for patron_id, row in rows.items():
        try:
            record = open_change(transaction.tenant, row)
        except SealBroken:
            record = None  # whoever sends finds it
            told.add(patron_id)
        payload = view(record, target)
        must_hear = payload is not None or patron_id in told or number_to_forget(record, target) is not None
        if patron_id in waiting or not must_hear:
            continue
        urgent = payload is None or payload["protected"]
        queued[patron_id] = effect_row(transaction.tenant, target.name, patron_id, row.seq, now, urgent=urgent)
    whose = set(queued)
    refused = is_ours(_OUT, transaction.tenant) & (_OUT.target == target.name) & (_OUT.state == FAILED)
    if transaction.change_rows(delete(tables.outbox).where(refused), _OUT.patron_id, whose):
        settle_answered(transaction, whose)
    append(transaction.connection, tables.outbox, list(queued.values()))
