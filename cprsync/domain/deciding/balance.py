"""The balance sheet of a run: every number of every delivery in exactly one class (decision 24)."""

from __future__ import annotations

import enum
from collections import Counter
from dataclasses import dataclass, field


class Outcome(enum.Enum):
    """Where a delivered number ended."""

    #: the record was changed
    APPLIED = "applied"
    #: the record already said so, or a newer source has spoken
    UNCHANGED = "unchanged"
    #: waits for a person
    PARKED = "parked"
    #: no patron of this library
    NOT_OURS = "not_ours"
    #: stopped by a brake
    HELD = "held"


@dataclass(slots=True)
class Balance:
    """Counts by outcome; `received` is counted apart, so that the sum can be wrong and show it."""

    received: int = 0
    counts: Counter[Outcome] = field(default_factory=Counter)

    def add(self, outcome: Outcome) -> None:
        self.counts[outcome] += 1

    @property
    def adds_up(self) -> bool:
        """True when received = applied + unchanged + parked + not ours + held."""
        return self.received == self.counts.total()
