"""The warnings before a patron leaves or is erased: one table for the desk and the rule page.

No text names a person or contains a value. Leaves out what is emptied, and in which order: the store decides that.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cprsync.domain.desk.confirming import DeskWarning, Level
from cprsync.domain.leaving.leaving import Ties
from cprsync.domain.patron.local import Stage
from cprsync.domain.wording import Wording

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
    #: the versions of the record's two parts
    versions: tuple[int, int] = (0, 0)

    @property
    def is_open(self) -> bool:
        """True if something must be settled before the record can be emptied."""
        return bool(self.ties.still_open)


@dataclass(frozen=True, slots=True)
class PartingRow:
    """One warning: its level for each way, its text, and when it applies. Level None: not shown for that way."""

    kind: str
    leave: Level | None
    erase: Level | None
    text: Wording
    when: Callable[[Parting], bool]

    def level(self, way: Ending) -> Level | None:
        return self.leave if way is Ending.LEAVE else self.erase


#: In the order in which they are shown.
PARTING_ROWS: Final[tuple[PartingRow, ...]] = (
    PartingRow(
        "closed",
        Level.NOTE,
        Level.NOTE,
        Wording("Låneren er allerede udmeldt: posten er tom.", "The patron has left already: the record is empty."),
        lambda one: one.is_emptied,
    ),
    PartingRow(
        "leaving",
        Level.NOTE,
        Level.NOTE,
        Wording("Låneren er allerede på vej ud.", "The patron is leaving already."),
        lambda one: one.stage is Stage.LEAVING and not one.is_emptied,
    ),
    PartingRow(
        "emptied",
        Level.ASK,
        None,
        Wording(
            "Intet er åbent: posten tømmes med det samme, og det kan ikke fortrydes.",
            "Nothing is open: the record is emptied at once, and that cannot be undone.",
        ),
        lambda one: not one.is_emptied and not one.is_open,
    ),
    PartingRow(
        "open",
        Level.NOTE,
        None,
        Wording(
            "Noget er åbent: posten tømmes, når det er afsluttet, og indtil da kan låneren ikke låne.",
            "Something is open: the record is emptied once it is settled, and until then the patron cannot borrow.",
        ),
        lambda one: not one.is_emptied and one.is_open,
    ),
    PartingRow(
        "balance",
        Level.ASK,
        None,
        Wording("Låneren skylder: kan det betales nu?", "The patron owes money: can it be paid now?"),
        lambda one: one.ties.balance > 0,
    ),
    PartingRow(
        "responsible",
        Level.ASK,
        None,
        Wording(
            "Låneren svarer for en mindreårig: hvem skal svare i stedet?",
            "The patron answers for a minor: who is to answer instead?",
        ),
        lambda one: one.ties.responsible > 0,
    ),
    PartingRow(
        "reservations",
        Level.NOTE,
        Level.NOTE,
        Wording("Reserveringerne slettes sammen med posten.", "The reservations are deleted with the record."),
        lambda one: one.reservations > 0,
    ),
    PartingRow(
        "block_stays",
        Level.ASK,
        None,
        Wording(
            "Låneren er blokeret: blokeringen huskes ved nummeret og følger med, hvis personen melder sig ind igen.",
            "The patron is blocked: the block stays with the number, and comes back if the person registers again.",
        ),
        lambda one: bool(one.blocks) and one.keeps_blocks,
    ),
    PartingRow(
        "block_lost",
        Level.STOP,
        None,
        Wording(
            "Låneren er blokeret, og blokeringen kan ikke huskes: den forsvinder med posten.",
            "The patron is blocked, and the block cannot be kept: it goes with the record.",
        ),
        lambda one: bool(one.blocks) and not one.keeps_blocks,
    ),
    PartingRow(
        "block_erased",
        None,
        Level.STOP,
        Wording(
            "Låneren er blokeret: også blokeringen slettes, og ingen ser den, hvis personen melder sig ind igen.",
            "The patron is blocked: the block is erased too, and nobody sees it if the person registers again.",
        ),
        lambda one: bool(one.blocks) or one.kept > 0,
    ),
    PartingRow(
        "erased",
        None,
        Level.ASK,
        Wording(
            "Alt om låneren slettes, og det kan ikke fortrydes.",
            "Everything about the patron is erased, and that cannot be undone.",
        ),
        lambda _: True,
    ),
)


def parting_warnings(parting: Parting, way: Ending) -> tuple[DeskWarning, ...]:
    """All warnings before a record ends."""
    seen = ((row, row.level(way)) for row in PARTING_ROWS if row.when(parting))
    return tuple(DeskWarning(row.kind, level, row.text) for row, level in seen if level is not None)
