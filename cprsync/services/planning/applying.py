"""Writes a guarded plan in batches, or only the part of it that protects. Then makes the keys of changed records.

Each batch is one transaction with its checkpoint.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from cprsync.domain.deciding.decide import protective_part
from cprsync.domain.deciding.guard import Outcome
from cprsync.errors import LostCompare
from cprsync.services.planning.renumbering import OLD
from cprsync.services.planning.steps import Step, batch_of, renumber_step, step_of, window_closed_by, write_protection
from cprsync.services.ports.patrons import TRIES, Batch, write_again_if_lost

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from cprsync.domain.patron.patron import Patron
    from cprsync.services.planning.steps import Plan
    from cprsync.services.ports.night import Night
    from cprsync.services.ports.runs import Run
#: How many records a night makes keys of, and in one transaction.
KEYS_A_NIGHT: Final = 500_000
KEYS_TOGETHER: Final = 500


def apply(night: Night, run: Run | None, plan: Plan, *, counts: bool = True) -> None:
    """Write every step, in order.

    `counts`: the limits on the day's answers count its harm. Each transaction counts its own, so that a run that is
    killed and resumed counts all of it, and nothing twice.
    """
    night.progress.stage("apply", len(plan))
    for steps in _batches(plan.in_order(), night.batch):
        _write(night, run, steps, counts=counts)
        night.progress.advance(len(steps))
        night.raise_if_stopped()


def hold(night: Night, run: Run, plan: Plan) -> Counter[str]:
    """Write the balance sheet with every change held, and write only what protects (decision 3).

    Return the protective actions that were written, counted by action. When a held run is resumed, it hands in its
    whole plan again. The lines up to its checkpoint are written already and are skipped.
    """
    through: Counter[str] = Counter()
    fresh = (step for step in plan.in_order() if step.item is None or step.item.ordinal > run.checkpoint)
    moving = frozenset(step.write.patron.id for step in plan.changes if step.write and step.write.renumbered)
    for steps in _batches(fresh, night.batch):
        waiting = [_waits(step, moving) for step in steps]
        through.update(write_again_if_lost(partial(_save, night, run, waiting, items=True)))
        night.raise_if_stopped()
    return through


def protect_only(night: Night, run: Run | None, plan: Plan) -> Counter[str]:
    """Write what protects from deliveries that may not be applied yet. Writes no balance sheet and no checkpoint."""
    through: Counter[str] = Counter()
    for steps in _batches((step for step in plan.steps if step.write or step.told), night.batch):
        through.update(write_again_if_lost(partial(_save, night, run, steps, items=False)))
        night.raise_if_stopped()
    return through


def _batches(steps: Iterable[Step], size: int) -> Iterator[list[Step]]:
    """Cut the steps into transactions. A patron occurs at most once in each, so that their changes stay in order."""
    batch: list[Step] = []
    seen: set[str] = set()
    for step in steps:
        patron = step.patron_id
        if len(batch) >= size or patron in seen:
            yield batch
            batch, seen = [], set()
        batch.append(step)
        if patron is not None:
            seen.add(patron)
    if batch:
        yield batch


def _as_they_stand(night: Night, steps: Iterable[Step]) -> dict[str, Patron]:
    ids = [step.write.patron.id for step in steps if step.write is not None]
    return {patron.id: patron for patron in night.store.patrons.read(ids)}


def _write(night: Night, run: Run | None, steps: list[Step], *, counts: bool) -> None:
    for _ in range(TRIES - 1):
        try:
            night.store.patrons.write(run, _batch(steps, counts=counts))
        except LostCompare:
            # someone else wrote some of these patrons in the meantime: decide again on the stored records
            fresh = _as_they_stand(night, steps)
            steps = [_decide_again(night, step, fresh) for step in steps]
        else:
            return
    night.store.patrons.write(run, _batch(steps, counts=counts))


def _batch(steps: Sequence[Step], *, counts: bool) -> Batch:
    batch = batch_of(steps)
    if not counts:
        return batch
    changes = (step.change for step in steps if step.change is not None)
    return replace(batch, harms=Counter(harm for change in changes for harm in change.harms))


def _decide_again(night: Night, step: Step, fresh: Mapping[str, Patron]) -> Step:
    write = step.write
    if write is None:
        return step
    patron = fresh.get(write.patron.id)
    if patron is None:
        # erased since the decision
        return Step(step.item and replace(step.item, outcome=Outcome.NOT_OURS, patron_id=None, actions=()))
    if patron.version == write.patron.version:
        return step
    if write.renumbered is not None:
        return _renumber_again(night, step, patron)
    if step.evidence is None:
        return step
    decision = step.evidence.decide_on(patron)
    verifies = step.verifies and window_closed_by(decision, patron, step.evidence.as_of)
    again = step_of(night, decision, step.evidence, patron, item=step.item)
    return replace(again, answered=step.answered, verifies=verifies, named=step.named, read=step.read)


def _waits(step: Step, moving: frozenset[str]) -> Step:
    """Hold every line about a patron who was to get another number, since no change under either number is written."""
    if step.item is None or step.item.patron_id not in moving or step.item.outcome is not Outcome.UNCHANGED:
        return step
    return replace(step, item=replace(step.item, outcome=Outcome.HELD, reason=None))


def _save(night: Night, run: Run | None, steps: list[Step], *, items: bool) -> Counter[str]:
    """Decide on the stored records, because most of the plan's earlier steps were not written."""
    fresh = _as_they_stand(night, steps)
    held = [_held(night, step, fresh) for step in steps]
    batch = batch_of(held)
    if not items:
        batch = Batch(writes=batch.writes, told=batch.told)
    if batch.items or batch.writes or batch.told:
        night.store.patrons.write(run, batch)
    return Counter(action.value for write in batch.writes for action in write.actions)


def _held(night: Night, step: Step, fresh: Mapping[str, Patron]) -> Step:
    """Hold the step's change back, except for what protects. No date moves and no question is closed."""
    if step.write is None or step.change is None:
        return Step(step.item, told=step.told)
    patron = fresh.get(step.write.patron.id)
    saved = None if patron is None else protective_part(step.change, patron)
    actions = () if saved is None else saved.actions
    item = step.item and replace(step.item, outcome=Outcome.HELD, actions=actions, reason=step.parked)
    if saved is None or patron is None or step.evidence is None:
        return Step(item, told=step.told)
    written = write_protection(night, saved, patron, step.evidence.as_of)
    return Step(item, change=saved, write=written, told=step.told)


def _renumber_again(night: Night, step: Step, patron: Patron) -> Step:
    """Build the step again on the record as stored now, after someone else has changed it."""
    write = step.write
    if write is None or write.renumbered is None:
        return step
    if patron.number != write.patron.number:
        # someone else has changed the number already; the register is still asked about the patron
        item = step.item and replace(step.item, outcome=Outcome.UNCHANGED, actions=(), reason=OLD)
        return Step(item, asks=step.asks)
    again = renumber_step(night, patron, write.after.number, day=write.renumbered, passed=write.passed)
    return replace(step, change=again.change, write=again.write)


def make_finding_keys(night: Night) -> None:
    """Make the keys of the records that have changed since theirs were made. The next night makes what is left."""
    for _ in range(KEYS_A_NIGHT // KEYS_TOGETHER):
        if not night.store.finding.refresh(KEYS_TOGETHER):
            return
        night.raise_if_stopped()
