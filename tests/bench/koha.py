"""Measures how a night's changes reach a Koha that takes 20 ms for each call.

Ours takes what waits from the outbox, sends it through the client, and settles it. The floor makes as many calls, as
many at once, to the same Koha over kept connections, and does nothing with the answers.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

import requests

from bench.child import Watch, peak_rss_mb
from bench.databases import opened_databases
from bench.figures import FLOOR, OURS, Figures, Goal, Measured
from bench.library import night_of, opened_tenant, store_of
from bench.night import PREPARED, Bench
from cprsync.domain.outward.koha import KohaRules
from cprsync.domain.outward.record import OutwardField
from cprsync.domain.outward.target import ProtectedRule, Target, TargetKind
from cprsync.mock.koha import calls
from cprsync.outward.koha import KohaClient
from cprsync.outward.settings import KohaSettings
from cprsync.services.night.run import run_night
from cprsync.services.outward.sending import Sender
from cprsync.services.ports.night import Silence
from cprsync.services.ports.outward import OpenTarget
from cprsync.store.outward.changes import with_targets
from cprsync.wire.calls import CallSurroundings

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from cprsync.store.core.tenant import Tenant
    from cprsync.store.sql import SqlStore

#: How long Koha takes for each answer, in seconds, and how much slower than its calls sending may be.
KOHA_SECONDS: Final = 0.02
RATIO_FLOOR: Final = 1.2
#: Calls at the same time, of either way.
WORKERS: Final = 8
#: The longest that the mock may take to start, in seconds.
START_SECONDS: Final = 120
#: What Koha may get.
_KNOWN: Final = (
    *("number", "name", "birth_date", "address", "municipality", "status", "group", "blocks"),
    *("contact_address", "abroad"),
)
TARGET: Final = Target("koha", TargetKind.KOHA, frozenset(map(OutwardField, _KNOWN)), ProtectedRule.WITHOUT_ADDRESS)


@contextmanager
def _served_koha(folder: Path, keys: Path | None) -> Iterator[dict[str, Any]]:
    """A mock with a Koha, in a process of its own."""
    if keys is not None:
        shutil.copytree(keys, folder)
    command = [sys.executable, "-m", "cprsync", "mock", "serve", "--dir", str(folder), "--koha"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield json.loads(process.stdout.readline())
        finally:
            process.terminate()
            process.wait(START_SECONDS)


def _client(ready: dict[str, Any], tenant: Tenant) -> KohaClient:
    said = ready["koha"]
    settings = KohaSettings(
        url=said["url"],
        ca=Path(ready["ca"]),
        client=said["client_id"],
        secret_file=Path(said["secret_file"]),
        rules=KohaRules(library="HB", category="VOKSEN", creates=True),
        workers=WORKERS,
    )
    return KohaClient(settings, today=tenant.clock.today, surroundings=CallSurroundings())


def _send(store: SqlStore, client: KohaClient) -> int:
    sent = Sender(store, Silence()).send(OpenTarget(TARGET, client))
    if sent.error is not None:
        raise sent.error
    return sent.sent


def _calls(ready: dict[str, Any]) -> int:
    return sum(calls.show(ready)["calls"].values())


def _floor(ready: dict[str, Any], count: int, workers: int) -> Watch:
    """Make as many calls, as many at once, each over a connection that is kept."""
    said, watch = ready["koha"], Watch()
    secret = Path(said["secret_file"]).read_text(encoding="utf-8").strip()

    def call(many: int) -> None:
        with requests.Session() as session:
            session.verify, session.auth = ready["ca"], (said["client_id"], secret)
            session.trust_env = False
            for _ in range(many):
                session.get(f"{said['url']}/patrons/1", timeout=START_SECONDS).close()

    with ThreadPoolExecutor(workers) as pool, watch.running():
        list(pool.map(call, [count // workers] * workers))
    return watch


def _digest(rows: dict[str, str]) -> str:
    return f"sha256:{hashlib.sha256(json.dumps(rows, sort_keys=True).encode()).hexdigest()}"


def _lives(store: SqlStore, patrons: int) -> dict[str, str]:
    """By number, the postcode where each patron lives now by our records. Koha may know none of a protected patron."""
    payloads = [one.payload or {} for one in store.expecting.page(TARGET, "", patrons).effects]
    at = {one["number"]: one.get("address") for one in payloads}
    return {number: one["postcode"] if one else "" for number, one in at.items() if not one or one["current"]}


def _lives_in_koha(ready: dict[str, Any], numbers: Collection[str]) -> dict[str, str]:
    """The same as Koha has it, of these patrons."""
    attribute = ready["koha"]["number_attribute"]
    return {
        one["value"]: patron["postal_code"] or ""
        for patron in calls.show(ready)["patrons"]
        for one in patron["extended_attributes"]
        if one["type"] == attribute and one["value"] in numbers
    }


def bench_koha(*, patrons: int, changes: int, seconds: float = KOHA_SECONDS, keys: Path | None = None) -> Figures:
    """Measure how what a night has changed reaches Koha. The first load, and the night itself, are not measured.

    `keys`: the mock's, made before; None: they are made now.
    """
    figures = Figures("koha", "sqlite", {"patrons": patrons, "changes": changes, "call_ms": round(seconds * 1000)})
    with (
        TemporaryDirectory(prefix="cprsync-bench-") as folder,
        opened_databases("sqlite", Path(folder)) as databases,
        _served_koha(Path(folder) / "mock", keys) as ready,
    ):
        bench = Bench(Path(folder), databases, patrons=patrons, changes=changes)
        place = bench.place(PREPARED)
        with opened_tenant(place) as tenant, closing(_client(ready, tenant)) as client:
            store = store_of(tenant)
            store._bind(with_targets(store._tenant, (TARGET,)))
            night = replace(night_of(tenant, place.feed, patrons=patrons), store=store)
            _send(store, client)
            run_night(night)
            calls.latency(ready, seconds)
            before, watch = _calls(ready), Watch()
            with watch.running():
                sent = _send(store, client)
            made = _calls(ready) - before
            floor = _floor(ready, made, WORKERS)
            calls.latency(ready, 0)
            ours = _lives(store, patrons)
            theirs = _lives_in_koha(ready, ours)
    figures.rounds.append(
        {
            OURS: Measured(watch.seconds, watch.cpu_seconds, peak_rss_mb(), _digest(theirs)),
            FLOOR: Measured(floor.seconds, floor.cpu_seconds, peak_rss_mb(), _digest(ours)),
        }
    )
    figures.found |= {"sent": sent, "calls": made}
    figures.goals = [Goal("ours/floor", "<=", RATIO_FLOOR)]
    return figures
