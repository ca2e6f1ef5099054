"""Runs: open or resume one, its states, its plan, its end and its balance items."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, delete, exists, func, insert, select, update

from cprsync.domain.deciding.approval import PEOPLE
from cprsync.domain.deciding.guard import Outcome
from cprsync.domain.patron.review import FOLLOWING, PARKED, State
from cprsync.services.ports.runs import (
    LIVED,
    WELL,
    Departed,
    ListedRun,
    Run,
    RunProgress,
    Runs,
    RunState,
    Tally,
    plan_hash,
    words,
)
from cprsync.store import tables
from cprsync.store.audit import audit
from cprsync.store.audit.older_states import changes_and_heads, keep_heads
from cprsync.store.core.bulk import append
from cprsync.store.core.engine import moment_of, stamp_of
from cprsync.store.core.tenant import (
    AGENCY_IS,
    AGREEMENT_IS,
    TenantStore,
    newest_epoch,
    next_id,
    run_lock,
    run_transaction,
    set_run_values,
)
from cprsync.store.feed import subscriptions
from cprsync.store.feed.inbox import accepted_by, settle_deliveries
from cprsync.store.feed.reconciling import SUBSCRIPTION_END
from cprsync.store.leaving.forgetting import FORGET
from cprsync.store.leaving.leaving import ASKED, CLOSE, ENDED
from cprsync.store.night.approvals import carry_yeses, yeses_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import date, datetime

    from cprsync.services.ports.runs import Marks, PlanRow
    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Tenant, Transaction

_RUN, _RAISES, _ITEM = tables.run.c, tables.review_item.c, tables.run_item.c
_CLOSED = (_RUN.agreement == AGREEMENT_IS) & _RUN.reverts.is_(None) & (_RUN.state == RunState.CLOSED.value)
_LIVED = _CLOSED & _RUN.exit.in_(LIVED)
# each night asks these, so they are built once
_LAST_LIVED: Final = select(func.max(_RUN.day)).where(_RUN.agency == AGENCY_IS, _LIVED)
_FIRST_WELL: Final = select(func.min(_RUN.day)).where(_RUN.agency == AGENCY_IS, _CLOSED, _RUN.exit.in_(WELL))
_IS_TOLD = exists().where(
    _ITEM.agency == _RAISES.agency, _ITEM.run_id == _RAISES.run_id, _ITEM.patron_id == _RAISES.patron_id
)
_RAISED: Final = select(_RAISES.patron_id, _RAISES.kind, _IS_TOLD.label("told")).where(
    _RAISES.agency == AGENCY_IS, _RAISES.run_id == bindparam("run_"), _RAISES.kind.not_in(FOLLOWING)
)
_UNFINISHED: Final = (
    select(tables.run)
    .where(_RUN.agency == AGENCY_IS, _RUN.agreement == AGREEMENT_IS, _RUN.finished.is_(None), _RUN.reverts.is_(None))
    .order_by(_RUN.id.desc())
    .limit(1)
)
_TALLY: Final = (
    select(_ITEM.outcome, _ITEM.actions, func.count().label("count"))
    .where(_ITEM.agency == AGENCY_IS, _ITEM.run_id == bindparam("run_"))
    .group_by(_ITEM.outcome, _ITEM.actions)
)
_STILL_WAITS = exists().where(
    _RAISES.agency == _ITEM.agency,
    _RAISES.patron_id == _ITEM.patron_id,
    _RAISES.state == State.WAITING.value,
    _RAISES.kind.startswith(PARKED),
)
_SETTLED: Final = select(func.count()).where(
    _ITEM.agency == AGENCY_IS,
    _ITEM.run_id == bindparam("run_"),
    _ITEM.outcome == Outcome.PARKED.value,
    _ITEM.patron_id.is_not(None),
    ~_STILL_WAITS,
)
_ENTRY, _PLAN = tables.audit.c, tables.plan_row.c
_NEWEST_FIRST: Final = (
    select(_ENTRY.entry)
    .where(_ENTRY.agency == AGENCY_IS, _ENTRY.stream == bindparam("stream_"))
    .order_by(_ENTRY.seq.desc())
)
_DROP_PLAN: Final = delete(tables.plan_row).where(_PLAN.agency == AGENCY_IS, _PLAN.run_id == bindparam("run_"))
_INSERT: Final = insert(tables.run)
_UNDONE: Final = select(_RUN.reverts, _RUN.id).where(_RUN.agency == AGENCY_IS, _RUN.state == RunState.CLOSED.value)
#: The kind of the last entry of a run, written with its report.
CLOSED = "run"
#: Entries read at a time.
_READ_ROWS = 2000


class SqlRuns(TenantStore, Runs):
    """The runs of an agreement, one after the other."""

    def lock(self) -> AbstractContextManager[None]:
        return run_lock(self._tenant)

    def begin(self, *, day: date, started: datetime) -> Run:
        fetching = RunState.FETCHED.value
        with self._tenant.writing() as transaction:
            epoch = newest_epoch(transaction) + 1
            row = _unfinished(transaction)
            if row is None:
                return _new(transaction, epoch=epoch, day=day, started=started)
            if row.checkpoint == 0 and not _has_deliveries(transaction, row):
                # the run was stopped before it accepted anything, so it begins again on today's day
                transaction.execute(_this(row).values(epoch=epoch, day=day, started=stamp_of(started), state=fetching))
                return Run(row.id, epoch, day, started)
            # a run that goes on lives the days up to the one on which it ends
            lasting = max(row.day, day)
            transaction.execute(_this(row).values(epoch=epoch, day=lasting, resumed=row.resumed + 1, state=fetching))
            return Run(row.id, epoch, lasting, moment_of(row.started), resumed=True, checkpoint=row.checkpoint)

    def set_state(self, run: Run, state: RunState) -> None:
        with run_transaction(self._tenant, run) as transaction:
            set_run_values(transaction, run, state=state.value)

    def close(self, run: Run, *, state: RunState, finished: datetime, document: Mapping[str, Any]) -> None:
        tenant = self._tenant
        with run_transaction(tenant, run) as transaction:
            written, told = json.dumps(document, ensure_ascii=False), document.get("exit")
            values = {"state": state.value, "finished": stamp_of(finished), "document": written, "exit": told}
            set_run_values(transaction, run, **values)
            settle_deliveries(transaction, run, state)
            carry_yeses(transaction, run, document)
            subscriptions.forget_answers(transaction)
            audit.append(transaction, tenant.night, [audit.Happened("run", run=run, actions=(state.value,))])
            changes, seen = changes_and_heads(transaction)
            heads = audit.current_marks(transaction, records=changes)
        keep_heads(tenant, heads, seen=seen)

    def last_day(self) -> date | None:
        with self._tenant.reading() as transaction:
            day: date | None = transaction.scalar(_LAST_LIVED, transaction.ours)
            return day

    def first_day(self) -> date | None:
        with self._tenant.reading() as transaction:
            day: date | None = transaction.scalar(_FIRST_WELL, transaction.ours)
            return day

    def save_plan(
        self, run: Run, rows: Iterable[PlanRow], *, beside: Marks | None = None, known_as: str | None = None
    ) -> str:
        rows = list(rows)
        deliveries = [delivery.sha256 for delivery in accepted_by(self._tenant, run)]
        named = known_as or plan_hash(run.day, deliveries, rows, beside)
        planned = [_planned(self._tenant, run, ordinal, row) for ordinal, row in enumerate(rows, start=1)]
        with run_transaction(self._tenant, run) as transaction:
            transaction.execute(_DROP_PLAN, {"agency_": transaction.agency, "run_": run.id})
            append(transaction.connection, tables.plan_row, planned)
            set_run_values(transaction, run, plan_hash=named, state=RunState.PLANNED.value)
        return named

    def tally(self, run: Run) -> Tally:
        values = {"agency_": self._tenant.agency, "run_": run.id}
        outcomes: Counter[Outcome] = Counter()
        by_action: Counter[str] = Counter()
        with self._tenant.reading() as transaction:
            for outcome, actions, count in transaction.execute(_TALLY, values):
                outcomes[Outcome(outcome)] += count
                for action in filter(None, actions.split(",")):
                    by_action[action] += count
            settled = (transaction.scalar(_SETTLED, values) or 0) if Outcome.PARKED in outcomes else 0
        return Tally(outcomes, by_action, settled)

    def done(self, run: Run) -> RunProgress:
        kinds: Counter[str] = Counter()
        by_action: Counter[str] = Counter()
        forgotten: Counter[str] = Counter()
        ended = 0
        for entry in _entries_since_last_report(self._tenant):
            if entry["run"] != run.id:
                continue
            kinds[entry["kind"]] += 1
            if entry["kind"] == audit.CHANGE:
                by_action.update(entry["actions"])
            if entry["kind"] == CLOSE:
                ended += int(entry.get(ENDED, 0))
            if entry["kind"] == FORGET:
                forgotten.update(dict.fromkeys(entry["actions"], int(entry["count"])))
        departed = Departed(kinds[ASKED], kinds[CLOSE], ended)
        subscribed, removed, without_reason = kinds["subscribe"], kinds["unsubscribe"], kinds[SUBSCRIPTION_END]
        return RunProgress(subscribed, removed, by_action, forgotten, departed, ended=without_reason)

    def raised(self, run: Run) -> dict[tuple[str, str], bool]:
        with self._tenant.reading() as transaction:
            rows = transaction.execute(_RAISED, {"agency_": transaction.agency, "run_": run.id})
            return {(found.patron_id, found.kind): bool(found.told) for found in rows}

    def list_runs(self, *, before: int | None = None, most: int | None = None) -> list[ListedRun]:
        wanted = select(tables.run).where(_ours(self._tenant)).order_by(_RUN.id.desc()).limit(most)
        with self._tenant.reading() as transaction:
            rows = transaction.execute(wanted if before is None else wanted.where(_RUN.id < before)).all()
            undone = reverted_by(transaction, [row.id for row in rows])
            return [_list_run(row, undone.get(row.id)) for row in rows]

    def actions(self, since: date) -> list[tuple[date, dict[str, int]]]:
        ours = _ours(self._tenant) & (_RUN.day >= since) & _RUN.document.is_not(None)
        wanted = select(_RUN.day, _RUN.document).where(ours).order_by(_RUN.id)
        with self._tenant.reading() as transaction:
            # one at a time: a held night's report has its whole plan
            return [(row.day, json.loads(row.document)["actions"]) for row in transaction.execute(wanted)]

    def document(self, number: int) -> dict[str, Any] | None:
        with self._tenant.reading() as transaction:
            row = transaction.execute(select(tables.run).where(_ours(self._tenant), _RUN.id == number)).one_or_none()
            undone = reverted_by(transaction, [number])
            yeses = [] if row is None else yeses_of(transaction, row.approved_run or row.id)
        if row is None:
            return None
        document: dict[str, Any] = {} if row.document is None else json.loads(row.document)
        approved_by = [one.who for one in yeses[-PEOPLE:]]
        return _listed(row) | document | {"approved_by": approved_by, "reverted_by": undone.get(number)}

    def items(self, number: int) -> list[dict[str, Any]]:
        item = tables.run_item.c
        wanted = select(tables.run_item).where(item.agency == self._tenant.agency, item.run_id == number)
        with self._tenant.reading() as transaction:
            return [
                {
                    "person": row.ordinal,
                    "patron": row.patron_id,
                    "actions": row.actions.split(",") if row.actions else [],
                    "outcome": row.outcome,
                    "reason": row.reason,
                }
                for row in transaction.execute(wanted.order_by(item.inbox_id, item.ordinal))
            ]


def reverted_by(transaction: Transaction, numbers: Sequence[int]) -> dict[int, int]:
    """Return by run the run that has undone it."""
    rows = transaction.fetch_rows(_UNDONE, _RUN.reverts, numbers, agency_=transaction.agency)
    return {row.reverts: row.id for row in sorted(rows, key=lambda row: row.id)}


def _entries_since_last_report(tenant: Tenant) -> Iterator[dict[str, Any]]:
    """Yield the audit entries of an open run, the newest first. For a run that has just begun, one entry is read.

    The runs of an agreement follow each other. Everything after the last report is from this run, from a desk or from a
    plan.
    """
    values = {"agency_": tenant.agency, "stream_": tenant.night}
    with tenant.reading() as transaction:
        entries = transaction.connection.execution_options(yield_per=_READ_ROWS).scalars(_NEWEST_FIRST, values)
        # the loop ends at the last report, long before the first entry, and PostgreSQL would keep its cursor open
        with closing(entries):
            for written in entries:
                entry = json.loads(written)
                if entry["kind"] == CLOSED:
                    return
                yield entry


def _unfinished(transaction: Transaction) -> AnyRow | None:
    return transaction.execute(_UNFINISHED, transaction.ours).one_or_none()


def _has_deliveries(transaction: Transaction, row: AnyRow) -> bool:
    taken = tables.run_delivery.c
    return transaction.count_rows(taken.agency == row.agency, taken.run_id == row.id) > 0


def _new(transaction: Transaction, *, epoch: int, day: date, started: datetime) -> Run:
    number = next_id(transaction, tables.run)
    transaction.execute(
        _INSERT,
        {
            "agency": transaction.agency,
            "id": number,
            "agreement": transaction.tenant.agreement,
            "epoch": epoch,
            "day": day,
            "state": RunState.FETCHED.value,
            "started": stamp_of(started),
            "resumed": 0,
            "checkpoint": 0,
        },
    )
    return Run(number, epoch, day, started)


def _this(row: AnyRow) -> Any:
    return update(tables.run).where(_RUN.agency == row.agency, _RUN.id == row.id)


def _ours(tenant: Tenant) -> Any:
    return _RUN.agency == tenant.agency


def _planned(tenant: Tenant, run: Run, ordinal: int, row: PlanRow) -> tuple[Any, ...]:
    actions, harms = words(row.actions), words(row.harms)
    return tenant.agency, run.id, ordinal, row.patron_id, row.version, actions, harms, row.digest


def _list_run(row: AnyRow, undone: int | None) -> ListedRun:
    report: dict[str, Any] = {} if row.document is None else json.loads(row.document)
    counted = ("received", *(outcome.value for outcome in Outcome), "left_to_a_person", "reasons")
    return ListedRun(
        run=row.id,
        agency=row.agency,
        day=row.day,
        state=report.get("state", row.state),
        started=row.started,
        finished=row.finished,
        resumed=row.resumed > 0,
        exit=row.exit,
        reverts=row.reverts,
        error=report.get("error", {}).get("kind"),
        restored=report.get("reverting", {}).get("restored"),
        reverted_by=undone,
        **{name: report.get(name) for name in counted},
    )


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
        "reverts": row.reverts,
    }
