"""What waits for the targets that are sent to, and what each target was told.

An effect is marked as offered before its first call. After its last call it is deleted. If the process is killed in
between, the effect waits and is offered again: it sets a state, so twice is as once.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Integer, bindparam, delete, func, insert, select, text, update

from cprsync.domain.outward.target import ATTEMPTS, view
from cprsync.domain.patron.review import TARGET_NOT_TAKEN
from cprsync.services.ports.netmedia import Backlog
from cprsync.services.ports.outward import Delivered, OutwardEffect, TargetState
from cprsync.store.audit import audit
from cprsync.store.core import tables
from cprsync.store.core.bulk import append
from cprsync.store.core.engine import fetch_rows, fetch_values, moment_of, reading, writing
from cprsync.store.core.tenant import TenantStore, library_transaction, run_transaction
from cprsync.store.netmedia.effects import CULR, FAILED, WAITING
from cprsync.store.outward.changes import (
    effect_row,
    follow_marks,
    follow_patrons,
    last_changes,
    open_change,
)
from cprsync.store.reviews.review_items import ask_staff, settle_items

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import ColumnElement, Connection

    from cprsync.domain.outward.target import Target
    from cprsync.services.ports.outward import Undelivered
    from cprsync.services.ports.runs import Run
    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Tenant

#: The kinds of audit entries: a target was told of a patron; somebody let a target go on, or forgot it.
TOLD_TARGET: Final = "told"
RELEASED: Final = "target_released"
FORGOTTEN: Final = "target_forgotten"
#: Before the first patron.
_FROM_THE_START: Final = ""
_OUT, _TARGET, _TOLD = tables.outbox.c, tables.target.c, tables.target_patron.c
_PATRON, _CHANGE = tables.patron.c, tables.change.c


class Targets(TenantStore):
    """The targets of the library, as the store has met them."""

    def states(self) -> list[TargetState]:
        tenant = self._tenant
        kinds = {one.name: one for one in tenant.targets}
        with reading(tenant.engine) as connection:
            rows = {row.name: row for row in connection.execute(select(tables.target).where(_is_ours(_TARGET, tenant)))}
            waits = _backlogs(connection, tenant)
            told = select(_TOLD.target, func.count()).where(_is_ours(_TOLD, tenant)).group_by(_TOLD.target)
            counts: dict[str, int] = {row[0]: row[1] for row in connection.execute(told)}
        return [
            _state(name, kinds.get(name), rows.get(name), waits.get(name, Backlog()), counts.get(name, 0))
            for name in sorted({*kinds, *rows})
        ]

    def meet(self, target: Target) -> bool:
        this = _is_ours(_TARGET, self._tenant) & (_TARGET.name == target.name)
        with reading(self._tenant.engine) as connection:
            row = connection.execute(select(tables.target).where(this)).one_or_none()
        if row is not None and row.stamp == target.stamp:
            return row.loaded is not None
        values = {"kind": target.kind.value, "stamp": target.stamp, "loaded": _FROM_THE_START}
        with library_transaction(self._tenant) as connection:
            if row is None:
                key = {"agency": self._tenant.agency, "name": target.name, "since": self._tenant.stamp()}
                connection.execute(insert(tables.target).values(**key, **values))
            else:
                connection.execute(update(tables.target).where(this).values(**values))
        return True

    def load(self, target: Target, limit: int) -> int:
        tenant = self._tenant
        this = _is_ours(_TARGET, tenant) & (_TARGET.name == target.name)
        with library_transaction(tenant) as connection:
            last = connection.scalar(select(_TARGET.loaded).where(this))
            if last is None:
                return 0
            known = _is_ours(_TOLD, tenant) & (_TOLD.target == target.name) & (_TOLD.patron_id > last)
            ours = (_PATRON.agency == tenant.agency) & (_PATRON.id > last)
            ids = set(connection.scalars(select(_PATRON.id).where(ours).order_by(_PATRON.id).limit(limit)))
            ids |= set(connection.scalars(select(_TOLD.patron_id).where(known).order_by(_TOLD.patron_id).limit(limit)))
            page = sorted(ids)[:limit]
            follow_patrons(connection, tenant, page)
            if not target.kind.is_fetched:
                queue_again(connection, tenant, target, page)
            loaded = page[-1] if len(page) == limit else None
            connection.execute(update(tables.target).where(this).values(loaded=loaded))
        return len(page)

    def stop(self, name: str, why: str) -> None:
        this = _is_ours(_TARGET, self._tenant) & (_TARGET.name == name) & _TARGET.stopped.is_(None)
        with writing(self._tenant.engine) as connection:
            stopped = update(tables.target).where(this).values(stopped=self._tenant.stamp(), stopped_why=why)
            connection.execute(stopped)

    def release(self, name: str, *, user: str, reason: str) -> bool:
        this = _is_ours(_TARGET, self._tenant) & (_TARGET.name == name) & _TARGET.stopped.is_not(None)
        with library_transaction(self._tenant) as connection:
            going = update(tables.target).where(this).values(stopped=None, stopped_why=None)
            if not connection.execute(going).rowcount:
                return False
            _note(connection, self._tenant, RELEASED, name, (user, reason))
        return True

    def forget(self, name: str, *, user: str, reason: str) -> int:
        tenant = self._tenant
        with library_transaction(tenant) as connection:
            waiting = _is_ours(_OUT, tenant) & (_OUT.target == name)
            left = connection.execute(delete(tables.outbox).where(waiting)).rowcount
            connection.execute(delete(tables.target_patron).where(_is_ours(_TOLD, tenant), _TOLD.target == name))
            connection.execute(delete(tables.target).where(_is_ours(_TARGET, tenant), _TARGET.name == name))
            _note(connection, tenant, FORGOTTEN, name, (user, reason))
        return left

    def follow(self) -> int:
        with library_transaction(self._tenant) as connection:
            return follow_marks(connection, self._tenant)


class Queues(TenantStore):
    """What waits for the targets that are sent to."""

    def order(self, target: str, *, urgent_only: bool = False) -> list[str]:
        waits = _waiting(self._tenant, target)
        wanted = select(_OUT.patron_id).where(waits & _OUT.urgent.is_(True) if urgent_only else waits)
        wanted = wanted.group_by(_OUT.patron_id)
        # a patron with anything urgent goes first, from the first effect on: the order of a patron's own is kept
        last = func.max(_URGENT)
        with reading(self._tenant.engine) as connection:
            return list(connection.scalars(wanted.order_by(last.desc(), func.min(_OUT.version), _OUT.patron_id)))

    def count_gone(self, target: Target) -> int:
        # one that has a row of `target_patron` and is not for the target by the effect that waits
        known = select(_TOLD.patron_id).where(_is_ours(_TOLD, self._tenant), _TOLD.target == target.name)
        waits = _waiting(self._tenant, target.name) & _OUT.urgent.is_(True) & _OUT.patron_id.in_(known)
        with reading(self._tenant.engine) as connection:
            rows = connection.execute(select(_OUT.patron_id, _OUT.version).where(waits)).all()
            told = _views(connection, self._tenant, target, rows)
        return sum(payload is None for payload in told.values())

    def queues(self, target: Target, ids: Sequence[str]) -> list[tuple[OutwardEffect, ...]]:
        found: dict[str, list[AnyRow]] = defaultdict(list)
        wanted = select(tables.outbox).where(_waiting(self._tenant, target.name)).order_by(_OUT.version)
        known = select(_TOLD.patron_id, _TOLD.remote).where(_is_ours(_TOLD, self._tenant), _TOLD.target == target.name)
        with reading(self._tenant.engine) as connection:
            rows = fetch_rows(connection, wanted, _OUT.patron_id, ids)
            for row in rows:
                found[row.patron_id].append(row)
            remote = {row.patron_id: row.remote for row in fetch_rows(connection, known, _TOLD.patron_id, ids)}
            payloads = _views(connection, self._tenant, target, rows)
        return [
            tuple(
                OutwardEffect(
                    target.name,
                    row.patron_id,
                    row.version,
                    payloads[row.version],
                    remote=remote.get(row.patron_id),
                    urgent=row.urgent,
                )
                for row in found[patron_id]
            )
            for patron_id in ids
            if patron_id in found
        ]

    def offer(self, effects: Sequence[OutwardEffect]) -> None:
        if effects:
            with writing(self._tenant.engine) as connection:
                connection.execute(_OFFER, [{**_at(self._tenant, one), "now": self._tenant.stamp()} for one in effects])

    def settle(
        self, run: Run | None, outcomes: Sequence[tuple[OutwardEffect, Delivered | Undelivered]]
    ) -> list[tuple[str, str]]:
        tenant = self._tenant
        done = [(effect, outcome) for effect, outcome in outcomes if isinstance(outcome, Delivered)]
        rest = [(effect, outcome) for effect, outcome in outcomes if not isinstance(outcome, Delivered)]
        with run_transaction(tenant, run) as connection:
            if done:
                connection.execute(_TAKE_OUT, [_at(tenant, effect) for effect, _ in done])
                _note_told(connection, tenant, done)
                _settle_refused(connection, tenant, [effect for effect, _ in done])
                stream = audit.DESK if run is None else tenant.night
                told = [
                    audit.Happened(TOLD_TARGET, run=run, patron=effect.patron_id, actions=(effect.target,))
                    for effect, _ in done
                ]
                audit.append(connection, tenant, stream, told)
            left = _fail(connection, tenant, run or tenant.no_run, rest) if rest else []
        return [(one, TARGET_NOT_TAKEN) for one in left]


def _is_ours(columns: Any, tenant: Tenant) -> ColumnElement[bool]:
    is_ours: ColumnElement[bool] = columns.agency == tenant.agency
    return is_ours


def _waiting(tenant: Tenant, target: str) -> ColumnElement[bool]:
    return _is_ours(_OUT, tenant) & (_OUT.target == target) & (_OUT.state == WAITING)


def _backlogs(connection: Connection, tenant: Tenant) -> dict[str, Backlog]:
    counted = select(_OUT.target, _OUT.state, func.count().label("many"), func.min(_OUT.created).label("oldest"))
    counted = counted.where(_is_ours(_OUT, tenant), _OUT.target != CULR).group_by(_OUT.target, _OUT.state)
    found: dict[str, dict[str, AnyRow]] = defaultdict(dict)
    for row in connection.execute(counted):
        found[row.target][row.state] = row
    return {
        name: Backlog(
            states[WAITING].many if WAITING in states else 0,
            states[FAILED].many if FAILED in states else 0,
            moment_of(states[WAITING].oldest) if WAITING in states else None,
        )
        for name, states in found.items()
    }


def _state(name: str, target: Target | None, row: AnyRow | None, waits: Backlog, told: int) -> TargetState:
    stopped = None if row is None or row.stopped is None else moment_of(row.stopped)
    return TargetState(
        name,
        row.kind if target is None and row is not None else target.kind.value if target is not None else "",
        set_up=target is not None,
        loaded=row is not None and row.loaded is None and (target is None or row.stamp == target.stamp),
        backlog=waits,
        told=told,
        stopped=stopped,
        stopped_why=None if row is None else row.stopped_why,
    )


def _note(connection: Connection, tenant: Tenant, kind: str, name: str, by: tuple[str, str]) -> None:
    """`by`: who did it, and why."""
    user, reason = by
    happened = audit.Happened(kind, user=user, more=(("target", name),), reason=reason)
    audit.append(connection, tenant, audit.DESK, [happened])


def queue_again(connection: Connection, tenant: Tenant, target: Target, ids: Sequence[str]) -> None:
    """Queue the last change of each of these patrons, unless one waits already or the target need not hear of it."""
    rows = last_changes(connection, tenant, ids)
    waits = select(_OUT.patron_id).where(_waiting(tenant, target.name))
    waiting = set(fetch_values(connection, waits, _OUT.patron_id, ids))
    known = select(_TOLD.patron_id).where(_is_ours(_TOLD, tenant), _TOLD.target == target.name)
    told = set(fetch_values(connection, known, _TOLD.patron_id, ids))
    now = tenant.stamp()
    queued = []
    for patron_id, row in rows.items():
        payload = view(open_change(tenant, row), target)
        if patron_id in waiting or (payload is None and patron_id not in told):
            continue
        urgent = payload is None or payload["protected"]
        queued.append(effect_row(tenant, target.name, patron_id, row.seq, now, urgent=urgent))
    append(connection, tables.outbox, queued)


def _views(
    connection: Connection, tenant: Tenant, target: Target, rows: Iterable[AnyRow]
) -> dict[int, dict[str, Any] | None]:
    """Return what the target may get, by the number of the change."""
    wanted = select(tables.change).where(_is_ours(_CHANGE, tenant))
    changes = fetch_rows(connection, wanted, _CHANGE.seq, sorted({row.version for row in rows}))
    return {row.seq: view(open_change(tenant, row), target) for row in changes}


_URGENT: Final = _OUT.urgent.cast(Integer)
_THIS: Final = (
    (_OUT.agency == bindparam("at_agency"))
    & (_OUT.target == bindparam("at_target"))
    & (_OUT.patron_id == bindparam("at_patron"))
    & (_OUT.version == bindparam("at_version"))
)
_OFFER: Final = update(tables.outbox).where(_THIS, _OUT.offered.is_(None)).values(offered=bindparam("now"))
_TAKE_OUT: Final = delete(tables.outbox).where(_THIS)
_FAIL: Final = (
    update(tables.outbox)
    .where(_THIS)
    .values(attempts=_OUT.attempts + 1, code=bindparam("said"), state=bindparam("now_state"))
)
_NOTE_TOLD: Final = text(
    "INSERT INTO target_patron (agency, target, patron_id, told, remote)"
    " VALUES (:agency, :target, :patron_id, :told, :remote)"
    " ON CONFLICT (agency, target, patron_id) DO UPDATE SET told = excluded.told,"
    " remote = COALESCE(excluded.remote, target_patron.remote) WHERE target_patron.told <= excluded.told"
)


def _at(tenant: Tenant, effect: OutwardEffect) -> dict[str, Any]:
    return {
        "at_agency": tenant.agency,
        "at_target": effect.target,
        "at_patron": effect.patron_id,
        "at_version": effect.version,
    }


def _note_told(connection: Connection, tenant: Tenant, done: Sequence[tuple[OutwardEffect, Delivered]]) -> None:
    """Note what each target knows now. It forgets nobody's number here: a patron who left is deleted there too."""
    held = [
        {
            "agency": tenant.agency,
            "target": effect.target,
            "patron_id": effect.patron_id,
            "told": effect.version,
            "remote": outcome.remote,
        }
        for effect, outcome in done
        if effect.payload is not None
    ]
    if held:
        connection.execute(_NOTE_TOLD, held)
    for effect, _ in done:
        if effect.payload is None:
            this = _is_ours(_TOLD, tenant) & (_TOLD.target == effect.target) & (_TOLD.patron_id == effect.patron_id)
            connection.execute(delete(tables.target_patron).where(this))


def _settle_refused(connection: Connection, tenant: Tenant, came_through: Sequence[OutwardEffect]) -> None:
    """Delete the older refused effects of these patrons at this target, and settle the question if none is left."""
    refused = _is_ours(_OUT, tenant) & (_OUT.target != CULR) & (_OUT.state == FAILED)
    whose = {effect.patron_id for effect in came_through}
    theirs = set(fetch_values(connection, select(_OUT.patron_id).where(refused), _OUT.patron_id, whose))
    if not theirs:
        return  # nearly always the case
    for effect in came_through:
        older = (_OUT.target == effect.target) & (_OUT.patron_id == effect.patron_id) & (_OUT.version < effect.version)
        connection.execute(delete(tables.outbox).where(refused, older))
    still = fetch_values(connection, select(_OUT.patron_id).where(refused), _OUT.patron_id, theirs)
    settle_items(connection, tenant, sorted(theirs.difference(still)), TARGET_NOT_TAKEN)


def _fail(
    connection: Connection, tenant: Tenant, run: Run, rest: Sequence[tuple[OutwardEffect, Undelivered]]
) -> list[str]:
    targets = sorted({effect.target for effect, _ in rest})
    wanted = select(_OUT.target, _OUT.patron_id, _OUT.version, _OUT.attempts)
    wanted = wanted.where(_is_ours(_OUT, tenant), _OUT.target.in_(targets))
    found = fetch_rows(connection, wanted, _OUT.patron_id, [effect.patron_id for effect, _ in rest])
    attempts = {(row.target, row.patron_id, row.version): row.attempts for row in found}
    rows, left = [], []
    for effect, outcome in rest:
        tried = attempts.get((effect.target, effect.patron_id, effect.version), 0) + 1
        ended = outcome.final or tried >= ATTEMPTS
        rows.append({**_at(tenant, effect), "said": outcome.code, "now_state": FAILED if ended else WAITING})
        left += [effect.patron_id] if ended else []
    connection.execute(_FAIL, rows)
    ask_staff(connection, tenant, run, left, TARGET_NOT_TAKEN)
    return left
