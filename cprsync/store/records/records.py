"""Read records for the rules: recognise them by index and fingerprint, and open only those that differ."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import Connection, text

from cprsync.domain.feed.window import Why, Window
from cprsync.domain.patron.household import Other
from cprsync.domain.patron.patron import AsOf, Patron, PatronKind, Source
from cprsync.services.ports.patrons import Prepared
from cprsync.store.core import tables
from cprsync.store.records import overrides
from cprsync.store.seals.codec import REGISTER, decode, encode
from cprsync.store.seals.failures import SealBroken

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from cprsync.domain.patron.override import Override
    from cprsync.domain.person.person import Person
    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Tenant
    from cprsync.store.seals.vault import Vault

_PATRON = tables.patron.c
#: A dictionary, because each row needs it and the enum's own lookup is slower.
_KINDS: Final = {kind.value: kind for kind in PatronKind}
#: In the same words as the index of the standing. A leaving patron is in it too, so the status class is also needed.
IS_EMPTIED: Final[Any] = (text("patron.standing <> 'active'"), _PATRON.status_class.in_(tables.EMPTIED))


class PatronRow(NamedTuple):
    """What a rule of the night may need of a row."""

    id: str
    number_index: bytes
    register_blob: bytes
    register_key: str
    fingerprint: bytes
    fingerprint_key: str
    version: int
    as_of_day: date | None
    as_of_source: str
    letters_stopped: date | None
    patron_group: str
    overrides: int
    kind: str
    unverified_since: date | None
    unverified_why: str | None
    unverified_until: date | None


def from_row(vault: Vault, row: AnyRow | PatronRow, corrected: tuple[Override, ...] = ()) -> Patron:
    """Open a row, with what staff corrected.

    Raises:
        SealBroken: it was altered, moved, or replaced by an older one.
    """
    as_of, person = as_of_from_row(row), decode(open_register(vault, row))
    kind, window = _KINDS[row.kind], _window(row)
    return Patron(row.id, person, as_of, row.version, row.letters_stopped, row.patron_group, corrected, kind, window)


def _window(row: AnyRow | PatronRow) -> Window | None:
    since, why, until = row.unverified_since, row.unverified_why, row.unverified_until
    return None if since is None or why is None or until is None else Window(since, Why(why), until)


def other_of(vault: Vault, row: AnyRow) -> Other:
    """Return a patron who shares a dwelling or a link, from a row that also has `parked`."""
    patron = from_row(vault, row)
    return Other(patron.register, row.parked, in_window=patron.window is not None)


def open_register(vault: Vault, row: AnyRow | PatronRow) -> bytes:
    """Return the canonical bytes of the register's part, as they were last written.

    An older seal opens if its version is put back beside it. The fingerprint then shows that it is not what was written
    last.

    Raises:
        SealBroken: it was altered, moved, or replaced by an older one.
    """
    blob = vault.unseal(row.register_blob, row.register_key, place=row.id, owner=REGISTER, version=row.version)
    if not vault.is_fingerprint(blob, row.fingerprint, row.fingerprint_key):
        raise SealBroken("a sealed record is not the one that was written last: an older one stands in its place")
    return blob


def overrides_of(
    connection: Connection, tenant: Tenant, rows: Iterable[AnyRow | PatronRow]
) -> dict[str, tuple[Override, ...]]:
    """Return what staff corrected, by patron. Reads nothing for rows without corrections."""
    return overrides.of(connection, tenant, [row.id for row in rows if row.overrides])


def as_of_from_row(row: AnyRow | PatronRow) -> AsOf | None:
    """Return the day and source of the row; None: not yet verified."""
    return None if row.as_of_day is None else _as_of(row.as_of_day, row.as_of_source)


@lru_cache(maxsize=64)
def _as_of(day: date, source: str) -> AsOf:
    """Return one shared object for all rows of a day. A library has few different ones."""
    return AsOf(day, Source(source))


def prepare(vault: Vault, after: Person) -> Prepared:
    """Encode once what is then sealed and fingerprinted."""
    canonical = encode(after)
    return Prepared(canonical, vault.fingerprint(canonical))
