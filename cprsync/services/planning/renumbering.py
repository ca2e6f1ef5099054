"""What a delivery's replaced numbers mean for the patrons: worked out before any person of it is decided.

Follows `domain.deciding.number_change`. The change itself is a step of its own, made at the first line of the
delivery that is about the old or the new number, so that a killed run knows it as done or not done.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from cprsync.domain.deciding.balance import Outcome
from cprsync.domain.deciding.decide import Change
from cprsync.domain.deciding.number_change import (
    Circle,
    Collision,
    Disputed,
    NumberChange,
    Renumber,
    between_real_numbers,
    disputes,
    follow,
    number_changes,
)
from cprsync.domain.patron.patron import AsOf, Patron, Source
from cprsync.domain.patron.review import PARKED, State
from cprsync.domain.person.action import Action
from cprsync.domain.person.person import REPLACED, Person, Status
from cprsync.domain.policy.policy import Harm
from cprsync.services.planning.steps import Step, write_of
from cprsync.services.ports.values import Equal, FollowUp, Links, Named, NotOurs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from cprsync.domain.person.number import CprNumber
    from cprsync.services.planning.steps import Means
    from cprsync.services.ports.night import Night
    from cprsync.services.ports.values import Item, Recognised

#: The question that stays open until the register has said who she is under her new number.
NUMBER_CHANGE: Final = "number_change"
#: Why a line of the balance sheet says *unchanged*: it is about a number that a patron no longer has ...
OLD: Final = "number.old"
#: ... or never had here, on the way to the one she has.
BETWEEN: Final = "number.replaced"
#: Two patrons for one person: a person looks at both.
BOTH: Final = "number.both_patrons"
CIRCLE: Final = "number.circle"
UNRESOLVED: Final = "number.unresolved"
#: An old number leads to another number than the one she has, and nobody has that one.
OTHER: Final = "number.other_successor"
#: An old number lives again, and the register has not said that the new one was a mistake.
OLD_ACTIVE: Final = "number.old_active"


@dataclass(slots=True, repr=False)
class NumberPlan:
    """One delivery's number changes, and who has which number once they are made."""

    links: Links = field(default_factory=Links)
    #: by the patron's present number
    changes: dict[CprNumber, NumberChange] = field(default_factory=dict)
    #: by the number they will have, until the step is planned
    waiting: dict[CprNumber, tuple[Renumber, Patron]] = field(default_factory=dict)
    #: patrons by the number that the delivery leaves them with
    holders: dict[CprNumber, str] = field(default_factory=dict)
    #: by old numbers that lead elsewhere than to whoever had them
    disputes: dict[CprNumber, Disputed | Collision | Circle] = field(default_factory=dict)

    def patron_after(self, number: CprNumber) -> Patron | None:
        """Who will have this number, as she will be."""
        if number not in self.waiting:
            return None
        change, patron = self.waiting[number]
        return renumbered(patron, change.new)

    def holder_of_end(self, number: CprNumber) -> str | None:
        """Who has the number that replaces this one in the end."""
        end = follow(number, self.links.replaced)
        return None if end is None or end == number else self.holders.get(end)


def numbers_in(links: Links) -> list[CprNumber]:
    """All numbers that the links name, each once."""
    return list(dict.fromkeys((*links.replaced, *links.replaced.values())))


def number_plan(links: Links, patrons: Mapping[CprNumber, Patron], former: Mapping[CprNumber, str]) -> NumberPlan:
    """Work out what the links mean for the patrons who have one of their numbers, or had it before."""
    holders = {number: patron.id for number, patron in patrons.items()}
    plan = NumberPlan(links, holders=dict(holders))
    for change in number_changes(links.replaced, holders, former):
        plan.changes[change.old] = change
        if isinstance(change, Renumber):
            plan.waiting[change.new] = (change, patrons[change.old])
            del plan.holders[change.old]
            plan.holders[change.new] = change.patron_id
    plan.disputes = {one.old: one for one in disputes(links.replaced, plan.holders, former)}
    return plan


def renumbered(patron: Patron, number: CprNumber) -> Patron:
    """The patron after the step that gives her this number; nothing else of her changes."""
    return replace(patron, register=replace(patron.register, number=number), version=patron.version + 1)


def renumber_step(night: Means, patron: Patron, new: CprNumber, *, day: date) -> Step:
    """Give a patron another number: name, address and the day they are true for stay."""
    # of whom no source has spoken there is nothing to merge wrongly, as a first copy does no harm
    harms = (Harm.MERGED,) if patron.is_known else ()
    change = Change(renumbered(patron, new).register, (Action.RENUMBER,), harms)
    write = replace(write_of(night, change, patron, patron.as_of), renumbered=day)
    return Step(change=change, write=write)


def renumber_again(night: Night, step: Step, patron: Patron) -> Step:
    """The step over the record as it stands by now, when it was written to since the decision."""
    write = step.write
    if write is None or write.renumbered is None:
        return step
    if patron.number != write.patron.number:
        # someone else was quicker; what the register says of her is asked all the same
        item = step.item and replace(step.item, outcome=Outcome.UNCHANGED, actions=(), reason=OLD)
        return Step(item, asks=step.asks)
    again = renumber_step(night, patron, write.after.number, day=write.renumbered)
    again.item, again.asks, again.answered = step.item, step.asks, step.answered
    return again


def stuck_step(item: Item, change: Collision | Circle | Disputed) -> Step:
    """Leave it to a person; the line of the balance sheet says which other patron it is about."""
    parked = undecided_step(change)
    reason = f"{parked.parked}:{change.other}" if isinstance(change, Collision) else parked.parked
    parked.item = replace(item, patron_id=change.patron_id, outcome=Outcome.PARKED, reason=reason)
    return parked


def undecided_step(change: Collision | Circle | Disputed) -> Step:
    """Leave to a person where the register's links lead."""
    match change:
        case Circle():
            reason, other, new = CIRCLE, None, None
        case Collision():
            reason, other, new = BOTH, change.other, None
        case Disputed():
            reason, other, new = OTHER, None, change.new
    about = (change.patron_id, f"{PARKED}{reason}")
    return Step(parked=reason, review=about, named=Named(*about, other=other, new=new))


def disputed_step(item: Item, dispute: Collision | Circle | Disputed) -> Step:
    """Leave an old number's link to a person; what is said of her present one settles nothing of it."""
    step = stuck_step(item, dispute)
    step.named = step.named and replace(step.named, old=dispute.old)
    return step


def parked_step(item: Item, patron_id: str, reason: str) -> Step:
    """Park a line about a patron's number."""
    line = replace(item, patron_id=patron_id, outcome=Outcome.PARKED, reason=reason)
    return Step(line, parked=reason, review=(patron_id, f"{PARKED}{reason}"))


def unchanged_step(item: Item, patron_id: str, reason: str) -> Step:
    """Account for a line about a number that is no longer in use."""
    return Step(replace(item, patron_id=patron_id, outcome=Outcome.UNCHANGED, reason=reason))


def _not_overtaken(links: Links, patrons: Mapping[CprNumber, Patron], as_of: AsOf) -> Links:
    """The links but those of patrons of whom a newer source has spoken under that number: they were undone since."""
    newer = {number for number, one in patrons.items() if one.as_of is not None and as_of.is_older_than(one.as_of)}
    return replace(links, replaced={old: new for old, new in links.replaced.items() if old not in newer})


class Renumbering:
    """Number changes over all deliveries of a plan: who has which number by now, and what a line about one means."""

    def __init__(self, night: Night) -> None:
        self._night = night
        self._plan = NumberPlan()
        self._day: date | None = None
        #: a newer delivery was taken before this one
        self._late = False
        #: whose number it was before this plan
        self._left: dict[CprNumber, str] = {}
        #: whose number it once was, of those looked at
        self._old: dict[CprNumber, str] = {}

    def begin(self, links: Links, day: date, planned: Mapping[CprNumber, Patron]) -> None:
        """Turn to the next delivery; `planned` is what the plan has already made of whom."""
        before, self._day = self._day, day
        links = replace(links, replaced=between_real_numbers(links.replaced))
        self._plan = NumberPlan(links)
        numbers = numbers_in(links)
        if not numbers:
            return
        self._late = any(taken is not None and taken > day for taken in (before, self._night.store.applied_until()))
        stored = self._night.store.recognise([Person(number) for number in numbers])
        found = {number: self._now(number, one, planned) for number, one in zip(numbers, stored, strict=True)}
        patrons = {number: one for number, one in found.items() if isinstance(one, Patron)}
        self.look_at(numbers)
        former = {number: one for number in numbers if (one := self.former(number)) is not None}
        as_of = AsOf(day, Source.FILE)
        self._plan = number_plan(_not_overtaken(links, patrons, as_of), patrons, former)
        self._drop_overtaken(as_of, planned)

    def _drop_overtaken(self, as_of: AsOf, planned: Mapping[CprNumber, Patron]) -> None:
        """Dispute nothing of patrons of whom a newer source has spoken."""
        disputed = self._plan.disputes
        ids = list({one.patron_id for one in disputed.values()})
        if not ids:
            return
        patrons = {one.id: one for one in (*self._night.store.patrons(ids), *planned.values())}
        days = {one.id: one.as_of for one in patrons.values()}
        self._plan.disputes = {
            old: one
            for old, one in disputed.items()
            if (day := days.get(one.patron_id)) is None or not as_of.is_older_than(day)
        }

    def _now(self, number: CprNumber, stored: Recognised, planned: Mapping[CprNumber, Patron]) -> Recognised:
        return planned.get(number) or (NotOurs() if number in self._left else stored)

    def now(self, number: CprNumber, stored: Recognised, planned: Mapping[CprNumber, Patron]) -> Recognised:
        """Who a number is to us when the delivery's lines about it are decided."""
        return self._plan.patron_after(number) or self._now(number, stored, planned)

    def look_at(self, numbers: Sequence[CprNumber]) -> None:
        """Find out which of the numbers are old ones."""
        if numbers:
            self._old = self._night.store.old_numbers(numbers)

    def former(self, number: CprNumber) -> str | None:
        """Whose number it was before, of those looked at."""
        return self._left.get(number) or self._old.get(number)

    def take(self, number: CprNumber) -> Step | None:
        """The step by which a patron gets this number, unless it is planned already or nobody does."""
        # in most nights nobody waits for a number
        if not self._plan.waiting or number not in self._plan.waiting or self._day is None:
            return None
        change, patron = self._plan.waiting.pop(number)
        step = self.give(patron, change.new, self._day)
        if self._late or change.new not in self._plan.links.delivered:
            # what a newer delivery said under it came when it was nobody's here
            step.asks = FollowUp(patron.id, NUMBER_CHANGE)
        return step

    def give(self, patron: Patron, new: CprNumber, day: date) -> Step:
        """The step by which she gets a number, and who has which after it."""
        self._left[patron.number] = patron.id
        self._left.pop(new, None)
        return renumber_step(self._night, patron, new, day=day)

    def holders(self, numbers: Sequence[CprNumber], planned: Mapping[CprNumber, Patron]) -> dict[CprNumber, str]:
        """Which patrons have these numbers, or had them, as things stand in this plan."""
        stored = self._night.store.recognise([Person(number) for number in numbers])
        holders = {**self._night.store.old_numbers(numbers), **self._left}
        for number, recognised in zip(numbers, stored, strict=True):
            one = self._now(number, recognised, planned)
            if not isinstance(one, NotOurs):
                holders[number] = one.patron_id if isinstance(one, Equal) else one.id
        return {number: holders[number] for number in numbers if number in holders}

    def line(self, item: Item, person: Person, found: Recognised) -> Step | None:
        """What a line about a number that is out of use means; None: the person is to be decided."""
        if person.status in REPLACED:
            return self._replaced(item, person.number, found)
        # in most nights there are none
        if self._plan.disputes and (dispute := self._disputed(person, found)):
            return disputed_step(item, dispute)
        if person.status is Status.ANNULLED and isinstance(found, Patron) and self._waits(found.id):
            return parked_step(item, found.id, OTHER)
        former = self.former(person.number) if isinstance(found, NotOurs) else None
        if former is None:
            return None
        annulled = person.status is Status.ANNULLED
        return unchanged_step(item, former, OLD) if annulled else parked_step(item, former, OLD_ACTIVE)

    def _replaced(self, item: Item, number: CprNumber, found: Recognised) -> Step | None:
        change = self._plan.changes.get(number)
        if isinstance(change, Collision | Circle):
            return stuck_step(item, change)
        if dispute := self._plan.disputes.get(number):
            return disputed_step(item, dispute)
        if change is not None and (step := self.take(change.new)):
            step.item = replace(item, patron_id=change.patron_id, outcome=Outcome.APPLIED, actions=(Action.RENUMBER,))
            return step
        former = self.former(number)
        if change is None and not isinstance(found, NotOurs):
            return None  # hers, and the register does not say which number replaces it
        if former is not None:
            step = unchanged_step(item, former, OLD)
            # the link that was followed, or one that is older than what is known of her
            step.agreed = (former, number) if self._plan.holder_of_end(number) == former else None
            return step
        holder = self._plan.holder_of_end(number)
        return None if holder is None else unchanged_step(item, holder, BETWEEN)

    def _disputed(self, person: Person, found: Recognised) -> Disputed | Collision | Circle | None:
        """The dispute that a line is about: under the number that an old one leads to, or that hers is annulled.

        Were it decided, a record would be annulled of whom the register says that she has another number.
        """
        disputes = self._plan.disputes.values()
        if isinstance(found, NotOurs):
            return next((one for one in disputes if isinstance(one, Disputed) and one.new == person.number), None)
        if person.status is not Status.ANNULLED or not isinstance(found, Patron):
            return None
        return next((one for one in disputes if one.patron_id == found.id), None)

    def _waits(self, patron_id: str) -> bool:
        """Whether a person has still to say which number is hers."""
        waiting = (patron_id, f"{PARKED}{OTHER}", State.WAITING)
        return waiting in self._night.store.reviews_in_force([patron_id])
