"""A sealed record: its two parts, the register's and the local one, and the corrections by staff over the register.

All three are opened, sealed again and written here. Which record is opened is decided elsewhere. A condition here tells
which patrons are parked, so that other queries can count them as protected (decision 3).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, exists, func, insert, select, text, update

from cprsync.domain.feed.delivery import Window, WindowReason
from cprsync.domain.patron.fields import LOCAL_FIELDS
from cprsync.domain.patron.kinds import is_co
from cprsync.domain.patron.local import Local, first_lifting
from cprsync.domain.patron.override import Overridden, Override, stands_in
from cprsync.domain.patron.patron import AsOf, Patron, PatronKind, RelatedPatron, Source
from cprsync.domain.patron.review import PARKED, State
from cprsync.errors import LostCompare, SealBroken
from cprsync.services.ports.patrons import Prepared
from cprsync.services.ports.register import FIRST_COPY, NUMBER_CHANGE
from cprsync.store import tables
from cprsync.store.audit import binding
from cprsync.store.audit.older_states import Moved, note_versions
from cprsync.store.core.tenant import AGENCY_IS, next_id
from cprsync.store.seals.vault import LOCAL, REGISTER, decode, encode

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import date

    from cprsync.domain.person.person import Person
    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Tenant, Transaction
    from cprsync.store.seals.vault import Vault

_PATRON, _ITEM, _ASKED = tables.patron.c, tables.review_item.c, tables.follow_up.c
#: A dictionary, because each row needs it and the enum's own lookup is slower.
_KINDS: Final = {kind.value: kind for kind in PatronKind}
#: In the same words as the index of the standing. A leaving patron is in it too, so the status class is also needed.
IS_EMPTIED: Final[Any] = (text("patron.standing <> 'active'"), _PATRON.status_class.in_(tables.EMPTIED))
#: By the key of a local field: what turns a value into JSON, and back.
_FORMS: Final[Mapping[str, TypeAdapter[Any]]] = {one.key: TypeAdapter(one.kind.type) for one in LOCAL_FIELDS}
#: Written also if empty, as in all older records.
_ALWAYS: Final = frozenset(Local.__dataclass_fields__)
#: One field of the table that has two places in what is written.
_ADDRESS, _CO, _LINES = "contact_address", "contact_co", "contact_lines"
OVERRIDE: Final = "override"
#: The states of a row: it is in force, its day has passed, someone withdrew it, a later one replaced it, or its content
#: is deleted and only who made it, and when, is known.
LIVE: Final = "live"
ENDED: Final = "ended"
WITHDRAWN: Final = "withdrawn"
REPLACED: Final = "replaced"
FORGOTTEN: Final = "forgotten"
_OVERRIDE = tables.override.c
#: Changes the library's patrons: see `change_rows`.
CHANGE_PATRONS: Final = update(tables.patron).where(_PATRON.agency == AGENCY_IS)
# Each record that is shown or written, and each night, asks these.
_ROWS: Final = select(tables.patron).where(_PATRON.agency == AGENCY_IS).order_by(_PATRON.id)
_HOLD: Final = _ROWS.with_for_update()
_IS_LIVE: Final = (_OVERRIDE.agency == AGENCY_IS) & (_OVERRIDE.state == LIVE)
_LIVE: Final = select(tables.override).where(_IS_LIVE)
_WITH_LIVE: Final = select(_OVERRIDE.id, _OVERRIDE.patron_id).where(_IS_LIVE)
_END_LIVE: Final = update(tables.override).where(_IS_LIVE)
_COUNT_LIVE: Final = CHANGE_PATRONS.values(
    overrides=select(func.count()).where(_IS_LIVE, _OVERRIDE.patron_id == _PATRON.id).scalar_subquery()
)


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
    held_by: int | None
    protected_on: date | None


def from_row(vault: Vault, row: AnyRow | PatronRow, corrected: tuple[Override, ...] = ()) -> Patron:
    """Open a row, with what staff corrected.

    Raises:
        SealBroken: it was altered, moved, or replaced by an older one.
    """
    as_of, person = as_of_from_row(row), decode(open_register(vault, row))
    kind, window = _KINDS[row.kind], _window(row)
    stands = (row.version, row.letters_stopped, row.patron_group, corrected, kind, window)
    return Patron(row.id, person, as_of, *stands, is_held=row.held_by is not None, protected_on=row.protected_on)


def patron_rows(transaction: Transaction, ids: Collection[str], *, hold: bool = False) -> list[AnyRow]:
    """Return the rows of these patrons, in the order of their ids. With `hold`, nobody else can write them."""
    return transaction.fetch_rows(_HOLD if hold else _ROWS, _PATRON.id, sorted(set(ids)), agency_=transaction.agency)


def patron_row(transaction: Transaction, patron_id: str, *, hold: bool = False) -> AnyRow | None:
    """Return one patron's row, as `patron_rows`; None: there is no such patron."""
    return next(iter(patron_rows(transaction, [patron_id], hold=hold)), None)


def _window(row: AnyRow | PatronRow) -> Window | None:
    since, until = row.unverified_since, row.unverified_until
    # a window whose reason or end somebody has altered past the program stays open: the next night puts it back
    return None if since is None else Window(since, WindowReason.of_row(row.unverified_why), until or since)


def other_of(vault: Vault, row: AnyRow) -> RelatedPatron:
    """Return a patron who shares a dwelling or a link, from a row that also has `parked`."""
    patron = from_row(vault, row)
    return RelatedPatron(patron.register, row.parked, in_window=patron.window is not None)


def open_register(vault: Vault, row: AnyRow | PatronRow) -> bytes:
    """Return the canonical bytes of the register's part, as they were last written.

    An older seal opens if its version is put back beside it. The fingerprint then shows that it is not what was written
    last.

    Raises:
        SealBroken: it was altered, moved, or replaced by an older one.
    """
    blob = vault.unseal(row.register_blob, row.register_key, place=row.id, owner=REGISTER, version=row.version)
    if not vault.is_fingerprint(blob, row.fingerprint, row.fingerprint_key):
        raise SealBroken(
            "the sealed record of patron {patron} is not the one that was written last, but an older one",
            patron=row.id,
        )
    return blob


def open_patrons(transaction: Transaction, rows: Sequence[AnyRow | PatronRow]) -> list[Patron]:
    """Open rows, with what staff corrected.

    Raises:
        SealBroken: one was altered, moved, or replaced by an older one.
    """
    corrected = overrides_of(transaction, rows)
    return [from_row(transaction.vault, row, corrected.get(row.id, ())) for row in rows]


def open_patron(transaction: Transaction, row: AnyRow) -> Patron:
    """Open a row, with what staff corrected. Raises as `open_patrons`."""
    (patron,) = open_patrons(transaction, [row])
    return patron


def overrides_of(transaction: Transaction, rows: Iterable[AnyRow | PatronRow]) -> dict[str, tuple[Override, ...]]:
    """Return what staff corrected, by patron. Reads nothing for rows without corrections."""
    corrected = [row.id for row in rows if row.overrides]
    return live_overrides(transaction, corrected) if corrected else {}


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
    return Prepared(canonical, vault.fingerprint(canonical), vault.fingerprint_key)


def move_on(transaction: Transaction, row: AnyRow) -> AnyRow:
    """Move a record that is held on by one version, for an effect that changes nothing in it. Returns the new row.

    It is sealed again, because the version is part of the seal.
    """
    vault, version = transaction.vault, row.version + 1
    this = (_PATRON.agency == transaction.agency) & (_PATRON.id == row.id)
    sealed = vault.seal(open_register(vault, row), place=row.id, owner=REGISTER, version=version)
    values: dict[str, Any] = {"version": version, "register_blob": sealed, "register_key": vault.seal_key}
    transaction.execute(update(tables.patron).where(this).values(values))
    note_versions(transaction, [Moved(row.id, REGISTER, row.version, version)])
    return transaction.execute(select(tables.patron).where(this)).one()


@cache
def is_parked() -> ColumnElement[bool]:
    """Return a condition: the row of `patron` waits for a person, or for the register that a person asked again.

    Built once: each look-up at the desk uses it several times, and building it takes longer than its query.
    """
    # a question about a protection is another one: it stays open while the record itself is decided
    still = exists().where(
        _ASKED.agency == _ITEM.agency, _ASKED.patron_id == _ITEM.patron_id, _ASKED.kind.in_((FIRST_COPY, NUMBER_CHANGE))
    )
    waits = (_ITEM.state == State.WAITING.value) | ((_ITEM.state == State.ACCEPTED.value) & still)
    theirs = (_ITEM.agency == _PATRON.agency) & (_ITEM.patron_id == _PATRON.id)
    return exists().where(theirs, waits, _ITEM.kind.startswith(PARKED))


def encode_local(local: Local) -> bytes:
    """Write the local part as JSON with sorted keys. Equal records give equal bytes.

    What is kept follows from the field table. A field that the table has no longer is dropped by the next write.
    """
    document = {
        field.key: _FORMS[field.key].dump_python(value, mode="json")
        for field in LOCAL_FIELDS
        if (value := field.value_in(local)) or field.key in _ALWAYS
    }
    lines = document.pop(_ADDRESS)
    co = lines.pop(0) if lines and is_co(lines[0]) else ""
    document |= {_CO: co, _LINES: lines}
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def decode_local(written: bytes) -> Local:
    """Read the local part exactly as it was written."""
    document: dict[str, Any] = json.loads(written)
    co, lines = document.pop(_CO), document.pop(_LINES)
    document[_ADDRESS] = [co, *lines] if co else lines
    read = {key: _FORMS[key].validate_python(value) for key, value in document.items() if key in _FORMS}
    return Local.of(read)


def open_local(tenant: Tenant, row: AnyRow) -> Local:
    """Open the local part of a row.

    Raises:
        SealBroken: it was altered or moved.
    """
    blob = tenant.vault.unseal(row.local_blob, row.local_key, place=row.id, owner=LOCAL, version=row.local_version)
    # the group in clear is the valid one: age, policy and a pin change it without opening the rest
    return replace(decode_local(blob), group=row.patron_group)


def write_local(transaction: Transaction, row: AnyRow, after: Local) -> None:
    """Write the local part of a row that was read in this transaction. The caller writes the group in clear.

    Raises:
        LostCompare: someone else wrote it since it was read.
    """
    version = row.local_version + 1
    blob = transaction.vault.seal(encode_local(after), place=row.id, owner=LOCAL, version=version)
    this = (
        (_PATRON.agency == transaction.agency) & (_PATRON.id == row.id) & (_PATRON.local_version == row.local_version)
    )
    written = update(tables.patron).where(this)
    values = {"local_blob": blob, "local_key": transaction.vault.seal_key, "local_version": version}
    values["block_lifted"] = first_lifting(after.blocks)
    if transaction.execute(written.values(values)).rowcount != 1:
        raise LostCompare("the record's local part changed since it was read")
    note_versions(transaction, [Moved(row.id, LOCAL, row.local_version, version)])


def live_overrides(transaction: Transaction, patron_ids: Sequence[str]) -> dict[str, tuple[Override, ...]]:
    """Return the live overrides of these patrons, by patron, in the order in which they were made.

    One that the audit does not have as the row says it counts as not there.

    Raises:
        SealBroken: one was altered or moved.
    """
    found: dict[str, tuple[Override, ...]] = {}
    rows = transaction.fetch_rows(_LIVE, _OVERRIDE.patron_id, patron_ids, agency_=transaction.agency)
    unbound = binding.find_unbound(transaction, binding.CORRECTION, rows)
    # sorted here, because SQLite would otherwise read every override, in the order of their ids
    for row in sorted((row for row in rows if str(row.id) not in unbound), key=lambda row: row.id):
        found[row.patron_id] = (*found.get(row.patron_id, ()), override_from_row(transaction.vault, row))
    return found


def override_from_row(vault: Vault, row: AnyRow) -> Override:
    """Open a row.

    Raises:
        SealBroken: it was altered or moved.
    """
    plain = vault.unseal(row.value, row.key, place=row.patron_id, owner=OVERRIDE, version=row.id)
    typed = json.loads(plain)
    return Override(
        field=Overridden(row.field),
        value=typed["value"],
        by=row.by_user,
        reason=typed["reason"],
        before=typed["before"],
        since=row.since,
        until=row.until,
        id=row.id,
        warned=row.warned,
    )


def add_override(transaction: Transaction, patron_id: str, override: Override) -> None:
    """Write an override. It replaces a live one of the same field."""
    number = next_id(transaction, tables.override)
    live = _is_live(transaction.tenant, patron_id, override.field)
    before = transaction.scalars(select(_OVERRIDE.id).where(live)).all()
    replaced = update(tables.override).where(live)
    transaction.execute(replaced.values(state=REPLACED, ended=override.since))
    typed = {"before": override.before, "reason": override.reason, "value": override.value}
    row = {
        "agency": transaction.agency,
        "id": number,
        "patron_id": patron_id,
        "field": override.field.value,
        "value": _seal_reason(transaction.tenant, patron_id, number, typed),
        "key": transaction.vault.seal_key,
        "by_user": override.by,
        "since": override.since,
        "until": override.until,
        "state": LIVE,
    }
    transaction.execute(insert(tables.override).values(row))
    count_overrides(transaction, [patron_id])
    binding.bind(transaction, binding.CORRECTION, dict.fromkeys([*before, number], patron_id))


@dataclass(frozen=True, slots=True, repr=False)
class Withdrawal:
    """When, by whom and why an override was withdrawn."""

    on: date
    by: str
    reason: str


def withdraw_override(transaction: Transaction, patron_id: str, field: Overridden, withdrawal: Withdrawal) -> bool:
    """Withdraw the live override of a field, with who and why sealed in it.

    Returns False if there is no live override.
    """
    live = select(tables.override).where(_is_live(transaction.tenant, patron_id, field)).with_for_update()
    row = transaction.execute(live).one_or_none()
    if row is None:
        return False
    typed = json.loads(transaction.vault.unseal(row.value, row.key, place=patron_id, owner=OVERRIDE, version=row.id))
    typed["withdrawn"] = {"by": withdrawal.by, "reason": withdrawal.reason}
    sealed = {"value": _seal_reason(transaction.tenant, patron_id, row.id, typed), "key": transaction.vault.seal_key}
    this = (_OVERRIDE.agency == transaction.agency) & (_OVERRIDE.id == row.id)
    transaction.execute(update(tables.override).where(this).values(state=WITHDRAWN, ended=withdrawal.on, **sealed))
    count_overrides(transaction, [patron_id])
    binding.bind(transaction, binding.CORRECTION, {row.id: patron_id})
    return True


def _seal_reason(tenant: Tenant, patron_id: str, number: int, typed: dict[str, Any]) -> bytes:
    plain = json.dumps(typed, sort_keys=True, ensure_ascii=False).encode()
    return tenant.vault.seal(plain, place=patron_id, owner=OVERRIDE, version=number)


def end_overrides(transaction: Transaction, ids: Sequence[int], *, on: date) -> None:
    """End live overrides whose last day has passed."""
    ending = transaction.fetch_rows(_WITH_LIVE, _OVERRIDE.id, ids, agency_=transaction.agency)
    theirs = {row.id: row.patron_id for row in ending}
    transaction.change_rows(_END_LIVE, _OVERRIDE.id, ids, agency_=transaction.agency, state=ENDED, ended=on)
    count_overrides(transaction, set(theirs.values()))
    binding.bind(transaction, binding.CORRECTION, theirs)


def forget_override(transaction: Transaction, patron_id: str, number: int) -> None:
    """Delete the typed values and the reason. Who made it, in which field and when, stays."""
    nothing = {"before": None, "reason": "", "value": ""}
    sealed = {"value": _seal_reason(transaction.tenant, patron_id, number, nothing), "key": transaction.vault.seal_key}
    this = (_OVERRIDE.agency == transaction.agency) & (_OVERRIDE.id == number) & (_OVERRIDE.state != LIVE)
    transaction.execute(update(tables.override).where(this).values(state=FORGOTTEN, **sealed))


def count_overrides(transaction: Transaction, patron_ids: Collection[str]) -> None:
    """Write in the patrons' rows how many of their overrides are live."""
    transaction.change_rows(_COUNT_LIVE, _PATRON.id, patron_ids, agency_=transaction.agency)


def _is_live(tenant: Tenant, patron_id: str, field: Overridden) -> ColumnElement[bool]:
    theirs = (_OVERRIDE.agency == tenant.agency) & (_OVERRIDE.patron_id == patron_id)
    return theirs & (_OVERRIDE.field == field.value) & (_OVERRIDE.state == LIVE)


def withdraw_stand_ins(transaction: Transaction, patron_id: str, *, by: str) -> dict[int, str]:
    """Withdraw what stood in place of the register, which knows the patron from now on. Returns ids and fields."""
    (row,) = patron_rows(transaction, [patron_id])
    standing = [one for one in open_patron(transaction, row).overrides if stands_in(one)]
    for one in standing:
        withdraw_override(transaction, patron_id, one.field, Withdrawal(transaction.clock.today(), by, ""))
    return {one.id: one.field.value for one in standing}


def bring_back_stand_ins(transaction: Transaction, patron_id: str, ids: Sequence[int]) -> None:
    """Put them in force again, where staff have corrected nothing meanwhile: no register knows the patron any more."""
    live = select(_OVERRIDE.field).where(
        _OVERRIDE.agency == transaction.agency, _OVERRIDE.patron_id == patron_id, _OVERRIDE.state == LIVE
    )
    these = (_OVERRIDE.agency == transaction.agency) & _OVERRIDE.id.in_(ids) & _OVERRIDE.field.not_in(live)
    restore_overrides(transaction, patron_id, transaction.scalars(select(_OVERRIDE.id).where(these)).all())


def withdraw_overrides(transaction: Transaction, patron_id: str) -> list[int]:
    """Withdraw the live overrides of a record that is merged into another. Returns their ids."""
    live = (_OVERRIDE.agency == transaction.agency) & (_OVERRIDE.patron_id == patron_id) & (_OVERRIDE.state == LIVE)
    ids = list(transaction.scalars(select(_OVERRIDE.id).where(live).order_by(_OVERRIDE.id)))
    transaction.execute(update(tables.override).where(live).values(state=WITHDRAWN, ended=transaction.clock.today()))
    count_overrides(transaction, [patron_id])
    binding.bind(transaction, binding.CORRECTION, dict.fromkeys(ids, patron_id))
    return ids


def restore_overrides(transaction: Transaction, patron_id: str, ids: Sequence[int]) -> None:
    """Put withdrawn overrides in force again. The night ends those whose last day has passed."""
    these = (_OVERRIDE.agency == transaction.agency) & _OVERRIDE.id.in_(ids) & (_OVERRIDE.state == WITHDRAWN)
    transaction.execute(update(tables.override).where(these).values(state=LIVE, ended=None))
    count_overrides(transaction, [patron_id])
    binding.bind(transaction, binding.CORRECTION, dict.fromkeys(ids, patron_id))
