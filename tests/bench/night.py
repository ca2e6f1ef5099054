"""Measures a night of changes: ours, from the file to the last commit; the floor; and the naive way.

The floor writes the same rows as ours, with one statement for each table, into empty tables of the same schema. It
reads no file, decides nothing and seals nothing.
"""

from __future__ import annotations

import random
import shutil
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, TypeAlias

from bench.child import Watch, in_child, peak_rss_mb
from bench.contents import TABLES, digest_of, own_rows, weight
from bench.databases import opened_databases
from bench.deliveries import TASK, write_delivery
from bench.figures import FLOOR, NAIVE, OURS, Figures, Goal, Measured
from bench.library import (
    PREVIOUS,
    PRODUCED,
    Place,
    enrol,
    night_of,
    opened_tenant,
    patron_id_of,
    store_of,
)
from bench.naive import defaults, naive_night
from bench.people import happened, people
from bench.rows import pour
from cprsync.services.night.run import run_night
from cprsync.store.core.engine import open_engine, writing
from cprsync.store.core.version import upgrade
from cprsync.store.seals.keys import create_keys

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bench.databases import Databases
    from cprsync.mock.town.people import TownPerson

PREPARED, EMPTY = "prepared", "empty"
SEED = 1968
#: Naive does one in this many changes.
NAIVE_SHARE = 10
PEAK_MB = 300
#: The figures of the issue, for SQLite. Faster goals may follow later.
RATIO_FLOOR, RATIO_NAIVE = 6.7, 15.0


@dataclass(frozen=True, slots=True)
class Work:
    """The task of a child process: where to work, on which patrons, and for the floor, the source of the rows."""

    place: Place
    patrons: int
    ids: tuple[str, ...]
    part: tuple[str, ...]
    source: Place | None = None
    #: False if a night must leave the records as they are
    records: bool = True


def ours(work: Work) -> Measured:
    """Run the night as the program does."""
    watch = Watch()
    with opened_tenant(work.place) as tenant:
        night = night_of(tenant, work.place.feed, patrons=work.patrons)
        with watch.running():
            run_night(night)
        peak = peak_rss_mb()
        told = weight(own_rows(tenant, records=work.records))
        digest = digest_of(tenant, work.ids, records=work.records)
        part = digest_of(tenant, work.part) if work.records else ""
    return Measured(watch.seconds, watch.cpu_seconds, peak, digest, told, part)


def floor(work: Work) -> Measured:
    """Write ours' rows in bulk, in one transaction."""
    watch = Watch()
    if work.source is None:
        raise AssertionError("the floor needs ours' rows")
    with opened_tenant(work.source) as tenant:
        rows = own_rows(tenant, records=work.records)
    with opened_tenant(work.place) as tenant:
        with watch.running(), writing(tenant.engine) as connection:
            for table in TABLES:
                pour(connection, table, rows.get(table.name, ()))
        peak = peak_rss_mb()
        told = weight(own_rows(tenant, records=work.records))
        # for a night without news, only its own rows are compared
        digest = digest_of(tenant, work.ids, records=work.records)
    return Measured(watch.seconds, watch.cpu_seconds, peak, digest, told)


def naive(work: Work) -> Measured:
    """Do a part of the changes, one person at a time."""
    watch = Watch()
    url = defaults(work.place.url)
    with opened_tenant(work.place) as tenant:
        night = night_of(tenant, work.place.feed, patrons=work.patrons)
        tenant.engine.dispose()
        with watch.running():
            naive_night(url, tenant, night)
    peak = peak_rss_mb()
    with opened_tenant(work.place) as tenant:
        part = digest_of(tenant, work.part)
    share = len(work.part) / len(work.ids)
    return Measured(watch.seconds, watch.cpu_seconds, peak, part, None, part, share)


Ways: TypeAlias = "Mapping[str, Callable[[Work], Measured]]"
#: Runs a way: in its own process, or in this one if memory and time do not matter.
Runner: TypeAlias = "Callable[[Callable[[Work], Measured], Work], Measured]"
WAYS: Ways = {OURS: ours, FLOOR: floor, NAIVE: naive}


class Bench:
    """Databases that are prepared once. Each way of each round gets its own copy."""

    def __init__(self, folder: Path, databases: Databases, *, patrons: int, changes: int) -> None:
        self._folder = folder
        self.databases = databases
        self.patrons = patrons
        self.feed, self.feed_part = folder / "feed", folder / "feed_part"
        places = random.Random(SEED).sample(range(patrons), changes)  # noqa: S311 -- the same people each time
        self.ids = tuple(patron_id_of(place) for place in places)
        self.part = self.ids[: max(1, changes // NAIVE_SHARE)]
        self._prepare(places)

    def _prepare(self, places: Sequence[int]) -> None:
        keys = self._folder / "keys"
        create_keys(keys)
        raw = list(islice(people(seed=SEED), self.patrons))
        self._deliver([raw[place] for place in places])
        for name in (EMPTY, PREPARED):
            shutil.copytree(keys, self.place(name).keys)
            engine = open_engine(self.databases.make(name))
            upgrade(engine)
            engine.dispose()
            with opened_tenant(self.place(name)) as tenant:
                store = store_of(tenant)  # creates the rows of the library and its agreement
                if name == PREPARED:
                    enrol(tenant, raw, self._folder / "scratch")
                    store.journal.begin()

    def _deliver(self, changing: Sequence[TownPerson]) -> None:
        chance = random.Random(SEED)  # noqa: S311 -- the same changes each time
        changed = [happened(person, chance) for person in changing]
        for feed, delivered in ((self.feed, changed), (self.feed_part, changed[: len(self.part)])):
            feed.mkdir()
            path = feed / f"D{PRODUCED:%y%m%d}.L{TASK}"
            write_delivery(path, delivered, produced=PRODUCED, previous=PREVIOUS)

    def place(self, database: str, *, part: bool = False) -> Place:
        """A database of the bench, with its keys and a folder of deliveries."""
        keys = self._folder / f"of-{database}" / "keys"
        return Place(self.databases.url(database), keys, self.feed_part if part else self.feed)

    def copy(self, database: str, to: str) -> None:
        """Copy a database with what is stored outside it: the keys, and the heads of its audit."""
        self.databases.copy(database, to)
        there = self.place(to).keys.parent
        shutil.rmtree(there, ignore_errors=True)
        shutil.copytree(self.place(database).keys.parent, there)

    def work(self, database: str, *, source: str | None = None, part: bool = False, records: bool = True) -> Work:
        """The work of a way on a database."""
        from_there = None if source is None else self.place(source)
        return Work(self.place(database, part=part), self.patrons, self.ids, self.part, from_there, records)

    def size(self) -> dict[str, object]:
        """The size of what was measured."""
        (delivery,) = self.feed.iterdir()
        return {
            "patrons": self.patrons,
            "changes": len(self.ids),
            "delivery_bytes": delivery.stat().st_size,
            "policy": "bench: every limit raised to all patrons; no products, no CULR",
        }


def bench_night(  # noqa: PLR0913 -- one parameter for each option
    *,
    patrons: int,
    changes: int,
    database: str,
    rounds: int,
    ways: Ways = WAYS,
    runner: Runner = in_child,
) -> Figures:
    """Measure nights, with the ways in turn, each on its own copy.

    Tests replace `ways` to show what a bench notices.
    """
    with TemporaryDirectory(prefix="cprsync-bench-") as folder, opened_databases(database, Path(folder)) as databases:
        bench = Bench(Path(folder), databases, patrons=patrons, changes=changes)
        figures = Figures("night", database, bench.size())
        for number in range(rounds):
            figures.rounds.append(_round(bench, ways, runner, with_naive=number == 0))
    rows, size = figures.rounds[0][OURS].weight or (0, 0)
    figures.size |= {"rows": rows, "row_bytes": size}
    figures.goals = [Goal("peak_rss_mb of ours", "<=", PEAK_MB, figures.peak(OURS))]
    if database == "sqlite":
        figures.goals += [Goal("ours/floor", "<=", RATIO_FLOOR), Goal("naive/ours", ">=", RATIO_NAIVE)]
    return figures


def _round(bench: Bench, ways: Ways, runner: Runner, *, with_naive: bool) -> dict[str, Measured]:
    databases = bench.databases
    try:
        bench.copy(PREPARED, OURS)
        measured = {OURS: runner(ways[OURS], bench.work(OURS))}
        bench.copy(EMPTY, FLOOR)
        measured[FLOOR] = runner(ways[FLOOR], bench.work(FLOOR, source=OURS))
        if with_naive:
            bench.copy(PREPARED, NAIVE)
            measured[NAIVE] = runner(ways[NAIVE], bench.work(NAIVE, part=True))
    finally:
        for way in ways:
            databases.drop(way)
    return measured
