"""What the answer to a review item does: accepted, rejected or taken back, in the transaction of the answer.

The caller holds the patrons' rows. What a merge and a number that is taken back do is in `merging` and `number_undo`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import ColumnElement, delete, select, update

from cprsync.domain.deciding.reviews import ReviewNews
from cprsync.domain.feed.delivery import WindowReason
from cprsync.domain.patron.local import Block
from cprsync.domain.patron.override import culr_in_force, in_force
from cprsync.domain.patron.review import (
    BLOCK_DEAD,
    BLOCK_OF,
    BLOCK_REASONS,
    LIFTED_BY,
    NET_MEDIA_REFUSED,
    OTHER_PERSON_BLOCK,
    AcceptEffect,
    State,
)
from cprsync.domain.person.person import Protection
from cprsync.domain.person.status import Action
from cprsync.errors import ReviewClosed
from cprsync.services.ports.patrons import Write
from cprsync.services.ports.register import FIRST_COPY, NUMBER_CHANGE, PROTECTION_QUESTIONS
from cprsync.store import tables
from cprsync.store.desk import number_undo
from cprsync.store.lending import circulation
from cprsync.store.netmedia.effects import CULR, FAILED, WAITING, for_culr
from cprsync.store.patrons import merging, responsibles
from cprsync.store.patrons.patrons import ask, close_questions, write_records
from cprsync.store.patrons.windows import let_go, open_windows
from cprsync.store.records import links
from cprsync.store.records.records import (
    open_local,
    open_patron,
    patron_rows,
    prepare,
    write_local,
)
from cprsync.store.reviews.review_items import kept_numbers, open_kept, settle_items, write_reviews

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cprsync.services.ports.desk import ReviewItem
    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Tenant, Transaction

_ITEM, _OUT = tables.review_item.c, tables.outbox.c


class WrittenAnswer(NamedTuple):
    """What an answer has written: the names of the fields, and what taking it back needs."""

    fields: tuple[str, ...] = ()
    undo: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True, repr=False)
class AnsweredItem:
    """A review item that is answered in a transaction: its row, and the rows of its patrons, all held."""

    transaction: Transaction
    item: ReviewItem
    row: AnyRow
    patrons: Mapping[str, AnyRow]

    @property
    def patron_id(self) -> str:
        return self.item.patron_id

    @property
    def patron(self) -> AnyRow:
        return self.patrons[self.item.patron_id]

    @property
    def other(self) -> AnyRow:
        """The row of the other patron.

        Raises:
            ReviewClosed: the item names no other patron.
        """
        if self.item.about is None:
            raise ReviewClosed(
                "review item {id} does not say which other patron it is about: reject it", id=self.item.id
            )
        return self.patrons[self.item.about]


def accept(one: AnsweredItem, write: Write | None) -> WrittenAnswer:
    """Do what accepting an item of this kind does. Some kinds come with a write, decided on the record as it is."""
    if write is not None:
        _WRITES[one.item.row.doing](one, write)
    return _ACCEPTS[one.item.row.doing](one)


def reject(one: AnsweredItem) -> WrittenAnswer:
    """Leave the record as it is, and see to it that the question does not come back each night."""
    doing = one.item.row.doing
    if doing in {AcceptEffect.ASK_NUMBER, AcceptEffect.MERGE}:
        # the answer to an open question would bring the item back each night
        _drop_question(one, NUMBER_CHANGE)
    if kept_numbers(one.transaction.tenant, one.row) is not None:
        # news of the number that stays was left undecided together with the item
        ask(one.transaction, [(one.patron_id, FIRST_COPY)])
    elif one.item.row.leaves_replaced:
        # the register tells a protection or a death under the number that the patron does not get
        open_windows(one.transaction, [one.patron_id], WindowReason.NUMBER_REPLACED)
    elif doing is AcceptEffect.ASK_AGAIN and _is_protected(one):
        # the record that is left may have ended the protection, and no delivery tells of that again
        open_windows(one.transaction, [one.patron_id], WindowReason.RECORD_LEFT)
    if doing is AcceptEffect.END_PROTECTION:
        _drop_question(one, *PROTECTION_QUESTIONS)
    if doing is AcceptEffect.SAME_PERSON:
        return _stop_cards(one)
    if one.item.kind == NET_MEDIA_REFUSED:
        _drop_refused(one)
    if doing is AcceptEffect.SEND_AGAIN:
        one.transaction.execute(delete(tables.outbox).where(_refused_by_targets(one)))
    return WrittenAnswer()


def _is_protected(one: AnsweredItem) -> bool:
    person = open_patron(one.transaction, one.patron).register
    return person.protection is Protection.NAME_AND_ADDRESS


def wait_again(one: AnsweredItem) -> WrittenAnswer:
    """Undo what rejecting the item did. The PIN stays away: staff give a new one."""
    kept = open_kept(one.transaction.tenant, one.row)
    if one.item.row.doing is AcceptEffect.SAME_PERSON and kept is not None:
        return WrittenAnswer(_unblock(one, one.patron, kept))
    return WrittenAnswer()


def take_answer_back(one: AnsweredItem) -> WrittenAnswer:
    """Undo what accepting the item did.

    Raises:
        ReviewClosed: what taking it back needs is forgotten, or something has happened since.
    """
    kept = _kept(one.transaction.tenant, one.row)
    match one.item.row.doing:
        case AcceptEffect.END_LINK:
            ended = date.fromisoformat(kept["day"])
            responsibles.resume(one.transaction, one.patron_id, kept["responsible"], ended=ended)
            return WrittenAnswer(("responsible",))
        case AcceptEffect.NUMBER_SET:
            number_undo.take_back(one.transaction, one.patron, kept)
            return WrittenAnswer(("cpr_number",))
        case AcceptEffect.MERGE:
            merging.undo_merge(one.transaction, closed=one.patron, keeps=one.other, kept=kept)
            return WrittenAnswer(("merged",))
        case AcceptEffect.END_PROTECTION:
            _protect_again(one)
            return WrittenAnswer(("protection",))
    fields = _unblock(one, one.patron, kept)
    settle_items(one.transaction, [one.patron_id], LIFTED_BY[one.item.kind])
    return WrittenAnswer(fields)


def _kept(tenant: Tenant, item: AnyRow) -> dict[str, Any]:
    kept = open_kept(tenant, item)
    if kept is None:
        raise ReviewClosed(
            "review item {id} was answered too long ago: what taking it back needs is forgotten", id=item.id
        )
    return kept


def _nothing(_: AnsweredItem) -> WrittenAnswer:
    return WrittenAnswer()


def _block(one: AnsweredItem) -> WrittenAnswer:
    today, local = one.transaction.clock.today(), open_local(one.transaction.tenant, one.patron)
    block = Block(today, BLOCK_REASONS[one.item.kind])
    write_local(one.transaction, one.patron, replace(local, blocks=(*local.blocks, block)))
    undo: dict[str, Any] = {"day": today.isoformat(), "reason": block.reason, "reservations": []}
    if one.item.kind != BLOCK_DEAD:
        return WrittenAnswer(("blocks",), undo)
    undo["reservations"] = circulation.cancel_reservations(one.transaction, one.patron_id, on=today)
    return WrittenAnswer(("blocks", "reservations"), undo)


def _stop_cards(one: AnsweredItem) -> WrittenAnswer:
    """Block the patron, and take the PIN from the cards: somebody else has them, and could sign in as the patron.

    The cards stay, so that whoever shows one is found.
    """
    today, local = one.transaction.clock.today(), open_local(one.transaction.tenant, one.patron)
    block = Block(today, OTHER_PERSON_BLOCK)
    cards = tuple(replace(card, pin_hash="") for card in local.cards)
    write_local(one.transaction, one.patron, replace(local, blocks=(*local.blocks, block), cards=cards))
    return WrittenAnswer(("blocks", "pin"), {"day": today.isoformat(), "reason": block.reason, "reservations": []})


def _lift(one: AnsweredItem) -> WrittenAnswer:
    """Take back each confirmed block of the kind that this item ends."""
    confirmed = (_ITEM.patron_id == one.patron_id) & (_ITEM.kind == BLOCK_OF[one.item.kind])
    confirmed &= _ITEM.state == State.ACCEPTED.value
    wanted = select(tables.review_item).where(_ITEM.agency == one.transaction.agency, confirmed).order_by(_ITEM.id)
    fields: tuple[str, ...] = ()
    for block in one.transaction.execute(wanted).all():
        (row,) = patron_rows(one.transaction, [one.patron_id])
        fields = _unblock(one, row, _kept(one.transaction.tenant, block))
        item = (_ITEM.agency == one.transaction.agency) & (_ITEM.id == block.id)
        one.transaction.execute(update(tables.review_item).where(item).values(state=State.UNDONE.value))
    return WrittenAnswer(fields)


def _unblock(one: AnsweredItem, patron: AnyRow, kept: Mapping[str, Any]) -> tuple[str, ...]:
    """Remove the block, unless it is gone already, and let the reservations wait again."""
    day, local = date.fromisoformat(kept["day"]), open_local(one.transaction.tenant, patron)
    blocks = list(local.blocks)
    if (block := Block(day, kept["reason"])) in blocks:
        blocks.remove(block)
        write_local(one.transaction, patron, replace(local, blocks=tuple(blocks)))
    circulation.take_back_reservations(one.transaction, kept["reservations"], cancelled=day)
    return ("blocks", "reservations") if kept["reservations"] else ("blocks",)


def _ask(kind: str) -> Callable[[AnsweredItem], WrittenAnswer]:
    def ask_register(one: AnsweredItem) -> WrittenAnswer:
        ask(one.transaction, [(one.patron_id, kind)])
        return WrittenAnswer()

    return ask_register


def _give_number(one: AnsweredItem, write: Write) -> None:
    """Write the number that the answer gives the patron, as a night does.

    The next question to the register asks who the patron is under that number.

    Raises:
        LostCompare: the record changed meanwhile, or another patron has got the number.
    """
    write_records(one.transaction, one.transaction.tenant.no_run, [write])
    ask(one.transaction, [(write.patron.id, NUMBER_CHANGE)])


def _number(_: AnsweredItem) -> WrittenAnswer:
    return WrittenAnswer(("cpr_number",))


def _merge(one: AnsweredItem) -> WrittenAnswer:
    return WrittenAnswer(("merged",), merging.merge_patrons(one.transaction, closes=one.patron, keeps=one.other))


def _end_links(one: AnsweredItem) -> WrittenAnswer:
    """End the links that are the reason for this item, as they are now."""
    today, linked = one.transaction.clock.today(), links.answering_for(one.transaction, [one.patron_id])
    theirs = [link for link in linked if link.is_reason_for(one.item.kind)]
    pairs = {(link.minor_id, link.responsible_id) for link in theirs}
    responsibles.end(one.transaction, pairs, on=today)
    undo = {"day": today.isoformat(), "responsible": [link.responsible_id for link in theirs]}
    return WrittenAnswer(("responsible",), undo)


def _end_protection(one: AnsweredItem, write: Write) -> None:
    """Write the record without its protection, and stop asking the register about it (decision 35).

    If a later delivery tells of the protection, the question opens again and counts from one.

    Raises:
        LostCompare: the patron changed since the decision.
    """
    write_records(one.transaction, one.transaction.tenant.no_run, [write])
    write_reviews(one.transaction, one.transaction.tenant.no_run, ReviewNews([(write.patron, write.after)]))
    _drop_question(one, *PROTECTION_QUESTIONS)


def _protection(one: AnsweredItem) -> WrittenAnswer:
    return WrittenAnswer(("protection",), {"day": one.transaction.clock.today().isoformat()})


def _protect_again(one: AnsweredItem) -> None:
    """Put the protection back on the record as it is now."""
    patron = open_patron(one.transaction, one.patron)
    after = replace(patron.register, protection=Protection.NAME_AND_ADDRESS)
    write = Write(patron, after, prepare(one.transaction.vault, after), patron.as_of, (Action.PROTECT,))
    write_records(one.transaction, one.transaction.tenant.no_run, [write])


def _let_go(one: AnsweredItem) -> WrittenAnswer:
    let_go(one.transaction, [one.patron_id])
    return WrittenAnswer()


def _drop_question(one: AnsweredItem, *kinds: str) -> None:
    close_questions(one.transaction, [(one.patron_id, kind) for kind in kinds])


def _publish_again(one: AnsweredItem) -> WrittenAnswer:
    """Replace the effect that CULR refused by the patron's present state, and let it wait to be sent.

    For a patron who is gone, the refused effect itself waits again.
    """
    row = one.patrons.get(one.patron_id)
    if row is None or row.status_class in tables.GONE:
        again = update(tables.outbox).where(for_culr(one.transaction.tenant, FAILED), _OUT.patron_id == one.patron_id)
        one.transaction.execute(again.values(state=WAITING, attempts=0))
        return WrittenAnswer()
    _drop_refused(one)
    patron = open_patron(one.transaction, row)
    culr = culr_in_force(patron.register, in_force(patron.overrides, one.transaction.clock.today()))
    if culr is not None and patron.borrows:
        # an effect has the version of its record, and no version is used twice: the record moves on (decision 21)
        same = prepare(one.transaction.vault, patron.register)
        write = Write(patron, patron.register, same, patron.as_of, (), culr=culr)
        write_records(one.transaction, one.transaction.tenant.no_run, [write])
    return WrittenAnswer()


def _drop_refused(one: AnsweredItem) -> None:
    """Drop the refused effect, so that CULR keeps what it has. It is read and compared again like any patron's."""
    one.transaction.execute(
        delete(tables.outbox).where(for_culr(one.transaction.tenant, FAILED), _OUT.patron_id == one.patron_id)
    )


def _send_again(one: AnsweredItem) -> WrittenAnswer:
    """Let what other systems refused wait again, with all its tries."""
    again = update(tables.outbox).where(_refused_by_targets(one))
    one.transaction.execute(again.values(state=WAITING, attempts=0))
    return WrittenAnswer()


def _refused_by_targets(one: AnsweredItem) -> ColumnElement[bool]:
    refused = (_OUT.agency == one.transaction.agency) & (_OUT.target != CULR) & (_OUT.state == FAILED)
    return refused & (_OUT.patron_id == one.patron_id)


_ACCEPTS: Final[Mapping[AcceptEffect, Callable[[AnsweredItem], WrittenAnswer]]] = {
    AcceptEffect.SEEN: _nothing,
    AcceptEffect.SAME_PERSON: _nothing,
    AcceptEffect.BLOCK: _block,
    AcceptEffect.LIFT: _lift,
    AcceptEffect.MERGE: _merge,
    AcceptEffect.ASK_AGAIN: _ask(FIRST_COPY),
    AcceptEffect.ASK_NUMBER: _ask(NUMBER_CHANGE),
    AcceptEffect.GIVE_NUMBER: _number,
    AcceptEffect.END_LINK: _end_links,
    AcceptEffect.TELL_AGAIN: _publish_again,
    AcceptEffect.SEND_AGAIN: _send_again,
    AcceptEffect.LET_GO: _let_go,
    AcceptEffect.END_PROTECTION: _protection,
    AcceptEffect.NUMBER_SET: _nothing,
}
_WRITES: Final[Mapping[AcceptEffect, Callable[[AnsweredItem, Write], None]]] = {
    AcceptEffect.GIVE_NUMBER: _give_number,
    AcceptEffect.END_PROTECTION: _end_protection,
}
