"""How a patron leaves: what a request does, what keeps the record open, and what closing it means.

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
    """What keeps the record of a patron who wants to leave open. The value is the name of its field."""

    #: loans that are not returned
    LOANS = "loans"
    #: debts that are not paid
    BALANCE = "balance"
    #: minors that the patron answers for
    RESPONSIBLE = "responsible"


@dataclass(frozen=True, slots=True)
class Ties:
    """How many of each kind there are."""

    loans: int = 0
    balance: int = 0
    responsible: int = 0

    @property
    def still_open(self) -> dict[Tie, int]:
        """The kinds that there are, with their counts."""
        counts = {Tie.LOANS: self.loans, Tie.BALANCE: self.balance, Tie.RESPONSIBLE: self.responsible}
        return {tie: count for tie, count in counts.items() if count}


def stage_after_request(stage: Stage, ties: Ties) -> Stage:
    """The stage after a request to leave. A closed record stays closed; a record with something open is not closed."""
    return Stage.LEAVING if ties.still_open and stage is not Stage.CLOSED else Stage.CLOSED


def stage_after_night(stage: Stage, ties: Ties) -> Stage:
    """The stage after a night: a leaving patron's record is closed when nothing is open."""
    return stage_after_request(stage, ties) if stage is Stage.LEAVING else stage


def stage_after_return(stage: Stage) -> Stage:
    """The stage after an import or a registration. A closed record stays closed: the person becomes a new patron."""
    return Stage.ACTIVE if stage is Stage.LEAVING else stage


def inactive_before(today: date, inactive_days: int) -> date | None:
    """A patron last seen before this day is asked to leave; None: the library asks nobody."""
    return today - timedelta(days=inactive_days) if inactive_days else None


def blocks_to_keep(blocks: Iterable[Block], number: CprNumber) -> tuple[Block, ...]:
    """The blocks to keep by the number when a record is emptied: those that hold and that staff set.

    A block that the register caused, for example for a death, comes again with its next answer. Without a number there
    is nothing to keep a block by.
    """
    return blocks_of_staff(blocks) if is_kept_by(number) else ()


def is_kept_by(number: CprNumber) -> bool:
    """Whether a block can be kept by a number: False if there is no number."""
    return number.kind is not NumberKind.NONE


def blocks_of_staff(blocks: Iterable[Block]) -> tuple[Block, ...]:
    """The blocks that hold, without those that the register caused."""
    proposed = set(BLOCK_REASONS.values())
    return tuple(block for block in blocks if block.lifted is None and block.reason not in proposed)


def with_kept_blocks(blocks: tuple[Block, ...], kept: Iterable[Block]) -> tuple[Block, ...]:
    """The blocks of a returning patron, with the kept ones.

    A kept block is left out if a present block holds for the same reason.
    """
    holding = {block.reason.casefold() for block in blocks if block.lifted is None}
    return (*blocks, *(block for block in kept if block.reason.casefold() not in holding))


def accounts_to_delete(stand: Iterable[Identity], waiting: Iterable[tuple[Effect, bool]]) -> tuple[Identity, ...]:
    """The patron's accounts that are still to be deleted.

    Args:
        stand: the accounts that the net media are known to hold.
        waiting: effects without a confirmed result, each with whether it was ever sent. The net media do not know an
            effect that was never sent, so nothing of it has to be deleted.
    """
    waits = list(waiting)
    deleted = {effect.identity for effect, _ in waits if effect.gone}
    unheard = {effect.identity for effect, offered in waits if not offered and not effect.gone}
    theirs = dict.fromkeys(stand)
    former = [effect.replaces for effect, _ in waits if effect.replaces is not None]
    theirs |= dict.fromkeys(one for one in former if one not in unheard)
    theirs |= dict.fromkeys(effect.identity for effect, offered in waits if offered and not effect.gone)
    return tuple(one for one in theirs if one not in deleted)
