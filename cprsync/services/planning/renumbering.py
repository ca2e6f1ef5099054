"""Works out what a delivery's replaced numbers mean for the patrons, before any person in it is decided.

Follows `domain.deciding.number_change`. The number change is a step of its own. It is made at the delivery's first line
about the old or the new number, so that a killed run knows whether the change is done.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from cprsync.domain.deciding.decide import Change
from cprsync.domain.deciding.guard import Outcome
from cprsync.domain.deciding.number_change import (
    Circle,
    Collision,
    Disputed,
    NumberChange,
    Renumber,
    between_real_numbers,
    end_of_chain,
    find_disputes,
    find_number_changes,
)
from cprsync.domain.patron.patron import AsOf, Patron, Source
from cprsync.domain.patron.review import OTHER_SUCCESSOR, PARKED
from cprsync.domain.person.person import REPLACED, Person, Status
from cprsync.domain.person.status import Action
from cprsync.domain.policy.policy import Harm
from cprsync.services.planning.steps import Step, write_of
from cprsync.services.ports.deliveries import Links
from cprsync.services.ports.patrons import Equal, Named, NotOurs
from cprsync.services.ports.register import NUMBER_CHANGE, FollowUp

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from cprsync.domain.person.number import CprNumber
    from cprsync.services.planning.steps import Means
    from cprsync.services.ports.night import Night
    from cprsync.services.ports.patrons import Item, Recognised

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


@dataclass(slots=True, repr=False)
class NumberPlan:
    """One delivery's number changes, and who has which number after them."""

    links: Links = field(default_factory=Links)
    #: by the patron's present number
    changes: dict[CprNumber, NumberChange] = field(default_factory=dict)
    #: by the number that the patron will have, until the step is planned
    waiting: dict[CprNumber, tuple[Renumber, Patron]] = field(default_factory=dict)
    #: patrons by the number that the delivery leaves them with
    holders: dict[CprNumber, str] = field(default_factory=dict)
    #: by old number: links that lead to a number that its former patron does not have
    disputes: dict[CprNumber, Disputed | Collision | Circle] = field(default_factory=dict)

    def patron_after(self, number: CprNumber) -> Patron | None:
        """The patron who will have this number, as they will be."""
        if number not in self.waiting:
            return None
        change, patron = self.waiting[number]
        return renumbered(patron, change.new)

    def holder_of_end(self, number: CprNumber) -> str | None:
        """The id of the patron who has the number at the end of this number's links."""
        end = end_of_chain(number, self.links.replaced)
        return None if end is None or end == number else self.holders.get(end)


def numbers_in(links: Links) -> list[CprNumber]:
    """All numbers that the links name, each once."""
    return list(dict.fromkeys((*links.replaced, *links.replaced.values())))


def number_plan(links: Links, patrons: Mapping[CprNumber, Patron], former: Mapping[CprNumber, str]) -> NumberPlan:
    """Work out what the links mean for the patrons who have, or had, one of their numbers."""
    holders = {number: patron.id for number, patron in patrons.items()}
    plan = NumberPlan(links, holders=dict(holders))
    for change in find_number_changes(links.replaced, holders, former):
        plan.changes[change.old] = change
        if isinstance(change, Renumber):
            plan.waiting[change.new] = (change, patrons[change.old])
            del plan.holders[change.old]
            plan.holders[change.new] = change.patron_id
    plan.disputes = {one.old: one for one in find_disputes(links.replaced, plan.holders, former)}
    return plan


def renumbered(patron: Patron, number: CprNumber) -> Patron:
    """The patron after the step that gives them this number. Only number and version change."""
    return replace(patron, register=replace(patron.register, number=number), version=patron.version + 1)


def renumber_step(means: Means, patron: Patron, new: CprNumber, *, day: date) -> Step:
    """Give a patron another number. Name, address and the day for which they are true stay."""
    # a patron without data from any source cannot be merged wrongly; a first copy does no harm either
    harms = (Harm.MERGED,) if patron.is_known else ()
    change = Change(renumbered(patron, new).register, (Action.RENUMBER,), harms)
    write = replace(write_of(means, change, patron, patron.as_of), renumbered=day)
    return Step(change=change, write=write)


def renumber_again(night: Night, step: Step, patron: Patron) -> Step:
    """Build the step again on the record as stored now, after someone else has changed it."""
    write = step.write
    if write is None or write.renumbered is None:
        return step
    if patron.number != write.patron.number:
        # someone else has changed the number already; the register is still asked about the patron
        item = step.item and replace(step.item, outcome=Outcome.UNCHANGED, actions=(), reason=OLD)
        return Step(item, asks=step.asks)
    again = renumber_step(night, patron, write.after.number, day=write.renumbered)
    return replace(step, change=again.change, write=again.write)


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


def parked_step(item: Item, patron_id: str, reason: str) -> Step:
    """Park a line about a patron's number."""
    line = replace(item, patron_id=patron_id, outcome=Outcome.PARKED, reason=reason)
    return Step(line, parked=reason, review=(patron_id, f"{PARKED}{reason}"))


def unchanged_step(item: Item, patron_id: str, reason: str, *, agreed: CprNumber | None = None) -> Step:
    """Record a line about a number that is no longer in use. `agreed`: an old one that leads to the present one."""
    line = replace(item, patron_id=patron_id, outcome=Outcome.UNCHANGED, reason=reason)
    return Step(line, agreed=None if agreed is None else (patron_id, agreed))


def _not_overtaken(links: Links, patrons: Mapping[CprNumber, Patron], as_of: AsOf) -> Links:
    """Drop links that are undone: a newer source has reported the patron under the old number."""
    newer = {number for number, one in patrons.items() if one.as_of is not None and as_of.is_older_than(one.as_of)}
    return replace(links, replaced={old: new for old, new in links.replaced.items() if old not in newer})


class Renumbering:
    """Number changes over all deliveries of a plan: who has which number now, and what a line about one means."""

    def __init__(self, night: Night) -> None:
        self._night = night
        self._plan = NumberPlan()
        self._day: date | None = None
        #: a newer delivery was applied before this one
        self._late = False
        #: by number, the patron who had it before this plan
        self._left: dict[CprNumber, str] = {}
        #: by number, the patron who had it earlier, among the numbers looked at
        self._old: dict[CprNumber, str] = {}

    def begin(self, links: Links, day: date, planned: Mapping[CprNumber, Patron]) -> None:
        """Start the next delivery. `planned`: the patrons as the plan has changed them so far."""
        before, self._day = self._day, day
        links = replace(links, replaced=between_real_numbers(links.replaced))
        self._plan = NumberPlan(links)
        numbers = numbers_in(links)
        if not numbers:
            return
        self._late = any(
            taken is not None and taken > day for taken in (before, self._night.store.inbox.applied_until())
        )
        stored = self._night.store.patrons.recognise([Person(number) for number in numbers])
        found = {number: self._holder(number, one, planned) for number, one in zip(numbers, stored, strict=True)}
        patrons = {number: one for number, one in found.items() if isinstance(one, Patron)}
        self.find_old(numbers)
        former = {number: one for number in numbers if (one := self.former(number)) is not None}
        as_of = AsOf(day, Source.FILE)
        self._plan = number_plan(_not_overtaken(links, patrons, as_of), patrons, former)
        self._drop_overtaken(as_of, planned)

    def _drop_overtaken(self, as_of: AsOf, planned: Mapping[CprNumber, Patron]) -> None:
        """Drop the disputes about patrons that a newer source has reported."""
        disputed = self._plan.disputes
        ids = list({one.patron_id for one in disputed.values()})
        if not ids:
            return
        patrons = {one.id: one for one in (*self._night.store.patrons.read(ids), *planned.values())}
        days = {one.id: one.as_of for one in patrons.values()}
        self._plan.disputes = {
            old: one
            for old, one in disputed.items()
            if (day := days.get(one.patron_id)) is None or not as_of.is_older_than(day)
        }

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
        asks = self._late or change.new not in self._plan.links.delivered
        question = FollowUp(patron.id, NUMBER_CHANGE) if asks else None
        return replace(self.renumber(patron, change.new, self._day), item=item, asks=question)

    def renumber(self, patron: Patron, new: CprNumber, day: date) -> Step:
        """The step that gives the patron a number. Also records who has which number after it."""
        self._left[patron.number] = patron.id
        self._left.pop(new, None)
        return renumber_step(self._night, patron, new, day=day)

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
        if person.status in REPLACED:
            return self._replaced(item, person.number, found)
        # most nights have no disputes
        if self._plan.disputes and (dispute := self._disputed(person, found)):
            return undecided_step(dispute, item=item, old=dispute.old)
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
        return None if holder is None else unchanged_step(item, holder, BETWEEN)

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

    def _waits(self, patron_id: str) -> bool:
        """Whether staff must still say which number is the patron's."""
        in_force = self._night.store.reviews.in_force([patron_id])
        return any(one.waits and one.kind == OTHER_SUCCESSOR for one in in_force)
