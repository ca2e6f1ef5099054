"""The night: subscribe, fetch, accept, decide, guard, apply, process the days, delete, report.

One run of one agreement. A run that is killed anywhere and started again ends as one that was not killed. A second run
of the same night does nothing.
"""

from __future__ import annotations

import math
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

import structlog

from cprsync.domain.deciding.guard import Outcome
from cprsync.domain.feed.delivery import COPENHAGEN
from cprsync.domain.leaving.leaving import Departing
from cprsync.domain.patron.due import ONE_DAY
from cprsync.domain.patron.review import NET_MEDIA_FOREIGN, PARKED
from cprsync.domain.person.status import Action
from cprsync.errors import LostCompare, RunStopped
from cprsync.services.feed.intake import take_in
from cprsync.services.feed.questions import WindowsAsked, ask_about_windows, ask_open_questions
from cprsync.services.feed.subscriptions import Comparison, subscribe_new
from cprsync.services.leaving.departing import depart, find_departing, forget_of_night
from cprsync.services.netmedia import publishing
from cprsync.services.night.calendar import derive_rights, foresee_days, live_days, overrides_on, rights_changed
from cprsync.services.night.report import Closing, NetMediaTold, Report, StageCounts
from cprsync.services.night.weighing import Planned, weigh
from cprsync.services.outward.sending import Sender
from cprsync.services.planning.applying import apply, hold, make_finding_keys, protect_only
from cprsync.services.planning.planning import Planner
from cprsync.services.ports.patrons import TRIES
from cprsync.services.ports.runs import LIVED, RunState, Tally

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import date

    from cprsync.domain.patron.due import Due
    from cprsync.errors import CprsyncError
    from cprsync.services.feed.intake import Intake
    from cprsync.services.planning.steps import Plan
    from cprsync.services.ports.deliveries import DeliveryLine, SealedDelivery
    from cprsync.services.ports.night import Night
    from cprsync.services.ports.runs import Run

log = structlog.get_logger(__name__)

#: Actions that go through while the rest is held (decision 3).
PROTECTIVE = (Action.PROTECT.value, Action.STOP_LETTERS.value)
#: Every sealed record is opened within so many nights, to check that none was altered. A change opens its own at once.
NIGHTS_A_ROUND: Final = 14
#: A night opens at least so many. A small library has all of its records opened every night.
RECORDS_A_NIGHT: Final = 2_000


def run_night(night: Night, *, foresee: Callable[[Iterable[Due]], None] | None = None) -> Report:
    """Run one night and return its report, which is also stored. With `foresee`, the night is only planned.

    `foresee` is given the events of the days that the planned night would live.

    Raises RunBusy if another run of the agreement is active. An unexpected error is passed on: committed work stays,
    and the next run continues from there. If asked to stop, the night ends after the present piece of work; that report
    is not stored, because the run is not over.
    """
    begun = night.monotonic()
    with night.store.runs.lock():
        for _ in range(TRIES - 1):
            # if the desk has given somebody a number that a patron was to get, the run goes on with a new plan
            with suppress(LostCompare):
                return _begin_or_resume(night, foresee, begun)
        return _begin_or_resume(night, foresee, begun)


def _begin_or_resume(night: Night, foresee: Callable[[Iterable[Due]], None] | None, begun: float) -> Report:
    run = night.store.runs.begin(day=_day_of(night), started=night.clock.now())
    log.info("run.opened", run=run.id, resumed=run.resumed, agency=night.agency)
    course = _Course(night, run, foresee)
    try:
        course.run()
    except RunStopped as stopped:
        log.info("run.stopped", run=run.id)
        return course.stop(stopped, begun)
    report = course.close(begun)
    night.store.runs.close(
        run,
        state=RunState.HELD if report.held else RunState.CLOSED,
        finished=night.clock.now(),
        document=report.document(),
    )
    log.info("run.closed", run=run.id, state=report.state, exit=report.exit_code, received=report.received)
    return report


def _day_of(night: Night) -> date:
    """The day of a run that begins now.

    If nobody has confirmed our clock, it may be ahead, as after a start without network. The run then lives one day
    after the last one, and that once a day: what a day has brought cannot be taken back. Any run that began today
    counts, also an undo, and one that was killed before it accepted a delivery: the next day is then lived tomorrow.
    """
    today, last = night.clock.today(), night.store.runs.last_day()
    if night.clock_is_checked or last is None:
        return today
    begun = [datetime.fromisoformat(one.started) for one in night.store.runs.list_runs(most=1)]
    has_run = any(one.astimezone(COPENHAGEN).date() == today for one in begun)
    return min(today, last if has_run else last + ONE_DAY)


def find_state(night: Night, day: date) -> Closing:
    """How the library stands when a run ends: what its report says whatever the run has done.

    Without what must be told to the net media, and the audit: a check of it takes longer than one moment.
    """
    store = night.store
    return Closing(
        targets={one.name: one.backlog for one in store.targets.states()} if night.targets else {},
        cards=store.card_accounts.state(),
        overrides=overrides_on(night, day),
        sealed_by_silence=store.patrons.count_silent() if night.policy.silent_is_sealed else 0,
        reviews_waiting=store.reviews.waiting(),
        subscriptions_kept=store.subscriptions.count(),
    )


def share_of_round(records: int) -> int:
    """How many of the library's sealed records a night opens."""
    return max(RECORDS_A_NIGHT, math.ceil(records / NIGHTS_A_ROUND))


class _Course:
    """One run, stage by stage. Each stage leaves one value of what happened; the report is built from these values."""

    def __init__(self, night: Night, run: Run, foresee: Callable[[Iterable[Due]], None] | None) -> None:
        self._night, self._run = night, run
        self._foresee, self._only_plan = foresee, foresee is not None
        self._lived_until = night.store.runs.last_day()
        self._erased_again = 0
        self._lines: Sequence[DeliveryLine] = ()
        self._planned = Planned()
        self._held = False
        self._counts = StageCounts()
        self._windows = WindowsAsked()
        self._calendar: Mapping[str, int] = {}
        self._forgotten: Mapping[str, int] = {}
        self._told = NetMediaTold()
        self._shut_again: Sequence[CprsyncError] = ()
        self._error: CprsyncError | None = None

    def _report(self, closing: Closing | None = None) -> Report:
        """Report what has happened so far."""
        return Report(
            run=self._run,
            agency=self._night.agency,
            only_plan=self._only_plan,
            has_net_media=self._night.net_media is not None,
            lived_until=self._lived_until,
            erased_again=self._erased_again,
            deliveries=self._lines,
            planned=self._planned,
            held=self._held,
            counts=self._counts,
            windows=self._windows,
            calendar=self._calendar,
            forgotten=self._forgotten,
            told=self._told,
            error=self._error,
            clock_is_checked=self._night.clock_is_checked,
            closing=closing or Closing(),
        )

    @property
    def _lives(self) -> bool:
        """Whether nothing has stopped the run so far. A stopped run writes only what decision 3 lets through."""
        return self._report().exit_code in LIVED

    def stop(self, stopped: RunStopped, begun: float) -> Report:
        """Report how far the run came. The run stays open, and the next one resumes it."""
        store, self._error = self._night.store, stopped
        return self._report(
            Closing(store.runs.tally(self._run), store.outbox.backlog(), seconds=self._night.monotonic() - begun)
        )

    def close(self, begun: float) -> Report:
        """Report the whole run. Raises BalanceError."""
        night, store, run = self._night, self._night.store, self._run
        self._report(Closing(tally := store.runs.tally(run))).check_balance()
        share = share_of_round(store.audit.count_records())
        backlog, audit = store.outbox.backlog(), store.audit.check(records=share)
        audit = replace(audit, problems=(*self._shut_again, *audit.problems))
        with store.at_one_moment():
            closing = find_state(night, run.day)
            self._windows = replace(self._windows, left=store.windows.counts())
            proposed = store.reviews.proposed(run)
        return self._report(
            replace(
                closing,
                tally=tally,
                backlog=backlog,
                audit=audit,
                proposed=proposed,
                subscriptions_kept=max(0, closing.subscriptions_kept - self._report().subscribed),
                seconds=night.monotonic() - begun,
            )
        )

    def run(self) -> None:
        """Do the whole night's work, up to its report."""
        self._erased_again = self._night.store.journal.replay()
        if not self._only_plan:
            self._shut_again = self._night.store.reverting.shut_again(self._run)
        comparison = self._work()
        self._calendar = self._live_days()
        self._close_released(comparison)
        if self._lives and self._night.clock_is_checked:
            # otherwise the next night deletes what has passed its retention period
            self._forgotten = forget_of_night(self._night, self._run, self._forgotten, only_plan=self._only_plan)
        if not self._only_plan:
            self._tell_the_net_media()
            make_finding_keys(self._night)
            self._tell_targets()
            self._night.store.provisional.forget(self._run)
        if comparison.settled and self._lives:
            # only now has the register confirmed that the subscriptions of those who left are gone
            self._night.store.erasing.sweep(self._run)

    def _work(self) -> Comparison:
        night, run = self._night, self._run
        outside = self._resume()
        # a resumed run may have written a new number but not yet what was delivered under it: that comes first
        added, unreached = subscribe_new(night, run, unheard=run.resumed)
        self._counts += StageCounts(subscribed=added)
        # A run that was killed while it held its changes still holds them: it plans all of them and counts their harm.
        planner = Planner(night, replace(run, checkpoint=0) if self._held else run)
        ask_open_questions(night, run, planner)
        intake = take_in(night, run)
        self._lines = intake.lines
        self._plan(planner, intake.accepted)
        comparison = Comparison(night, run)
        self._error = intake.error or unreached or planner.unanswered or comparison.error
        plan = planner.plan
        self._apply(plan, comparison)
        if not self._held and not self._only_plan and not comparison.hides_ended:
            # also asks about patrons in a window that this run opened
            for asked in ask_about_windows(night, run):
                self._windows = asked
            self._fail(self._windows.error)
        self._count_reviews(plan)
        if intake.beyond:
            self._protect_beyond(intake)
            self._let_through_before(outside)
        return comparison

    def _fail(self, error: CprsyncError | None) -> None:
        """Keep the first error."""
        self._error = self._error or error

    def _resume(self) -> Counter[str]:
        """Count what the run did before it was killed, because a resumed run does not remember it.

        Returns the actions outside the balance sheet.
        """
        run, done = self._run, self._night.store.runs.done(self._run)
        tally = self._night.store.runs.tally(run) if run.resumed else Tally({}, {})
        self._held = tally.outcomes.get(Outcome.HELD, 0) > 0
        self._forgotten = dict(done.forgotten)
        outside = Counter(done.by_action) - Counter(tally.by_action)
        # a held run writes nothing else
        through = Counter({action: done.by_action.get(action, 0) for action in PROTECTIVE}) if self._held else Counter()
        self._counts += StageCounts(
            subscribed=done.subscribed,
            unsubscribed=done.unsubscribed,
            ended=done.ended,
            departed=done.departed,
            actions=Counter() if self._held else outside,
            let_through=through,
        )
        return outside

    def _let_through_before(self, outside: Counter[str]) -> None:
        """Count earlier protective actions outside the balance sheet as let through.

        Called if complete deliveries wait behind what stopped the night.
        """
        if self._held:
            return
        through = Counter({action: outside[action] for action in PROTECTIVE})
        counts = self._counts
        self._counts = replace(counts, let_through=counts.let_through + through, actions=counts.actions - through)

    def _plan(self, planner: Planner, deliveries: Sequence[SealedDelivery]) -> None:
        self._night.progress.stage("decide", sum(delivery.received for delivery in deliveries))
        for delivery in deliveries:
            if delivery.header is not None:
                with self._night.store.inbox.content(delivery) as content:
                    planner.deliver(delivery, content, delivery.header.produced)
        # only now: an answer is newer than each of the deliveries
        planner.ask_new_numbers()

    def _apply(self, plan: Plan, comparison: Comparison) -> None:
        """Guard the whole plan before anything is written, then write it."""
        night, run = self._night, self._run
        departing = find_departing(night) if self._lives else Departing()
        self._planned = weigh(night, run, plan, departing, comparison)
        self._held = self._held or self._planned.is_over
        if self._held:
            self._hold(plan, comparison)
            return
        if self._planned.is_as_approved:
            comparison.let_go_on()
        self._write(plan, departing, comparison)

    def _hold(self, plan: Plan, comparison: Comparison) -> None:
        """Write only what decision 3 lets through."""
        self._night.store.runs.set_state(self._run, RunState.HELD)
        comparison.leave_ended()
        self._night.store.approvals.keep_marks(self._run, self._planned.marks, follows=self._planned.compared.follows)
        self._counts += StageCounts(let_through=hold(self._night, self._run, plan))
        if self._run.resumed:
            self._subscribe_known()
        self._counts += StageCounts(subscribed=comparison.add_missing())
        self._leave_to_staff(comparison)

    def _write(self, plan: Plan, departing: Departing, comparison: Comparison) -> None:
        self._night.store.runs.set_state(self._run, RunState.APPLYING)
        comparison.leave_ended()
        # what two people have approved takes nothing of the limits from the day's answers
        apply(self._night, self._run, plan, counts=not self._planned.is_as_approved)
        if self._run.resumed or plan.renumbers:
            self._subscribe_known()
        departed = depart(self._night, self._run, departing)
        self._counts += StageCounts(departed=departed, subscribed=comparison.add_missing())
        self._end_subscriptions(comparison, closed=departed.closed)
        outside = (step.write for step in plan.steps if step.item is None and step.write is not None)
        self._counts += StageCounts(actions=Counter(action.value for write in outside for action in write.actions))

    def _subscribe_known(self) -> None:
        """Subscribe the numbers that replaced others in this run. Only then may an old number be unsubscribed.

        Includes what the run did before it was killed.
        """
        added, unreached = subscribe_new(self._night, self._run)
        self._counts += StageCounts(subscribed=added)
        self._fail(unreached)

    def _end_subscriptions(self, comparison: Comparison, *, closed: int) -> None:
        """Remove from the register's list what no longer has a reason."""
        before, unknown = comparison.ended, comparison.unknown_removed
        removed = comparison.remove_ended(closed=closed)
        self._counts += StageCounts(
            unsubscribed=removed, ended=comparison.ended - before, unknown=comparison.unknown_removed - unknown
        )
        self._leave_to_staff(comparison)

    def _leave_to_staff(self, comparison: Comparison) -> None:
        self._fail(comparison.error)
        # patrons on the review list are counted with what the run has raised
        unknown = comparison.leave_to_staff()
        self._counts += StageCounts(left=unknown.total(), reasons=unknown)

    def _count_reviews(self, plan: Plan) -> None:
        """Count the reviews that this run opens, including those from before it was killed.

        A review that an earlier run opened still waits, and is not counted again. The reason of each parked line of a
        delivery is reported all the same. What the run has settled itself, staff need not look at.
        """
        raised = self._night.store.runs.raised(self._run)
        lines = [] if self._held else [step for step in plan.steps if step.item is not None and step.parked is not None]
        said = raised.keys() | {step.review for step in lines if step.review is not None}
        in_force = self._night.store.reviews.in_force(sorted({patron_id for patron_id, _ in said}))
        said &= {item.about_whom for item in in_force if item.waits}
        reasons = Counter(kind.removeprefix(PARKED) for _, kind in said)
        # without a number nobody can tell who the line is about: it gets no review
        reasons.update(step.parked for step in lines if step.parked is not None and step.review is None)
        waiting = [is_told for one, is_told in raised.items() if one in said]
        self._counts += StageCounts(to_review=sum(waiting), left=waiting.count(False), reasons=reasons)

    def _protect_beyond(self, intake: Intake) -> None:
        """Write new protections from complete deliveries that wait behind a stop (decision 3)."""
        night = self._night
        planner = Planner(night, replace(self._run, checkpoint=0), asks=False)
        for delivery in intake.beyond:
            with night.store.inbox.content(delivery) as content:
                header = night.reader.inspect(content).header
            with night.store.inbox.content(delivery) as content:
                planner.deliver(delivery, content, header.produced)
        self._counts += StageCounts(let_through=protect_only(night, self._run, planner.plan))

    def _live_days(self) -> Mapping[str, int]:
        """Process the days since the last run, unless something stopped this one: then nothing more is written.

        A late file or a register that does not answer stops no birthday. Days that are not processed now are processed
        by the next run.
        """
        if not self._lives:
            return {"days": 0}
        if self._foresee is not None:
            return foresee_days(self._night, self._run, self._foresee)
        return live_days(self._night, self._run)

    def _close_released(self, comparison: Comparison) -> None:
        """Close, in the same night, patrons who only answered for a minor and whose last link this night has ended.

        If that would exceed the limit, they are left to the next night, which counts them first and stops.
        """
        if self._only_plan or not self._lives:
            return
        departing = self._night.store.leaving.departing(None)
        if not departing or comparison.excess or comparison.exceeded_by(len(departing)):
            return
        departed = depart(self._night, self._run, departing)
        self._counts += StageCounts(departed=departed)
        self._end_subscriptions(comparison, closed=departed.closed)

    def _tell_the_net_media(self) -> None:
        """Derive rights and publish what waits. A stopped night publishes too, for what was committed before it."""
        night, run, lives = self._night, self._run, self._lives
        derived = lives and derive_rights(night, run)
        if lives:
            # compare a share of the accounts before `publish`, which sends the repairs
            found = publishing.compare_accounts(night, run)
            self._told = NetMediaTold(found)
            reasons = Counter({NET_MEDIA_FOREIGN: len(found.left)})
            self._counts += StageCounts(left=len(found.left), reasons=reasons)
        if night.net_media is not None:
            if lives:
                self._told = replace(self._told, cards=publishing.tell_of_cards(night, run))
            self._publish()
        if derived:
            titles = night.policy.products.titles(run.day)
            self._told = replace(
                self._told,
                entitlements=rights_changed(night, run),
                titles={name: title.document() for name, title in titles.items()},
            )

    def _tell_targets(self) -> None:
        """Tell other systems what was committed, by this run or before it. A stopped night does so too."""
        night = self._night
        if not night.targets:
            return
        sender = Sender(night.store, night.progress, self._run, night.raise_if_stopped, night.monotonic)
        sent = sender.send_all(night.targets)
        self._told = replace(self._told, targets=tuple(sent))
        left = [kind for one in sent for _, kind in one.left]
        self._counts += StageCounts(left=len(left), reasons=Counter(left))

    def _publish(self) -> None:
        # if CULR refused to be read, it will refuse to be told: no further call in this run
        accounts = self._told.accounts
        alarm = accounts.alarm
        done = publishing.publish(self._night, self._run) if alarm is None else publishing.Published(error=alarm)
        # where nothing waited, that the accounts could not be read is all that tells of a CULR that does not answer
        error = done.error or (None if done.sent else accounts.error)
        self._told = replace(self._told, sent=done.sent, error=error)
        self._counts += StageCounts(left=len(done.left), reasons=Counter(kind for _, kind in done.left))
        if not self._held:
            self._night.store.runs.set_state(self._run, RunState.PUBLISHED)
