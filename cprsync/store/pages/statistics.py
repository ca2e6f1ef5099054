"""Count patrons for statistics: municipality and group in clear, the birth date opened a page at a time.

Leaves out rows that are no patrons: merged, closed, erased or dead, and persons who only answer for a minor.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from cprsync.domain.feed.delivery import COPENHAGEN
from cprsync.domain.pages.statistics import UNKNOWN, band_of
from cprsync.domain.patron.due import CalendarFacts, derived_group
from cprsync.domain.patron.override import birth_in_force, in_force
from cprsync.domain.patron.patron import PatronKind
from cprsync.services.ports.finding import Statistics
from cprsync.store import tables
from cprsync.store.core.engine import stamp_of
from cprsync.store.core.tenant import TenantStore
from cprsync.store.records.records import open_patrons

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from cprsync.domain.pages.statistics import Cell
    from cprsync.domain.policy.policy import Policy

#: Records opened at a time.
_PAGE: Final = 500
_PATRON = tables.patron.c
_NO_PATRON: Final = (*tables.GONE, "dead")


class SqlStatistics(TenantStore, Statistics):
    """What is counted for the yearly statistics."""

    def counted(self, on: date, policy: Policy, *, page: int = _PAGE) -> Iterator[Cell]:
        evening = datetime.combine(on + timedelta(days=1), time(), tzinfo=COPENHAGEN)
        here = (_PATRON.agency == self._tenant.agency) & _PATRON.status_class.not_in(_NO_PATRON)
        here &= _PATRON.kind != PatronKind.RESPONSIBLE.value
        here &= _PATRON.created < stamp_of(evening)
        last = ""
        while True:
            # the local part is not read
            wanted = select(*(column for column in _PATRON if column.name != "local_blob"))
            with self._tenant.reading() as transaction:
                rows = transaction.execute(wanted.where(here, _PATRON.id > last).order_by(_PATRON.id).limit(page)).all()
                patrons = open_patrons(transaction, rows)
            for row, patron in zip(rows, patrons, strict=True):
                born = birth_in_force(patron.register, in_force(patron.overrides, on))
                stopped = patron.letters_stopped
                facts = CalendarFacts(
                    patron.id, patron.register, patron.group, patron.overrides, letters_stopped=stopped
                )
                band = band_of(None if born is None else born.day, on, policy.ladders.leap)
                yield row.municipality or UNKNOWN, band, derived_group(facts, on, policy)
            if len(rows) < page:
                return
            last = rows[-1].id
