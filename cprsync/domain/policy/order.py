"""What is wrong with a list of a policy, and with which entry: a hole, an overlap, a step backwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date


class OutOfOrder(ValueError):
    """A list that does not continue as it should. `place` leads to the entry; positions count from 0."""

    def __init__(self, message: str, *place: str | int) -> None:
        super().__init__(message)
        self.place = place


def check_days(days: Sequence[date], message: str) -> None:
    """Checks that the days rise. Raises OutOfOrder at the first day that is not later than the one before."""
    for position in range(1, len(days)):
        if days[position] <= days[position - 1]:
            raise OutOfOrder(message, position)
