"""Measures a night without news: an applied delivery comes again, and nothing needs to be written for it.

The first night's own rows are deleted before, so that the delivery is not recognised as a repeat. Each of its persons
then meets a record with the same data. The floor adds the rows that ours wrote, in bulk.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from bench.child import in_child
from bench.contents import TABLES, rows_of, written
from bench.databases import opened_databases
from bench.figures import FLOOR, OURS, Figures, Goal
from bench.library import night_of, opened_tenant
from bench.night import EMPTY, PEAK_MB, PREPARED, WAYS, Bench
from cprsync.services.night.run import run_night
from cprsync.store.core.engine import writing

if TYPE_CHECKING:
    from bench.figures import Measured
    from bench.night import Runner, Ways
    from cprsync.store.core.tenant import Tenant

APPLIED = "applied"
#: What a night without news may write: its own rows, the delivery's, and its entry in the audit.
ITS_OWN = frozenset(
    {"run", "run_item", "run_delivery", "inbox", "inbox_chunk", "audit", "audit_head", "agreement", "library"}
)
#: A night's rows, in an order in which they can be deleted.
_FORGOTTEN = (
    *("run_item", "plan_row", "run_delivery", "run", "inbox_chunk", "inbox"),
    *("audit", "audit_head", "before_image", "outbox", "follow_up", "review_item"),
)


def bench_noop(  # noqa: PLR0913 -- one parameter for each option
    *,
    patrons: int,
    changes: int,
    database: str,
    rounds: int,
    ways: Ways = WAYS,
    runner: Runner = in_child,
) -> Figures:
    """Measure the same delivery applied once more."""
    with TemporaryDirectory(prefix="cprsync-bench-") as folder, opened_databases(database, Path(folder)) as databases:
        bench = Bench(Path(folder), databases, patrons=patrons, changes=changes)
        _apply_and_forget(bench)
        figures = Figures("noop", database, bench.size())
        for number in range(rounds):
            figures.rounds.append(_round(bench, ways, runner))
            if number == 0:
                figures.found["written"] = _written(bench)
            databases.drop(OURS)
            databases.drop(FLOOR)
    beyond = sum(count for table, count in figures.found["written"].items() if table not in ITS_OWN)
    figures.goals = [
        Goal("rows written that are not the run's own", "<=", 0, beyond),
        Goal("peak_rss_mb of ours", "<=", PEAK_MB, figures.peak(OURS)),
    ]
    return figures


def _round(bench: Bench, ways: Ways, runner: Runner) -> dict[str, Measured]:
    bench.copy(APPLIED, OURS)
    measured = {OURS: runner(ways[OURS], bench.work(OURS, records=False))}
    bench.copy(EMPTY, FLOOR)
    measured[FLOOR] = runner(ways[FLOOR], bench.work(FLOOR, source=OURS, records=False))
    return measured


def _apply_and_forget(bench: Bench) -> None:
    bench.copy(PREPARED, APPLIED)
    with opened_tenant(bench.place(APPLIED)) as tenant:
        run_night(night_of(tenant, bench.feed, patrons=bench.patrons))
        _forget(tenant)
        tenant.heads.path.unlink()
        tenant.heads.witness.unlink()


def _forget(tenant: Tenant) -> None:
    tables = {table.name: table for table in TABLES}
    with writing(tenant.engine) as connection:
        for name in _FORGOTTEN:
            connection.execute(tables[name].delete())
        connection.execute(tables["agreement"].update().values(last_produced=None, task=None))
        connection.execute(tables["library"].update().values(heads_lines=None, heads_code=None))
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("ANALYZE")


def _written(bench: Bench) -> dict[str, int]:
    """How many rows are new or changed, by table."""
    with opened_tenant(bench.place(APPLIED)) as tenant:
        before = rows_of(tenant)
    with opened_tenant(bench.place(OURS)) as tenant:
        return written(before, rows_of(tenant))
