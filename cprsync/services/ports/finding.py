"""What is asked of the store about several patrons: who may be meant, who waits for the register, and who is there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from datetime import date, datetime

    from cprsync.domain.pages.statistics import Cell
    from cprsync.domain.patron.provisional import OwnStatement
    from cprsync.domain.policy.policy import Policy
    from cprsync.services.ports.runs import Run


@dataclass(frozen=True, slots=True)
class ProvisionalWaiting:
    """How many patrons who were registered without an answer of the register still wait, and since when."""

    register: int
    #: the register's answer was unlike what they said, or could not be decided
    staff: int
    #: since when the first of those waits for the register; None: nobody does
    oldest: datetime | None = None


class Provisional(Protocol):
    """Patrons who were registered while the register did not answer."""

    def waiting(self) -> ProvisionalWaiting: ...

    def to_ask(self, limit: int) -> list[str]:
        """Return the patrons about whom the register is to be asked, those who wait longest first."""

    def said_by(self, patron_ids: Collection[str]) -> dict[str, OwnStatement]:
        """Return what these patrons said and nobody has compared yet, to be compared and not to be shown."""

    def kept_of(self, patron_id: str) -> OwnStatement | None:
        """Return what a patron said, to be shown beside what the register says. The audit has the look already.

        None: nothing is kept. The caller asks first whether the record is sealed.
        """

    def forget(self, run: Run | None) -> int:
        """Delete what was said by patrons who are gone, and what staff have looked at. Return how much."""


class PatronSearch(Protocol):
    """Patrons found by what several may have. Nobody is left out because they are protected: the caller asks that."""

    def refresh(self, most: int) -> int:
        """Make the keys of at most `most` records that have changed since theirs were made. Return how many."""

    def is_complete(self) -> bool:
        """Whether the keys of every record are those of its present values."""

    def by_telephone(self, telephone: str) -> list[str]:
        """Return the patrons with a telephone, in the form of `read_telephone`."""

    def by_email(self, email: str) -> list[str]:
        """Return the patrons with an e-mail address, in the form of `read_email`."""

    def by_birth_date(self, born: Sequence[date]) -> list[str]:
        """Return the patrons with one of these birth dates. The caller compares their names."""


@dataclass(frozen=True, slots=True)
class PatronFilter:
    """Which patrons are listed. None: whatever it is."""

    group: str | None = None
    municipality: str | None = None
    status: str | None = None


@dataclass(frozen=True, slots=True)
class ListedPatron:
    """A patron by what is no secret of anybody's."""

    patron: str
    status: str
    standing: str
    group: str
    municipality: str | None
    verified: bool


class Listing(Protocol):
    """Patrons, one after another."""

    def statuses(self) -> list[str]:
        """Return the words for what a patron can be, such as `resident`."""

    def groups(self) -> list[str]:
        """Return the groups that patrons are in, by name."""

    def patrons(self, wanted: PatronFilter) -> Iterator[ListedPatron]:
        """Yield the patrons by their number. What is written meanwhile may or may not be seen."""


class Statistics(Protocol):
    """What is counted for the yearly statistics."""

    def counted(self, on: date, policy: Policy, *, page: int = 500) -> Iterator[Cell]:
        """Yield each patron who was there on a day: the present municipality, and age band and group on that day."""
