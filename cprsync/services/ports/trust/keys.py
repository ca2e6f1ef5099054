"""The keys: the port of the store, and what it answers of a key and of a rotation. Shows no secret."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager
    from datetime import datetime


class KeyState(enum.Enum):
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
    #: how many rows name it, by table, and how many lines of the files beside the database, by file: of all libraries
    rows: Mapping[str, int]
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


#: What a key is for, in the order in which keys are rotated.
PURPOSES: Final = ("seal", "index", "fingerprint", "audit", "checkpoint", "pin")


@dataclass(frozen=True, slots=True)
class SharePlace:
    """Where the next share of a rotation begins: the pass, and the key of the last row. Names no person."""

    number: int
    after: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class RotatedShare:
    """What one transaction of a rotation did."""

    table: str
    #: rows that name the newest key now
    done: int
    #: values that do not open: they stay as they are
    left: int
    #: where the next share begins; None: this was the last
    place: SharePlace | None


@dataclass(frozen=True, slots=True)
class Rotation:
    """A rotation that was begun and is not finished: it is at work, or was stopped."""

    purpose: str
    #: the new key, and the date of its file
    key: str
    since: datetime
    #: rows that name an older key, of all rows that are brought to the new one; 0 of 0: no row is
    left: int
    rows: int


class Keys(Protocol):
    """The keys of the store."""

    def uses(self) -> list[KeyUse]:
        """Return every key of the folder, and every other one that is named, by purpose and the newest first.

        Reads every row of all libraries: they share the keys.
        """

    def rotating(self) -> AbstractContextManager[None]:
        """Let nobody else change the keys of the folder meanwhile. Raises RunBusy if somebody does."""

    def is_unfinished(self, purpose: str) -> bool:
        """Tells whether an older key of the purpose is there, and the rows were not all brought to the newest one."""

    def unfinished(self) -> list[Rotation]:
        """Return the rotations that are not finished. Counts rows only if there is one."""

    def add(self, purpose: str, *, user: str) -> str:
        """Add a key that does not write yet, unless one is there, and note it. Returns its id."""

    def let_write(self, purpose: str) -> str:
        """Make the added key the one that writes. Returns the id of the key that writes now."""

    def note_writing(self, purpose: str, *, user: str) -> None:
        """Write in the audit that the added key is about to write."""

    def apply_share(self, purpose: str, place: SharePlace | None, *, most: int) -> RotatedShare:
        """Bring at most `most` rows to the newest key, in one transaction. `place`: as the last share told it.

        Raises AuditBroken if the records are not what was written, which a rotation would hide.
        """

    def finish(self, purpose: str, *, rows: int, user: str) -> None:
        """Note that all rows of the library were brought to the newest key."""

    def destroy(self, purpose: str, key_id: str, *, user: str) -> None:
        """Destroy a key that nothing names, as seen under the lock of every library.

        Raises BadInput if something names it, or if it is the one that writes, or no key of the folder.
        """
