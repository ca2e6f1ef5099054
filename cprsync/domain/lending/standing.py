"""What of a patron counts when she borrows or pays: gathered by whoever asks, on the day that is asked about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cprsync.domain.patron.effective import effective
from cprsync.domain.patron.patron import PatronKind
from cprsync.domain.person.person import SILENT
from cprsync.domain.person.status import counts_as_dead

if TYPE_CHECKING:
    from datetime import date

    from cprsync.domain.patron.local import Block, Local
    from cprsync.domain.patron.patron import Patron
    from cprsync.domain.person.person import Silent, Status
    from cprsync.domain.policy.policy import Policy


@dataclass(frozen=True, slots=True, repr=False)
class Standing:
    """A patron at the desk. `group` and `born` are those in force on the day."""

    group: str
    #: None: neither staff, register nor number tell one
    born: date | None
    status: Status | Silent = SILENT
    #: the day on which her death became known; from then on no fee grows
    dead_since: date | None = None
    #: False: none, or a replacement number
    has_cpr: bool = True
    blocks: tuple[Block, ...] = ()
    debt_oere: int = 0
    #: she has asked to leave, or is being removed
    leaving: bool = False
    #: False: she only answers for a minor
    borrower: bool = True

    @property
    def is_dead(self) -> bool:
        return counts_as_dead(self.status, self.dead_since)


def standing_of(  # noqa: PLR0913 -- one for each source of what counts
    patron: Patron, local: Local, policy: Policy, *, on: date, debt_oere: int = 0, leaving: bool = False
) -> Standing:
    """What counts of a patron on a day: staff's corrections over the register's word, as everywhere."""
    stopped = patron.letters_stopped
    now = effective(
        patron.register, group=patron.group, overrides=patron.overrides, policy=policy, on=on, letters_stopped=stopped
    )
    return Standing(
        group=now.group,
        born=None if now.birth is None else now.birth.day,
        status=patron.register.status,
        # letters stop on the day that brings the death, and go out again when it is annulled
        dead_since=stopped,
        has_cpr=not patron.number.is_replacement,
        blocks=local.blocks,
        debt_oere=debt_oere,
        leaving=leaving,
        borrower=patron.kind is not PatronKind.RESPONSIBLE,
    )
