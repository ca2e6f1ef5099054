"""The stage of the faults: the small night with something wrong, what it says, and that the next one goes on."""

from __future__ import annotations

import json
import signal
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from crash_dump import compare
from crash_life import PAUSE_SECONDS, TRIES_MOST, grouped, kind_of

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from gates import Child
    from small_night import SmallNight, State

#: Another run is at work: try later.
BUSY: Final = 4
#: How a child without memory may end with no message of ours. Python and the system's library may print a line of their
#: own. A library in C may crash because it did not check what it got.
SPEECHLESS: Final = frozenset({70, 127, -signal.SIGSEGV, -signal.SIGABRT})


@dataclass
class Seen:
    """What one scene came to."""

    scene: str
    exits: list[int] = field(default_factory=list)
    #: what the operator reads: kind, message, what to do next
    told: list[tuple[str, str, str]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    #: parts of the state that tell when, by which way or under which name something came
    may_differ: frozenset[str] = frozenset()
    #: somebody may be answered for by a later run: as of a later day, and with rights that were undecided until then
    may_come_later: bool = False
    #: how long each of several that were started at once took to say that another is at work
    busy_seconds: list[float] = field(default_factory=list)
    #: the fault cannot be had here
    left_out: str = ""

    def document(self) -> dict[str, Any]:
        return {**vars(self), "may_differ": sorted(self.may_differ)}

    def line(self) -> str:
        said = self.left_out or f"exits {self.exits}, {[one[0] for one in self.told]}; {self.wrong or 'well'}"
        return f"{self.scene}: {said}"


def _whenever(state: State) -> State:
    """The state without what tells which run a person was answered for in."""
    audited = {
        (kind, patron, actions): count
        for (kind, patron, actions), count in state["audited"].items()
        if kind != "rights" or not all(action.startswith("undecided:") for action in actions)
    }
    patrons = [{name: value for name, value in row.items() if name != "as_of_day"} for row in state["patron"]]
    return {**state, "audited": audited, "patron": patrons}


@dataclass
class Stage:
    """The small night, and how it is without any fault."""

    night: SmallNight
    chance: random.Random
    wanted: State = field(default_factory=dict)
    #: each version of each record that the undisturbed night has
    versions: frozenset[tuple[str, str]] = frozenset()
    exit: int = 0
    seconds: float = 0.0
    ready: dict[str, Any] = field(default_factory=dict)
    seen: Seen = field(default_factory=lambda: Seen(""))
    #: whether the scene is a disturbed form of the night, and not another night
    ends_alike: bool = True

    def live_undisturbed(self) -> None:
        with self.night.again() as ready:
            before = self._versions()
            begun = time.monotonic()
            self.exit = self.night.sync().wait()
            self.seconds = time.monotonic() - begun
            self.wanted, self.versions = self.night.state(ready), before | self._versions()

    def live(self, name: str, scene: Callable[[Stage], None]) -> Seen:
        """Live one scene from the evening on, and hold its end against the undisturbed night."""
        self.seen, self.ends_alike = Seen(name), True
        with self.night.again() as ready:
            self.ready = ready
            try:
                scene(self)
            except LeftOut as why:
                self.seen.left_out = str(why)
                return self.seen
            if self.ends_alike:
                self._go_on()
                wanted, found = self.wanted, self.night.state(ready)
                for state in (wanted, found):
                    state["wait for a person"] = waiting_for_a_person(state)
                if self.seen.may_come_later:
                    wanted, found = _whenever(wanted), _whenever(found)
                different = [one for one in compare(wanted, found) if one.partition(":")[0] not in self.seen.may_differ]
                self.seen.wrong += different
        return self.seen

    # -- the night with the fault in it

    def sync(self, first: Callable[[], None] | None = None, *, out: str = "fault.out", day: str = "") -> Child:
        command = [
            "sync",
            "--today",
            day or self.night.day,
            "--config",
            str(self.night.library / "cprsync.toml"),
            "--json",
        ]
        return grouped(command, self.night.database.environment(), self.night.folder / out, first=first)

    def ends(self, child: Child, *kinds: str, done: bool = False, speechless: bool = False) -> None:
        """Wait for its end: by one of these kinds, in words; or, with `done`, as a night that is done.

        `speechless`: there may be no room for a message; Python may print a line of its own instead.
        """
        code = child.wait()
        said = child.out.read_text(encoding="utf-8", errors="replace")
        self.seen.exits.append(code)
        if "Traceback" in said:
            self.seen.wrong.append(f"a traceback: {said[said.index('Traceback') :][:3000]}")
        kind = kind_of(said)
        if kind is not None:
            error = json.loads(said[said.index("{\n") :])["error"]
            self.seen.told.append((kind, error["message"], error["next"]))
        is_expected = (kind or "").startswith(kinds) or (done and code in {0, 3})
        if not is_expected and not (speechless and code in SPEECHLESS):
            self.seen.wrong.append(f"exit {code} of kind {kind}: {said[-600:]}")

    def check_whole(self) -> None:
        """Every record is one of the versions that a night without faults has of it; the audit is verified."""
        if half := self._versions() - self.versions:
            self.seen.wrong.append(f"{len(half)} records are none of their versions")

    def _versions(self) -> frozenset[tuple[str, str]]:
        everything = self.night.everything()
        of_patrons = {(str(row["id"]), str(row["register_blob"])) for row in everything["patron"]}
        return frozenset(
            of_patrons | {(str(row["patron_id"]), str(row["register_blob"])) for row in everything["before_image"]}
        )

    def _go_on(self) -> None:
        """Start the same command until it is done."""
        self.check_whole()
        for _ in range(TRIES_MOST):
            child = self.night.sync()
            code = child.wait()
            if code in {0, self.exit}:
                return
            if code != BUSY:
                break
            time.sleep(PAUSE_SECONDS)
        self.seen.wrong.append(f"a hand is needed: exit {code}: {child.out.read_text(encoding='utf-8')[-800:]}")

    def moment(self) -> float:
        """Some time in the middle of the night."""
        return self.seconds * self.chance.uniform(0.3, 0.8)


def waiting_for_a_person(state: State) -> list[str]:
    """Whom somebody has to look at, whatever for: a register that answered nothing usable is one more reason."""
    return sorted({str(row["patron_id"]) for row in state["review_item"] if row["state"] == "waiting"})


class LeftOut(Exception):
    """The fault cannot be had here."""
