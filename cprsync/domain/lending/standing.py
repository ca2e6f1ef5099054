"""The facts of a patron that decide about borrowing and paying, and the shape of such a decision.

The caller gathers the facts for the day in question.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from cprsync.domain.patron.effective import effective
from cprsync.domain.patron.patron import PatronKind
from cprsync.domain.person.person import SILENT
from cprsync.domain.person.status import counts_as_dead

if TYPE_CHECKING:
    import enum
    from datetime import date

    from cprsync.domain.patron.local import Block, Local
    from cprsync.domain.patron.patron import Patron
    from cprsync.domain.person.person import Silent, Status
    from cprsync.domain.policy.policy import Policy

R = TypeVar("R", bound="enum.Enum")


@dataclass(frozen=True, slots=True, repr=False)
class Ruling(Generic[R]):
    """Whether something is allowed.

    `rules` has, for a no, all rules that forbid it; for a yes, the rule that allows it, and any advice.
    """

    allowed: bool
    rules: tuple[R, ...]


@dataclass(frozen=True, slots=True, repr=False)
class Standing:
    """A patron at the desk. `group` and `born` are the ones in force on the day."""

    group: str
    #: None: neither staff, the register nor the number gives a birth date
    born: date | None
    status: Status | Silent = SILENT
    #: the day on which the death became known; no fee grows after it
    dead_since: date | None = None
    #: False: no number, or a replacement number
    has_cpr: bool = True
    blocks: tuple[Block, ...] = ()
    debt_oere: int = 0
    #: the patron has asked to leave, or the library ends it
    leaving: bool = False
    #: False: the person only answers for a minor
    borrower: bool = True

    @property
    def is_dead(self) -> bool:
        return counts_as_dead(self.status, self.dead_since)


def standing_of(  # noqa: PLR0913 -- one for each source of what counts
    patron: Patron, local: Local, policy: Policy, *, on: date, debt_oere: int = 0, leaving: bool = False
) -> Standing:
    """The facts of a patron on a day. Staff's corrections count over the register's values, as everywhere."""
    now = effective(patron, policy, on=on)
    return Standing(
        group=now.group,
        born=None if now.birth is None else now.birth.day,
        status=patron.register.status,
        # letters stop on the day that brings the death, and are sent again if it is annulled
        dead_since=patron.letters_stopped,
        has_cpr=not patron.number.is_replacement,
        blocks=local.blocks,
        debt_oere=debt_oere,
        leaving=leaving,
        borrower=patron.kind is not PatronKind.RESPONSIBLE,
    )
