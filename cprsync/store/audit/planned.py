"""Bind a yes to the very changes that it was said to, so that nobody can add one to a plan that is approved."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from cprsync.store import tables
from cprsync.store.audit import binding

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Transaction

#: The names under which the entry of a yes has what names the plan's changes, and what a limit counted beside them.
_PLANNED: Final = {"planned": tables.plan_row, "counted": tables.plan_mark}
_YES = tables.plan_yes.c
_PLAN = tables.plan_row.c


def bind_yeses(transaction: Transaction, number: int, ordinals: Iterable[int]) -> None:
    """Say in the audit who said yes to the plan of a run, and what that plan is."""
    keys = dict.fromkeys((number, one) for one in ordinals)
    binding.bind(transaction, binding.YES, keys, tuple(_digests(transaction, number).items()))


def unbound_yeses(transaction: Transaction, rows: Sequence[AnyRow]) -> list[AnyRow]:
    """Return those of the yeses to one plan that the audit does not have, or has for other changes."""
    if not rows:
        return []
    entries = binding.Entries(transaction, binding.YES)
    unbound = binding.find_unbound(transaction, binding.YES, rows, entries)
    now = _digests(transaction, rows[0].run_id)
    return [row for row in rows if (key := binding.YES.key_of(row)) in unbound or not _are(now, entries.beside[key])]


def _are(now: dict[str, str], said: dict[str, str]) -> bool:
    # a plan that is no longer kept opens nothing
    return all(not digest or digest == said.get(name) for name, digest in now.items())


@contextmanager
def keeping_yeses(transaction: Transaction, patron_ids: Collection[str]) -> Iterator[None]:
    """Let the yeses to plans count on, while the block deletes from the plans what they say of these patrons."""
    of_plans = select(_YES.run_id, _YES.ordinal, _YES.who, _YES.at).join(
        tables.plan_row, (_PLAN.agency == _YES.agency) & (_PLAN.run_id == _YES.run_id)
    )
    theirs = of_plans.where(_YES.agency == transaction.agency).distinct()
    plans: dict[int, list[AnyRow]] = defaultdict(list)
    for row in transaction.fetch_rows(theirs, _PLAN.patron_id, patron_ids):
        plans[row.run_id].append(row)
    bound = {
        number: [row.ordinal for row in rows if row not in unbound_yeses(transaction, rows)]
        for number, rows in plans.items()
    }
    yield
    for number, ordinals in bound.items():
        bind_yeses(transaction, number, ordinals)


def _digests(transaction: Transaction, number: int) -> dict[str, str]:
    """Return what names each part of a plan; "" names one that is not kept."""
    found = {}
    for name, table in _PLANNED.items():
        theirs = (table.c.agency == transaction.agency) & (table.c.run_id == number)
        rows = transaction.execute(select(table).where(theirs).order_by(*table.primary_key)).all()
        said = hashlib.sha256(repr([tuple(row)[1:] for row in rows]).encode())
        found[name] = said.hexdigest() if rows else ""
    return found
