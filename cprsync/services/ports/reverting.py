"""Undoing a run: the port of the store, and what passes through."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

    from cprsync.domain.deciding.reverting import BeforeImage
    from cprsync.domain.patron.patron import Patron
    from cprsync.errors import CprsyncError
    from cprsync.services.ports.patrons import Write
    from cprsync.services.ports.runs import Run


@dataclass(frozen=True, slots=True)
class PastRun:
    """A run that may be undone."""

    id: int
    day: date
    is_finished: bool
    #: how many patrons' records are kept as they were before it
    kept: int
    #: whether it wrote records at all
    has_written: bool
    #: the run that has undone it; None: none has
    reverted_by: int | None = None
    #: the last day of what is kept, as it is stored with it; None: nothing is kept
    until: date | None = None


@dataclass(frozen=True, slots=True)
class HalfUndone:
    """An undo that has begun to write and has not ended."""

    run: int
    #: the run that it undoes
    undoes: int
    since: datetime


@dataclass(frozen=True, slots=True, repr=False)
class RevertBatch:
    """What one transaction writes of an undo."""

    writes: Sequence[Write] = ()
    #: patrons with a stop of letters that a write alone does not bring back: the day; None: letters are sent
    letters: Mapping[str, date | None] = field(default_factory=dict)
    #: patron ids with the kind of review that is opened about them
    reviews: Sequence[tuple[str, str]] = ()


class Reverting(Protocol):
    """Runs that undo other runs, and the patrons they hold."""

    def past(self, number: int) -> PastRun | None:
        """Return a run of the agreement. None: there is none with this number."""

    def is_whole(self, number: int) -> bool:
        """Whether all records and before-images are those that were written last, and nobody said so since a run."""

    def patrons(self, number: int, *, is_whole: bool) -> list[str]:
        """Return the patrons with a before-image of a run who are still patrons, in order.

        Without `is_whole`, also those whom the run has changed by the audit: their image may be gone.
        """

    def images(self, number: int, patron_ids: Sequence[str], *, is_whole: bool) -> dict[str, BeforeImage]:
        """Return what these patrons' records were before a run, opened. Leaves out what is not as it was kept.

        Without `is_whole`, day and letters beside an image do not count.
        """

    def has_housemates(self, patron: Patron) -> bool:
        """Whether another patron lives at this patron's address."""

    def begin(self, reverts: int, *, day: date, started: datetime) -> Run:
        """Open a run that undoes another one, or the unfinished one to resume. Moves the fence."""

    def is_writing(self, run: Run) -> bool:
        """Whether the run has been let through: what is left of it is written without weighing it again."""

    def done(self, run: Run) -> set[str]:
        """Return the patrons that the run has put back."""

    def left(self, run: Run) -> set[str]:
        """Return the patrons that the run has left to staff. It does not ask about them twice."""

    def begun(self, number: int) -> set[str]:
        """Return the patrons that an undo of a run has put back or left to staff, as long as it has not ended."""

    def half_done(self) -> list[HalfUndone]:
        """Return the undos that have begun to write and have not ended, as long as they can go on.

        One that was killed before has changed nothing: nobody has to end it.
        """

    def write(self, run: Run, batch: RevertBatch, *, reverts: int) -> None:
        """Write records, hold the patrons, open their windows and reviews: all of it, or nothing.

        No review is opened about a patron who has left, or was merged into another one, meanwhile.

        Raises LostCompare if a patron changed since.
        """

    def opened(self, run: Run) -> dict[str, int]:
        """Count the reviews that the run has opened, by kind."""

    def close(self, run: Run, document: Mapping[str, Any], *, user: str, reason: str, state: str) -> None:
        """Write the report and the audit entry, and end the run."""

    def held(self, run: int | None = None) -> int:
        """Count the patrons who are held, by one run or by any. Those who have left or were merged are held no more."""

    def shut_again(self, run: Run) -> list[CprsyncError]:
        """Put back what keeps patrons held, protected or unverified, and was lost past the program.

        Return what names each.
        """

    def release(self, run: int, *, user: str, most: int) -> int:
        """Let up to `most` patrons of a run go, and settle their reviews as accepted. Return how many were let go."""

    def note_release(self, run: int, *, user: str, reason: str, count: int) -> None:
        """Write an audit entry that all patrons of a run were let go, and why.

        A patron who was merged into another one, and whose merge may be taken back, is let go with it.
        """
