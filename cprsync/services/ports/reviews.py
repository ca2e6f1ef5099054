"""What waits for a person: the ports of the store, and the items."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from cprsync.domain.patron.review import ReviewKind, review_kind

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from cprsync.domain.deciding.reviews import ItemInForce
    from cprsync.domain.patron.review import State
    from cprsync.domain.person.number import CprNumber
    from cprsync.services.ports.patrons import Write
    from cprsync.services.ports.run import Run


@dataclass(frozen=True, slots=True)
class ReviewItem:
    """One review item. It holds kinds and ids only."""

    id: int
    patron_id: str
    kind: str
    state: State
    since: date
    #: the other patron, if two are concerned
    about: str | None = None
    decided_by: str | None = None
    decided_at: datetime | None = None

    @property
    def row(self) -> ReviewKind:
        return review_kind(self.kind)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to an item, and the user who gives it."""

    item: ReviewItem
    state: State
    user: str
    reason: str | None = None
    #: the write that gives the patron a number; None: the answer gives none
    write: Write | None = None


class Reviews(Protocol):
    """What waits for a person, as the night sees it."""

    def waiting(self) -> dict[str, int]:
        """Count the items that wait for a person, by kind."""
        ...

    def proposed(self, run: Run) -> dict[str, int]:
        """How many reviews that the statuses of the run's changes propose still wait, by kind."""
        ...

    def in_force(self, patron_ids: Sequence[str]) -> list[ItemInForce]:
        """The reviews about these patrons that wait or were accepted."""
        ...


class ReviewDesk(Protocol):
    """What waits for a person, as the desk reads and answers it."""

    def items(self, *, all_states: bool) -> list[ReviewItem]:
        """Return the items that wait, or all items, the oldest first."""
        ...

    def item(self, number: int) -> ReviewItem | None:
        """Return one item; None: no item has that number."""
        ...

    def count(self, kind: str, *, since: datetime) -> int:
        """Count the items of a kind that were accepted since a moment. Items taken back later count too."""
        ...

    def named_number(self, number: int) -> CprNumber | None:
        """Return the number that an item would give its patron; None: the item has none, or it is deleted."""
        ...

    def write(self, given: Answer) -> None:
        """Write the answer in one transaction, or nothing.

        Raises ReviewClosed if the item has been answered by then. Raises LostCompare if the patron who gets a
        number has changed by then, or another patron has that number.
        """
        ...

    def note_first_yes(self, item: ReviewItem, *, user: str) -> None:
        """Record who accepted first, where two must accept. Raises ReviewClosed if another user was quicker."""
        ...

    def circulation_counts(self, patron_id: str) -> dict[str, int]:
        """Count what a merge would move, by table."""
        ...
