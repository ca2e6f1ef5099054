"""Merge two patrons of one person, after a person's answer, and part them again (decision 6).

Nothing is deleted. The patron who closes stays as an empty shell, which points at the patron who keeps. The caller
seals what an undo needs in the review item. This module does not decide which patrons are merged.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, select, union_all, update

from cprsync.domain.deciding.protection import protected_by_either, protected_once_parted
from cprsync.domain.deciding.reviews import ReviewNews
from cprsync.domain.feed.delivery import WindowReason
from cprsync.domain.netmedia.account import NOWHERE, identity_of
from cprsync.domain.patron.fields import join_local, part_local
from cprsync.domain.patron.local import Local
from cprsync.domain.patron.override import culr_in_force, in_force
from cprsync.domain.patron.patron import PatronKind
from cprsync.domain.patron.review import BOTH_PATRONS, REVERTED_HELD, State
from cprsync.domain.person.person import Person
from cprsync.errors import ReviewClosed
from cprsync.services.ports.patrons import Write
from cprsync.services.ports.register import PROTECTION_SILENT
from cprsync.store import tables
from cprsync.store.lending import circulation
from cprsync.store.netmedia import effects
from cprsync.store.netmedia.accounts import account_of
from cprsync.store.netmedia.card_accounts import publish_cards
from cprsync.store.netmedia.effects import CULR, payload
from cprsync.store.patrons import belongings, responsibles
from cprsync.store.patrons.patrons import ask, note_protections, write_records
from cprsync.store.patrons.windows import close_windows, open_windows
from cprsync.store.records.records import (
    decode_local,
    encode_local,
    from_row,
    live_overrides,
    open_local,
    open_patron,
    open_patrons,
    patron_row,
    patron_rows,
    prepare,
    restore_overrides,
    withdraw_overrides,
    write_local,
)
from cprsync.store.records.remembered import refuse_taken, remembered, remembered_as_of, remembered_columns
from cprsync.store.reviews.review_items import ask_staff, change_items, open_kept, seal_kept, write_reviews
from cprsync.store.seals.vault import decode
from cprsync.store.tables import MERGED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from cprsync.domain.patron.patron import Patron
    from cprsync.domain.person.number import CprNumber
    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Transaction

#: What a row shows in clear and no write of the register part restores. The second tuple lists the days.
_CLEAR: Final = ("patron_group", "real_number")
_DAYS: Final = ("next_age_step", "local_due", "letters_stopped")
_PATRON = tables.patron.c
_ITEM = tables.review_item.c
_OUT = tables.outbox.c


def merge_patrons(transaction: Transaction, *, closes: AnyRow, keeps: AnyRow) -> dict[str, Any]:
    """Give everything that `closes` has to `keeps`. The caller holds both rows.

    Returns what an undo needs.
    """
    shell, keeper = open_patrons(transaction, [closes, keeps])
    kept = remembered(closes, shell, clear=_CLEAR, days=_DAYS)
    kept["local"] = encode_local(open_local(transaction.tenant, closes)).decode()
    kept["account"] = account_of(transaction, shell.id)
    kept["circulation"] = circulation.move(transaction, of=shell.id, to=keeper.id)
    kept["subscriptions"] = belongings.move_subscriptions(transaction, of=shell.id, to=keeper.id)
    kept["keys"] = belongings.move_keys(transaction, of=shell.id, to=keeper.id, number=shell.number)
    kept["questions"] = belongings.take_questions(transaction, shell.id)
    kept["overrides"] = withdraw_overrides(transaction, shell.id)
    kept["links"] = responsibles.move_links(transaction, of=shell.id, to=keeper.id)
    if shell.borrows and responsibles.become_patrons(transaction, [keeper.id]):
        kept["only_answered"] = True
        keeper = replace(keeper, kind=shell.kind, as_of=None)
    kept |= _join_local(transaction, closes, keeps)
    after = protected_by_either(keeper.register, shell.register)
    if after is not keeper.register:
        ask(transaction, [(keeper.id, PROTECTION_SILENT)])
    _write(transaction, keeper, after)
    note_protections(transaction, _told_of(shell, keeper.id))
    _empty(transaction, shell)
    kept["items"] = _settle(transaction, of=shell.id, to=keeper.id)
    told = _publish(transaction, keeper, replaces=shell.number)
    if not told:
        publish_cards(transaction, [keeper.id])
    _publish_removal(transaction, shell, moves_on=told)
    return kept


def undo_merge(transaction: Transaction, *, closed: AnyRow, keeps: AnyRow, kept: Mapping[str, Any]) -> None:
    """Make them two patrons again. What has come to `keeps` since stays with `keeps`.

    Raises:
        ReviewClosed: `keeps` has been merged into a third patron, or another patron has the number by now.
    """
    before = decode(bytes.fromhex(kept["register"]))
    if keeps.status_class == MERGED:
        raise ReviewClosed("the patron who kept was merged since too: take that back first")
    refuse_taken(transaction, before.number, but=closed.id)
    circulation.move(transaction, of=keeps.id, to=closed.id, only=kept["circulation"])
    belongings.give_keys_back(transaction, kept["keys"], of=keeps.id, to=closed.id, number=before.number)
    belongings.give_subscriptions_back(transaction, kept["subscriptions"], of=keeps.id, to=closed.id)
    restore_overrides(transaction, closed.id, kept["overrides"])
    responsibles.give_links_back(transaction, kept["links"], of=keeps.id, to=closed.id)
    ask(transaction, [(closed.id, kind) for kind in kept["questions"]])
    keeper = open_patron(transaction, keeps)
    person = protected_once_parted(before, keeper.register)
    if person is not before:
        ask(transaction, [(closed.id, PROTECTION_SILENT)])
    if kept.get("only_answered"):
        keeper = replace(keeper, kind=PatronKind.RESPONSIBLE)
        responsibles.only_answers_again(transaction, keeper.id)
    note_protections(transaction, _told_of(keeper, closed.id))
    _part_local(transaction, keeps, kept)
    _write(transaction, keeper, keeper.register)
    if not _publish(transaction, keeper):
        publish_cards(transaction, [keeper.id])
    _withdraw_removal(transaction, closed.id)
    _publish(transaction, _fill(transaction, closed, person, kept), held=kept["account"])
    _let_wait_again(transaction, kept["items"], of=closed, to=keeper.id)
    # the patron is back, so nobody need say who has that number now
    write_reviews(transaction, transaction.tenant.no_run, ReviewNews(agreed=frozenset({(keeper.id, before.number)})))
    if closed.held_by is not None:
        ask_staff(transaction, transaction.tenant.no_run, [closed.id], REVERTED_HELD)
    # news about one of them may have been written on the other meanwhile
    open_windows(transaction, [closed.id, keeper.id], WindowReason.MERGE_UNDONE)


def part_again(transaction: Transaction, shell: AnyRow) -> None:
    """Take back the merge of a shell that an older copy of the database has brought back, and it was taken back since.

    Does nothing if what that needs is forgotten, or another patron has the number in that copy.
    """
    item = (_ITEM.agency == transaction.agency) & (_ITEM.patron_id == shell.id) & (_ITEM.kind == BOTH_PATRONS)
    merged = select(tables.review_item).where(item, _ITEM.state == State.ACCEPTED.value, _ITEM.undo.is_not(None))
    row = transaction.execute(merged.order_by(_ITEM.id.desc()).limit(1)).one_or_none()
    keeper = None if row is None else patron_row(transaction, row.about, hold=True)
    kept = None if row is None else open_kept(transaction.tenant, row)
    if row is None or keeper is None or kept is None:
        return
    if keeper.status_class == MERGED:
        part_again(transaction, keeper)
        (keeper,) = patron_rows(transaction, [keeper.id])
    try:
        undo_merge(transaction, closed=shell, keeps=keeper, kept=kept)
    except ReviewClosed:
        return
    change_items(transaction, _ITEM.id == row.id, {"state": State.UNDONE.value})


def _write(transaction: Transaction, patron: Patron, after: Person) -> None:
    """Write a record with its before-image, one version on. The caller tells the net media."""
    write = Write(patron, after, prepare(transaction.vault, after), patron.as_of, ())
    write_records(transaction, transaction.tenant.no_run, [write])


def _told_of(patron: Patron, other: str) -> list[tuple[str, date]]:
    """The day on which a delivery told of the patron's protection, as told of the other: it may be either's."""
    return [] if patron.protected_on is None else [(other, patron.protected_on)]


def _empty(transaction: Transaction, shell: Patron) -> None:
    """Empty a record down to its id and its sealed number. Its number, cards and address find it no longer."""
    _write(transaction, replace(shell, as_of=None, overrides=()), Person(shell.number))
    close_windows(transaction, [shell.id])
    row = _set_clear(
        transaction,
        shell.id,
        number_index=transaction.vault.index(MERGED, shell.id),
        status_class=MERGED,
        real_number=False,
        patron_group="",
        **dict.fromkeys(_DAYS),
    )
    write_local(transaction, row, Local())


def _fill(transaction: Transaction, closed: AnyRow, person: Person, kept: Mapping[str, Any]) -> Patron:
    """Write the record as it was.

    Returns the patron as before that write, so that the caller can tell the net media.
    """
    corrected = live_overrides(transaction, [closed.id]).get(closed.id, ())
    shell = replace(from_row(transaction.vault, closed), as_of=remembered_as_of(kept), overrides=corrected)
    _write(transaction, shell, person)
    index = transaction.vault.number_index(person.number)
    row = _set_clear(transaction, closed.id, number_index=index, **remembered_columns(kept))
    write_local(transaction, row, decode_local(kept["local"].encode()))
    return replace(shell, register=person)


def _set_clear(transaction: Transaction, patron_id: str, **values: object) -> AnyRow:
    this = (_PATRON.agency == transaction.agency) & (_PATRON.id == patron_id)
    transaction.execute(update(tables.patron).where(this).values(index_key=transaction.vault.index_key, **values))
    (row,) = patron_rows(transaction, [patron_id])
    return row


def _join_local(transaction: Transaction, closes: AnyRow, keeps: AnyRow) -> dict[str, str]:
    before = open_local(transaction.tenant, keeps)
    after = join_local(before, open_local(transaction.tenant, closes))
    write_local(transaction, keeps, after)
    return {"before": encode_local(before).decode(), "joined": encode_local(after).decode()}


def _part_local(transaction: Transaction, keeps: AnyRow, kept: Mapping[str, Any]) -> None:
    before, both = (decode_local(kept[name].encode()) for name in ("before", "joined"))
    write_local(transaction, keeps, part_local(open_local(transaction.tenant, keeps), before=before, joined=both))


def _settle(transaction: Transaction, *, of: str, to: str) -> list[dict[str, Any]]:
    """Settle the items that wait about the patron who closes.

    An item to merge a third patron with `of` is now about `to`. Returns the items as they were.
    """
    waiting = (_ITEM.agency == transaction.agency) & (_ITEM.state == State.WAITING.value)
    about = waiting & (_ITEM.about == of) & (_ITEM.kind == BOTH_PATRONS)
    theirs = select(tables.review_item).where((waiting & (_ITEM.patron_id == of)) | about).order_by(_ITEM.id)
    were = [{"id": row.id, "kept": open_kept(transaction.tenant, row)} for row in transaction.execute(theirs)]
    settled = {"state": State.SETTLED.value}
    change_items(transaction, waiting & (_ITEM.patron_id == of), {**settled, "undo": None, "key": None})
    change_items(transaction, about & (_ITEM.patron_id == to), settled)
    change_items(transaction, about, {"about": to})
    return were


def _let_wait_again(transaction: Transaction, items: Sequence[dict[str, Any]], *, of: AnyRow, to: str) -> None:
    """Let the items wait that a merge has settled, and be about `of` again. One that was answered since stays as it is.

    No patron gets a second item of a kind that waits. A patron who was let go meanwhile is not held again.
    """
    for one in items:
        this = (_ITEM.agency == transaction.agency) & (_ITEM.id == one["id"])
        row = transaction.execute(select(tables.review_item).where(this)).one_or_none()
        if row is None or (row.kind == REVERTED_HELD and of.held_by is None):
            continue
        if row.patron_id not in {of.id, to}:
            moved = this & (_ITEM.state == State.WAITING.value) & (_ITEM.about == to)
            change_items(transaction, moved, {"about": of.id})
        elif row.state == State.SETTLED.value and not _waits(transaction, row):
            kept = {} if one["kept"] is None else seal_kept(transaction.tenant, row.patron_id, row.id, one["kept"])
            change_items(transaction, this, {"state": State.WAITING.value, **kept})


def _waits(transaction: Transaction, row: AnyRow) -> bool:
    """Return whether an item of this kind waits about the patron."""
    same = (_ITEM.agency == transaction.agency) & (_ITEM.patron_id == row.patron_id) & (_ITEM.kind == row.kind)
    return transaction.count_rows(same, _ITEM.state == State.WAITING.value) > 0


def _publish(
    transaction: Transaction,
    patron: Patron,
    *,
    replaces: CprNumber | None = None,
    held: Mapping[str, str | None] | None = None,
) -> bool:
    """Tell the net media what they have to hold of a patron who was written just now.

    Returns False, and tells nothing, if the municipality is unknown or the patron does not borrow.

    `held`: the account that the patron had before the merge. If the municipality is unknown, the patron gets this
    account again.
    """
    culr = culr_in_force(patron.register, in_force(patron.overrides, transaction.clock.today()))
    if not patron.borrows or (culr is None and held is None):
        return False
    if culr is None and held is not None:
        culr = held["municipality"]
    former = None if replaces is None or replaces.is_replacement else replaces
    told = payload(identity_of(patron.number, patron.id), culr, replaces=former)
    effects.add(transaction, patron.id, patron.version + 1, told)
    return True


def _publish_removal(transaction: Transaction, shell: Patron, *, moves_on: bool) -> None:
    """Tell the net media to drop the shell's account.

    A patron under a replacement number has an account only if the net media were told of one.

    `moves_on`: the rights under cards or a UNI-Login move to the patron who keeps. That patron's effect says so.
    """
    if not shell.borrows or (shell.number.is_replacement and not _is_published(transaction, shell.id)):
        return
    told = payload(identity_of(shell.number, shell.id), NOWHERE, gone=True, sweeps=not moves_on)
    effects.add(transaction, shell.id, shell.version + 1, told)


def _withdraw_removal(transaction: Transaction, patron_id: str) -> None:
    """Withdraw the drop of the patron's account, if it has not been offered to the net media yet."""
    theirs = (_OUT.agency == transaction.agency) & (_OUT.target == CULR) & (_OUT.patron_id == patron_id)
    unheard = select(tables.outbox).where(theirs, _OUT.offered.is_(None))
    for row in transaction.execute(unheard).all():
        if effects.effect_of(transaction.tenant, row).gone:
            transaction.execute(delete(tables.outbox).where(theirs, _OUT.version == row.version))


def _is_published(transaction: Transaction, patron_id: str) -> bool:
    account = tables.account.c
    theirs = (
        select(account.patron_id).where(account.agency == transaction.agency, account.patron_id == patron_id),
        select(_OUT.patron_id).where(
            _OUT.agency == transaction.agency, _OUT.target == CULR, _OUT.patron_id == patron_id
        ),
    )
    return transaction.scalar(union_all(*theirs).limit(1)) is not None
