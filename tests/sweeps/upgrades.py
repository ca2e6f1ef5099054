"""Kill an upgrade from the first version at each of its statements, on both databases, and make it again.

    python tests/sweeps/upgrades.py [--every N]

Nothing may be changed by the killed one, and the next one ends as if there had been none before.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from old_store import bring_to, count_statements, rows_at, unpack, upgrade_killed
from ready_databases import create_database, postgresql_server

if TYPE_CHECKING:
    from collections.abc import Callable

    from old_store import Rows


def sweep(name: str, copy: Callable[[], str], *, every: int) -> int:
    """Kill at every nth statement. Returns how many ends differ."""
    undisturbed, killed = copy(), copy()
    before, statements = rows_at(killed), count_statements(undisturbed)
    wrong = [n for n in range(0, statements, every) if not _is_untouched(killed, n, before)]
    ends_alike = not upgrade_killed(killed, before=statements) and rows_at(killed) == rows_at(undisturbed)
    kills = len(range(0, statements, every))
    said = f"{statements} statements, killed at {kills}, {len(wrong)} left something, ends alike: {ends_alike}"
    sys.stdout.write(f"{name}: {said}\n")
    return len(wrong) + (not ends_alike)


def _is_untouched(url: str, number: int, before: Rows) -> bool:
    return upgrade_killed(url, before=number) and rows_at(url) == before


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only every nth statement")
    every = parser.parse_args().every
    with tempfile.TemporaryDirectory(prefix="cprsync-upgrades-") as made:
        folder = Path(made)
        first = unpack(folder)
        numbers = iter(range(100))
        wrong = sweep(
            "sqlite",
            lambda: f"sqlite:///{shutil.copy(folder / 'store.db', folder / f'{next(numbers)}.db')}",
            every=every,
        )
        with postgresql_server(folder) as server:
            bring_to(first, create_database(server, "first_store", like="template1"))
            wrong += sweep(
                "postgresql",
                lambda: create_database(server, f"copy{next(numbers)}", like="first_store"),
                every=every,
            )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
