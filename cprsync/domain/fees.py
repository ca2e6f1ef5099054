"""When a patron's fees may grow. The fees themselves come with the record's own rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cprsync.domain.person import Status

if TYPE_CHECKING:
    from cprsync.domain.person import Silent


def fees_grow(status: Status | Silent) -> bool:
    """False for the dead: what was owed on the day stays owed, and nothing comes to it."""
    return status is not Status.DEAD
