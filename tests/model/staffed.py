"""A month in which staff do the large things too, in any order: undo a night, let go, merge, part, leave, restore.

No model says what each record has to be. What holds whatever happened does:

- what is refused changes nothing;
- whom the register protects, once the record knew it, stays sealed, also for others;
- once everybody is let go and was asked about, each record is what the register says, the net media and the others
  hold what the records say, nobody is left in a window, and another night changes nothing.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from typing import TYPE_CHECKING, Any

import slow_register as register
from culr_double import CulrDouble
from doubles import happened, unowned
from living import POLICY, people
from on_server import begin_library
from reading import person_of, plain, read
from slow_register import EMPTY, SILENT, Dict
from staff import DEEDS, Staff
from whole import patron_ids, verify_audit

from cprsync.domain.netmedia.account import Identity, IdType
from cprsync.domain.outward.record import OutwardField
from cprsync.domain.outward.target import ProtectedRule, Target, TargetKind
from cprsync.domain.person.number import CprNumber
from cprsync.errors import CprsyncError, CursorGone, NetMediaUnavailable, RegisterUnavailable, TargetUnavailable
from cprsync.services.outward.feeding import FeedReader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from doubles import Library
    from on_server import Copies

BEGINS = date(2027, 2, 15)
#: A household: somebody moves in with somebody.
JOIN = "join"
EVENTS = (*register.STEPS, JOIN, JOIN, "protect", "protect", "unprotect", "change_number", "change_number")
#: Who does not answer in the night; "late": the delivery is not there yet.
TROUBLES = ("", "", "", "", "late", "register", "culr", "target")
#: With what an operator does to the database.
MORNINGS = (*DEEDS, "back_up", "restore")
EVERYTHING = frozenset(OutwardField)
KOHA = Target("koha", TargetKind.KOHA, EVERYTHING, ProtectedRule.WITHOUT_ADDRESS)
READER = Target("reader", TargetKind.FEED, EVERYTHING, ProtectedRule.WITHOUT_ADDRESS)
#: Another person must answer these: until then the record is not expected to be true.
LEFT_TO_A_PERSON = ("parked", "reverted", "number")
#: A look, or an attempt, is noted before it is refused, and of two patrons with one number a review is opened, which
#: has a number.
NOTED = frozenset({"audit", "audit_head", "review_item", "library", "desk_attempt", "desk_outcome"})


@dataclass(frozen=True)
class Day:
    """What happens on a working day, who does not answer that night, and what staff do next morning.

    An event and a deed are (what, whose, a number that decides the rest).
    """

    events: tuple[tuple[str, int, int], ...] = ()
    trouble: str = ""
    deeds: tuple[tuple[str, int, int], ...] = ()


@dataclass
class Town:
    """A library, its staff, and the world around it."""

    folder: Path
    staff: Staff
    world: list[Dict]
    day: date = BEGINS
    waiting: list[tuple[date, list[Dict]]] = field(default_factory=list)
    produced: date | None = None
    #: whose record knew their protection, which has not ended since
    shut: set[str] = field(default_factory=set)
    #: what the reader has heard, by patron, and where it goes on
    heard: dict[str, Any] = field(default_factory=dict)
    cursor: str = ""
    saved: Library | None = None
    copies: int = 0
    #: patrons, and numbers with an account, of whom the database that was put back knows nothing
    lost: set[str] = field(default_factory=set)
    lost_numbers: set[str] = field(default_factory=set)
    #: all that happened, in its order: a failure is told with it
    told: list[str] = field(default_factory=list)

    @property
    def library(self) -> Library:
        return self.staff.library

    @property
    def reached(self) -> Counter[str]:
        """How often what happened."""
        return Counter(self.told)

    # -- days

    def begin(self, patrons: int = 5) -> None:
        library = self.library
        library.policy = POLICY
        library.net_media = library.net_media or CulrDouble()
        library.sets_culr_up()
        library.sets_targets_up(KOHA, READER)
        library.clock.set_after(self.day)
        self.close()
        for one in self.world[:patrons]:
            self.staff.take(one, one["numbers"][-1])
        self.night("", [])

    def live(self, day: Day) -> None:
        self.pass_night(day)
        for deed in day.deeds:
            self.do(*deed)

    def pass_night(self, day: Day) -> None:
        """The day, its night, and the next morning until staff come."""
        self.wake()
        lines = self.happen(day)
        self.close()
        self.night(day.trouble, self.listed(lines))
        self.open()

    def wake(self) -> None:
        """The next working day begins."""
        self.day += timedelta(days=1)
        while self.day.weekday() > 4:
            self.day += timedelta(days=1)

    def open(self) -> None:
        """Staff come the next morning."""
        self.library.clock.set_after(self.day, at=time(10, 0))

    def happen(self, day: Day) -> list[Dict]:
        """Let the day happen; returns what the register tells of it."""
        touched: dict[str, Dict] = {}
        gone: dict[str, Dict] = {}
        for kind, whose, n in day.events:
            one = self.world[whose % len(self.world)]
            step = self._join(one, n) if kind == JOIN else register.happen(kind, one, n)
            if step is None:
                continue
            self.told.append(f"{one['key']} {step}")
            touched[one["key"]] = one
            if step in {"change_number", "undo_number"}:
                replaced = one["numbers"][-2]
                gone[replaced] = register.replaced_line(one, replaced)
        lines = {one["numbers"][-1]: register.file_line(one, ("004", "006")) for one in touched.values()}
        return list((gone | lines).values())

    def listed(self, lines: list[Dict]) -> list[Dict]:
        """What a delivery has of it: the lines about subscribed numbers alone."""
        listed = {number.digits for number in self.library.register.listed}
        return [line for line in lines if line["number"] in listed]

    def _join(self, one: Dict, n: int) -> str | None:
        other = self.world[n % len(self.world)]
        if other is one or any(who["status"] != "01" for who in (one, other)) or one["address"] == other["address"]:
            return None
        one["address"] = dict(other["address"])
        return JOIN

    def close(self) -> None:
        """The register's day ends: look-ups tell it from now on."""
        self.library.register.persons = {
            CprNumber.parse(number): person_of(register.answer(one, number, says_unprotected=True))
            for one in self.world
            for number in dict.fromkeys(one["numbers"])
        }
        self.shut -= {one["key"] for one in self.world if one["protection"] == EMPTY}

    def night(self, trouble: str, lines: list[Dict]) -> None:
        library, culr = self.library, self.culr
        self.waiting.append((self.day, lines))
        self.told.append(f"night {trouble}".strip())
        library.register.down = RegisterUnavailable("no answer") if trouble == "register" else None
        culr.down = NetMediaUnavailable("no answer") if trouble == "culr" else None
        library.target("koha").down = TargetUnavailable("no answer") if trouble == "target" else None
        if trouble != "late":
            for day, delivered in self.waiting:
                previous = self.produced or day - timedelta(days=1)
                library.deliver(day, *(person_of(line) for line in delivered), previous=previous)
                self.produced = day
            self.waiting = []
        library.clock.set_after(self.day)
        library.one_night()
        library.register.down = None
        self.look("the night")
        if trouble != "target":
            told = {key for key, patron_id, _ in self._records() if self._at_koha(patron_id).get("address")}
            assert not told & self.shut, self.but("the night", f"Koha has the address of {told & self.shut}")

    def do(self, what: str, whose: int, n: int) -> None:
        self._try(what, self.world[whose % len(self.world)], n)
        self.look(what)

    def _try(self, what: str, one: Dict, n: int) -> None:
        before = self.library.everything()
        deed, refused = getattr(self, f"_{what}", None) or getattr(self.staff, what), False
        try:
            did = deed(one, n)
        except CprsyncError as error:
            did, refused = f"refused {what} {error.kind}", True
        if did:
            self.told.append(did)
        if refused:
            after = self.library.everything()
            changed = {table for table in after if after[table] != before[table]} - NOTED
            assert not changed, self.but(what, f"it was refused and changed {changed}")

    # -- the database

    def _back_up(self, _one: Dict, _n: int) -> str:
        self.copies += 1
        self.saved = self.library.copy(self.folder / f"copy{self.copies}")
        return "back up"

    def _restore(self, _one: Dict, _n: int) -> str | None:
        """Put the saved database back, beside the journal that survived; the world is as it is now."""
        if self.saved is None:
            return None
        self.copies += 1
        then = self.saved.copy(self.folder / f"copy{self.copies}")
        keep_journal(self.library, then)
        self.go_back(then)
        return "restore"

    def go_back(self, then: Library) -> None:
        """Let the library be this older one, in the world as it is now."""
        now = self.library
        then.register, then.net_media, then.feed, then.reader = now.register, now.net_media, now.feed, now.reader
        then.target("koha").takes_over(now.target("koha"))
        then.clock.moment = now.clock.moment
        then.store.journal.replay()
        then.store.journal.put_back(user="drift", backup="cprsync-20270324T053000Z")
        here, there = ({row["id"] for row in one.rows("patron")} for one in (now, then))
        self.lost |= here - there
        held = {identity.value for identity in self.culr.ours() if identity.type is IdType.CPR}
        self.lost_numbers |= {number for number in held if then.store.patrons.find(CprNumber.parse(number)) is None}
        now.engine.dispose()
        self.staff.library = then

    def close_library(self) -> None:
        self.staff.leave_desk()
        self.library.engine.dispose()

    # -- what holds at any moment

    @property
    def culr(self) -> CulrDouble:
        assert self.library.net_media is not None
        return self.library.net_media

    def _at_koha(self, patron_id: str) -> Dict:
        return self.library.target("koha").holds.get(patron_id, {})

    def _records(self) -> Iterator[tuple[str, str, Dict]]:
        """Each patron: the person whom they are, their id, and what the record says."""
        for patron_id in patron_ids(self.library.store):
            (patron,) = self.library.store.patrons.read([patron_id])
            number = patron.number.digits
            # whoever came without a number is nobody's
            for one in self.world:
                if number in one["numbers"]:
                    yield one["key"], patron_id, read(self.library, number)

    def look(self, after: str) -> None:
        protected = {one["key"] for one in self.world if one["protection"] != EMPTY}
        for key, _, got in self._records():
            is_open = not (got["sealed"] or got["waits"])
            assert not (is_open and key in self.shut), self.but(after, f"{key} is open")
            if got["protection"] not in {EMPTY, SILENT} and key in protected:
                self.shut.add(key)

    def but(self, after: str, what: str) -> str:
        return f"after {after} on {self.day}: {what}; before: {self.told}"

    # -- what holds in the end

    def end(self) -> Counter[str]:
        """Let everybody go, live three quiet days, and compare. Returns how often what was reached."""
        self.let_go()
        for _ in range(3):
            self.live(Day())
        return self.compare()

    def let_go(self) -> None:
        """Let everybody go whom an undone night holds."""
        for run in self.staff.undone():
            with suppress(CprsyncError):
                self.staff.let_go(run)

    def compare(self) -> Counter[str]:
        """Compare each record with the register, the net media and the others. Returns how often what was reached."""
        self._nothing_is_left()
        self._read()
        compared = self.reached
        for key, patron_id, got in self._records():
            is_compared = self._is_expected_true(key, patron_id, got)
            compared["compared" if is_compared else "left to a person"] += 1
            if is_compared:
                self._compare(key, patron_id, got)
        self._nobody_holds_more()
        return compared

    def _nothing_is_left(self) -> None:
        before = self.library.everything()
        self.library.one_night()
        after = self.library.everything()
        # asked in each run, as long as the register does not say, or a person has to: which number, which protection
        asked = {("lookup", one.patron_id) for one in self.library.store.subscriptions.follow_ups(100)}
        more = {what: n for what, n in (happened(after) - happened(before)).items() if what not in asked}
        assert (unowned(after), more) == (unowned(before), {("run", None): 1}), self.but("the end", "a night changes")
        verify_audit(self.library.store)

    def _is_expected_true(self, key: str, patron_id: str, got: Dict) -> bool:
        items = [one for one in self.staff.reviews().listed() if patron_id in {one["patron"], one.get("about")}]
        (one,) = [one for one in self.world if one["key"] == key]
        is_replaced = got["number"] != one["numbers"][-1] and not got["verified"]
        return not (got["waits"] or is_replaced or any(one["kind"].startswith(LEFT_TO_A_PERSON) for one in items))

    def _compare(self, key: str, patron_id: str, got: Dict) -> None:
        (one,) = [one for one in self.world if one["key"] == key]
        said = plain(person_of(register.answer(one, one["numbers"][-1], says_unprotected=True)))
        # the register's answer cannot say that there is no contact address
        unsaid = {name for name, value in said.items() if value == SILENT or (name, value) == ("contact", EMPTY)}
        differs = {name: (got[name], said[name]) for name in said.keys() - unsaid if got[name] != said[name]}
        assert not differs, self.but("the end", f"{key} is not what the register says: {differs}")
        windows = {one.patron_id for one in self.library.store.windows.listed()}
        assert patron_id not in windows, self.but("the end", f"nobody asked about {key}")
        if got["culr"] is not None:
            held = self.culr.holds(Identity(IdType.CPR, got["number"])) or ""
            assert held == got["culr"], self.but("the end", f"CULR has {held} of {key}, not {got['culr']}")
        assert _content(self._at_koha(patron_id)) == _content(self.heard.get(patron_id, {})), self.but(
            "the end", f"Koha and the reader differ about {key}"
        )

    def _nobody_holds_more(self) -> None:
        known = set(patron_ids(self.library.store)) | self.lost
        assert set(self.library.target("koha").holds) <= known, self.but("the end", "Koha holds somebody who is gone")
        if not self.lost:
            numbers = {got["number"] for _, _, got in self._records()}
            ours = {identity.value for identity in self.culr.ours()}
            assert ours <= numbers | self.lost_numbers, self.but("the end", "CULR holds somebody who is gone")

    def _read(self) -> None:
        reader = FeedReader(self.library.store, self.library.agency, READER, "reader")
        try:
            pages = list(reader.fetch_all(self.cursor))
        except CursorGone:
            self.heard.clear()
            pages = list(reader.fetch_all(""))
        for told in (json.loads(line) for page in pages for line in page.lines):
            if told.get("gone"):
                self.heard.pop(told["patron"], None)
            else:
                self.heard[told["patron"]] = told


def keep_journal(now: Library, then: Library) -> None:
    """Put the journal that survived beside an older database."""
    for path in now.folder.glob("erase-journal.log*"):
        shutil.copy2(path, then.folder / path.name)


def _content(document: Dict) -> Dict:
    return {name: value for name, value in document.items() if name not in {"patron", "version"}}


def town_of_staff(folder: Path, library: Library) -> Town:
    return Town(folder, Staff(library), people(BEGINS))


def live_with_staff(
    days: Sequence[Day],
    folder: Path,
    empty_store: Path,
    *,
    town_of: Callable[[Path, Library], Town] = town_of_staff,
    copies: Copies | None = None,
) -> Counter[str]:
    """Live it in a library of its own. Returns how often what was reached.

    `town_of`: whose staff work there. `copies`: what copies databases of PostgreSQL.
    """
    town = town_of(folder, begin_library(folder / "first", empty_store, copies))
    try:
        town.begin()
        for day in days:
            town.live(day)
        return town.end()
    finally:
        town.close_library()
        shutil.rmtree(folder)
