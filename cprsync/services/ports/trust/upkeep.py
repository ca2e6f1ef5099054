"""What is done to keep an installation safe, and the version of its store."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


class UpkeepTask(enum.Enum):
    """What is done to keep an installation safe."""

    BACKUP = "backup"
    RESTORE = "restore"
    DRILL = "drill"
    #: all rows were brought to the newest key of a purpose
    KEYS = "keys"
    #: an older copy was put back: whoever was registered since is not known here (part), until someone decided (done)
    LOSS = "loss"


class UpkeepOutcome(enum.Enum):
    """How it ended."""

    DONE = "done"
    #: a part was done, and no more was asked for: a drill without the private key opens no keys
    PART = "part"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Upkeep:
    """Something that was done to keep the installation safe, and when."""

    task: UpkeepTask
    at: datetime
    outcome: UpkeepOutcome
    #: words and numbers for screens and alarms, never of a person; what failed is in `kind`
    detail: Mapping[str, str | int]


class UpkeepLog(Protocol):
    """What was done to keep the installation safe."""

    def note(
        self, task: UpkeepTask, outcome: UpkeepOutcome, detail: Mapping[str, str | int], *, at: datetime | None = None
    ) -> None:
        """Write that it was done at a moment, or now. The oldest are deleted when there are many."""

    def last(self, task: UpkeepTask, *outcomes: UpkeepOutcome) -> Upkeep | None:
        """Return the last time that it was done, with one of these outcomes if any are named. None: never."""


@dataclass(frozen=True, slots=True)
class StoreVersion:
    """The version that a store has (None: not set up) and the version it should have."""

    current: str | None
    wanted: str

    @property
    def up_to_date(self) -> bool:
        return self.current == self.wanted

    @property
    def is_newer(self) -> bool:
        """Whether the store is at a migration that this program does not know."""
        return self.current is not None and self.current > self.wanted
