"""Weighs a night's whole plan before anything is written: by the limits, and by what two people have approved.

A plan over a limit is held. If two people have approved the plan that was held before, and this plan does no more harm,
it is written all the same (decision 18).
"""

from __future__ import annotations

import enum
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cprsync.domain.deciding.approval import (
    PEOPLE,
    BeyondApproval,
    Harmful,
    approved_until,
    find_added,
    is_as_approved,
    yeses_in_force,
)
from cprsync.domain.deciding.guard import guard
from cprsync.domain.policy.policy import Harm
from cprsync.services.ports.runs import harmful_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from cprsync.domain.deciding.guard import Excess
    from cprsync.domain.leaving.leaving import Departing
    from cprsync.services.feed.subscriptions import Comparison
    from cprsync.services.planning.steps import Plan
    from cprsync.services.ports.night import Night
    from cprsync.services.ports.runs import PlanRow, Run


class ApprovalFate(enum.Enum):
    """What became of the approval of an earlier plan."""

    #: this plan is written under it
    APPLIED = "applied"
    #: one person has said yes, and a second has not
    WAITS = "waits"
    #: its time is over, whether or not this plan does more
    RAN_OUT = "ran_out"
    #: this plan does more harm than was approved, so the approval does not count
    ADDED = "added"


@dataclass(frozen=True, slots=True, repr=False)
class Approval:
    """The approval of an earlier plan, and what became of it in this run."""

    #: the run whose plan was approved
    run: int
    fate: ApprovalFate
    #: who said yes
    by: tuple[str, ...]
    until: datetime | None
    added: BeyondApproval = field(default_factory=BeyondApproval)

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


@dataclass(frozen=True, slots=True, repr=False)
class PlanComparison:
    """How a plan stands to the one that was held before it."""

    #: None: nobody has said yes to that one
    approval: Approval | None = None
    #: the held run whose plan this one does not exceed. A yes to that plan counts for this one
    follows: int | None = None
    #: that run's hash, if this plan does the same: it keeps the name by which people know it
    plan: str | None = None
    #: whose yes to an earlier plan no longer counts, because more was added: the shape of an approval
    void: Mapping[str, Any] | None = None

    @property
    def is_approved(self) -> bool:
        return self.approval is not None and self.approval.fate is ApprovalFate.APPLIED

    def document(self) -> dict[str, Any]:
        """What a held night's report says of it, beside the limits."""
        return {"follows": self.follows, "void": self.void}


@dataclass(frozen=True, slots=True)
class Planned:
    """The plan of a run, the limits that it exceeds, and the approval that was found."""

    rows: Sequence[PlanRow] = ()
    hash: str | None = None
    excess: tuple[Excess, ...] = ()
    #: how it stands to the plan that was held before. Empty for a plan within the limits
    compared: PlanComparison = field(default_factory=PlanComparison)
    #: what the limits count beside the changes, for the classes that are over their limit
    marks: Mapping[Harm, Counter[bytes]] = field(default_factory=dict)
    #: a resumed run has begun an approved plan, and now does more harm, within the limits
    adds: bool = False

    @property
    def approval(self) -> Approval | None:
        """The approval that was found. None: the plan is within the limits, or nobody has said yes to anything."""
        return self.compared.approval

    @property
    def is_approved(self) -> bool:
        return self.compared.is_approved

    @property
    def is_as_approved(self) -> bool:
        """Whether two people have approved all of its harm."""
        return self.is_approved and not self.adds

    @property
    def is_over(self) -> bool:
        """Whether it exceeds a limit, and two people have not approved that."""
        return bool(self.excess) and not self.is_approved


def weigh(night: Night, run: Run, plan: Plan, departing: Departing, comparison: Comparison) -> Planned:
    """Keep the plan, compare it with the limits, and, if it exceeds one, with what was approved.

    Writes no record. If the plan is approved, the run is APPROVED by then, and stays so when it is killed and resumed.
    """
    rows = list(plan.rows())
    population = night.store.patrons.count()
    excess = guard(plan.harms(), parked=plan.parked, population=population, limits=night.policy.limits)
    excess += comparison.excess + comparison.exceeded_by(len(departing))
    if not excess:
        return _within(night, run, rows)
    over = {one.harm for one in excess}
    named = {Harm.PARKED: _parked(plan), Harm.UNSUBSCRIBED: _ending(departing, comparison)}
    marks = night.store.approvals.mark({harm: what for harm, what in named.items() if harm in over})
    compared, kept = keep_and_compare(night, run, rows, marks)
    return Planned(rows, kept, excess, compared, marks)


def _within(night: Night, run: Run, rows: Sequence[PlanRow]) -> Planned:
    """Keep a plan that exceeds no limit. If the run was killed while it wrote an approved plan, it may be its rest."""
    kept = night.store.runs.save_plan(run, rows)
    approval = find_approval(night, run) if run.resumed else None
    if approval is None:
        return Planned(rows, kept)
    approvals = night.store.approvals
    approved, written = approvals.harmful(approval.run), approvals.written(approval.run)
    added = find_added(approved, Harmful(harmful_of(rows)), written)
    return Planned(rows, kept, compared=PlanComparison(approval), adds=bool(added))


def _parked(plan: Plan) -> Iterator[str]:
    """Each line that could not be decided: the patron, if there is one, and the reason."""
    for step in plan.steps:
        if step.parked is not None:
            yield f"{step.review and step.review[0]}:{step.parked}"


def _ending(departing: Departing, comparison: Comparison) -> Iterator[str]:
    """The records that would be closed, and the subscriptions that would end or that the register's list lacks."""
    yield from (*departing.inactive, *departing.free)
    yield from (number.digits for number in (*comparison.gaps.missing, *comparison.removable))


def keep_and_compare(
    night: Night,
    run: Run,
    rows: Sequence[PlanRow],
    marks: Mapping[Harm, Counter[bytes]],
    *,
    reverts: int | None = None,
) -> tuple[PlanComparison, str]:
    """Keep a plan that is over a limit, and begin the approval that covers it. Return how it stands, and its hash.

    `reverts`: the run that this one undoes; None: it is a night.
    """
    store = night.store
    compared = _compare(night, run, Harmful(harmful_of(rows), marks), reverts)
    kept = store.runs.save_plan(run, rows, beside=marks, known_as=compared.plan)
    if compared.follows is not None and compared.is_approved:
        store.approvals.begin(run, compared.follows)
    return compared, kept


def find_approval(night: Night, run: Run) -> Approval | None:
    """The approval under which a run has written its plan. None: the plan was within the limits."""
    approvals = night.store.approvals
    number = approvals.begun(run)
    if number is None:
        return None
    given = approvals.yeses(number)
    return Approval(number, ApprovalFate.APPLIED, tuple(one.who for one in given[-PEOPLE:]), approved_until(given))


def is_undo_approved(night: Night, rows: Sequence[PlanRow], *, reverts: int) -> bool:
    """Whether two people have approved the undo of a run, as it would be written now. Writes nothing."""
    approvals = night.store.approvals
    held = approvals.held(reverts)
    if held is None:
        return False
    written = Counter(approvals.written(held.id))
    if find_added(approvals.harmful(held.id), Harmful(harmful_of(rows)), written):
        return False
    in_force = yeses_in_force(approvals.yeses(held.id), night.clock.now())
    return len(in_force) == PEOPLE or approvals.is_being_written(held.id)


def _compare(night: Night, run: Run, planned: Harmful, reverts: int | None) -> PlanComparison:
    """Compare a plan with the one that was held last, or with the one that this run has begun to write."""
    approvals, now = night.store.approvals, night.clock.now()
    begun = approvals.begun(run)
    held = approvals.held(reverts) if begun is None else None
    number = begun if held is None else held.id
    if number is None:
        return PlanComparison()
    # a run that was killed while it held its changes has written protections too
    written = Counter(approvals.written(number)) + Counter(approvals.written(run.id) if begun is None else ())
    approved, given = approvals.harmful(number), approvals.yeses(number)
    added = find_added(approved, planned, written)
    in_force = given[-PEOPLE:] if begun is not None else yeses_in_force(given, now)
    approval = None
    if given:
        # the first of two new yeses may follow an approval that has run out
        by = tuple(one.who for one in in_force or given[-PEOPLE:])
        approval = Approval(number, _fate(len(in_force), added), by, approved_until(given), added)
    if added:
        return PlanComparison(approval, void=None if approval is None else approval.document())
    if held is None:
        return PlanComparison(approval)
    same = is_as_approved(approved, planned, added)
    return PlanComparison(
        approval, held.id, held.plan if same else None, (held.document.get("brake") or {}).get("void")
    )


def _fate(in_force: int, added: BeyondApproval) -> ApprovalFate:
    if not in_force:
        return ApprovalFate.RAN_OUT
    if added:
        return ApprovalFate.ADDED
    return ApprovalFate.APPLIED if in_force == PEOPLE else ApprovalFate.WAITS
