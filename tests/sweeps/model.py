"""Live thousands of random lives in the engine and in the model, also with staff, and walk random number changes.

    python tests/sweeps/model.py [--examples N] [--orders N] [--numbers N] [--staffed N] [--desk N] [--seed S] [--json]
    python tests/sweeps/model.py --examples 0 --orders 0 --numbers 0 --staffed 0 --desk 0 --together N --both N
        [--locale NAME]

`--together`: months of two libraries in one database, on SQLite or PostgreSQL. `--both`: months on each, some of them
at the desk, which have to leave the same rows and answers. `--locale`: by which PostgreSQL sorts, such as da_DK.UTF-8,
which the machine has to have.

Prints how often each kind of event was reached. A disagreement stops the sweep with its seed and the smallest example
that Hypothesis finds. Each life is lived on a store of its own in a temporary folder; with TMPDIR in memory it takes
about a second. Every check lives a sample: `tests/model`.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import structlog
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import rooms  # noqa: F401 -- for what it does
from at_desk import AT_DESK, town_at_desk
from both_databases import live_on_both
from drawn import days_of_two, lives, orders, staffed_days
from living import lived
from number_histories import HISTORIES, PATRONS, walk
from on_server import copying
from ready_databases import postgresql_server
from staffed import live_with_staff, town_of_staff
from test_any_order import ends_alike
from together import live_together

from cprsync.store.core.engine import open_engine
from cprsync.store.core.version import upgrade
from cprsync.store.seals.keys import create_keys

if TYPE_CHECKING:
    from collections.abc import Callable

    from doubles import Library
    from living import Life
    from staffed import Day, Town


def swept(examples: int, start: int, drawn: tuple[Any, ...], live: Callable[..., Counter[str]]) -> Counter[str]:
    """Draw so many examples and live each; returns how often what was reached, while nothing was shrunk."""
    reached: Counter[str] = Counter()
    if not examples:
        return reached

    @seed(start)
    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.tuples(*drawn))
    def each(values: tuple[Any, ...]) -> None:
        reached.update(["examples"])
        reached.update(live(*values))

    each()
    return reached


def empty_store(folder: Path) -> Path:
    folder.mkdir()
    create_keys(folder / "keys")
    engine = open_engine(f"sqlite:///{folder / 'store.db'}")
    upgrade(engine)
    engine.dispose()
    return folder


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--examples", type=int, default=1000)
    parser.add_argument("--orders", type=int, default=200)
    parser.add_argument("--numbers", type=int, default=10_000)
    parser.add_argument("--staffed", type=int, default=300)
    parser.add_argument("--desk", type=int, default=50)
    parser.add_argument("--together", type=int, default=0)
    parser.add_argument("--both", type=int, default=0)
    parser.add_argument("--locale", default="C.UTF-8")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    wanted = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with TemporaryDirectory() as folder, ExitStack() as stack:
        base = Path(folder)
        empty = empty_store(base / "empty")
        (base / "runtime").mkdir(mode=0o700)
        needs_server = wanted.together or wanted.both
        server = stack.enter_context(postgresql_server(base / "runtime", wanted.locale)) if needs_server else ""

        def live(life: Life) -> Counter[str]:
            return lived(life, base / "library", empty).reached

        def order(drawn: Any) -> Counter[str]:
            ends_alike(*drawn, base / "orders", empty)
            return Counter({"deliveries": len(drawn[1])})

        def staffed(days: tuple[Day, ...]) -> Counter[str]:
            return live_with_staff(days, base / "town", empty)

        def at_desk(days: tuple[Day, ...]) -> Counter[str]:
            return live_with_staff(days, base / "desk", empty, town_of=town_at_desk)

        def together(days: tuple[tuple[Day, Day], ...], shares: bool, on_server: bool) -> Counter[str]:
            with copying(server) as copies:
                on = copies if on_server else None
                return live_together(days, base / "town", empty, shares=shares, copies=on)

        def both(drawn: tuple[Callable[[Path, Library], Town], tuple[Day, ...]]) -> Counter[str]:
            town_of, days = drawn
            with copying(server) as copies:
                return live_on_both(days, base / "town", empty, copies, town_of)

        at_desk_days = staffed_days(mornings=AT_DESK, busy=6)
        either = st.tuples(st.just(town_of_staff), staffed_days()) | st.tuples(st.just(town_at_desk), at_desk_days)
        two = (days_of_two(), st.booleans(), st.booleans())
        found = {
            "numbers": swept(wanted.numbers, wanted.seed, (HISTORIES, PATRONS), lambda *drawn: walk(*drawn).met),
            "lives": swept(wanted.examples, wanted.seed, (lives(),), live),
            "orders": swept(wanted.orders, wanted.seed, (orders(),), order),
            "staffed": swept(wanted.staffed, wanted.seed, (staffed_days(),), staffed),
            "desk": swept(wanted.desk, wanted.seed, (at_desk_days,), at_desk),
            "together": swept(wanted.together, wanted.seed, two, together),
            "both": swept(wanted.both, wanted.seed, (either,), both),
        }
    told = {name: dict(sorted(reached.items())) for name, reached in found.items()}
    sys.stdout.write((json.dumps(told) if wanted.json else json.dumps(told, indent=1)) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
