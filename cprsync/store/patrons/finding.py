"""Patrons found by telephone, and by name with birth date: keyed indexes, made from the sealed record.

Code that writes a record need not know of these keys. Each row has the versions of its two parts from which its keys
were made. A search first makes the keys of the few records that are newer, and each night makes the rest. The name of a
protected patron has no key. A patron may become protected before the keys are made again, so whoever shows what is
found also asks who is sealed.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, bindparam, delete, insert, select, text

from cprsync.domain.desk.finding import read_telephone, words_of
from cprsync.domain.patron.override import Overridden, birth_in_force, in_force
from cprsync.domain.person.age import birth_date_of
from cprsync.domain.person.sealed import Name
from cprsync.errors import SealBroken
from cprsync.store import tables
from cprsync.store.core.engine import change_rows, fetch_values, reading
from cprsync.store.core.tenant import AGENCY_IS, TenantStore, library_transaction
from cprsync.store.records.records import CHANGE_PATRONS, from_row, open_local, overrides_of, patron_rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from cprsync.domain.patron.override import Override
    from cprsync.domain.patron.patron import Patron
    from cprsync.domain.person.person import Person
    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Tenant

TELEPHONE: Final = "telephone"
NAME: Final = "name"
_PATRON, _KEY = tables.patron.c, tables.finding_key.c
#: In the same words as the partial index of these rows. SQLite would not use it with a bound value.
_IS_NEWER: Final = text(tables.RECORD_IS_NEWER)
_NEWER: Final = select(_PATRON.id).where(_PATRON.agency == AGENCY_IS, _IS_NEWER)
_ONE_NEWER: Final = _NEWER.limit(1)
_FIRST_NEWER: Final = _NEWER.order_by(_PATRON.id).limit(bindparam("most_"))
_DROP: Final = delete(tables.finding_key).where(_KEY.agency == AGENCY_IS)
_MAKE: Final = insert(tables.finding_key)
_ARE_MADE: Final = CHANGE_PATRONS.values(found_register=_PATRON.version, found_local=_PATRON.local_version)
_ARE_KEPT: Final = CHANGE_PATRONS.where(_PATRON.found_register == _PATRON.version - 1).values(
    found_register=_PATRON.version
)


class Finding(TenantStore):
    """Keys that may find several patrons."""

    def refresh(self, most: int) -> int:
        if self.is_complete():
            return 0
        with library_transaction(self._tenant) as connection:
            ids = list(connection.scalars(_FIRST_NEWER, {"agency_": self._tenant.agency, "most_": most}))
            make_keys(connection, self._tenant, patron_rows(connection, self._tenant, ids))
        return len(ids)

    def is_complete(self) -> bool:
        with reading(self._tenant.engine) as connection:
            return connection.scalar(_ONE_NEWER, {"agency_": self._tenant.agency}) is None

    def by_telephone(self, telephone: str) -> list[str]:
        with reading(self._tenant.engine) as connection:
            return sorted(_holders(connection, self._tenant, TELEPHONE, telephone))

    def by_name(self, words: Sequence[str], born: Sequence[date]) -> list[str]:
        found: set[str] = set()
        with reading(self._tenant.engine) as connection:
            for day in born:
                each = [_holders(connection, self._tenant, NAME, _named(day, word)) for word in words]
                found |= set.intersection(*each) if each else set()
        return sorted(found)


def _holders(connection: Connection, tenant: Tenant, kind: str, value: str) -> set[str]:
    """Return the patrons who have a key and are there."""
    ours = select(_KEY.patron_id).where(_KEY.agency == tenant.agency, _KEY.kind == kind)
    ids = fetch_values(connection, ours, _KEY.key_index, tenant.vault.probes(kind, value))
    there = select(_PATRON.id).where(_PATRON.agency == tenant.agency, _PATRON.status_class.not_in(tables.GONE))
    return set(fetch_values(connection, there, _PATRON.id, ids))


def _named(born: date, word: str) -> str:
    return f"{born.isoformat()}|{word}"


def make_keys(connection: Connection, tenant: Tenant, rows: Sequence[AnyRow]) -> None:
    """Replace the keys of these records, and note from which versions they are made."""
    ids = [row.id for row in rows]
    change_rows(connection, _DROP, _KEY.patron_id, ids, agency_=tenant.agency)
    there = [row for row in rows if row.status_class not in tables.GONE]
    if keys := list(_keys_of(connection, tenant, there)):
        connection.execute(_MAKE, keys)
    change_rows(connection, _ARE_MADE, _PATRON.id, ids, agency_=tenant.agency)


def is_found_alike(before: Person, after: Person) -> bool:
    """Tells whether a person's keys stay as they are: a move, say, changes none."""
    if before.is_shut or after.is_shut:
        return before.is_shut and after.is_shut
    if tables.STATUS_CLASSES[before.status] != tables.STATUS_CLASSES[after.status]:
        return False
    return before.name == after.name and birth_date_of(before) == birth_date_of(after)


def keep_keys(connection: Connection, tenant: Tenant, ids: Sequence[str]) -> None:
    """Note that the keys of records which have just got their next version are still theirs, if they were before.

    Otherwise the night would open each record that it has just written.
    """
    change_rows(connection, _ARE_KEPT, _PATRON.id, ids, agency_=tenant.agency)


def _keys_of(connection: Connection, tenant: Tenant, rows: Sequence[AnyRow]) -> Iterator[dict[str, Any]]:
    corrected = overrides_of(connection, tenant, rows)
    for row in rows:
        # a seal that is broken gives no keys; the night's check of the records tells of it
        with suppress(SealBroken):
            yield from _keys_of_row(tenant, row, corrected.get(row.id, ()))


def _keys_of_row(tenant: Tenant, row: AnyRow, corrected: tuple[Override, ...]) -> list[dict[str, Any]]:
    telephones = {read_telephone(one.number) for one in open_local(tenant, row).telephones}
    values = {(TELEPHONE, one) for one in telephones if one is not None}
    values |= {(NAME, one) for one in _names_of(tenant, from_row(tenant.vault, row, corrected))}
    return [
        {
            "agency": tenant.agency,
            "kind": kind,
            "key_index": tenant.vault.index(kind, value),
            "patron_id": row.id,
            "key_id": tenant.vault.index_key,
        }
        for kind, value in sorted(values)
    ]


def _names_of(tenant: Tenant, patron: Patron) -> Iterator[str]:
    """Yield each word of the patron's names with each birth date: the register's, and staff's corrections."""
    person = patron.register
    if person.is_shut:
        return
    holding = in_force(patron.overrides, tenant.clock.today()) if patron.overrides else {}
    name, typed = person.name, holding.get(Overridden.NAME)
    written = [name.addressing, name.first, name.middle, name.last] if isinstance(name, Name) else []
    words = words_of(" ".join([*written, "" if typed is None else typed.text]))
    days = {one.day for one in (birth_date_of(person), birth_in_force(person, holding)) if one is not None}
    yield from (_named(day, word) for day in days for word in words)
