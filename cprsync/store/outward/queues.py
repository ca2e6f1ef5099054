"""What waits for the targets that are sent to, and what each target was told.

An effect is marked as offered before its first call. After its last call it is deleted. If the process is killed in
between, the effect waits and is offered again: it sets a state, so twice is as once.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Integer, bindparam, delete, exists, func, select, text, update

from cprsync.domain.outward.target import ATTEMPTS, hides, number_to_forget, view
from cprsync.domain.patron.review import TARGET_NOT_TAKEN
from cprsync.errors import SealBroken
from cprsync.services.ports.outward import Delivered, OutwardEffect, Queues
from cprsync.store import tables
from cprsync.store.audit import audit
from cprsync.store.core.tenant import TenantStore, run_transaction
from cprsync.store.netmedia.effects import CULR, FAIL, FAILED, WAITING, effect_key_of, offer
from cprsync.store.outward.changes import RENEWED, open_change, tell_anew
from cprsync.store.outward.describing import neighbours_of
from cprsync.store.reviews.review_items import ask_staff, settle_items

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import ColumnElement

    from cprsync.domain.outward.target import Target
    from cprsync.services.ports.outward import Undelivered
    from cprsync.services.ports.runs import Run
    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Tenant, Transaction

#: The kind of the audit's entry: a target was told of a patron.
TOLD_TARGET: Final = "told"
#: In place of a target's answer: neither the change nor the record opens.
BROKEN: Final = "seal_broken"
_OUT, _TOLD, _CHANGE, _MARK = tables.outbox.c, tables.target_patron.c, tables.change.c, tables.change_mark.c
_PATRON = tables.patron.c


class SqlQueues(TenantStore, Queues):
    """What waits for the targets that are sent to."""

    def order(self, target: str, *, urgent_only: bool = False, never_offered: bool = False) -> list[str]:
        waits = waiting_for(self._tenant, target)
        if urgent_only:
            waits &= _OUT.urgent.is_(True)
        if never_offered:
            waits &= _OUT.offered.is_(None)
        wanted = select(_OUT.patron_id).where(waits).group_by(_OUT.patron_id)
        # a patron with anything urgent goes first, from the first effect on: the order of a patron's own is kept
        last = func.max(_URGENT)
        with self._tenant.reading() as transaction:
            return list(transaction.scalars(wanted.order_by(last.desc(), func.min(_OUT.version), _OUT.patron_id)))

    def around(self, patron_id: str) -> dict[str, list[str]]:
        tenant = self._tenant
        waits = is_ours(_OUT, tenant) & (_OUT.target != CULR) & (_OUT.state == WAITING)
        # what was written about one who is still marked is told in no effect yet
        waits &= ~exists().where(is_ours(_MARK, tenant), _MARK.patron_id == _OUT.patron_id)
        told = (_OUT.patron_id == patron_id) | _OUT.urgent.is_(True)
        wanted = select(_OUT.target, _OUT.patron_id).where(waits, told).distinct()
        home = select(_PATRON.address_index).where(is_ours(_PATRON, tenant), _PATRON.id == patron_id)
        found: dict[str, list[str]] = defaultdict(list)
        with tenant.reading() as transaction:
            dwelling = transaction.scalar(home)
            near = neighbours_of(transaction, [patron_id], set() if dwelling is None else {dwelling.hex()})
            for row in transaction.fetch_rows(wanted, _OUT.patron_id, [patron_id, *sorted(near)]):
                found[row.target].append(row.patron_id)
        return dict(found)

    def count_gone(self, target: Target) -> int:
        # whom the target knows, and is to lose by the last effect that waits
        known = select(_TOLD.patron_id).where(is_ours(_TOLD, self._tenant), _TOLD.target == target.name)
        waits = waiting_for(self._tenant, target.name) & _OUT.patron_id.in_(known)
        last = select(_OUT.patron_id, func.max(_OUT.version).label("version")).where(waits).group_by(_OUT.patron_id)
        with self._tenant.reading() as transaction:
            rows = transaction.execute(last.having(func.max(_URGENT) == 1)).all()
            told = _views(transaction, target, rows)
        lost = [one for one in told.values() if one.payload is None and not one.hides and not one.is_broken]
        return sum(not one.held for one in lost)

    def queues(self, target: Target, ids: Sequence[str]) -> list[tuple[OutwardEffect, ...]]:
        found: dict[str, list[AnyRow]] = defaultdict(list)
        wanted = select(tables.outbox).where(waiting_for(self._tenant, target.name)).order_by(_OUT.version)
        known = select(_TOLD.patron_id, _TOLD.remote).where(is_ours(_TOLD, self._tenant), _TOLD.target == target.name)
        with self._tenant.reading() as transaction:
            rows = transaction.fetch_rows(wanted, _OUT.patron_id, ids)
            for row in rows:
                found[row.patron_id].append(row)
            remote = {row.patron_id: row.remote for row in transaction.fetch_rows(known, _TOLD.patron_id, ids)}
            seen = _views(transaction, target, rows)
        return [
            tuple(
                OutwardEffect(
                    target.name,
                    row.patron_id,
                    row.version,
                    seen[row.version].payload,
                    remote=remote.get(row.patron_id),
                    number=seen[row.version].number,
                    urgent=row.urgent,
                    hides=seen[row.version].hides,
                    held=seen[row.version].held,
                    queued=row.created,
                    is_broken=seen[row.version].is_broken,
                )
                for row in found[patron_id]
                # a change that is deleted meanwhile was replaced by a later one, which takes its effect out too
                if row.version in seen
            )
            for patron_id in ids
            if any(row.version in seen for row in found[patron_id])
        ]

    def refused(self, ids: Sequence[str]) -> dict[str, list[dict[str, str]]]:
        wanted = select(_OUT.patron_id, _OUT.target, _OUT.code).where(_is_refused(self._tenant)).order_by(_OUT.version)
        found: dict[str, dict[str, str]] = defaultdict(dict)
        with self._tenant.reading() as transaction:
            for row in transaction.fetch_rows(wanted, _OUT.patron_id, ids):
                found[row.patron_id][row.target] = row.code or ""
        return {
            patron_id: [{"name": name, "code": code} for name, code in sorted(codes.items())]
            for patron_id, codes in found.items()
        }

    def renew(self, run: Run | None, target: str, ids: Sequence[str]) -> list[tuple[str, str]]:
        tenant = self._tenant
        with run_transaction(tenant, run) as transaction:
            left = sorted(tell_anew(transaction, ids))
            renewed = [
                audit.Happened(RENEWED, run=run, patron=one, actions=(target,)) for one in ids if one not in left
            ]
            audit.append(transaction, audit.DESK if run is None else tenant.night, renewed)
            waits = update(tables.outbox).where(waiting_for(tenant, target))
            transaction.change_rows(waits.values(state=FAILED, code=BROKEN), _OUT.patron_id, left)
            ask_staff(transaction, run or tenant.no_run, left, TARGET_NOT_TAKEN)
        return [(one, TARGET_NOT_TAKEN) for one in left]

    def offer(self, effects: Sequence[OutwardEffect]) -> None:
        offer(self._tenant, (_at(self._tenant, one) for one in effects))

    def settle(
        self, run: Run | None, outcomes: Sequence[tuple[OutwardEffect, Delivered | Undelivered]]
    ) -> list[tuple[str, str]]:
        tenant = self._tenant
        done = [(effect, outcome) for effect, outcome in outcomes if isinstance(outcome, Delivered)]
        rest = [(effect, outcome) for effect, outcome in outcomes if not isinstance(outcome, Delivered)]
        with run_transaction(tenant, run) as transaction:
            if done:
                transaction.execute(_TAKE_OUT, [_at(tenant, effect) for effect, _ in done])
                _note_told(transaction, done)
                _settle_refused(transaction, [effect for effect, _ in done])
                stream = audit.DESK if run is None else tenant.night
                told = [
                    audit.Happened(TOLD_TARGET, run=run, patron=effect.patron_id, actions=(effect.target,))
                    for effect, _ in done
                ]
                audit.append(transaction, stream, told)
            left = _fail(transaction, run or tenant.no_run, rest) if rest else []
        return [(one, TARGET_NOT_TAKEN) for one in left]


def is_ours(columns: Any, tenant: Tenant) -> ColumnElement[bool]:
    """Return the condition for the library's own rows."""
    ours: ColumnElement[bool] = columns.agency == tenant.agency
    return ours


def waiting_for(tenant: Tenant, target: str) -> ColumnElement[bool]:
    """Return the condition for the effects that wait for a target."""
    return is_ours(_OUT, tenant) & (_OUT.target == target) & (_OUT.state == WAITING)


@dataclass(frozen=True, slots=True, repr=False)
class _Seen:
    """What a target may get of a change. `hides`: the patron is protected; `held`: nothing is told yet."""

    payload: dict[str, Any] | None = None
    hides: bool = False
    held: bool = False
    is_broken: bool = False
    number: str | None = None


def _views(transaction: Transaction, target: Target, rows: Iterable[AnyRow]) -> dict[int, _Seen]:
    """Return what the target may get, by the number of the change."""
    wanted = select(tables.change).where(is_ours(_CHANGE, transaction.tenant))
    changes = transaction.fetch_rows(wanted, _CHANGE.seq, sorted({row.version for row in rows}))
    return {row.seq: _see(transaction.tenant, target, row) for row in changes}


def _see(tenant: Tenant, target: Target, row: AnyRow) -> _Seen:
    try:
        record = open_change(tenant, row)
    except SealBroken:
        return _Seen(is_broken=True)
    held = record is not None and record.held
    return _Seen(view(record, target), hides(record), held=held, number=number_to_forget(record, target))


_URGENT: Final = _OUT.urgent.cast(Integer)
#: With it go the older ones that wait: each effect sets a state, so that a later one makes them empty.
_TAKE_OUT: Final = delete(tables.outbox).where(
    _OUT.agency == bindparam("at_agency"),
    _OUT.target == bindparam("at_target"),
    _OUT.patron_id == bindparam("at_patron"),
    _OUT.version <= bindparam("at_version"),
    _OUT.state == WAITING,
)
_NOTE_TOLD: Final = text(
    "INSERT INTO target_patron (agency, target, patron_id, told, remote)"
    " VALUES (:agency, :target, :patron_id, :told, :remote)"
    " ON CONFLICT (agency, target, patron_id) DO UPDATE SET told = excluded.told,"
    " remote = COALESCE(excluded.remote, target_patron.remote) WHERE target_patron.told <= excluded.told"
)


def _at(tenant: Tenant, effect: OutwardEffect) -> dict[str, Any]:
    return effect_key_of(tenant, effect.target, effect.patron_id, effect.version)


def _note_told(transaction: Transaction, done: Sequence[tuple[OutwardEffect, Delivered]]) -> None:
    """Note what each target knows now. It forgets nobody's number here: a patron who left is deleted there too."""
    held = [
        {
            "agency": transaction.agency,
            "target": effect.target,
            "patron_id": effect.patron_id,
            "told": effect.version,
            "remote": outcome.remote,
        }
        for effect, outcome in done
        if effect.payload is not None
    ]
    if held:
        transaction.execute(_NOTE_TOLD, held)
    for effect, _ in done:
        if effect.payload is None:
            this = (
                is_ours(_TOLD, transaction.tenant)
                & (_TOLD.target == effect.target)
                & (_TOLD.patron_id == effect.patron_id)
            )
            transaction.execute(delete(tables.target_patron).where(this))


def _is_refused(tenant: Tenant) -> ColumnElement[bool]:
    return is_ours(_OUT, tenant) & (_OUT.target != CULR) & (_OUT.state == FAILED)


def _settle_refused(transaction: Transaction, came_through: Sequence[OutwardEffect]) -> None:
    """Delete the older refused effects of these patrons at this target, and settle the question if none is left."""
    refused = _is_refused(transaction.tenant)
    whose = {effect.patron_id for effect in came_through}
    theirs = set(transaction.fetch_values(select(_OUT.patron_id).where(refused), _OUT.patron_id, whose))
    if not theirs:
        return  # nearly always the case
    for effect in came_through:
        older = (_OUT.target == effect.target) & (_OUT.patron_id == effect.patron_id) & (_OUT.version <= effect.version)
        transaction.execute(delete(tables.outbox).where(refused, older))
    settle_answered(transaction, theirs)


def settle_answered(transaction: Transaction, ids: set[str]) -> None:
    """Settle the question about each of these patrons of whom no target refuses anything any more."""
    refused = _is_refused(transaction.tenant)
    still = transaction.fetch_values(select(_OUT.patron_id).where(refused), _OUT.patron_id, ids)
    settle_items(transaction, sorted(ids.difference(still)), TARGET_NOT_TAKEN)


def _fail(transaction: Transaction, run: Run, rest: Sequence[tuple[OutwardEffect, Undelivered]]) -> list[str]:
    targets = sorted({effect.target for effect, _ in rest})
    wanted = select(_OUT.target, _OUT.patron_id, _OUT.version, _OUT.attempts)
    wanted = wanted.where(is_ours(_OUT, transaction.tenant), _OUT.target.in_(targets))
    found = transaction.fetch_rows(wanted, _OUT.patron_id, [effect.patron_id for effect, _ in rest])
    attempts = {(row.target, row.patron_id, row.version): row.attempts for row in found}
    rows, left, over = [], [], []
    for effect, outcome in rest:
        tried = attempts.get((effect.target, effect.patron_id, effect.version), 0) + 1
        ended = outcome.final or tried >= ATTEMPTS
        rows.append(
            {**_at(transaction.tenant, effect), "said": outcome.code, "now_state": FAILED if ended else WAITING}
        )
        left += [effect.patron_id] if ended else []
        over += [_at(transaction.tenant, effect)] if ended else []
    transaction.execute(FAIL, rows)
    # what waits from before it would set an older state
    if over:
        transaction.execute(_TAKE_OUT, over)
    ask_staff(transaction, run, left, TARGET_NOT_TAKEN)
    return left
