"""Another library system that our records are compared with: what is asked of it, and what it shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cprsync.domain.outward.deviation import Elsewhere
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
