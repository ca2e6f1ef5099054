"""What of a patron counts when she borrows or pays: gathered by whoever asks, on the day that is asked about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cprsync.domain.person import SILENT

if TYPE_CHECKING:
    from datetime import date

    from cprsync.domain.person import Silent, Status
    from cprsync.domain.record import Block


@dataclass(frozen=True, slots=True, repr=False)
class Standing:
    """A patron at the desk. `group` and `born` are those in force (see `effective`)."""

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
