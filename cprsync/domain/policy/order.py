"""What is wrong with a list of a policy, and with which entry: a hole, an overlap, a step backwards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from cprsync.errors import WrongValue

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date


class OutOfOrder(WrongValue):
    """A list that does not continue as it should. `place` leads to the entry; positions count from 0."""

    def __init__(self, message: str, *place: str | int, **values: Any) -> None:
        super().__init__(message, **values)
        self.place = place

    def within(self, *place: str | int) -> Self:
        """The same mistake, in a list that stands at `place`."""
        return type(self)(self.sentence, *place, *self.place, **self.values)


def check_days(days: Sequence[date], message: str) -> None:
    """Checks that the days rise. Raises OutOfOrder at the first day that is not later than the one before."""
    for position in range(1, len(days)):
        if days[position] <= days[position - 1]:
            raise OutOfOrder(message, position)
