"""`plan`: shows what a held night would do, and takes the yes of two people to it. Shows patron numbers, no names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import typer

from cprsync.cli.terminal.frame import Frame, Reason, framed
from cprsync.cli.terminal.output import emphasise
from cprsync.language.status import void_text
from cprsync.language.words import day_text, moment_text, patrons_text, word
from cprsync.services.night.approving import HeldPlan

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cprsync.catalogues import Language
    from cprsync.services.night.approving import ShownPlan

#: The most planned changes that are shown as text; --json has them all.
CHANGES_MOST: Final = 200
app = typer.Typer()


@app.command("show")
@framed
def plan_show(
    plan: Annotated[
        str, typer.Argument(metavar="[HASH|RUN]", help="The plan's hash, or a run's number; else the held night's.")
    ] = "",
    *,
    frame: Frame,
) -> None:
    """Show what a held night would do.

    Which limits it exceeds, how many changes of each kind, and of which patrons. Shows no names and no values.
    """
    from cprsync.services.night.approving import show_plan

    with frame.opened() as site, site.store_to_show() as store:
        shown = show_plan(store, agency=site.section.agency, now=site.clock.now(), wanted=plan)
    frame.print(shown, plan_lines(shown, frame.lang))


@app.command("approve")
@framed
def plan_approve(
    plan: Annotated[
        str,
        typer.Argument(
            metavar="HASH", help="The plan's hash, as `plan show` has it, or its beginning as `status` has it."
        ),
    ],
    *,
    reason: Reason = "",
    frame: Frame,
) -> None:
    """Approve a held night's plan, as one of two people.

    Two different people approve the same plan. Then `sync` writes it within four hours, if nothing harmful has been
    added. Who you are is your log-in, also through sudo, or the name that a service gives with --as.
    """
    from cprsync.cli.terminal.user import user_name
    from cprsync.services.night.approving import approve_plan

    with frame.opened() as site, site.store() as store:
        said = {"user": user_name(), "reason": reason}
        approved = approve_plan(store, agency=site.section.agency, now=site.clock.now(), plan=plan, said=said)
    frame.print(approved, approval_lines(approved, frame.lang))


def plan_lines(plan: HeldPlan | ShownPlan, language: Language) -> Iterator[str]:
    """The plan as text: the limits, the counts, the patrons, and who has approved it."""
    if not isinstance(plan, HeldPlan):
        yield word("plan_none", language)
        return
    day = day_text(plan.day, language)
    yield emphasise(word("plan_title", language, run=plan.run, day=day))
    yield f"  {plan.plan}"
    for over in plan.classes:
        what = word(over.class_, language)
        yield "  " + word("brake_class", language, what=what, count=over.count, limit=over.limit)
    patrons = patrons_text(plan.patrons, language)
    yield "  " + word("plan_changes", language, count=len(plan.changes), patrons=patrons)
    yield from (f"    {word(kind, language)} {count}" for kind, count in plan.actions.items())
    for one in plan.changes[:CHANGES_MOST]:
        said = ", ".join(word(kind, language) for kind in one.actions)
        harm = ", ".join(word(kind, language) for kind in one.harm)
        yield f"    {one.patron}  {said}" + (f"  ({harm})" if harm else "")
    if (more := len(plan.changes) - CHANGES_MOST) > 0:
        yield "    " + word("forecast_more", language, count=more)
    yield from approval_lines(plan, language)


def approval_lines(plan: HeldPlan, language: Language) -> Iterator[str]:
    """Who has approved the plan, and what comes next."""
    for one in plan.approved_by:
        at = moment_text(one.at, language)
        yield "  " + word("plan_yes", language, who=one.who, at=at)
    if plan.unbound:
        yield "  " + word("plan_unbound", language, by=", ".join(plan.unbound))
    if plan.void:
        yield "  " + void_text(plan.void, language)
    if not plan.waits:
        yield "  " + word("plan_over", language)
    elif plan.approved:
        key = "plan_approved_undo" if plan.undoes else "plan_approved"
        yield "  " + word(key, language, run=plan.undoes, until=moment_text(plan.until, language))
    else:
        yield "  " + word("plan_missing", language, count=2 - len(plan.approved_by), plan=plan.plan)
