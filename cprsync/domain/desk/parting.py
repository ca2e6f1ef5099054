"""The warnings before a patron leaves or is erased: one table for the desk and the rule page.

The catalogue `rules` has the texts. None names a person or contains a value. Leaves out what is emptied, and in which
order: the store decides that.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cprsync.domain.desk.confirming import DeskWarning, WarningLevel
from cprsync.domain.leaving.leaving import Ties
from cprsync.domain.patron.local import Stage

if TYPE_CHECKING:
    from collections.abc import Callable

    from cprsync.domain.patron.local import Block


NOTHING_OPEN: Final = Ties()


class Ending(enum.Enum):
    """How a record ends."""

    #: the patron asks to leave: the record is emptied once nothing is open
    LEAVE = "leave"
    #: all data about the patron are deleted at once
    ERASE = "erase"


@dataclass(frozen=True, slots=True, repr=False)
class Parting:
    """One patron who is about to leave, and all that is known before anything is written."""

    stage: Stage
    ties: Ties = NOTHING_OPEN
    #: the record is empty already
    is_emptied: bool = False
    #: open reservations, which are deleted with the record
    reservations: int = 0
    #: blocks that hold and that staff set
    blocks: tuple[Block, ...] = ()
    #: the library keeps blocks, and there is a number to keep them by
    keeps_blocks: bool = True
    #: how many blocks are kept already since the record was emptied
    kept: int = 0
    #: how many subscriptions and net media accounts must be ended
    subscriptions: int = 0
    accounts: int = 0
    #: other systems that must hear that the patron is gone
    targets: tuple[str, ...] = ()
    #: the versions of the record's two parts
    versions: tuple[int, int] = (0, 0)

    @property
    def is_open(self) -> bool:
        """True if something must be settled before the record can be emptied."""
        return bool(self.ties.still_open)

    def is_final(self, way: Ending) -> bool:
        """True if a yes deletes at once what nobody can bring back. A record that waits can still be kept."""
        return way is Ending.ERASE or not (self.is_open or self.is_emptied)


@dataclass(frozen=True, slots=True)
class PartingRow:
    """One warning: its level for each way, and when it applies. Level None: not shown for that way."""

    kind: str
    leave: WarningLevel | None
    erase: WarningLevel | None
    when: Callable[[Parting], bool]

    def level(self, way: Ending) -> WarningLevel | None:
        return self.leave if way is Ending.LEAVE else self.erase


#: In the order in which they are shown.
PARTING_ROWS: Final[tuple[PartingRow, ...]] = (
    PartingRow("closed", WarningLevel.NOTE, WarningLevel.NOTE, lambda one: one.is_emptied),
    PartingRow(
        "leaving", WarningLevel.NOTE, WarningLevel.NOTE, lambda one: one.stage is Stage.LEAVING and not one.is_emptied
    ),
    PartingRow("emptied", WarningLevel.ASK, None, lambda one: not one.is_emptied and not one.is_open),
    PartingRow("open", WarningLevel.NOTE, None, lambda one: not one.is_emptied and one.is_open),
    PartingRow("balance", WarningLevel.ASK, None, lambda one: one.ties.balance > 0),
    PartingRow("responsible", WarningLevel.ASK, None, lambda one: one.ties.responsible > 0),
    PartingRow("reservations", WarningLevel.NOTE, WarningLevel.NOTE, lambda one: one.reservations > 0),
    PartingRow("block_stays", WarningLevel.ASK, None, lambda one: bool(one.blocks) and one.keeps_blocks),
    PartingRow("block_lost", WarningLevel.STOP, None, lambda one: bool(one.blocks) and not one.keeps_blocks),
    PartingRow("block_erased", None, WarningLevel.STOP, lambda one: bool(one.blocks) or one.kept > 0),
    PartingRow(
        "erased",
        None,
        WarningLevel.ASK,
        lambda _: True,
    ),
)


def parting_warnings(parting: Parting, way: Ending) -> tuple[DeskWarning, ...]:
    """All warnings before a record ends."""
    seen = ((row, row.level(way)) for row in PARTING_ROWS if row.when(parting))
    return tuple(DeskWarning(row.kind, level, f"parting.{row.kind}") for row, level in seen if level is not None)
