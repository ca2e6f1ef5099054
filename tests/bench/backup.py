"""Measures a backup against a bare copy of the database, and how long it takes to put everything back and verify it.

A bare copy is the database's own: neither encrypted nor checked. Putting back includes all that `restore` does with the
database: it is written, counted, its audit verified, and everyone's window opened. Beside it, the bare copy is put back
by the database's own means, such as `pg_restore`, and nothing else.
"""

from __future__ import annotations

import shutil
import sqlite3
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, TypeAlias

from sqlalchemy.engine import make_url

from bench.child import Watch, in_child, peak_rss_mb
from bench.databases import opened_databases
from bench.figures import FLOOR, OURS, Figures, Goal, Measured
from bench.library import Place, opened_tenant, store_of
from bench.night import PREPARED, Bench
from cprsync.domain.trust.backup import compare_copy
from cprsync.store.backup.databases import SQLITE, _open_postgresql, database_kind_of, open_moment, put_back
from cprsync.store.backup.encrypted import CountedFile, Opener, encrypting, make_key_pair, open_encrypted
from cprsync.store.backup.facts import read_facts
from cprsync.store.core.engine import open_engine, reading

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cprsync.domain.trust.backup import Facts

#: The issue's ceiling for a restore of 250,000 patrons.
RESTORE_SECONDS = 1_800
#: Memory must not grow with the database. SQLite's page cache is 64 MB of it.
PEAK_MB = 260
RATIO_FLOOR = 6.0
PUT_BACK = "put_back"
_READ_BYTES = 1024 * 1024
_KEY, _ENCRYPTED, _BARE = "private.key", "database.age", "database.copy"

Ways: TypeAlias = "Mapping[str, Callable[[Place], Measured]]"
#: Runs a way: in its own process, or in this one if memory and time do not matter.
Runner: TypeAlias = "Callable[[Callable[[Place], Measured], Place], Measured]"


def ours(place: Place) -> Measured:
    """Encrypt the database at one moment."""
    watch, opener = Watch(), Opener.load(place.feed / _KEY)
    with (
        watch.running(),
        (place.feed / _ENCRYPTED).open("wb") as file,
        encrypting(CountedFile(file), opener.recipient) as plain,
        open_moment(place.url, place.feed) as moment,
    ):
        for content in moment.content:
            plain.write(content)
    return Measured(watch.seconds, watch.cpu_seconds, peak_rss_mb(), str(moment.facts.counts["patron"]))


def floor(place: Place) -> Measured:
    """Let the database copy itself into a file."""
    watch = Watch()
    with watch.running():
        if database_kind_of(place.url) == SQLITE:
            _copy_file(Path(make_url(place.url).database or ""), place.feed / _BARE)
        else:
            engine = open_engine(place.url)
            with _open_postgresql(engine) as moment, (place.feed / _BARE).open("wb") as file:
                file.writelines(moment.content)
            engine.dispose()
    with opened_tenant(place) as tenant, reading(tenant.engine) as connection:
        return Measured(watch.seconds, watch.cpu_seconds, peak_rss_mb(), str(read_facts(connection).counts["patron"]))


def _copy_file(source: Path, to: Path) -> None:
    to.unlink(missing_ok=True)
    with closing(sqlite3.connect(source)) as connection, closing(sqlite3.connect(to)) as copy:
        connection.backup(copy)


def _facts(url: str) -> Facts:
    engine = open_engine(url)
    try:
        with reading(engine) as connection:
            return read_facts(connection)
    finally:
        engine.dispose()


WAYS: Ways = {OURS: ours, FLOOR: floor}


def bench_backup(*, patrons: int, database: str, rounds: int, ways: Ways = WAYS, runner: Runner = in_child) -> Figures:
    """Measure a backup of this many patrons, and put the last one back."""
    with TemporaryDirectory(prefix="cprsync-bench-") as folder, opened_databases(database, Path(folder)) as databases:
        bench = Bench(Path(folder), databases, patrons=patrons, changes=min(patrons, 10))
        work = Path(folder) / "work"
        work.mkdir(mode=0o700)
        make_key_pair(work / _KEY)
        place = replace(bench.place(PREPARED), feed=work)
        figures = Figures("backup", database, {"patrons": patrons})
        for _ in range(rounds):
            figures.rounds.append({name: runner(way, place) for name, way in ways.items()})
        figures.found["encrypted_mb"] = round((work / _ENCRYPTED).stat().st_size / 1024**2)
        bare = _put_back_bare(place, databases.make(PUT_BACK))
        databases.drop(PUT_BACK)
        seconds = _put_back(place, databases.make(PUT_BACK), Path(folder) / "again")
        databases.drop(PUT_BACK)
    figures.found |= {
        "restore_seconds": round(seconds, 3),
        "bare_restore_seconds": round(bare, 3),
        "restore_ratio": round(seconds / bare, 2),
    }
    figures.goals = [
        Goal("ours/floor", "<=", RATIO_FLOOR),
        Goal("peak_rss_mb of ours", "<=", PEAK_MB, figures.peak(OURS)),
        Goal("seconds to put back", "<=", RESTORE_SECONDS, seconds),
    ]
    return figures


def _put_back_bare(place: Place, url: str) -> float:
    """Let the database put its own copy back. Returns the seconds."""
    begun = time.monotonic()
    if database_kind_of(url) == SQLITE:
        _copy_file(place.feed / _BARE, Path(make_url(url).database or ""))
    else:
        with (place.feed / _BARE).open("rb") as file:
            put_back(url, iter(lambda: file.read(_READ_BYTES), b""))
    return time.monotonic() - begun


def _put_back(place: Place, url: str, folder: Path) -> float:
    """Put the encrypted database back, verify it, and open everyone's window. Returns the seconds."""
    shutil.copytree(place.keys, folder / "keys")
    begun = time.monotonic()
    with (place.feed / _ENCRYPTED).open("rb") as file:
        put_back(url, open_encrypted(file, Opener.load(place.feed / _KEY), name=_ENCRYPTED))
    if differences := compare_copy(_facts(place.url), _facts(url)):
        raise AssertionError(differences[0].what)
    with opened_tenant(replace(place, url=url, keys=folder / "keys")) as tenant:
        store = store_of(tenant)
        store.audit.check(records=2_000)
        store.journal.put_back(user="bench", backup="bench")
    return time.monotonic() - begun
