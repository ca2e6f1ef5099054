"""The hash of a plan: what an approval names, and what a night compares itself with. Holds no values."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from cprsync.sync.values import PlanRow


def plan_hash(day: date, deliveries: Iterable[str], rows: Iterable[PlanRow]) -> str:
    """Day, deliveries by their sha256, then each patron with version, kinds, harms and keyed digest: `sha256:…`."""
    digest = hashlib.sha256("|".join([day.isoformat(), *deliveries]).encode())
    for row in rows:
        actions = ",".join(action.value for action in row.actions)
        harms = ",".join(harm.value for harm in row.harms)
        digest.update(("\n" + "|".join((row.patron_id, str(row.version), actions, harms, row.digest.hex()))).encode())
    return f"sha256:{digest.hexdigest()}"
