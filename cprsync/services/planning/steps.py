"""The steps of a plan: what one decision writes, and the whole plan of a night. Makes no decision itself."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from cprsync.domain.deciding.decide import (
    AskRegister,
    Change,
    Decision,
    Parked,
    ProtectionEnd,
    Unchanged,
    WhyUnchanged,
    count_harm,
    decide,
    protective_part_while_parked,
)
from cprsync.domain.deciding.guard import Outcome
from cprsync.domain.deciding.number_change import renumbered
from cprsync.domain.deciding.protection import ProtectionStep, Says, step_after_look_up
from cprsync.domain.netmedia.right_day import right_facts
from cprsync.domain.netmedia.rights import closes_any_right
from cprsync.domain.patron.due import CalendarFacts, age_step_of, group_at_death
from cprsync.domain.patron.local import Local
from cprsync.domain.patron.override import culr_in_force, in_force
from cprsync.domain.patron.patron import AsOf, Source
from cprsync.domain.patron.responsible import has_lost_custody
from cprsync.domain.patron.review import PARKED, RESPONSIBLE_CUSTODY
from cprsync.domain.person.municipality import municipality_of
from cprsync.domain.person.number import CprNumber
from cprsync.domain.person.person import Protection, Status
from cprsync.domain.person.status import Action, counts_as_dead
from cprsync.domain.policy.policy import Harm
from cprsync.errors import NoSuchPerson
from cprsync.services.ports.patrons import Batch, Item, Touch, Write
from cprsync.services.ports.register import (
    PROTECTION_END,
    PROTECTION_QUESTIONS,
    PROTECTION_SILENT,
    FollowUp,
    Found,
    NotFound,
)
from cprsync.services.ports.runs import PlanRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import date

    from cprsync.domain.patron.patron import Patron
    from cprsync.domain.person.person import Custody, Person
    from cprsync.services.ports.patrons import Named
    from cprsync.services.ports.store import Library


#: of a CPR number
_DIGITS: Final = 10


def as_of_lookup(library: Library) -> AsOf:
    """The day that a look-up made now describes."""
    inbox = library.store.inbox
    return AsOf.of_look_up(loaded=inbox.last_loaded(library.clock.now()), taken=inbox.last_produced())


@dataclass(frozen=True, slots=True, repr=False)
class Evidence:
    """What one source says about a person. A step keeps it, so that it can be decided again on a newer record."""

    person: Person
    #: the day and kind of the source
    as_of: AsOf
    #: the register's word on the end of a protection, and the day of the look-up that gave it
    end: ProtectionEnd | None = None
    heard: date | None = None
    #: why the line is parked whatever the record says: it could not be read, or is about a number that the patron no
    #: longer has
    parked: str | None = None

    def weighed_on(self, patron: Patron) -> Evidence:
        """The same, unless a delivery of the look-up's day or later has told of the patron's protection (decision 43).

        The look-up then neither ends the protection nor counts as a doubt.
        """
        if self.heard is None or self.end not in _MAY_OPEN or patron.may_be_opened_by(self.heard):
            return self
        return replace(self, end=_ENDS[step_after_look_up(Says.NOT_LATER)])

    def decide_on(self, patron: Patron) -> Decision:
        """Decide without leaving a question. If the register has not answered, protection and question stay."""
        if self.parked is not None:
            return Parked(self.parked)
        end = self.weighed_on(patron).end
        decision = decide(self.person, patron, as_of=self.as_of, protection_end=end)
        if isinstance(decision, AskRegister):
            return decide(self.person, patron, as_of=self.as_of, protection_end=ProtectionEnd.UNANSWERED)
        return decision


@dataclass(frozen=True, slots=True, repr=False)
class Step:
    """What one person leads to: a line of the balance sheet, and perhaps a write."""

    item: Item | None = None
    #: None: no source has spoken, as when a patron gets another number
    evidence: Evidence | None = None
    change: Change | None = None
    write: Write | None = None
    touch: Touch | None = None
    asks: FollowUp | None = None
    answered: FollowUp | None = None
    #: the patron with the window that closes, because the register has answered about them
    verifies: str | None = None
    #: the patron about whom the register has given an answer that can be read, to a question about their protection
    read: str | None = None
    #: the patron with a protection that the source confirms
    confirmed: str | None = None
    #: the patron with a protection that a delivery tells of, and the delivery's day
    told: tuple[str, date] | None = None
    review: tuple[str, str] | None = None
    #: what else the review is about
    named: Named | None = None
    #: patron id, and an old number that leads to their present one, or nowhere any more
    agreed: tuple[str, CprNumber] | None = None
    #: the minor about whom staff are asked who answers for them, and the kind of the review
    custody: tuple[str, str] | None = None
    parked: str | None = None

    @property
    def doubts(self) -> str | None:
        """The patron with a protection that may have ended, by a look-up that two people must confirm (decision 35)."""
        return self._asked_about_end if self._end is ProtectionEnd.DOUBTED else None

    @property
    def denied(self) -> str | None:
        """The patron with a protection that a delivery has called ended, and the look-up not."""
        return self._asked_about_end if self._end is ProtectionEnd.DENIED else None

    @property
    def _end(self) -> ProtectionEnd | None:
        return None if self.evidence is None else self.evidence.end

    @property
    def _asked_about_end(self) -> str | None:
        return self.asks.patron_id if self.asks is not None and self.asks.kind in PROTECTION_QUESTIONS else None

    @property
    def patron_id(self) -> str | None:
        """The patron with the rows or review items that the step writes. None: it writes none of a patron's."""
        if self.write is not None:
            return self.write.patron.id
        about = (self.touch, self.asks, self.answered)
        items = (pair[0] for pair in (self.review, self.agreed, self.told, self.custody) if pair is not None)
        return next(
            (one.patron_id for one in about if one is not None), self.verifies or self.read or next(items, None)
        )


@dataclass(frozen=True, slots=True, repr=False)
class Strangers:
    """Numbers that a delivery names one after the other, and that are no patron's here. Each takes its ten digits.

    A delivery may be about everyone in the country, and a step for each would fill the memory.
    """

    #: how many steps of the plan come before them
    after: int
    #: the ordinal of the first
    first: int
    delivery_id: int
    digits: bytearray = field(default_factory=bytearray)

    def is_followed_by(self, other: Strangers) -> bool:
        """Whether nothing stands between these and the other."""
        return (other.after, other.delivery_id, other.first) == (self.after, self.delivery_id, self.first + len(self))

    def add(self, number: CprNumber) -> None:
        self.digits.extend(number.digits.encode("ascii"))

    def __len__(self) -> int:
        return len(self.digits) // _DIGITS

    def steps(self) -> Iterator[Step]:
        """Make a step of each."""
        for place in range(len(self)):
            number = CprNumber(self.digits[place * _DIGITS : (place + 1) * _DIGITS].decode("ascii"))
            yield Step(Item(self.first + place, self.delivery_id, number, None, Outcome.NOT_OURS))


@dataclass(frozen=True, slots=True, repr=False)
class Plan:
    """All steps of a run, in order."""

    #: without the strangers'
    steps: Sequence[Step] = ()
    strangers: Sequence[Strangers] = ()

    def __len__(self) -> int:
        return len(self.steps) + sum(map(len, self.strangers))

    def in_order(self) -> Iterator[Step]:
        """Yield every step, also the strangers'."""
        done = 0
        for block in self.strangers:
            yield from self.steps[done : block.after]
            yield from block.steps()
            done = block.after
        yield from self.steps[done:]

    @property
    def changes(self) -> list[Step]:
        return [step for step in self.steps if step.write is not None]

    def harms(self) -> Iterator[tuple[Harm, ...]]:
        return (step.change.harms for step in self.steps if step.change is not None)

    @property
    def parked(self) -> int:
        return sum(step.parked is not None for step in self.steps)

    @property
    def renumbers(self) -> bool:
        """Whether a patron gets another number."""
        return any(step.write is not None and step.write.renumbered is not None for step in self.steps)

    def rows(self) -> Iterator[PlanRow]:
        for step in self.changes:
            if step.write is not None and step.change is not None:
                write = step.write
                yield PlanRow(
                    write.patron.id, write.patron.version, write.actions, step.change.harms, write.prepared.fingerprint
                )


def step_of(  # noqa: PLR0913 -- a decision with all that it is made of
    library: Library,
    decision: Decision,
    evidence: Evidence,
    patron: Patron,
    *,
    item: Item | None = None,
    custody: CustodyOf | None = None,
) -> Step:
    """The step that follows from a decision.

    `item`: the line of the balance sheet before the decision. `custody`: where many were asked about together.
    """
    change = write = touch = asks = review = parked = None
    if isinstance(decision, Parked):
        parked, review = decision.reason, (patron.id, f"{PARKED}{decision.reason}")
        change, write = _protect_while_parked(library, evidence, patron)
    elif isinstance(decision, Change) and patron.is_held:
        change, write = decision, write_protection(library, decision, patron, evidence.as_of)
    elif isinstance(decision, Change):
        change, write = _change_and_write(library, decision, patron, evidence.as_of)
    elif isinstance(decision, Unchanged) and decision.why is WhyUnchanged.EQUAL and _moves(evidence.as_of, patron):
        touch = Touch(patron.id, evidence.as_of)
    if isinstance(decision, Change | Unchanged):
        asks = FollowUp(patron.id, PROTECTION_END) if decision.ask_again else None
        review = (patron.id, decision.review) if decision.review else None
    line = item and item_of(item, decision, write)
    is_older = isinstance(decision, Unchanged) and decision.why is WhyUnchanged.OLDER
    is_confirmed = evidence.person.protection is Protection.NAME_AND_ADDRESS and not is_older and parked is None
    confirmed = patron.id if is_confirmed else None
    told = told_protection(evidence.person, evidence.as_of, patron.id)
    about = None if is_older else (custody or CustodyOf(library)).question(evidence.person, patron.id)
    step = Step(line, evidence, change, write, touch, asks, confirmed=confirmed, told=told, review=review)
    return replace(step, custody=about, parked=parked)


class CustodyOf:
    """About which minors staff are asked, because custody has changed and somebody who answers for them has none.

    A change is asked about once. Custody is only compared here; no record keeps it (decision 1).
    """

    def __init__(self, library: Library, told: Iterable[tuple[str, Person]] = ()) -> None:
        """`told`: minors, and what a source tells of them; they are asked about together, in one query."""
        self._store = library.store
        self._custody = {patron_id: person.custody for patron_id, person in told if person.custody is not None}
        self._lost = self._find_lost(self._custody)

    def question(self, person: Person, patron_id: str) -> tuple[str, str] | None:
        """The minor and the kind of review; None: there is nothing to ask."""
        held = person.custody
        if held is None:
            return None
        lost = self._lost if self._custody.get(patron_id) == held else self._find_lost({patron_id: held})
        return (patron_id, RESPONSIBLE_CUSTODY) if patron_id in lost else None

    def _find_lost(self, told: Mapping[str, Custody]) -> frozenset[str]:
        links = self._store.responsibles.in_force(told) if told else []
        if not links:
            return frozenset()
        answering = {one.id: one for one in self._store.patrons.read(sorted({one.responsible_id for one in links}))}
        lost = {
            one.minor_id
            for one in links
            if has_lost_custody(answering[one.responsible_id].number, told[one.minor_id], linked=one.since)
        }
        asked = self._store.reviews.was_asked
        return frozenset(one for one in lost if not asked(one, RESPONSIBLE_CUSTODY, since=told[one].since))


def told_protection(person: Person, as_of: AsOf, patron_id: str) -> tuple[str, date] | None:
    """The patron and the day, if a delivery tells of their protection. That stands also if its record has to wait."""
    is_told = person.protection is Protection.NAME_AND_ADDRESS and as_of.source is Source.FILE
    return (patron_id, as_of.day) if is_told else None


def batch_of(steps: Sequence[Step]) -> Batch:
    """What one transaction writes of these steps."""
    ordinals = [step.item.ordinal for step in steps if step.item is not None]
    return Batch(
        writes=[step.write for step in steps if step.write is not None],
        touches=[step.touch for step in steps if step.touch is not None],
        items=[step.item for step in steps if step.item is not None],
        asks=[step.asks for step in steps if step.asks is not None],
        answered=[step.answered for step in steps if step.answered is not None],
        reviews=[one for step in steps for one in (step.review, step.custody) if one is not None],
        named=[step.named for step in steps if step.named is not None],
        agreed=[step.agreed for step in steps if step.agreed is not None],
        verified=[step.verifies for step in steps if step.verifies is not None],
        read=[step.read for step in steps if step.read is not None],
        confirmed=[step.confirmed for step in steps if step.confirmed is not None],
        told=[step.told for step in steps if step.told is not None],
        doubted=[step.doubts for step in steps if step.doubts is not None],
        denied=[step.denied for step in steps if step.denied is not None],
        checkpoint=max(ordinals, default=None),
    )


def _change_and_write(library: Library, decided: Change, patron: Patron, as_of: AsOf) -> tuple[Change, Write]:
    # the day is needed only for patrons with a correction by staff
    change = count_harm(decided, patron, library.clock.today()) if patron.overrides else decided
    # if a look-up protects on the file's own day, the record stays true for the file
    older = patron.as_of is not None and as_of.is_older_than(patron.as_of)
    write = write_of(library, decided, patron, patron.as_of if older else as_of)
    if write.rights_due and _closes_rights(library, change, patron):
        harms = {*change.harms, Harm.ENTITLEMENT_LOST, Harm.CHANGED}
        change = replace(change, harms=tuple(harm for harm in Harm if harm in harms))
    return change, write


def _moves(as_of: AsOf, patron: Patron) -> bool:
    """Whether the day for which a record is true moves on.

    In a window, an answer of the file's own day does not move it.
    """
    return as_of != patron.as_of and (patron.as_of is None or not as_of.is_older_than(patron.as_of))


def window_closed_by(decision: Decision, patron: Patron, as_of: AsOf) -> str | None:
    """The patron with the window that a look-up's answer closes. None: it was parked, or is not recent enough."""
    return None if isinstance(decision, Parked) or not patron.is_answered_by(as_of) else patron.id


def question_left_by(patron: Patron, answer: Person) -> FollowUp | None:
    """The question that stays open once this answer has closed a window. None: it says whether the patron is protected.

    An answer that leaves the end of a protection in doubt ends nothing, and no delivery need tell of its end any more.
    """
    is_protected = patron.register.protection is Protection.NAME_AND_ADDRESS
    end = _ENDS[step_after_look_up(answer, is_told=False)]
    return FollowUp(patron.id, PROTECTION_SILENT) if is_protected and end is ProtectionEnd.DOUBTED else None


def _protect_while_parked(
    library: Library, evidence: Evidence, patron: Patron
) -> tuple[Change, Write] | tuple[None, None]:
    """The part of a parked person that is written at once: a protection or a death.

    A parked person counts as protected (decision 3).
    """
    if patron.as_of is not None and evidence.as_of.is_older_than(patron.as_of):
        return None, None
    change = protective_part_while_parked(evidence.person, patron)
    return (None, None) if change is None else (change, write_protection(library, change, patron, evidence.as_of))


def write_protection(library: Library, change: Change, patron: Patron, as_of: AsOf) -> Write:
    """The write of what protects while the rest of the source's word waits.

    The rest is not applied, so the day for which the record is true stays as it is. Letters count as stopped from the
    day after the source's, also if it was taken later. So the next day's source may annul the death.
    """
    write = write_of(library, change, patron, patron.as_of)
    if write.letters_stopped is None:
        return write
    return replace(write, letters_stopped=min(write.letters_stopped, as_of.seen + timedelta(days=1)))


def write_of(library: Library, change: Change, patron: Patron, as_of: AsOf | None) -> Write:
    """The write that makes `change` true.

    The net media are told only if the municipality number for CULR or the patron's own number changes.
    """
    holding = in_force(patron.overrides, library.clock.today()) if patron.overrides else {}
    culr = culr_in_force(change.after, holding)
    same_number = change.after.number == patron.number
    arrives = Action.FIRST_COPY in change.actions
    if not arrives and same_number and culr == culr_in_force(patron.register, holding):
        culr = None
    stops = change.stops_letters and patron.letters_stopped is None
    group, next_age_step = _ages(library, change, patron, as_of)
    return Write(
        patron=patron,
        after=change.after,
        prepared=library.store.patrons.prepare(change.after),
        as_of=as_of,
        actions=change.actions,
        culr=culr,
        letters_stopped=library.clock.today() if stops else None,
        letters_resume=change.resumes_letters and patron.letters_stopped is not None,
        group=group,
        next_age_step=next_age_step,
        subscribed_until=_last_day(library, change, patron),
        lives_again=_is_dead(patron.register) and not _is_dead(change.after),
        rights_due=bool(library.policy.products.periods) and _touches_rights(change, patron.register),
    )


def _closes_rights(library: Library, change: Change, patron: Patron) -> bool:
    """Whether the register's word alone closes a right. Blocks by staff are not considered."""
    if patron.as_of is None or Harm.ENTITLEMENT_LOST in change.harms:
        return False
    before, after = (right_facts(one, Local()) for one in (patron, replace(patron, register=change.after)))
    return closes_any_right(before, after, library.policy, library.clock.today())


def _touches_rights(change: Change, before: Person) -> bool:
    """Whether a change concerns something that a right to net media depends on."""
    after = change.after
    return (
        before.status is not after.status
        or before.birth != after.birth
        or before.number != after.number
        or municipality_of(before) != municipality_of(after)
        or Action.FIRST_COPY in change.actions
    )


def _ages(library: Library, change: Change, patron: Patron, as_of: AsOf | None) -> tuple[str | None, date | None]:
    """The patron's group and the next day on which age changes it. Both None: nothing that they depend on changes.

    A night may hear of a death after the calendar has lived a birthday: the group is that of the day of death.
    """
    before, after = patron.register, change.after
    if not library.policy.ladders.ladders or not patron.borrows:
        return None, None
    stopped = patron.letters_stopped
    dies_or_lives = counts_as_dead(before.status, stopped) is not counts_as_dead(after.status, stopped)
    same = before.birth == after.birth and before.number == after.number and not dies_or_lives
    if Action.FIRST_COPY not in change.actions and same:
        return None, None
    facts = CalendarFacts(patron.id, after, patron.group, patron.overrides, letters_stopped=stopped)
    if facts.is_dead and dies_or_lives and (died := _day_of_death(after, patron, as_of)) is not None:
        return group_at_death(facts, died, library.policy), None
    return age_step_of(facts, library.clock.today(), library.policy)


def _day_of_death(person: Person, patron: Patron, as_of: AsOf | None) -> date | None:
    """The register's own day, else the first day on which a source told of the death. None: nobody knows it.

    The register's first word of somebody dead may come years later, so its day is not used.
    """
    told = as_of.day if as_of is not None and patron.is_known else None
    # letters that stopped while the death had to wait: on the day after that of its source, at the latest
    waited = patron.letters_stopped and patron.letters_stopped - timedelta(days=1)
    return min((day for day in (person.status_since, told, waited) if day is not None), default=None)


def _last_day(library: Library, change: Change, patron: Patron) -> date | None:
    """How long a patron who has died stays subscribed, so that an annulment can arrive (decision 10)."""
    return None if patron.is_known and _is_dead(patron.register) else last_day_of(library, change.after)


def last_day_of(library: Library, person: Person) -> date | None:
    """The last day of the subscription of a person who is dead, counted from today. None: the person is alive."""
    return last_day_of_the_dead(library) if _is_dead(person) else None


def last_day_of_the_dead(library: Library) -> date:
    """The last day of the subscription of a person who dies today, or who is dead and is subscribed today."""
    return library.clock.today() + timedelta(days=library.policy.dead_subscription_days)


def _is_dead(person: Person) -> bool:
    return person.status is Status.DEAD


def end_of(answer: Found | NotFound, *, fresh: bool, is_told: bool = True) -> ProtectionEnd:
    """What an answer says about the end of a protection. `is_told`: a source has reported it."""
    if isinstance(answer, NotFound):
        unknown = isinstance(answer.error, NoSuchPerson)
        return _ENDS[step_after_look_up(Says.UNKNOWN_NUMBER if unknown else Says.UNANSWERED)]
    return _ENDS[step_after_look_up(answer.person if fresh else Says.UNANSWERED, is_told=is_told)]


#: What the register says of the end of a protection, if it may open the patron.
_MAY_OPEN: Final = frozenset({ProtectionEnd.CONFIRMED, ProtectionEnd.DOUBTED})
_ENDS: Final = {
    ProtectionStep.LIFT: ProtectionEnd.CONFIRMED,
    ProtectionStep.KEEP_FOR_REVIEW: ProtectionEnd.DENIED,
    ProtectionStep.KEEP_AND_COUNT: ProtectionEnd.DOUBTED,
    ProtectionStep.KEEP_AND_ASK_AGAIN: ProtectionEnd.UNANSWERED,
}


def item_of(item: Item, decision: Decision, written: Write | None) -> Item:
    """The line of the balance sheet for a decision, with the actions that are written."""
    actions = () if written is None else written.actions
    match decision:
        case Change(review=review):
            return replace(item, outcome=Outcome.APPLIED, actions=actions, reason=review)
        case Unchanged(why=why, review=review):
            reason = review or (None if why is WhyUnchanged.EQUAL else why.value)
            return replace(item, outcome=Outcome.UNCHANGED, actions=(), reason=reason)
        case Parked(reason=reason):
            return replace(item, outcome=Outcome.PARKED, actions=actions, reason=reason)
        case AskRegister():
            raise AssertionError("a decision for good is never a question")


def renumber_step(
    library: Library, patron: Patron, new: CprNumber, *, day: date, passed: tuple[CprNumber, ...] = ()
) -> Step:
    """Give a patron another number. Name, address and the day for which they are true stay.

    `passed`: numbers that the register led through on the way there.
    """
    # a patron without data from any source cannot be merged wrongly; a first copy does no harm either
    harms = (Harm.MERGED,) if patron.is_known else ()
    change = Change(renumbered(patron, new).register, (Action.RENUMBER,), harms)
    write = replace(write_of(library, change, patron, patron.as_of), renumbered=day, passed=passed)
    return Step(change=change, write=write)
