"""Search random lives for anything that tells another system what it may not have, or withholds what it should have.

    python tests/sweeps/outward_leaks.py [--lives N] [--seed S] [--planted] [--json]

Each life has a few people and three targets, one for each rule about the protected. They are down for nights, and
answers are lost. After each step everything that was told, waits or is kept to be told is searched for the addresses of
whoever is sealed at that moment, and at the end each target must hold what the town's plain facts say. `--planted`
also plants the mistakes of `planted_leaks`, and fails if one is not found. A life takes about a second.
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
from planted_leaks import ESCAPES, PLANTED, planted, without_trigger

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass
class Swept:
    """What came out."""

    lives: int = 0
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


def sweep_lives(empty: Path, folder: Path, seeds: range) -> Swept:
    """Live the lives of these seeds."""
    found, began = Swept(), time.monotonic()
    for seed in seeds:
        with library_of(empty, folder / "library") as library:
            found.lives += 1
            try:
                life = lived(begun(library, seed=seed), drawn_life(seed))
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
            with planted(name) as days:
                lived(life, days)
    except Leaked:
        return True
    finally:
        life.library.engine.dispose()
    return False


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
        found = sweep_lives(empty, base, range(wanted.seed, wanted.seed + wanted.lives))
        if wanted.planted:
            found.planted = len(PLANTED) + len(ESCAPES)
            with library_of(empty, base / "begun") as library:
                life = begun(library)
                each = enumerate((*PLANTED, *ESCAPES))
                found.unfound = [name for n, name in each if not is_found(life, base / f"planted {n}", name)]
    sys.stdout.write(json.dumps(found.document(), indent=None if wanted.json else 1, ensure_ascii=False) + "\n")
    return 0 if found.ok else 1


if __name__ == "__main__":
    sys.exit(main())
