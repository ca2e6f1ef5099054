"""Patrons found by telephone, e-mail and birth date: keyed indexes, made from the sealed record.

A name has no key. Of those born on a day a library has a few dozen at most, and whoever searches compares their names,
so that the beginning of one finds it, in any spelling.

Code that writes a record need not know of these keys. Each row has the versions of its two parts from which its keys
were made. A search first makes the keys of the few records that are newer, and each night makes the rest. The birth
date of a protected patron has no key. A patron may become protected before the keys are made again, so whoever shows
what is found also asks who is sealed.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, delete, insert, select, text

from cprsync.domain.desk.finding import read_email, read_telephone
from cprsync.domain.patron.override import birth_in_force, in_force
from cprsync.domain.person.age import birth_date_of
from cprsync.errors import SealBroken
from cprsync.services.ports.finding import PatronSearch
from cprsync.store import tables
from cprsync.store.core.tenant import AGENCY_IS, TenantStore, library_transaction
from cprsync.store.records.records import CHANGE_PATRONS, from_row, open_local, overrides_of, patron_rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from cprsync.domain.patron.override import Override
    from cprsync.domain.patron.patron import Patron
    from cprsync.domain.person.person import Person
    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Tenant, Transaction

TELEPHONE: Final = "telephone"
EMAIL: Final = "email"
BORN: Final = "born"
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


class SqlFinding(TenantStore, PatronSearch):
    """Keys that may find several patrons."""

    def refresh(self, most: int) -> int:
        if self.is_complete():
            return 0
        with library_transaction(self._tenant) as transaction:
            ids = list(transaction.scalars(_FIRST_NEWER, {"agency_": transaction.agency, "most_": most}))
            make_keys(transaction, patron_rows(transaction, ids))
        return len(ids)

    def is_complete(self) -> bool:
        with self._tenant.reading() as transaction:
            return transaction.scalar(_ONE_NEWER, {"agency_": transaction.agency}) is None

    def by_telephone(self, telephone: str) -> list[str]:
        with self._tenant.reading() as transaction:
            return sorted(_holders(transaction, TELEPHONE, telephone))

    def by_email(self, email: str) -> list[str]:
        with self._tenant.reading() as transaction:
            return sorted(_holders(transaction, EMAIL, email))

    def by_birth_date(self, born: Sequence[date]) -> list[str]:
        with self._tenant.reading() as transaction:
            each = (_holders(transaction, BORN, day.isoformat()) for day in born)
            return sorted(set().union(*each))


def _holders(transaction: Transaction, kind: str, value: str) -> set[str]:
    """Return the patrons who have a key and are there."""
    ours = select(_KEY.patron_id).where(_KEY.agency == transaction.agency, _KEY.kind == kind)
    ids = transaction.fetch_values(ours, _KEY.key_index, transaction.vault.probes(kind, value))
    there = select(_PATRON.id).where(_PATRON.agency == transaction.agency, _PATRON.status_class.not_in(tables.GONE))
    return set(transaction.fetch_values(there, _PATRON.id, ids))


def make_keys(transaction: Transaction, rows: Sequence[AnyRow]) -> None:
    """Replace the keys of these records, and note from which versions they are made."""
    ids = [row.id for row in rows]
    transaction.change_rows(_DROP, _KEY.patron_id, ids, agency_=transaction.agency)
    there = [row for row in rows if row.status_class not in tables.GONE]
    if keys := list(_keys_of(transaction, there)):
        transaction.execute(_MAKE, keys)
    transaction.change_rows(_ARE_MADE, _PATRON.id, ids, agency_=transaction.agency)


def is_found_alike(before: Person, after: Person) -> bool:
    """Tells whether a person's keys stay as they are: a move, say, changes none."""
    if before.is_shut or after.is_shut:
        return before.is_shut and after.is_shut
    if tables.STATUS_CLASSES[before.status] != tables.STATUS_CLASSES[after.status]:
        return False
    return birth_date_of(before) == birth_date_of(after)


def keep_keys(transaction: Transaction, ids: Sequence[str]) -> None:
    """Note that the keys of records which have just got their next version are still theirs, if they were before.

    Otherwise the night would open each record that it has just written.
    """
    transaction.change_rows(_ARE_KEPT, _PATRON.id, ids, agency_=transaction.agency)


def _keys_of(transaction: Transaction, rows: Sequence[AnyRow]) -> Iterator[dict[str, Any]]:
    corrected = overrides_of(transaction, rows)
    for row in rows:
        # a seal that is broken gives no keys; the night's check of the records tells of it
        with suppress(SealBroken):
            yield from _keys_of_row(transaction.tenant, row, corrected.get(row.id, ()))


def _keys_of_row(tenant: Tenant, row: AnyRow, corrected: tuple[Override, ...]) -> list[dict[str, Any]]:
    local = open_local(tenant, row)
    values = {(TELEPHONE, key) for one in local.telephones if (key := read_telephone(one.number)) is not None}
    values |= {(EMAIL, key) for one in local.emails if (key := read_email(one.address)) is not None}
    values |= {(BORN, one) for one in _days_of(tenant, from_row(tenant.vault, row, corrected))}
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


def _days_of(tenant: Tenant, patron: Patron) -> set[str]:
    """The patron's birth dates: the register's, and staff's correction."""
    person = patron.register
    if person.is_shut:
        return set()
    holding = in_force(patron.overrides, tenant.clock.today()) if patron.overrides else {}
    days = (birth_date_of(person), birth_in_force(person, holding))
    return {one.day.isoformat() for one in days if one is not None}
