"""Kill whole process groups of real commands at random moments in time, run them again, and compare the ends.

    python tests/sweeps/crash.py [--seed S] [--kills N] [--database sqlite|postgresql] [--each K] [--json]

One life: a night, an import, a first load, a merge, an answer, other systems told, somebody who leaves, a key rotated,
another night, a backup put back and tried, a night that is held, approved, undone and let go, a certificate renewed,
and a desk at which somebody works. Every step is killed one to K times with SIGKILL and started again until it is done,
by nobody's hand. At the end all has to be as in the life that nothing happened to.

A seed draws at which step how often, and at which part of the time that the step took undisturbed. So the same seed
kills at the same moments; which statement that hits depends on the machine, and does not replay.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import rooms  # noqa: F401 -- it puts the tests' folders on the path
from crash_desk import KilledDesk, moments_of, set_up_desk
from crash_dump import compare
from crash_life import CrashLife, Told
from crash_steps import AFTER_THE_DESK, NIGHTS, STEPS
from databases import opened
from gates import forked
from small_night import SmallNight, forked_mock
from started import import_program

from cprsync.backup.backing_up import make_key
from cprsync.mock.certs import make_authority, packaged_profile
from cprsync.services.trust import keys

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crash_life import Step
    from small_night import State

#: How long a rotation waits for other programs to take the new key: there are none here but the desk.
TAKING_SECONDS = 0.2


@dataclass
class Harness:
    """Lives with kills until there are enough, and what they came to."""

    life: CrashLife
    steps: Sequence[Step]
    each: int
    with_desk: bool
    wanted: State = field(default_factory=dict)
    told: dict[int, Told] = field(default_factory=dict)

    def live_undisturbed(self, times: int) -> None:
        """Live without a kill: the ends have to be the same, and the last says how long each step takes."""
        for _ in range(times):
            with self.life.night.again() as ready:
                self._begin(ready)
                self.life.live(self.steps)
                if self.with_desk:
                    self._work_at_desk([], Told())
                before, self.wanted = self.wanted, self.life.canonical()
        different = compare(before, self.wanted) if before else []
        assert not different, f"two undisturbed lives differ: {different}"

    def _begin(self, ready: dict[str, Any]) -> None:
        self.life.begin(ready)
        if self.with_desk:
            set_up_desk(self.life.night.library, self.life.night.mock, ready["agreement"]["agency"])

    def _work_at_desk(self, moments: list[tuple[float, bool]], told: Told) -> None:
        KilledDesk(self.life).work(moments, told)
        self.life.live([AFTER_THE_DESK])

    def live_killed(self, seed: int) -> Told:
        """One life with the kills of a seed."""
        told = self.told[seed] = Told()
        with self.life.night.again() as ready:
            self._begin(ready)
            chance = random.Random(seed)  # noqa: S311 -- moments, not secrets
            self.life.live_killed(self.steps, chance, told, kills=self.each)
            if self.with_desk:
                self._work_at_desk(moments_of(self.life, chance, self.each), told)
            told.differences = compare(self.wanted, self.life.canonical())
        return told

    def document(self) -> dict[str, Any]:
        every = self.told.values()
        recovery = sorted(seconds for one in every for seconds in one.recovery)
        return {
            "database": self.life.night.database.name,
            "seeds": [min(self.told), max(self.told)],
            "lives": len(self.told),
            "kills": sum(one.kills.total() for one in every),
            "kills_by_step": dict(sum((one.kills for one in every), Counter())),
            "ended_before_the_kill": sum(one.missed for one in every),
            "lost_or_doubled": {seed: one.differences for seed, one in self.told.items() if one.differences},
            "hands": {seed: one.hands for seed, one in self.told.items() if one.hands},
            "recovery_seconds": {"median": round(median(recovery), 2), "max": round(recovery[-1], 2)},
            "undisturbed_seconds": {name: round(seconds, 2) for name, seconds in self.life.seconds.items()},
        }


def tell(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def swept(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Live until so many kills are done."""
    if options.certificates:
        shutil.copytree(options.certificates, folder / "mock" / "certs")
    make_key(folder / "private.pem")
    with opened(options.database, folder) as database:
        night = SmallNight(folder, database, forked, lambda at: forked_mock(at, with_webhook=True))
        night.make()
        now = datetime.now(UTC)
        authority = make_authority(folder / "mock" / "certs", profile=packaged_profile(), now=now)
        (folder / "new").mkdir()
        authority.issue_client(valid_from=now - timedelta(hours=1)).write(folder / "new", "client")
        steps = NIGHTS if options.nights else STEPS
        harness = Harness(CrashLife(night), steps, options.each, with_desk=not options.nights)
        harness.live_undisturbed(1 if options.nights or options.once else 2)
        seed, kills, begun = options.seed, 0, time.monotonic()
        while kills < options.kills and time.monotonic() - begun < options.seconds:
            told = harness.live_killed(seed)
            kills += told.kills.total()
            tell(
                f"{database.name}: seed {seed}: {kills} kills; {told.hands or 'no hand'}; {told.differences or 'equal'}"
            )
            seed += 1
        return harness.document()


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    asked.add_argument("--seed", type=int, default=1, help="of the first life; each further one has the next")
    asked.add_argument("--kills", type=int, default=100, metavar="N", help="live until there were so many")
    asked.add_argument(
        "--seconds", type=int, default=24 * 3600, metavar="N", help="begin no further life after so many"
    )
    asked.add_argument("--each", type=int, default=3, metavar="K", help="the most kills at one step")
    asked.add_argument("--nights", action="store_true", help="a night, an import and a first load only")
    asked.add_argument("--once", action="store_true", help="trust one undisturbed life; else two have to end alike")
    asked.add_argument("--certificates", type=Path, help="a folder of development certificates to take")
    asked.add_argument("--json", action="store_true", help="one document on standard output")
    options = asked.parse_args()
    begun = time.monotonic()
    # before any child is forked, so that no child does it again
    import_program()
    keys.TAKING_SECONDS = TAKING_SECONDS
    with tempfile.TemporaryDirectory(prefix="cprsync-crash-") as name:
        found = swept(options, Path(name))
    found["seconds"] = round(time.monotonic() - begun)
    if options.json:
        sys.stdout.write(json.dumps(found) + "\n")
    else:
        sys.stdout.writelines(f"{name:<22} {value}\n" for name, value in found.items())
    return 1 if found["lost_or_doubled"] or found["hands"] else 0


if __name__ == "__main__":
    sys.exit(main())
