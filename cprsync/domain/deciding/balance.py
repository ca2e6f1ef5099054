"""The balance sheet of a run. It counts every number of every delivery in exactly one class (decision 24)."""

from __future__ import annotations

import enum
from collections import Counter
from dataclasses import dataclass, field


class Outcome(enum.Enum):
    """What became of a delivered number."""

    #: the record was changed
    APPLIED = "applied"
    #: the record had the same data already, or a newer source has answered
    UNCHANGED = "unchanged"
    #: waits for a decision by staff
    PARKED = "parked"
    #: not a patron of this library
    NOT_OURS = "not_ours"
    #: stopped by the guard
    HELD = "held"


@dataclass(slots=True)
class Balance:
    """Counts by outcome. `received` is counted separately, so that a wrong sum is noticed."""

    received: int = 0
    counts: Counter[Outcome] = field(default_factory=Counter)

    def add(self, outcome: Outcome) -> None:
        self.counts[outcome] += 1

    @property
    def adds_up(self) -> bool:
        """True when received = applied + unchanged + parked + not ours + held."""
        return self.received == self.counts.total()
