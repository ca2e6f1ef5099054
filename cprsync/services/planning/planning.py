"""Decides a whole night: turns deliveries and open questions into steps, before anything is written."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, BinaryIO

from cprsync.domain.deciding.decide import AskRegister, Decision, Parked, ProtectionEnd, Same, decide
from cprsync.domain.deciding.outcome import Outcome
from cprsync.domain.patron.patron import AsOf, Patron, Source
from cprsync.domain.patron.review import PARKED
from cprsync.domain.person.person import EMPTY, REPLACED, SILENT, Person, Protection
from cprsync.errors import NoSuchPerson, RegisterUnavailable
from cprsync.services.planning.renumbering import NUMBER_CHANGE, OLD_ACTIVE, OTHER, Renumbering, renumbered
from cprsync.services.planning.steps import (
    FIRST_COPY,
    PROTECTION_END,
    WINDOW,
    Plan,
    Step,
    answers,
    decided,
    end_of,
    item_of,
    step_of,
)
from cprsync.services.planning.trail import Trails, is_decided, look_up
from cprsync.services.ports.values import Equal, FollowUp, Found, Item, NotFound, NotOurs, Touch, Unreadable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from cprsync.domain.person.number import CprNumber
    from cprsync.errors import CprsyncError
    from cprsync.services.planning.trail import Trail
    from cprsync.services.ports.night import Night
    from cprsync.services.ports.values import Delivered, Recognised, Run, SealedDelivery

#: The most open questions that the register is asked again in one night.
FOLLOW_UPS_A_NIGHT = 100_000


class Planner:
    """Decides one person at a time, on the stored records and on what this plan has already decided."""

    def __init__(self, night: Night, run: Run | None, *, asks: bool = True) -> None:
        """Start an empty plan. `asks` False: look nobody up, for deliveries that may not be applied yet."""
        self._night = night
        self._run = run
        self._checkpoint = 0 if run is None else run.checkpoint
        self._asks = asks
        self.plan = Plan()
        #: why some look-ups brought no answer; None: all were answered
        self.unanswered: CprsyncError | None = None
        self._planned: dict[CprNumber, Patron] = {}
        self._numbers = Renumbering(night)
        #: patrons with a new number that the delivery has no record for
        self._unknown: list[Patron] = []
        self._trails = Trails(night, run)
        self._contradicted: dict[str, Step] = {}
        self._ordinal = 0

    def deliver(self, delivery: SealedDelivery, content: BinaryIO, produced: date) -> None:
        """Plan one delivery after those before it. Skips persons that a resumed run has already written."""
        as_of = AsOf(produced, Source.FILE)
        self._numbers.begin(self._night.reader.links(content), produced, self._planned)
        numbered = iter(self._night.reader.persons(content))
        while chunk := list(islice(numbered, self._night.batch)):
            first = self._ordinal + 1
            self._ordinal += len(chunk)
            rest = chunk[max(0, self._checkpoint - first + 1) :]
            self._decide_chunk(delivery, rest, as_of, self._ordinal - len(rest) + 1)
            self._night.progress.advance(len(chunk))
            self._night.heed()
        self.ask_new_numbers()

    def follow_up(self, question: FollowUp, patron: Patron, answer: Found | NotFound, as_of: AsOf) -> None:
        """Plan what the register's answer to an open question means."""
        patron = self._planned.get(patron.number, patron)
        if isinstance(answer, NotFound):
            self._no_answer(question, answer.error)
        elif question.kind in {FIRST_COPY, NUMBER_CHANGE, WINDOW}:
            self._whole_answer(question, patron, answer, as_of)
        else:
            self._settle_protection(question, patron, answer)

    # -- one chunk of a delivery ------------------------------------------------------------------

    def _decide_chunk(self, delivery: SealedDelivery, chunk: Sequence[Delivered], as_of: AsOf, first: int) -> None:
        known = self._recognise(chunk)
        persons = [delivered for delivered in chunk if isinstance(delivered, Person)]
        ends = self._ask_ends(persons, known, as_of) if self._asks else {}
        for ordinal, delivered in enumerate(chunk, start=first):
            found = NotOurs() if delivered.number is None else known[delivered.number]
            if isinstance(delivered, Unreadable):
                self._park_unreadable(delivery, delivered, found, as_of, ordinal)
            else:
                end = ends.get(delivered.number) if ends else None
                self._decide_one(delivery, delivered, found, as_of, ordinal, end)

    def _recognise(self, chunk: Sequence[Delivered]) -> dict[CprNumber, Recognised]:
        """Find the patron for each person delivered. If this plan has changed the patron, use the changed record."""
        persons = [
            delivered if isinstance(delivered, Person) else Person(delivered.number)
            for delivered in chunk
            if delivered.number is not None
        ]
        found = zip((p.number for p in persons), self._night.store.recognise(persons), strict=True)
        known = {
            # the register has no replacement numbers: a delivery that holds one is about no patron of ours
            number: NotOurs() if number.is_replacement else self._numbers.now(number, recognised, self._planned)
            for number, recognised in found
        }
        strangers = [number for number, one in known.items() if isinstance(one, NotOurs)]
        self._numbers.look_at([number for number in strangers if not number.is_replacement])
        return known

    def _ask_ends(
        self, persons: Sequence[Person], known: dict[CprNumber, Recognised], as_of: AsOf
    ) -> dict[CprNumber, ProtectionEnd]:
        """Look up, in one call, patrons with a protection that may have ended. The audit entry is written before."""
        asked: dict[CprNumber, str] = {}
        for person in persons:
            patron = known[person.number]
            # few persons have something to ask about, and only those are decided twice
            if person.protection is not EMPTY or not isinstance(patron, Patron):
                continue
            if patron.register.protection is not Protection.NAME_AND_ADDRESS:
                continue
            if isinstance(decide(person, patron, as_of=as_of), AskRegister):
                asked[person.number] = patron.id
        if not asked:
            return {}
        self._night.store.intend(self._run, list(asked.values()), PROTECTION_END)
        fresh = self._night.as_of_lookup().day >= as_of.day
        answers = list(self._night.register.look_up_many(list(asked)))
        for answer in answers:
            if isinstance(answer, NotFound):
                self._note(answer.error)
        return {answer.number: end_of(answer, fresh=fresh) for answer in answers}

    def _decide_one(  # noqa: PLR0913, PLR0917 -- one person with all that is known of them
        self,
        delivery: SealedDelivery,
        person: Person,
        found: Recognised,
        as_of: AsOf,
        ordinal: int,
        end: ProtectionEnd | None,
    ) -> None:
        patron_id = None if isinstance(found, NotOurs) else found.patron_id if isinstance(found, Equal) else found.id
        item = Item(ordinal, delivery.id, person.number, patron_id, Outcome.NOT_OURS)
        if number_step := self._numbers.line(item, person, found):
            self._line_about_a_number(number_step, item, person, as_of)
            return
        if number_step := self._numbers.take(person.number):
            self._renumber(number_step)
        if isinstance(found, NotOurs) or patron_id is None:
            self.plan.steps.append(Step(item))
            return
        if isinstance(found, Equal):
            step = _equal_step(item, found, as_of)
        else:
            decision = decided(person, found, as_of, end)
            step = self._step(decision, person, found, as_of)
            step.end = end
            step.item = item_of(item, decision, step.write)
            if found.has_replaced_number:
                # delivered under this number again: the register has taken the number change back
                self._verify(step, decision, found, as_of)
        self._still_protected(step, person, patron_id)
        self.plan.steps.append(step)

    def _line_about_a_number(self, step: Step, item: Item, person: Person, as_of: AsOf) -> None:
        if step.parked in {OLD_ACTIVE, OTHER} and step.review is not None:
            patron = self._patron(step.review[0])
            # a death reported under that number stops no letters: it is unclear who has the number now
            told = Person(patron.number, protection=person.protection)
            left = self._leave(replace(item, patron_id=patron.id), step.parked, told, patron, as_of)
            left.named = step.named
        else:
            self._renumber(step)

    def _renumber(self, step: Step) -> None:
        """Add a step about a number. A patron who gets a new number is decided under it from here on."""
        self.plan.steps.append(step)
        if step.write is None:
            return
        patron = renumbered(step.write.patron, step.write.after.number)
        self._planned.pop(step.write.patron.number, None)
        self._planned[patron.number] = patron
        if step.asks is not None:
            self._unknown.append(patron)

    def _still_protected(self, step: Step, person: Person, patron_id: str) -> None:
        """A newer file that says 0001 closes the question that an older file without it had opened."""
        if step.review is not None and step.parked is None:
            self._contradicted[patron_id] = step
        older = step.item is not None and step.item.reason == Same.OLDER.value
        if person.protection is not Protection.NAME_AND_ADDRESS or step.parked is not None or older:
            return
        step.answered = FollowUp(patron_id, PROTECTION_END)
        if earlier := self._contradicted.pop(patron_id, None):
            # The look-up already spoke of this file's day, so the sources do not contradict each other.
            earlier.review = None
            earlier.item = earlier.item and replace(earlier.item, reason=None)

    def _park_unreadable(
        self, delivery: SealedDelivery, person: Unreadable, found: Recognised, as_of: AsOf, ordinal: int
    ) -> None:
        item = Item(ordinal, delivery.id, person.number, None, Outcome.PARKED, reason=person.reason)
        former = self._numbers.former(person.number) if person.number and isinstance(found, NotOurs) else None
        if former is not None and person.protection is not SILENT:
            # delivered under a number that the patron no longer has: sealed as if the record were readable
            found = self._patron(former)
        if isinstance(found, NotOurs):
            # Without a number nobody can tell who the record is about: staff must look.
            outcome = Outcome.PARKED if person.number is None else Outcome.NOT_OURS
            parked = person.reason if person.number is None else None
            self.plan.steps.append(Step(replace(item, outcome=outcome), parked=parked))
            return
        patron = self._patron(found.patron_id) if isinstance(found, Equal) else found
        told = Person(patron.number, protection=person.protection, status=SILENT if former else person.status)
        self._leave(replace(item, patron_id=patron.id), person.reason, told, patron, as_of)

    def _leave(self, item: Item, reason: str, told: Person, patron: Patron, as_of: AsOf) -> Step:
        """Park a line without deciding it. A protection or a death that it reports still takes effect."""
        parked = Parked(reason)
        step = self._step(parked, told, patron, as_of)
        step.unread = True
        step.item = item_of(item, parked, step.write)
        self.plan.steps.append(step)
        return step

    def _patron(self, patron_id: str) -> Patron:
        """The patron as this plan leaves them so far."""
        for planned in self._planned.values():
            if planned.id == patron_id:
                return planned
        (stored,) = self._night.store.patrons([patron_id])
        return stored

    # -- open questions -----------------------------------------------------------------------------

    def ask_new_numbers(self) -> None:
        """Look up patrons under a new number that the delivery did not hold. The audit entry is written before."""
        patrons, self._unknown = {patron.number: patron for patron in self._unknown}, []
        if not self._asks:
            return
        asked = {number: [patron.id] for number, patron in patrons.items()}
        for answer, as_of in look_up(self._night, self._run, asked):
            patron = patrons[answer.number]
            self.follow_up(FollowUp(patron.id, NUMBER_CHANGE), patron, answer, as_of)
        for found in self._trails.followed(self._numbers, self._planned):
            if isinstance(found, Step):
                self.plan.steps.append(found)
            else:
                self._end_trail(*found)

    def _end_trail(self, trail: Trail, answer: Found | NotFound, as_of: AsOf) -> None:
        """Give the patron the number at the end of the trail, then apply the register's answer under it.

        Each of the two is a step of its own.
        """
        rival = self._planned.get(answer.number)
        if rival is not None:
            # another patron's trail of this night ends at the same number
            self.plan.steps.append(trail.collides(rival.id))
            return
        patron = self._planned.get(trail.patron.number, trail.patron)
        step = self._numbers.give(patron, answer.number, as_of.day)
        self._renumber(step)
        # the question also stays open until the answer is written: if the run is killed in between, it asks again
        step.asks, step.answered = FollowUp(patron.id, NUMBER_CHANGE), trail.first_copy
        patron = self._planned[answer.number]
        self.follow_up(FollowUp(patron.id, NUMBER_CHANGE), patron, answer, as_of)

    def _note(self, error: CprsyncError) -> None:
        if isinstance(error, RegisterUnavailable):
            self.unanswered = self.unanswered or error

    def _no_answer(self, question: FollowUp, error: CprsyncError) -> None:
        self._note(error)
        if isinstance(error, RegisterUnavailable):
            return  # the question stays open, and staff need not look
        step = Step(parked=error.kind, review=(question.patron_id, f"{PARKED}{error.kind}"))
        if question.kind == FIRST_COPY and isinstance(error, NoSuchPerson):
            step.answered = question  # asking again does not help: the register does not know the patron
        self.plan.steps.append(step)

    def _whole_answer(self, question: FollowUp, patron: Patron, answer: Found, as_of: AsOf) -> None:
        person = answer.person
        if not (patron.has_newer(as_of) and question.kind == FIRST_COPY) and self._trails.begin(
            question, patron, person
        ):
            return
        if is_decided(question, patron) and person.status in REPLACED:
            return
        # the night's own answer decides on the end of a protection, as it does for a file (decision 35)
        end = end_of(answer, fresh=True)
        decision = decided(person, patron, as_of, end)
        step = self._step(decision, person, patron, as_of)
        step.end = end
        if end is ProtectionEnd.DOUBTED and patron.register.protection is Protection.NAME_AND_ADDRESS:
            step.asks = step.asks or FollowUp(patron.id, PROTECTION_END)
        self._verify(step, decision, patron, as_of)
        if question.kind != WINDOW and (question.kind == FIRST_COPY or step.parked is None):
            step.answered = question
        self.plan.steps.append(step)

    def _verify(self, step: Step, decision: Decision, patron: Patron, as_of: AsOf) -> None:
        """Close the patron's window, if the source is recent enough."""
        step.verifies = answers(decision, patron, as_of)
        if step.verifies:
            self._planned[patron.number] = replace(self._planned.get(patron.number, patron), window=None)

    def _settle_protection(self, question: FollowUp, patron: Patron, answer: Found) -> None:
        step = Step()
        if patron.register.protection is Protection.NAME_AND_ADDRESS and patron.as_of is not None:
            end = end_of(answer, fresh=self._night.as_of_lookup().day >= patron.as_of.day)
            if end is ProtectionEnd.UNANSWERED:
                return
            # From the source that raised the question, use only what it said about protection.
            person = Person(patron.number, protection=EMPTY)
            as_of = patron.as_of
            step = self._step(decided(person, patron, as_of, end), person, patron, as_of)
            step.end = end
        step.answered = None if step.doubts else question
        self.plan.steps.append(step)

    # -- steps --------------------------------------------------------------------------------------------

    def _step(self, decision: Decision, person: Person, patron: Patron, as_of: AsOf) -> Step:
        step = step_of(self._night, decision, person, patron, as_of)
        if step.write is not None:
            # within a plan letters stop on the source's day: a later file of the same night may annul the death
            stops = None if step.write.letters_stopped is None else as_of.day
            stopped = None if step.write.letters_resume else patron.letters_stopped or stops
            group = patron.group if step.write.group is None else step.write.group
            # not `replace`: it takes several times as long, and this runs once for each person of a delivery
            self._planned[patron.number] = Patron(
                patron.id,
                step.write.after,
                step.write.as_of,
                patron.version + 1,
                stopped,
                group,
                patron.overrides,
                patron.kind,
                patron.window,
            )
        elif step.touch is not None:
            self._planned[patron.number] = replace(patron, as_of=as_of)
        return step


def _equal_step(item: Item, found: Equal, as_of: AsOf) -> Step:
    older = as_of.is_older_than(found.as_of)
    reason = Same.OLDER.value if older else None
    moves = not older and as_of != found.as_of
    return Step(
        Item(item.ordinal, item.delivery_id, item.number, found.patron_id, Outcome.UNCHANGED, reason=reason),
        touch=Touch(found.patron_id, as_of) if moves else None,
    )
