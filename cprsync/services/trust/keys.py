"""The keys of a store: which are lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cprsync.services.ports.keys import KeyState

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cprsync.services.ports.keys import KeyUse


def is_any_lost(uses: Iterable[KeyUse]) -> bool:
    """Tells whether anything names a key that is not in the key folder."""
    return any(one.state is KeyState.LOST for one in uses)
