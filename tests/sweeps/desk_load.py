"""Let many people work at the open desk while a night runs beside them: no error, and no write that is lost.

    python tests/sweeps/desk_load.py [--users N] [--seconds S] [--pause SECONDS] [--database URL] [--json]

Thirty people sign in and work for five minutes by default, on the desk as `cprsync serve` opens it. They share the
patrons: they find them, open them, look them up in the mock's register, and add and take away telephone numbers that
only they type. Half-way through a delivery comes, and `cprsync sync` runs in a process of its own. Afterwards each
number that the desk said it had kept has to be there, and none that it said it had taken away.
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
from collections import Counter
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import rooms  # noqa: F401 -- it puts the tests' folders on the path
from browser import Browser
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from small_night import forked_mock
from town import PEOPLE

from cprsync import wiring
from cprsync.cli.setup.installation import write_folder
from cprsync.config.settings import load_settings
from cprsync.domain.desk.roles import Role
from cprsync.domain.person.number import CprNumber
from cprsync.mock import control
from cprsync.web.accounts import AccountEntry, write_accounts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PASSWORD = "correct horse battery"
#: Patrons whom everybody at the desk works with at once, and who are no cause for a review.
PATRONS = ("ANNA", "CLARA", "DAVID", "EDITH", "FINN", "GRETHE", "KAREN", "LIV", "NINA", "SOFIE")
#: What happens to some of them in the night that runs beside.
NIGHT = (("move", "ANNA", "SKOLEN"), ("move", "CLARA", "ODENSE"), ("rename", "GRETHE", "EFTER_BRYLLUP"))
#: Below the cap of an hour, so that nobody is refused.
LOOK_UPS_MOST = 20
_WAIT_SECONDS = 60
#: The share of what they do that writes nothing.
_READS = 0.6


@dataclass
class Worker:
    """One person at the desk, and what the desk said it had done for them."""

    name: str
    url: str
    patrons: Mapping[str, str]
    chance: random.Random
    digits: Iterator[str]
    pause: float
    kept: set[tuple[str, str]] = field(default_factory=set)
    gone: set[tuple[str, str]] = field(default_factory=set)
    seconds: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    look_ups: int = 0

    def work(self, until: float) -> None:
        browser = Browser(self.url)
        self._did(
            "sign-in", browser, lambda: browser.open("/sign-in").send("/sign-in", name=self.name, password=PASSWORD)
        )
        while time.monotonic() < until:
            self._do_something(browser)
            time.sleep(self.pause * self.chance.uniform(0.5, 1.5))

    def _do_something(self, browser: Browser) -> None:
        drawn = self.chance.random()
        mine = next(iter(self.kept), None)
        # a record has room for ten numbers: whoever has one there goes back to it
        key = self.chance.choice(list(self.patrons))
        patron = mine[0] if mine is not None and drawn >= _READS else self.patrons[key]
        if not self._did("record", browser, lambda: browser.open(f"/patrons/{patron}")):
            return
        if drawn < 0.3:
            browser.open("/")
            self._did("find", browser, lambda: browser.send("/find", typed=f"K{key}"))
        elif drawn < 0.4 and self.look_ups < LOOK_UPS_MOST:
            self.look_ups += 1
            self._did("look-up", browser, lambda: browser.send(f"/patrons/{patron}/look-up", purpose="renewal"))
        elif drawn >= _READS:
            self._change(browser, patron)

    def _change(self, browser: Browser, patron: str) -> None:
        """Add a number of one's own, or take one of one's own away."""
        mine = [number for whose, number in self.kept if whose == patron]
        number, doing = (mine[0], "remove") if mine else (next(self.digits), "add")
        form = {"form_token": browser.token, "field": "telephones", "text": number, "doing": doing}
        if self._did(doing, browser, lambda: browser.post(f"/patrons/{patron}/set", form)):
            (self.kept.add if doing == "add" else self.kept.discard)((patron, number))
            (self.gone.discard if doing == "add" else self.gone.add)((patron, number))

    def _did(self, what: str, browser: Browser, doing: Any) -> bool:
        begun = time.monotonic()
        try:
            doing()
        except Exception as error:  # noqa: BLE001 -- each is an error of the desk
            self.errors.append(f"{what}: {type(error).__name__}")
            return False
        self.seconds.append(time.monotonic() - begun)
        if browser.answer.status_code != 200:
            self.errors.append(f"{what}: {browser.answer.status_code}")
        return browser.answer.status_code == 200


def set_up(folder: Path, mock: Path, users: int, database: str | None) -> dict[str, str]:
    """A library with its first night behind it, and an account for everybody. The patron numbers by key."""
    write_folder(folder, mock=mock / "ready.json")
    path = folder / "cprsync.toml"
    text = path.read_text(encoding="utf-8").replace("[desk]\n", '[desk]\naccounts = "accounts.toml"\n', 1)
    if database is not None:
        text = re.sub(r'(?m)^url = "sqlite[^\n]*$', f'url = "{database}"', text)
    path.write_text(text, encoding="utf-8")
    with (folder / "patrons.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["cpr_number", "card", "branch", "group", "language"])
        writer.writerows([PEOPLE[key]["number"], f"K{key}", "HOVED", "Voksen", "da"] for key in PATRONS)
    for command in (("db", "upgrade"), ("patron", "import", "patrons.csv", "--apply"), ("sync",)):
        done = run(folder, *command)
        assert done.returncode in {0, 3}, done.stdout + done.stderr
    kept = Argon2id(salt=bytes(16), length=32, iterations=1, lanes=1, memory_cost=8).derive_phc_encoded(
        PASSWORD.encode()
    )
    settings = load_settings(path)
    write_accounts(
        folder / "accounts.toml",
        [
            AccountEntry(
                name=f"user{number}",
                password=kept,
                roles=frozenset({Role.DESK}),
                libraries=frozenset({settings.library[0].agency}),
            )
            for number in range(users)
        ],
    )
    with wiring.site_of(settings, None).store() as store:
        found = {key: store.patrons.find(CprNumber.parse(PEOPLE[key]["number"])) for key in PATRONS}
    return {key: patron for key, patron in found.items() if patron is not None}


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cprsync", *command],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The desk as a process; its address."""
    command = [sys.executable, "-m", "cprsync", "serve", "--port", "0", "--json"]
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


def swept(
    users: int, seconds: float, pause: float, *, database: str | None = None, keys: Path | None = None
) -> dict[str, Any]:
    """Let them work, and say what came of it. `keys`: the mock's, made before; None: they are made now."""
    with ExitStack() as stack:
        made = stack.enter_context(tempfile.TemporaryDirectory(prefix="cprsync-desk-load-"))
        if keys is not None:
            shutil.copytree(keys, Path(made) / "mock")
        ready = stack.enter_context(forked_mock(Path(made) / "mock"))
        folder = Path(made) / "library"
        patrons = set_up(folder, Path(made) / "mock", users, database)
        numbers = iter(f"{20_000_000 + place}" for place in range(10_000_000))
        lock = threading.Lock()

        def own_numbers() -> Iterator[str]:
            while True:
                with lock:
                    number = next(numbers)
                yield number

        with served(folder) as url:
            workers = [
                Worker(f"user{place}", url, patrons, random.Random(place), own_numbers(), pause)  # noqa: S311 -- a sweep
                for place in range(users)
            ]
            until = time.monotonic() + seconds
            threads = [threading.Thread(target=one.work, args=(until,)) for one in workers]
            for thread in threads:
                thread.start()
            time.sleep(seconds / 3)
            for kind, who, to in NIGHT:
                control.event(ready, kind, who, to)
            control.night(ready)
            begun = time.monotonic()
            night = run(folder, "sync", "--json")
            took = time.monotonic() - begun
            overlapped = time.monotonic() < until
            for thread in threads:
                thread.join()
        lost, again = _compare(folder, workers)
        said = (folder / "serve.err").read_text(encoding="utf-8")
    spans = [one for worker in workers for one in worker.seconds]
    cuts = quantiles(spans, n=100)
    return {
        "users": users,
        "seconds": seconds,
        "requests": len(spans),
        "errors": dict(Counter(error for worker in workers for error in worker.errors)),
        "log": said.count("\n"),
        "writes": sum(len(one.kept) + 2 * len(one.gone) for one in workers),
        "lost": lost,
        "came_back": again,
        "night_exit": night.returncode,
        "night_seconds": round(took, 1),
        "night_ran_beside": overlapped,
        "median_ms": round(1000 * cuts[49]),
        "p95_ms": round(1000 * cuts[94]),
        "max_ms": round(1000 * max(spans)),
    }


def _compare(folder: Path, workers: list[Worker]) -> tuple[int, int]:
    """How many numbers that were kept are not there, and how many that were taken away are."""
    held: set[tuple[str, str]] = set()
    with wiring.site_of(load_settings(folder / "cprsync.toml"), None).store() as store:
        for patron in {patron for one in workers for patron in one.patrons.values()}:
            view = store.views.patron(patron)
            assert view is not None
            held |= {(patron, one.number) for one in view.local.telephones}
    kept = {one for worker in workers for one in worker.kept}
    gone = {one for worker in workers for one in worker.gone}
    return len(kept - held), len(gone & held)


def is_well(document: Mapping[str, Any]) -> bool:
    """Whether nothing failed and nothing was lost, and the night was done beside."""
    return (
        not document["errors"]
        and not document["lost"]
        and not document["came_back"]
        and document["night_exit"] in {0, 3}
    )


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--users", type=int, default=30)
    asked.add_argument("--seconds", type=float, default=300)
    asked.add_argument("--pause", type=float, default=2.0)
    asked.add_argument("--database")
    asked.add_argument("--json", action="store_true")
    options = asked.parse_args()
    document = swept(options.users, options.seconds, options.pause, database=options.database)
    if options.json:
        sys.stdout.write(json.dumps(document, indent=2) + "\n")
    else:
        sys.stdout.writelines(f"{name:<20} {value}\n" for name, value in document.items())
        sys.stdout.write("nothing failed and nothing is lost\n" if is_well(document) else "something FAILED\n")
    raise SystemExit(0 if is_well(document) else 1)


if __name__ == "__main__":
    main()
