"""Shows a held plan to people, and takes the yes of two of them (decisions 18 and 39). The next night compares.

An approval is of one plan of one library. It writes nothing to a record.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

from cprsync.documents import left_out
from cprsync.domain.deciding.approval import (
    PEOPLE,
    PLAN_SHOWN,
    GivenYes,
    WhyNoYes,
    approved_until,
    why_no_yes,
    yeses_in_force,
)
from cprsync.domain.desk.confirming import SERVICE
from cprsync.errors import BadInput
from cprsync.services.ports.runs import ExceededLimit, HeldRun, SaidYes, VoidYes, WaitingPlan
from cprsync.services.ports.trust.audit import demanded_reason

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cprsync.services.ports.store import Store

#: The message for each yes that does not count. The error's kind ends in the reason's own name.
_REFUSED: Final = {
    WhyNoYes.NOBODY: "this takes two people, and the program cannot tell who you are",
    WhyNoYes.SAME_PERSON: (
        "this plan is approved already under your name or from your account: a second person has to approve it too"
    ),
    WhyNoYes.APPROVED: "two people have approved this plan already",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownPlan:
    """The plan that is held, and who has approved it. `plan` is None: no night is held."""

    agency: str
    run: int | None
    plan: str | None
    #: it can be approved: it is the last night's
    waits: bool
    approved_by: tuple[GivenYes, ...]
    #: who stands as having said yes, and the audit does not have it: it does not count
    unbound: tuple[str, ...]
    approved: bool


@dataclass(frozen=True, slots=True)
class PlannedChange:
    """What a held plan does to one patron, in kinds."""

    patron: str
    actions: tuple[str, ...]
    harm: tuple[str, ...]
    #: it was added to a plan that two people had approved
    new: bool | None = left_out()


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldPlan(ShownPlan):
    """The plan of a night, or of an undo, that a limit has held."""

    run: int
    plan: str
    #: the run that it would undo; None: it is a night's plan
    undoes: int | None
    day: date
    until: datetime | None
    void: VoidYes | None
    classes: tuple[ExceededLimit, ...]
    harm: Mapping[str, int]
    actions: Mapping[str, int]
    let_through: Mapping[str, int]
    patrons: int
    changes: tuple[PlannedChange, ...]


def show_plan(store: Store, *, agency: str, now: datetime, wanted: str = "") -> HeldPlan | ShownPlan:
    """Show what a held night would do, in counts, patron numbers and kinds.

    Args:
        store: the library's store.
        agency: the library.
        now: the present moment.
        wanted: the plan's hash, or a run's number. "": the plan that is held now; a run that was held earlier is shown
            by its number.

    Raises:
        BadInput: no held night has this plan.
    """
    waiting = store.approvals.waiting()
    shown = _find(store, waiting, wanted) if wanted else next(iter(waiting), None)
    if shown is None:
        return ShownPlan(agency=agency, run=None, plan=None, waits=False, approved_by=(), unbound=(), approved=False)
    return _show(store, shown, agency=agency, now=now, waits=shown in waiting)


def _find(store: Store, waiting: Sequence[HeldRun], wanted: str) -> HeldRun:
    for held in waiting:
        if wanted == str(held.id):
            return held
    if (named := _named(waiting, wanted)) is not None:
        return named
    number = int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) < len(str(2**31)) else 0
    document = store.runs.document(number)
    if document is None or not document.get("brake"):
        raise _unknown()
    since = datetime.fromisoformat(document["finished"])
    return HeldRun(number, date.fromisoformat(document["day"]), document["brake"]["plan"], since, document)


def _named(waiting: Sequence[HeldRun], plan: str) -> HeldRun | None:
    """The plan with this hash, or with the beginning of one as `status` shows it. None: there is none, or several."""
    if len(plan) < PLAN_SHOWN:
        return None
    found = [held for held in waiting if held.plan.startswith(plan)]
    return found[0] if len(found) == 1 else None


def _unknown() -> BadInput:
    return BadInput("no night is held with this plan", kind="plan.unknown")


def _show(store: Store, held: HeldRun, *, agency: str, now: datetime, waits: bool) -> HeldPlan:
    given, report = store.approvals.yeses(held.id), held.document
    in_force = yeses_in_force(given, now)
    rows, brake = report.get("plan", ()), report.get("brake") or {}
    return HeldPlan(
        agency=agency,
        run=held.id,
        plan=held.plan,
        undoes=report.get("reverts"),
        day=held.day,
        waits=waits,
        classes=tuple(ExceededLimit(one["class"], one["count"], one["limit"]) for one in brake.get("classes", ())),
        harm=dict(sorted(Counter(harm for row in rows for harm in row["harm"]).items())),
        actions=dict(sorted(Counter(action for row in rows for action in row["actions"]).items())),
        let_through=report.get("let_through", {}),
        patrons=len({row["patron"] for row in rows}),
        changes=tuple(
            PlannedChange(row["patron"], tuple(row["actions"]), tuple(row["harm"]), row.get("new")) for row in rows
        ),
        approved_by=in_force,
        unbound=tuple(store.approvals.unbound_yeses(held.id)) if waits else (),
        void=_void(brake, in_force),
        approved=waits and len(in_force) == PEOPLE,
        until=approved_until(given),
    )


def list_waiting(store: Store, now: datetime) -> tuple[WaitingPlan, ...]:
    """The plans that wait, as `status` tells them: whose, since when, who has said yes, and until when that counts."""
    return tuple(_waiting(store, held, now) for held in store.approvals.waiting())


def _waiting(store: Store, held: HeldRun, now: datetime) -> WaitingPlan:
    given, brake = store.approvals.yeses(held.id), held.document.get("brake") or {}
    in_force = yeses_in_force(given, now)
    return WaitingPlan(
        run=held.id,
        undoes=held.document.get("reverts"),
        plan=held.plan,
        since=held.since,
        approved_by=in_force,
        unbound=tuple(store.approvals.unbound_yeses(held.id)),
        void=_void(brake, in_force),
        missing=PEOPLE - len(in_force),
        classes=tuple(one["class"] for one in brake.get("classes", ())),
        until=approved_until(given),
    )


def _void(brake: Mapping[str, Any], in_force: Sequence[GivenYes]) -> VoidYes | None:
    """Whose yes to an earlier plan no longer counts, and what was added since. None: nobody's."""
    void: Mapping[str, Any] = brake.get("void") or {"by": ()}
    again = {one.who for one in in_force}
    by = tuple(who for who in void["by"] if who not in again)
    return VoidYes(void["run"], by, void["added"], void["beside"]) if by else None


def approve_plan(store: Store, *, agency: str, now: datetime, plan: str, said: Mapping[str, str]) -> HeldPlan:
    """Say yes to the plan that is held. Return what `show_plan` shows then.

    Args:
        store: the library's store.
        agency: the library.
        now: the present moment.
        plan: the plan's hash, or as much of it as `status` shows.
        said: who says it (`user`), and why (`reason`).

    Raises:
        ConfigurationError: there is no reason.
        BadInput: another plan is held, or none; or this yes does not count. Then nothing is written.
        ReviewClosed: someone else has said yes in the meantime; nothing is written.
    """
    why = demanded_reason(said["reason"], of="say why you approve the plan")
    held, user = _held(store, plan), said["user"]
    given = store.approvals.yeses(held.id)
    in_force = yeses_in_force(given, now)
    refused = why_no_yes(in_force, None if user == SERVICE else user)
    if refused is None and any(store.access.have_one_record(user, one.who) for one in in_force):
        refused = WhyNoYes.SAME_PERSON
    if refused is not None:
        raise BadInput(_REFUSED[refused], kind=f"plan.{refused.value}")
    store.approvals.say_yes(SaidYes(held, user, why, now, after=len(given)))
    return _show(store, held, agency=agency, now=now, waits=True)


def _held(store: Store, plan: str) -> HeldRun:
    waiting = store.approvals.waiting()
    if not waiting:
        raise BadInput("no night is held: there is nothing to approve", kind="plan.none")
    if (held := _named(waiting, plan)) is None:
        raise _unknown()
    return held


def make_sure_that_approved(store: Store, plan: str, *, now: datetime) -> None:
    """Make sure that a plan is the one that is held, and that two people have approved it.

    A run that has begun to write the plan may end it, however long that takes.

    Raises:
        BadInput: it is another one, it is not approved, or its approval has run out.
    """
    held = _held(store, plan)
    given = store.approvals.yeses(held.id)
    if store.approvals.is_being_written(held.id) or len(yeses_in_force(given, now)) == PEOPLE:
        return
    if given and not yeses_in_force(given, now):
        raise BadInput("the approval of this plan has run out", kind="plan.ran_out")
    raise BadInput("two people have not approved this plan", kind="plan.not_approved")
