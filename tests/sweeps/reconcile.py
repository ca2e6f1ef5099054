"""Compare many subscriptions of our own with the mock's list over mutual TLS, both ways; print time and peak memory.

    python tests/sweeps/reconcile.py [--numbers N] [--json]

A hundred thousand patrons by default, each with a subscription row; the list lacks some of them and holds some that
nobody wants. Both are put right by `subscriptions reconcile --apply`, in a child of its own whose peak memory is read
from the system, beside that of a child that compares nothing. A second comparison must find nothing.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from small_night import forked_mock

from cprsync.cli.setup.installation import write_folder
from cprsync.config.clock import SystemClock
from cprsync.config.settings import load_settings
from cprsync.domain.patron.local import Local
from cprsync.domain.person.number import CprNumber
from cprsync.services.ports.patrons import NewPatron
from cprsync.wiring.setting_up import upgrade_store as upgrade
from cprsync.wiring.site import Site

#: How many are missing there, have left, and are there for no reason: within the limit of `unsubscribed`.
MISSING, LEFT, FOREIGN = 100, 90, 60
#: Fewer patrons are braked: the limit is a share of them.
NUMBERS_MIN = 75_000
_PART = 5000
_CHILD_SECONDS = 900
_WEIGHTS = (4, 3, 2, 7, 6, 5, 4, 3, 2, 1)
_KB = 1024


def invented(count: int) -> list[CprNumber]:
    """Well-formed numbers that fail modulus 11, so that they are nobody's."""
    made: dict[str, None] = {}
    day, serial = date(1950, 1, 1), 0
    while len(made) < count:
        digits = f"{day:%d%m%y}{serial % 4000:04}"
        if sum(int(digit) * weight for digit, weight in zip(digits, _WEIGHTS, strict=True)) % 11:
            made[digits] = None
        serial += 7
        day = day + timedelta(days=1) if day.year < 1986 else date(1950, 1, 1)
    return [CprNumber.parse(digits) for digits in made]


def prepare(folder: Path, numbers: list[CprNumber]) -> Path:
    """A mock that lists most of the numbers, and a library that subscribes to most of them."""
    ours, foreign = numbers[:-FOREIGN], numbers[-FOREIGN:]
    with forked_mock(folder / "mock") as ready:
        agreement = ready["agreement"]["service_agreement"]
    listed = [*ours[MISSING:], *foreign]
    lines = [json.dumps([agreement, "PNR", number.digits, True]) for number in listed]
    (folder / "mock" / "subscriptions.jsonl").write_text("\n".join(lines) + "\n", encoding="ascii")
    write_folder(folder / "library", mock=folder / "mock" / "ready.json")
    config = folder / "library" / "cprsync.toml"
    settings = load_settings(config)
    upgrade(settings.store)
    with Site(settings, settings.library[0], SystemClock().today()).store() as store:
        clock = SystemClock()
        run = store.runs.begin(day=clock.today(), started=clock.now())
        for start in range(0, len(ours), _PART):
            part = ours[start : start + _PART]
            created = store.imports.take_patrons([NewPatron(number, Local()) for number in part])
            ids = [one.patron_id or "" for one in created]
            store.subscriptions.subscribed(run, list(zip(ids, part, strict=True)), since=clock.today())
        for patron_id in ids[-LEFT:]:
            store.leaving.leave(patron_id, user="lisbeth")
    return config


def measured(config: Path, *command: str) -> tuple[dict[str, Any], dict[str, float]]:
    """What a command in a child of its own says, and what it took."""
    begun = time.monotonic()
    done = subprocess.run(
        [sys.executable, __file__, "--child", *command, "--config", str(config), "--json"],
        capture_output=True,
        text=True,
        timeout=_CHILD_SECONDS,
        check=False,
    )
    seconds = time.monotonic() - begun
    *_, peak = done.stderr.split()
    return json.loads(done.stdout), {"seconds": round(seconds, 1), "peak_rss_mb": round(int(peak) / _KB, 1)}


def child(command: list[str]) -> None:
    """Be the command line, and say in the end how much memory that took, in KiB."""
    from cprsync.cli.main import run

    sys.argv = ["cprsync", *command]
    try:
        run()
    finally:
        status = Path("/proc/self/status").read_text(encoding="ascii")
        sys.stderr.write("\n" + next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")))


def swept(count: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="cprsync-reconcile-") as made:
        folder = Path(made)
        config = prepare(folder, invented(count + FOREIGN))
        floor = measured(config, "runs", "list")[1]
        with forked_mock(folder / "mock"):
            first, took = measured(config, "subscriptions", "reconcile", "--apply")
            again, took_again = measured(config, "subscriptions", "reconcile", "--apply")
    names = ("kept", "missing", "surplus", "added", "removed")
    kept = count - MISSING - LEFT
    wanted = [kept, MISSING, LEFT + FOREIGN, MISSING, LEFT + FOREIGN]
    settled = [kept + MISSING, 0, 0, 0, 0]
    return {
        "numbers": count,
        "first": {name: first.get(name) for name in names} | took,
        "again": {name: again.get(name) for name in names} | took_again,
        "without": floor,
        "ok": [first.get(name) for name in names] == wanted and [again.get(name) for name in names] == settled,
    }


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--numbers", type=int, default=100_000)
    asked.add_argument("--json", action="store_true")
    options = asked.parse_args()
    if options.numbers < NUMBERS_MIN:
        asked.error(f"at least {NUMBERS_MIN}: fewer are braked")
    document = swept(options.numbers)
    if options.json:
        sys.stdout.write(json.dumps(document, indent=2) + "\n")
    else:
        for name in ("first", "again", "without"):
            sys.stdout.write(
                f"{name:<8} " + "  ".join(f"{key} {value}" for key, value in document[name].items()) + "\n"
            )
        sys.stdout.write("ours, the list and the rows agree\n" if document["ok"] else "they DIFFER\n")
    raise SystemExit(0 if document["ok"] else 1)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(sys.argv[2:])
    else:
        main()
