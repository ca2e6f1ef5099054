"""Weighs a night's whole plan before anything is written: by the limits, and by what two people have approved.

A plan over a limit is held. If two people have approved the plan that was held before, and this plan does no more harm,
it is written all the same (decision 18).
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cprsync.domain.deciding.approval import PEOPLE, Added, Harmful, approved_until, find_added, yeses_in_force
from cprsync.domain.deciding.guard import guard
from cprsync.domain.policy.policy import Harm
from cprsync.services.ports.runs import harmful_of

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from cprsync.domain.deciding.guard import Excess
    from cprsync.domain.leaving.leaving import Departing
    from cprsync.services.feed.subscriptions import Comparison
    from cprsync.services.planning.steps import Plan
    from cprsync.services.ports.night import Night
    from cprsync.services.ports.runs import PlanRow, Run


class Fate(enum.Enum):
    """What became of the approval of an earlier plan."""

    #: this plan is written under it
    APPLIED = "applied"
    #: one person has said yes, and a second has not
    WAITS = "waits"
    #: its time is over
    RAN_OUT = "ran_out"
    #: this plan does more harm than was approved, so the approval does not count
    ADDED = "added"


@dataclass(frozen=True, slots=True, repr=False)
class Approval:
    """The approval of an earlier plan, and what became of it in this run."""

    #: the run whose plan was approved
    run: int
    fate: Fate
    #: who said yes
    by: tuple[str, ...]
    until: datetime | None
    added: Added = field(default_factory=Added)

    def document(self) -> dict[str, Any]:
        """The JSON shape in a night's report."""
        return {
            "run": self.run,
            "fate": self.fate.value,
            "by": list(self.by),
            "until": self.until and self.until.isoformat(timespec="seconds"),
            "added": len(self.added.patrons),
            "beside": {harm.value: count for harm, count in self.added.beside.items()},
        }


@dataclass(frozen=True, slots=True)
class Planned:
    """The plan of a run, the limits that it exceeds, and the approval that was found."""

    rows: Sequence[PlanRow] = ()
    hash: str | None = None
    excess: tuple[Excess, ...] = ()
    #: None: the plan is within the limits, or nobody has said yes to anything
    approval: Approval | None = None
    #: what the limits count beside the changes, for the classes that are over their limit
    marks: Mapping[Harm, Counter[bytes]] = field(default_factory=dict)

    @property
    def is_approved(self) -> bool:
        return self.approval is not None and self.approval.fate is Fate.APPLIED

    @property
    def is_over(self) -> bool:
        """Whether it exceeds a limit, and two people have not approved that."""
        return bool(self.excess) and not self.is_approved


def weigh(night: Night, run: Run, plan: Plan, departing: Departing, comparison: Comparison) -> Planned:
    """Keep the plan, compare it with the limits, and, if it exceeds one, with what was approved.

    Writes no record. If the plan is approved, the run is APPROVED by then, and stays so when it is killed and resumed.
    """
    rows = list(plan.rows())
    kept = night.store.runs.save_plan(run, rows)
    population = night.store.patrons.count()
    excess = guard(plan.harms(), parked=plan.parked, population=population, limits=night.policy.limits)
    excess += comparison.excess + comparison.exceeded_by(len(departing))
    if not excess:
        return Planned(rows, kept)
    over = {one.harm for one in excess}
    named = {Harm.PARKED: _parked(plan), Harm.UNSUBSCRIBED: _ending(departing, comparison)}
    marks = night.store.approvals.mark({harm: what for harm, what in named.items() if harm in over})
    approval = find_approval(night, run, Harmful(harmful_of(rows), marks))
    return Planned(rows, kept, excess, approval, marks)


def _parked(plan: Plan) -> Iterator[str]:
    """Each line that could not be decided: the patron, if there is one, and the reason."""
    for step in plan.steps:
        if step.parked is not None:
            yield f"{step.review and step.review[0]}:{step.parked}"


def _ending(departing: Departing, comparison: Comparison) -> Iterator[str]:
    """The records that would be closed, and the subscriptions that would end or that the register's list lacks."""
    yield from (*departing.inactive, *departing.free)
    yield from (number.digits for number in (*comparison.gaps.missing, *comparison.removable))


def find_approval(night: Night, run: Run, planned: Harmful, *, reverts: int | None = None) -> Approval | None:
    """Find the approval of the plan that was held last, and begin it if it covers this plan. None: nobody said yes.

    `reverts`: the run that this one undoes; None: it is a night.
    """
    approvals, now = night.store.approvals, night.clock.now()
    begun = approvals.begun(run)
    held = approvals.held(reverts) if begun is None else None
    number = begun if held is None else held.id
    if number is None or not (given := approvals.yeses(number)):
        return None
    until, by = approved_until(given), tuple(one.who for one in given[-PEOPLE:])
    in_force = yeses_in_force(given, now)
    if begun is None and len(in_force) < PEOPLE:
        # the first of two new yeses may follow an approval that has run out
        fate, by = (Fate.WAITS, tuple(one.who for one in in_force)) if in_force else (Fate.RAN_OUT, by)
        return Approval(number, fate, by, until)
    added = find_added(approvals.harmful(number), planned, approvals.written(number))
    if added:
        return Approval(number, Fate.ADDED, by, until, added)
    if begun is None:
        approvals.begin(run, number)
    return Approval(number, Fate.APPLIED, by, until)
