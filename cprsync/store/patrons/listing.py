"""List patrons by what their rows show in clear: number, status, group, municipality. Opens nothing that is sealed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from cprsync.domain.patron.patron import PatronKind
from cprsync.services.ports.finding import ListedPatron, Listing
from cprsync.store import tables
from cprsync.store.core.tenant import TenantStore

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import ColumnElement

    from cprsync.services.ports.finding import PatronFilter

#: Rows read at a time.
_PAGE: Final = 2_000
_PATRON = tables.patron.c


class SqlListing(TenantStore, Listing):
    """Patrons, one after another."""

    def statuses(self) -> list[str]:
        return sorted(set(tables.STATUS_CLASSES.values()))

    def groups(self) -> list[str]:
        with self._tenant.reading() as transaction:
            return sorted(transaction.scalars(select(_PATRON.patron_group).where(self._are_here()).distinct()))

    def _are_here(self) -> ColumnElement[bool]:
        here = (_PATRON.agency == self._tenant.agency) & _PATRON.status_class.not_in(tables.GONE)
        return here & (_PATRON.kind != PatronKind.RESPONSIBLE.value)

    def patrons(self, wanted: PatronFilter) -> Iterator[ListedPatron]:
        columns = (_PATRON.id, _PATRON.status_class, _PATRON.standing, _PATRON.patron_group, _PATRON.municipality)
        # no source has answered yet, or the feed could not have told of every change since
        unverified = (_PATRON.as_of_day.is_(None) | _PATRON.unverified_since.is_not(None)).label("unverified")
        here = self._are_here()
        asked = ((_PATRON.patron_group, wanted.group), (_PATRON.municipality, wanted.municipality))
        for column, value in (*asked, (_PATRON.status_class, wanted.status)):
            here = here if value is None else here & (column == value)
        last = ""
        while True:
            found = select(*columns, unverified).where(here, _PATRON.id > last).order_by(_PATRON.id)
            with self._tenant.reading() as transaction:
                rows = transaction.execute(found.limit(_PAGE)).all()
            for row in rows:
                yield ListedPatron(
                    row.id,
                    row.status_class,
                    row.standing,
                    row.patron_group,
                    row.municipality,
                    verified=not row.unverified,
                )
            if len(rows) < _PAGE:
                return
            last = rows[-1].id
