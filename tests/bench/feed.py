"""Measures how fast a reader gets every patron. The floor reads the same rows, opens them and writes the same lines.

Ours is what the feed and `export` do: pages of the largest size, each with its cursor and its entry in the audit. The
load of the changes is measured beside it.
"""

from __future__ import annotations

import hashlib
import json
import time
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from bench.child import Watch, in_child, peak_rss_mb
from bench.databases import opened_databases
from bench.figures import FLOOR, OURS, Figures, Goal, Measured
from bench.library import AGENCY, Place, enrol, opened_tenant, store_of
from bench.night import SEED
from bench.people import people
from cprsync.domain.outward.record import OutwardField
from cprsync.domain.outward.target import ProtectedRule, Target, TargetKind
from cprsync.services.outward.feeding import FeedReader
from cprsync.services.outward.sending import load_target
from cprsync.services.ports.night import Silence
from cprsync.store.core.engine import open_engine
from cprsync.store.core.version import upgrade
from cprsync.store.outward.changes import CHANGE, with_targets
from cprsync.store.seals.keys import create_keys

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bench.databases import Databases

#: Everything that there is: no target gets more, so none is slower.
TARGET: Final = Target("website", TargetKind.FEED, frozenset(OutwardField), ProtectedRule.WITHOUT_ADDRESS)
#: How many patrons a second a reader gets at least, and how much slower than the floor that may be.
A_SECOND: Final = 5_000
RATIO_FLOOR: Final = 3.0
#: How much peak memory may grow from a tenth of the patrons to all of them: one page, and SQLite's page cache.
FLAT_MB: Final = 96
_SMALLER: Final = 10
_TOGETHER: Final = 500

Ways: TypeAlias = "Mapping[str, Callable[[Place], Measured]]"
#: Runs a way: in its own process, or in this one if memory and time do not matter.
Runner: TypeAlias = "Callable[[Callable[[Place], Measured], Place], Measured]"


def ours(place: Place) -> Measured:
    """Read every page as a reader does."""
    watch, made = Watch(), hashlib.sha256()
    with opened_tenant(place) as tenant:
        reader = FeedReader(store_of(tenant), AGENCY, TARGET, TARGET.name)
        with watch.running():
            for page in reader.fetch_all(""):
                made.update(b"".join(page.lines))
    return Measured(watch.seconds, watch.cpu_seconds, peak_rss_mb(), f"sha256:{made.hexdigest()}")


def floor(place: Place) -> Measured:
    """Read the rows with the driver, open each, and write what is not withheld as a line."""
    watch, made = Watch(), hashlib.sha256()
    with opened_tenant(place) as tenant, closing(tenant.engine.raw_connection()) as connection:
        encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode
        with watch.running():
            cursor = connection.cursor()
            cursor.execute("SELECT seq, patron_id, payload, key FROM change ORDER BY agency, seq")
            while rows := cursor.fetchmany(_TOGETHER):
                for seq, patron_id, payload, key in rows:
                    plain = tenant.vault.unseal(bytes(payload), key, place=patron_id, owner=CHANGE, version=seq)
                    made.update(encode(_line(seq, patron_id, json.loads(plain))).encode() + b"\n")
    return Measured(watch.seconds, watch.cpu_seconds, peak_rss_mb(), f"sha256:{made.hexdigest()}")


def _line(seq: int, patron_id: str, record: dict[str, Any]) -> dict[str, Any]:
    protected = record["protected"]
    line = {"patron": patron_id, "version": seq, "protected": protected, **record["values"]}
    if not protected:
        line["verified"] = record["verified"]
    for name in ("address", "abroad", "contact_address") if protected else ():
        del line[name]
    if record["withheld"]:
        line["withheld"] = record["withheld"]
    return line


WAYS: Ways = {OURS: ours, FLOOR: floor}


@dataclass(frozen=True, slots=True)
class _Prepared:
    databases: Databases
    folder: Path

    def place(self, patrons: int) -> tuple[Place, float]:
        """A database whose changes tell of this many patrons, and how long it took to make the changes."""
        name, keys = f"feed_{patrons}", self.folder / f"of-{patrons}" / "keys"
        create_keys(keys)
        place = Place(self.databases.make(name), keys, self.folder)
        engine = open_engine(place.url)
        upgrade(engine)
        engine.dispose()
        with opened_tenant(place) as tenant:
            store = store_of(tenant)
            enrol(tenant, islice(people(seed=SEED), patrons), self.folder / "scratch")
            store.journal.begin()
            store._bind(with_targets(store._tenant, (TARGET,)))
            begun = time.monotonic()
            load_target(store, TARGET, Silence())
            return place, time.monotonic() - begun


def bench_feed(*, patrons: int, database: str, rounds: int, ways: Ways = WAYS, runner: Runner = in_child) -> Figures:
    """Measure this many patrons, and compare ours' memory with that for a tenth of them."""
    with TemporaryDirectory(prefix="cprsync-bench-") as folder, opened_databases(database, Path(folder)) as databases:
        prepared = _Prepared(databases, Path(folder))
        (large, loading), (small, _) = prepared.place(patrons), prepared.place(max(1, patrons // _SMALLER))
        figures = Figures("feed", database, {"patrons": patrons})
        for _ in range(rounds):
            figures.rounds.append({name: runner(way, large) for name, way in ways.items()})
        least = runner(ways[OURS], small).peak_rss_mb
    a_second = patrons / sorted(one[OURS].seconds for one in figures.rounds)[len(figures.rounds) // 2]
    figures.found |= {"records_a_second": round(a_second), "loaded_a_second": round(patrons / loading)}
    figures.goals = [
        Goal("records a second", ">=", A_SECOND, a_second),
        Goal("ours/floor", "<=", RATIO_FLOOR),
        Goal("memory grown, in MB", "<=", FLAT_MB, figures.peak(OURS) - least),
    ]
    return figures
