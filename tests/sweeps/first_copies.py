"""Subscribe and look up many new patrons at a register that takes its time: with few workers, and with more.

    python tests/sweeps/first_copies.py [--patrons N] [--latency SECONDS] [--workers 4,16] [--json]

Two thousand by default, and 50 ms a call. Both nights are lived in the same run, from the same beginning, and the
second is held against the first: with four times as many workers it is to take at most half as long.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import tempfile
import time
from dataclasses import replace
from itertools import islice
from pathlib import Path
from string import ascii_uppercase
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import structlog
from bench.people import people
from small_night import forked_mock

from cprsync.cli.setup.installation import write_folder
from cprsync.config.settings import load_settings
from cprsync.domain.patron.local import Local
from cprsync.domain.person.number import CprNumber
from cprsync.mock import control
from cprsync.services.night.run import run_night
from cprsync.services.ports.night import Silence
from cprsync.services.ports.patrons import NewPatron
from cprsync.store.sql import SqlStore
from cprsync.wiring.setting_up import upgrade_store as upgrade
from cprsync.wiring.site import site_of

#: What the night with more workers may take of the other's time.
GOAL = 0.5
_PERSON = """
[[person]]
key = "{key}"
why = "One of many."
number = "{number}"
status = "01"
sex = "{sex}"
born = {born}
name = {{ first = "Prøve", last = "Testesen", addressing = "Prøve Testesen" }}

[person.address]
municipality = "0751"
street = "1104"
house = "016"
postcode = "8000"
district = "Aarhus C"
road = "Uglesporet"
since = 2019-06-01
"""


def key_of(place: int) -> str:
    """A key of letters alone, as the people file wants it."""
    letters = []
    for _ in range(5):
        place, letter = divmod(place, 26)
        letters.append(ascii_uppercase[letter])
    return "P" + "".join(reversed(letters))


def people_file(path: Path, count: int) -> list[CprNumber]:
    """Write a people file in which so many live in the same street; returns their numbers."""
    invented = list(islice(people(seed=1), count))
    rows = (
        _PERSON.format(key=key_of(place), number=one.number, sex=one.sex, born=one.born)
        for place, one in enumerate(invented)
    )
    path.write_text('[town]\nday = 2027-03-22\ntask = "123456"\n' + "".join(rows), encoding="utf-8")
    return [CprNumber.parse(one.number) for one in invented]


def lived(folder: Path, mock: Path, numbers: list[CprNumber], *, workers: int) -> float:
    """How long the first night of a new library takes that so many patrons were brought to, in seconds."""
    write_folder(folder, mock=mock / "ready.json")
    configuration = folder / "cprsync.toml"
    text = configuration.read_text(encoding="utf-8").replace(
        "workers = 4\nper_second = 200", f"workers = {workers}\nper_second = 1000"
    )
    configuration.write_text(text, encoding="utf-8")
    settings = load_settings(configuration)
    assert settings.library[0].register_.workers == workers
    upgrade(settings.store)
    with site_of(settings, None).night(progress=Silence()) as night:
        store = night.store
        assert isinstance(store, SqlStore)
        store.imports.take_patrons([NewPatron(number, Local()) for number in numbers])
        begun = time.monotonic()
        report = run_night(replace(night, net_media=None))
        seconds = time.monotonic() - begun
        assert (report.exit_code, report.actions_outside["first_copy"]) == (0, len(numbers)), report.document()
    return seconds


def swept(count: int, latency: float, workers: list[int]) -> dict[str, Any]:
    taken: dict[int, float] = {}
    with tempfile.TemporaryDirectory(prefix="cprsync-first-copies-") as made:
        people_path = Path(made) / "people.toml"
        numbers = people_file(people_path, count)
        for one in workers:
            mock = Path(made) / f"mock-{one}"
            with forked_mock(mock, people_path) as ready:
                control.latency(ready, latency)
                taken[one] = lived(Path(made) / f"library-{one}", mock, numbers, workers=one)
    return {
        "patrons": count,
        "latency": latency,
        "seconds": {str(one): round(seconds, 2) for one, seconds in taken.items()},
        # each is subscribed, and then looked up
        "floor": {str(one): round(2 * count * latency / one, 2) for one in workers},
        "ratio": round(taken[workers[-1]] / taken[workers[0]], 3),
    }


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--patrons", type=int, default=2_000)
    asked.add_argument("--latency", type=float, default=0.05)
    asked.add_argument("--workers", default="4,16")
    asked.add_argument("--json", action="store_true")
    options = asked.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    document = swept(options.patrons, options.latency, [int(one) for one in options.workers.split(",")])
    if options.json:
        sys.stdout.write(json.dumps(document, indent=2) + "\n")
    else:
        sys.stdout.writelines(f"{name:<10} {value}\n" for name, value in document.items())
        sys.stdout.write(f"goal: ratio <= {GOAL}: {'met' if document['ratio'] <= GOAL else 'missed'}\n")


if __name__ == "__main__":
    main()
