"""Write a guarded plan in batches, each one transaction with its checkpoint; or only what protects."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from cprsync.domain.balance import Outcome
from cprsync.domain.decide import Change, Parked, Same, Unchanged, decide, protective
from cprsync.domain.patron import AsOf, Patron, Source
from cprsync.errors import LostCompare
from cprsync.sync.night import BATCH, Night
from cprsync.sync.planning import Step, write_of
from cprsync.sync.ports import Batch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cprsync.sync.planning import Plan
    from cprsync.sync.ports import Run

#: A batch whose compare is lost is decided again this often before the run gives up.
TRIES = 3


def apply(night: Night, run: Run, plan: Plan) -> None:
    """Write every step, in order."""
    night.progress.stage("apply", len(plan.steps))
    for steps in _batches(plan.steps):
        _write(night, run, steps)
        night.progress.advance(len(steps))


def hold(night: Night, run: Run, plan: Plan) -> Counter[str]:
    """Write the balance sheet with every change held, and let through what protects (decision 3)."""
    through: Counter[str] = Counter()
    for steps in _batches([_held(night, step) for step in plan.steps]):
        night.store.write(run, _batch(steps))
        through.update(a.value for step in steps if step.write is not None for a in step.write.actions)
    return through


def protect_only(night: Night, run: Run, plan: Plan) -> Counter[str]:
    """Let through what protects from deliveries that may not be applied yet: no balance, no checkpoint."""
    through: Counter[str] = Counter()
    saved = [replace(_held(night, step), item=None) for step in plan.changes]
    for steps in _batches([step for step in saved if step.write is not None]):
        night.store.write(run, _batch(steps))
        through.update(a.value for step in steps if step.write is not None for a in step.write.actions)
    return through


def _batches(steps: list[Step]) -> Iterator[list[Step]]:
    """Cut into transactions; a patron is written at most once in each, so that compare-and-set can tell."""
    batch: list[Step] = []
    seen: set[str] = set()
    for step in steps:
        patron = step.write.patron.id if step.write else None
        if len(batch) >= BATCH or patron in seen:
            yield batch
            batch, seen = [], set()
        batch.append(step)
        if patron is not None:
            seen.add(patron)
    if batch:
        yield batch


def _batch(steps: list[Step]) -> Batch:
    ordinals = [step.item.ordinal for step in steps if step.item is not None]
    return Batch(
        writes=[step.write for step in steps if step.write is not None],
        touches=[step.touch for step in steps if step.touch is not None],
        items=[step.item for step in steps if step.item is not None],
        asks=[step.asks for step in steps if step.asks is not None],
        answered=[step.answered for step in steps if step.answered is not None],
        reviews=[step.review for step in steps if step.review is not None],
        checkpoint=max(ordinals, default=None),
    )


def _write(night: Night, run: Run, steps: list[Step]) -> None:
    for _ in range(TRIES - 1):
        try:
            night.store.write(run, _batch(steps))
        except LostCompare:
            steps = _decide_again(night, steps)
        else:
            return
    night.store.write(run, _batch(steps))


def _decide_again(night: Night, steps: list[Step]) -> list[Step]:
    """Someone else wrote some of these patrons in the meantime: decide on what stands there now."""
    ids = [step.write.patron.id for step in steps if step.write is not None]
    fresh = {patron.id: patron for patron in night.store.patrons(ids)}
    return [_again(night, step, fresh) for step in steps]


def _again(night: Night, step: Step, fresh: dict[str, Patron]) -> Step:
    write = step.write
    if write is None or step.person is None or write.patron.id not in fresh:
        return step
    patron = fresh[write.patron.id]
    if patron.version == write.patron.version:
        return step
    decision = decide(step.person, patron, as_of=write.as_of)
    match decision:
        case Change():
            return replace(step, change=decision, write=write_of(night, decision, patron, write.as_of))
        case Unchanged(why=why):
            reason = why.value if why is Same.OLDER else None
            return _settled(step, Outcome.UNCHANGED, reason)
        case Parked(reason=reason):
            return _settled(step, Outcome.PARKED, reason)
        case _:
            # The end of a protection is not asked twice in one run: it waits for the next.
            return _settled(step, Outcome.PARKED, "protection.unanswered")


def _settled(step: Step, outcome: Outcome, reason: str | None) -> Step:
    item = step.item and replace(step.item, outcome=outcome, actions=(), reason=reason)
    return replace(step, item=item, change=None, write=None)


def _held(night: Night, step: Step) -> Step:
    """The step with its change held back, except for what protects."""
    write = step.write
    if write is None or step.change is None:
        # Nothing of a held night moves a date or closes a question.
        return replace(step, touch=None, answered=None, asks=None)
    saved = protective(step.change, write.patron)
    actions = () if saved is None else saved.actions
    item = step.item and replace(step.item, outcome=Outcome.HELD, actions=actions)
    if saved is None:
        return Step(item)
    # The rest of the snapshot is not applied: the record stays true for the day it was true for.
    as_of = write.patron.as_of or AsOf(write.as_of.day, Source.LOOKUP)
    return Step(item, step.person, saved, replace(write_of(night, saved, write.patron, as_of), culr=None))
