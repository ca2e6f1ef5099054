"""Read records for the rules: recognise them by index and fingerprint, and open only those that differ."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import Connection, func, select, text

from cprsync.domain.feed.window import Why, Window
from cprsync.domain.patron.household import Other
from cprsync.domain.patron.patron import AsOf, Patron, PatronKind, Source
from cprsync.domain.person.snapshot import merge, speaks_for_all
from cprsync.services.ports.values import Equal, NotOurs, Prepared
from cprsync.store.core import bulk, tables
from cprsync.store.core.engine import IN_MAX, parts, reading
from cprsync.store.records import overrides
from cprsync.store.seals.codec import REGISTER, decode, encode
from cprsync.store.seals.failures import SealBroken

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date

    from cprsync.domain.patron.override import Override
    from cprsync.domain.person.person import Person
    from cprsync.services.ports.values import Recognised
    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Tenant
    from cprsync.store.seals.vault import Vault

_PATRON = tables.patron.c
#: A dictionary, because each row needs it and the enum's own lookup is slower.
_KINDS: Final = {kind.value: kind for kind in PatronKind}
#: In the same words as the partial indexes of these rows. SQLite would not use them with a bound value.
_IS_SILENT: Final = text("patron.protection_silent")
_IS_MERGED: Final = text(f"patron.status_class = '{tables.MERGED}'")
#: In the same words as the index of the standing. A leaving patron is in it too, so the status class is also needed.
IS_EMPTIED: Final[Any] = (text("patron.standing <> 'active'"), _PATRON.status_class.in_(tables.EMPTIED))


class _Row(NamedTuple):
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


def population(tenant: Tenant) -> int:
    """Count the patrons of the library, without those who were merged or have left."""
    # each counted by an index alone, because the rows hold the sealed records
    everyone = select(func.count()).where(_PATRON.agency == tenant.agency)
    with reading(tenant.engine) as connection:
        merged, closed = (connection.scalar(everyone.where(*some)) or 0 for some in ([_IS_MERGED], IS_EMPTIED))
        return (connection.scalar(everyone) or 0) - merged - closed


def silent_count(tenant: Tenant) -> int:
    """Count the patrons about whose protection no source has spoken, although one could."""
    silent = (_PATRON.agency == tenant.agency) & _IS_SILENT & _PATRON.status_class.not_in(tables.GONE)
    # written so that SQLite uses the partial index of the silent rows, and no other
    silent &= _PATRON.real_number.is_not(False)
    with reading(tenant.engine) as connection:
        return connection.scalar(select(func.count()).where(silent)) or 0


class Encoder:
    """Encodes and fingerprints a record once: the bytes that were compared are the bytes that are sealed.

    Holds the persons who were recognised last, until the next call of `begin`.
    """

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._recognised: dict[str, tuple[Person, Prepared]] = {}

    def begin(self) -> None:
        """Drop the persons who were recognised before."""
        self._recognised = {}

    def recognise(self, person: Person) -> Prepared:
        """Encode a person for the comparison; the result may be written later."""
        prepared = prepare(self._vault, person)
        self._recognised[person.number.digits] = person, prepared
        return prepared

    def prepare(self, after: Person) -> Prepared:
        """Return the encoding of a record to write. It is reused only for the very object that was compared."""
        person, prepared = self._recognised.get(after.number.digits, (None, None))
        return prepared if person is after and prepared is not None else prepare(self._vault, after)


def recognise(tenant: Tenant, persons: Sequence[Person], encoder: Encoder) -> list[Recognised]:
    """Return for each person: not ours, equal by fingerprint, or the opened patron."""
    found: list[Recognised] = []
    encoder.begin()
    with reading(tenant.engine) as connection:
        for part in parts(persons, IN_MAX // tenant.vault.index_keys):
            found.extend(_recognise_part(connection, tenant, part, encoder))
    return found


def _recognise_part(
    connection: Connection, tenant: Tenant, persons: Sequence[Person], encoder: Encoder
) -> list[Recognised]:
    probes = [tenant.vault.probes("number", person.number.digits) for person in persons]
    wanted = [index for indexes in probes for index in indexes]
    by_index = {row.number_index: row for row in _rows(connection, tenant, "number_index", wanted)}
    corrected = overrides_of(connection, tenant, by_index.values())
    rows = [next((by_index[index] for index in indexes if index in by_index), None) for indexes in probes]
    return [
        NotOurs() if row is None else _recognised(tenant.vault, row, person, corrected.get(row.id, ()), encoder)
        for row, person in zip(rows, persons, strict=True)
    ]


def _rows(connection: Connection, tenant: Tenant, by: str, values: Sequence[object]) -> Iterator[_Row]:
    found = bulk.find(connection, tables.patron, columns=_Row._fields, by=by, values=values, agency=tenant.agency)
    return map(_Row._make, found)


def _recognised(
    vault: Vault, row: _Row, person: Person, corrected: tuple[Override, ...], encoder: Encoder
) -> Recognised:
    as_of = as_of_from_row(row)
    # A patron with stopped letters is decided even if the record is equal: that may let the letters go again. So is a
    # patron with a replaced number: news under that number verifies the patron.
    is_decided_on = row.letters_stopped is not None or row.unverified_why == Why.NUMBER_REPLACED.value
    if as_of is not None and not is_decided_on and _is_equal(vault, row, person, encoder):
        return Equal(row.id, row.version, as_of)
    return from_row(vault, row, corrected)


def _is_equal(vault: Vault, row: _Row, person: Person, encoder: Encoder) -> bool:
    # A fingerprint of another key or another mapping cannot be compared: open the record and compare.
    if row.fingerprint_key != vault.fingerprint_key or not speaks_for_all(person):
        return False
    # The person speaks for all groups. A merge with any stored record then equals the merge with itself: the person
    # unchanged, except for a foreign address that has no meaning for the status.
    return encoder.recognise(merge(person, person)).fingerprint == row.fingerprint


def from_row(vault: Vault, row: AnyRow | _Row, corrected: tuple[Override, ...] = ()) -> Patron:
    """Open a row, with what staff corrected.

    Raises:
        SealBroken: it was altered, moved, or replaced by an older one.
    """
    as_of, person = as_of_from_row(row), decode(open_register(vault, row))
    kind, window = _KINDS[row.kind], _window(row)
    return Patron(row.id, person, as_of, row.version, row.letters_stopped, row.patron_group, corrected, kind, window)


def _window(row: AnyRow | _Row) -> Window | None:
    since, why, until = row.unverified_since, row.unverified_why, row.unverified_until
    return None if since is None or why is None or until is None else Window(since, Why(why), until)


def other_of(vault: Vault, row: AnyRow) -> Other:
    """Return a patron who shares a dwelling or a link, from a row that also has `parked`."""
    patron = from_row(vault, row)
    return Other(patron.register, row.parked, in_window=patron.window is not None)


def open_register(vault: Vault, row: AnyRow | _Row) -> bytes:
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
    connection: Connection, tenant: Tenant, rows: Iterable[AnyRow | _Row]
) -> dict[str, tuple[Override, ...]]:
    """Return what staff corrected, by patron. Reads nothing for rows without corrections."""
    return overrides.of(connection, tenant, [row.id for row in rows if row.overrides])


def as_of_from_row(row: AnyRow | _Row) -> AsOf | None:
    """Return the day and source of the row; None: not yet verified."""
    return None if row.as_of_day is None else _as_of(row.as_of_day, row.as_of_source)


@lru_cache(maxsize=64)
def _as_of(day: date, source: str) -> AsOf:
    """Return one shared object for all rows of a day. A library has few different ones."""
    return AsOf(day, Source(source))


def patrons(tenant: Tenant, ids: Sequence[str]) -> list[Patron]:
    """Return the patrons with these ids in the order asked. Unknown ids and patrons who have left are skipped."""
    found: dict[str, Patron] = {}
    closed = select(_PATRON.id).where(_PATRON.agency == tenant.agency, *IS_EMPTIED)
    with reading(tenant.engine) as connection:
        for part in parts(ids):
            gone = set(connection.scalars(closed.where(_PATRON.id.in_(part))))
            rows = [row for row in _rows(connection, tenant, "id", part) if row.id not in gone]
            corrected = overrides_of(connection, tenant, rows)
            found |= {row.id: from_row(tenant.vault, row, corrected.get(row.id, ())) for row in rows}
    return [found[one] for one in ids if one in found]


def prepare(vault: Vault, after: Person) -> Prepared:
    """Encode once what is then sealed and fingerprinted."""
    canonical = encode(after)
    return Prepared(canonical, vault.fingerprint(canonical))
