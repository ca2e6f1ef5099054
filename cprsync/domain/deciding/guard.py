"""The brake over a whole plan: how much harm one night may do. Does no I/O; refuses before the first write."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cprsync.domain.policy.policy import Harm

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cprsync.domain.policy.policy import Limit


@dataclass(frozen=True, slots=True)
class Excess:
    """One class of harm that is over its limit."""

    harm: Harm
    count: int
    limit: int


def guard(
    harms: Iterable[tuple[Harm, ...]], *, parked: int, population: int, limits: Mapping[Harm, Limit]
) -> tuple[Excess, ...]:
    """Names the classes that are over their limit; empty: the plan may go on.

    Args:
        harms: the classes of each planned change.
        parked: how many people of the night could not be decided.
        population: how many patrons the library has, for limits given as a share.
        limits: the library's policy; a class without a limit never stops the plan.
    """
    counts = Counter(harm for classes in harms for harm in classes)
    counts[Harm.PARKED] += parked
    return tuple(
        Excess(harm, counts[harm], limit.of(population))
        for harm, limit in limits.items()
        if counts[harm] > limit.of(population)
    )
