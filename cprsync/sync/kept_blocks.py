"""The blocks that are kept of someone who has left, found by their number; staff may lift them, and say why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from cprsync.sync.reason import demanded_reason
from cprsync.sync.showing import shown_block

if TYPE_CHECKING:
    from cprsync.domain.number import CprNumber
    from cprsync.domain.record import Block


class KeptBlockStore(Protocol):
    """What it takes of the store."""

    def kept_blocks(self, number: CprNumber) -> tuple[Block, ...]: ...

    def lift_kept_blocks(self, number: CprNumber, *, user: str, reason: str) -> int:
        """Forget them in one transaction, with its audit; returns how many there were."""
        ...


def check_lifting(reason: str) -> str:
    """The reason as the audit keeps it, before anybody's number is asked for. Raises as `KeptBlocks.lift`."""
    return demanded_reason(reason, of="a kept block is lifted for a reason only: --reason TEXT")


@dataclass(frozen=True, slots=True)
class KeptBlocks:
    """Where they are shown and lifted: one library's store, and who asks."""

    store: KeptBlockStore
    user: str

    def show(self, number: CprNumber) -> dict[str, Any]:
        """The JSON shape of `patron kept-blocks`; nothing is written."""
        return {"blocks": [shown_block(block) for block in self.store.kept_blocks(number)], "lifted": 0}

    def lift(self, number: CprNumber, *, reason: str) -> dict[str, Any]:
        """Lift them all; nothing is written when it raises.

        Raises:
            ConfigurationError: there is no reason.
            BadInput: it cannot be kept.
        """
        why = check_lifting(reason)
        before = self.show(number)
        return before | {"lifted": self.store.lift_kept_blocks(number, user=self.user, reason=why)}
