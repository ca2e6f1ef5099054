"""Retention: what is over is forgotten, kind by kind and a few at a time; a run that was killed goes on with the rest.

Part of each night that lives its days, after them, and a command of its own. What a kind is, and when it is over, is
decided by `domain.leaving.forgetting` and the store.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final, Protocol

from cprsync.domain.leaving.forgetting import Forgotten

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date

    from cprsync.domain.policy.policy import Policy
    from cprsync.services.ports.night import Night
    from cprsync.services.ports.values import Run

#: Rows that go in one transaction: whoever works at the desk waits no longer than for these.
AT_ONCE: Final = 500


class Forgetting(Protocol):
    """What retention needs of the store."""

    def forget(self, run: Run | None, kind: Forgotten, policy: Policy, *, on: date, limit: int) -> int: ...

    def count_log(self, policy: Policy, *, on: date) -> int: ...

    def forgettable(self, policy: Policy, *, on: date) -> Mapping[str, int]: ...


def forget_of_night(night: Night, run: Run, before: Mapping[str, int], *, only_plan: bool) -> dict[str, int]:
    """Forget what is over by the night's day; returns how many by kind, with those of `before` it was killed."""
    if only_plan:
        return dict(night.store.forgettable(night.policy, on=run.day))
    night.progress.stage("forget", len(Forgotten))
    done = forget_all(night.store, run, night.policy, on=run.day, limit=min(night.batch, AT_ONCE), heed=night.heed)
    counts = Counter(before) + Counter(done)
    return {kind.value: counts[kind.value] for kind in Forgotten if counts[kind.value]}


def forget_all(  # noqa: PLR0913 -- how a night does it, and how a command
    store: Forgetting,
    run: Run | None,
    policy: Policy,
    *,
    on: date,
    limit: int = AT_ONCE,
    heed: Callable[[], None] = lambda: None,
) -> dict[str, int]:
    """Forget all that is over by a day; returns how many by kind, without those of which there were none."""
    counts: Counter[str] = Counter()
    for kind in Forgotten:
        # a few entries may hold where those behind them do not: it is cut as a whole or not at all
        gone = limit if kind is not Forgotten.LOG or store.count_log(policy, on=on) else 0
        while gone == limit:
            gone = store.forget(run, kind, policy, on=on, limit=limit)
            counts[kind.value] += gone
            heed()
    return dict(+counts)
