"""Notice when someone has put an older state in place: of the records, the file of the heads, or the erase journal.

The library's row remembers how far each of them was. For the records it has a sum over the versions of all of them:
each change removes the old version and adds the new one. A before-image is in the sum as long as it is kept, with all
that its row says beside what is sealed. The sum is keyed, so that nobody without the key can compute
it. It is hidden under the number of changes, so that two states cannot be compared. That number is in the file of the
heads too. What happens when something is older is decided elsewhere.
"""

from __future__ import annotations

import hmac
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from sqlalchemy import bindparam, func, or_, select, update

from cprsync.errors import StoreUnavailable
from cprsync.store import tables
from cprsync.store.beside.checkpoints import HeadsSeen
from cprsync.store.beside.journal import Begun
from cprsync.store.core.engine import after_commit
from cprsync.store.core.tenant import AGENCY_IS, library_transaction
from cprsync.store.seals.failures import JournalBehind
from cprsync.store.seals.keys import Keyed, KeyPurpose
from cprsync.store.seals.vault import LOCAL, REGISTER

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cprsync.store.beside.checkpoints import Mark
    from cprsync.store.beside.journal import JournalEntry
    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Tenant, Transaction

_BITS: Final = 256
_MASK: Final = (1 << _BITS) - 1
_READ_ROWS: Final = 5000
_LIBRARY = tables.library.c
_PATRON = tables.patron.c
_IMAGE = tables.before_image.c
#: What the sum has of a before-image: all but what is sealed, which opens only for its patron and version.
IMAGE_COLUMNS: Final = tuple(
    column for column in _IMAGE if column.name not in {"agency", "register_blob", "register_key"}
)
_HEAD, _ENTRY = tables.audit_head.c, tables.audit.c
# Each entry of the desk is followed by some of these, so they are built once.
_KNOWN: Final = select(
    *(_LIBRARY.records_sum, _LIBRARY.records_changes, _LIBRARY.records_key),
    *(_LIBRARY.heads_lines, _LIBRARY.heads_code),
).where(_LIBRARY.agency == AGENCY_IS)
_JOURNAL_SEEN: Final = select(_LIBRARY.journal_lines, _LIBRARY.journal_code).where(_LIBRARY.agency == AGENCY_IS)
# written so that no index is used: with one, SQLite would read the rows in another order than they are stored
_VERSIONS: Final = (
    select(_PATRON.id, _PATRON.version, _PATRON.local_version)
    .where(func.coalesce(_PATRON.agency, "") == AGENCY_IS)
    .execution_options(yield_per=_READ_ROWS)
)
_IMAGES: Final = (
    select(*IMAGE_COLUMNS).where(func.coalesce(_IMAGE.agency, "") == AGENCY_IS).execution_options(yield_per=_READ_ROWS)
)
_CHANGE: Final = update(tables.library).where(_LIBRARY.agency == AGENCY_IS)
_LINES_ARE: Final = bindparam("lines_", type_=_LIBRARY.heads_lines.type)
_REMEMBER_ANEW: Final = (
    update(tables.library)
    .where(_LIBRARY.agency == AGENCY_IS)
    .values(heads_lines=_LINES_ARE, heads_code=bindparam("code_", type_=_LIBRARY.heads_code.type))
)
_REMEMBER: Final = _REMEMBER_ANEW.where(or_(_LIBRARY.heads_lines.is_(None), _LIBRARY.heads_lines < _LINES_ARE))


class Moved(NamedTuple):
    """A part of a record that went from one version to another. None: it was not there, or is not there any more."""

    patron_id: str
    part: str
    before: int | None
    after: int | None


def begin_versions(tenant: Tenant) -> None:
    """Count the sum, unless that has been done."""
    with tenant.reading() as transaction:
        if library_row(transaction).records_key is not None:
            return
    with library_transaction(tenant) as transaction:
        if library_row(transaction).records_key is None:
            count_versions(transaction, changes=1)


def count_versions(transaction: Transaction, *, changes: int) -> None:
    """Count the sum from the records as they are, in the caller's transaction, which holds the library."""
    key = transaction.tenant.keyring.newest(KeyPurpose.FINGERPRINT).id
    keyed = _keyed(transaction.tenant, key)
    total = _count(transaction, keyed) + _count_images(transaction, keyed)
    _write_sum(transaction, key, total, changes)


def note_versions(
    transaction: Transaction,
    moved: Iterable[Moved] = (),
    *,
    kept: Sequence[AnyRow] = (),
    deleted: Sequence[AnyRow] = (),
) -> None:
    """Update the sum for what is written, in the caller's transaction.

    `kept` and `deleted` are before-images: rows with `IMAGE_COLUMNS`.
    """
    row = library_row(transaction)
    if row.records_key is None:
        return  # it is counted when the store is next opened
    keyed = _keyed(transaction.tenant, row.records_key)
    total = _sum_in(row, keyed)
    for one in moved:
        total -= _value(keyed, one.patron_id, one.part, one.before)
        total += _value(keyed, one.patron_id, one.part, one.after)
    total += sum(_image_value(keyed, one) for one in kept) - sum(_image_value(keyed, one) for one in deleted)
    _write_sum(transaction, row.records_key, total, row.records_changes + 1)


def record_changes(transaction: Transaction) -> int | None:
    """Return how often records have changed; None: not counted yet."""
    return changes_and_heads(transaction)[0]


def changes_and_heads(transaction: Transaction) -> tuple[int | None, HeadsSeen | None]:
    """Return how often records have changed, and what the database has seen of the file of the heads.

    None: not counted yet, and nothing yet.
    """
    row = library_row(transaction)
    return row.records_changes, seen_in(row)


def library_row(transaction: Transaction) -> AnyRow:
    """Return what the library's row remembers of the records and of the file of the heads."""
    return transaction.execute(_KNOWN, {"agency_": transaction.agency}).one()


def seen_in(row: AnyRow) -> HeadsSeen | None:
    """Return what the library's row remembers of the file of the heads; None: nothing yet."""
    return None if row.heads_lines is None else HeadsSeen(row.heads_lines, row.heads_code)


def are_records_the_last(transaction: Transaction, known: AnyRow | None = None) -> bool:
    """Return whether records and before-images are those that were written last: none older, missing, or added.

    `known`: the library's row, if the caller has read it.
    """
    row = known or library_row(transaction)
    if row.records_key is None:
        return True
    keyed = _keyed(transaction.tenant, row.records_key)
    total = _count(transaction, keyed) + _count_images(transaction, keyed)
    return (total - _sum_in(row, keyed)) & _MASK == 0


def _write_sum(transaction: Transaction, key: str, total: int, changes: int) -> None:
    hidden = (total + _veil(_keyed(transaction.tenant, key), changes)) & _MASK
    values = {"records_sum": hidden.to_bytes(_BITS // 8), "records_changes": changes, "records_key": key}
    transaction.execute(_CHANGE, {"agency_": transaction.agency, **values})


def _sum_in(row: AnyRow, keyed: Keyed) -> int:
    return int.from_bytes(row.records_sum or b"") - _veil(keyed, row.records_changes)


def _count(transaction: Transaction, keyed: Keyed) -> int:
    return sum(
        _value(keyed, patron_id, REGISTER, version) + _value(keyed, patron_id, LOCAL, local)
        for patron_id, version, local in transaction.execute(_VERSIONS, {"agency_": transaction.agency})
    )


def _count_images(transaction: Transaction, keyed: Keyed) -> int:
    return sum(_image_value(keyed, row) for row in transaction.execute(_IMAGES, {"agency_": transaction.agency}))


def _image_value(keyed: Keyed, row: AnyRow) -> int:
    told = "|".join(str(getattr(row, column.name)) for column in IMAGE_COLUMNS)
    return int.from_bytes(keyed.digest(f"image|{told}".encode()))


def _value(keyed: Keyed, patron_id: str, part: str, version: int | None) -> int:
    """Return what a part at a version adds. The first local part adds nothing, because most records have it."""
    if version is None or (part == LOCAL and version == 1):
        return 0
    return int.from_bytes(keyed.digest(f"{patron_id}|{part}|{version}".encode()))


def _veil(keyed: Keyed, changes: int) -> int:
    return int.from_bytes(keyed.digest(f"changes|{changes}".encode()))


def _keyed(tenant: Tenant, key: str) -> Keyed:
    # derived, so that the key that fingerprints records sums up no versions; different for each library
    secret = tenant.keyring.by_id(KeyPurpose.FINGERPRINT)[key].secret
    return Keyed(hmac.digest(secret, f"versions|{tenant.agency}".encode(), "sha256"))


def keep_heads(tenant: Tenant, marks: Sequence[Mark], *, seen: HeadsSeen | None) -> None:
    """Keep heads that are committed.

    Args:
        tenant: the library.
        marks: the heads.
        seen: what the database had seen of their file when they were written.

    Raises:
        ConfigurationError: they could not be kept, although their entries are committed.
    """
    end = tenant.heads.keep(tenant.agency, marks, seen=seen)
    if end is not None:
        # if another writer holds the database, or the power is lost, the next call remembers it
        with suppress(StoreUnavailable), tenant.writing(is_synced=False) as transaction:
            remember_heads(transaction, end)


def seen_of_heads(transaction: Transaction) -> HeadsSeen | None:
    """Return what the database has seen of the file of the heads; None: nothing yet."""
    return changes_and_heads(transaction)[1]


def remember_heads(transaction: Transaction, end: HeadsSeen, *, anew: bool = False) -> None:
    """Remember the file's end, in the caller's transaction. `anew`: also if the file had more lines before."""
    values = {"agency_": transaction.agency, "lines_": end.lines, "code_": end.code}
    transaction.execute(_REMEMBER_ANEW if anew else _REMEMBER, values)


def journal_entries(transaction: Transaction) -> list[JournalEntry]:
    """Return what the library wrote in the erase journal, including everything that the database has seen.

    Raises:
        JournalBehind: lines that the database has seen are missing, or are different now.
    """
    # read first: a line written in between is in the file before the database is changed
    seen, code = transaction.execute(_JOURNAL_SEEN, {"agency_": transaction.agency}).one()
    written = transaction.tenant.journal.written(transaction.agency)
    if seen and not (len(written) >= seen and hmac.compare_digest(written[seen - 1][1], code)):
        raise JournalBehind(
            "not the erase journal that the database has seen: {lines} lines of this library's, and {remembered} seen",
            lines=len(written),
            remembered=seen,
        )
    return [entry for entry, _ in written]


def is_journal_remembered(transaction: Transaction, lines: int) -> bool:
    """Return whether the database has seen this many lines of the journal."""
    return (transaction.scalar(_JOURNAL_SEEN, {"agency_": transaction.agency}) or 0) >= lines


def remember_journal(transaction: Transaction) -> None:
    """Remember all that is in the journal now, in the caller's transaction, which holds the library."""
    written = transaction.tenant.journal.written(transaction.agency)
    if written:
        fewer = or_(_LIBRARY.journal_lines.is_(None), _LIBRARY.journal_lines < len(written))
        values = {"journal_lines": len(written), "journal_code": written[-1][1]}
        transaction.execute(update(tables.library).where(_LIBRARY.agency == transaction.agency, fewer).values(values))


def append_journal(transaction: Transaction, entries: Sequence[JournalEntry]) -> None:
    """Write lines in the journal that the caller's transaction follows, which holds the library, and remember them.

    A note beside the journal says what they were decided on, until the transaction is committed.

    Raises:
        JournalBehind: the journal is not the one that the database has seen; nothing is written.
    """
    lines = len(journal_entries(transaction))
    if is_journal_remembered(transaction, lines):
        changes = record_changes(transaction) or 0
        transaction.tenant.journal.begin(transaction.agency, Begun(lines, changes, _heads(transaction)))
    # else the lines of a killed command wait for the next one that opens the store, and its note with them
    transaction.tenant.journal.append(entries)
    remember_journal(transaction)
    after_commit(transaction.connection, _Settling(transaction.tenant, lines + len(entries)))


@dataclass(frozen=True, slots=True)
class _Settling:
    """Deletes the note once the database has followed this many lines."""

    tenant: Tenant
    lines: int

    def __call__(self) -> None:
        self.tenant.journal.settle(self.tenant.agency, seen=self.lines)


def was_killed_before_it_followed(transaction: Transaction) -> bool:
    """Return whether the lines that the database has not seen are those of a killed command, and not of a later life.

    The note beside the journal is there only until a database has followed them. This database must have all that the
    one of the note had: as many seen lines, each stream's entry, and no fewer changes of records. An older copy that is
    put back later finds no note. One that is put back while the note is there has lost nothing but these lines.
    """
    begun = transaction.tenant.journal.begun(transaction.agency)
    seen = transaction.scalar(select(_LIBRARY.journal_lines).where(_LIBRARY.agency == transaction.agency)) or 0
    if begun is None or seen != begun.lines or (record_changes(transaction) or 0) < begun.changes:
        return False
    heads, ours = _heads(transaction), select(_ENTRY.mac).where(_ENTRY.agency == transaction.agency)
    return all(
        # a head may be older than every entry that is kept
        heads.get(stream) == (seq, code)
        or transaction.scalar(ours.where(_ENTRY.stream == stream, _ENTRY.seq == seq)) == code
        for stream, (seq, code) in begun.heads.items()
    )


def _heads(transaction: Transaction) -> dict[str, tuple[int, bytes]]:
    wanted = select(_HEAD.stream, _HEAD.seq, _HEAD.mac).where(_HEAD.agency == transaction.agency)
    return {row.stream: (row.seq, row.mac) for row in transaction.execute(wanted)}
