"""Counts the corrections by staff that are in force on a day, and those that differ. Each night reports them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cprsync.domain.patron.effective import find_differing
from cprsync.domain.patron.override import in_force

if TYPE_CHECKING:
    from datetime import date

    from cprsync.services.ports.night import Night


def overrides_on(night: Night, day: date) -> dict[str, int]:
    """Count the corrections in force, and those that differ from the register, or for a pinned group from age."""
    corrected = night.store.patrons.overridden()
    holding = differ = 0
    for start in range(0, len(corrected), night.batch):
        for patron in night.store.patrons.read(corrected[start : start + night.batch]):
            holding += len(in_force(patron.overrides, day))
            differ += len(find_differing(patron, policy=night.policy, on=day))
    return {"in_force": holding, "differ": differ}
