"""No statement of a night reads a whole table of patrons: what it costs hangs on who changed, not on who is there.

The statements are caught as a night sends them and shown to the database again, which says how it would find its
rows. A table read from end to end is no fault that any other test sees: a hundred thousand patrons show it.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event

from cprsync.bench.databases import opened_databases
from cprsync.bench.figures import OURS
from cprsync.bench.library import night_of, opened_tenant
from cprsync.bench.night import EMPTY, PREPARED, Bench
from cprsync.store.engine import reading
from cprsync.sync.nightly import run_night

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Connection

    from cprsync.store.tenant import Tenant

#: Tables with a row or more for each patron, and those that keep what was ever left to a person, or ever happened.
LARGE = ("patron", "patron_key", "subscription", "before_image", "review_item", "override", "audit")
#: What is the same in every row of a library, or in nearly every one: who looks by nothing else reads them all.
COMMON = {"agency", "agreement", "real_number"}
#: Indexes of a few rows only.
SMALL = {"ix_patron_silent", "ix_patron_merged", "ix_patron_standing"}
#: More than this often in a night of ten batches: a statement of a batch.
ONCE_OR_TWICE = 2
CHANGES, BATCH = 100, 10

_FOUND = re.compile(rf"(SCAN|SEARCH) ({'|'.join(LARGE)})\b(?: USING (.*?INDEX) (\S+))?(?: \((.*)\))?$")
_TERM = re.compile(r"(\w+)[=<>]")


class Caught:
    """Every statement that an engine was sent: how often, and with which values at first."""

    def __init__(self) -> None:
        self.times: Counter[str] = Counter()
        self.values: dict[str, Any] = {}

    def __call__(self, *sent: Any) -> None:
        _connection, _cursor, statement, values, _context, many = sent
        self.times[statement] += 1
        self.values.setdefault(statement, values[0] if many else values)

    def asking(self) -> Iterator[str]:
        """Those that find rows."""
        return (text for text in self.times if re.match(r"SELECT|UPDATE|DELETE|WITH|INSERT.* SELECT", text, re.DOTALL))


def caught_in_a_night(bench: Bench) -> Iterator[tuple[Tenant, Caught]]:
    bench.databases.copy(PREPARED, OURS)
    with opened_tenant(bench.place(OURS)) as tenant:
        night = replace(night_of(tenant, bench.feed, patrons=bench.patrons), batch=BATCH)
        caught = Caught()
        event.listen(tenant.engine, "before_cursor_execute", caught)
        run_night(night)
        event.remove(tenant.engine, "before_cursor_execute", caught)
        yield tenant, caught


@pytest.fixture(params=["sqlite", "postgresql"])
def night(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Tenant, Caught]]:
    """A night that has been, with what it asked."""
    with opened_databases(request.param, tmp_path) as databases:
        try:
            # enough for PostgreSQL to think of an index
            yield from caught_in_a_night(Bench(tmp_path, databases, patrons=3_000, changes=CHANGES))
        finally:
            for name in (OURS, PREPARED, EMPTY):
                databases.drop(name)


def whole_tables(connection: Connection, caught: Caught) -> list[str]:
    """Statements of a batch that read a large table from end to end, or any that do without an index."""
    named = connection.dialect.name
    reads = sqlite_reads if named == "sqlite" else postgresql_reads
    return [
        f"{caught.times[statement]} times: {found}: {statement}"
        for statement in caught.asking()
        for found in reads(connection, statement, caught.values[statement], often=caught.times[statement])
    ]


def sqlite_reads(connection: Connection, statement: str, values: Any, *, often: int) -> Iterator[str]:
    for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values):
        if not (found := _FOUND.match(row.detail)):
            continue
        kind, index = found[3] or "", found[4]
        if statement.startswith("SELECT max("):
            continue  # the last entry of an index
        by = set(_TERM.findall(found[5] or ""))
        if index in SMALL or (kind == "INTEGER PRIMARY KEY") or by - COMMON:
            continue
        # an index from end to end is read in milliseconds, once in a night
        if "COVERING" not in kind or often > ONCE_OR_TWICE:
            yield row.detail


def postgresql_reads(connection: Connection, statement: str, values: Any, *, often: int) -> Iterator[str]:
    if often <= ONCE_OR_TWICE:
        return  # a count of all rows is read from the table, whatever index there is
    for (line,) in connection.exec_driver_sql(f"EXPLAIN {statement}", values):
        if (found := re.search(r"Seq Scan on (\w+)", line)) and found[1] in {"patron", "patron_key", "subscription"}:
            yield line.strip()


def test_a_night_reads_no_large_table_from_end_to_end(night: tuple[Tenant, Caught]) -> None:
    """Ten batches: what each of them asks is answered by an index that leads to the rows in question."""
    tenant, caught = night
    with reading(tenant.engine) as connection:
        assert whole_tables(connection, caught) == []


def test_a_statement_that_reads_every_row_is_noticed(night: tuple[Tenant, Caught]) -> None:
    """As counting patrons by what no index holds did, until it was a fifth of a night."""
    tenant, _ = night
    caught = Caught()
    event.listen(tenant.engine, "before_cursor_execute", caught)
    with reading(tenant.engine) as connection:
        for _ in range(ONCE_OR_TWICE + 1):
            connection.exec_driver_sql("SELECT count(*) FROM patron WHERE local_version <> 1")
        event.remove(tenant.engine, "before_cursor_execute", caught)
        assert len(whole_tables(connection, caught)) == 1
