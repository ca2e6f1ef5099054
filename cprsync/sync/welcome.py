"""New patrons: subscribe, then look up once; and ask the register again what it has not answered yet.

Subscribing brings no first copy (decision 10): until the look-up has answered, the record says
"not yet verified".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cprsync.domain.review import PARKED
from cprsync.errors import CprsyncError, RegisterUnavailable
from cprsync.sync.planning import FOLLOW_UPS_A_NIGHT
from cprsync.sync.values import Batch, Subscribed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cprsync.domain.number import CprNumber
    from cprsync.sync.night import Night
    from cprsync.sync.planning import Planner
    from cprsync.sync.values import FollowUp, Run

#: New patrons subscribed in one night; the rest the night after.
NEW_A_NIGHT = 100_000


def subscribe_new(night: Night, run: Run) -> tuple[int, CprsyncError | None]:
    """Subscribe patrons who are not; returns how many, and what stopped the rest. Who is refused waits for a person."""
    added, error = 0, None
    refused: dict[str, str] = {}
    night.progress.stage("subscribe")
    while error is None and added < NEW_A_NIGHT:
        # those refused tonight stay at the head of the list: look past them
        waiting = night.store.unsubscribed(night.calls + len(refused))
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
        night.store.subscribed(run, done, since=night.clock.today(), already=already)
        added += len(done)
        night.heed()
    if refused:
        reviews = [(patron, f"{PARKED}{kind}") for patron, kind in refused.items()]
        night.store.write(run, Batch(reviews=reviews))
    return added, error


def ask_open_questions(night: Night, run: Run, planner: Planner) -> None:
    """Look up everyone with an open question, after the audit has it, and plan the answers."""
    questions = night.store.follow_ups(FOLLOW_UPS_A_NIGHT)
    night.progress.stage("look up", len(questions))
    for start in range(0, len(questions), night.calls):
        _ask(night, run, planner, questions[start : start + night.calls])
        night.heed()
    planner.ask_new_numbers()


def _ask(night: Night, run: Run, planner: Planner, questions: Sequence[FollowUp]) -> None:
    patrons = {patron.id: patron for patron in night.store.patrons([q.patron_id for q in questions])}
    asked: dict[CprNumber, list[FollowUp]] = {}
    for question in questions:
        if question.patron_id in patrons:
            asked.setdefault(patrons[question.patron_id].number, []).append(question)
    for kind in sorted({question.kind for question in questions}):
        ids = [q.patron_id for some in asked.values() for q in some if q.kind == kind]
        night.store.intend(run, ids, kind)
    as_of = night.as_of_lookup()
    for answer in night.register.look_up_many(list(asked)):
        for question in asked[answer.number]:
            planner.follow_up(question, patrons[question.patron_id], answer, as_of)
        night.progress.advance()
