"""How much of what staff corrected holds on a day, and how much of it differs: reported while it does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cprsync.domain.patron.effective import differing
from cprsync.domain.patron.override import in_force

if TYPE_CHECKING:
    from datetime import date

    from cprsync.services.ports.night import Night


def overrides_on(night: Night, day: date) -> dict[str, int]:
    """Count what holds and what differs from the register, or for a pinned group from what age would give."""
    corrected = night.store.overridden()
    holding = differ = 0
    for start in range(0, len(corrected), night.batch):
        for patron in night.store.patrons(corrected[start : start + night.batch]):
            holding += len(in_force(patron.overrides, day))
            differ += len(differing(patron, policy=night.policy, on=day))
    return {"in_force": holding, "differ": differ}
