"""A small night with something of everything, made once and lived as often as a sweep likes from the same beginning.

Three first copies, one of them of a number that the register does not know; two deliveries with moves, a name, a death,
a number changed, protections gained and ended; a question of an earlier night that is settled, one that stays open.
If the mock has a Koha, it hears of all that, and so does a folder of files.
"""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import signal
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from small_targets import set_targets_up, what_was_told
from town import PEOPLE
from whole import verify_audit

from cprsync.cli.setup.installation import write_folder
from cprsync.config.settings import load_settings
from cprsync.mock import asking, control
from cprsync.mock.server import Ports, serve
from cprsync.resources import fixture_path
from cprsync.wiring.site import Site, library_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

    from databases import Database
    from gates import Child

    from cprsync.store.sql import SqlStore

FIRST = ("ANNA", "BO", "DAVID", "GRETHE", "HELLE", "KAREN", "OLDEMOR", "PIA", "RIKKE", "SVEND")
NEW = ("EDITH", "FINN")
#: The number that SKAEV may have one day; nobody has it yet.
UNKNOWN = PEOPLE["SKAEV"]["next_numbers"][0]
#: In front of each delivery of the mock: what happens that day.
DAYS = (
    (("unprotect", "HELLE", None),),
    (("move", "BO", "SKOLEN"), ("protect", "RIKKE", None), ("move", "RIKKE", "KOEBENHAVN"), ("unprotect", "PIA", None)),
    (
        ("move", "BO", "ODENSE"),
        ("die", "OLDEMOR", None),
        ("rename", "GRETHE", "EFTER_BRYLLUP"),
        ("protect", "SVEND", None),
        ("unprotect", "KAREN", None),
        ("number", "ANNA", None),
    ),
)
#: Whatever is a run's own, told apart: a run that was killed and one that was not are two stories with one end.
_OWN = frozenset({"run", "run_delivery", "run_item", "plan_row", "audit", "audit_head", "entitlement_turn"})
#: What may be told more often than once: look-ups are made again, and a night may be lived again.
_AGAIN = frozenset({"lookup", "run"})
State = dict[str, Any]


@dataclass
class SmallNight:
    """The night, at its beginning after each `again`."""

    folder: Path
    database: Database
    start: Callable[..., Child]
    mocking: Callable[[Path], AbstractContextManager[dict[str, Any]]]
    day: str = ""

    @property
    def mock(self) -> Path:
        return self.folder / "mock"

    @property
    def library(self) -> Path:
        return self.folder / "library"

    # -- made once

    def make(self) -> None:
        """Live up to the evening before."""
        with self.mocking(self.mock) as ready:
            self._set_up(ready)
            self._import(["--apply"], *(PEOPLE[key]["number"] for key in FIRST))
            self.day = ready["day"]
            self._must("sync", "--today", self.day)
            for number, happens in enumerate(DAYS):
                for kind, who, to in happens:
                    control.event(ready, kind, who, to)
                self.day = asking.clock(ready)["day"]
                control.night(ready)
                if number == 0:
                    # asked on the day of the file, the register speaks of the day before: the question stays open
                    self.take_deliveries()
                    self._must("sync", "--today", self.day, exits=(0, 3))
            self.take_deliveries()
            self._import(["--apply"], *(PEOPLE[key]["number"] for key in NEW), UNKNOWN)
        self._keep()

    def _set_up(self, ready: dict[str, Any]) -> None:
        write_folder(self.library, mock=self.mock / "ready.json")
        path = self.library / "cprsync.toml"
        settings = path.read_text(encoding="utf-8")
        path.write_text(re.sub(r'(?ms)^host = .*?^folder = "IN"$', 'path = "IN"', settings), encoding="utf-8")
        (self.library / "IN").mkdir()
        if ready["koha"]:
            set_targets_up(path, ready, [*FIRST, "EDITH"])
        self._must("db", "upgrade")

    def _import(self, options: list[str], *numbers: str) -> None:
        path = self.library / "patrons.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["cpr_number", "card", "branch", "group", "language"])
            writer.writerows(
                [number, f"K{number[:6]}{place}", "HOVED", "Voksen", "da"] for place, number in enumerate(numbers)
            )
        self._must("patron", "import", str(path), *options)

    def take_deliveries(self) -> None:
        for file in (self.mock / "IN").iterdir():
            if not (self.library / "IN" / file.name).exists():
                shutil.copy(file, self.library / "IN")

    def _must(self, *command: str, exits: tuple[int, ...] = (0,)) -> None:
        child = self.command(*command)
        code = child.wait()
        assert code in exits, child.out.read_text(encoding="utf-8")

    def _keep(self) -> None:
        shutil.copytree(self.library, self.folder / "kept" / "library")
        (self.folder / "kept" / "mock").mkdir()
        for file in self._memory(self.mock):
            shutil.copy(file, self.folder / "kept" / "mock")
        self.database.keep()

    @staticmethod
    def _memory(folder: Path) -> list[Path]:
        return [*folder.glob("state.json"), *folder.glob("*.jsonl")]

    # -- lived often

    @contextmanager
    def again(self) -> Iterator[dict[str, Any]]:
        """Go back to the evening before; the mock runs while the block lasts."""
        shutil.rmtree(self.library)
        shutil.copytree(self.folder / "kept" / "library", self.library)
        for file in self._memory(self.mock):
            file.unlink()
        for file in self._memory(self.folder / "kept" / "mock"):
            shutil.copy(file, self.mock)
        self.database.copy()
        with self.mocking(self.mock) as ready:
            yield ready

    def sync(self, environment: dict[str, str] | None = None, *, out: str = "sync.out") -> Child:
        """Begin the night in a child."""
        return self.command("sync", "--today", self.day, environment=environment, out=out)

    def command(self, *command: str, environment: dict[str, str] | None = None, out: str = "command.out") -> Child:
        configured = [*command, "--config", str(self.library / "cprsync.toml"), "--json"]
        return self.start(configured, {**self.database.environment(), **(environment or {})}, self.folder / out)

    def everything(self) -> dict[str, list[dict[str, Any]]]:
        """Every row of the store, opened; the audit chain is verified on the way."""
        with opened_store(self.library, self.database.environment()) as store:
            verify_audit(store)
            return store.views.everything()

    def state(self, ready: dict[str, Any]) -> State:
        """What must be the same whatever happened on the way: rows, items, audited changes, what others hold."""
        everything = self.everything()
        entries = [json.loads(bytes.fromhex(row["entry"])) for row in everything["audit"]]
        told = Counter((e["kind"], e["patron"], tuple(e["actions"])) for e in entries if e["kind"] not in _AGAIN)
        subscriptions = control.state(ready)["subscriptions"]
        return {
            **{table: _comparable(rows) for table, rows in everything.items() if table not in _OWN},
            "items": sorted(str({**row, "run_id": None, "ordinal": None}) for row in everything["run_item"]),
            "audited": dict(told),
            "subscriptions": {
                name: {group: sorted(of) for group, of in groups.items()} for name, groups in subscriptions.items()
            },
            **_net_media(control.culr(ready)),
            **(what_was_told(ready, self.library) if ready["koha"] else {}),
        }


@contextmanager
def opened_store(library: Path, environment: Mapping[str, str]) -> Iterator[SqlStore]:
    """The store that a command in this folder and environment works with."""
    settings = load_settings(library / "cprsync.toml")
    url = environment.get("CPRSYNC_STORE__URL", settings.store.url)
    settings = settings.model_copy(update={"store": settings.store.model_copy(update={"url": url})})
    with Site(settings, library_of(settings, None)).store_to_show() as store:
        yield store


def _net_media(culr: dict[str, Any]) -> State:
    """What CULR holds, and by person each change that it has seen, in order: told twice, a change stands once.

    In which order CULR heard of different people, and so which ordinal it gave them, is chance.
    """
    seen: dict[str, list[Any]] = {}
    for change in culr["ledger"]:
        before, after = ({**change[side], "patron": None} for side in ("before", "after"))
        seen.setdefault(str(change["who"]), []).append((change["operation"], before, after))
    held = sorted(str((one["who"], one["municipality"], one["accounts"])) for one in culr["patrons"])
    return {"net media": held, "net media's ledger": seen}


def _comparable(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows without the mark that we added a number there: killed between a call and its row, nobody can tell."""
    return [{name: value for name, value in row.items() if name != "confirmed_at"} for row in rows]


@contextmanager
def forked_mock(folder: Path, people: Path | None = None, **served: bool) -> Iterator[dict[str, Any]]:
    """The mock in a child that has imported what its parent has. `served`: what else it serves, as `serve` has it."""
    told, tell = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            os.close(told)
            _serve(folder, tell, people or fixture_path("people.toml"), **served)
        finally:
            os._exit(1)
    os.close(tell)
    try:
        if not os.read(told, 1):
            raise RuntimeError("the mock does not start")
        ready: dict[str, Any] = json.loads((folder / "ready.json").read_text(encoding="utf-8"))
        yield ready
    finally:
        os.close(told)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def _serve(folder: Path, tell: int, people: Path, **served: bool) -> None:
    def announce(_ready: object) -> None:
        os.write(tell, b".")

    serve(
        folder=folder,
        people=people,
        ports=Ports(*[None] * len(fields(Ports))),
        now=lambda: datetime.now(UTC),
        announce=announce,
        stop=None,
        with_koha=served.get("with_koha", False),
        with_webhook=served.get("with_webhook", False),
    )
