"""Shows the blocks that are kept about someone who has left, found by CPR number. Staff may lift them with a reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cprsync.domain.patron.kinds import shown_block
from cprsync.errors import BadInput
from cprsync.services.ports.reason import demanded_reason

if TYPE_CHECKING:
    from cprsync.domain.person.number import CprNumber
    from cprsync.services.ports.store import Store


def check_lifting(reason: str) -> str:
    """Check the reason before a CPR number is asked for. Raises as `KeptBlocks.lift`."""
    return demanded_reason(reason, of="a kept block is lifted for a reason only: --reason TEXT")


@dataclass(frozen=True, slots=True)
class KeptBlocks:
    """Shows and lifts kept blocks: one library's store, and the user who asks."""

    store: Store
    user: str

    def show(self, number: CprNumber) -> dict[str, Any]:
        """The JSON shape of `patron kept-blocks`. Nothing is written."""
        blocks = self.store.kept_blocks.numbered(number)
        return {"blocks": [{"id": one} | shown_block(block) for one, block in blocks.items()], "lifted": 0}

    def lift(self, number: CprNumber, *, reason: str, only: int | None = None) -> dict[str, Any]:
        """Lift all blocks, or `only` one. Return those that were there before.

        Raises:
            ConfigurationError: there is no reason.
            BadInput: the reason cannot be kept, or no such block is kept.
        """
        why = check_lifting(reason)
        before = self.show(number)
        if only is not None and only not in {block["id"] for block in before["blocks"]}:
            raise BadInput("no such block is kept by the number", kind="block.unknown")
        return before | {"lifted": self.store.kept_blocks.lift(number, user=self.user, reason=why, only=only)}
