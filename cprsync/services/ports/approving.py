"""Held plans and who approved them: the port of the store, and what passes through."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from cprsync.domain.deciding.approval import PlannedHarm

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable, Mapping
    from datetime import date, datetime

    from cprsync.domain.deciding.approval import GivenYes, Harmful
    from cprsync.domain.policy.policy import Harm
    from cprsync.services.ports.runs import PlanRow, Run


@dataclass(frozen=True, slots=True)
class HeldRun:
    """A run that a limit has stopped, and whose plan may be approved."""

    id: int
    day: date
    plan: str
    #: its report
    document: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class SaidYes:
    """A person's yes to a held plan, as it is written."""

    run: HeldRun
    user: str
    #: why, in their own words
    reason: str = field(repr=False)
    at: datetime
    #: how many had said yes before
    after: int


class Approvals(Protocol):
    """Held plans, and who approved them."""

    def held(self) -> HeldRun | None:
        """Return the last finished run if a limit has stopped it. None: it was not, or there is none.

        A run that was stopped by something else, such as a register that does not answer, does not count.
        """

    def rows(self, number: int) -> list[PlanRow]:
        """Return the planned changes of a run, in order."""

    def harmful(self, number: int) -> Harmful:
        """Return the part of a held plan that needs approval."""

    def written(self, number: int) -> dict[str, int]:
        """Return how often a run has written each patron."""

    def yeses(self, number: int) -> list[GivenYes]:
        """Return who said yes to the plan of a run, the oldest first."""

    def say_yes(self, said: SaidYes) -> None:
        """Write a yes with its audit entry. Raises ReviewClosed if someone else has said yes in the meantime."""

    def mark(self, counted: Mapping[Harm, Iterable[str]]) -> dict[Harm, Counter[bytes]]:
        """Return keyed marks of what a limit counts beside the changes. Nobody can tell from one what it is of."""

    def keep_marks(self, run: Run, marks: Mapping[Harm, Counter[bytes]]) -> None:
        """Keep the marks of a held run, in place of those of earlier runs."""

    def begin(self, run: Run, number: int) -> None:
        """Let a run write the approved plan of another one, with its audit entry. The run is APPROVED by then."""

    def begun(self, run: Run) -> int | None:
        """Return the run whose approved plan this run writes. None: it writes its own."""

    def is_being_written(self, number: int) -> bool:
        """Whether a run that has not ended writes the approved plan of this one."""


def harmful_of(rows: Iterable[PlanRow]) -> list[PlannedHarm]:
    """The planned changes that do harm."""
    return [
        PlannedHarm(row.patron_id, row.version, frozenset(row.actions), frozenset(row.harms), row.digest)
        for row in rows
        if row.harms
    ]
