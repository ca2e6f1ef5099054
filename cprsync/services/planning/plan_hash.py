"""Hashes a plan. An approval names the hash, and a night compares its own plan with it. Holds no values."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from cprsync.domain.person.action import Action
    from cprsync.domain.policy.policy import Harm
    from cprsync.services.ports.runs import PlanRow


def plan_hash(day: date, deliveries: Iterable[str], rows: Iterable[PlanRow]) -> str:
    """Hash the day, the deliveries' sha256, and each patron's version, actions, harms and keyed digest.

    Returns `sha256:…`.
    """
    digest = hashlib.sha256("|".join([day.isoformat(), *deliveries]).encode())
    for row in rows:
        actions, harms = words(row.actions), words(row.harms)
        digest.update(f"\n{row.patron_id}|{row.version}|{actions}|{harms}|{row.digest.hex()}".encode())
    return f"sha256:{digest.hexdigest()}"


@lru_cache(maxsize=1024)
def words(named: tuple[Action, ...] | tuple[Harm, ...]) -> str:
    """Join the stable names into one text. Cached, because a night has few combinations."""
    return ",".join(one.value for one in named)
