"""Delete the lines of old nights, and remove erased patrons from the lines and plans that stay.

The counts of each kind are in the night's report, and stay.
"""

from __future__ import annotations

import json
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, delete, func, null, select, update

from cprsync.store.core import tables

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from sqlalchemy import Select

    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Tenant

_RUN: Final = tables.run.c
_ITEM: Final = tables.run_item.c
_PLAN: Final = tables.plan_row.c


def old_lines(tenant: Tenant, by: date) -> Select[*tuple[Any, ...]]:
    """Find the lines of nights that ended, up to a day. They carry no patron id: a line is named by its place."""
    ended = select(_RUN.id).where(_RUN.agency == tenant.agency, _RUN.day <= by, _RUN.finished.is_not(None))
    wanted = select(_ITEM.run_id, _ITEM.inbox_id, _ITEM.ordinal, null().label("patron_id"))
    wanted = wanted.where(_ITEM.agency == tenant.agency, _ITEM.run_id.in_(ended))
    return wanted.order_by(_ITEM.run_id, _ITEM.inbox_id, _ITEM.ordinal)


def let_go(connection: Connection, tenant: Tenant, rows: Sequence[AnyRow]) -> None:
    """Delete the lines that were found, which are in order, and what their nights had planned."""
    for (run_id, inbox_id), lines in groupby(rows, key=lambda row: (row.run_id, row.inbox_id)):
        last = max(line.ordinal for line in lines)
        of_night = (_ITEM.agency == tenant.agency) & (_ITEM.run_id == run_id)
        of_delivery = _ITEM.inbox_id.is_(None) if inbox_id is None else _ITEM.inbox_id == inbox_id
        connection.execute(delete(tables.run_item).where(of_night, of_delivery, _ITEM.ordinal <= last))
    for run_id in dict.fromkeys(row.run_id for row in rows):
        _forget_plan(connection, tenant, run_id)


def anonymise(connection: Connection, tenant: Tenant, ids: Sequence[str], indexes: Sequence[bytes]) -> None:
    """Remove these patrons and numbers from all lines and plans. The counts do not change."""
    ours = _ITEM.agency == tenant.agency
    theirs = _ITEM.patron_id.in_(ids) | _ITEM.number_index.in_(indexes)
    connection.execute(update(tables.run_item).where(ours, theirs).values(patron_id=None, number_index=None))
    for one in ids:
        # the reason of another patron's line may name this patron
        named = ours & _ITEM.reason.like(f"%:{one}")
        why = func.replace(_ITEM.reason, f":{one}", "")
        connection.execute(update(tables.run_item).where(named).values(reason=why))
        planned = select(_RUN.id, _RUN.document).where(
            _RUN.agency == tenant.agency, _RUN.document.like(f'%"patron": "{one}"%')
        )
        for row in connection.execute(planned).all():
            document = json.loads(row.document)
            rest = [step for step in document["plan"] if step["patron"] != one]
            _write(connection, tenant, row.id, document | {"plan": rest})


def _forget_plan(connection: Connection, tenant: Tenant, run_id: int) -> None:
    """Delete the plan of a night. The report of a held night contains the plan, too."""
    connection.execute(delete(tables.plan_row).where(_PLAN.agency == tenant.agency, _PLAN.run_id == run_id))
    this = (_RUN.agency == tenant.agency) & (_RUN.id == run_id)
    document = json.loads(connection.scalar(select(_RUN.document).where(this)) or "{}")
    if document.get("plan"):
        _write(connection, tenant, run_id, document | {"plan": []})


def _write(connection: Connection, tenant: Tenant, run_id: int, document: dict[str, Any]) -> None:
    this = (_RUN.agency == tenant.agency) & (_RUN.id == run_id)
    text = json.dumps(document, ensure_ascii=False)
    connection.execute(update(tables.run).where(this).values(document=text))
