"""New patrons: subscribe, then look up once; and ask the register again what it has not answered yet.

Subscribing brings no first copy (decision 10): until the look-up has answered, the record says
"not yet verified".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cprsync.errors import CprsyncError, RegisterUnavailable
from cprsync.sync.night import BATCH
from cprsync.sync.planning import FOLLOW_UPS_A_NIGHT
from cprsync.sync.ports import Found

if TYPE_CHECKING:
    from cprsync.domain.number import CprNumber
    from cprsync.sync.night import Night
    from cprsync.sync.planning import Planner
    from cprsync.sync.ports import Run

#: New patrons subscribed in one night; the rest the night after.
NEW_A_NIGHT = 100_000


def subscribe_new(night: Night, run: Run) -> tuple[int, CprsyncError | None, int]:
    """Subscribe patrons who are not; returns how many, what stopped the rest, and how many were refused."""
    added, error, refused = 0, None, 0
    night.progress.stage("subscribe")
    while error is None and added < NEW_A_NIGHT:
        new = {number: patron for patron, number in night.store.unsubscribed(BATCH)}
        done: list[tuple[str, CprNumber]] = []
        refused = 0
        for number, result in night.register.subscribe_many(new):
            if isinstance(result, RegisterUnavailable):
                error = error or result
            elif isinstance(result, CprsyncError):
                refused += 1
            else:
                done.append((new[number], number))
            night.progress.advance()
        night.store.subscribed(run, done, since=night.clock.today())
        added += len(done)
        if not done:
            break
    return added, error, refused


def ask_open_questions(night: Night, run: Run, planner: Planner) -> CprsyncError | None:
    """Look up everyone with an open question and plan the answers; returns why some got none."""
    questions = night.store.follow_ups(FOLLOW_UPS_A_NIGHT)
    night.progress.stage("look up", len(questions))
    error: CprsyncError | None = None
    as_of = night.as_of_lookup()
    for start in range(0, len(questions), BATCH):
        some = questions[start : start + BATCH]
        patrons = {patron.id: patron for patron in night.store.patrons([q.patron_id for q in some])}
        for kind in sorted({q.kind for q in some}):
            night.store.intend(run, [q.patron_id for q in some if q.kind == kind], kind)
        by_number = {patrons[q.patron_id].number: q for q in some if q.patron_id in patrons}
        for answer in night.register.look_up_many(list(by_number)):
            question = by_number[answer.number]
            planner.follow_up(question, patrons[question.patron_id], answer, as_of)
            if not isinstance(answer, Found) and isinstance(answer.error, RegisterUnavailable):
                error = error or answer.error
            night.progress.advance()
    return error
