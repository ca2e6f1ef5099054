"""Kill a night at each of its SQL statements, live it again, and compare with one that was not killed.

The night tells CULR, a Koha and a folder of files. Each must have heard each change once and in order.

    python tests/sweeps/kill.py [--database sqlite|postgresql] [--every N] [--start K] [--json]

The night is the real command line in a child process, killed from outside with SIGKILL while statement k waits. How
many statements there are is counted twice: at the gate, and by the database itself in a night without a gate.
"""

from __future__ import annotations

import argparse
import json
import shutil
import signal
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from databases import Database, opened
from gates import forked, passing
from small_night import SmallNight, forked_mock
from small_targets import count_told
from started import import_program

if TYPE_CHECKING:
    from small_night import State


@dataclass
class Sweep:
    """What came out."""

    database: Database
    every: int
    #: statements at the gate, and as the database tells
    statements: int = 0
    counted: int = 0
    exit: int = -1
    #: what the night does, and how many changes each target hears
    actions: dict[str, int] = field(default_factory=dict)
    told: dict[str, int] = field(default_factory=dict)
    killed: int = 0
    differences: dict[int, list[str]] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        return not self.differences and self.killed > 0 and self.statements == self.counted

    def document(self) -> dict[str, Any]:
        return {
            "database": self.database.name,
            "statements": self.statements,
            "counted": {"by": self.database.counter, "statements": self.counted},
            "actions": self.actions,
            "told": self.told,
            "every": self.every,
            "killed": self.killed,
            "differences": self.differences,
            "ok": self.ok,
        }


def sweep(night: SmallNight, every: int, start: int = 0) -> Sweep:
    """Kill at every so-manieth statement, from the first that is not before `start`."""
    found = Sweep(night.database, every)
    wanted = whole_night(night, found)
    tell(
        f"{night.database.name}: {found.statements} statements at the gate, {found.counted} in {night.database.counter}"
    )
    for at in range(every, found.statements + 1, every):
        if at < start:
            continue
        differences = killed_at(night, at, wanted, exits=found.exit)
        found.killed += 1
        if differences:
            found.differences[at] = differences
            tell(f"{night.database.name}: killed at {at}: {', '.join(differences)}")
        elif at % 10 < every:
            tell(f"{night.database.name}: killed at {at} of {found.statements}: no difference")
    return found


def whole_night(night: SmallNight, found: Sweep) -> State:
    """Live the night whole: once with the database counting, once through the gate."""
    counts: list[int] = []
    with night.again() as ready:
        before = count_told(ready, night.library)
        with night.database.counting(counts) as environment:
            child = night.sync(environment)
            found.exit = child.wait()
        found.actions = json.loads(child.out.read_text(encoding="utf-8"))["actions"]
        wanted = night.state(ready)
        found.told = {name: count - before[name] for name, count in count_told(ready, night.library).items()}
    found.counted = counts[0]
    with night.again(), closing(night.database.gate()) as gate:
        child = night.sync(gate.environment)
        found.statements = sum(1 for _ in passing(gate, child))
        child.wait()
    return wanted


def killed_at(night: SmallNight, at: int, wanted: State, *, exits: int) -> list[str]:
    """Kill it there, live it again; returns in what it differs."""
    with night.again() as ready:
        with closing(night.database.gate()) as gate:
            child = night.sync(gate.environment)
            for number in passing(gate, child):
                if number == at:
                    child.send(signal.SIGKILL)
                    break
        if child.wait() != -signal.SIGKILL:
            return ["it ended before it was killed"]
        closed = is_closed(night)
        code = night.sync().wait()
        different = compare(wanted, night.state(ready))
        # after its end there is nothing left for the second but what nobody could answer
        if code != exits and not closed:
            different.append(f"exit {code} instead of {exits}")
        return different


def is_closed(night: SmallNight) -> bool:
    """Whether the night that was killed had already written its report."""
    return all(row["finished"] for row in night.everything()["run"][2:])


def compare(wanted: State, found: State) -> list[str]:
    return [name for name in wanted if wanted[name] != found[name]]


def tell(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    asked.add_argument("--every", type=int, default=1, metavar="N", help="kill at each N-th statement only")
    asked.add_argument("--start", type=int, default=1, metavar="K", help="kill at no statement before the K-th")
    asked.add_argument("--certificates", type=Path, help="a folder of development certificates to take")
    asked.add_argument("--json", action="store_true", help="one document on standard output")
    options = asked.parse_args()
    began = time.monotonic()
    # before any child is forked, so that no child does it again
    import_program()
    with tempfile.TemporaryDirectory(prefix="cprsync-sweep-") as name:
        folder = Path(name)
        if options.certificates:
            shutil.copytree(options.certificates, folder / "mock" / "certs")
        with opened(options.database, folder) as database:
            night = SmallNight(folder, database, forked, partial(forked_mock, with_koha=True))
            night.make()
            tell(f"{database.name}: set up in {time.monotonic() - began:.0f} s")
            found = sweep(night, max(1, options.every), options.start)
    seconds = time.monotonic() - began
    if options.json:
        sys.stdout.write(json.dumps({**found.document(), "seconds": round(seconds, 1)}) + "\n")
    else:
        differ = f"differences at {sorted(found.differences)}" if found.differences else "no difference"
        sys.stdout.write(f"{found.database.name}: killed {found.killed} times, {differ}; {seconds:.0f} s\n")
    return 0 if found.ok else 1


if __name__ == "__main__":
    sys.exit(main())
