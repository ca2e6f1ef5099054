"""Publish: tell the net media what waits for them, patron by patron in order, and write down what came of it.

A night that cannot reach them is as good as any other: what waits goes with the next. Leaves out which calls that
takes, and which state is to be set: the first is the domain's, the second was decided with the change itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from cprsync.domain.account import FORBIDDEN, Settled, Unsettled
from cprsync.errors import NetMediaRefused, NetMediaUntrusted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cprsync.domain.account import Effect
    from cprsync.errors import CprsyncError
    from cprsync.sync.night import Night
    from cprsync.sync.values import Run

#: Answers that are written down in one transaction: what is lost with a kill is asked again.
TOGETHER: Final = 500


@dataclass(slots=True)
class Published:
    """What one pass over the outbox did."""

    sent: int = 0
    #: patrons about whom a person has to look now
    left: list[str] = field(default_factory=list)
    #: why it did not do all that it should
    error: CprsyncError | None = None

    @property
    def is_over(self) -> bool:
        """Nothing that is tried now would come through."""
        return isinstance(self.error, NetMediaRefused | NetMediaUntrusted)


def publish(night: Night, run: Run, *, only: Sequence[str] | None = None) -> Published:
    """Send what waits, each patron's effects once at most; what does not come through waits on.

    Args:
        night: without net media set up, nothing is sent.
        run: whose audit entries tell of it.
        only: these patrons; else everyone for whom anything waits.

    Raises FenceLost when a newer run has taken over, RunStopped when someone asked the night to stop.
    """
    done = Published()
    if night.net_media is None:
        return done
    ids = night.store.outbox_order() if only is None else list(only)
    if ids:
        night.progress.stage("publish", len(ids))
    for start in range(0, len(ids), night.calls):
        night.heed()
        part = ids[start : start + night.calls]
        if not _send(night, run, part, done):
            break
        night.progress.advance(len(part))
    return done


def _send(night: Night, run: Run, ids: Sequence[str], done: Published) -> bool:
    """Send what waits for these patrons; False: nobody answers, or nobody is to be asked."""
    assert night.net_media is not None  # noqa: S101 -- as the caller has seen
    queues = night.store.outbox_queues(ids)
    night.store.offer([effect for queue in queues for effect in queue])
    seen: set[str] = set()
    together: list[tuple[Effect, Settled | Unsettled]] = []
    for effect, outcome in night.net_media.send_many(queues):
        seen.add(effect.patron_id)
        if not isinstance(outcome, Settled | Unsettled):
            done.error = done.error or outcome
            continue
        if isinstance(outcome, Unsettled) and outcome.code in FORBIDDEN:
            done.error = NetMediaRefused("CULR answers {code}", code=outcome.code.value)
            continue
        together.append((effect, outcome))
        if len(together) >= TOGETHER:
            _write(night, run, together, done)
    _write(night, run, together, done)
    return not done.is_over and len(seen) == len(queues)


def _write(night: Night, run: Run, together: list[tuple[Effect, Settled | Unsettled]], done: Published) -> None:
    if together:
        done.left += night.store.settle(run, together)
        done.sent += sum(isinstance(outcome, Settled) for _, outcome in together)
        together.clear()
