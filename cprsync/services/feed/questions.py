"""Asks the register what is open: new patrons, questions that were not answered, and every patron in a window.

A new patron's record says "not yet verified" until their look-up is answered. In a window, deliveries may lack news of
a number (decisions 32 and 33). That work is done in shares, in a night or between two nights. Each share is decided,
guarded and written before the next is asked, so that a killed run continues where it stopped. The limit counts the harm
of the whole day: that of earlier shares and of the night's deliveries.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from cprsync.domain.deciding.guard import guard
from cprsync.domain.deciding.number_change import LINKS_MAX
from cprsync.errors import CprsyncError
from cprsync.services.feed.subscriptions import subscribe_new
from cprsync.services.planning.applying import apply, protect_only
from cprsync.services.planning.planning import FOLLOW_UPS_A_NIGHT, Planner
from cprsync.services.ports.register import FIRST_COPY, WINDOW, FollowUp, KeptAnswer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from cprsync.domain.deciding.guard import Excess
    from cprsync.domain.person.number import CprNumber
    from cprsync.domain.policy.policy import Harm
    from cprsync.errors import CprsyncError
    from cprsync.services.planning.steps import Plan
    from cprsync.services.ports.night import Night
    from cprsync.services.ports.runs import Run

#: The first round asks everyone. If an answer names another number, that number is subscribed and asked in the next
#: round.
ROUNDS = 1 + LINKS_MAX


#: How many answers are stored together. Answers that a kill loses are asked again.
KEPT_TOGETHER = 500


@dataclass(slots=True)
class Healed:
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

    def document(self) -> dict[str, Any]:
        """The shape of `windows` in a night's report."""
        return {
            "asked": self.asked,
            "answered": self.answered,
            "left": sum(self.left.values()),
            "why": dict(sorted(self.left.items())),
            "brake": [{"class": one.harm.value, "count": one.count, "limit": one.limit} for one in self.excess],
        }


def heal_windows(night: Night, run: Run | None, healed: Healed, *, before: Iterable[tuple[Harm, ...]] = ()) -> None:
    """Ask about patrons in a window, up to what is left of the day's quota, and write the answers.

    Args:
        night: the ports.
        run: the night's run; None: between two nights, and the caller holds the agreement's lock.
        healed: receives the counts, also of a part that was stopped.
        before: the classes of harm that the run has written already.
    """
    done = Counter(harm for classes in before for harm in classes)
    seen: set[str] = set()
    for _ in range(ROUNDS):
        quota = max(0, night.windows_a_day - night.store.windows.asked_today().asked)
        due = [one for one in night.store.windows.to_ask(quota + len(seen)) if one not in seen][:quota]
        seen.update(due)
        if not due or not _heal(night, run, due, healed, done):
            break
    healed.left = night.store.windows.counts()


def _heal(night: Night, run: Run | None, due: Sequence[str], healed: Healed, done: Counter[Harm]) -> bool:
    """Ask in shares. Return False if something stopped it."""
    night.progress.stage("windows", len(due))
    for start in range(0, len(due), night.calls):
        plan = _plan_share(night, run, due[start : start + night.calls], healed)
        if not _is_within_limits(night, plan, healed, done):
            healed.let_through += protect_only(night, run, plan)
            return False
        _write_share(night, run, plan, healed)
        night.raise_if_stopped()
        if healed.error is not None:
            return False
    return True


def _plan_share(night: Night, run: Run | None, ids: Sequence[str], healed: Healed) -> Plan:
    """Look these patrons up and plan the answers. The audit entry is written before."""
    patrons = {patron.number: patron for patron in night.store.patrons.read(ids) if patron.window is not None}
    night.store.windows.intend_to_ask(run, [patron.id for patron in patrons.values()])
    planner, as_of = Planner(night, run), night.as_of_lookup()
    for answer in night.register.look_up_many(list(patrons)):
        patron = patrons[answer.number]
        planner.follow_up(FollowUp(patron.id, WINDOW), patron, answer, as_of)
        night.progress.advance()
    planner.ask_new_numbers()
    healed.asked += len(patrons)
    healed.error = planner.unanswered
    return planner.plan


def _is_within_limits(night: Night, plan: Plan, healed: Healed, done: Counter[Harm]) -> bool:
    so_far = done + Counter(night.store.windows.asked_today().harms)
    counted = [(harm,) * count for harm, count in so_far.items()]
    healed.excess = guard(
        [*counted, *plan.harms()],
        parked=healed.parked + plan.parked,
        population=night.store.patrons.count(),
        limits=night.policy.limits,
    )
    return not healed.excess


def _write_share(night: Night, run: Run | None, plan: Plan, healed: Healed) -> None:
    night.store.windows.count_harms(run, Counter(harm for classes in plan.harms() for harm in classes))
    apply(night, run, plan)
    healed.parked += plan.parked
    healed.answered += sum(step.verifies is not None for step in plan.steps)
    healed.actions.update(action.value for step in plan.steps if step.write for action in step.write.actions)
    if any(step.write is not None and step.write.renumbered for step in plan.steps):
        added, unreached = subscribe_new(night, run)
        healed.subscribed += added
        healed.error = healed.error or unreached


def heal_between_nights(night: Night) -> Healed:
    """Ask about patrons in a window now, within what is left of the day's quota.

    Raises RunBusy while a night runs.
    """
    healed = Healed()
    with night.store.runs.lock():
        heal_windows(night, None, healed)
    return healed


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
    seen = night.as_of_lookup().seen
    ids = [question.patron_id for some in asked.values() for question in some]
    found = {one.answer.number: one for one in night.store.subscriptions.kept_answers(run, ids).values()}
    return {
        number: found[number]
        for number, some in asked.items()
        if number in found and (found[number].as_of.seen == seen or all(one.kind == FIRST_COPY for one in some))
    }


def _look_up(night: Night, run: Run, asked: Mapping[CprNumber, Sequence[FollowUp]]) -> Iterator[KeptAnswer]:
    """Ask, and store the answers as they come, so that a stopped night asks nobody twice."""
    as_of = night.as_of_lookup()
    answers = night.register.look_up_many(list(asked))
    while together := list(islice(answers, KEPT_TOGETHER)):
        whose = [(question.patron_id, answer) for answer in together for question in asked[answer.number][:1]]
        night.store.subscriptions.keep_answers(run, whose, as_of)
        yield from (KeptAnswer(answer, as_of) for answer in together)
