"""Protections whose end is in doubt: count the nights, then ask two people to decide (decision 35).

The register says that a person is not protected. It also shows a protection that has begun and has no end. Each night
asks again and counts once. A different answer closes the question; `decide_reviews` settles the review item. The module
`ending_protection` writes what the two people decide.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, func, or_, select, update

from cprsync.domain.deciding.protection import NIGHTS_OF_DOUBT
from cprsync.domain.patron.review import PROTECTION_DOUBTED
from cprsync.services.ports.register import PROTECTION_END
from cprsync.store.core import tables
from cprsync.store.core.engine import parts
from cprsync.store.reviews.review_items import ask_staff

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cprsync.services.ports.patrons import Batch
    from cprsync.services.ports.run import Run
    from cprsync.store.core.tenant import Tenant

_ROW = tables.follow_up.c


def follow_doubts(connection: Connection, tenant: Tenant, run: Run, batch: Batch) -> None:
    """Count what a batch leaves in doubt, in the caller's transaction."""
    if batch.doubted:
        ask_staff(connection, tenant, run, _count(connection, tenant, run, batch.doubted), PROTECTION_DOUBTED)


def _count(connection: Connection, tenant: Tenant, run: Run, patron_ids: Sequence[str]) -> list[str]:
    """Count one night for each of these patrons. Returns those who have reached NIGHTS_OF_DOUBT."""
    enough: list[str] = []
    for part in parts(sorted(set(patron_ids))):
        these = _open_questions(tenant) & _ROW.patron_id.in_(part)
        fresh = these & or_(_ROW.doubted_on.is_(None), _ROW.doubted_on < run.day)
        counted = {"doubted": func.coalesce(_ROW.doubted, 0) + 1, "doubted_on": run.day}
        connection.execute(update(tables.follow_up).where(fresh).values(counted))
        enough += connection.scalars(select(_ROW.patron_id).where(these, _ROW.doubted >= NIGHTS_OF_DOUBT))
    return enough


def _open_questions(tenant: Tenant) -> Any:
    return (_ROW.agency == tenant.agency) & (_ROW.kind == PROTECTION_END)
