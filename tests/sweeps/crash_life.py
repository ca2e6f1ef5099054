"""A life of a library that is killed at any moment in time: its steps, and what has to be the same at the end.

Each step is a real command line in a process group of its own. The group is killed with SIGKILL, whatever it is doing,
and the same command is started again until it is done. What a kill may not change is the canonical dump: every row
opened, the persons named by their numbers, and what the register, CULR and the targets have heard.
"""

from __future__ import annotations

import csv
import faulthandler
import json
import os
import re
import select
import shutil
import signal
import sys
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
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
from small_night import opened_store
from town import PEOPLE
from whole import verify_audit

from cprsync.cli.terminal import user
from cprsync.mock import control
from cprsync.services.night.approving import show_plan

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterable, Mapping

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
        faulthandler.register(signal.SIGUSR1)
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
    #: what is looked at once it is done
    after: Callable[[CrashLife], None] = lambda _: None
    #: who types it; "": the account of the sweep
    who: str = ""
    #: it makes another installation, and has no settings of its own
    elsewhere: bool = False


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
    #: what was seen on the way and has to be the same
    seen: State = field(default_factory=dict)

    # -- one life

    def begin(self, ready: dict[str, Any]) -> None:
        """Take the library of the evening, and give it targets and a place for backups."""
        self.ready, self.day, self.known, self.seen = ready, self.night.day, {}, {}
        for file in (self.night.mock / "IN").iterdir():
            if not (self.night.library / "IN" / file.name).exists():
                file.unlink()  # of a life before
        path = self.night.library / "cprsync.toml"
        text = path.read_text(encoding="utf-8")
        keys, hook = self.night.library / "backup.pub", ready["webhook"]
        keys.write_bytes((self.night.folder / "private.pem.pub").read_bytes())
        for name in ("client_cert", "client_key"):
            # files of our own, which are renewed
            found = re.search(rf'(?m)^{name} = "(.*)"$', text)
            assert found is not None
            own = self.night.library / Path(found[1]).name
            shutil.copy(found[1], own)
            text = text.replace(found[0], f'{name} = "{own}"')
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
            step.after(self)

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
            if not wrong:
                step.after(self)
            sys.stderr.write(f"  {step.name}: {told.kills[step.name]} kills; {wrong or 'done'}\n")
            sys.stderr.flush()

    def _kill(self, step: Step, seconds: float) -> bool:
        """Start it, and kill its group so long afterwards; False: it had ended."""
        begun, child = time.monotonic(), self.start(step)
        ended, _, _ = select.select([child.fd], [], [], seconds)
        if ended:
            # the machine had less to do than when it was lived undisturbed
            self.seconds[step.name] = min(self.seconds[step.name], time.monotonic() - begun)
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
        command, environment = [*step.command(self), "--json"], self.night.database.environment()
        if step.elsewhere:
            environment = self.night.database.spare_environment()
        else:
            command += ["--config", str(self.night.library / "cprsync.toml")]
        environment = {**environment, "PATH": f"{PROGRAMS}:{os.environ['PATH']}"}
        first = partial(_be, step.who) if step.who else None
        return grouped(command, environment, self.night.folder / "crash.out", first=first)

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

    def plan(self) -> str:
        """The hash of the plan that is held."""
        if "plan" not in self.known:
            with opened_store(self.night.library, self.night.database.environment()) as store:
                agency = self.ready["agreement"]["agency"]
                self.known["plan"] = str(show_plan(store, agency=agency, now=datetime.now(UTC), wanted="").plan)
        return self.known["plan"]

    def last_run(self) -> str:
        """The last run that has changed a record, as it was when first asked for."""
        if "run" not in self.known:
            self.known["run"] = str(max(row["run_id"] for row in self.night.everything()["before_image"]))
        return self.known["run"]

    def undo(self) -> str:
        """The run that has undone the last."""
        if "undo" not in self.known:
            runs = self.night.everything()["run"]
            self.known["undo"] = next(str(row["id"]) for row in runs if str(row["reverts"]) == self.last_run())
        return self.known["undo"]

    def limit(self, most: int | None) -> None:
        """Let a night change so many records; None: as many as at first."""
        path = self.night.library / "policy.toml"
        if most is None:
            path.write_text(self.known["policy"], encoding="utf-8")
            return
        self.known["policy"] = path.read_text(encoding="utf-8")
        limited = f"changed = {{ count = {most}, share = 0.0 }}"
        text, lines = re.subn(r"(?m)^changed = .*$", limited, self.known["policy"])
        assert lines == 1
        path.write_text(text, encoding="utf-8")

    @property
    def again(self) -> Path:
        """Where the backup is put back."""
        return self.night.folder / "again"

    def clear_again(self) -> None:
        shutil.rmtree(self.again, ignore_errors=True)
        self.night.database.spare()

    def look_at_restored(self) -> None:
        """What was put back is what is there."""
        with opened_store(self.again, self.night.database.spare_environment()) as store:
            verify_audit(store)
            back = store.views.everything()["patron"]
        self.seen["put back whole"] = sorted(map(record_of, back)) == sorted(
            map(record_of, self.night.everything()["patron"])
        )
        self.seen["left behind by a restore"] = sorted(path.name for path in self.night.folder.glob(".again*"))

    def look_at_certificate(self) -> None:
        new, library = self.night.folder / "new", self.night.library
        names = ("client.pem", "client.key")
        self.seen["renewed"] = [(new / name).read_bytes() == (library / name).read_bytes() for name in names]
        entries = [json.loads(bytes.fromhex(row["entry"])) for row in self.night.everything()["audit"]]
        self.seen["renewal in the audit"] = "certificate" in {entry["kind"] for entry in entries}

    def close_day(self, *events: tuple[str, str, str | None]) -> None:
        """Let things happen, and let the register write the day's delivery."""
        for kind, who, to in events:
            control.event(self.ready, kind, who, to)
        # the morning after: what people say yes to, they say by the mock's clock
        self.day = control.night(self.ready)["day"]
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
            **self.seen,
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
            r"\.(toml|csv|db|log|lock|service|timer|key|pub|ndjson|ledger|sha256|db-wal|db-shm|json|metadata|pem|previous)$|^D\d"
        )
        found = [path for path in self.night.library.rglob("*") if path.is_file() and "backups" not in path.parts]
        return sorted(str(p.relative_to(self.night.library)) for p in found if not known.search(p.name))


def _be(name: str) -> None:
    """Let somebody else type what comes, in a child of its own."""
    user.user_name = lambda: name


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
