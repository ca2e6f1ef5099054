"""What else than a kill befalls a night: each fault as a scene of its own, on either database.

    python tests/sweeps/crash_faults.py [--database sqlite|postgresql] [--only NAME] [--seed S] [--json]

Each scene lives the small night of the other sweeps with the fault in it, and shows what an operator reads. Then the
fault is over, and the same command is started again. In between every patron has to be whole, as before the night or
as after it, and at the end all has to be as after a night that nothing happened to. Disks that are full or may only be
read are mounted where this user may mount; elsewhere a limit on the size of files stands for the full one.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import rooms  # noqa: F401 -- it puts the tests' folders on the path
from crash_scenes import SCENES
from crash_stage import Stage
from databases import opened
from gates import forked
from small_night import SmallNight, forked_mock
from started import import_program


def swept(options: argparse.Namespace, folder: Path) -> list[dict[str, Any]]:
    """Live each scene that there is for the database."""
    if options.certificates:
        shutil.copytree(options.certificates, folder / "mock" / "certs")
    with opened(options.database, folder) as database:
        night = SmallNight(folder, database, forked, forked_mock)
        night.make()
        stage = Stage(night, random.Random(options.seed))  # noqa: S311 -- moments, not secrets
        stage.live_undisturbed()
        found = []
        for name, scene in SCENES.items():
            if options.only and name not in options.only:
                continue
            found.append(stage.live(name, scene))
            sys.stderr.write(f"{database.name}: {found[-1].line()}\n")
            sys.stderr.flush()
        return [one.document() for one in found]


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    asked.add_argument("--only", nargs="+", metavar="NAME", choices=list(SCENES), help="these scenes alone")
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--certificates", type=Path, help="a folder of development certificates to take")
    asked.add_argument("--json", action="store_true", help="one document on standard output")
    options = asked.parse_args()
    begun = time.monotonic()
    # before any child is forked, so that no child does it again
    import_program()
    with tempfile.TemporaryDirectory(prefix="cprsync-faults-") as name:
        found = swept(options, Path(name))
    wrong = [one["scene"] for one in found if one["wrong"]]
    document = {"database": options.database, "scenes": found, "wrong": wrong}
    document["seconds"] = round(time.monotonic() - begun)
    if options.json:
        sys.stdout.write(json.dumps(document) + "\n")
    else:
        sys.stdout.write(f"{len(found)} scenes, wrong: {wrong or 'none'}\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
