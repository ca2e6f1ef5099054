"""Deletes data that has passed its retention period, by kind and a few rows at a time. A killed run continues later.

Each night does this after its days, unless something stopped it. There is also a command. What the kinds are, and when
their period ends, is decided by `domain.leaving.leaving` and the store.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from cprsync.domain.leaving.leaving import Forgotten

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date

    from cprsync.domain.policy.policy import Policy
    from cprsync.services.ports.night import Night
    from cprsync.services.ports.run import Run
    from cprsync.services.ports.store import Store

#: Rows deleted in one transaction. Desk users wait at most for one transaction.
AT_ONCE: Final = 500


def forget_of_night(night: Night, run: Run, before: Mapping[str, int], *, only_plan: bool) -> dict[str, int]:
    """Delete what is due by the night's day. Return how many by kind.

    The counts include `before`, what the run deleted before it was killed. `only_plan`: delete nothing.
    """
    if only_plan:
        return dict(night.store.retention.forgettable(night.policy, on=run.day))
    night.progress.stage("forget", len(Forgotten))
    done = forget_all(
        night.store,
        run,
        night.policy,
        on=run.day,
        limit=min(night.batch, AT_ONCE),
        raise_if_stopped=night.raise_if_stopped,
    )
    counts = Counter(before) + Counter(done)
    return {kind.value: counts[kind.value] for kind in Forgotten if counts[kind.value]}


def forget_all(  # noqa: PLR0913 -- how a night does it, and how a command
    store: Store,
    run: Run | None,
    policy: Policy,
    *,
    on: date,
    limit: int = AT_ONCE,
    raise_if_stopped: Callable[[], None] = lambda: None,
) -> dict[str, int]:
    """Delete all that is due by a day. Return how many by kind, without kinds that had none."""
    counts: Counter[str] = Counter()
    for kind in Forgotten:
        # a few entries may pass their check where later ones fail: all that are due are cut, or none
        gone = limit if kind is not Forgotten.LOG or store.retention.count_log(policy, on=on) else 0
        while gone == limit:
            gone = store.retention.forget(run, kind, policy, on=on, limit=limit)
            counts[kind.value] += gone
            raise_if_stopped()
    return dict(+counts)
