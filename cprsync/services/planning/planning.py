"""Decides a whole night: turns deliveries and open questions into steps, before anything is written."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, BinaryIO

from cprsync.domain.deciding.decide import AskRegister, Parked, ProtectionEnd, WhyUnchanged, decide
from cprsync.domain.deciding.guard import Outcome
from cprsync.domain.deciding.number_change import renumbered
from cprsync.domain.patron.patron import AsOf, Patron, Source
from cprsync.domain.patron.review import PARKED
from cprsync.domain.person.person import EMPTY, REPLACED, SILENT, Person, Protection
from cprsync.errors import NoSuchPerson, RegisterUnavailable
from cprsync.services.planning.renumbering import OLD_ACTIVE, OTHER, Renumbering, Trails, is_decided, look_up_numbers
from cprsync.services.planning.steps import (
    CustodyOf,
    Evidence,
    Plan,
    Step,
    Strangers,
    as_of_lookup,
    end_of,
    question_left_by,
    step_of,
    told_protection,
    window_closed_by,
)
from cprsync.services.ports.deliveries import Unreadable
from cprsync.services.ports.patrons import Equal, Item, Named, NotOurs, Touch
from cprsync.services.ports.register import (
    FIRST_COPY,
    NUMBER_CHANGE,
    PROTECTION_END,
    WINDOW,
    FollowUp,
    Found,
    NotFound,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from cprsync.domain.person.number import CprNumber
    from cprsync.errors import CprsyncError
    from cprsync.services.planning.renumbering import Trail
    from cprsync.services.ports.deliveries import Delivered, SealedDelivery
    from cprsync.services.ports.night import Night
    from cprsync.services.ports.patrons import Recognised
    from cprsync.services.ports.runs import Run

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
        self._steps: list[Step] = []
        self._strangers: list[Strangers] = []
        #: why some look-ups brought no answer; None: all were answered
        self.unanswered: CprsyncError | None = None
        self._planned: dict[CprNumber, Patron] = {}
        self._numbers = Renumbering(night)
        #: by patron with a new number that its delivery has no record for, the day from which a file tells of it
        self._unknown: dict[str, date] = {}
        self._trails = Trails(night, run)
        #: about which minors of the part of a delivery at hand staff are asked
        self._custody = CustodyOf(night)
        #: by patron, the place of a step with a review that a newer file may settle
        self._contradicted: dict[str, int] = {}
        self._ordinal = 0

    @property
    def plan(self) -> Plan:
        """What is planned so far."""
        return Plan(tuple(self._steps), tuple(self._strangers))

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
            self._night.raise_if_stopped()

    def follow_up(self, question: FollowUp, patron: Patron, answer: Found | NotFound, as_of: AsOf) -> None:
        """Plan what the register's answer to an open question means."""
        patron = self._planned.get(patron.number, patron)
        if isinstance(answer, NotFound):
            self._no_answer(question, answer.error)
        elif question.kind in {FIRST_COPY, NUMBER_CHANGE, WINDOW}:
            self._whole_answer(question, patron, answer, as_of)
        else:
            self._settle_protection(question, patron, answer)

    def _decide_chunk(self, delivery: SealedDelivery, chunk: Sequence[Delivered], as_of: AsOf, first: int) -> None:
        known = self._recognise(chunk)
        persons = [delivered for delivered in chunk if isinstance(delivered, Person)]
        ends = self._ask_ends(persons, known, as_of) if self._asks else {}
        ours = ((_id_of(known[person.number]), person) for person in persons)
        self._custody = CustodyOf(self._night, ((one, person) for one, person in ours if one is not None))
        for ordinal, delivered in enumerate(chunk, start=first):
            found = NotOurs() if delivered.number is None else known[delivered.number]
            if not isinstance(found, NotOurs) and delivered.number is not None:
                # an earlier line of these, under another number, may have told of the patron
                found = self._planned.get(delivered.number, found)
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
        found = zip((p.number for p in persons), self._night.store.patrons.recognise(persons), strict=True)
        known = {
            # the register has no replacement numbers: a delivery that holds one is about no patron of ours
            number: NotOurs()
            if number.is_replacement
            else self._numbers.holder_in_delivery(number, recognised, self._planned)
            for number, recognised in found
        }
        strangers = [number for number, one in known.items() if isinstance(one, NotOurs)]
        self._numbers.find_old([number for number in strangers if not number.is_replacement])
        return known

    def _ask_ends(
        self, persons: Sequence[Person], known: dict[CprNumber, Recognised], as_of: AsOf
    ) -> dict[CprNumber, tuple[ProtectionEnd, date]]:
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
        self._night.store.subscriptions.intend(self._run, list(asked.values()), PROTECTION_END)
        heard = as_of_lookup(self._night).day
        answers = list(self._night.register.look_up_many(list(asked)))
        for answer in answers:
            if isinstance(answer, NotFound):
                self._note(answer.error)
        return {answer.number: (end_of(answer, fresh=heard >= as_of.day), heard) for answer in answers}

    def _decide_one(  # noqa: PLR0913, PLR0917 -- one person with all that is known of them
        self,
        delivery: SealedDelivery,
        person: Person,
        found: Recognised,
        as_of: AsOf,
        ordinal: int,
        end: tuple[ProtectionEnd, date] | None,
    ) -> None:
        patron_id = _id_of(found)
        item = Item(ordinal, delivery.id, person.number, patron_id, Outcome.NOT_OURS)
        if number_step := self._numbers.decide_line(item, person, found):
            self._line_about_a_number(number_step, item, person, as_of)
            return
        if number_step := self._numbers.plan_change_to(person.number):
            self._renumber(number_step)
        if isinstance(found, NotOurs) or patron_id is None:
            self._add_stranger(Strangers(len(self._steps), ordinal, delivery.id), person.number)
            return
        if isinstance(found, Equal):
            step = _equal_step(item, found, person, as_of)
            if not as_of.is_older_than(found.as_of):
                step = replace(step, custody=self._custody.question(person, patron_id))
        else:
            evidence = Evidence(person, as_of, *(end or ()))
            decision = evidence.decide_on(found)
            # delivered under this number again: the register has taken the number change back
            verifies = window_closed_by(decision, found, as_of) if found.has_replaced_number else None
            step = step_of(self._night, decision, evidence, found, item=item, custody=self._custody)
            step = self._leave(step if verifies is None else replace(step, verifies=verifies), found)
        self._add_line(step, person, patron_id)

    def _add_stranger(self, block: Strangers, number: CprNumber) -> None:
        """Note a number that is no patron's here, with those before it or at the beginning of a block."""
        if not self._strangers or not self._strangers[-1].is_followed_by(block):
            self._strangers.append(block)
        self._strangers[-1].add(number)

    def _line_about_a_number(self, step: Step, item: Item, person: Person, as_of: AsOf) -> None:
        if step.parked in {OLD_ACTIVE, OTHER} and step.review is not None:
            patron = self._patron(step.review[0])
            # a death reported under that number stops no letters: it is unclear who has the number now
            told = Person(patron.number, protection=person.protection)
            self._park(Evidence(told, as_of, parked=step.parked), patron, item, named=step.named)
        else:
            self._renumber(step)

    def _renumber(self, step: Step) -> None:
        """Add a step about a number. A patron who gets a new number is decided under it from here on."""
        self._steps.append(step)
        patron = self._move(step)
        if patron is not None and step.asks is not None:
            self._unknown[patron.id] = self._numbers.newest_day

    def _move(self, step: Step) -> Patron | None:
        """The patron after a step that gives them a number. None: it gives none."""
        if step.write is None:
            return None
        patron = renumbered(step.write.patron, step.write.after.number)
        self._planned.pop(step.write.patron.number, None)
        self._planned[patron.number] = patron
        return patron

    def _add_line(self, step: Step, person: Person, patron_id: str) -> None:
        """Add a decided line. A newer file that says 0001 closes the question of an older file without it."""
        if step.review is not None and step.parked is None:
            self._contradicted[patron_id] = len(self._steps)
        older = step.item is not None and step.item.reason == WhyUnchanged.OLDER.value
        if person.protection is Protection.NAME_AND_ADDRESS and step.parked is None and not older:
            step = replace(step, answered=FollowUp(patron_id, PROTECTION_END))
            step = self._agree(step, patron_id)
        self._steps.append(step)

    def _agree(self, step: Step, patron_id: str) -> Step:
        """Drop the review about a contradiction between sources: the look-up already spoke of this file's day."""
        at = self._contradicted.pop(patron_id, None)
        if at is None:
            return step
        if at == len(self._steps):
            return _without_review(step)
        self._steps[at] = _without_review(self._steps[at])
        return step

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
            self._steps.append(Step(replace(item, outcome=outcome), parked=parked))
            return
        patron = self._patron(found.patron_id) if isinstance(found, Equal) else found
        told = Person(patron.number, protection=person.protection, status=SILENT if former else person.status)
        # news of the present number does not settle it, and if staff leave it, the register is asked about that number
        named = None if former is None else Named(patron.id, f"{PARKED}{person.reason}", old=person.number)
        self._park(Evidence(told, as_of, parked=person.reason), patron, item, named=named)

    def _park(self, evidence: Evidence, patron: Patron, item: Item, *, named: Named | None = None) -> None:
        """Park a line without deciding it. A protection or a death that it reports still takes effect."""
        line, decision = replace(item, patron_id=patron.id), evidence.decide_on(patron)
        step = step_of(self._night, decision, evidence, patron, item=line)
        self._steps.append(self._leave(replace(step, named=named), patron))

    def _patron(self, patron_id: str) -> Patron:
        """The patron as this plan leaves them so far."""
        for planned in self._planned.values():
            if planned.id == patron_id:
                return planned
        (stored,) = self._night.store.patrons.read([patron_id])
        return stored

    def ask_new_numbers(self) -> None:
        """Look up patrons under a new number that no delivery held. The audit entry is written before."""
        unknown, self._unknown = self._unknown, {}
        if not self._asks:
            return
        patrons: dict[CprNumber, Patron] = {}
        for patron in map(self._patron, unknown):
            told = patron.as_of
            if told is not None and told.source is Source.FILE and told.day >= unknown[patron.id]:
                # a later delivery held it
                self._steps.append(Step(answered=FollowUp(patron.id, NUMBER_CHANGE)))
            else:
                patrons[patron.number] = patron
        asked = {number: [patron.id] for number, patron in patrons.items()}
        for answer, as_of in look_up_numbers(self._night, self._run, asked):
            patron = patrons[answer.number]
            self.follow_up(FollowUp(patron.id, NUMBER_CHANGE), patron, answer, as_of)
        for found in self._trails.followed(self._numbers, self._planned):
            if isinstance(found, Step):
                self._steps.append(found)
            else:
                self._end_trail(*found)

    def _end_trail(self, trail: Trail, answer: Found | NotFound, as_of: AsOf) -> None:
        """Give the patron the number at the end of the trail, then apply the register's answer under it.

        Each of the two is a step of its own.
        """
        rival = self._planned.get(answer.number)
        if rival is not None:
            # another patron's trail of this night ends at the same number
            self._steps.append(trail.park_for(rival.id))
            return
        patron = self._planned.get(trail.patron.number, trail.patron)
        step = self._numbers.renumber(patron, answer.number, as_of.day, trail.passed[1:])
        # the question also stays open until the answer is written: if the run is killed in between, it asks again
        step = replace(step, asks=FollowUp(patron.id, NUMBER_CHANGE), answered=trail.first_copy)
        self._steps.append(step)
        self._move(step)
        patron = self._planned[answer.number]
        self.follow_up(FollowUp(patron.id, NUMBER_CHANGE), patron, answer, as_of)

    def _note(self, error: CprsyncError) -> None:
        if isinstance(error, RegisterUnavailable):
            self.unanswered = self.unanswered or error

    def _no_answer(self, question: FollowUp, error: CprsyncError) -> None:
        self._note(error)
        if isinstance(error, RegisterUnavailable):
            return  # the question stays open, and staff need not look
        # asking again does not help if the register does not know the patron
        is_settled = question.kind == FIRST_COPY and isinstance(error, NoSuchPerson)
        review = (question.patron_id, f"{PARKED}{error.kind}")
        self._steps.append(Step(parked=error.kind, review=review, answered=question if is_settled else None))

    def _whole_answer(self, question: FollowUp, patron: Patron, answer: Found, as_of: AsOf) -> None:
        person = answer.person
        if not (patron.has_newer(as_of) and question.kind == FIRST_COPY) and self._trails.begin(
            question, patron, person
        ):
            return
        if is_decided(question, patron) and person.status in REPLACED:
            return
        # the night's own answer decides on the end of a protection, as it does for a file (decision 35)
        end = end_of(answer, fresh=True, is_told=False)
        evidence = Evidence(person, as_of, end, as_of.day).weighed_on(patron)
        decision = evidence.decide_on(patron)
        is_open = question.kind == WINDOW or (question.kind != FIRST_COPY and isinstance(decision, Parked))
        step = step_of(self._night, decision, evidence, patron)
        step = replace(
            step,
            # also if the answer is not later than the protection
            asks=question_left_by(patron, person) or step.asks,
            answered=None if is_open else question,
            verifies=window_closed_by(decision, patron, as_of),
        )
        self._steps.append(self._leave(step, patron))

    def _settle_protection(self, question: FollowUp, patron: Patron, answer: Found) -> None:
        if patron.register.protection is not Protection.NAME_AND_ADDRESS or patron.as_of is None:
            self._steps.append(Step(answered=question, read=patron.id))
            return
        heard = as_of_lookup(self._night).day
        is_told = question.kind == PROTECTION_END
        end = end_of(answer, fresh=heard >= patron.as_of.day, is_told=is_told)
        if end is ProtectionEnd.DENIED and not is_told:
            # no source has said anything else
            self._steps.append(Step(answered=question, read=patron.id, confirmed=patron.id))
            return
        # From the source that raised the question, use only what it said about protection.
        told = Person(patron.number, protection=EMPTY)
        evidence = Evidence(told, patron.as_of, end, heard).weighed_on(patron)
        if evidence.end is ProtectionEnd.UNANSWERED:
            # asked again later, but nobody need look at an earlier answer that could not be read
            self._steps.append(Step(read=patron.id))
            return
        step = self._leave(step_of(self._night, evidence.decide_on(patron), evidence, patron), patron)
        if step.review is not None and self._night.store.reviews.was_asked(*step.review, since=patron.as_of.day):
            # staff have been told, and the register says the same as before
            step = _without_review(step)
        asks = None if step.asks is None else question
        self._steps.append(replace(step, asks=asks, answered=question if asks is None else None, read=patron.id))

    def _leave(self, step: Step, patron: Patron) -> Step:
        """Record how the step leaves the patron, for what is decided about them later in this plan."""
        after, write = patron, step.write
        if write is not None and step.evidence is not None:
            after = replace(
                patron,
                register=write.after,
                as_of=write.as_of,
                version=patron.version + 1,
                letters_stopped=None if write.letters_resume else patron.letters_stopped or write.letters_stopped,
                group=patron.group if write.group is None else write.group,
            )
        elif step.touch is not None:
            after = replace(patron, as_of=step.touch.as_of)
        if step.verifies is not None:
            after = replace(after, window=None)
        if step.told is not None:
            _, day = step.told
            after = replace(after, protected_on=max(day, patron.protected_on or day))
        if after is not patron:
            self._planned[patron.number] = after
        return step


def _id_of(found: Recognised) -> str | None:
    match found:
        case NotOurs():
            return None
        case Equal():
            return found.patron_id
        case _:
            return found.id


def _equal_step(item: Item, found: Equal, person: Person, as_of: AsOf) -> Step:
    older = as_of.is_older_than(found.as_of)
    reason = WhyUnchanged.OLDER.value if older else None
    moves = not older and as_of != found.as_of
    return Step(
        Item(item.ordinal, item.delivery_id, item.number, found.patron_id, Outcome.UNCHANGED, reason=reason),
        touch=Touch(found.patron_id, as_of) if moves else None,
        told=told_protection(person, as_of, found.patron_id),
    )


def _without_review(step: Step) -> Step:
    return replace(step, review=None, item=step.item and replace(step.item, reason=None))
