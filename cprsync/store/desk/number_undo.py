"""Keep what is needed to take back a number that the desk gave, and take it back.

It is kept sealed, in a review item that is answered already.

Taking back restores the record: its own number, name, protection and group. The other person's number does not find the
record any more. The night unsubscribes that number, and it has no account of the library's in CULR. What staff have
written since (cards, notes, corrections) stays. A block that came with the number goes back to it. No register knows
the number that the record then has, so nobody can be asked and no window opens. A patron who is held stays held.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, insert, select, update

from cprsync.domain.netmedia.account import NOWHERE, identity_of
from cprsync.domain.patron.override import culr_in_force, in_force
from cprsync.domain.patron.review import BOTH_PATRONS, LINK_KINDS, NET_MEDIA_KINDS, NUMBER_SET, REVERTED_HELD, State
from cprsync.domain.person.number import CprNumber
from cprsync.errors import ReviewClosed
from cprsync.services.ports.patrons import Write
from cprsync.services.ports.register import FIRST_COPY, PROTECTION_QUESTIONS
from cprsync.store import tables
from cprsync.store.netmedia import effects
from cprsync.store.netmedia.accounts import account_of
from cprsync.store.patrons.patrons import close_questions, write_records
from cprsync.store.patrons.windows import close_windows
from cprsync.store.records import kept_blocks
from cprsync.store.records.numbers import (
    ACTIVE_PATRON,
    DEAD,
    OLD_NUMBER,
    RESPONSIBLE,
    change_reason,
    shells_of,
)
from cprsync.store.records.records import bring_back_stand_ins, from_row, open_patron, patron_rows, prepare
from cprsync.store.records.remembered import refuse_taken, remembered, remembered_as_of, remembered_columns
from cprsync.store.reviews.review_items import change_items, next_number, open_kept, seal_kept
from cprsync.store.seals.vault import decode

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cprsync.domain.patron.patron import Patron
    from cprsync.domain.person.person import Person
    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Transaction

#: What a row shows in clear and no write of the register part restores. The second tuple lists the days.
_CLEAR: Final = ("patron_group",)
_DAYS: Final = ("next_age_step", "letters_stopped")
#: Questions to the register about a number. They are dropped when the number is taken back.
_QUESTIONS: Final = (FIRST_COPY, *sorted(PROTECTION_QUESTIONS), "number_change")
#: Kinds of review items that do not depend on the number.
_STAYS: Final = (BOTH_PATRONS, REVERTED_HELD, *LINK_KINDS, *NET_MEDIA_KINDS)
_PATRON = tables.patron.c
_KEY = tables.patron_key.c
_ROW = tables.subscription.c
_ITEM = tables.review_item.c
_OUT = tables.outbox.c


def remember_before(transaction: Transaction, patron_id: str, given: CprNumber) -> dict[str, Any]:
    """Return what taking the `given` number back needs. Read it before the number is given; the row is held."""
    (row,) = patron_rows(transaction, [patron_id], hold=True)
    patron = from_row(transaction.vault, row)
    return remembered(row, patron, clear=_CLEAR, days=_DAYS) | {
        "version": patron.version,
        "account": account_of(transaction, patron_id),
        "blocks": kept_blocks.list_incoming(transaction, row, given),
    }


def keep_undo(transaction: Transaction, write: Write, kept: Mapping[str, Any], *, user: str) -> None:
    """Write a review item, accepted already: who gave the number, and what taking it back needs."""
    run, patron_id = transaction.tenant.no_run, write.patron.id
    number = next_number(transaction)
    row = {
        "agency": transaction.agency,
        "id": number,
        "patron_id": patron_id,
        "kind": NUMBER_SET,
        "run_id": run.id,
        "state": State.ACCEPTED.value,
        "opened": run.day,
        "decided_by": user,
        "decided_at": transaction.stamp(),
    }
    row |= seal_kept(transaction.tenant, patron_id, number, {**kept, "given": write.after.number.digits})
    transaction.execute(insert(tables.review_item).values(row))


def take_back(transaction: Transaction, row: AnyRow, kept: Mapping[str, Any]) -> None:
    """Restore the record as it was before. The caller holds the row.

    Raises:
        ReviewClosed: the patron has left, was merged or has another number by now, or another patron has the old
            number.
    """
    if row.status_class in tables.GONE:
        raise ReviewClosed("the patron has left or was merged since: nothing was taken back")
    bring_back_stand_ins(transaction, row.id, kept.get("overrides", ()))
    (row,) = patron_rows(transaction, [row.id], hold=True)
    patron = open_patron(transaction, row)
    before, given = decode(bytes.fromhex(kept["register"])), CprNumber(kept["given"])
    if patron.number != given:
        raise ReviewClosed("the register has given the patron another number since: nothing was taken back")
    refuse_taken(transaction, before.number, but=patron.id)
    _write(transaction, patron, before, kept)
    kept_blocks.give_back(transaction, row, given, kept.get("blocks", ()))
    brought = _brought_by_shells(transaction, patron.id)
    _forget_old_numbers(transaction, patron.id, but=brought)
    _end_subscriptions(transaction, patron.id, given, but=brought)
    _ask_nothing(transaction, patron.id)
    close_windows(transaction, [patron.id])
    _publish(transaction, patron, before, kept)


def _write(transaction: Transaction, patron: Patron, before: Person, kept: Mapping[str, Any]) -> None:
    number, prepared = before.number, prepare(transaction.vault, before)
    write_records(transaction, transaction.tenant.no_run, [Write(patron, before, prepared, remembered_as_of(kept), ())])
    columns = {
        "number_index": transaction.vault.number_index(number),
        "index_key": transaction.vault.index_key,
        "real_number": not number.is_replacement,
        "rights_due": transaction.clock.today(),
    }
    theirs = (_PATRON.agency == transaction.agency) & (_PATRON.id == patron.id)
    transaction.execute(update(tables.patron).where(theirs).values(columns | remembered_columns(kept)))


@dataclass(frozen=True, slots=True)
class _Brought:
    """What those who were merged into a patron have brought: it has nothing to do with the number that was given."""

    #: their numbers and old numbers, as a subscription has them
    subscribed: Sequence[bytes]
    #: the same, as keys that find the patron
    keys: Sequence[bytes]


def _brought_by_shells(transaction: Transaction, patron_id: str) -> _Brought:
    shells = shells_of(transaction, patron_id)
    numbers = [from_row(transaction.vault, row).number for row in patron_rows(transaction, shells)]
    keys: list[bytes] = []
    merges = (_ITEM.agency == transaction.agency) & _ITEM.patron_id.in_(shells) & (_ITEM.kind == BOTH_PATRONS)
    merged = select(tables.review_item).where(merges, _ITEM.state == State.ACCEPTED.value)
    # what taking back a merge needs is forgotten after a time: then only the number itself is known
    for kept in filter(None, (open_kept(transaction.tenant, row) for row in transaction.execute(merged).all())):
        numbers += [CprNumber(one["number"]) for one in kept["subscriptions"]]
        keys += [bytes.fromhex(index) for kind, index in kept["keys"] if kind == OLD_NUMBER]
    return _Brought(
        [probe for number in numbers for probe in transaction.vault.probes("number", number.digits)],
        [*keys, *(probe for number in numbers for probe in transaction.vault.probes(OLD_NUMBER, number.digits))],
    )


def _forget_old_numbers(transaction: Transaction, patron_id: str, *, but: _Brought) -> None:
    """Remove the patron's old numbers.

    One is the restored number. The others followed the number that was given, and a night that was undone has left
    them: they are the other person's, too.
    """
    theirs = (_KEY.agency == transaction.agency) & (_KEY.kind == OLD_NUMBER) & (_KEY.patron_id == patron_id)
    transaction.execute(delete(tables.patron_key).where(theirs, _KEY.key_index.not_in(but.keys)))


def _end_subscriptions(transaction: Transaction, patron_id: str, given: CprNumber, *, but: _Brought) -> None:
    """End the patron's subscriptions of the number, and of those that followed it.

    The rows stay, so that the night can unsubscribe them.
    """
    theirs = (_ROW.agency == transaction.agency) & (_ROW.patron_id == patron_id)
    held = theirs & _ROW.number_index.in_(transaction.vault.probes("number", given.digits))
    held &= _ROW.reason.in_((ACTIVE_PATRON, RESPONSIBLE, DEAD))
    change_reason(transaction, held, reason=OLD_NUMBER, until=transaction.clock.today())
    followed = theirs & (_ROW.reason == OLD_NUMBER) & _ROW.until.is_(None) & _ROW.number_index.not_in(but.subscribed)
    transaction.execute(update(tables.subscription).where(followed).values(until=transaction.clock.today()))


def _ask_nothing(transaction: Transaction, patron_id: str) -> None:
    """Drop the questions to the register, and settle the review items, that followed from the number."""
    close_questions(transaction, [(patron_id, kind) for kind in _QUESTIONS])
    waits = (_ITEM.patron_id == patron_id) & (_ITEM.state == State.WAITING.value) & _ITEM.kind.not_in(_STAYS)
    change_items(transaction, waits, {"state": State.SETTLED.value, "undo": None, "key": None})


def _publish(transaction: Transaction, patron: Patron, before: Person, kept: Mapping[str, Any]) -> None:
    """Tell the net media to drop the account under the other person's number, if they may know it.

    If the municipality is known, now or from the account before, the account goes back to the patron's own number.
    """
    theirs = (_OUT.agency == transaction.agency) & (_OUT.patron_id == patron.id) & (_OUT.version > kept["version"])
    transaction.execute(delete(tables.outbox).where(theirs, _OUT.offered.is_(None)))
    if not patron.borrows or not _is_published(transaction, patron.id, kept):
        return
    culr = culr_in_force(before, in_force(patron.overrides, transaction.clock.today()))
    if culr is None and kept["account"] is not None:
        culr = kept["account"]["municipality"]
    given = patron.number
    if culr is None:
        told = effects.payload(identity_of(given, patron.id), NOWHERE, gone=True, sweeps=True)
    else:
        told = effects.payload(identity_of(before.number, patron.id), culr, replaces=given)
    effects.add(transaction, patron.id, patron.version + 1, told)


def _is_published(transaction: Transaction, patron_id: str, kept: Mapping[str, Any]) -> bool:
    """Return whether the net media may know the number: an effect was offered since, or an account exists."""
    theirs = (_OUT.agency == transaction.agency) & (_OUT.patron_id == patron_id) & (_OUT.version > kept["version"])
    sent = transaction.scalar(select(_OUT.version).where(theirs).limit(1)) is not None
    return sent or account_of(transaction, patron_id) is not None
