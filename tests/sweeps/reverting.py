"""Undo a night that moved many: every record equals what it was, byte for byte, and the time beside the night's.

    python tests/sweeps/reverting.py [--patrons N] [--changes M] [--postgresql] [--json]

Ten thousand patrons by default, all of whom move and get another name in one night. Some are changed once more after
it: those stay as they are. The exit is 1 only if a record is not what it should be.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "services"))

import structlog
from doubles import MONDAY, TUESDAY, Library
from ready_databases import fresh_database, postgresql_server, upgraded
from reconcile import invented
from townspeople import moves, person, renames

from cprsync.domain.desk.confirming import Confirmation
from cprsync.domain.patron.local import Local
from cprsync.domain.policy.policy import DEFAULT_LIMITS, Limit, Policy
from cprsync.services.night.reverting import preview_revert, release, revert
from cprsync.services.ports.patrons import NewPatron
from cprsync.store.seals.keys import create_keys

#: Changed once more after the night.
_LATER = 10
#: What is compared of a record: all but versions and moments.
_RECORD = ("id", "number_index", "register_blob", "as_of_day", "as_of_source", "municipality", "status_class")
_RECORD += ("patron_group", "address_index", "protection_silent", "letters_stopped", "real_number")


def dump(library: Library) -> dict[str, str]:
    """Each record as text, sealed values opened."""
    rows = library.everything()["patron"]
    return {row["id"]: json.dumps([str(row[name]) for name in _RECORD]) for row in rows}


def sweep(library: Library, *, patrons: int, changes: int) -> dict[str, Any]:
    library.policy = replace(Policy(), limits={harm: Limit(patrons, 1.0) for harm in DEFAULT_LIMITS})
    library.batch = 5_000
    people = [replace(person("ANNA"), number=number) for number in invented(patrons)]
    library.register.knows(*people)
    library.store.imports.take_patrons([NewPatron(one.number, Local()) for one in people])
    library.deliver(MONDAY)
    library.one_night()
    before = dump(library)
    after = [renames(moves(one)) for one in people[:changes]]
    library.deliver(TUESDAY, *after)
    begun = time.perf_counter()
    run = library.one_night().run.id
    night = time.perf_counter() - begun
    stays = [library.store.patrons.find(one.number) for one in people[:_LATER]]
    library.deliver(TUESDAY.replace(day=24), *(moves(one, "ODENSE") for one in people[:_LATER]))
    library.one_night()
    later = dump(library)
    begun = time.perf_counter()
    ports = library.ports()
    seen = preview_revert(ports, run)
    shown = time.perf_counter() - begun
    document = revert(ports, seen, Confirmation(seen.preview.digest, "sweep"), user="anna")
    undo = time.perf_counter() - begun
    undone = dump(library)
    expected = before | {one: later[one] for one in stays if one is not None}
    begun = time.perf_counter()
    release(library.store, document["run"], user="anna", reason="sweep")
    return {
        "patrons": patrons,
        "changes": changes,
        "reverting": document["reverting"],
        "different": sum(undone[one] != expected[one] for one in expected),
        "digest": hashlib.sha256(json.dumps(sorted(undone.items())).encode()).hexdigest(),
        "seconds": {
            "night": round(night, 2),
            "preview": round(shown, 2),
            "undo": round(undo, 2),
            "release": round(time.perf_counter() - begun, 2),
        },
        "undo/night": round(undo / night, 2),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patrons", type=int, default=10_000)
    parser.add_argument("--changes", type=int)
    parser.add_argument("--postgresql", action="store_true")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    logging.disable(logging.CRITICAL)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "library"
        folder.mkdir()
        create_keys(folder / "keys")
        url = f"sqlite:///{folder / 'store.db'}"
        if asked.postgresql:
            server = stack.enter_context(postgresql_server(folder / "server"))
            url = stack.enter_context(fresh_database(server))
        library = Library(folder, url=upgraded(url))
        found = sweep(library, patrons=asked.patrons, changes=asked.changes or asked.patrons)
        library.engine.dispose()
    lines = "\n".join(f"{name}: {value}" for name, value in found.items())
    sys.stdout.write((json.dumps(found, indent=2) if asked.json else lines) + "\n")
    return 1 if found["different"] else 0


if __name__ == "__main__":
    sys.exit(main())
