"""Read what a check of the rights to net media needs: every patron's record with its kept rights, and versions.

Reads page by page: 100,000 patrons take no more memory than 1,000. Writes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select, union

from cprsync.domain.patron.local import Stage
from cprsync.domain.patron.review import NET_MEDIA_FOREIGN, State
from cprsync.services.ports.values import Checked
from cprsync.store.core import tables
from cprsync.store.core.engine import parts, reading
from cprsync.store.netmedia.effects import CULR, WAITING
from cprsync.store.netmedia.entitlements import kept_lines
from cprsync.store.records.local_part import open_local
from cprsync.store.records.records import from_row, overrides_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Tenant

_PATRON = tables.patron.c
_ACCOUNT = tables.account.c
_OUT = tables.outbox.c
_IMAGE = tables.before_image.c
_ITEM = tables.review_item.c


def page(tenant: Tenant, after: str, limit: int) -> list[Checked]:
    """Return the next records after an id, also those of patrons who have left or were merged."""
    found = select(tables.patron).where(_PATRON.agency == tenant.agency, _PATRON.id > after)
    with reading(tenant.engine) as connection:
        rows = connection.execute(found.order_by(_PATRON.id).limit(limit)).all()
        kept = kept_lines(connection, tenant, rows)
        corrected = overrides_of(connection, tenant, rows)
    return [
        Checked(
            patron=from_row(tenant.vault, row, corrected.get(row.id, ())),
            local=open_local(tenant, row),
            stage=Stage.CLOSED if row.status_class in tables.GONE else Stage(row.standing),
            gone=row.status_class in tables.GONE,
            rights=kept.get(row.id),
            waits=_waits(tenant, row),
        )
        for row in rows
    ]


def _waits(tenant: Tenant, row: AnyRow) -> bool:
    """Return whether the patron's rights are still to be derived."""
    is_due = row.rights_due is not None and row.rights_due <= tenant.clock.today()
    return bool(is_due or row.rights_local != row.local_version)


def wrong_versions(tenant: Tenant) -> list[str]:
    """Return the patrons with a version that is not above the one before it.

    Compares the record, what CULR has, what waits, and the before-images.
    """
    theirs = (
        (_PATRON.agency == tenant.agency) & (_PATRON.agency == _ACCOUNT.agency) & (_PATRON.id == _ACCOUNT.patron_id)
    )
    waits = (_OUT.agency == tenant.agency) & (_OUT.target == CULR)
    settled = waits & (_OUT.agency == _ACCOUNT.agency) & (_OUT.patron_id == _ACCOUNT.patron_id)
    owner = waits & (_PATRON.agency == _OUT.agency) & (_PATRON.id == _OUT.patron_id)
    before = (_IMAGE.agency == tenant.agency) & (_PATRON.agency == _IMAGE.agency) & (_PATRON.id == _IMAGE.patron_id)
    wrong = union(
        select(_ACCOUNT.patron_id).where(theirs, _ACCOUNT.version > _PATRON.version),
        select(_OUT.patron_id).where(settled, _OUT.state == WAITING, _OUT.version <= _ACCOUNT.version),
        select(_OUT.patron_id).where(owner, _OUT.version > _PATRON.version),
        select(_IMAGE.patron_id).where(before, _IMAGE.version >= _PATRON.version),
    )
    with reading(tenant.engine) as connection:
        return sorted(connection.scalars(wrong))


def let_stand(tenant: Tenant, ids: Sequence[str]) -> set[str]:
    """Return those of these patrons whose latest review answer keeps another library's number."""
    latest: dict[str, str] = {}
    with reading(tenant.engine) as connection:
        for part in parts(ids):
            theirs = (_ITEM.agency == tenant.agency) & (_ITEM.kind == NET_MEDIA_FOREIGN) & _ITEM.patron_id.in_(part)
            for row in connection.execute(select(_ITEM.patron_id, _ITEM.state).where(theirs).order_by(_ITEM.id)):
                latest[row.patron_id] = row.state
    return {one for one, state in latest.items() if state == State.REJECTED.value}
