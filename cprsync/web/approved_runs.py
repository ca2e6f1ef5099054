"""Runs at once what two people have approved: the night that writes a held plan, or the undo of a run.

The page of a night and the API start it here.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

import structlog

from cprsync.errors import kind_of
from cprsync.services.night.approving import HeldPlan, make_sure_that_approved, show_plan
from cprsync.services.ports.trust.audit import demanded_reason

if TYPE_CHECKING:
    from cprsync.web.memory.places import Place

#: How long somebody waits for a run that they have started.
RUN_SECONDS: Final = 5.0
_LOG: Final = structlog.get_logger("cprsync.web")


@dataclass(frozen=True, slots=True)
class StartedRun:
    """A run that somebody has started."""

    #: the run that it undoes; None: it is a night
    undoes: int | None
    #: the newest run, once it has ended; None: it goes on beside
    run: int | None


def run_approved_plan(place: Place, plan: str, *, user: str, reason: str) -> StartedRun:
    """Run what writes an approved plan, now. What takes longer than `RUN_SECONDS` goes on beside.

    It may be killed anywhere. The next night goes on with a night, and `runs revert` with an undo.

    Args:
        place: where it was asked for.
        plan: the plan's hash.
        user: who starts it.
        reason: why a run is undone. A night needs none.

    Raises:
        BadInput: another plan is held, or none; or two people have not approved it.
        ConfigurationError: an undo has no reason.
        RunBusy: another run is active.
    """
    desk, site = place.desk, place.site
    shown = show_plan(desk.store, agency=desk.agency, now=desk.clock.now(), wanted=plan)
    undoes = shown.undoes if isinstance(shown, HeldPlan) else None
    make_sure_that_approved(desk.store, plan, now=desk.clock.now())
    start = partial(site.run_approved_night, plan)
    if undoes is not None:
        demanded_reason(reason, of="say why the run is undone")
        start = partial(site.run_approved_undo, plan, undoes, user=user, reason=reason)
    with desk.store.runs.lock():
        # no run is active: RunBusy says so before this one begins
        pass
    failures: list[Exception] = []

    def run() -> None:
        try:
            start()
        except Exception as error:  # noqa: BLE001 -- nobody may be waiting for it any more: the log has its kind
            _LOG.error("night.at_once.failed", kind=kind_of(error))
            failures.append(error)

    beside = threading.Thread(target=run, name="night", daemon=True)
    beside.start()
    beside.join(RUN_SECONDS)
    if failures:
        raise failures[0]
    return StartedRun(undoes, None if beside.is_alive() else desk.store.runs.list_runs(most=1)[0].run)
