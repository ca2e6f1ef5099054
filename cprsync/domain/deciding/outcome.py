"""What became of each number of a delivery: the classes of a run's balance sheet (decision 24).

Each number is counted in exactly one of them. The report checks the sum.
"""

from __future__ import annotations

import enum


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
