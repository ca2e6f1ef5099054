"""Runs: open or resume one, its states, its plan, its end and its balance items."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, delete, exists, func, insert, select, update

from cprsync.domain.deciding.guard import Outcome
from cprsync.domain.patron.review import FOLLOWING
from cprsync.services.night.report import LIVED
from cprsync.services.planning.plan_hash import plan_hash, words
from cprsync.services.ports.values import Run, RunState, Tally
from cprsync.store.audit import audit
from cprsync.store.core import tables
from cprsync.store.core.bulk import append
from cprsync.store.core.engine import moment_of, reading, stamp_of, writing
from cprsync.store.core.tenant import hold_fence, newest_epoch, next_id, set_values
from cprsync.store.feed import answers
from cprsync.store.feed.inbox import from_row as delivery_from_row
from cprsync.store.feed.inbox import settle

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date, datetime

    from cprsync.services.ports.values import PlanRow, SealedDelivery
    from cprsync.store.beside.checkpoints import Mark
    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Tenant

_RUN = tables.run.c


def open_run(tenant: Tenant, *, day: date, started: datetime) -> Run:
    """Open a new run, or resume the unfinished one. Moves the fence."""
    with writing(tenant.engine) as connection:
        epoch = newest_epoch(connection, tenant) + 1
        row = _unfinished(connection, tenant)
        if row is None:
            return _new(connection, tenant, epoch=epoch, day=day, started=started)
        if row.checkpoint == 0 and not _has_deliveries(connection, row):
            # the run was stopped before it accepted anything, so it begins again on today's day
            return _again(connection, row, epoch=epoch, day=day, started=started)
        connection.execute(_this(row).values(epoch=epoch, resumed=row.resumed + 1))
        return Run(row.id, epoch, row.day, moment_of(row.started), resumed=True, checkpoint=row.checkpoint)


def _unfinished(connection: Connection, tenant: Tenant) -> AnyRow | None:
    wanted = select(tables.run).where(_ours(tenant), _RUN.agreement == tenant.agreement, _RUN.finished.is_(None))
    return connection.execute(wanted.order_by(_RUN.id.desc()).limit(1)).one_or_none()


def _has_deliveries(connection: Connection, row: AnyRow) -> bool:
    taken = tables.run_delivery.c
    rows = select(func.count()).where(taken.agency == row.agency, taken.run_id == row.id)
    return bool(connection.scalar(rows))


def _new(connection: Connection, tenant: Tenant, *, epoch: int, day: date, started: datetime) -> Run:
    number = next_id(connection, tenant, tables.run)
    connection.execute(
        insert(tables.run).values(
            agency=tenant.agency,
            id=number,
            agreement=tenant.agreement,
            epoch=epoch,
            day=day,
            state=RunState.FETCHED.value,
            started=stamp_of(started),
            resumed=0,
            checkpoint=0,
        )
    )
    return Run(number, epoch, day, started)


def _again(connection: Connection, row: AnyRow, *, epoch: int, day: date, started: datetime) -> Run:
    connection.execute(_this(row).values(epoch=epoch, day=day, started=stamp_of(started)))
    return Run(row.id, epoch, day, started)


def _this(row: AnyRow) -> Any:
    return update(tables.run).where(_RUN.agency == row.agency, _RUN.id == row.id)


def _ours(tenant: Tenant) -> Any:
    return _RUN.agency == tenant.agency


def set_state(tenant: Tenant, run: Run, state: RunState) -> None:
    """Move the run to a state.

    Raises:
        FenceLost: a newer run has taken over.
    """
    with writing(tenant.engine) as connection:
        hold_fence(connection, tenant, run)
        set_values(connection, tenant, run, state=state.value)


def close_run(
    tenant: Tenant, run: Run, *, state: RunState, finished: datetime, document: Mapping[str, Any]
) -> list[Mark]:
    """Write the report and the audit entry.

    Returns the heads of the chain, which the caller keeps outside the database.

    Raises:
        FenceLost: a newer run has taken over.
    """
    with writing(tenant.engine) as connection:
        hold_fence(connection, tenant, run)
        set_values(
            connection,
            tenant,
            run,
            state=state.value,
            finished=stamp_of(finished),
            document=json.dumps(document, ensure_ascii=False),
            exit=document.get("exit"),
        )
        settle(connection, tenant, run, state)
        answers.forget(connection, tenant)
        audit.append(connection, tenant, tenant.night, [audit.Happened("run", run=run.id, actions=(state.value,))])
        return audit.heads(connection, tenant)


def last_run_day(tenant: Tenant) -> date | None:
    """Return the day of the last closed run that was not stopped: only such a run has lived its day.

    None: no such run.
    """
    with reading(tenant.engine) as connection:
        closed = select(func.max(_RUN.day)).where(
            _ours(tenant),
            _RUN.agreement == tenant.agreement,
            _RUN.state == RunState.CLOSED.value,
            _RUN.exit.in_(LIVED),
        )
        day: date | None = connection.scalar(closed)
        return day


def run_deliveries(tenant: Tenant, run: Run) -> list[SealedDelivery]:
    """Return the deliveries that the run has accepted, in order."""
    taken, box = tables.run_delivery.c, tables.inbox.c
    wanted = (
        select(tables.inbox)
        .join(tables.run_delivery, (taken.agency == box.agency) & (taken.inbox_id == box.id))
        .where(taken.agency == tenant.agency, taken.run_id == run.id)
        .order_by(taken.position)
    )
    with reading(tenant.engine) as connection:
        return [delivery_from_row(row) for row in connection.execute(wanted)]


def save_plan(tenant: Tenant, run: Run, rows: Iterable[PlanRow]) -> str:
    """Keep the plan, in place of an earlier one of the same run. Returns its hash.

    Raises:
        FenceLost: a newer run has taken over.
    """
    rows = list(rows)
    deliveries = [delivery.sha256 for delivery in run_deliveries(tenant, run)]
    named = plan_hash(run.day, deliveries, rows)
    planned = [_planned(tenant, run, ordinal, row) for ordinal, row in enumerate(rows, start=1)]
    with writing(tenant.engine) as connection:
        hold_fence(connection, tenant, run)
        plan = tables.plan_row
        connection.execute(delete(plan).where(plan.c.agency == tenant.agency, plan.c.run_id == run.id))
        append(connection, plan, planned)
        set_values(connection, tenant, run, plan_hash=named)
    return named


def _planned(tenant: Tenant, run: Run, ordinal: int, row: PlanRow) -> tuple[Any, ...]:
    actions, harms = words(row.actions), words(row.harms)
    return tenant.agency, run.id, ordinal, row.patron_id, row.version, actions, harms, row.digest


def tally(tenant: Tenant, run: Run) -> Tally:
    """Add up the run's stored items."""
    item = tables.run_item.c
    wanted = select(item.outcome, item.actions, func.count().label("count")).where(
        item.agency == tenant.agency, item.run_id == run.id
    )
    outcomes: Counter[Outcome] = Counter()
    by_action: Counter[str] = Counter()
    with reading(tenant.engine) as connection:
        for outcome, actions, count in connection.execute(wanted.group_by(item.outcome, item.actions)):
            outcomes[Outcome(outcome)] += count
            for action in filter(None, actions.split(",")):
                by_action[action] += count
    return Tally(outcomes, by_action)


def raised(tenant: Tenant, run: Run) -> dict[tuple[str, str], bool]:
    """Return what the run's decisions left to a person, settled or not.

    The value says whether the patron is in the run's balance sheet.
    """
    row, item = tables.review_item.c, tables.run_item.c
    told = exists().where(item.agency == row.agency, item.run_id == row.run_id, item.patron_id == row.patron_id)
    wanted = select(row.patron_id, row.kind, told.label("told")).where(
        row.agency == tenant.agency, row.run_id == run.id, row.kind.not_in(FOLLOWING)
    )
    with reading(tenant.engine) as connection:
        return {(found.patron_id, found.kind): bool(found.told) for found in connection.execute(wanted)}


def runs(tenant: Tenant) -> list[dict[str, Any]]:
    """Return all runs of the agency, the newest first, without their reports."""
    with reading(tenant.engine) as connection:
        rows = connection.execute(select(tables.run).where(_ours(tenant)).order_by(_RUN.id.desc()))
        return [_listed(row) | _counted(row) for row in rows]


def _counted(row: AnyRow) -> dict[str, Any]:
    """Return the parts of a run's report that a list shows. An unfinished run has none."""
    document: dict[str, Any] = {} if row.document is None else json.loads(row.document)
    told = ("state", "received", *(outcome.value for outcome in Outcome), "left_to_a_person", "reasons")
    return {name: document[name] for name in told if name in document}


def _listed(row: AnyRow) -> dict[str, Any]:
    return {
        "run": row.id,
        "agency": row.agency,
        "day": row.day.isoformat(),
        "state": row.state,
        "started": row.started,
        "finished": row.finished,
        "resumed": row.resumed > 0,
        "exit": row.exit,
    }


def run_document(tenant: Tenant, number: int) -> dict[str, Any] | None:
    """Return the run's report with its times; an unfinished run has only the times. None: no such run."""
    with reading(tenant.engine) as connection:
        row = connection.execute(select(tables.run).where(_ours(tenant), _RUN.id == number)).one_or_none()
    if row is None:
        return None
    document: dict[str, Any] = {} if row.document is None else json.loads(row.document)
    return _listed(row) | document | {"approved_by": [], "reverted_by": None}


def run_items(tenant: Tenant, number: int) -> list[dict[str, Any]]:
    """Return the run's balance sheet, one line for each number, without the numbers."""
    item = tables.run_item.c
    wanted = select(tables.run_item).where(item.agency == tenant.agency, item.run_id == number)
    with reading(tenant.engine) as connection:
        return [
            {
                "person": row.ordinal,
                "patron": row.patron_id,
                "actions": row.actions.split(",") if row.actions else [],
                "outcome": row.outcome,
                "reason": row.reason,
            }
            for row in connection.execute(wanted.order_by(item.inbox_id, item.ordinal))
        ]
