"""The keys: which there are, and what names each of them. Never a secret."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


class KeyState(Enum):
    """What a key does."""

    #: seals and signs what is written now
    WRITES = "writes"
    #: opens what was written with it
    READS = "reads"
    #: was added, and does not write yet: everybody takes it first
    NEXT = "next"
    #: rows name it, and it is not in the key folder
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class KeyUse:
    """One key, and what names it."""

    purpose: str
    id: str
    state: KeyState
    #: the file's own date; None: the key is lost
    made: datetime | None
    #: how many rows name it, by table, in this library
    rows: Mapping[str, int]
    #: how many lines of the files beside the database name it, by file, in all libraries
    lines: Mapping[str, int]

    def document(self) -> dict[str, Any]:
        """The JSON shape of it."""
        return {
            "purpose": self.purpose,
            "id": self.id,
            "state": self.state.value,
            "made": None if self.made is None else self.made.isoformat(timespec="seconds"),
            "rows": dict(self.rows),
            "lines": dict(self.lines),
            "total": sum(self.rows.values()) + sum(self.lines.values()),
        }


class Keys(Protocol):
    """The keys of the store."""

    def uses(self) -> list[KeyUse]:
        """Return every key of the folder, and every other one that is named, by purpose and the newest first.

        Reads every row.
        """
