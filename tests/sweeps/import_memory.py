"""Import a short and a long list, and compare the peak of memory: a stream holds no more of the longer one.

    python tests/sweeps/import_memory.py [--what patron|circulation] [--short N --long M] [--form csv|json] [--apply]

Each import is the command line in a process of its own, into a store of its own, and each row takes 2 KiB. With --apply
the pages of the database that SQLite keeps, 64 MiB of them at most, come on top: they are full long before the longer
list ends.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import started

from cprsync.cli.setup.installation import write_folder
from cprsync.config.settings import load_settings
from cprsync.wiring.setting_up import upgrade_store as upgrade

if TYPE_CHECKING:
    from collections.abc import Callable

#: The long list may take so much more, in MiB; applied, also what SQLite keeps. In the sample it is 4 longer.
GROWTH_MAX_MB = 2
CACHE_MB = 64
#: One import ends long before this.
CEILING_SECONDS = 3600
#: Patrons who are there before what circulates comes.
PATRONS = 100
#: The command reads the machine's clock: a later day would be refused.
_TODAY = date.today().isoformat()  # noqa: DTZ011 -- the day where it runs
#: It makes a row long.
_NOTE = "x" * 1900
_CHILD = """
import resource, sys
from cprsync.cli.main import app
code = app(sys.argv[1:], standalone_mode=False)
sys.stderr.write(f"peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}\\n")
sys.exit(code)
"""


def a_patron(place: int) -> dict[str, str]:
    return {"cards": f"L{place:08}", "branch": "main", "internal_note": f"number {place} {_NOTE}"}


def a_message(place: int) -> dict[str, str]:
    """To one of the hundred patrons who are there before."""
    told = {"type": "message", "id": f"M{place}", "patron": f"L{place % PATRONS:08}", "channel": "email"}
    return told | {"content": f"number {place} {_NOTE}", "sent": _TODAY}


#: By the command, what it is given.
ROWS = {"patron": a_patron, "circulation": a_message}


def write_list(path: Path, rows: int, row: Callable[[int], dict[str, str]], form: str) -> None:
    with path.open("w", encoding="utf-8") as file:
        if form == "csv":
            file.write(",".join(row(0)) + "\n")
        for place in range(rows):
            file.write((",".join(row(place).values()) if form == "csv" else json.dumps(row(place))) + "\n")


def take(folder: Path, what: str, path: Path, *, apply: bool) -> tuple[int, int]:
    """Import a list: how many were created, and the peak of that process."""
    options = [what, "import", str(path), "--json", "--config", str(folder / "cprsync.toml")]
    options += ["--apply"] if apply else []
    done = started.program(_CHILD, *options, ceiling=CEILING_SECONDS)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)["created"], int(done.stderr.split()[-1])


def set_up(folder: Path, what: str) -> Path:
    """A folder with an empty store, or with one that has the patrons of what circulates."""
    write_folder(folder, mock=None)
    upgrade(load_settings(folder / "cprsync.toml").store)
    if what == "circulation":
        write_list(folder / "patrons.csv", PATRONS, a_patron, "csv")
        take(folder, "patron", folder / "patrons.csv", apply=True)
    return folder


def peak_mb(folder: Path, rows: int, form: str, *, what: str, apply: bool) -> int:
    """Import so many rows; the peak of that process."""
    path = folder / f"list.{form}"
    write_list(path, rows, ROWS[what], form)
    created, peak = take(folder, what, path, apply=apply)
    assert created == rows
    return peak


def measured(short: int, long: int, form: str, *, what: str = "patron", apply: bool) -> dict[str, Any]:
    """Both imports, one after the other."""
    with tempfile.TemporaryDirectory(prefix="cprsync-import-") as name:
        made = set_up(Path(name) / "made", what)
        few, many = (
            peak_mb(shutil.copytree(made, Path(name) / str(rows)), rows, form, what=what, apply=apply)
            for rows in (short, long)
        )
    most = GROWTH_MAX_MB + (CACHE_MB if apply else 0)
    told = {"what": what, "form": form, "applied": apply, "short": short, "long": long}
    return {**told, "peak_mb": [few, many], "ok": many - few <= most}


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--short", type=int, default=10_000)
    asked.add_argument("--long", type=int, default=100_000)
    asked.add_argument("--form", choices=["csv", "json"], default="csv")
    asked.add_argument("--what", choices=list(ROWS), default="patron")
    asked.add_argument("--apply", action="store_true", help="write, and let SQLite keep its pages")
    asked.add_argument("--json", action="store_true", help="one document on standard output")
    options = asked.parse_args()
    found = measured(options.short, options.long, options.form, what=options.what, apply=options.apply)
    few, many = found["peak_mb"]
    told = f"{options.form}: {options.short} rows {few} MiB, {options.long} rows {many} MiB at most"
    sys.stdout.write((json.dumps(found) if options.json else told) + "\n")
    return 0 if found["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
