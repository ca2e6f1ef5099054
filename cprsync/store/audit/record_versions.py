"""A sum over the versions of all records of a library. It shows if a whole row was put back to an earlier state.

Each change of a record removes its old version from the sum and adds the new one. The sum is keyed, so that nobody
without the key can compute it. It is hidden under the number of changes, so that two states cannot be compared. That
number is in the file of the audit's heads too, so an older one is noticed.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Final, NamedTuple

from sqlalchemy import Connection, func, select, update

from cprsync.store.core import tables
from cprsync.store.core.engine import reading, writing
from cprsync.store.core.tenant import hold_library
from cprsync.store.seals.codec import REGISTER
from cprsync.store.seals.keyed import Keyed
from cprsync.store.seals.keys import Purpose

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Tenant

#: The part of a record that patron and staff own. Like the register's part, it is sealed under a version of its own.
LOCAL: Final = "local"
_BITS: Final = 256
_MASK: Final = (1 << _BITS) - 1
_READ_ROWS: Final = 5000
_LIBRARY = tables.library.c
_PATRON = tables.patron.c


class Moved(NamedTuple):
    """A part of a record that went from one version to another. None: it was not there, or is not there any more."""

    patron_id: str
    part: str
    before: int | None
    after: int | None


def begin_versions(tenant: Tenant) -> None:
    """Count the sum for a library that has none yet: a new one, or one from an earlier version."""
    with reading(tenant.engine) as connection:
        if _row(connection, tenant).records_key is not None:
            return
    with writing(tenant.engine) as connection:
        hold_library(connection, tenant)
        if _row(connection, tenant).records_key is None:
            count_again(connection, tenant, changes=1)


def count_again(connection: Connection, tenant: Tenant, *, changes: int) -> None:
    """Count the sum from the records as they are, in the caller's transaction, which holds the library."""
    key = tenant.keyring.newest(Purpose.FINGERPRINT).id
    _write(connection, tenant, key, _counted(connection, tenant, _keyed(tenant, key)), changes)


def note_versions(connection: Connection, tenant: Tenant, moved: Iterable[Moved]) -> None:
    """Update the sum for what is written, in the caller's transaction."""
    row = _row(connection, tenant)
    if row.records_key is None:
        return  # it is counted when the store is next opened
    keyed = _keyed(tenant, row.records_key)
    total = _sum_in(row, keyed)
    for one in moved:
        if one.before is not None:
            total -= _value(keyed, one.patron_id, one.part, one.before)
        if one.after is not None:
            total += _value(keyed, one.patron_id, one.part, one.after)
    _write(connection, tenant, row.records_key, total, row.records_changes + 1)


def changes_of(connection: Connection, tenant: Tenant) -> int | None:
    """Return how often records have changed; None: not counted yet."""
    changes: int | None = _row(connection, tenant).records_changes
    return changes


def is_whole(connection: Connection, tenant: Tenant) -> bool:
    """Return whether the records are those that were written last: none older, none missing, none added."""
    row = _row(connection, tenant)
    if row.records_key is None:
        return True
    keyed = _keyed(tenant, row.records_key)
    return _counted(connection, tenant, keyed) & _MASK == _sum_in(row, keyed) & _MASK


def _row(connection: Connection, tenant: Tenant) -> AnyRow:
    wanted = select(_LIBRARY.records_sum, _LIBRARY.records_changes, _LIBRARY.records_key)
    return connection.execute(wanted.where(_LIBRARY.agency == tenant.agency)).one()


def _write(connection: Connection, tenant: Tenant, key: str, total: int, changes: int) -> None:
    hidden = (total + _veil(_keyed(tenant, key), changes)) & _MASK
    values = {"records_sum": hidden.to_bytes(_BITS // 8), "records_changes": changes, "records_key": key}
    connection.execute(update(tables.library).where(_LIBRARY.agency == tenant.agency).values(values))


def _sum_in(row: AnyRow, keyed: Keyed) -> int:
    return int.from_bytes(row.records_sum or b"") - _veil(keyed, row.records_changes)


def _counted(connection: Connection, tenant: Tenant, keyed: Keyed) -> int:
    return sum(
        _value(keyed, patron_id, REGISTER, version) + _value(keyed, patron_id, LOCAL, local)
        for patron_id, version, local in _versions(connection, tenant)
    )


def _versions(connection: Connection, tenant: Tenant) -> Iterator[AnyRow]:
    # written so that no index is used: with one, SQLite would read the rows in another order than they are stored
    ours = func.coalesce(_PATRON.agency, "") == tenant.agency
    wanted = select(_PATRON.id, _PATRON.version, _PATRON.local_version).where(ours)
    yield from connection.execute(wanted.execution_options(yield_per=_READ_ROWS))


def _value(keyed: Keyed, patron_id: str, part: str, version: int) -> int:
    """Return what a part at a version adds. The first local part adds nothing, because most records have it."""
    if part == LOCAL and version == 1:
        return 0
    return int.from_bytes(keyed.digest(f"{patron_id}|{part}|{version}".encode()))


def _veil(keyed: Keyed, changes: int) -> int:
    return int.from_bytes(keyed.digest(f"changes|{changes}".encode()))


def _keyed(tenant: Tenant, key: str) -> Keyed:
    # derived, so that the key that fingerprints records sums up no versions; different for each library
    secret = tenant.keyring.by_id(Purpose.FINGERPRINT)[key].secret
    return Keyed(hmac.digest(secret, f"versions|{tenant.agency}".encode(), "sha256"))
