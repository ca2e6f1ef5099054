"""Shows the blocks that are kept about someone who has left, found by CPR number. Staff may lift them with a reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from cprsync.domain.patron.kinds import shown_block
from cprsync.errors import BadInput
from cprsync.services.ports.reason import demanded_reason

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cprsync.domain.patron.local import Block
    from cprsync.domain.person.number import CprNumber


class KeptBlockStore(Protocol):
    """What kept blocks need of the store."""

    def numbered_kept_blocks(self, number: CprNumber) -> Mapping[int, Block]:
        """The blocks by id. An id is never used again."""
        ...

    def lift_kept_blocks(self, number: CprNumber, *, user: str, reason: str, only: int | None = None) -> int:
        """Delete the blocks, or `only` one, in one transaction with its audit. Return how many."""
        ...


def check_lifting(reason: str) -> str:
    """Check the reason before a CPR number is asked for. Raises as `KeptBlocks.lift`."""
    return demanded_reason(reason, of="a kept block is lifted for a reason only: --reason TEXT")


@dataclass(frozen=True, slots=True)
class KeptBlocks:
    """Shows and lifts kept blocks: one library's store, and the user who asks."""

    store: KeptBlockStore
    user: str

    def show(self, number: CprNumber) -> dict[str, Any]:
        """The JSON shape of `patron kept-blocks`. Nothing is written."""
        blocks = self.store.numbered_kept_blocks(number)
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
        return before | {"lifted": self.store.lift_kept_blocks(number, user=self.user, reason=why, only=only)}
