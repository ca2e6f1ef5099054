"""How a patron leaves: what a request does, what keeps the record open, what closing it means, and what nights delete.

A request never looks up, subscribes or creates anything. Leaves out which rows are emptied, and in which order.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from cprsync.domain.patron.local import Stage
from cprsync.domain.patron.review import BLOCK_REASONS
from cprsync.domain.person.number import NumberKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cprsync.domain.netmedia.account import Effect, Identity
    from cprsync.domain.patron.local import Block
    from cprsync.domain.person.number import CprNumber
    from cprsync.domain.policy.policy import Policy


#: The days that a row from before a change counts in its own last day.
BEFORE_IMAGE_DAYS: Final = 30
#: No data were over by this day.
NEVER: Final = date(1970, 1, 1)


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


@dataclass(frozen=True, slots=True, repr=False)
class Departing:
    """Who leaves tonight."""

    #: asked by the policy, with nothing open: closed in the same transaction
    inactive: tuple[str, ...] = ()
    #: asked before, and nothing is open any more
    free: tuple[str, ...] = ()

    def __len__(self) -> int:
        """How many records are to be closed."""
        return len(self.inactive) + len(self.free)

    def parts(self, size: int) -> Iterator[Departing]:
        """Cut into parts of limited size, the inactive first."""
        for start in range(0, len(self.inactive), size):
            yield Departing(inactive=self.inactive[start : start + size])
        for start in range(0, len(self.free), size):
            yield Departing(free=self.free[start : start + size])


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


class Forgotten(enum.Enum):
    """A kind of data that a night deletes.

    Loans come before balances, because the debts for a loan decide when the loan is over.
    """

    #: returned, with nothing owed for it; or never returned, and paid for
    LOANS = "loans"
    #: cancelled; a fulfilled reservation is deleted at import
    RESERVATIONS = "reservations"
    #: a fee that is paid
    FEES = "fees"
    #: a compensation that is paid
    COMPENSATIONS = "compensations"
    #: the text of a message; the fact that it was sent stays
    MESSAGES = "messages"
    #: a block that was lifted
    BLOCKS = "blocks"
    #: a block that was kept after its patron left
    KEPT_BLOCKS = "kept_blocks"
    #: the content of a record before a change
    BEFORE_IMAGES = "before_images"
    #: the content of a register's file that was applied; its name and its counts stay
    DELIVERIES = "deliveries"
    #: the content of a register's file that no night could take
    REFUSED_DELIVERIES = "refused_deliveries"
    #: the value of a correction that no longer holds; who made it and when stays
    CORRECTIONS = "corrections"
    #: the data needed to undo an answered review
    REVIEWS = "reviews"
    #: what a night did with each number
    NIGHTS = "nights"
    #: which patrons had a day of age, correction or absence, and when
    CALENDAR = "calendar"
    #: which patrons differed in a comparison with another system; how many stays
    COMPARISONS = "comparisons"
    #: what readers were told of a patron, and a later change has replaced
    CHANGES = "changes"
    #: that a patron is gone, as readers are told
    TOMBSTONES = "tombstones"
    #: the oldest entries of the audit
    LOG = "log"


def deletable_until(kind: Forgotten, on: date, policy: Policy) -> date:
    """The last day on which data of a kind were over, if they are deleted on `on`."""
    kept = policy.retention
    if kind is Forgotten.LOG and not kept.log_days:
        return NEVER
    days = {
        Forgotten.LOANS: kept.loans_days,
        Forgotten.RESERVATIONS: 0,
        Forgotten.FEES: kept.fees_days,
        Forgotten.COMPENSATIONS: kept.compensation_days,
        Forgotten.MESSAGES: kept.message_days,
        Forgotten.BLOCKS: kept.blocks_days,
        Forgotten.KEPT_BLOCKS: kept.kept_blocks_days,
        # the row has its own last day, counted with the fixed days from before there was a policy
        Forgotten.BEFORE_IMAGES: 1 + kept.before_images_days - BEFORE_IMAGE_DAYS,
        Forgotten.DELIVERIES: kept.deliveries_days,
        Forgotten.REFUSED_DELIVERIES: kept.refused_deliveries_days,
        Forgotten.CORRECTIONS: kept.corrections_days,
        Forgotten.REVIEWS: kept.answered_reviews_days,
        Forgotten.NIGHTS: kept.nights_days,
        Forgotten.CALENDAR: kept.nights_days,
        Forgotten.COMPARISONS: kept.nights_days,
        Forgotten.CHANGES: kept.feed_changes_days,
        Forgotten.TOMBSTONES: kept.feed_tombstone_days,
        Forgotten.LOG: kept.log_days,
    }
    return on - timedelta(days=days[kind])


def annullable_since(on: date, policy: Policy) -> date:
    """The first day of a death that may still be annulled. What was cancelled for it since then is kept."""
    return on - timedelta(days=policy.dead_subscription_days)
