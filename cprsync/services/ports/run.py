"""One run of a night, its states, and the one clock."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Run:
    """One run of one agreement. `epoch` is the fence that a newer run moves."""

    id: int
    epoch: int
    day: date
    started: datetime
    resumed: bool = False
    #: how many items of the deliveries are written: a resumed run starts after them
    checkpoint: int = 0


class RunState(enum.Enum):
    """The states of a run (decision 17)."""

    #: deliveries are in the inbox
    FETCHED = "fetched"
    #: the deliveries are complete and in chain
    ACCEPTED = "accepted"
    #: the whole plan is stored
    PLANNED = "planned"
    #: stopped by a limit
    HELD = "held"
    #: two people have approved
    APPROVED = "approved"
    #: the first batch may have been written
    APPLYING = "applying"
    #: the outbox was offered to the counterparts
    PUBLISHED = "published"
    #: the report is written
    CLOSED = "closed"


class Clock(Protocol):
    """The one clock. In a test environment it may be the mock's."""

    def now(self) -> datetime:
        """The present moment, with time zone, in UTC."""
        ...

    def today(self) -> date:
        """The present day in Copenhagen."""
        ...
