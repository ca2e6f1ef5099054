"""Find and recognise patrons for the rules of the night: by number, by fingerprint, by id."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, func, select, text

from cprsync.domain.feed.delivery import Why
from cprsync.domain.person.person import merge, speaks_for_all
from cprsync.services.ports.patrons import Batch, Equal, NotOurs, Prepared
from cprsync.store.audit import audit
from cprsync.store.core import bulk, tables
from cprsync.store.core.engine import IN_MAX, count_rows, parts, reading
from cprsync.store.core.tenant import TenantStore, run_transaction, set_run_values
from cprsync.store.patrons.changes import happened_of, write_changes
from cprsync.store.records import links
from cprsync.store.records.numbers import old_numbers
from cprsync.store.records.overrides import LIVE
from cprsync.store.records.records import (
    IS_EMPTIED,
    PatronRow,
    as_of_from_row,
    from_row,
    open_patrons,
    overrides_of,
    prepare,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from cprsync.domain.patron.override import Override
    from cprsync.domain.patron.patron import Patron
    from cprsync.domain.person.number import CprNumber
    from cprsync.domain.person.person import Person
    from cprsync.services.ports.patrons import Recognised
    from cprsync.services.ports.runs import Run
    from cprsync.store.core.tenant import Tenant

_PATRON = tables.patron.c
#: In the same words as the partial indexes of these rows. SQLite would not use them with a bound value.
_IS_SILENT: Final = text("patron.protection_silent")
_IS_MERGED: Final = text(f"patron.status_class = '{tables.MERGED}'")


class Patrons(TenantStore):
    """The records of all patrons, recognised, read and written."""

    def __init__(self, tenant: Tenant) -> None:
        super().__init__(tenant)
        #: the persons who were recognised last, by number: the bytes that were compared are the bytes that are sealed
        self._encoded: dict[str, tuple[Person, Prepared]] = {}

    def count(self) -> int:
        # each counted by an index alone, because the rows hold the sealed records
        everyone = select(func.count()).where(_PATRON.agency == self._tenant.agency)
        with reading(self._tenant.engine) as connection:
            merged, closed = (connection.scalar(everyone.where(*some)) or 0 for some in ([_IS_MERGED], IS_EMPTIED))
            return (connection.scalar(everyone) or 0) - merged - closed

    def count_silent(self) -> int:
        silent = (_PATRON.agency == self._tenant.agency) & _IS_SILENT & _PATRON.status_class.not_in(tables.GONE)
        # written so that SQLite uses the partial index of the silent rows, and no other
        silent &= _PATRON.real_number.is_not(False)
        with reading(self._tenant.engine) as connection:
            return count_rows(connection, silent)

    def recognise(self, persons: Sequence[Person]) -> list[Recognised]:
        found: list[Recognised] = []
        self._encoded = {}
        with reading(self._tenant.engine) as connection:
            for part in parts(persons, IN_MAX // self._tenant.vault.index_keys):
                found += self._recognise_part(connection, part)
        return found

    def read(self, ids: Sequence[str]) -> list[Patron]:
        found: dict[str, Patron] = {}
        closed = select(_PATRON.id).where(_PATRON.agency == self._tenant.agency, *IS_EMPTIED)
        with reading(self._tenant.engine) as connection:
            for part in parts(ids):
                gone = set(connection.scalars(closed.where(_PATRON.id.in_(part))))
                rows = [row for row in _rows(connection, self._tenant, "id", part) if row.id not in gone]
                found |= {patron.id: patron for patron in open_patrons(connection, self._tenant, rows)}
        return [found[one] for one in ids if one in found]

    def old_numbers(self, numbers: Sequence[CprNumber]) -> dict[CprNumber, str]:
        with reading(self._tenant.engine) as connection:
            return old_numbers(connection, self._tenant, numbers)

    def _recognise_part(self, connection: Connection, persons: Sequence[Person]) -> Iterator[Recognised]:
        probes = [self._tenant.vault.probes("number", person.number.digits) for person in persons]
        wanted = [index for indexes in probes for index in indexes]
        by_index = {row.number_index: row for row in _rows(connection, self._tenant, "number_index", wanted)}
        corrected = overrides_of(connection, self._tenant, by_index.values())
        for indexes, person in zip(probes, persons, strict=True):
            row = next((by_index[index] for index in indexes if index in by_index), None)
            yield NotOurs() if row is None else self._recognised(row, person, corrected.get(row.id, ()))

    def _recognised(self, row: PatronRow, person: Person, corrected: tuple[Override, ...]) -> Recognised:
        as_of = as_of_from_row(row)
        # A patron with stopped letters is decided even if the record is equal: that may let the letters go again. So is
        # a patron with a replaced number: news under that number verifies the patron.
        is_decided_on = row.letters_stopped is not None or row.unverified_why == Why.NUMBER_REPLACED.value
        if as_of is not None and not is_decided_on and self._is_equal(row, person):
            return Equal(row.id, row.version, as_of)
        return from_row(self._tenant.vault, row, corrected)

    def _is_equal(self, row: PatronRow, person: Person) -> bool:
        # A fingerprint of another key or another mapping cannot be compared: open the record and compare.
        if row.fingerprint_key != self._tenant.vault.fingerprint_key or not speaks_for_all(person):
            return False
        # The person speaks for all groups. A merge with any stored record then equals the merge with itself: the person
        # unchanged, except for a foreign address that has no meaning for the status.
        after = merge(person, person)
        prepared = prepare(self._tenant.vault, after)
        self._encoded[after.number.digits] = after, prepared
        return prepared.fingerprint == row.fingerprint

    def prepare(self, after: Person) -> Prepared:
        # what was encoded to compare is used again only for that very object
        person, prepared = self._encoded.get(after.number.digits, (None, None))
        return prepared if person is after and prepared is not None else prepare(self._tenant.vault, after)

    def write(self, run: Run | None, batch: Batch) -> None:
        with run_transaction(self._tenant, run) as connection:
            write_changes(connection, self._tenant, run or self._tenant.no_run, batch)
            happened = [happened_of(run, write) for write in batch.writes]
            audit.append(connection, self._tenant, self._tenant.night, happened)
            if run is not None and batch.checkpoint is not None:
                set_run_values(connection, self._tenant, run, checkpoint=batch.checkpoint)

    def overridden(self) -> list[str]:
        row = tables.override.c
        wanted = select(row.patron_id).where(row.agency == self._tenant.agency, row.state == LIVE).distinct()
        with reading(self._tenant.engine) as connection:
            return list(connection.scalars(wanted.order_by(row.patron_id)))

    def sealed_among(self, ids: Collection[str], *, silent_is_sealed: bool) -> set[str]:
        with reading(self._tenant.engine) as connection:
            found = links.others(connection, self._tenant, ids)
        return {one for one, other in found.items() if other.is_sealed(silent_is_sealed=silent_is_sealed)}

    def ids(self) -> list[str]:
        patrons = select(_PATRON.id).where(
            _PATRON.agency == self._tenant.agency, _PATRON.status_class.not_in(tables.GONE)
        )
        with reading(self._tenant.engine) as connection:
            return list(connection.scalars(patrons.order_by(_PATRON.id)))

    def find(self, number: CprNumber) -> str | None:
        current = select(_PATRON.id).where(
            _PATRON.agency == self._tenant.agency,
            _PATRON.number_index.in_(self._tenant.vault.probes("number", number.digits)),
        )
        with reading(self._tenant.engine) as connection:
            return connection.scalar(current) or old_numbers(connection, self._tenant, [number]).get(number)


def _rows(connection: Connection, tenant: Tenant, by: str, values: Sequence[object]) -> Iterator[PatronRow]:
    found = bulk.find(connection, tables.patron, columns=PatronRow._fields, by=by, values=values, agency=tenant.agency)
    return map(PatronRow._make, found)
