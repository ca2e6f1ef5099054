"""What a look-up counts for, and when the feed could not have told of a number: written from decisions 32 and 35.

Third part of the model, beside `slow_register` and `slow_model`. Imports nothing of the program. A record's `window` is
the day up to which an answer must have seen everything; None: the record is verified.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from slow_register import Dict


class Register(NamedTuple):
    """The register as the library stands to it at a moment of a morning."""

    #: what it says of a number; None: it does not answer
    ask: Callable[[str], Any]
    #: the last day that its answers know of
    seen: date
    #: the day of the last delivery that the library has taken; None: none yet
    taken: date | None
    #: whether it answers at all
    answers: bool = True

    @property
    def day(self) -> date:
        """Decision 35: the day of a look-up never lies after the last delivery that was really taken."""
        return self.seen if self.taken is None or self.taken > self.seen else self.taken


def subscribe(record: Dict, register: Register) -> None:
    """Let the register tell of the number she has now, from today's delivery on.

    The deliveries up to yesterday's cannot have told of it. A record that is true for an earlier day may have missed
    something (decision 32); one of which no source has spoken is unverified anyway.
    """
    if not register.answers or record["subscribed"] == record["number"]:
        return
    record["subscribed"] = record["number"]
    if record["as_of"] is not None and record["as_of"][0] < register.seen:
        record["window"] = max(register.seen, record["window"] or register.seen)


def day_that_counts(record: Dict, register: Register) -> date:
    """In a window the feed has not told everything, so an answer counts for all that it has seen."""
    return register.day if record["window"] is None else register.seen


def close_if_answered(record: Dict, register: Register) -> None:
    """The register has answered, and someone could decide it: the window closes if nothing is missing.

    A delivery that the answer knows of and the library has not taken is still to come. It will count as newer than the
    answer, and may put back what the answer has replaced. So the window stays open until that delivery is taken.
    """
    awaits = register.day != register.seen
    if record["window"] is not None and not awaits and register.seen >= record["window"]:
        record["window"] = None


def waits_for_an_answer(record: Dict) -> bool:
    """Whether the night asks because of the window: a question that each night asks anyway closes it too."""
    return record["window"] is not None and not record["questions"] & {"first_copy", "number_change"}
