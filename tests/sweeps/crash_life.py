"""A life of a library that is killed at any moment in time: its steps, and what has to be the same at the end.

Each step is a real command line in a process group of its own. The group is killed with SIGKILL, whatever it is doing,
and the same command is started again until it is done. What a kill may not change is the canonical dump: every row
opened, the persons named by their numbers, and what the register, CULR and the targets have heard.
"""

from __future__ import annotations

import csv
import json
import os
import re
import select
import signal
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import talking
from crash_dump import (
    AGAIN,
    CHANCE,
    OWN,
    as_undisturbed,
    last_heard,
    named,
    names_of,
    number_of,
    record_of,
    rows_of,
)
from gates import Child
from ready_databases import PROGRAMS
from town import PEOPLE

from cprsync.mock import control

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from small_night import SmallNight, State

#: A command that another one's end holds up for a moment, or that a counterpart's does, is started again until then.
TRIES_MOST: Final = 100
PAUSE_SECONDS: Final = 0.1
NEW: Final = ("GAMMELNUMMER", "NYNUMMER", "CLARA", "LIV")


def grouped(
    command: list[str], environment: Mapping[str, str], out: Path, *, first: Callable[[], None] | None = None
) -> Child:
    """A command as the leader of a process group, from a parent that has imported the program.

    `first` is called in the child, before the command.
    """
    pid = os.fork()
    if pid:
        with suppress(OSError):
            os.setpgid(pid, pid)
        return Child(pid, out)
    code = 70
    try:
        os.setpgid(0, 0)
        os.environ.update(environment)
        handle = os.open(out, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
        for stream in (1, 2):
            os.dup2(handle, stream)
        if first is not None:
            first()
        talking.live(command)
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 0
    finally:
        os._exit(code)
    raise AssertionError


@dataclass(frozen=True)
class Step:
    """One command of the life."""

    name: str
    #: what is asked for, once the steps before are done
    command: Callable[[CrashLife], list[str]]
    #: what happens in the world before it, once
    before: Callable[[CrashLife], None] = lambda _: None
    exits: frozenset[int] = frozenset({0})
    #: kinds of refusals that say that the killed one had done it
    done: frozenset[str] = frozenset()
    #: kinds of refusals that are over in a moment
    later: frozenset[str] = frozenset({"run.busy"})


@dataclass
class Told:
    """What one life with kills came to."""

    kills: Counter[str] = field(default_factory=Counter)
    missed: int = 0
    #: a command that did not do it by itself
    hands: list[str] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)
    #: from the last kill until the same command was done
    recovery: list[float] = field(default_factory=list)


@dataclass
class CrashLife:
    """The library, at one place of its life."""

    night: SmallNight
    seconds: dict[str, float] = field(default_factory=dict)
    ready: dict[str, Any] = field(default_factory=dict)
    day: str = ""
    #: patron numbers by the key of the people file, drawn once in a life
    known: dict[str, str] = field(default_factory=dict)

    # -- one life

    def begin(self, ready: dict[str, Any]) -> None:
        """Take the library of the evening, and give it targets and a place for backups."""
        self.ready, self.day, self.known = ready, self.night.day, {}
        for file in (self.night.mock / "IN").iterdir():
            if not (self.night.library / "IN" / file.name).exists():
                file.unlink()  # of a life before
        path = self.night.library / "cprsync.toml"
        text = path.read_text(encoding="utf-8")
        keys, hook = self.night.library / "backup.pub", ready["webhook"]
        keys.write_bytes((self.night.folder / "private.pem.pub").read_bytes())
        text = text.replace('# recipient = "backup.pub"', 'recipient = "backup.pub"')
        text = text.replace('# folder = "/mnt/backup/cprsync"', f'folder = "{self.night.library}/backups"')
        path.write_text(text.replace("[library.culr]", f"{_targets(ready, hook)}[library.culr]", 1), encoding="utf-8")

    def live(self, steps: Iterable[Step]) -> None:
        """Live them all without a kill, and keep how long each took."""
        for step in steps:
            step.before(self)
            begun = time.monotonic()
            child = self.start(step)
            code = child.wait()
            self.seconds[step.name] = time.monotonic() - begun
            assert code in step.exits, f"{step.name}: exit {code}: {child.out.read_text(encoding='utf-8')}"

    def live_killed(self, steps: Iterable[Step], chance: random.Random, told: Told, *, kills: int) -> None:
        """Live them with up to so many kills at each."""
        for step in steps:
            step.before(self)
            killed_at = 0.0
            # all drawn beforehand: the same seed means the same moments, whatever came of the earlier ones
            moments = [chance.random() for _ in range(chance.randint(1, kills))]
            for moment in moments:
                if self._kill(step, moment * self.seconds[step.name]):
                    told.kills[step.name] += 1
                    killed_at = time.monotonic()
                else:
                    told.missed += 1
            wrong = self._until_done(step)
            if wrong:
                told.hands.append(wrong)
            elif killed_at:
                told.recovery.append(time.monotonic() - killed_at)

    def _kill(self, step: Step, seconds: float) -> bool:
        """Start it, and kill its group so long afterwards; False: it had ended."""
        child = self.start(step)
        ended, _, _ = select.select([child.fd], [], [], seconds)
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        return child.wait() == -signal.SIGKILL and not ended

    def _until_done(self, step: Step) -> str:
        """Start it until it is done; otherwise what it said at last."""
        for _ in range(TRIES_MOST):
            child = self.start(step)
            code = child.wait()
            said = child.out.read_text(encoding="utf-8", errors="replace")
            kind = kind_of(said)
            if code in step.exits or kind in step.done:
                return ""
            if kind not in step.later:
                break
            time.sleep(PAUSE_SECONDS)
        return f"{step.name}: exit {code}, {kind}: {said[-600:]}"

    def start(self, step: Step) -> Child:
        command = [*step.command(self), "--config", str(self.night.library / "cprsync.toml"), "--json"]
        environment = {**self.night.database.environment(), "PATH": f"{PROGRAMS}:{os.environ['PATH']}"}
        return grouped(command, environment, self.night.folder / "crash.out")

    # -- what the steps ask for

    def patron(self, key: str) -> str:
        """The patron's number, as it was when first asked for."""
        if key not in self.known:
            numbers = {PEOPLE[key]["number"], *PEOPLE[key].get("next_numbers", [])}
            rows = self.night.everything()["patron"]
            self.known[key] = next(str(row["id"]) for row in rows if number_of(row) in numbers)
        return self.known[key]

    def item(self, kind: str) -> str:
        """The number of the review of a kind."""
        if kind not in self.known:
            items = self.night.everything()["review_item"]
            self.known[kind] = next(str(row["id"]) for row in items if row["kind"] == kind)
        return self.known[kind]

    def close_day(self, *events: tuple[str, str, str | None]) -> None:
        """Let things happen, and let the register write the day's delivery."""
        for kind, who, to in events:
            control.event(self.ready, kind, who, to)
        self.day = control.night(self.ready)["closed"][-1]
        self.night.take_deliveries()

    def list_patrons(self) -> list[str]:
        path = self.night.library / "more.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["cpr_number", "card", "branch", "group", "language"])
            writer.writerows([PEOPLE[key]["number"], f"K{key}", "HOVED", "Voksen", "da"] for key in NEW)
        return ["patron", "import", str(path), "--apply"]

    # -- what has to be the same

    def canonical(self) -> State:
        """All rows opened, with the persons named, and what others have heard and hold."""
        everything = self.night.everything()
        names = names_of(everything)
        entries = [json.loads(bytes.fromhex(row["entry"])) for row in everything["audit"]]
        kept = (one for e in entries if e["kind"] not in AGAIN for one in as_undisturbed(e))
        told = Counter(named(str(one), names) for one in kept)
        small = self.night.state(self.ready)
        numbers = Counter(map(number_of, everything["patron"]))
        return {
            **{
                table: rows_of(rows, names, CHANCE.get(table, ()))
                for table, rows in everything.items()
                if table not in OWN
            },
            "audited": dict(told),
            **{name: small[name] for name in ("subscriptions", "net media", "net media's ledger")},
            "files": last_heard(self._written(), everything["change"], names),
            "hook": last_heard(control.webhook(self.ready)["received"], everything["change"], names),
            "records": sorted(named(record_of(row), names) for row in everything["patron"]),
            "numbers given twice": [number for number, times in numbers.items() if times > 1],
            "left behind": self._left_behind(),
        }

    def _written(self) -> list[dict[str, Any]]:
        """The lines of the target that writes files, in their order."""
        files = sorted((self.night.library / "files").glob("*.ndjson"))
        return [json.loads(line) for path in files for line in path.read_text("utf-8").splitlines()]

    def _left_behind(self) -> list[str]:
        """Files that were in the making."""
        known = re.compile(
            r"\.(toml|csv|db|log|lock|service|timer|key|pub|ndjson|ledger|sha256|db-wal|db-shm|json|metadata)$|^D\d"
        )
        found = [path for path in self.night.library.rglob("*") if path.is_file() and "backups" not in path.parts]
        return sorted(str(p.relative_to(self.night.library)) for p in found if not known.search(p.name))


def _targets(ready: Mapping[str, Any], hook: Mapping[str, Any]) -> str:
    return f"""[[library.target]]
name = "hook"
kind = "webhook"
fields = ["status", "municipality"]
protected = "sealed flag only"
url = "{hook["url"]}"
ca = "{ready["ca"]}"
keys = ["{hook["key_file"]}"]

[[library.target]]
name = "files"
kind = "file"
fields = ["status", "municipality"]
folder = "files"

"""


def kind_of(said: str) -> str | None:
    with suppress(ValueError, KeyError, TypeError):
        return str(json.loads(said[said.index("{\n") :])["error"]["kind"])
    return None
