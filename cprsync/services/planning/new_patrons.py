"""New patrons: subscribes, then looks each up once, and asks again what the register has not answered yet.

Subscribing brings no first copy (decision 10). Until the look-up is answered, the record says "not yet verified".
"""

from __future__ import annotations

from itertools import chain, islice
from typing import TYPE_CHECKING

from cprsync.domain.patron.review import PARKED
from cprsync.errors import CprsyncError, RegisterUnavailable
from cprsync.services.planning.planning import FOLLOW_UPS_A_NIGHT
from cprsync.services.planning.steps import last_day_of_the_dead
from cprsync.services.ports.patrons import Batch
from cprsync.services.ports.register import FIRST_COPY, KeptAnswer, Subscribed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cprsync.domain.person.number import CprNumber
    from cprsync.services.planning.planning import Planner
    from cprsync.services.ports.night import Night
    from cprsync.services.ports.register import FollowUp
    from cprsync.services.ports.run import Run

#: The most new patrons subscribed in one night; the rest follow the night after.
NEW_A_NIGHT = 100_000
#: How many answers are stored together. Answers that a kill loses are asked again.
KEPT_TOGETHER = 500


def subscribe_new(night: Night, run: Run | None, *, unheard: bool = False) -> tuple[int, CprsyncError | None]:
    """Subscribe patrons without a subscription. Return how many, and the error that stopped the rest.

    A refused number opens a review. `unheard`: only patrons without data from any source. A subscription counts as late
    depending on the day for which the record is true. Lines that a run has accepted but not yet written may move that
    day.
    """
    added, error = 0, None
    refused: dict[str, str] = {}
    night.progress.stage("subscribe")
    while error is None and added < NEW_A_NIGHT:
        # numbers refused tonight stay at the head of the list: skip them
        waiting = night.store.subscriptions.unsubscribed(night.calls + len(refused), unheard=unheard)
        new = {number: patron for patron, number in waiting if patron not in refused}
        if not new:
            break
        done: list[tuple[str, CprNumber]] = []
        already: set[CprNumber] = set()
        for number, result in night.register.subscribe_many(new):
            if isinstance(result, RegisterUnavailable):
                error = error or result
            elif isinstance(result, CprsyncError):
                refused[new[number]] = result.kind
            else:
                done.append((new[number], number))
                if result is Subscribed.ALREADY:
                    already.add(number)
            night.progress.advance()
        today, dead_until = night.clock.today(), last_day_of_the_dead(night)
        night.store.subscriptions.subscribed(run, done, since=today, already=already, dead_until=dead_until)
        added += len(done)
        night.raise_if_stopped()
    if refused:
        reviews = [(patron, f"{PARKED}{kind}") for patron, kind in refused.items()]
        night.store.patrons.write(run, Batch(reviews=reviews))
    return added, error


def ask_open_questions(night: Night, run: Run, planner: Planner) -> None:
    """Look up everyone with an open question and plan the answers. The audit entry is written before."""
    questions = night.store.subscriptions.follow_ups(FOLLOW_UPS_A_NIGHT)
    night.progress.stage("look up", len(questions))
    for start in range(0, len(questions), night.calls):
        _ask(night, run, planner, questions[start : start + night.calls])
        night.raise_if_stopped()
    planner.ask_new_numbers()


def _ask(night: Night, run: Run, planner: Planner, questions: Sequence[FollowUp]) -> None:
    patrons = {patron.id: patron for patron in night.store.patrons.read([q.patron_id for q in questions])}
    asked: dict[CprNumber, list[FollowUp]] = {}
    for question in questions:
        if question.patron_id in patrons:
            asked.setdefault(patrons[question.patron_id].number, []).append(question)
    kept = _kept(night, run, asked)
    rest = {number: some for number, some in asked.items() if number not in kept}
    for kind in sorted({question.kind for some in rest.values() for question in some}):
        night.store.subscriptions.intend(
            run, [q.patron_id for some in rest.values() for q in some if q.kind == kind], kind
        )
    for one in chain(kept.values(), _look_up(night, run, rest)):
        for question in asked[one.answer.number]:
            planner.follow_up(question, patrons[question.patron_id], one.answer, one.as_of)
        night.progress.advance()


def _kept(night: Night, run: Run, asked: Mapping[CprNumber, Sequence[FollowUp]]) -> dict[CprNumber, KeptAnswer]:
    """The answers that the run got before it was stopped, for numbers that are still asked about.

    A first copy carries its day, so it stays valid. The end of a protection needs the register's present state. The
    state that the register had loaded (`seen`) decides that, not the last delivery taken. That delivery can be the same
    for days if nights are stopped, and can change within an hour if one is not.
    """
    seen = night.as_of_lookup().seen
    ids = [question.patron_id for some in asked.values() for question in some]
    found = {one.answer.number: one for one in night.store.subscriptions.kept_answers(run, ids).values()}
    return {
        number: found[number]
        for number, some in asked.items()
        if number in found and (found[number].as_of.seen == seen or all(one.kind == FIRST_COPY for one in some))
    }


def _look_up(night: Night, run: Run, asked: Mapping[CprNumber, Sequence[FollowUp]]) -> Iterator[KeptAnswer]:
    """Ask, and store the answers as they come, so that a stopped night asks nobody twice."""
    as_of = night.as_of_lookup()
    answers = night.register.look_up_many(list(asked))
    while together := list(islice(answers, KEPT_TOGETHER)):
        whose = [(question.patron_id, answer) for answer in together for question in asked[answer.number][:1]]
        night.store.subscriptions.keep_answers(run, whose, as_of)
        yield from (KeptAnswer(answer, as_of) for answer in together)
