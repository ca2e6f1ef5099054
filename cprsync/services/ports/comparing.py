"""Another library system that our records are compared with: what is asked of it, and what it shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import date, datetime

    from cprsync.domain.outward.deviation import Deviation, Elsewhere
    from cprsync.domain.patron.patron import Patron
    from cprsync.domain.person.number import CprNumber
    from cprsync.errors import CprsyncError


@dataclass(frozen=True, slots=True, repr=False)
class Question:
    """A patron of ours, and by what the other system may find them."""

    patron_id: str
    number: CprNumber
    #: the patron's number there, once it is known
    their_id: str | None = None

    def __repr__(self) -> str:
        return f"Question({self.patron_id})"


class LibrarySystem(Protocol):
    """A system that shows patrons. Nothing can be written through it: it has no such method."""

    def read_many(self, asked: Iterable[Question]) -> Iterator[tuple[Question, Elsewhere | CprsyncError | None]]:
        """What the system shows of each patron, in any order. None: it does not know the patron.

        Once nobody answers, or the system lets us read nothing, no more is asked, and what is left is not yielded.
        """


@dataclass(frozen=True, slots=True)
class BegunComparison:
    """A comparison that is under way."""

    number: int
    #: the last patron that is done with; "": nobody is
    reached: str = ""
    #: it was begun by an earlier run, which ended before its end
    is_resumed: bool = False
    #: patrons compared so far, and those that were not asked about, having no number in use
    compared: int = 0
    left_out: int = 0


@dataclass(frozen=True, slots=True, repr=False)
class ToCompare:
    """A patron of ours, and their number in the other system if it is known."""

    patron: Patron
    their_id: str | None

    def __repr__(self) -> str:
        return f"ToCompare({self.patron.id})"


@dataclass(frozen=True, slots=True, repr=False)
class ComparedShare:
    """What came of one share of the patrons."""

    #: the last patron of the share
    reached: str
    compared: int
    left_out: int
    deviations: Mapping[str, Sequence[Deviation]]
    #: the patrons' numbers in the other system, by ours
    their_ids: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Past:
    """A comparison that has ended: its day, how many were compared, and how many differed by kind."""

    number: int
    day: date
    compared: int
    counts: Mapping[str, int]


class Comparisons(Protocol):
    """Comparisons with other systems: how far each is, what it found, and how it ended."""

    def begin(self, target: str, *, user: str, since: datetime, keep_from: date) -> BegunComparison:
        """Go on with a comparison that began after `since` and has not ended, or begin another one.

        The audit has who reads the patrons, first. Those of the days before `keep_from` are deleted.
        """

    def count_ahead(self, after: str) -> int:
        """Count the patrons after an id."""

    def page(self, target: str, after: str, limit: int) -> list[ToCompare]:
        """Return the next patrons after an id, without those who have left."""

    def keep(self, begun: BegunComparison, target: str, share: ComparedShare) -> BegunComparison:
        """Write what came of a share, with the checkpoint. Raises RunBusy: somebody else compares too."""

    def end(self, begun: BegunComparison, target: str, *, missing_here: int) -> None:
        """Write that the comparison has ended, with its counts."""

    def deviating(self, begun: BegunComparison) -> dict[Deviation, list[str]]:
        """Return the patrons that a comparison has found so far, by kind."""

    def their_ids(self, target: str) -> set[str]:
        """Return the numbers in the other system that are known to be our patrons'."""

    def past(self, target: str, limit: int) -> list[Past]:
        """Return the last comparisons that have ended, the newest first."""
