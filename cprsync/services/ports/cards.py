"""Cards and their PINs: whose card it is, whether a PIN is its own, and which tries there were."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime

    from cprsync.domain.desk.pins import PinTry


class Cards(Protocol):
    """Cards as they are used to ask or to log in, not as staff set them."""

    def is_pin(self, patron_id: str | None, card: str, pin: str) -> bool:
        """Return whether the PIN is the one of the patron's card. None is as slow, and always False."""

    def wrong_tries(self, patron_id: str, *, since: datetime) -> list[datetime]:
        """Return when wrong PINs were tried since the last right one, the earliest first."""

    def note_try(self, outcome: PinTry, *, patron_id: str | None, by: str) -> None:
        """Write the audit entry of a try. `by`: the machine that asked, or the patron's own number."""

    def count_wrong(self, *, since: datetime, of_machines: bool, most: int) -> int:
        """Count what did not fit since a moment, at all machines or at the patrons' page; `most` of each, at most."""

    def note_ceiling(self, *, since: datetime, of_machines: bool) -> None:
        """Write the audit entry that too many did not fit, unless there is one since that moment."""

    def proof(self, patron_id: str | None, card: str) -> str | None:
        """Return what only the card's present PIN gives, and nobody can guess the PIN from. None: it has none."""

    def moment_of_try(self, number: int, *, by: str, only_wrong: bool = False) -> datetime | None:
        """Return when `by` made the try that is so many back, 1 being the latest. None: there are fewer."""
