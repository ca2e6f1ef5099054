"""Derives the rights to net media that are due, after the deliveries and the days, before the net media are told.

After a change of policy, everyone's rights are derived once. No limit stops this, since it was planned (decision 19). A
library without products derives nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cprsync.domain.netmedia.rights import Turn, rights_stamp
from cprsync.services.ports.runs import DuePage

if TYPE_CHECKING:
    from cprsync.services.ports.night import Night
    from cprsync.services.ports.run import Run

#: The turns of a right, in the order of the report.
TURNS: Final = (Turn.OPENED.value, Turn.CLOSED.value, Turn.UNDECIDED.value)


def derive_rights(night: Night, run: Run) -> bool:
    """Derive what is due. Return False if the library has no products, so that nothing was derived.

    A killed run continues: rights that are derived are no longer due, and are counted once.
    """
    stamp, kept = rights_stamp(night.policy), night.store.rights.stamp()
    if stamp is None and kept is None:
        return False
    night.progress.stage("rights")
    night.store.rights.forget_earlier_turns(run)
    if stamp != kept:
        _derive(night, run, everyone=True)
        night.store.rights.keep_stamp(run, stamp)
    _derive(night, run, everyone=False)
    return True


def rights_changed(night: Night, run: Run) -> dict[str, dict[str, int]]:
    """By product, what became of rights in this run, including how many stayed unchanged."""
    turns, kept = night.store.rights.turns(run), night.store.rights.count()
    counts = {product: dict.fromkeys(TURNS, 0) | turns.get(product, {}) for product in night.policy.products.names()}
    return {
        product: {**count, "unchanged": kept - sum(count[turn] for turn in TURNS), "waiting": count.get("waiting", 0)}
        for product, count in counts.items()
    }


def _derive(night: Night, run: Run, *, everyone: bool) -> None:
    last: str | None = ""
    while last is not None:
        page = DuePage(run.day, limit=night.batch, everyone=everyone, after=last)
        last = night.store.rights.derive(run, page, night.policy)
        night.raise_if_stopped()
