"""The hash of a plan: what an approval names, and what a night compares itself with. Holds no values."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from cprsync.domain.person.action import Action
    from cprsync.domain.policy.policy import Harm
    from cprsync.services.ports.values import PlanRow


def plan_hash(day: date, deliveries: Iterable[str], rows: Iterable[PlanRow]) -> str:
    """Day, deliveries by their sha256, then each patron with version, kinds, harms and keyed digest: `sha256:…`."""
    digest = hashlib.sha256("|".join([day.isoformat(), *deliveries]).encode())
    for row in rows:
        actions, harms = words(row.actions), words(row.harms)
        digest.update(f"\n{row.patron_id}|{row.version}|{actions}|{harms}|{row.digest.hex()}".encode())
    return f"sha256:{digest.hexdigest()}"


@lru_cache(maxsize=1024)
def words(named: tuple[Action, ...] | tuple[Harm, ...]) -> str:
    """The stable names, as one text: a night has few combinations of them."""
    return ",".join(one.value for one in named)
