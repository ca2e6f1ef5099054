"""Patrons who leave and records that are erased: the ports of the store, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    from datetime import date

    from cprsync.domain.desk.parting import Parting
    from cprsync.domain.leaving.leaving import Departing, Forgotten, Ties
    from cprsync.domain.patron.local import Stage
    from cprsync.domain.policy.policy import Policy
    from cprsync.services.ports.runs import Departed, Run


@dataclass(frozen=True, slots=True)
class Erased:
    """What others must still confirm about a patron whose record is empty."""

    #: subscriptions that the register must end
    subscriptions: int = 0
    #: deletions that the net media must be told
    accounts: int = 0
    #: other systems that must hear that the patron is gone
    targets: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.subscriptions or self.accounts or self.targets)

    def document(self) -> dict[str, Any]:
        """The JSON shape."""
        return {"subscriptions": self.subscriptions, "accounts": self.accounts, "targets": list(self.targets)}


#: Everyone has confirmed.
CONFIRMED: Final = Erased()


@dataclass(frozen=True, slots=True)
class Departure:
    """How far one patron's leaving has come, and what holds it up."""

    patron_id: str
    stage: Stage
    ties: Ties
    #: the day on which the patron asked to leave
    since: date | None
    #: open reservations that were dropped when the record was closed
    dropped: int = 0
    #: the record is empty; the patron is closed when nothing here is left to confirm
    waits: Erased = CONFIRMED


@dataclass(frozen=True, slots=True)
class AcceptedJournal:
    """The erase journal that a library continues with."""

    #: patrons in it, and lines that the database had seen
    patrons: int
    seen: int
    #: patrons who left but were still in the database, and who are written down again
    again: int
    #: the file failed its check and was moved aside
    set_aside: bool


class Leaving(Protocol):
    """Patrons who leave."""

    def departing(self, inactive_before: date | None) -> Departing:
        """Return the patrons who are inactive by the policy, and those who are leaving and have nothing open."""

    def depart(self, run: Run, leaving: Departing, *, inactive_before: date | None) -> Departed:
        """Mark the inactive as leaving and close the free, in one transaction. Each is checked again."""

    def parting(self, patron_id: str) -> Parting | None:
        """Return what is known of a patron who is to leave or be erased; None: there never was such a patron."""

    def leave(self, patron_id: str, *, user: str, reason: str = "") -> Departure | None:
        """Take a request to leave. The record is closed at once if nothing is open. None: there is no such patron.

        `reason`: why it was done in spite of a warning.
        """

    def was_given(self, patron_id: str) -> bool:
        """Whether this ever was a patron's number, even if nothing is left of the patron."""


class Erasing(Protocol):
    """Records that are erased."""

    def erase(self, patron_id: str, *, user: str, reason: str = "") -> Erased | Ties | None:
        """Erase one patron. Ties: these keep the patron, and nothing is written. None: there is no such patron.

        `reason`: why it was done in spite of a warning. It is deleted with the rest, and its hash stays in the audit.
        The journal has the patron before the database does: after a kill, the next command that opens the store
        finishes.
        """

    def sweep(self, run: Run) -> int:
        """Delete ended subscriptions, and shells that the register has released. Returns how many shells."""


class Retention(Protocol):
    """What is deleted after its retention period."""

    def forget(self, run: Run | None, kind: Forgotten, policy: Policy, *, on: date, limit: int) -> int:
        """Delete at most `limit` rows of a kind, in one transaction. Returns how many were deleted."""

    def forgettable(self, policy: Policy, *, on: date) -> dict[str, int]:
        """Count how many rows of each kind are due on a day, as things are now, without kinds that have none.

        No audit entry may be cut while a beginning of the audit fails its check. Writes nothing.
        """


class Journal(Protocol):
    """The erase journal, which outlives an older copy of the store."""

    def replay(self) -> int:
        """Erase again those that an older copy of the store brought back. Returns how many, since the last call."""

    def begin(self) -> None:
        """Replay the journal when the store is opened. The next call of `replay` counts these too."""

    def put_back(self, *, user: str, backup: str) -> int:
        """The store was put back from a backup: open everyone's window, and tell targets everything anew.

        Returns how many patrons are in a window.
        """

    def tell_older_copy(self, *, user: str, reason: str) -> int:
        """An operator says that the database is an older copy: do what `put_back` does.

        A whole machine that was put back has an older journal too, and nothing in it shows that.
        """

    def verify(self) -> int:
        """Check that every line fits, and that all are there that the database has seen. Returns how many are ours.

        Raises JournalBroken, JournalBehind, and ConfigurationError: a key is missing.
        """

    def accept(self, *, user: str, reason: str) -> AcceptedJournal:
        """Accept the journal as it is now. A new one continues from the lines of a broken one that verify.

        Raises BadInput if it is the journal that the database has seen.
        """
