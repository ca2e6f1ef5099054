"""The night: subscribe, fetch, accept, decide, guard, apply, process the days, delete, report.

One run of one agreement. A run that is killed anywhere and started again ends as one that was not killed. A second run
of the same night does nothing.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import structlog

from cprsync.domain.deciding.guard import Outcome, guard
from cprsync.domain.patron.review import NET_MEDIA_FOREIGN, PARKED
from cprsync.domain.person.action import Action
from cprsync.errors import RunStopped
from cprsync.services.feed.healing import heal_windows
from cprsync.services.feed.intake import Intake, take_in
from cprsync.services.feed.subscriptions import Comparison
from cprsync.services.leaving.departing import depart, who_departs, who_is_let_go
from cprsync.services.leaving.forgetting import forget_of_night
from cprsync.services.netmedia.accounts import compare_accounts
from cprsync.services.netmedia.deriving import derive_rights, turned
from cprsync.services.netmedia.publishing import Published, publish
from cprsync.services.night.calendar_part import foresee_days, live_days
from cprsync.services.night.overriding import overrides_on
from cprsync.services.night.report import LIVED, Report
from cprsync.services.planning.applying import apply, hold, protect_only
from cprsync.services.planning.planning import Planner
from cprsync.services.planning.welcome import ask_open_questions, subscribe_new
from cprsync.services.ports.values import Departing, RunState, Tally

if TYPE_CHECKING:
    from cprsync.services.planning.steps import Plan
    from cprsync.services.ports.night import Night
    from cprsync.services.ports.values import Run, SealedDelivery

log = structlog.get_logger(__name__)

#: Actions that go through while the rest is held (decision 3).
PROTECTIVE = (Action.PROTECT.value, Action.STOP_LETTERS.value)
#: The most sealed records that one night opens to check that none was altered. Several nights cover the rest.
RECORDS_A_NIGHT: Final = 50_000


def run_night(night: Night, *, only_plan: bool = False) -> Report:
    """Run one night and return its report, which is also stored.

    Raises RunBusy if another run of the agreement is active. An unexpected error is passed on: committed work stays,
    and the next run continues from there. If asked to stop, the night ends after the present piece of work; that report
    is not stored, because the run is not over.
    """
    begun = night.monotonic()
    with night.store.run_lock():
        run = night.store.open_run(day=night.clock.today(), started=night.clock.now())
        log.info("run.opened", run=run.id, resumed=run.resumed, agency=night.agency)
        report = Report(run, night.agency, only_plan=only_plan, has_net_media=night.net_media is not None)
        report.lived_until = night.store.last_run_day()
        try:
            report.erased_again = night.store.replay_journal()
            comparison = _work(night, run, report)
            report.calendar = _calendar(night, run, report)
            _close_the_let_go(night, run, report, comparison)
            report.forgotten = _forget(night, run, report)
            _tell_the_net_media(night, run, report)
            _sweep(night, run, report)
        except RunStopped as stopped:
            return _stop(night, run, report, stopped, begun)
        return _close(night, run, report, begun)


def _calendar(night: Night, run: Run, report: Report) -> dict[str, int]:
    """Process the days since the last run, unless something stopped this one: then nothing more is written (commands).

    A late file or a register that does not answer stops no birthday. Days that are not processed now are processed by
    the next run.
    """
    if report.exit_code not in LIVED:
        return {"days": 0}
    return foresee_days(night, run) if report.only_plan else live_days(night, run)


def _close_the_let_go(night: Night, run: Run, report: Report, comparison: Comparison) -> None:
    """Close, in the same night, patrons who only answered for a minor and whose last link this night has ended.

    If that would exceed the limit, they are left to the next night, which counts them first and stops.
    """
    if report.only_plan or report.held or report.exit_code not in LIVED:
        return
    departing = who_is_let_go(night)
    if not departing or comparison.excess or comparison.exceeded_by(len(departing)):
        return
    departed = depart(night, run, departing)
    report.departed += departed
    _remove(comparison, report, closed=departed.closed)
    _left_to_staff(comparison, report)


def _forget(night: Night, run: Run, report: Report) -> dict[str, int]:
    """Delete what has passed its retention period, unless something stopped the night: then the next one does it."""
    if report.exit_code not in LIVED:
        return report.forgotten
    return forget_of_night(night, run, report.forgotten, only_plan=report.only_plan)


def _compare_accounts(night: Night, run: Run, report: Report) -> None:
    """Compare a share of the accounts in CULR with the records. Runs before `publish`, which sends the repairs."""
    report.accounts = compare_accounts(night, run)
    report.left += len(report.accounts.left)
    report.reasons.update([NET_MEDIA_FOREIGN] * len(report.accounts.left))


def _tell_the_net_media(night: Night, run: Run, report: Report) -> None:
    """Derive rights and publish what waits. A stopped night publishes too, for what was committed before it."""
    if report.only_plan:
        return
    lived = report.exit_code in LIVED
    derived = lived and derive_rights(night, run)
    if lived:
        _compare_accounts(night, run, report)
    if night.net_media is not None:
        # if CULR refused to be read, it will refuse to be told: no further call in this run
        alarm = report.accounts.alarm
        done = publish(night, run) if alarm is None else Published(error=alarm)
        report.sent, report.unpublished = done.sent, done.error
        report.left += len(done.left)
        report.reasons.update(kind for _, kind in done.left)
        if not report.held:
            night.store.set_state(run, RunState.PUBLISHED)
    if derived:
        report.entitlements = turned(night, run)
        titles = night.policy.products.titles(run.day)
        report.titles = {name: {"da": title.da, "en": title.en} for name, title in titles.items()}


def _sweep(night: Night, run: Run, report: Report) -> None:
    """Delete what was kept about patrons who left until the register confirmed, or until its own time came.

    Runs after the retention step.
    """
    if report.let_go and report.exit_code in LIVED:
        night.store.sweep_gone(run)


def _work(night: Night, run: Run, report: Report) -> Comparison:
    outside = _go_on(night, run, report)
    # a resumed run may have written a new number but not yet what was delivered under it: that comes first
    added, unreached = subscribe_new(night, run, unheard=run.resumed)
    report.subscriptions_added += added
    # A run that was killed while it held its changes still holds them: it plans all of them and counts their harm.
    resumed = replace(run, checkpoint=0) if report.held else run
    planner = Planner(night, resumed)
    ask_open_questions(night, run, planner)
    intake = take_in(night, run)
    report.deliveries = intake.lines
    _plan(night, planner, intake.accepted)
    comparison = Comparison(night, run)
    report.error = intake.error or unreached or planner.unanswered or comparison.error
    _apply(night, run, planner.plan, report, comparison)
    _heal(night, run, planner.plan, report)
    _left(night, run, planner.plan, report)
    if intake.beyond:
        _protect_beyond(night, run, intake, report)
        _let_through_before(outside, report)
    return comparison


def _go_on(night: Night, run: Run, report: Report) -> Counter[str]:
    """Load what the run did before it was killed, because a resumed run does not remember it.

    Returns the actions outside the balance sheet.
    """
    done = night.store.done(run)
    tally = night.store.tally(run) if run.resumed else Tally({}, {})
    report.held = tally.outcomes.get(Outcome.HELD, 0) > 0
    report.subscriptions_added, report.subscriptions_removed = done.subscribed, done.unsubscribed
    report.forgotten = dict(done.forgotten)
    report.departed = done.departed
    report.subscriptions_ended = done.ended
    outside = Counter(done.by_action) - Counter(tally.by_action)
    if report.held:
        # a held run writes nothing else
        report.let_through.update({action: done.by_action.get(action, 0) for action in PROTECTIVE})
        report.let_through += Counter()
    else:
        report.other_actions.update(outside)
    return outside


def _let_through_before(outside: Counter[str], report: Report) -> None:
    """Count earlier protective actions outside the balance sheet as let through.

    Called if complete deliveries wait behind what stopped the night.
    """
    through = Counter({} if report.held else {action: outside[action] for action in PROTECTIVE if outside[action]})
    report.let_through.update(through)
    report.other_actions -= through


def _plan(night: Night, planner: Planner, deliveries: list[SealedDelivery]) -> None:
    night.progress.stage("decide", sum(delivery.received for delivery in deliveries))
    for delivery in deliveries:
        if delivery.header is not None:
            with night.store.open_delivery(delivery) as content:
                planner.deliver(delivery, content, delivery.header.produced)


def _apply(night: Night, run: Run, plan: Plan, report: Report, comparison: Comparison) -> None:
    """Guard the whole plan before anything is written, then write it."""
    report.plan = list(plan.rows())
    report.plan_hash = night.store.save_plan(run, report.plan)
    night.store.set_state(run, RunState.PLANNED)
    population = night.store.population()
    report.excess = guard(plan.harms(), parked=plan.parked, population=population, limits=night.policy.limits)
    departing = who_departs(night) if report.exit_code in LIVED else Departing()
    report.excess += comparison.excess + comparison.exceeded_by(len(departing))
    if report.excess or report.held:
        report.held = True
        night.store.set_state(run, RunState.HELD)
        report.let_through.update(hold(night, run, plan))
        if run.resumed:
            _subscribe_known(night, run, report)
        _settle(comparison, report, removes=False)
        return
    night.store.set_state(run, RunState.APPLYING)
    apply(night, run, plan)
    if run.resumed or any(step.write is not None and step.write.renumbered for step in plan.steps):
        _subscribe_known(night, run, report)
    departed = depart(night, run, departing)
    report.departed += departed
    _settle(comparison, report, removes=True, closed=departed.closed)
    outside = [step for step in plan.steps if step.item is None]
    report.other_actions.update(a.value for s in outside if s.write is not None for a in s.write.actions)


def _heal(night: Night, run: Run, plan: Plan, report: Report) -> None:
    """Ask about every patron in a window, also one that this run opened. A held run writes nothing."""
    if report.held or report.only_plan:
        return
    try:
        heal_windows(night, run, report.healed, before=plan.harms())
    finally:
        report.other_actions += report.healed.actions + report.healed.let_through
        report.subscriptions_added += report.healed.subscribed
    report.error = report.error or report.healed.error


def _subscribe_known(night: Night, run: Run, report: Report) -> None:
    """Subscribe the numbers that replaced others in this run. Only then may an old number be unsubscribed.

    Includes what the run did before it was killed.
    """
    added, unreached = subscribe_new(night, run)
    report.subscriptions_added += added
    report.error = report.error or unreached


def _left(night: Night, run: Run, plan: Plan, report: Report) -> None:
    """Count the reviews that this run opens, including those from before it was killed.

    A review that an earlier run opened still waits, and is not counted again. The reason of each parked line of a
    delivery is reported all the same.
    """
    raised = night.store.raised(run)
    report.to_review = sum(raised.values())
    report.left += len(raised) - report.to_review
    lines = [] if report.held else [step for step in plan.steps if step.item is not None and step.parked is not None]
    said = raised.keys() | {step.review for step in lines if step.review is not None}
    report.reasons.update(kind.removeprefix(PARKED) for _, kind in said)
    # without a number nobody can tell who the line is about: it gets no review
    report.reasons.update(step.parked for step in lines if step.parked is not None and step.review is None)


def _settle(comparison: Comparison, report: Report, *, removes: bool, closed: int = 0) -> None:
    """Make the register's list equal ours. Missing numbers are added even if a limit stops the removals."""
    report.subscriptions_added += comparison.add_missing()
    if removes:
        _remove(comparison, report, closed=closed)
    _left_to_staff(comparison, report)


def _left_to_staff(comparison: Comparison, report: Report) -> None:
    report.error = report.error or comparison.error
    # patrons on the review list are counted with what the run has raised
    unknown = comparison.leave_to_staff()
    report.left += unknown.total()
    report.reasons.update(unknown)


def _remove(comparison: Comparison, report: Report, *, closed: int) -> None:
    before = comparison.ended
    report.subscriptions_removed += comparison.remove_ended(closed=closed)
    report.subscriptions_ended += comparison.ended - before
    report.let_go = comparison.settled


def _protect_beyond(night: Night, run: Run, intake: Intake, report: Report) -> None:
    """Write new protections from complete deliveries that wait behind a stop (decision 3)."""
    planner = Planner(night, replace(run, checkpoint=0), asks=False)
    for delivery in intake.beyond:
        with night.store.open_delivery(delivery) as content:
            header = night.reader.inspect(content).header
        with night.store.open_delivery(delivery) as content:
            planner.deliver(delivery, content, header.produced)
    report.let_through.update(protect_only(night, run, planner.plan))


def _stop(night: Night, run: Run, report: Report, stopped: RunStopped, begun: float) -> Report:
    """Report how far the run came. The run stays open, and the next one resumes it."""
    report.error = stopped
    report.tally = night.store.tally(run)
    report.backlog = night.store.backlog()
    report.seconds = night.monotonic() - begun
    log.info("run.stopped", run=run.id)
    return report


def _close(night: Night, run: Run, report: Report, begun: float) -> Report:
    report.tally = night.store.tally(run)
    report.balance()
    report.backlog = night.store.backlog()
    report.audit = night.store.check_audit(records=RECORDS_A_NIGHT)
    report.overrides = overrides_on(night, run.day)
    report.healed.left = night.store.window_counts()
    report.sealed_by_silence = night.store.silent_count() if night.policy.silent_is_sealed else 0
    report.reviews_waiting = night.store.reviews_waiting()
    report.propose(night.store.proposed(run))
    report.subscriptions_kept = max(0, night.store.subscription_count() - report.subscriptions_added)
    state = RunState.HELD if report.held else RunState.CLOSED
    report.seconds = night.monotonic() - begun
    night.store.close_run(run, state=state, finished=night.clock.now(), document=report.document())
    log.info("run.closed", run=run.id, state=report.state, exit=report.exit_code, received=report.received)
    return report
