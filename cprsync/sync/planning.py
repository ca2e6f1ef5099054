"""Decide a whole night: deliveries and open questions become steps, before anything is written."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING

from cprsync.domain.balance import Outcome
from cprsync.domain.decide import (
    AskRegister,
    Change,
    Decision,
    Parked,
    ProtectionEnd,
    Same,
    Unchanged,
    decide,
)
from cprsync.domain.municipality import culr_number_of
from cprsync.domain.patron import AsOf, Patron, Source
from cprsync.domain.person import EMPTY, Gap, Person, Protection
from cprsync.errors import NoSuchPerson
from cprsync.sync.night import BATCH, Night
from cprsync.sync.ports import Equal, FollowUp, Found, Item, NotFound, NotOurs, PlanRow, Touch, Unreadable, Write

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date

    from cprsync.domain.number import CprNumber
    from cprsync.domain.policy import Harm
    from cprsync.sync.ports import Delivered, Recognised, Run, SealedDelivery

#: Open questions that the register is asked again in one night.
FOLLOW_UPS_A_NIGHT = 100_000
PROTECTION_END = "protection_end"
FIRST_COPY = "first_copy"


@dataclass(slots=True, repr=False)
class Step:
    """What one person leads to: a line of the balance sheet, and perhaps a write."""

    item: Item | None = None
    person: Person | None = None
    change: Change | None = None
    write: Write | None = None
    touch: Touch | None = None
    asks: FollowUp | None = None
    answered: FollowUp | None = None
    review: tuple[str, str] | None = None
    parked: str | None = None


@dataclass(slots=True, repr=False)
class Plan:
    """All steps of a run, in order."""

    steps: list[Step] = field(default_factory=list)

    @property
    def changes(self) -> list[Step]:
        return [step for step in self.steps if step.write is not None]

    def harms(self) -> Iterator[tuple[Harm, ...]]:
        return (step.change.harms for step in self.steps if step.change is not None)

    @property
    def parked(self) -> int:
        return sum(step.parked is not None for step in self.steps)

    def rows(self) -> Iterator[PlanRow]:
        for step in self.changes:
            if step.write is not None and step.change is not None:
                write = step.write
                yield PlanRow(
                    write.patron.id, write.patron.version, write.actions, step.change.harms, write.prepared.fingerprint
                )


class Planner:
    """Decides person by person over what the store holds and what this plan has already decided."""

    def __init__(self, night: Night, run: Run) -> None:
        self._night = night
        self._run = run
        self.plan = Plan()
        self._planned: dict[CprNumber, Patron] = {}
        self._ordinal = 0

    def deliver(self, delivery: SealedDelivery, persons: Iterable[Delivered], produced: date) -> None:
        """Plan one delivery after those before it. Persons already written by a resumed run are passed over."""
        as_of = AsOf(produced, Source.FILE)
        numbered = iter(persons)
        while chunk := list(islice(numbered, BATCH)):
            first = self._ordinal + 1
            self._ordinal += len(chunk)
            rest = chunk[max(0, self._run.checkpoint - first + 1) :]
            self._decide_chunk(delivery, rest, as_of, self._ordinal - len(rest) + 1)
            self._night.progress.advance(len(chunk))

    def follow_up(self, question: FollowUp, patron: Patron, answer: Found | NotFound, as_of: AsOf) -> None:
        """Plan what the register's answer to an open question means."""
        patron = self._planned.get(patron.number, patron)
        if question.kind == FIRST_COPY:
            self._first_copy(question, patron, answer, as_of)
        elif isinstance(answer, Found):
            self._settle_protection(question, patron, answer)

    # -- one chunk of a delivery ------------------------------------------------------------------

    def _decide_chunk(self, delivery: SealedDelivery, chunk: Sequence[Delivered], as_of: AsOf, first: int) -> None:
        persons = [p for p in chunk if isinstance(p, Person)]
        known = dict(zip((p.number for p in persons), self._night.store.recognise(persons), strict=True))
        known.update({p.number: self._planned[p.number] for p in persons if p.number in self._planned})
        ends = self._ask_ends(persons, known, as_of)
        for ordinal, delivered in enumerate(chunk, start=first):
            if isinstance(delivered, Unreadable):
                self._park_unreadable(delivery, delivered, ordinal)
            else:
                found = known[delivered.number]
                self._decide_one(delivery, delivered, found, as_of, ordinal, ends.get(delivered.number))

    def _ask_ends(
        self, persons: Sequence[Person], known: dict[CprNumber, Recognised], as_of: AsOf
    ) -> dict[CprNumber, ProtectionEnd]:
        """Look up those whose protection may have ended, in one go, after the audit has it."""
        asked: dict[CprNumber, str] = {}
        for person in persons:
            patron = known[person.number]
            if isinstance(patron, Patron) and isinstance(decide(person, patron, as_of=as_of), AskRegister):
                asked[person.number] = patron.id
        if not asked:
            return {}
        self._night.store.intend(self._run, list(asked.values()), PROTECTION_END)
        fresh = self._night.as_of_lookup().day >= as_of.day
        return {a.number: end_of(a, fresh=fresh) for a in self._night.register.look_up_many(list(asked))}

    def _decide_one(  # noqa: PLR0913, PLR0917 -- one person with all that is known of her
        self,
        delivery: SealedDelivery,
        person: Person,
        found: Recognised,
        as_of: AsOf,
        ordinal: int,
        end: ProtectionEnd | None,
    ) -> None:
        item = Item(ordinal, delivery.id, person.number, None, Outcome.NOT_OURS)
        if isinstance(found, NotOurs):
            self.plan.steps.append(Step(item))
            return
        if isinstance(found, Equal):
            self.plan.steps.append(_equal_step(item, found, as_of))
            return
        decision = decide(person, found, as_of=as_of, protection_end=end)
        step = self._step(decision, person, found, as_of)
        step.item = _item_of(replace(item, patron_id=found.id), decision)
        self.plan.steps.append(step)

    def _park_unreadable(self, delivery: SealedDelivery, person: Unreadable, ordinal: int) -> None:
        item = Item(ordinal, delivery.id, person.number, None, Outcome.PARKED, reason=person.reason)
        self.plan.steps.append(Step(item, parked=person.reason))

    # -- open questions -----------------------------------------------------------------------------

    def _first_copy(self, question: FollowUp, patron: Patron, answer: Found | NotFound, as_of: AsOf) -> None:
        if isinstance(answer, Found):
            decision: Decision = decide(answer.person, patron, as_of=as_of)
            step = self._step(decision, answer.person, patron, as_of)
        elif isinstance(answer.error, NoSuchPerson):
            step = Step(parked=answer.error.kind)
        else:
            return  # no answer tonight: the question stays open
        step.answered = question
        if step.parked is not None:
            step.review = (patron.id, step.parked)
        self.plan.steps.append(step)

    def _settle_protection(self, question: FollowUp, patron: Patron, answer: Found) -> None:
        step = Step(answered=question)
        if patron.register.protection is Protection.NAME_AND_ADDRESS and patron.as_of is not None:
            fresh = self._night.as_of_lookup().day >= patron.as_of.day
            end = end_of(answer, fresh=fresh)
            if end is ProtectionEnd.UNANSWERED:
                return
            person = replace(patron.register, protection=EMPTY)
            as_of = AsOf(patron.as_of.day, Source.FILE)
            step = self._step(decide(person, patron, as_of=as_of, protection_end=end), person, patron, as_of)
            step.answered = question
        self.plan.steps.append(step)

    # -- steps --------------------------------------------------------------------------------------------

    def _step(self, decision: Decision, person: Person, patron: Patron, as_of: AsOf) -> Step:
        if isinstance(decision, Parked):
            return Step(parked=decision.reason, review=(patron.id, decision.reason))
        step = Step(person=person)
        if isinstance(decision, Change):
            step.change = decision
            step.write = write_of(self._night, decision, patron, as_of)
            self._planned[patron.number] = replace(
                patron, register=decision.after, as_of=as_of, version=patron.version + 1
            )
        elif isinstance(decision, Unchanged) and decision.why is Same.EQUAL and as_of != patron.as_of:
            step.touch = Touch(patron.id, as_of)
        if isinstance(decision, Change | Unchanged):
            step.asks = FollowUp(patron.id, PROTECTION_END) if decision.ask_again else None
            step.review = (patron.id, decision.review) if decision.review else None
        return step


def write_of(night: Night, change: Change, patron: Patron, as_of: AsOf) -> Write:
    """The write that makes `change` true; the net media hear of it only when their number changes."""
    culr = culr_number_of(change.after)
    if patron.verified and culr == culr_number_of(patron.register):
        culr = None
    return Write(
        patron=patron,
        after=change.after,
        prepared=night.store.prepare(change.after),
        as_of=as_of,
        actions=change.actions,
        culr=culr,
        letters_stopped=night.clock.today() if change.stops_letters else None,
    )


def end_of(answer: Found | NotFound, *, fresh: bool) -> ProtectionEnd:
    """What an answer says about the end of a protection that the file has already called ended."""
    if isinstance(answer, NotFound) or not fresh:
        return ProtectionEnd.UNANSWERED
    still: Protection | Gap = answer.person.protection
    return ProtectionEnd.DENIED if still is Protection.NAME_AND_ADDRESS else ProtectionEnd.CONFIRMED


def _equal_step(item: Item, found: Equal, as_of: AsOf) -> Step:
    older = as_of.is_older_than(found.as_of)
    reason = Same.OLDER.value if older else None
    moves = not older and as_of != found.as_of
    return Step(
        replace(item, patron_id=found.patron_id, outcome=Outcome.UNCHANGED, reason=reason),
        touch=Touch(found.patron_id, as_of) if moves else None,
    )


def _item_of(item: Item, decision: Decision) -> Item:
    match decision:
        case Change(actions=actions, review=review):
            return replace(item, outcome=Outcome.APPLIED, actions=actions, reason=review)
        case Unchanged(why=why, review=review):
            return replace(item, outcome=Outcome.UNCHANGED, reason=review or (why.value if why is Same.OLDER else None))
        case Parked(reason=reason):
            return replace(item, outcome=Outcome.PARKED, reason=reason)
        case AskRegister():
            # Asked and not answered within the same run: keep the protection, ask again.
            return replace(item, outcome=Outcome.UNCHANGED, reason="protection.unanswered")
