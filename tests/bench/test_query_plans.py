"""No statement of a night or at the desk reads a whole table of patrons.

What a night costs hangs on who changed, and what the desk costs on one patron, not on who is there. The statements are
caught as they are sent and shown to the database again, which says how it would find its rows. A table read from end
to end is no fault that any other test sees: a hundred thousand patrons show it.
"""

from __future__ import annotations

import re
from collections import Counter
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from ready_databases import named_server
from sqlalchemy import event

from bench.databases import opened_databases
from bench.figures import OURS
from bench.library import AGENCY, PRODUCED, bench_policy, night_of, opened_tenant, patron_id_of, store_of
from bench.night import PREPARED, Bench
from cprsync.municipalities import load_municipalities
from cprsync.services.desk.showing import patron_document
from cprsync.services.lending.standing import Standings, Statements
from cprsync.services.netmedia.entitlements import Entitlements
from cprsync.services.night.run import run_night
from cprsync.services.ports.runs import DuePage
from cprsync.services.trust.status import Around, status_of
from cprsync.store.core.engine import reading, scanning
from cprsync.store.core.tenant import Transaction
from cprsync.store.desk import views
from cprsync.store.netmedia import entitlements
from cprsync.store.night import calendar
from cprsync.wiring.site import OpenLibrary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection

    from cprsync.store.core.tenant import Tenant

#: Tables with a row or more for each patron, and those that keep what was ever left to a person, or ever happened.
LARGE = ("patron", "patron_key", "subscription", "before_image", "review_item", "override", "audit")
#: What is the same in every row of a library, or in nearly every one: who looks by nothing else reads them all.
COMMON = {"agency", "agreement", "real_number"}
#: Indexes of a few rows only.
SMALL = {
    *("ix_patron_found", "ix_patron_silent", "ix_patron_merged", "ix_patron_standing", "ix_patron_unverified"),
    *("ix_patron_protected_on", "ix_change_gone", "ix_subscription_unconfirmed"),
}
#: More than this often in a night of ten batches: a statement of a batch.
ONCE_OR_TWICE = 2
CHANGES, BATCH = 100, 10
#: Each database's night is made once, in one worker.
pytestmark = pytest.mark.xdist_group("plans")

_FOUND = re.compile(rf"(SCAN|SEARCH) ({'|'.join(LARGE)})\b(?: USING (.*?INDEX) (\S+))?(?: \((.*)\))?$")
#: What an index is asked for. The ids after another one are no such thing: they are all the rest of the patrons.
_TERM = re.compile(r"(?!(?:patron_)?id>)\b(\w+)[=<>]")


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


@contextmanager
def catching(tenant: Tenant) -> Iterator[Caught]:
    caught = Caught()
    event.listen(tenant.engine, "before_cursor_execute", caught)
    try:
        yield caught
    finally:
        event.remove(tenant.engine, "before_cursor_execute", caught)


def caught_in_a_night(bench: Bench) -> Iterator[tuple[Tenant, Caught]]:
    bench.copy(PREPARED, OURS)
    with opened_tenant(bench.place(OURS)) as tenant:
        night = replace(night_of(tenant, bench.feed, patrons=bench.patrons), batch=BATCH)
        with catching(tenant) as caught:
            run_night(night)
        yield tenant, caught


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def night(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Tenant, Caught]]:
    """A night that has been, with what it asked. No test writes."""
    folder = tmp_path_factory.mktemp("night")
    with named_server(request), opened_databases(request.param, folder) as databases:
        # enough for PostgreSQL to think of an index
        yield from caught_in_a_night(Bench(folder, databases, patrons=3_000, changes=CHANGES))


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


def test_what_waits_for_the_register_is_found_by_each_effects_patron(night: tuple[Tenant, Caught]) -> None:
    """After a restore all patrons are unverified: a list of them is read from its beginning for each effect."""
    tenant, caught = night
    (counts,) = [one for one in caught.asking() if one.startswith("SELECT outbox.state, count")]
    with reading(tenant.engine) as connection:
        if connection.dialect.name == "sqlite":
            rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {counts}", caught.values[counts])
            found = [row.detail for row in rows]
            assert any("patron" in one and "(agency=? AND id=?)" in one for one in found), found
            return
        # a few thousand rows are read from end to end, whatever index there is
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        found = [line for (line,) in connection.exec_driver_sql(f"EXPLAIN {counts}", caught.values[counts])]
    assert any("Index Scan using pk_patron" in one for one in found), found


def test_a_night_reads_no_large_table_from_end_to_end(night: tuple[Tenant, Caught]) -> None:
    """Ten batches: what each of them asks is answered by an index that leads to the rows in question."""
    tenant, caught = night
    with reading(tenant.engine) as connection:
        found = whole_tables(connection, caught)
    # the versions of all records and before-images are added up at the night's end, once
    sums = ("patron.version, patron.local_version", "before_image.as_of_source, before_image.letters_stopped")
    summed = [one for one in found if one.startswith("1 times") and any(columns in one for columns in sums)]
    # and its sealed records are opened, page by page: each page begins where the last one ended
    opened = [one for one in found if "SEARCH" in one and "id>?" in one and "patron.local_blob" in one]
    assert [one for one in found if one not in (*summed, *opened)] == []


def test_a_statement_that_reads_every_row_is_noticed(night: tuple[Tenant, Caught]) -> None:
    """As counting patrons by what no index holds did, until it was a fifth of a night."""
    tenant, _ = night
    with reading(tenant.engine) as connection:
        with catching(tenant) as caught:
            for _ in range(ONCE_OR_TWICE + 1):
                connection.exec_driver_sql("SELECT count(*) FROM patron WHERE local_version <> 1")
        assert len(whole_tables(connection, caught)) == 1


def test_what_the_desk_asks_of_one_patron_reads_no_other_patrons(night: tuple[Tenant, Caught]) -> None:
    """A record, how they stand, what they owe, and their net media: at each of these someone waits."""
    tenant, _ = night
    with catching(tenant) as caught:
        for place in range(ONCE_OR_TWICE + 1):
            ask_at_the_desk(tenant, patron_id_of(place))
    assert any("address_index" in statement for statement in caught.asking())
    with reading(tenant.engine) as connection:
        assert whole_tables(connection, caught) == []


def ask_at_the_desk(tenant: Tenant, patron_id: str) -> None:
    store, policy, clock = store_of(tenant), bench_policy(1), tenant.clock
    view = store.views.patron(patron_id)
    assert view is not None
    patron_document(view, policy, agency=AGENCY, on=clock.today(), circulation=store.lending.circulation(patron_id))
    ours = OpenLibrary(AGENCY, store, clock, policy)
    Standings(ours).standing(patron_id)
    Statements(ours, "", "").statement(patron_id)
    Entitlements(ours, load_municipalities()).shown(patron_id)


def test_a_status_counts_along_indexes_and_reads_no_record(night: tuple[Tenant, Caught]) -> None:
    """A provisional registration, of which there are few, was looked for from each of all patrons."""
    tenant, _ = night
    with catching(tenant) as caught:
        status = status_of(store_of(tenant), Around(AGENCY, "", tenant.clock.now()))
    assert status.run is not None
    assert status.run.state == "done"
    with reading(tenant.engine) as connection:
        assert whole_tables(connection, caught) == []


def plan(tenant: Tenant, ask: Callable[[Transaction], object], *, table: str = "patron") -> str:
    """How the database finds the rows of a table that are asked for."""
    if tenant.engine.dialect.name == "postgresql":
        # as its autovacuum leaves a table: only then it knows of an index that it need not look at the rows
        with tenant.engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql(f"VACUUM ANALYZE {table}")
    with (reading if table == "patron" else scanning)(tenant.engine) as connection:
        with catching(tenant) as caught:
            ask(Transaction(connection, tenant))
        explain = "EXPLAIN QUERY PLAN" if connection.dialect.name == "sqlite" else "EXPLAIN"
        (asking,) = (text for text in caught.asking() if f"FROM {table}" in text)
        rows = connection.exec_driver_sql(f"{explain} {asking}", caught.values[asking])
        return "\n".join(str(row[-1]) for row in rows)


def test_subscribed_numbers_are_counted_along_an_index_and_not_sorted(night: tuple[Tenant, Caught]) -> None:
    """PostgreSQL sorted the rows of all numbers, for half of the time that a status took."""
    tenant, _ = night
    found = plan(tenant, lambda _: store_of(tenant).subscriptions.count(), table="subscription")
    along = r"COVERING INDEX ix_subscription_until|Unique.*\n.*Index Only Scan using ix_subscription_until"
    assert re.search(along, found), found
    assert "TEMP B-TREE FOR DISTINCT" not in found, found


def test_who_shares_a_dwelling_is_found_by_the_address_and_not_sorted(night: tuple[Tenant, Caught]) -> None:
    """In the order of their ids, SQLite went through all patrons, and PostgreSQL opened a whole institution first."""
    tenant, _ = night
    patron_id = patron_id_of(0)
    view = store_of(tenant).views.patron(patron_id)
    assert view is not None
    address = view.register.address
    found = plan(tenant, lambda it: views.shares_with_sealed(it, address, but=patron_id))
    assert "ix_patron_address_index" in found
    assert not re.search(r"pk_patron|autoindex_patron|Sort|TEMP B-TREE", found)


def test_whose_rights_are_due_is_found_by_the_indexes_of_these_few(night: tuple[Tenant, Caught]) -> None:
    """Page by page: those after an id are looked for among the few, not among all patrons."""
    tenant, _ = night
    page = DuePage(PRODUCED, limit=BATCH, after=patron_id_of(0))
    found = plan(tenant, lambda it: entitlements.due_rows(it, page))
    assert "ix_patron_rights_due" in found
    # SQLite says on one line what PostgreSQL says on two
    assert re.search(
        r"ix_patron_rights_local .*id>|Only Scan using ix_patron_rights_local .*\n.*Index Cond.*\bid > ", found
    )
    assert not re.search(r"pk_patron|autoindex_patron", found)


def test_what_the_calendar_has_to_do_is_found_by_the_index_of_the_day(night: tuple[Tenant, Caught]) -> None:
    tenant, _ = night
    page = DuePage(PRODUCED, limit=BATCH, after=patron_id_of(0))
    found = plan(tenant, lambda it: calendar.due_rows(it, page))
    assert "ix_patron_local_due" in found
    assert "ix_patron_next_age_step" in found
    assert not re.search(r"pk_patron|autoindex_patron", found)
