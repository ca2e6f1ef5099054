"""Measures how long ours takes to check the whole audit. The floor reads the same rows and chains their codes."""

from __future__ import annotations

import hashlib
import json
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, TypeAlias

from bench.child import Watch, in_child, peak_rss_mb
from bench.databases import opened_databases
from bench.figures import FLOOR, OURS, Figures, Goal, Measured
from bench.library import Place, opened_tenant, store_of
from cprsync.store.audit import audit
from cprsync.store.core.engine import open_engine
from cprsync.store.core.version import upgrade
from cprsync.store.seals.keys import Keyed, KeyPurpose, create_keys

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bench.databases import Databases
    from cprsync.store.core.tenant import Tenant

#: How much peak memory may grow from a tenth of the entries to all of them. SQLite's page cache is 64 MB of it.
FLAT_MB = 80
RATIO_FLOOR = 6.0
_STREAM = "bench"
_BATCH = 5000
_SMALLER = 10

Ways: TypeAlias = "Mapping[str, Callable[[Place], Measured]]"
#: Runs a way: in its own process, or in this one if memory and time do not matter.
Runner: TypeAlias = "Callable[[Callable[[Place], Measured], Place], Measured]"


def ours(place: Place) -> Measured:
    """Check the audit as a night does."""
    watch = Watch()
    with opened_tenant(place) as tenant:
        store = store_of(tenant)
        with watch.running():
            state = store.audit.check()
        if state.problems:
            raise state.problems[0]
        return Measured(watch.seconds, watch.cpu_seconds, peak_rss_mb(), _digest(tenant, state.entries))


def floor(place: Place) -> Measured:
    """Read the rows with the driver, parse each entry, and chain the codes."""
    watch = Watch()
    with opened_tenant(place) as tenant, closing(tenant.engine.raw_connection()) as connection:
        keyed, mac, count = Keyed(tenant.keyring.newest(KeyPurpose.AUDIT).secret), bytes(32), 0
        with watch.running():
            cursor = connection.cursor()
            cursor.execute("SELECT entry FROM audit ORDER BY agency, stream, seq")
            while rows := cursor.fetchmany(_BATCH):
                for (entry,) in rows:
                    mac = keyed.digest(mac + entry)
                    json.loads(entry)
                count += len(rows)
        return Measured(watch.seconds, watch.cpu_seconds, peak_rss_mb(), _digest(tenant, count))


WAYS: Ways = {OURS: ours, FLOOR: floor}


@dataclass(frozen=True, slots=True)
class _Prepared:
    databases: Databases
    folder: Path

    def place(self, entries: int) -> Place:
        """A database with this many entries of the desk's kind, with the audit heads kept as a desk keeps them."""
        name, keys = f"audit_{entries}", self.folder / f"of-{entries}" / "keys"
        create_keys(keys)
        place = Place(self.databases.make(name), keys, self.folder)
        engine = open_engine(place.url)
        upgrade(engine)
        engine.dispose()
        with opened_tenant(place) as tenant:
            store_of(tenant).journal.begin()
            _write(tenant, entries)
        return place


def _write(tenant: Tenant, entries: int) -> None:
    one = audit.Happened("lookup", patron="10000000", actions=("renewal",), more=(("user", "anna"),))
    for begun in range(0, entries, _BATCH):
        with tenant.writing() as transaction:
            audit.append(transaction, _STREAM, [one] * min(_BATCH, entries - begun))


def bench_audit(*, entries: int, database: str, rounds: int, ways: Ways = WAYS, runner: Runner = in_child) -> Figures:
    """Measure this many entries, and compare ours' memory with that for a tenth of them."""
    with TemporaryDirectory(prefix="cprsync-bench-") as folder, opened_databases(database, Path(folder)) as databases:
        prepared = _Prepared(databases, Path(folder))
        large, small = prepared.place(entries), prepared.place(max(1, entries // _SMALLER))
        figures = Figures("audit", database, {"entries": entries})
        for _ in range(rounds):
            figures.rounds.append({name: runner(way, large) for name, way in ways.items()})
        least = runner(ways[OURS], small).peak_rss_mb
    grown = figures.peak(OURS) - least
    fastest = min(one[OURS].seconds for one in figures.rounds)
    figures.found["entries_a_second"] = round(entries / fastest)
    figures.goals = [Goal("ours/floor", "<=", RATIO_FLOOR), Goal("memory grown, in MB", "<=", FLAT_MB, grown)]
    return figures


def _digest(tenant: Tenant, count: int) -> str:
    return "sha256:" + hashlib.sha256(f"{tenant.agency} {count}".encode()).hexdigest()
