"""Empty a record when it is closed: nothing finds it, it is unsubscribed, and the net media are told to delete it.

Runs in the caller's transaction, but the erase journal is on disk before it. What is left is a shell with the sealed
number. It stays as long as something depends on it. Who is closed, and when, is decided elsewhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import ColumnElement, Table, delete, select, update

from cprsync.domain.leaving.leaving import accounts_to_delete
from cprsync.domain.netmedia.account import NOWHERE, Identity, IdType, identity_of
from cprsync.domain.patron.local import Local, Stage
from cprsync.domain.patron.patron import PatronKind
from cprsync.domain.patron.review import State
from cprsync.domain.person.person import Person
from cprsync.services.ports.leaving import Erased
from cprsync.store import tables
from cprsync.store.audit.binding import keeping_bound
from cprsync.store.audit.older_states import IMAGE_COLUMNS, Moved, append_journal, note_versions
from cprsync.store.beside.journal import NO_NUMBER, JournalEntry
from cprsync.store.beside.journal import NUMBER as JOURNAL
from cprsync.store.netmedia import effects
from cprsync.store.netmedia.accounts import accounts_of
from cprsync.store.netmedia.effects import CULR, account_probes, effect_of, payload
from cprsync.store.outward.changes import follow_patrons, has_met_targets
from cprsync.store.patrons.responsibles import end_all_of
from cprsync.store.patrons.windows import WINDOW_COLUMNS
from cprsync.store.records import kept_blocks
from cprsync.store.records.numbers import DEAD, DIED, OLD_NUMBER, change_reason, open_number, shells_of
from cprsync.store.records.records import encode_local, from_row, patron_rows, prepare
from cprsync.store.reviews.review_items import change_items
from cprsync.store.seals.vault import LOCAL, REGISTER

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from cprsync.domain.person.number import CprNumber
    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Tenant, Transaction

#: Tables whose rows end with the record. Loans and balances are kept as long as the library has promised.
_ENDS_WITH_THEM: Final = (
    tables.follow_up,
    tables.override,
    tables.reservation,
    tables.message,
    tables.finding_key,
    tables.provisional,
    tables.comparison_finding,
    tables.known_elsewhere,
    tables.entitlement,
    tables.entitlement_turn,
)
_PATRON = tables.patron.c
_KEY = tables.patron_key.c
_ROW = tables.subscription.c
_ITEM = tables.review_item.c
_OUT = tables.outbox.c


def close(transaction: Transaction, rows: Sequence[AnyRow], *, on: date, by_night: bool = False) -> dict[str, int]:
    """Close these records. The caller holds them, and the journal has them before this returns.

    A person who only answered for one of these patrons is closed by the same night, if a night closes them. Returns how
    many subscriptions of each ended.
    """
    write_journal(transaction, rows, on=on, what=tables.CLOSED)
    return {row.id: empty(transaction, row, on=on, by_night=by_night, blocks_from=on) for row in rows}


def write_journal(transaction: Transaction, rows: Sequence[AnyRow], *, on: date, what: str) -> None:
    """Write in the journal that these patrons, and those merged into them, are closed or erased.

    Raises:
        JournalBehind: the journal is not the one that the database has seen; nothing is written.
    """
    if not rows:
        return
    shells = [one for row in rows for one in shells_of(transaction, row.id)]
    merged = patron_rows(transaction, shells)
    entries = [journal_entry(transaction.tenant, row, on=on, what=what) for row in (*rows, *merged)]
    append_journal(transaction, entries)


def journal_entry(tenant: Tenant, row: AnyRow, *, on: date, what: str) -> JournalEntry:
    """Return the journal's line about a record, or about a shell."""
    vault = tenant.vault
    number = from_row(vault, row).number
    # the line of an erased patron must not tell that they were here
    index = NO_NUMBER if what == tables.ERASED else vault.index(JOURNAL, number.digits)
    return JournalEntry(on, tenant.agency, row.id, what, index, vault.index_key)


def empty(
    transaction: Transaction,
    row: AnyRow,
    *,
    on: date,
    by_night: bool = False,
    blocks_from: date | None = None,
) -> int:
    """Turn one record into a shell. The shells of those who were merged into it are closed with it.

    `blocks_from`: keep the blocks in force by the number, from that day on. Returns how many subscriptions ended.
    """
    shells = shells_of(transaction, row.id)
    family, number = [row.id, *shells], from_row(transaction.vault, row).number
    if blocks_from is not None:
        kept_blocks.keep(transaction, row, number, on=blocks_from)
    version = _delete_accounts(transaction, row, number, family)
    ended = _end_subscriptions(transaction, family, on=on)
    theirs = (_KEY.agency == transaction.agency) & _KEY.patron_id.in_(family)
    # the key of a merge finds its shell, so that the shell is erased with the record; the key says nothing else
    transaction.execute(delete(tables.patron_key).where(theirs, _KEY.kind != tables.MERGED))
    _settle_reviews(transaction, family)
    with keeping_bound(transaction, family):
        for table in _ENDS_WITH_THEM:
            transaction.execute(delete(table).where(rows_of(table, transaction.tenant, family)))
        delete_images(transaction, family)
        end_all_of(transaction, row.id, on=on, by_night=by_night)
        these = (_PATRON.agency == transaction.agency) & _PATRON.id.in_(shells)
        closed = {"status_class": tables.CLOSED, "standing": Stage.CLOSED.value, "held_by": None}
        transaction.execute(update(tables.patron).where(these).values(closed))
        _blank(transaction, row, number, version)
    return ended


def count_unconfirmed(transaction: Transaction, patron_id: str) -> Erased:
    """Count what the register, the net media and other systems have still to confirm about an emptied record."""
    family = [patron_id, *shells_of(transaction, patron_id)]
    effects_ = rows_of(tables.outbox, transaction.tenant, family)
    names = select(_OUT.target).where(effects_, _OUT.target != CULR).distinct().order_by(_OUT.target)
    return Erased(
        transaction.count_rows(rows_of(tables.subscription, transaction.tenant, family)),
        transaction.count_rows(effects_ & (_OUT.target == CULR)),
        tuple(transaction.scalars(names)),
    )


def tell_and_count(transaction: Transaction, patron_id: str) -> Erased:
    """Same as `count_unconfirmed`, for a record that this transaction has emptied: first queues what others must hear.

    The end of the transaction would queue it too late to be counted, and to hold the shell.
    """
    if has_met_targets(transaction):
        follow_patrons(transaction, [patron_id, *shells_of(transaction, patron_id)])
    return count_unconfirmed(transaction, patron_id)


def rows_of(table: Table, tenant: Tenant, ids: Sequence[str]) -> ColumnElement[bool]:
    """Return the condition for the rows of these patrons in a table."""
    return (table.c.agency == tenant.agency) & table.c.patron_id.in_(ids)


def delete_images(transaction: Transaction, ids: Sequence[str]) -> None:
    """Delete the before-images of these patrons, and take them out of the sum over the records."""
    gone = (
        delete(tables.before_image)
        .where(rows_of(tables.before_image, transaction.tenant, ids))
        .returning(*IMAGE_COLUMNS)
    )
    if deleted := transaction.execute(gone).all():
        note_versions(transaction, deleted=deleted)


def _end_subscriptions(transaction: Transaction, family: Sequence[str], *, on: date) -> int:
    """End every subscription of the patron.

    The register hears of it from the night's comparison, under its guard. If another patron needs the same number, that
    patron's own row keeps it subscribed.
    """
    theirs = rows_of(tables.subscription, transaction.tenant, family)
    living = update(tables.subscription).where(theirs, _ROW.until.is_(None))
    ended = transaction.execute(living.values(until=on)).rowcount
    # the row of a dead patron would otherwise hold until the end of its last day
    return ended + change_reason(transaction, theirs & (_ROW.reason == DEAD), reason=DIED)


def _settle_reviews(transaction: Transaction, family: Sequence[str]) -> None:
    """Settle the items that wait about the patron.

    No answer can be taken back any more, because what that needs held the record.
    """
    about = _ITEM.patron_id.in_(family) | _ITEM.about.in_(family)
    waits = about & (_ITEM.state == State.WAITING.value)
    change_items(transaction, waits, {"state": State.SETTLED.value})
    kept = update(tables.review_item).where(_ITEM.agency == transaction.agency, about, _ITEM.undo.is_not(None))
    transaction.execute(kept.values(undo=None, key=None))


def _delete_accounts(transaction: Transaction, row: AnyRow, number: CprNumber, family: Sequence[str]) -> int:
    """Replace the effects that wait by deletions, one for each account that the patron may have.

    Returns the patron's version after them.
    """
    wanted = select(tables.outbox).where(rows_of(tables.outbox, transaction.tenant, family), _OUT.target == CULR)
    waiting = [
        (effect_of(transaction.tenant, one), one.offered is not None)
        for one in transaction.execute(wanted.order_by(_OUT.patron_id, _OUT.version))
    ]
    for effect, _ in waiting:
        if not effect.gone:
            this = (_OUT.target == CULR) & (_OUT.version == effect.version)
            transaction.execute(
                delete(tables.outbox).where(rows_of(tables.outbox, transaction.tenant, [effect.patron_id]), this)
            )
    version: int = row.version
    stand = [
        *_own_account(transaction, row, number),
        *_possible_accounts(transaction, row, number, family),
    ]
    for identity in accounts_to_delete(stand, waiting):
        version += 1
        effects.add(transaction, row.id, version, payload(identity, NOWHERE, gone=True, sweeps=True))
    return version if version > row.version else version + 1


def _own_account(transaction: Transaction, row: AnyRow, number: CprNumber) -> list[Identity]:
    """Return the identity of the patron's own account, if any: the CPR number, or the patron number before that."""
    account = accounts_of(transaction, [row.id]).get(row.id)
    if account is None:
        return []
    if account.id_type == IdType.LOCAL.value:
        return [Identity(IdType.LOCAL, row.id)]
    # the account is under an old number: the effect that replaces it still waits, and names it
    theirs = identity_of(number, row.id)
    return [theirs] if account.id_index in account_probes(transaction.tenant, theirs) else []


def _possible_accounts(
    transaction: Transaction, row: AnyRow, number: CprNumber, family: Sequence[str]
) -> list[Identity]:
    """Return identities that may have an account which we did not create: another system may have told CULR too.

    Returns none if CULR is not set up, because nobody could confirm that there are no accounts.
    """
    borrows = row.kind != PatronKind.RESPONSIBLE.value
    if not transaction.tenant.tells_net_media or not borrows:
        return []
    current = [] if number.is_replacement else [identity_of(number, row.id)]
    return current + former_numbers(transaction, family)


def former_numbers(transaction: Transaction, ids: Sequence[str]) -> list[Identity]:
    """Return the replaced CPR numbers of these patrons, the earliest first."""
    old = rows_of(tables.subscription, transaction.tenant, ids) & (_ROW.reason == OLD_NUMBER)
    rows = transaction.execute(select(tables.subscription).where(old).order_by(_ROW.since, _ROW.patron_id))
    return [Identity(IdType.CPR, open_number(transaction.tenant, row)) for row in rows]


def _blank(transaction: Transaction, row: AnyRow, number: CprNumber, version: int) -> None:
    """Write the shell. Its number, cards and address do not find it, and the calendar has no day for it."""
    vault, prepared = transaction.vault, prepare(transaction.vault, Person(number))
    local_version = row.local_version + 1
    values = {
        "number_index": vault.index(tables.CLOSED, row.id),
        "index_key": vault.index_key,
        "real_number": False,
        "register_blob": vault.seal(prepared.canonical, place=row.id, owner=REGISTER, version=version),
        "register_key": vault.seal_key,
        "fingerprint": prepared.fingerprint,
        "fingerprint_key": prepared.key,
        "version": version,
        "local_blob": vault.seal(encode_local(Local()), place=row.id, owner=LOCAL, version=local_version),
        "local_key": vault.seal_key,
        "local_version": local_version,
        "rights_local": local_version,
        "status_class": tables.CLOSED,
        "patron_group": "",
        "protection_silent": False,
        "overrides": 0,
        "standing": Stage.CLOSED.value,
        **dict.fromkeys(_FORGOTTEN),
    }
    this = (_PATRON.agency == transaction.agency) & (_PATRON.id == row.id)
    transaction.execute(update(tables.patron).where(this).values(values))
    moved = [Moved(row.id, REGISTER, row.version, version), Moved(row.id, LOCAL, row.local_version, local_version)]
    note_versions(transaction, moved)


_FORGOTTEN: Final = (
    "as_of_day",
    "as_of_source",
    "municipality",
    "address_index",
    "address_key",
    "next_age_step",
    "local_due",
    "letters_stopped",
    "register_since",
    "last_seen",
    "rights_due",
    "held_by",
    "protected_on",
    *WINDOW_COLUMNS,
)
