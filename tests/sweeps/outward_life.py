"""One life of a few people and three targets: after each step nothing protected is told, and at the end all else is.

`LeakLife` lives it. A leak, or a target that holds another thing than the facts say, is a `Leaked`.
"""

from __future__ import annotations

import random
from collections import Counter
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import date, time, timedelta
from typing import TYPE_CHECKING, Any, Final

import said_yes
from doubles import AGENCY, Library, unreadable
from outward_days import KEYS, Day
from outward_outside import Outside
from outward_town import (
    GONE,
    LIVES_SOMEWHERE,
    MERGED,
    PATRON,
    RESPONSIBLE,
    STRANGER,
    WAITS,
    Somebody,
    Town,
    line_of,
    old_line,
)
from outward_watch import FEED, TARGETS, Leaked, Watch
from whole import verify_audit

from cprsync.domain.patron.local import Card, Local
from cprsync.domain.patron.patron import Purpose
from cprsync.domain.policy.policy import Harm, Limit, Policy
from cprsync.errors import BadInput, TargetUnavailable
from cprsync.municipalities import load_municipalities
from cprsync.services.desk.lookup import Asked, Desk
from cprsync.services.desk.responsibles import ResponsibleRequest, add_responsible
from cprsync.services.desk.reviewing import StaffReviews
from cprsync.services.desk.setting import Setting, SettingDesk, set_field
from cprsync.services.leaving.departing import LeavingDesk
from cprsync.services.ports.patrons import NewPatron

if TYPE_CHECKING:
    from pathlib import Path

    from outward_wire import Wires

    from cprsync.domain.person.person import Person
    from cprsync.services.ports.deliveries import Unreadable

#: A Monday after which six weeks have no holiday.
BEGINS: Final = date(2027, 1, 11)
POLICY: Final = Policy(limits={harm: Limit(1000, 1.0) for harm in Harm}, home=frozenset({"0751"}))
CODES: Final = frozenset(load_municipalities().by_code)
DOWN: Final = TargetUnavailable("it does not answer")
#: Nights in which a target that answers must have heard of everything, whatever answers are lost.
DRAINS: Final = 40
CHILDREN: Final = ("Lea", "Eva")


@dataclass
class LeakLife:
    """A library, its town, and what was looked at so far."""

    library: Library
    seed: int = 0
    #: real clients, with what they call; None: the targets are doubles
    wires: Wires | None = None
    town: Town = field(default_factory=lambda: Town(KEYS))
    day: date = BEGINS
    steps: int = 0
    reached: Counter[str] = field(default_factory=Counter)
    merging: list[tuple[Somebody, Somebody]] = field(default_factory=list)
    _random: random.Random = field(default_factory=random.Random)
    _previous: date | None = None
    #: the delivery of the day, by person
    _lines: dict[str, list[Person | Unreadable]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.watch = Watch(self.library, self.town)
        self.outside = None if self.wires is None else Outside(self.library, self.town, self.wires)

    def begin(self, patrons: int = 5) -> None:
        """Enrol the first few, and let the targets hear of them."""
        self._random = random.Random(self.seed)  # noqa: S311 -- decides which answers are lost
        library = self.library
        library.policy = POLICY
        if self.wires is not None:
            self.wires.begin(library, list(self.town.people.values())[:patrons], seed=self.seed)
        library.sets_targets_up(*TARGETS, FEED)
        library.clock.set_after(self.day)
        for one in list(self.town.people.values())[:patrons]:
            self._desk_enrol(one, 0)
        self._night(Day(), [])

    def copy(self, folder: Path) -> LeakLife:
        """Another life that has come as far."""
        library = self.library.copy(folder)
        library.sets_targets_up(*TARGETS, FEED)
        for target in TARGETS:
            library.target(target.name).holds = dict(self.library.target(target.name).holds)
        return replace(self, library=library, town=deepcopy(self.town), reached=Counter(), merging=[])

    def live(self, day: Day) -> None:
        self.day += timedelta(days=1)
        while self.day.weekday() > 4:
            self.day += timedelta(days=1)
        lines = self._lines = {}
        for kind, key, n in day.events:
            one = self.town.people[key]
            if one.standing != MERGED and key not in lines and (told := getattr(self, f"_{kind}")(one, n)):
                lines[key] = told
                self.reached[kind] += 1
        self._night(day, [line for told in lines.values() for line in told])
        self.library.clock.set_after(self.day, at=time(10, 0))
        for kind, key, n in (*day.desk, *(("settle", KEYS[0], 0) for _ in self.merging)):
            if getattr(self, f"_desk_{kind}")(self.town.people[key], n):
                self.reached[f"desk {kind}"] += 1
                self.check(f"desk {kind} of {key} on {self.day}")

    def end(self) -> None:
        """Let every target answer until nothing waits, and hold what each has against the facts."""
        for _ in range(DRAINS):
            self.live(Day())
            if not any(state.backlog.waiting for state in self.library.store.targets.states()):
                break
        else:
            raise Leaked("the targets do not hear of everything")
        self.watch.compare()
        if self.outside is not None:
            self.outside.compare()
        verify_audit(self.library.store)

    # -- the night

    def _night(self, day: Day, lines: list[Person | Unreadable]) -> None:
        library = self.library
        self._closes()
        for target in TARGETS:
            double = library.target(target.name)
            double.down = DOWN if target.name in day.down else None
            double.is_lost = lambda: self._random.randrange(10) < day.lost
        library.deliver(self.day, *lines, previous=self._previous or self.day - timedelta(days=1))
        self._previous = self.day
        self._hear({line.number.digits for line in lines})
        library.one_night()
        self.reached["nights"] += 1
        self.check(f"the night after {self.day}")
        if not day.down and not day.lost:
            self.watch.compare(catches_up=self._random.randrange(3) == 0)
            if self.outside is not None:
                self.outside.compare()

    def _closes(self) -> None:
        """What the register answers from now on."""
        people, register = [one for one in self.town.people.values() if one.standing != MERGED], self.library.register
        register.persons = {}
        register.knows(*(line_of(one, looked_up=True) for one in people))
        register.knows(*(old_line(old, one.number.digits) for one in people for old in one.numbers[:-1]))

    def _hear(self, told: set[str]) -> None:
        """What the library knows after this night: first copies too, which are silent where the answer was."""
        for one in self.town.people.values():
            if one.standing == WAITS:
                is_told = one.number.digits in told
                one.standing, one.silent = PATRON, one.answers_silently and not one.protected and not is_told
                one.hear()

    def _told(self, one: Somebody) -> list[Person | Unreadable]:
        """A line of the delivery: from now on the library knows the protection, and can decide them."""
        one.silent = one.parked = False
        if one.standing in {PATRON, RESPONSIBLE}:
            one.hear()
        return [line_of(one)]

    # -- what happens in the town

    def _move(self, one: Somebody, n: int) -> Any:
        if one.status not in LIVES_SOMEWHERE:
            return None
        one.home, one.status = self.town.new_home("0461" if n % 4 == 0 else "0751"), "01"
        one.co = f"c/o {self.town.new_word('c')}" if n % 3 == 0 else ""
        return self._told(one)

    def _move_in(self, one: Somebody, n: int) -> Any:
        """With somebody else, rather with one who is sealed."""
        others = [other for other in self.town.people.values() if other is not one and other.status in LIVES_SOMEWHERE]
        others = [other for other in others if other.is_sealed and n % 2] or others
        if not others or one.status not in LIVES_SOMEWHERE:
            return None
        other = others[n % len(others)]
        one.home, one.status = other.home, other.status
        return self._told(one)

    def _protect(self, one: Somebody, _: int) -> Any:
        if one.protected:
            return None
        one.protected = True
        return self._told(one)

    def _unprotect(self, one: Somebody, _: int) -> Any:
        if not one.protected:
            return None
        one.protected = False
        return self._told(one)

    def _rename(self, one: Somebody, n: int) -> Any:
        one.names.append(f"{one.key} Efternavn{'abcdefghij'[n % 10]}")
        return self._told(one)

    def _die(self, one: Somebody, _: int) -> Any:
        one.status = "90"
        return self._told(one)

    def _disappear(self, one: Somebody, _: int) -> Any:
        one.status = "70"
        return self._told(one)

    def _emigrate(self, one: Somebody, _: int) -> Any:
        one.status, one.abroad = "80", (self.town.new_word("a"), self.town.new_word("b"))
        return self._told(one)

    def _come_back(self, one: Somebody, n: int) -> Any:
        """From abroad, or from the dead, to the old address or another."""
        if one.status in LIVES_SOMEWHERE:
            return None
        one.status, one.abroad = "03" if one.home.administrative else "01", ()
        return self._move(one, n) if n % 2 else self._told(one)

    def _hide(self, one: Somebody, _: int) -> Any:
        """An administrative street seals like a protection."""
        if one.status not in LIVES_SOMEWHERE:
            return None
        one.home, one.status = self.town.new_home("0751", administrative=True), "03"
        return self._told(one)

    def _renumber(self, one: Somebody, _: int) -> Any:
        old = one.numbers[-1]
        one.numbers.append(self.town.new_number(one.born))
        return [old_line(old, one.numbers[-1]), *self._told(one)]

    def _unread(self, one: Somebody, _: int) -> Any:
        """A line that nobody can read: the patron waits for a person, and counts as protected."""
        if one.standing != PATRON:
            return None
        one.parked = True
        return [replace(unreadable(None, "person.status"), number=one.number)]

    def _told_again(self, one: Somebody, _: int) -> Any:
        return self._told(one)

    def _merge(self, one: Somebody, n: int) -> Any:
        """The register finds that two are one; a person must say so too before the records become one."""
        others = [other for other in self.town.people.values() if self._may_merge(other) and other is not one]
        if not others or not self._may_merge(one) or self.merging:
            return None
        keeps = others[n % len(others)]
        one.parked = True
        self.merging.append((one, keeps))
        self._lines[keeps.key] = []
        keeps.numbers[-1:-1] = one.numbers
        return [old_line(one.number.digits, keeps.number.digits), *self._told(keeps)]

    def _may_merge(self, one: Somebody) -> bool:
        linked = one.answers_for or any(one.key in other.answers_for for other in self.town.people.values())
        is_told = one.key in self._lines
        return one.standing == PATRON and not (one.parked or linked or one.typed or is_told) and one.key not in CHILDREN

    # -- the desk

    def _desk_enrol(self, one: Somebody, n: int) -> bool:
        if one.standing != STRANGER:
            return False
        one.answers_silently = n % 3 == 1
        self.library.store.imports.take_patrons([NewPatron(one.number, Local(cards=(Card(one.key),)))])
        one.standing, one.silent, one.parked = WAITS, True, False
        one.patron_id = self.library.store.patrons.find(one.number) or ""
        return True

    def _desk_register(self, one: Somebody, n: int) -> bool:
        if one.standing != STRANGER:
            return False
        one.answers_silently = n % 3 == 1
        self._closes()
        said_yes.register(self._lookup_desk(), Asked(one.number, Purpose.REGISTRATION, "lone"))
        one.standing, one.parked, one.silent = PATRON, False, one.answers_silently and not one.protected
        one.hear()
        one.patron_id = self.library.store.patrons.find(one.number) or ""
        return True

    def _desk_correct_address(self, one: Somebody, n: int) -> bool:
        return self._types(one, "address", f"{self.town.new_word('v')} {n}\n8000 {self.town.new_word('p')}", n)

    def _desk_correct_name(self, one: Somebody, n: int) -> bool:
        return self._types(one, "name", f"{one.key} Rettelse{'abcdefghij'[n % 10]}", n)

    def _types(self, one: Somebody, name: str, text: str, n: int) -> bool:
        if one.standing != PATRON:
            return False
        until = self.library.clock.today() + timedelta(days=1 + n % 9)
        self._set(one, name, text, until=until)
        one.typed[name] = (text, until)
        return True

    def _desk_withdraw(self, one: Somebody, _: int) -> bool:
        holding = [name for name in one.typed if one.typed_on(name, self.library.clock.today())]
        if one.standing != PATRON or not holding:
            return False
        self._set(one, holding[0], None)
        del one.typed[holding[0]]
        return True

    def _desk_contact(self, one: Somebody, n: int) -> bool:
        if one.standing != PATRON:
            return False
        one.contact = () if n % 5 == 0 else (f"{self.town.new_word('x')} {n % 90}", f"8000 {self.town.new_word('y')}")
        self._set(one, "contact_address", "\n".join(one.contact) or None, reason="")
        return True

    def _set(
        self, one: Somebody, name: str, text: str | None, *, reason: str = "saw it", until: date | None = None
    ) -> None:
        desk = SettingDesk(self.library, CODES)
        set_field(desk, Setting(one.patron_id, name, text, "lone", reason=reason, until=until))

    def _desk_leave(self, one: Somebody, _: int) -> bool:
        return self._goes(one, said_yes.leave)

    def _desk_erase(self, one: Somebody, _: int) -> bool:
        return self._goes(one, said_yes.erase)

    def _goes(self, one: Somebody, how: Any) -> bool:
        is_answered = any(one.key in other.answers_for for other in self.town.people.values())
        if one.standing != PATRON or one.answers_for or is_answered or any(one in pair for pair in self.merging):
            return False
        how(LeavingDesk(self.library, "lisbeth"), one.patron_id)
        one.standing, one.contact, one.typed = GONE, (), {}
        return True

    def _desk_answer_for(self, one: Somebody, n: int) -> bool:
        """An adult answers for a child; who is no patron gets a record that is no borrower's."""
        child = self.town.people[CHILDREN[n % 2]]
        may = one.standing in {PATRON, STRANGER, RESPONSIBLE} and one.status in LIVES_SOMEWHERE and not one.parked
        if child.standing != PATRON or one.key in CHILDREN or not may or child.key in one.answers_for:
            return False
        try:
            add_responsible(self._lookup_desk(), ResponsibleRequest(child.patron_id, "lone", one.number))
        except BadInput:
            return False
        if one.standing == STRANGER:
            one.standing, one.silent = RESPONSIBLE, one.answers_silently and not one.protected
            one.hear()
            one.patron_id = self.library.store.patrons.find(one.number) or ""
        one.answers_for.add(child.key)
        return True

    def _desk_settle(self, _: Somebody, __: int) -> bool:
        """Somebody says that the two are one."""
        if not self.merging:
            return False
        closes, keeps = self.merging.pop()
        reviews = StaffReviews(self.library, "lone")
        (item,) = [one for one in reviews.listed() if one["kind"] == "parked.number.both_patrons"]
        reviews.accept(int(item["id"]))
        closes.standing, keeps.contact, closes.contact = MERGED, keeps.contact or closes.contact, ()
        return True

    def _lookup_desk(self) -> Desk:
        return Desk(AGENCY, self.library.store, self.library.register, self.library.clock, POLICY)

    def check(self, when: str) -> None:
        self.steps += 1
        self.watch.check(when)
        if self.outside is not None:
            self.outside.check(when)


def begun(library: Library, *, seed: int = 0, wires: Wires | None = None) -> LeakLife:
    """The beginning of a life, whose targets are real clients or doubles."""
    life = LeakLife(library, seed, wires)
    life.begin()
    return life


def lived(life: LeakLife, days: list[Day]) -> LeakLife:
    """Live a life that has begun to its end. Raises Leaked."""
    for day in days:
        life.live(day)
    life.end()
    return life
