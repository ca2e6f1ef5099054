"""Works out what replaced numbers mean for the patrons: those of a delivery, and those that the register names.

Follows `domain.deciding.number_change`. The number change is a step of its own. A delivery has all its links at once: a
change is made at its first line about the old or the new number, so that a killed run knows whether the change is done.
Answers of the register come one by one: a patron keeps their number until the end of the trail is known. A circle, or
another patron's number, therefore leaves the record as it was.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Final, NamedTuple

from cprsync.domain.deciding.guard import Outcome
from cprsync.domain.deciding.number_change import (
    LINKS_MAX,
    Circle,
    Collision,
    Disputed,
    Links,
    NumberPlan,
    between_real_numbers,
    number_plan,
)
from cprsync.domain.patron.patron import AsOf, Patron, Source
from cprsync.domain.patron.review import OTHER_SUCCESSOR, PARKED
from cprsync.domain.person.number import CprNumber
from cprsync.domain.person.person import REPLACED, Person, Status
from cprsync.domain.person.status import Action
from cprsync.services.planning.steps import Step, as_of_lookup, renumber_step
from cprsync.services.ports.patrons import Equal, Named, NotOurs
from cprsync.services.ports.register import FIRST_COPY, NUMBER_CHANGE, WINDOW, FollowUp, Found

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cprsync.services.ports.night import Night
    from cprsync.services.ports.patrons import Item, Recognised
    from cprsync.services.ports.register import NotFound
    from cprsync.services.ports.runs import Run

#: Reason for *unchanged* in the balance sheet: the line is about a number that a patron no longer has.
OLD: Final = "number.old"
#: Reason for *unchanged*: the line is about a number between the patron's old and present ones, never used here.
BETWEEN: Final = "number.replaced"
#: Two patrons may be one person: staff must look at both.
BOTH: Final = "number.both_patrons"
CIRCLE: Final = "number.circle"
UNRESOLVED: Final = "number.unresolved"
#: An old number leads to a number that is not the patron's present one, and no patron has that number.
OTHER: Final = "number.other_successor"
#: An old number is active again, and the register has not said that the new one was a mistake.
OLD_ACTIVE: Final = "number.old_active"


def undecided_step(
    change: Collision | Circle | Disputed,
    *,
    item: Item | None = None,
    old: CprNumber | None = None,
    answered: FollowUp | None = None,
) -> Step:
    """Park the question where the register's links lead. A line in the balance sheet names the other patron.

    `old`: the link of an old number is disputed. News about the patron's present number does not settle it.
    """
    match change:
        case Circle():
            reason, other, new = CIRCLE, None, None
        case Collision():
            reason, other, new = BOTH, change.other, None
        case Disputed():
            reason, other, new = OTHER, None, change.new
    about = (change.patron_id, f"{PARKED}{reason}")
    line_reason = reason if other is None else f"{reason}:{other}"
    return Step(
        item and replace(item, patron_id=change.patron_id, outcome=Outcome.PARKED, reason=line_reason),
        answered=answered,
        review=about,
        named=Named(*about, other=other, old=old, new=new),
        parked=reason,
    )


def parked_step(item: Item, patron_id: str, reason: str, *, old: CprNumber | None = None) -> Step:
    """Park a line about a patron's number. `old`: that number is an old one of theirs."""
    line = replace(item, patron_id=patron_id, outcome=Outcome.PARKED, reason=reason)
    about = (patron_id, f"{PARKED}{reason}")
    return Step(line, parked=reason, review=about, named=None if old is None else Named(*about, old=old))


def unchanged_step(item: Item, patron_id: str, reason: str, *, agreed: CprNumber | None = None) -> Step:
    """Record a line about a number that is no longer in use.

    `agreed`: that number, if it leads to the present one, or is annulled and leads nowhere.
    """
    line = replace(item, patron_id=patron_id, outcome=Outcome.UNCHANGED, reason=reason)
    return Step(line, agreed=None if agreed is None else (patron_id, agreed))


class Renumbering:
    """Number changes over all deliveries of a plan: who has which number now, and what a line about one means."""

    def __init__(self, night: Night) -> None:
        self._night = night
        self._plan = NumberPlan()
        self._day: date | None = None
        #: the day of the newest delivery taken or planned so far
        self.newest_day: date = date.min
        #: by number, the patron who had it before this plan
        self._left: dict[CprNumber, str] = {}
        #: by number, the patron who had it earlier, among the numbers looked at
        self._old: dict[CprNumber, str] = {}
        #: by patron, if this plan changed them: the numbers between which staff must choose; empty: none
        self._open: dict[str, frozenset[CprNumber]] = {}

    def begin(self, links: Links, day: date, planned: Mapping[CprNumber, Patron]) -> None:
        """Start the next delivery. `planned`: the patrons as the plan has changed them so far."""
        self._day = day
        self.newest_day = max(self.newest_day, day)
        links = replace(links, replaced=between_real_numbers(links.replaced))
        self._plan = NumberPlan(links)
        numbers = links.numbers
        if not numbers:
            return
        self.newest_day = max(self.newest_day, self._night.store.inbox.applied_until() or day)
        stored = self._night.store.patrons.recognise([Person(number) for number in numbers])
        found = {number: self._holder(number, one, planned) for number, one in zip(numbers, stored, strict=True)}
        patrons = {number: one for number, one in found.items() if isinstance(one, Patron)}
        self.find_old(numbers)
        former = {number: one for number in numbers if (one := self.former(number)) is not None}
        as_of = AsOf(day, Source.FILE)
        self._plan = number_plan(links, patrons, former, as_of=as_of)
        self._drop_overtaken(as_of, planned)

    def _drop_overtaken(self, as_of: AsOf, planned: Mapping[CprNumber, Patron]) -> None:
        """Drop the disputes about patrons that a newer source has reported."""
        disputed = self._plan.disputes
        ids = list({one.patron_id for one in disputed.values()})
        if not ids:
            return
        patrons = {one.id: one for one in (*self._night.store.patrons.read(ids), *planned.values())}
        days = {one.id: one.as_of for one in patrons.values()}
        left = {
            old: one
            for old, one in disputed.items()
            if (day := days.get(one.patron_id)) is None or not as_of.is_older_than(day)
        }
        self._plan = replace(self._plan, disputes=left)

    def _holder(self, number: CprNumber, stored: Recognised, planned: Mapping[CprNumber, Patron]) -> Recognised:
        return planned.get(number) or (NotOurs() if number in self._left else stored)

    def holder_in_delivery(
        self, number: CprNumber, stored: Recognised, planned: Mapping[CprNumber, Patron]
    ) -> Recognised:
        """The patron that a number belongs to when the delivery's lines about it are decided."""
        return self._plan.patron_after(number) or self._holder(number, stored, planned)

    def find_old(self, numbers: Sequence[CprNumber]) -> None:
        """Find out which of the numbers are old ones."""
        if numbers:
            self._old = self._night.store.patrons.old_numbers(numbers)

    def former(self, number: CprNumber) -> str | None:
        """The patron who had this number before, among the numbers looked at."""
        return self._left.get(number) or self._old.get(number)

    def plan_change_to(self, number: CprNumber, *, item: Item | None = None) -> Step | None:
        """The step that gives a patron this number. None: it is planned already, or nobody gets the number."""
        # on most nights nobody gets a number
        if not self._plan.waiting or number not in self._plan.waiting or self._day is None:
            return None
        change, patron = self._plan.waiting.pop(number)
        # a newer delivery may have reported about this number while no patron here had it
        asks = self.newest_day > self._day or change.new not in self._plan.links.delivered
        question = FollowUp(patron.id, NUMBER_CHANGE) if asks else None
        return replace(self.renumber(patron, change.new, self._day), item=item, asks=question)

    def renumber(self, patron: Patron, new: CprNumber, day: date, passed: tuple[CprNumber, ...] = ()) -> Step:
        """The step that gives the patron a number. Also records who has which number after it."""
        self._left[patron.number] = patron.id
        self._left.pop(new, None)
        self._settle(patron.id, new)
        return renumber_step(self._night, patron, new, day=day, passed=passed)

    def holders(self, numbers: Sequence[CprNumber], planned: Mapping[CprNumber, Patron]) -> dict[CprNumber, str]:
        """By number, the patron who has or had it, in the state that this plan has reached."""
        stored = self._night.store.patrons.recognise([Person(number) for number in numbers])
        holders = {**self._night.store.patrons.old_numbers(numbers), **self._left}
        for number, recognised in zip(numbers, stored, strict=True):
            one = self._holder(number, recognised, planned)
            if not isinstance(one, NotOurs):
                holders[number] = one.patron_id if isinstance(one, Equal) else one.id
        return {number: holders[number] for number in numbers if number in holders}

    def decide_line(self, item: Item, person: Person, found: Recognised) -> Step | None:
        """The step for a line about a number that is out of use. None: decide the person as usual."""
        step = self._decide_line(item, person, found)
        if step is not None and step.agreed is not None:
            self._settle(*step.agreed)
        elif step is not None and step.parked == OTHER and step.named is not None and step.named.old is not None:
            named = step.named
            self._open[named.patron_id] = frozenset(one for one in (named.old, named.new) if one is not None)
        return step

    def _settle(self, patron_id: str, number: CprNumber) -> None:
        """Note that the register agrees about a number. Staff need not choose, if it is one of the two."""
        if number in self._waiting_about(patron_id):
            self._open[patron_id] = frozenset()

    def _waiting_about(self, patron_id: str) -> frozenset[CprNumber]:
        """The numbers that staff must choose between, in the state that this plan has reached."""
        if patron_id in self._open:
            return self._open[patron_id]
        items = self._night.store.reviews.in_force([patron_id])
        about = (one.about for one in items if one.waits and one.kind == OTHER_SUCCESSOR)
        return frozenset(number for one in about if one for number in (one.old, one.new) if number is not None)

    def _decide_line(self, item: Item, person: Person, found: Recognised) -> Step | None:
        if person.status in REPLACED:
            return self._replaced(item, person.number, found)
        # most nights have no disputes
        if self._plan.disputes and (dispute := self._disputed(person, found)):
            return undecided_step(dispute, item=item, old=dispute.old)
        if person.status is Status.ANNULLED and isinstance(found, Patron) and self._waiting_about(found.id):
            return parked_step(item, found.id, OTHER)
        former = self.former(person.number) if isinstance(found, NotOurs) else None
        if former is None:
            return None
        if person.status is Status.ANNULLED:
            return unchanged_step(item, former, OLD, agreed=person.number)
        return parked_step(item, former, OLD_ACTIVE, old=person.number)

    def _replaced(self, item: Item, number: CprNumber, found: Recognised) -> Step | None:
        change = self._plan.changes.get(number)
        if isinstance(change, Collision | Circle):
            return undecided_step(change, item=item)
        if dispute := self._plan.disputes.get(number):
            return undecided_step(dispute, item=item, old=dispute.old)
        if change is not None:
            line = replace(item, patron_id=change.patron_id, outcome=Outcome.APPLIED, actions=(Action.RENUMBER,))
            if step := self.plan_change_to(change.new, item=line):
                return step
        former = self.former(number)
        if change is None and not isinstance(found, NotOurs):
            return None  # it is the patron's number, and the register does not say which number replaces it
        if former is not None:
            # the link that was followed, or one that is older than what is known about the patron
            leads_to_present = self._plan.holder_of_end(number) == former
            return unchanged_step(item, former, OLD, agreed=number if leads_to_present else None)
        holder = self._plan.holder_of_end(number)
        return None if holder is None else unchanged_step(item, holder, BETWEEN, agreed=number)

    def _disputed(self, person: Person, found: Recognised) -> Disputed | Collision | Circle | None:
        """The dispute that a line is about.

        The line is about the number that an old one leads to, or reports that the patron's number is annulled. If it
        were decided, a record would be annulled although the register says that the patron has another number.
        """
        disputes = self._plan.disputes.values()
        if isinstance(found, NotOurs):
            return next((one for one in disputes if isinstance(one, Disputed) and one.new == person.number), None)
        if person.status is not Status.ANNULLED or not isinstance(found, Patron):
            return None
        return next((one for one in disputes if one.patron_id == found.id), None)


@dataclass(frozen=True, slots=True, repr=False)
class Trail:
    """The links of one patron's number, as far as they are known."""

    patron: Patron
    #: the patron's own number, and those on the way
    passed: tuple[CprNumber, ...]
    leads_to: CprNumber
    #: a new patron's open question, which is answered when the trail ends
    first_copy: FollowUp | None = None
    #: staff have decided already that the patron keeps the number
    is_decided: bool = False

    def asked_for(self, question: FollowUp) -> Trail:
        """The same trail, which now also answers this question."""
        decided = is_decided(question, self.patron)
        return replace(
            self, first_copy=question if question.kind == FIRST_COPY else self.first_copy, is_decided=decided
        )

    def extended_by(self, number: CprNumber) -> Trail:
        """The trail extended by one link."""
        return replace(self, passed=(*self.passed, self.leads_to), leads_to=number)

    def park_for(self, other: str) -> Step:
        """Park the trail, because another patron has, had or gets the number."""
        return self._park(Collision(self.patron.id, self.patron.number, other))

    def park_if_blocked(self, holder: str | None) -> Step | None:
        """The step that parks the trail. None: it may go on.

        `holder`: the patron who has, or had, the number it leads to.
        """
        if self.leads_to in self.passed:
            return self._park(Circle(self.patron.id, self.patron.number))
        return None if holder in {None, self.patron.id} else self.park_for(str(holder))

    def park_as_too_long(self) -> Step:
        """Park a trail that has too many links."""
        if self.is_decided:
            return Step()
        review = (self.patron.id, f"{PARKED}{UNRESOLVED}")
        return Step(parked=UNRESOLVED, review=review, answered=self.first_copy)

    def _park(self, why: Collision | Circle) -> Step:
        # an open first-copy question would park the patron again each night
        return Step() if self.is_decided else undecided_step(why, answered=self.first_copy)


class End(NamedTuple):
    """The end of a trail, and what the register says about its last number."""

    trail: Trail
    answer: Found | NotFound
    as_of: AsOf


class Trails:
    """All trails that begin before the next delivery of a plan."""

    def __init__(self, night: Night, run: Run | None) -> None:
        self._night, self._run = night, run
        self._open: dict[str, Trail] = {}

    def begin(self, question: FollowUp, patron: Patron, person: Person) -> bool:
        """Begin a trail if the answer names another number. Return False if it does not."""
        next_number = find_successor(person)
        if next_number is None:
            return False
        trail = self._open.get(patron.id) or Trail(patron, (patron.number,), next_number)
        self._open[patron.id] = trail.asked_for(question)
        return True

    def followed(self, numbers: Renumbering, planned: Mapping[CprNumber, Patron]) -> Iterator[Step | End]:
        """Yield each trail's end, or the step that parks it. The caller adds the outcomes to `planned` meanwhile."""
        for _ in range(LINKS_MAX):
            trails, self._open = self._open, {}
            yield from self._one_link(list(trails.values()), numbers, planned)
        for trail in self._open.values():
            yield trail.park_as_too_long()
        self._open = {}

    def _one_link(
        self, trails: Sequence[Trail], numbers: Renumbering, planned: Mapping[CprNumber, Patron]
    ) -> Iterator[Step | End]:
        if not trails:
            return
        holders = numbers.holders([trail.leads_to for trail in trails], planned)
        ahead: dict[CprNumber, list[Trail]] = {}
        for trail in trails:
            if parked := trail.park_if_blocked(holders.get(trail.leads_to)):
                yield parked
            else:
                ahead.setdefault(trail.leads_to, []).append(trail)
        asked = {number: [trail.patron.id for trail in some] for number, some in ahead.items()}
        for answer, as_of in look_up_numbers(self._night, self._run, asked):
            next_number = find_successor(answer.person) if isinstance(answer, Found) else None
            for trail in ahead[answer.number]:
                if next_number is None:
                    yield End(trail, answer, as_of)
                else:
                    self._open[trail.patron.id] = trail.extended_by(next_number)


def look_up_numbers(
    night: Night, run: Run | None, asked: Mapping[CprNumber, Sequence[str]]
) -> Iterator[tuple[Found | NotFound, AsOf]]:
    """Ask who has these numbers now. The audit entry, which names the patrons, is written before."""
    numbers, as_of = list(asked), as_of_lookup(night)
    for start in range(0, len(numbers), night.calls):
        some = numbers[start : start + night.calls]
        night.store.subscriptions.intend(run, [one for number in some for one in asked[number]], NUMBER_CHANGE)
        for answer in night.register.look_up_many(some):
            yield answer, as_of
        night.raise_if_stopped()


def is_decided(question: FollowUp, patron: Patron) -> bool:
    """Whether staff have decided the question already. Then it was asked only to learn if the change is taken back."""
    return question.kind == WINDOW and patron.has_replaced_number


def find_successor(person: Person) -> CprNumber | None:
    """The number that replaces the one in an answer. None: no number does, or the register does not name it."""
    named = person.current_number
    return named if person.status in REPLACED and isinstance(named, CprNumber) else None
