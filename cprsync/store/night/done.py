"""What a run has done so far, by the audit: for a run that is resumed after it was killed."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import ExitStack
from typing import TYPE_CHECKING

from sqlalchemy import select

from cprsync.services.ports.leaving import Departed
from cprsync.services.ports.runs import Done
from cprsync.store.audit import audit
from cprsync.store.core import tables
from cprsync.store.core.engine import reading
from cprsync.store.feed.reconciling import SUBSCRIPTION_END
from cprsync.store.leaving.forgetting import FORGET
from cprsync.store.leaving.leaving import ASKED, CLOSE, ENDED

if TYPE_CHECKING:
    from cprsync.services.ports.run import Run
    from cprsync.store.core.tenant import Tenant

#: The kind of the last entry of a run, written with its report.
CLOSED = "run"
#: Entries read at a time.
_READ_ROWS = 2000


def done(tenant: Tenant, run: Run) -> Done:
    """Count what an open run has done. For a run that has just begun, one entry is read.

    The runs of an agreement follow each other. Everything after the last report is from this run, from a desk or from a
    plan.
    """
    row = tables.audit.c
    wanted = select(row.entry).where(row.agency == tenant.agency, row.stream == tenant.night).order_by(row.seq.desc())
    kinds: Counter[str] = Counter()
    by_action: Counter[str] = Counter()
    forgotten: Counter[str] = Counter()
    ended = 0
    with ExitStack() as stack:
        connection = stack.enter_context(reading(tenant.engine))
        entries = connection.execution_options(yield_per=_READ_ROWS).scalars(wanted)
        # the loop ends at the last report, long before the first entry, and PostgreSQL would keep its cursor open
        stack.callback(entries.close)
        for entry in entries:
            told = json.loads(entry)
            if told["kind"] == CLOSED:
                break
            if told["run"] != run.id:
                continue
            kinds[told["kind"]] += 1
            if told["kind"] == audit.CHANGE:
                by_action.update(told["actions"])
            if told["kind"] == CLOSE:
                # an entry from an earlier version has no count
                ended += int(told.get(ENDED, 0))
            if told["kind"] == FORGET:
                forgotten.update(dict.fromkeys(told["actions"], int(told["count"])))
    departed = Departed(kinds[ASKED], kinds[CLOSE], ended)
    return Done(kinds["subscribe"], kinds["unsubscribe"], by_action, forgotten, departed, ended=kinds[SUBSCRIPTION_END])
