"""Asks the register what is open: new patrons, questions that were not answered, and every patron in a window.

A new patron's record says "not yet verified" until their look-up is answered. In a window, deliveries may lack news of
a number (decisions 32 and 33). That work is done in shares, in a night or between two nights. Each share is decided,
guarded and written before the next is asked, so that a killed run continues where it stopped. The limit counts the harm
of the whole day: that of earlier shares and of the deliveries of its nights.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from cprsync.domain.deciding.guard import guard
from cprsync.domain.deciding.number_change import LINKS_MAX
from cprsync.domain.feed.delivery import WindowReason
from cprsync.domain.policy.policy import Harm
from cprsync.services.feed.subscriptions import Comparison, subscribe_new
from cprsync.services.planning.applying import apply, protect_only
from cprsync.services.planning.planning import FOLLOW_UPS_A_NIGHT, Planner
from cprsync.services.planning.steps import as_of_lookup
from cprsync.services.ports.register import FIRST_COPY, WINDOW, FollowUp, KeptAnswer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cprsync.domain.deciding.guard import Excess
    from cprsync.domain.person.number import CprNumber
    from cprsync.errors import CprsyncError
    from cprsync.services.planning.steps import Plan
    from cprsync.services.ports.night import Night
    from cprsync.services.ports.runs import Run

#: The first round asks everyone. If an answer names another number, that number is subscribed and asked in the next
#: round.
ROUNDS = 1 + LINKS_MAX
#: How many answers are stored together. Answers that a kill loses are asked again.
KEPT_TOGETHER = 500


def ask_open_questions(night: Night, run: Run, planner: Planner) -> None:
    """Look up everyone with an open question and plan the answers. The audit entry is written before."""
    questions = night.store.subscriptions.follow_ups(FOLLOW_UPS_A_NIGHT)
    night.progress.stage("look up", len(questions))
    for start in range(0, len(questions), night.calls):
        _ask(night, run, planner, questions[start : start + night.calls])
        night.raise_if_stopped()
    planner.ask_new_numbers()


def _ask(night: Night, run: Run, planner: Planner, questions: Sequence[FollowUp]) -> None:
    patrons = {patron.id: patron for patron in night.store.patrons.read([q.patron_id for q in questions])}
    asked: dict[CprNumber, list[FollowUp]] = {}
    for question in questions:
        if question.patron_id in patrons:
            asked.setdefault(patrons[question.patron_id].number, []).append(question)
    kept = _kept(night, run, asked)
    rest = {number: some for number, some in asked.items() if number not in kept}
    for kind in sorted({question.kind for some in rest.values() for question in some}):
        night.store.subscriptions.intend(
            run, [q.patron_id for some in rest.values() for q in some if q.kind == kind], kind
        )
    for one in chain(kept.values(), _look_up(night, run, rest)):
        for question in asked[one.answer.number]:
            planner.follow_up(question, patrons[question.patron_id], one.answer, one.as_of)
        night.progress.advance()


def _kept(night: Night, run: Run, asked: Mapping[CprNumber, Sequence[FollowUp]]) -> dict[CprNumber, KeptAnswer]:
    """The answers that the run got before it was stopped, for numbers that are still asked about.

    A first copy carries its day, so it stays valid. The end of a protection needs the register's present state. The
    state that the register had loaded (`seen`) decides that, not the last delivery taken. That delivery can be the same
    for days if nights are stopped, and can change within an hour if one is not.
    """
    seen = as_of_lookup(night).seen
    ids = [question.patron_id for some in asked.values() for question in some]
    found = {one.answer.number: one for one in night.store.subscriptions.kept_answers(run, ids).values()}
    return {
        number: found[number]
        for number, some in asked.items()
        if number in found and (found[number].as_of.seen == seen or all(one.kind == FIRST_COPY for one in some))
    }


def _look_up(night: Night, run: Run, asked: Mapping[CprNumber, Sequence[FollowUp]]) -> Iterator[KeptAnswer]:
    """Ask, and store the answers as they come, so that a stopped night asks nobody twice."""
    as_of = as_of_lookup(night)
    answers = night.register.look_up_many(list(asked))
    while together := list(islice(answers, KEPT_TOGETHER)):
        whose = [(question.patron_id, answer) for answer in together for question in asked[answer.number][:1]]
        night.store.subscriptions.keep_answers(run, whose, as_of)
        yield from (KeptAnswer(answer, as_of) for answer in together)


@dataclass(frozen=True, slots=True)
class WindowsAsked:
    """The result of asking about patrons in a window. `left`: how many are still in one, by reason."""

    asked: int = 0
    answered: int = 0
    #: answers that could not be decided: staff must look
    parked: int = 0
    subscribed: int = 0
    actions: Counter[str] = field(default_factory=Counter)
    #: what decision 3 let through of a share that exceeded a limit
    let_through: Counter[str] = field(default_factory=Counter)
    excess: tuple[Excess, ...] = ()
    left: Mapping[str, int] = field(default_factory=dict)
    #: why some were not answered; None: all were
    error: CprsyncError | None = None
    #: nobody was asked, because no answer could end a window: a delivery that the register has loaded is not taken yet
    awaits_delivery: bool = False

    def document(self) -> dict[str, Any]:
        """The shape of `windows` in a night's report."""
        return {
            "asked": self.asked,
            "answered": self.answered,
            "left": sum(self.left.values()),
            "why": dict(sorted(self.left.items())),
            "brake": [one.document() for one in self.excess],
        }


def ask_about_windows(night: Night, run: Run | None) -> Iterator[WindowsAsked]:
    """Ask about patrons in a window, up to what is left of the day's quota, and write the answers.

    While a due delivery is not taken, no answer ends a window. A night then leaves half of the quota to the run that
    takes the delivery, or a delivery that is late each morning would keep everybody unverified.

    Yields the result so far after each piece of work, so that a night that is stopped knows its counts. Without a run,
    the caller holds the agreement's lock.
    """
    so_far, seen = WindowsAsked(), set[str]()
    leaves_half = run is not None and as_of_lookup(night).awaits_delivery
    most = night.windows_a_day // 2 if leaves_half else night.windows_a_day
    for _ in range(ROUNDS):
        quota = max(0, most - night.store.windows.asked_today().asked)
        due = [one for one in night.store.windows.to_ask(quota + len(seen)) if one not in seen][:quota]
        seen.update(due)
        if not due:
            break
        night.progress.stage("windows", len(due))
        for start in range(0, len(due), night.calls):
            for asked in _ask_share(night, run, due[start : start + night.calls], so_far):
                yield (so_far := asked)
            if so_far.excess or so_far.error is not None:
                break
        if so_far.excess or so_far.error is not None:
            break
    yield replace(so_far, left=night.store.windows.counts())


def _ask_share(night: Night, run: Run | None, ids: Sequence[str], so_far: WindowsAsked) -> Iterator[WindowsAsked]:
    """Look these patrons up, decide, and write what the limits allow. The audit entry is written before."""
    patrons = {patron.number: patron for patron in night.store.patrons.read(ids) if patron.window is not None}
    night.store.windows.intend_to_ask(run, [patron.id for patron in patrons.values()])
    planner, as_of = Planner(night, run), as_of_lookup(night)
    for answer in night.register.look_up_many(list(patrons)):
        patron = patrons[answer.number]
        planner.follow_up(FollowUp(patron.id, WINDOW), patron, answer, as_of)
        night.progress.advance()
    planner.ask_new_numbers()
    plan, asked = planner.plan, so_far.asked + len(patrons)
    excess = _excess(night, plan, parked=so_far.parked + plan.parked)
    yield (so_far := replace(so_far, asked=asked, error=planner.unanswered, excess=excess))
    if excess:
        yield replace(so_far, let_through=so_far.let_through + protect_only(night, run, plan))
        return
    apply(night, run, plan)
    yield (so_far := _count(so_far, plan))
    if plan.renumbers:
        added, unreached = subscribe_new(night, run)
        yield replace(so_far, subscribed=so_far.subscribed + added, error=so_far.error or unreached)
    night.raise_if_stopped()


def _excess(night: Night, plan: Plan, *, parked: int) -> tuple[Excess, ...]:
    added = list(plan.harms())
    harms = [*((harm,) * count for harm, count in night.store.windows.asked_today().harms.items()), *added]
    excess = guard(harms, parked=parked, population=night.store.patrons.count(), limits=night.policy.limits)
    # two nights of a day may exceed a limit together: answers that add nothing to that are written
    own = {Harm.PARKED, *(harm for classes in added for harm in classes)}
    return tuple(one for one in excess if one.harm in own)


def _count(so_far: WindowsAsked, plan: Plan) -> WindowsAsked:
    return replace(
        so_far,
        parked=so_far.parked + plan.parked,
        answered=so_far.answered + sum(step.verifies is not None for step in plan.steps),
        actions=so_far.actions
        + Counter(action.value for step in plan.changes if step.write for action in step.write.actions),
    )


def ask_about_windows_between_nights(night: Night, *, more: int | None = None) -> WindowsAsked:
    """Ask about patrons in a window now, within what is left of the day's quota. `more`: so many more, in any case.

    While a due delivery is not taken, nobody is asked unless `more` is given: no answer would end a window, and the
    night that takes the delivery needs the quota. Nobody is asked either as long as the register does not say whom an
    older copy of the database has, and the register no longer: an answer would hide that.

    Raises RunBusy while a night runs.
    """
    store = night.store
    with store.runs.lock():
        if more is not None:
            night = replace(night, windows_a_day=store.windows.asked_today().asked + more)
        elif as_of_lookup(night).awaits_delivery:
            return WindowsAsked(left=store.windows.counts(), awaits_delivery=True)
        left = store.windows.counts()
        if WindowReason.RESTORED.value in left:
            comparison = Comparison(night, None)
            comparison.leave_ended()
            if comparison.hides_ended:
                return WindowsAsked(left=left, error=comparison.error)
        *_, asked = ask_about_windows(night, None)
    return asked
