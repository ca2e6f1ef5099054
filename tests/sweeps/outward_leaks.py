"""Search random lives for anything that tells another system what it may not have, or withholds what it should have.

    python tests/sweeps/outward_leaks.py [--lives N] [--seed S] [--planted] [--json]

Each life has a few people and three targets, one for each rule about the protected. They are down for nights, and
answers are lost. In each fifth life they are a Koha, a folder of files and a webhook, called by the real clients: there
every request, file and post is searched too, and what Koha then holds. After each step everything that was told, waits
or is kept to be told is searched for the addresses of whoever is sealed at that moment, and at the end each target must
hold what the town's plain facts say. `--planted` also plants the mistakes of `planted_leaks` and `planted_wires`, and
fails if one is not found. A life takes about a second, with the real clients three.
"""

from __future__ import annotations

import argparse
import json
import logging
import shutil
import sys
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import structlog

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import rooms  # noqa: F401 -- for what it does
from doubles import Library
from model import empty_store
from outward_days import drawn_life
from outward_life import LeakLife, begun, lived
from outward_watch import Leaked
from outward_wire import wired
from planted_leaks import ESCAPES, PLANTED, planted, without_trigger
from planted_wires import WIRED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outward_wire import Wires

#: Of so many lives, one has the real clients.
SHARE = 5


@dataclass
class Swept:
    """What came out."""

    lives: int = 0
    #: of them, those with the real clients
    wired: int = 0
    steps: int = 0
    seconds: float = 0.0
    reached: Counter[str] = field(default_factory=Counter)
    #: by the seed of the life
    leaks: dict[int, str] = field(default_factory=dict)
    planted: int = 0
    unfound: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return self.lives > 0 and not self.leaks and not self.unfound

    def document(self) -> dict[str, Any]:
        return {**vars(self), "reached": dict(sorted(self.reached.items())), "seconds": round(self.seconds, 1)}


@contextmanager
def library_of(empty: Path, folder: Path) -> Iterator[Library]:
    """A library of its own with an empty store, deleted afterwards."""
    shutil.copytree(empty, folder)
    library = Library(folder)
    yield library
    library.engine.dispose()
    shutil.rmtree(folder)


def sweep_lives(empty: Path, folder: Path, seeds: range, wires: Wires | None = None) -> Swept:
    """Live the lives of these seeds. `wires`: what the real clients of some call."""
    found, began = Swept(), time.monotonic()
    for seed in seeds:
        behind = wires if seed % SHARE == 0 else None
        with library_of(empty, folder / "library") as library:
            found.lives += 1
            found.wired += behind is not None
            try:
                life = lived(begun(library, seed=seed, wires=behind), drawn_life(seed))
            except Leaked as leak:
                found.leaks[seed] = str(leak)
                continue
            found.steps += life.steps
            found.reached.update(life.reached)
    found.seconds = time.monotonic() - began
    return found


def is_found(begun_life: LeakLife, folder: Path, name: str) -> bool:
    """Whether a mistake, or a trigger that is not there, leaks in its life."""
    life = begun_life.copy(folder)
    try:
        if name in ESCAPES:
            without_trigger(life.library, name)
            lived(life, ESCAPES[name])
        else:
            mistake, days = PLANTED[name]
            with planted(mistake):
                lived(life, days)
    except Leaked:
        return True
    finally:
        life.library.engine.dispose()
    return False


def is_found_outside(empty: Path, folder: Path, wires: Wires, name: str) -> bool:
    """Whether a mistake in a client leaks in its life."""
    mistake, days, seed = WIRED[name]
    with library_of(empty, folder) as library:
        life = begun(library, seed=seed, wires=wires)
        try:
            with planted(mistake):
                lived(life, days)
        except Leaked:
            return True
    return False


def unfound(empty: Path, base: Path, wires: Wires) -> list[str]:
    """The planted mistakes that no life finds."""
    missed = [name for name in WIRED if not is_found_outside(empty, base / "planted", wires, name)]
    with library_of(empty, base / "begun") as library:
        life = begun(library)
        each = enumerate((*PLANTED, *ESCAPES))
        return missed + [name for n, name in each if not is_found(life, base / f"planted {n}", name)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lives", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1, help="the seed of the first life; each next one has the next")
    parser.add_argument("--planted", action="store_true", help="plant the mistakes too")
    parser.add_argument("--json", action="store_true", help="one document on standard output")
    wanted = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with TemporaryDirectory() as folder:
        base = Path(folder)
        empty = empty_store(base / "empty")
        with wired(None, base / "wires") as wires:
            found = sweep_lives(empty, base, range(wanted.seed, wanted.seed + wanted.lives), wires)
            if wanted.planted:
                found.planted = len(PLANTED) + len(ESCAPES) + len(WIRED)
                found.unfound = unfound(empty, base, wires)
    sys.stdout.write(json.dumps(found.document(), indent=None if wanted.json else 1, ensure_ascii=False) + "\n")
    return 0 if found.ok else 1


if __name__ == "__main__":
    sys.exit(main())
