"""How a patron leaves: what a request leads to, what still keeps her, and what closing her record means.

A request never looks up, subscribes or creates anything. Leaves out the writing: what is emptied, and in which order.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from cprsync.domain.patron.local import Stage
from cprsync.domain.patron.review import BLOCK_REASONS
from cprsync.domain.person.number import NumberKind

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from cprsync.domain.netmedia.account import Effect, Identity
    from cprsync.domain.patron.local import Block
    from cprsync.domain.person.number import CprNumber


class Tie(enum.Enum):
    """What keeps a patron who wants to leave, by the name of its field."""

    #: lent out and not returned
    LOANS = "loans"
    #: owed and not paid
    BALANCE = "balance"
    #: a minor for whom she answers
    RESPONSIBLE = "responsible"


@dataclass(frozen=True, slots=True)
class Ties:
    """How many of each there are."""

    loans: int = 0
    balance: int = 0
    responsible: int = 0

    @property
    def still_open(self) -> dict[Tie, int]:
        """Those that there are."""
        counts = {Tie.LOANS: self.loans, Tie.BALANCE: self.balance, Tie.RESPONSIBLE: self.responsible}
        return {tie: count for tie, count in counts.items() if count}


def asked(stage: Stage, ties: Ties) -> Stage:
    """Where a request to leave leads: closed is closed, and nobody is closed who has something open."""
    return Stage.LEAVING if ties.still_open and stage is not Stage.CLOSED else Stage.CLOSED


def settled(stage: Stage, ties: Ties) -> Stage:
    """Where the night leads: whoever asked is closed once nothing is open."""
    return asked(stage, ties) if stage is Stage.LEAVING else stage


def came_back(stage: Stage) -> Stage:
    """Where an import or a registration leads; a closed record stays closed, and she is someone new."""
    return Stage.ACTIVE if stage is Stage.LEAVING else stage


def inactive_before(today: date, inactive_days: int) -> date | None:
    """Whoever was last seen before this day is asked to leave; None: the library asks nobody."""
    return today - timedelta(days=inactive_days) if inactive_days else None


def blocks_to_keep(blocks: Iterable[Block], number: CprNumber) -> tuple[Block, ...]:
    """The blocks that stay by the number when a record is emptied: those that hold and that staff gave.

    What the register's word gave, as for a death, its word gives again; and without a number nothing is there to keep
    a block by.
    """
    return blocks_of_staff(blocks) if is_kept_by(number) else ()


def is_kept_by(number: CprNumber) -> bool:
    """Whether a block can be kept by a number: False where there is none."""
    return number.kind is not NumberKind.NONE


def blocks_of_staff(blocks: Iterable[Block]) -> tuple[Block, ...]:
    """The blocks that hold, without those that the register's word gave."""
    proposed = set(BLOCK_REASONS.values())
    return tuple(block for block in blocks if block.lifted is None and block.reason not in proposed)


def with_kept_blocks(blocks: tuple[Block, ...], kept: Iterable[Block]) -> tuple[Block, ...]:
    """The blocks of whoever comes back, with those that were kept; one that holds for the same reason is the same."""
    holding = {block.reason.casefold() for block in blocks if block.lifted is None}
    return (*blocks, *(block for block in kept if block.reason.casefold() not in holding))


def accounts_to_delete(stand: Iterable[Identity], waiting: Iterable[tuple[Effect, bool]]) -> tuple[Identity, ...]:
    """The accounts of hers that somebody has still to delete.

    Args:
        stand: what the net media are known to hold.
        waiting: effects that were not seen to come through, and whether each was offered to them at all. What was
            never offered they cannot know: it need not be taken back.
    """
    waits = list(waiting)
    deleted = {effect.identity for effect, _ in waits if effect.gone}
    unheard = {effect.identity for effect, offered in waits if not offered and not effect.gone}
    hers = dict.fromkeys(stand)
    former = [effect.replaces for effect, _ in waits if effect.replaces is not None]
    hers |= dict.fromkeys(one for one in former if one not in unheard)
    hers |= dict.fromkeys(effect.identity for effect, offered in waits if offered and not effect.gone)
    return tuple(one for one in hers if one not in deleted)
