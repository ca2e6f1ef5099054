"""One life lived twice: night by night in the real engine with doubles around it, and in the model.

`Twice` is the pair. Whatever they disagree on after a night is an AssertionError that names the group.
"""

from __future__ import annotations

import shutil
from collections import Counter
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from typing import TYPE_CHECKING

import said_yes
import slow_model as model
import slow_register as register
from doubles import AGENCY, Library
from reading import accounts, person_of, questions, read
from slow_register import GROUPS, LIVES_SOMEWHERE, SILENT, Dict
from slow_windows import Register
from whole import verify_audit

from cprsync.domain.desk.confirming import SERVICE
from cprsync.domain.patron.local import Card, Local
from cprsync.domain.patron.patron import Purpose
from cprsync.domain.person.number import CprNumber
from cprsync.domain.policy.policy import AgeGroup, Harm, Ladder, Ladders, Limit, Policy
from cprsync.errors import RegisterUnavailable
from cprsync.municipalities import load_municipalities
from cprsync.services.desk.lookup import Asked, Desk, look_up
from cprsync.services.desk.setting import Setting, SettingDesk, set_field
from cprsync.services.ports.patrons import NewPatron

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

CODES = frozenset(load_municipalities().by_code)
POLICY = Policy(
    limits={harm: Limit(1000, 1.0) for harm in Harm},
    home=frozenset(model.HOME),
    ladders=Ladders(
        tuple(Ladder(since, tuple(AgeGroup(*group) for group in groups)) for since, groups in model.LADDERS)
    ),
)
A_MONTH = timedelta(days=33)


@dataclass(frozen=True)
class Night:
    """One working day and the night after it: what happens, how the night goes, what the desk does next morning."""

    #: calendar days since the last one, before weekends are skipped
    after: int = 1
    #: (step, whose, a number that decides the rest)
    events: tuple[tuple[str, int, int], ...] = ()
    #: "": all is well; "late": the delivery is not there yet; "down": the register does not answer
    trouble: str = ""
    #: (what, whose, a number that decides the rest)
    desk: tuple[tuple[str, int, int], ...] = ()
    backwards: bool = False


@dataclass(frozen=True)
class Life:
    """A month of a few people."""

    begins: date
    nights: tuple[Night, ...]
    agreed: tuple[str, ...] = ("004", "006")
    says_unprotected: bool = True


def people(begins: date) -> list[Dict]:
    """Three adults, one of them without a known birth date, three who grow older soon, and a child not yet named."""
    soon = begins + timedelta(days=9)
    return [
        register.new_person("ANE", date(1985, 5, 4), 1),
        register.new_person("LEA", date(2012, 2, 29), 2),
        register.new_person("UMA", None, 3),
        register.new_person("IDA", soon.replace(year=soon.year - 15), 4),
        register.new_person("EVA", soon.replace(year=soon.year - 18), 5),
        register.new_person("BABY", begins - timedelta(days=3), 6, named=False),
    ]


@dataclass
class Twice:
    """The same life in both."""

    life: Life
    library: Library
    world: list[Dict]
    records: dict[str, Dict] = field(default_factory=dict)
    waiting: list[tuple[date, list[Dict]]] = field(default_factory=list)
    #: how often what happened
    reached: Counter[str] = field(default_factory=Counter)
    #: what the net media hold of each, when last compared
    held: dict[str, dict[str, str]] = field(default_factory=dict)
    day: date = date.min
    produced: date | None = None
    lived: date | None = None
    #: the world as it was when the last delivery was made: that is what a look-up tells
    closed: list[Dict] = field(default_factory=list)

    # -- days

    def begin(self, patrons: int) -> None:
        self.day = self.life.begins
        self.library.policy = POLICY
        for one in self.world[:patrons]:
            self._enrol(one)
        self._close()
        self._night(Night(), [])

    def live(self, night: Night) -> None:
        self.day += timedelta(days=night.after)
        while self.day.weekday() > 4:
            self.day += timedelta(days=1)
        if self.day > self.life.begins + A_MONTH:
            return  # beyond it come Easter's days without a delivery
        lines = self._happen(night)
        self._close()
        self._night(night, lines)
        self.library.clock.set_after(self.day, at=time(10, 0))
        for what, whose, n in night.desk:
            if getattr(self, f"_desk_{what}")(self.world[whose % len(self.world)], n):
                self.reached[f"desk {what}"] += 1
                self.compare(f"desk {what} on {self.day}")

    def _happen(self, night: Night) -> list[Dict]:
        """Let the day happen; returns the lines of its delivery."""
        touched: dict[str, Dict] = {}
        gone: list[Dict] = []
        for kind, whose, n in night.events:
            one = self.world[whose % len(self.world)]
            step = None if kind == "left_out" else register.happen(kind, one, n)
            if step is None:
                continue
            self.reached[step] += 1
            if step in {"change_number", "undo_number"}:
                gone.append(register.replaced_line(one, one["numbers"][-2]))
                if n % 4 == 0:
                    self.reached["only the old number"] += 1
                    continue  # the new one is not subscribed yet, and nobody else asked for it
            touched[one["key"]] = one
        lines = [register.file_line(one, self.life.agreed) for one in touched.values()]
        lines += self._left_out(night, touched)
        # of two changes of one number in a day the register tells the last one
        gone = list({line["number"]: line for line in gone}.values())
        live = {line["number"] for line in lines}
        together = lines + [line for line in gone if line["number"] not in live]
        return together[::-1] if night.backwards else together

    def _left_out(self, night: Night, touched: Dict) -> list[Dict]:
        """A resident whose address the register leaves out: nobody can decide her."""
        lines = []
        for kind, whose, _ in night.events:
            one = self.world[whose % len(self.world)]
            if kind == "left_out" and one["key"] not in touched and one["status"] in register.LIVES_SOMEWHERE:
                touched[one["key"]] = one
                lines.append(register.file_line(one, self.life.agreed) | {"address": SILENT})
                self.reached[kind] += 1
        return lines

    def _close(self) -> None:
        """The register's day ends: look-ups tell it from now on."""
        self.closed = deepcopy(self.world)
        self.library.register.persons = {
            CprNumber.parse(number): person_of(self._answer(number))
            for one in self.closed
            for number in dict.fromkeys(one["numbers"])
        }

    def _answer(self, number: str) -> Dict:
        (one,) = [one for one in self.closed if number in one["numbers"]]
        return register.answer(one, number, says_unprotected=self.life.says_unprotected)

    def _ask(self, number: str) -> Dict | None:
        return None if self.library.register.down else self._answer(number)

    def _register(self) -> Register:
        """The register this morning: it knows of the day that has closed."""
        return Register(self._ask, self.day, self.produced, answers=self.library.register.down is None)

    def _night(self, night: Night, lines: list[Dict]) -> None:
        library = self.library
        library.register.down = RegisterUnavailable("no answer") if night.trouble == "down" else None
        self.waiting.append((self.day, lines))
        library.clock.set_after(self.day)
        before = self._register()
        files: Sequence[tuple[date, list[Dict]]] = ()
        if night.trouble != "late":
            files, self.waiting = self.waiting, []
        self.reached[f"night {night.trouble}".strip()] += 1
        self.reached["deliveries"] += len(files)
        for day, delivered in files:
            previous = self.produced or day - timedelta(days=1)
            library.deliver(day, *(person_of(line) for line in delivered), previous=previous)
            self.produced = day
        library.clock.set_after(self.day)
        library.one_night()
        model.night(list(self.records.values()), files, before, self._register())
        self.reached["windows left open"] += sum(one["window"] is not None for one in self.records.values())
        today = library.clock.today()
        for day in [today] if self.lived is None else model.days_between(self.lived, today):
            for record in self.records.values():
                model.evening(record, day)
        self.lived = today
        library.register.down = None
        self.compare(f"night after {self.day} {night.trouble}".strip())

    # -- the desk

    def _enrol(self, one: Dict, n: int = -1) -> None:
        """An import; of someone whose number was replaced now and then under one that is out of use."""
        number = one["numbers"][n % len(one["numbers"])]
        self.records[one["key"]] = model.new_record(number)
        self.library.store.imports.take_patrons([NewPatron(CprNumber.parse(number), Local(cards=(Card(one["key"]),)))])

    def _desk_enrol(self, one: Dict, n: int) -> bool:
        if one["key"] in self.records:
            return False
        self._enrol(one, n)
        return True

    def _desk_look_up(self, one: Dict, n: int) -> bool:
        """By any number she ever had; every third time without writing."""
        number, writes = one["numbers"][n % len(one["numbers"])], n % 3 > 0
        record = self.records.get(one["key"])
        if record is not None and number not in {record["number"], *record["old_numbers"]}:
            return False  # a number of hers that we have not heard of
        library = self.library
        desk = Desk(AGENCY, library.store, library.register, library.clock, library.policy)
        # a person would have to say within a day why somebody did not become a patron
        user = SERVICE if record is None and not writes else "lone"
        asked = Asked(CprNumber.parse(number), Purpose.CORRECTION, user)
        if not writes:
            look_up(desk, asked)
            return True
        said_yes.register(desk, asked)
        if record is None:
            record = model.new_record(one["numbers"][-1])
            self.records[one["key"]] = record
        model.register_at_desk(record, self._answer(record["number"]), self._register())
        if record["as_of"] is not None:
            model.evening(record, library.clock.today())
        return True

    def _desk_correct(self, one: Dict, n: int) -> bool:
        """Staff correct a field for some days, or take it back."""
        record = self.records.get(one["key"])
        if record is None or not record["group"]:
            return False  # nobody, or one of whose group a night has to find out first
        today, fields = self.library.clock.today(), ("name", "address", "municipality", "birth_date", "group")
        name, withdraws = fields[n % 5], n % 7 == 0
        texts = {
            "name": f"Rettet Navn{n % 3}",
            "address": f"Skrivergade {n % 3}\n8000 Aarhus C",
            "municipality": ("0101", "0751", "0411")[n % 3],
            "birth_date": ("2012-02-29", "2009-03-02", "1990-01-01")[n % 3],
            "group": ("Personale", "Ung")[n % 2],
        }
        until = None if name == "group" and n % 2 else today + timedelta(days=n % 9)
        text = None if withdraws else texts[name]
        patron = self.library.store.patrons.find(CprNumber.parse(record["number"]))
        asked = Setting(patron or "", name, text, "lone", reason="saw it", until=None if withdraws else until)
        if withdraws:
            model.withdraw(record, name, today)
        else:
            model.correct(record, name, texts[name], today, until)
        set_field(SettingDesk(self.library, CODES), asked)
        self.reached[f"desk correct {name}" if not withdraws else "desk withdraw"] += 1
        return True

    # -- holding one against the other

    def compare(self, when: str) -> None:
        asked = set()
        read_of = {key: read(self.library, record["number"]) for key, record in self.records.items()}
        parked = [self.records[key] for key, got in read_of.items() if got["waits"]]
        for key, record in self.records.items():
            got = read_of[key]
            want = model.expected(record, list(self.records.values()), parked)
            if got.pop("waits"):
                got["sealed"] = want["sealed"]
                got["shown"] = want["shown"]
            patron = self.library.store.patrons.find(CprNumber.parse(record["number"])) or ""
            differs = {name: (value, want[name]) for name, value in got.items() if value != want[name]}
            assert not differs, f"{when}, {key}: the engine and the model differ: {differs}"
            asked |= {(patron, kind) for kind in record["questions"] if kind != "first_copy"}
            for old in record["old_numbers"]:
                assert self.library.store.patrons.find(CprNumber.parse(old)) == patron, (
                    f"{when}, {key}: the old number is lost"
                )
            held = self.held[key] = accounts(self.library, patron)
            assert held.keys() <= {record["number"]}, f"{when}, {key}: net media hold her under an old number"
            if record["as_of"] is not None and want["culr"] is not None:
                assert held == {record["number"]: want["culr"]}, f"{when}, {key}: net media {held}, not {want['culr']}"
        assert questions(self.library) == asked, f"{when}: open questions"


def lived(life: Life, folder: Path, empty_store: Path, *, patrons: int = 4) -> Twice:
    """Live a whole life in a library of its own, comparing after every night."""
    shutil.copytree(empty_store, folder)
    library = Library(folder)
    try:
        twice = Twice(life, library, people(life.begins))
        twice.begin(patrons)
        for night in life.nights:
            twice.live(night)
        verify_audit(library.store)
        return twice
    finally:
        library.engine.dispose()
        shutil.rmtree(folder)


def kinds() -> tuple[str, ...]:
    """Everything that may happen on a day."""
    return (*register.STEPS, "left_out")


def desk_kinds() -> tuple[str, ...]:
    """Everything the desk may do next morning; a look-up more often than the rest."""
    return ("look_up", "look_up", "correct", "correct", "enrol")


# -- the same deliveries in any order -------------------------------------------------------------------------


@dataclass(frozen=True)
class Month:
    """A month's deliveries, and the register as it is afterwards."""

    life: Life
    deliveries: tuple[tuple[date, list[Dict]], ...]
    first: list[Dict]
    last: list[Dict]


def month_of(life: Life) -> Month:
    """What the register makes of a life; nobody hears of it yet."""
    world = people(life.begins)
    twice = Twice(life, library=None, world=world)  # type: ignore[arg-type]  # no night is lived
    first, deliveries, day = deepcopy(world), [], life.begins
    for night in life.nights:
        day += timedelta(days=night.after)
        while day.weekday() > 4:
            day += timedelta(days=1)
        deliveries.append((day, twice._happen(night)))
    return Month(life, tuple(deliveries), first, world)


def arrive(month: Month, order: Sequence[int], folder: Path, empty_store: Path) -> dict[str, Dict]:
    """Let the deliveries come in some order, one a night, and each as often as it likes; returns the records."""
    shutil.copytree(empty_store, folder)
    library = Library(folder)
    try:
        library.strict = False
        twice = Twice(month.life, library, deepcopy(month.first))
        twice.begin(4)
        twice.world = deepcopy(month.last)
        twice._close()
        files = [library.deliver(day, *(person_of(line) for line in lines)) for day, lines in month.deliveries]
        library.clock.set_after(month.deliveries[-1][0])
        for index in order:
            library.feed.files = {files[index].name: files[index]}
            report = library.one_night()
            assert not report.held
        return {key: _end_of(library, record) for key, record in twice.records.items()}
    finally:
        library.engine.dispose()
        shutil.rmtree(folder)


def _end_of(library: Library, record: Dict) -> Dict:
    """All that her record says in the end, and what the net media hold; not the day it is true for."""
    patron = library.store.patrons.find(CprNumber.parse(record["number"])) or ""
    told = read(library, record["number"])
    held = accounts(library, patron) if told["culr"] is not None else None
    left_out = {"as_of", "waits", "sealed", "shown"}
    return {name: value for name, value in told.items() if name not in left_out} | {"accounts": held}


def silent_at_last(month: Month) -> dict[str, set[str]]:
    """By person, the groups of which the newest delivery that could be decided says nothing, once one has."""
    silent: dict[str, set[str]] = {}
    for one in month.last:
        lines = [line for _, lines in month.deliveries for line in lines if line["number"] in one["numbers"]]
        lines = [line for line in lines if line["status"] not in {"50", "60"}]
        decided = [line for line in lines if line["status"] not in LIVES_SOMEWHERE or line["address"] != SILENT]
        if decided:
            silent[one["key"]] = {group for group in GROUPS if decided[-1][group] == SILENT}
    return silent


def asked_in_vain(month: Month, order: Sequence[int]) -> set[str]:
    """Who may be known by an answer alone, where the register's answers are silent about whoever is not protected.

    Whose number was replaced: what came under her new number may have come before it was hers. And everyone, once a
    delivery came before an earlier one, be it the first: because of that gap the register was asked about all, and the
    earlier delivery is older than the answer. They stay sealed.
    """
    if month.life.says_unprotected:
        return set()
    over_a_gap = any(index > max(order[:place], default=-1) + 1 for place, index in enumerate(order))
    return {one["key"] for one in month.last if over_a_gap or len(one["numbers"]) > 1}
