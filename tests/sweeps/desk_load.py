"""Let many people work at the open desk while a night runs beside them: no error, and no write that is lost.

    python tests/sweeps/desk_load.py [--database sqlite|postgresql] [--users N] [--seconds S] [--workers N]
                                     [--pause SECONDS] [--json]

Thirty people sign in and work for five minutes by default, over TLS, on the desk as `cprsync serve --workers 2` opens
it. They share the patrons: they find them, open them and look them up in the mock's register, register others, add and
take away telephone numbers that only they type, and answer reviews. After a third of the time a delivery comes, and
`cprsync sync` runs in a process of its own. Afterwards the store has to hold each write that the desk said was done.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter as Counted
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import quantiles
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import rooms  # noqa: F401 -- it puts the tests' folders on the path
import started
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from databases import opened
from desk_clerks import PASSWORD, Clerk, Counter
from small_night import forked_mock
from town import PEOPLE

from cprsync.cli.setup.installation import write_folder
from cprsync.config.settings import load_settings
from cprsync.domain.desk.roles import Role
from cprsync.domain.patron.review import State
from cprsync.domain.person.number import CprNumber
from cprsync.mock import control
from cprsync.web.accounts import AccountEntry, write_accounts
from cprsync.wiring.site import site_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

#: Patrons whom everybody at the desk works with at once, and who are no cause for a review.
PATRONS = ("ANNA", "CLARA", "DAVID", "EDITH", "FINN", "GRETHE", "KAREN", "LIV", "NINA", "SOFIE")
#: Patrons about whom a review waits, each answered by one person alone. No night has news of them.
REVIEWED = ("IVAN", "JOHANNE", "LAURA", "MOGENS", "THOMAS", "UNA", "VIGGO", "YRSA")
REVIEW_KIND = "number.annulled"
#: What happens to some of them in the night that runs beside.
NIGHT = (("move", "ANNA", "SKOLEN"), ("move", "CLARA", "ODENSE"), ("rename", "GRETHE", "EFTER_BRYLLUP"))
#: How long the night may take on a machine that does much else.
NIGHT_SECONDS_MOST = 600
#: One in so many answers reviews.
REVIEWER_EACH = 4
_WAIT_SECONDS = 60


def set_up(folder: Path, mock: Path, users: int, database: str | None) -> tuple[dict[str, str], list[int]]:
    """A library with its first night behind it, and an account for everybody.

    The patron numbers by card, and the numbers of the reviews that wait.
    """
    write_folder(folder, mock=mock / "ready.json")
    path, certs = folder / "cprsync.toml", mock / "certs"
    desk = f'[desk]\naccounts = "accounts.toml"\ncertificate = "{certs}/server.pem"\nkey = "{certs}/server.key"\n'
    text = path.read_text(encoding="utf-8").replace("[desk]\n", desk, 1)
    if database is not None:
        text = re.sub(r'(?m)^url = "sqlite[^\n]*$', f'url = "{database}"', text)
    path.write_text(text, encoding="utf-8")
    with (folder / "patrons.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["cpr_number", "card", "branch", "group", "language"])
        writer.writerows([PEOPLE[key]["number"], f"K{key}", "HOVED", "Voksen", "da"] for key in (*PATRONS, *REVIEWED))
    for command in (("db", "upgrade"), ("patron", "import", "patrons.csv", "--apply"), ("sync",)):
        done = run(folder, *command)
        assert done.returncode in {0, 3}, done.stdout + done.stderr
    write_users(folder, users)
    with site_of(load_settings(path), None).store() as store:
        found = {key: store.patrons.find(CprNumber.parse(PEOPLE[key]["number"])) for key in (*PATRONS, *REVIEWED)}
        patrons = {key: patron for key, patron in found.items() if patron is not None}
        for key in REVIEWED:
            store.desk.ask_staff(patrons[key], REVIEW_KIND, about=patrons[REVIEWED[0]])
        waiting = [one.id for one in store.review_desk.items(all_states=False) if one.row.kind == REVIEW_KIND]
    return {f"K{key}": patrons[key] for key in PATRONS}, waiting


def write_users(folder: Path, users: int) -> None:
    """An account for each, which costs little to check: what is tried here is not the password."""
    cheap = Argon2id(salt=bytes(16), length=32, iterations=1, lanes=1, memory_cost=8)
    kept, library = cheap.derive_phc_encoded(PASSWORD.encode()), load_settings(folder / "cprsync.toml").library[0]
    entries = [
        AccountEntry(
            name=f"user{number}",
            password=kept,
            roles=frozenset({Role.DESK, Role.SUPERVISOR}),
            libraries=frozenset({library.agency}),
        )
        for number in range(users)
    ]
    write_accounts(folder / "accounts.toml", entries)


def run(folder: Path, *command: str) -> started.Ended:
    return started.command(*command, cwd=folder)


@contextmanager
def served(folder: Path, workers: int) -> Iterator[str]:
    """The desk as processes; its address."""
    command = [sys.executable, "-m", "cprsync", "serve", "--port", "0", "--workers", str(workers), "--json"]
    with (
        (folder / "serve.err").open("wb") as err,
        subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=err, text=True) as process,
    ):
        assert process.stdout is not None
        try:
            assert select.select([process.stdout], [], [], _WAIT_SECONDS)[0], "the desk did not open"
            yield str(json.loads(process.stdout.readline())["url"]).rstrip("/")
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(_WAIT_SECONDS) == 0


def swept(  # noqa: PLR0913 -- the options of the sweep
    users: int,
    seconds: float,
    pause: float,
    *,
    workers: int = 2,
    database: str = "sqlite",
    keys: Path | None = None,
) -> dict[str, Any]:
    """Let them work, and say what came of it. `keys`: the mock's, made before; None: they are made now."""
    with ExitStack() as stack:
        made = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="cprsync-desk-load-")))
        if keys is not None:
            shutil.copytree(keys, made / "mock")
        url = stack.enter_context(opened(database, made)).environment().get("CPRSYNC_STORE__URL")
        ready = stack.enter_context(forked_mock(made / "mock"))
        folder = made / "library"
        patrons, reviews = set_up(folder, made / "mock", users, url)
        numbers = iter(range(20_000_000, 30_000_000))
        with served(folder, workers) as address:
            counter = Counter(address, str(made / "mock" / "certs" / "ca.pem"), patrons, map(str, numbers))
            clerks = [
                Clerk(f"user{place}", counter, random.Random(place), pause, _review_of(place, reviews))  # noqa: S311 -- a sweep
                for place in range(users)
            ]
            begun = time.monotonic()
            night = work_beside_a_night(clerks, seconds, folder, ready)
            took = time.monotonic() - begun
        lost = find_lost(folder, clerks)
        said = (folder / "serve.err").read_text(encoding="utf-8")
    return {
        "database": database,
        "workers": workers,
        "users": users,
        "seconds": round(took),
        "sessions": dict(Counted(one.owner for one in clerks)),
        **_speed(clerks, took),
        "errors": dict(Counted(error for one in clerks for error in one.errors)),
        "log": said.splitlines()[:5],
        "writes": sum(one.told.writes for one in clerks),
        "lost": lost,
        **night,
    }


def _review_of(place: int, reviews: list[int]) -> int | None:
    """The review that a person answers. None: they answer none."""
    mine, rest = divmod(place, REVIEWER_EACH)
    return reviews[mine] if not rest and mine < len(reviews) else None


def work_beside_a_night(clerks: list[Clerk], seconds: float, folder: Path, ready: dict[str, Any]) -> dict[str, Any]:
    """Let them all work for so long, and until the night that runs beside them has ended. How it went."""
    until, over = time.monotonic() + seconds, threading.Event()
    threads = [threading.Thread(target=one.work, args=(until, over)) for one in clerks]
    for thread in threads:
        thread.start()
    time.sleep(seconds / 3)
    for kind, who, to in NIGHT:
        control.event(ready, kind, who, to)
    control.night(ready)
    begun = time.monotonic()
    try:
        night = run(folder, "sync", "--json")
    finally:
        over.set()
    took = time.monotonic() - begun
    for thread in threads:
        thread.join()
    return {
        "night_exit": night.returncode,
        "night_seconds": round(took, 1),
    }


def _speed(clerks: list[Clerk], took: float) -> dict[str, Any]:
    by_doing: dict[str, list[float]] = {}
    for one in clerks:
        for what, seconds in one.seconds.items():
            by_doing.setdefault(what, []).extend(seconds)
    spans = [one for seconds in by_doing.values() for one in seconds]
    cuts = quantiles(spans, n=100)
    return {
        "requests": len(spans),
        "requests_a_second": round(len(spans) / took, 1),
        "median_ms": round(1000 * cuts[49]),
        "p95_ms": round(1000 * cuts[94]),
        "max_ms": round(1000 * max(spans)),
        "by_doing": {what: len(seconds) for what, seconds in sorted(by_doing.items())},
    }


def find_lost(folder: Path, clerks: list[Clerk]) -> dict[str, int]:
    """What the desk said was done, and the store does not hold: by kind of write, how many."""
    with site_of(load_settings(folder / "cprsync.toml"), None).store() as store:
        held: set[tuple[str, str]] = set()
        for patron in clerks[0].counter.patrons.values():
            view = store.views.patron(patron)
            assert view is not None
            held |= {(patron, one.number) for one in view.local.telephones}
        cards = {card: store.views.with_card(card) for one in clerks for card in one.told.registered}
        waits = {item.id: item.state is State.WAITING for item in store.review_desk.items(all_states=True)}
    return {
        "numbers": sum(len(one.told.kept - held) for one in clerks),
        "numbers_taken_away": sum(len(one.told.gone & held) for one in clerks),
        "registrations": sum(cards[card] != patron for one in clerks for card, patron in one.told.registered.items()),
        "answers": sum(waits[number] is not said for one in clerks for number, said in one.told.waits.items()),
    }


def is_well(document: Mapping[str, Any]) -> bool:
    """Whether nothing failed and nothing was lost, and the night was done beside."""
    return not document["errors"] and not any(document["lost"].values()) and document["night_exit"] in {0, 3}


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    asked.add_argument("--users", type=int, default=30)
    asked.add_argument("--seconds", type=float, default=300)
    asked.add_argument("--workers", type=int, default=2)
    asked.add_argument("--pause", type=float, default=2.0)
    asked.add_argument("--json", action="store_true")
    options = asked.parse_args()
    started.CEILING_SECONDS = NIGHT_SECONDS_MOST
    document = swept(options.users, options.seconds, options.pause, workers=options.workers, database=options.database)
    if options.json:
        sys.stdout.write(json.dumps(document, indent=2) + "\n")
    else:
        sys.stdout.writelines(f"{name:<20} {value}\n" for name, value in document.items())
        sys.stdout.write("nothing failed and nothing is lost\n" if is_well(document) else "something FAILED\n")
    raise SystemExit(0 if is_well(document) else 1)


if __name__ == "__main__":
    main()
