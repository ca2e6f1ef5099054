"""Asks between two nights about patrons who were registered while the register did not answer.

A night asks about them too, as about every patron without a first copy. This is for the hours before it: a page that
stays open asks every few minutes, and `feed heal` asks now. What the answers mean is decided as in a night.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from cprsync.domain.deciding.guard import guard
from cprsync.services.feed.subscriptions import subscribe_patrons
from cprsync.services.planning.applying import apply, protect_only
from cprsync.services.planning.planning import Planner
from cprsync.services.planning.steps import as_of_lookup
from cprsync.services.ports.register import FIRST_COPY, FollowUp

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cprsync.errors import CprsyncError
    from cprsync.services.ports.night import Night

#: The most patrons asked about at a time. Who is left is asked about the next time.
ASKED_MAX: Final = 500


@dataclass(frozen=True, slots=True)
class ProvisionalAsked:
    """The result: how many were asked about, and how many still wait for the register."""

    asked: int = 0
    left: int = 0
    #: why some were not answered; None: all were
    error: CprsyncError | None = None
    #: an answer did more harm than is allowed without a night: it is left to the night, which plans all of it
    held: bool = False

    def document(self) -> dict[str, Any]:
        return {"asked": self.asked, "left": self.left}


def ask_about_provisional(night: Night) -> ProvisionalAsked:
    """Subscribe the patrons who wait, look them up, and write the answers. Raises RunBusy while a night runs."""
    with night.store.runs.lock():
        ids, done = night.store.provisional.to_ask(ASKED_MAX), ProvisionalAsked()
        for start in range(0, len(ids), night.calls):
            share = ids[start : start + night.calls]
            done = replace(_ask_share(night, share), asked=done.asked + len(share))
            if done.error is not None or done.held:
                break
            night.raise_if_stopped()
    return replace(done, left=night.store.provisional.waiting().register)


def _ask_share(night: Night, ids: Sequence[str]) -> ProvisionalAsked:
    """Ask about these patrons, and write the answers. The audit entry is written before."""
    patrons = {patron.number: patron for patron in night.store.patrons.read(ids)}
    unreached = subscribe_patrons(night, {number: patron.id for number, patron in patrons.items()})
    if unreached is not None:
        return ProvisionalAsked(error=unreached)
    night.store.subscriptions.intend(None, [patron.id for patron in patrons.values()], FIRST_COPY)
    planner, as_of = Planner(night, None), as_of_lookup(night)
    for answer in night.register.look_up_many(list(patrons)):
        patron = patrons[answer.number]
        planner.follow_up(FollowUp(patron.id, FIRST_COPY), patron, answer, as_of)
    planner.ask_new_numbers()
    plan = planner.plan
    population, limits = night.store.patrons.count(), night.policy.limits
    if guard(plan.harms(), parked=plan.parked, population=population, limits=limits):
        protect_only(night, None, plan)
        return ProvisionalAsked(error=planner.unanswered, held=True)
    apply(night, None, plan)
    return ProvisionalAsked(error=planner.unanswered)
