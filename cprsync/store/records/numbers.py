"""What a patron is found by (numbers, and the keyed index of the cards, lånerkort), and why a number is subscribed.

A patron who gets another number is still found by the old one, which stays subscribed for a time (decision 6). The
register's own links decide before this which patron gets which number. A card belongs to only one patron.

When a patron dies, the subscription's row gets the reason `dead` and a last day (decision 10), so that an annulment of
the death can arrive. Until that day it holds like any other row. After it ends, its reason is `died`. That row records
what we added, and that the patron is not subscribed again. The nightly comparison tells the register of the end, under
its guard.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import BindParameter, ColumnElement, bindparam, delete, func, insert, select, update

from cprsync.domain.patron.local import Stage, card_forms, card_key, is_number_of_another, number_of_card
from cprsync.domain.patron.patron import PatronKind
from cprsync.domain.person.person import Status
from cprsync.errors import BadInput, LostCompare
from cprsync.store import tables
from cprsync.store.core.engine import parts
from cprsync.store.core.tenant import AGENCY_IS, AGREEMENT_IS
from cprsync.store.records.kept_blocks import bring_back

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from cprsync.domain.patron.local import Card
    from cprsync.domain.person.number import CprNumber
    from cprsync.services.ports.patrons import Write
    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Tenant, Transaction

#: The reasons of a subscription: a patron; a person who only answers for a minor; an earlier number (also the kind of a
#: key); a dead patron, until a last day and after it; an earlier time as a patron, who had left or was taken for dead,
#: of which the row only says what we added.
ACTIVE_PATRON: Final = "patron"
RESPONSIBLE: Final = "responsible"
OLD_NUMBER: Final = "old_number"
DEAD: Final = "dead"
DIED: Final = "died"
LEFT: Final = "left"
#: The owner under which a subscription's number is sealed, and the version, because it is sealed only once.
SUBSCRIPTION: Final = "subscription"
SEALED_ONCE: Final = 1
#: Why a card is refused. It says the same of a patron's number and of a stranger's.
CARD_IS_A_NUMBER: Final = "the card is a CPR number, and not the patron's own: use a card that is the patron's"
#: The purpose under which a card is hashed.
CARD: Final = "card"
#: What a row of a subscription is, but for its reason.
_SAME_ROW: Final = tuple(tables.subscription.c[name] for name in ("agency", "agreement", "number_index", "patron_id"))
#: Reasons for the rows of living patrons.
_LIVING: Final = (ACTIVE_PATRON, RESPONSIBLE)
#: Reasons for which a patron's current number is subscribed. An old number tells nothing about the current one.
CURRENT_REASONS: Final = (*_LIVING, DEAD)
#: A patron with a row of one of these reasons is not new to the register's list.
KNOWN_REASONS: Final = (*CURRENT_REASONS, DIED)
_PATRON, _KEY, _ROW = tables.patron.c, tables.patron_key.c, tables.subscription.c
#: A condition: the subscription is of this agreement.
OURS: Final = (_ROW.agency == AGENCY_IS) & (_ROW.agreement == AGREEMENT_IS)
# Each night, and each record that is found or written, asks these.
_WHO_ANSWER: Final = select(_PATRON.id).where(_PATRON.agency == AGENCY_IS, _PATRON.kind == PatronKind.RESPONSIBLE.value)
_KEYS_OF_KIND: Final = select(_KEY.key_index, _KEY.patron_id).where(
    _KEY.agency == AGENCY_IS, _KEY.kind == bindparam("kind_")
)
_LAST_DAYS: Final = (
    select(_ROW.patron_id, func.max(_ROW.until)).where(OURS, _ROW.reason == DEAD).group_by(_ROW.patron_id)
)
#: Patrons who are here and live: their subscription has no end.
_STAYS: Final = (_PATRON.standing == Stage.ACTIVE.value) & _PATRON.status_class.not_in(
    (*tables.GONE, tables.STATUS_CLASSES[Status.DEAD])
)
_ENDED: Final = (
    select(_ROW.patron_id, _PATRON.kind)
    .join(tables.patron, (_PATRON.agency == _ROW.agency) & (_PATRON.id == _ROW.patron_id))
    # between two days, and not only some day: so the index of the ends leads to the few that have one
    .where(OURS, _ROW.until.between(date.min, date.max), _ROW.reason.in_(KNOWN_REASONS), _STAYS)
)


def find_ended(transaction: Transaction) -> dict[str, str]:
    """Return the patrons who are here and live, and whose subscription has an end; and the kind of each.

    The program ends a subscription only with the patron's number, record or life. It then gives the row another reason,
    or the patron another standing or status.
    """
    return {row.patron_id: row.kind for row in sorted(transaction.execute(_ENDED, transaction.ours))}


def resume_ended(transaction: Transaction, ended: Mapping[str, str]) -> None:
    """Remove the end from the subscriptions that `find_ended` returns."""
    over = _ROW.until.is_not(None) & _ROW.reason.in_(KNOWN_REASONS)
    answers = {patron_id for patron_id, kind in ended.items() if kind == PatronKind.RESPONSIBLE.value}
    for reason, ids in ((RESPONSIBLE, answers), (ACTIVE_PATRON, ended.keys() - answers)):
        _change_subscriptions(transaction, sorted(ids), over & (_ROW.reason != reason), reason=reason)
        goes_on = update(tables.subscription).where(OURS, over).values(until=None)
        transaction.change_rows(goes_on, _ROW.patron_id, sorted(ids), **transaction.ours)


def renumber(transaction: Transaction, writes: Sequence[Write]) -> None:
    """Make patrons be found by the numbers that the writes give them, in the caller's transaction.

    Raises:
        LostCompare: another patron has got one of the numbers since the decision.
    """
    if not writes:
        return  # true of nearly every batch
    _make_sure_that_free(transaction, [write.after.number for write in writes])
    for write in writes:
        _change_number(transaction, write)
        _keep_old(transaction, write)
        _keep_subscribed(transaction, write)
        _keep_passed(transaction, write)
    bring_back(transaction, {write.patron.id: write.after.number for write in writes})


def _make_sure_that_free(transaction: Transaction, numbers: Sequence[CprNumber]) -> None:
    taken = select(_PATRON.id).where(_PATRON.agency == transaction.agency)
    if transaction.fetch_rows(taken, _PATRON.number_index, _by_probe(transaction.tenant, "number", numbers)):
        raise LostCompare("another patron has got the number since the decision")


def _change_number(transaction: Transaction, write: Write) -> None:
    number = write.after.number
    transaction.execute(
        update(tables.patron)
        .where(_PATRON.agency == transaction.agency, _PATRON.id == write.patron.id)
        .values(
            number_index=transaction.vault.number_index(number),
            index_key=transaction.vault.index_key,
            real_number=not number.is_replacement,
        )
    )


def _keep_old(transaction: Transaction, write: Write) -> None:
    """Make the old number find the patron. The new number is no longer an old number of any patron."""
    vault, old = transaction.vault, write.patron.number
    probes = [probe for number in (old, write.after.number) for probe in vault.probes(OLD_NUMBER, number.digits)]
    ours = (_KEY.agency == transaction.agency) & (_KEY.kind == OLD_NUMBER)
    transaction.execute(delete(tables.patron_key).where(ours, _KEY.key_index.in_(probes)))
    row = key_row(transaction.tenant, OLD_NUMBER, vault.index(OLD_NUMBER, old.digits), write.patron.id)
    transaction.execute(insert(tables.patron_key).values(row))


def _keep_subscribed(transaction: Transaction, write: Write) -> None:
    """Keep the old number subscribed until a file has delivered the new one.

    A number that returns gets its earlier reason again. A dead patron's number stays subscribed as an old number, too.
    The new number is subscribed in the same night, and again only for a time.
    """
    day = write.renumbered
    theirs = (_ROW.agency == transaction.agency) & (_ROW.patron_id == write.patron.id)
    returned = theirs & (_ROW.reason == OLD_NUMBER)
    returned &= _ROW.number_index.in_(transaction.vault.probes("number", write.after.number.digits))
    holds = _ROW.until.is_(None)
    # a row that has ended is written again at the next subscription
    transaction.execute(delete(tables.subscription).where(returned, ~holds))
    active = (_ROW.reason.in_((ACTIVE_PATRON, RESPONSIBLE)) & holds) | (_ROW.reason == DEAD)
    change_reason(transaction, theirs & active, reason=OLD_NUMBER, since=day, until=None)
    if write.patron.register.status is Status.DEAD:
        # a dead patron's row has an end, and is written at the next subscription; this one says what we have added
        transaction.execute(update(tables.subscription).where(returned).values(until=day))
        return
    reason = ACTIVE_PATRON if write.patron.borrows else RESPONSIBLE
    change_reason(transaction, returned, reason=reason, since=day)


def _keep_passed(transaction: Transaction, write: Write) -> None:
    """Keep the numbers between the old and the new one as old numbers that have ended.

    If an older copy of the database was put back, CULR may have an account under one of them.
    """
    day = write.renumbered
    if day is None:
        return
    for number in write.passed:
        theirs = (
            (_ROW.agency == transaction.agency)
            & (_ROW.agreement == transaction.tenant.agreement)
            & (_ROW.reason == OLD_NUMBER)
        )
        same = _ROW.number_index.in_(transaction.vault.probes("number", number.digits))
        if not transaction.execute(
            select(_ROW.patron_id).where(theirs, same, _ROW.patron_id == write.patron.id)
        ).first():
            row = subscription_row(transaction.tenant, write.patron.id, number, OLD_NUMBER, since=day, added=False)
            transaction.execute(insert(tables.subscription).values(**row, until=day))


def change_reason(transaction: Transaction, which: ColumnElement[bool], *, reason: str, **values: object) -> int:
    """Give rows another reason, in the caller's transaction. Returns how many.

    A row of the same patron and number, from an earlier time, that has this reason already is replaced.
    """
    turned = transaction.execute(select(*_SAME_ROW).where(which)).all()
    if not turned:
        return 0  # true of nearly every call
    # row by row along the key: SQLite 3.40 reads all subscriptions to find some rows that are named together
    theirs = (column == bindparam(f"{column.name}_", type_=column.type) for column in _SAME_ROW)
    earlier = delete(tables.subscription).where(_ROW.reason == reason, *theirs)
    transaction.execute(earlier, [{f"{name}_": value for name, value in row._asdict().items()} for row in turned])
    return transaction.execute(update(tables.subscription).where(which).values(reason=reason, **values)).rowcount


def is_held(on: date | BindParameter[date]) -> ColumnElement[bool]:
    """Return a condition: the row has no end, or belongs to a dead patron whose last day has not passed."""
    return _ROW.until.is_(None) | ((_ROW.reason == DEAD) & (_ROW.until >= on))


def follow_deaths(transaction: Transaction, writes: Sequence[Write]) -> None:
    """Write what the writes mean for subscriptions, in the caller's transaction."""
    last_days: dict[date, list[str]] = defaultdict(list)
    for write in writes:
        if write.subscribed_until is not None:
            last_days[write.subscribed_until].append(write.patron.id)
    for until, ids in last_days.items():
        subscribe_until(transaction, ids, until)
    resume_subscriptions(transaction, [write.patron.id for write in writes if write.lives_again])


def subscribe_until(transaction: Transaction, patron_ids: Sequence[str], until: date) -> None:
    """Keep dead patrons subscribed until a last day."""
    # the condition keeps SQLite from using the index of last days: no living patron has one, so it would read them all
    active = _ROW.reason.in_(_LIVING) & (func.coalesce(_ROW.until, date.max) == date.max)
    _change_subscriptions(transaction, patron_ids, active, reason=DEAD, until=until)


def resume_subscriptions(transaction: Transaction, patron_ids: Sequence[str]) -> None:
    """Remove the end, because the death was a mistake.

    A patron whose subscription had already ended is subscribed like a new patron.
    """
    if not patron_ids:
        return
    answers = only_answer(transaction, patron_ids)
    for reason, ids in ((RESPONSIBLE, answers), (ACTIVE_PATRON, set(patron_ids) - answers)):
        _change_subscriptions(transaction, sorted(ids), _ROW.reason == DEAD, reason=reason, until=None)
    _change_subscriptions(transaction, patron_ids, _ROW.reason == DIED, reason=LEFT)


def end_passed(transaction: Transaction, patron_ids: Sequence[str], *, before: date) -> None:
    """End the subscriptions whose last day has passed. The row keeps its last day."""
    if patron_ids:
        passed = (_ROW.reason == DEAD) & (_ROW.until < before)
        _change_subscriptions(transaction, patron_ids, passed, reason=DIED)


def last_days(transaction: Transaction, patron_ids: Sequence[str]) -> dict[str, date]:
    """Return the last day of each of these patrons who is dead and subscribed."""
    return dict(transaction.fetch_rows(_LAST_DAYS, _ROW.patron_id, patron_ids, **transaction.ours))


def _change_subscriptions(
    transaction: Transaction,
    patron_ids: Sequence[str],
    which: ColumnElement[bool],
    *,
    reason: str,
    **values: object,
) -> None:
    ours = (_ROW.agency == transaction.agency) & (_ROW.agreement == transaction.tenant.agreement)
    for part in parts(patron_ids):
        change_reason(transaction, ours & _ROW.patron_id.in_(part) & which, reason=reason, **values)


def only_answer(transaction: Transaction, patron_ids: Sequence[str]) -> set[str]:
    """Return those of these patrons who do not borrow and only answer for a minor."""
    return set(transaction.fetch_values(_WHO_ANSWER, _PATRON.id, patron_ids, agency_=transaction.agency))


def has_borrower(transaction: Transaction, number: CprNumber, *, but: str) -> bool:
    """Return whether a patron other than `but` borrows under a number.

    Most often that is the same person, registered again.
    """
    return borrowers(transaction, [number]).get(number, but) != but


def borrowers(transaction: Transaction, numbers: Sequence[CprNumber]) -> dict[CprNumber, str]:
    """Return the borrower under each of the numbers. Numbers without a borrower are left out."""
    borrows = (_PATRON.kind != PatronKind.RESPONSIBLE.value) & _PATRON.status_class.not_in(tables.GONE)
    wanted = select(_PATRON.number_index, _PATRON.id).where(_PATRON.agency == transaction.agency, borrows)
    by_probe = _by_probe(transaction.tenant, "number", numbers)
    return {
        by_probe[row.number_index]: row.id for row in transaction.fetch_rows(wanted, _PATRON.number_index, by_probe)
    }


def old_numbers(transaction: Transaction, numbers: Sequence[CprNumber]) -> dict[CprNumber, str]:
    """Return the patrons who had one of the numbers before."""
    by_probe = _by_probe(transaction.tenant, OLD_NUMBER, numbers)
    rows = transaction.fetch_rows(_KEYS_OF_KIND, _KEY.key_index, by_probe, agency_=transaction.agency, kind_=OLD_NUMBER)
    return {by_probe[row.key_index]: row.patron_id for row in rows}


def number_owners(transaction: Transaction, numbers: Sequence[CprNumber]) -> dict[CprNumber, str]:
    """Return the patrons who have one of the numbers, or had it before and nobody has it now."""
    by_probe = _by_probe(transaction.tenant, "number", numbers)
    wanted = select(_PATRON.number_index, _PATRON.id).where(_PATRON.agency == transaction.agency)
    rows = transaction.fetch_rows(wanted, _PATRON.number_index, by_probe)
    return old_numbers(transaction, numbers) | {by_probe[row.number_index]: row.id for row in rows}


def _by_probe(tenant: Tenant, kind: str, numbers: Sequence[CprNumber]) -> dict[bytes, CprNumber]:
    return {probe: number for number in numbers for probe in tenant.vault.probes(kind, number.digits)}


def shells_of(transaction: Transaction, patron_id: str) -> list[str]:
    """Return the shells of patrons who were merged into this patron, and into those in turn."""
    found: list[str] = []
    asked = [patron_id]
    while asked:
        keys = select(_KEY.key_index).where(
            _KEY.agency == transaction.agency, _KEY.patron_id.in_(asked), _KEY.kind == tables.MERGED
        )
        shells = select(_PATRON.id).where(_PATRON.agency == transaction.agency, _PATRON.number_index.in_(keys))
        asked = [one for one in transaction.scalars(shells.order_by(_PATRON.id)) if one not in found]
        found += asked
    return found


def subscription_row(  # noqa: PLR0913 -- a value for each column
    tenant: Tenant, patron_id: str, number: CprNumber, reason: str, *, since: date, added: bool
) -> dict[str, Any]:
    """Return the row of a subscription that begins. `added`: the register holds the number because we added it."""
    vault = tenant.vault
    return {
        "agency": tenant.agency,
        "agreement": tenant.agreement,
        "number_index": vault.number_index(number),
        "reason": reason,
        "patron_id": patron_id,
        "number": vault.seal(number.digits.encode(), place=patron_id, owner=SUBSCRIPTION, version=SEALED_ONCE),
        "number_key": vault.seal_key,
        "since": since,
        "confirmed_at": tenant.stamp() if added else None,
    }


def open_number(tenant: Tenant, row: AnyRow) -> str:
    """Return the number of a subscription's row."""
    place = {"place": row.patron_id, "owner": SUBSCRIPTION, "version": SEALED_ONCE}
    return tenant.vault.unseal(row.number, row.number_key, **place).decode()


def card_index(tenant: Tenant, card: str) -> bytes:
    """Return the keyed index for a new card."""
    return tenant.vault.index(CARD, card_key(card))


def card_probes(tenant: Tenant, card: str) -> list[bytes]:
    """Return the indexes under which a card may be found: the form of new rows first, then older forms."""
    return [probe for form in card_forms(card) for probe in tenant.vault.probes(CARD, form)]


def card_holders(transaction: Transaction, probes: Collection[bytes]) -> dict[bytes, str]:
    """Return who has the cards with these indexes."""
    rows = transaction.fetch_rows(_KEYS_OF_KIND, _KEY.key_index, probes, agency_=transaction.agency, kind_=CARD)
    return {row.key_index: row.patron_id for row in rows}


def own_cards(transaction: Transaction, holders: Mapping[str, str]) -> dict[str, str]:
    """Return who has these cards, without a card that is a CPR number and not the holder's own (decision 51)."""
    numbers = {card: number for card in holders if (number := number_of_card(card)) is not None}
    owners = number_owners(transaction, list(numbers.values())) if numbers else {}
    others = {card for card, one in numbers.items() if is_number_of_another(one, holders[card], owner=owners.get(one))}
    return {card: holder for card, holder in holders.items() if card not in others}


def key_row(tenant: Tenant, kind: str, index: bytes, patron_id: str) -> dict[str, Any]:
    """Return the row by which an old number, a card or another key finds its patron."""
    return {
        "agency": tenant.agency,
        "kind": kind,
        "key_index": index,
        "key_id": tenant.vault.index_key,
        "patron_id": patron_id,
    }


def keep_cards(transaction: Transaction, patron_id: str, *, before: Sequence[Card], after: Sequence[Card]) -> None:
    """Make the cards `after` find the patron, and the removed cards find nobody.

    Runs in the caller's transaction, which holds the library.

    Raises:
        BadInput: another patron has one of the cards, or one is somebody else's CPR number; the caller must write
            nothing.
    """
    held, wanted = ({card.number for card in cards} for cards in (before, after))
    gone = [probe for number in held - wanted for probe in card_probes(transaction.tenant, number)]
    new = [probe for number in wanted - held for probe in card_probes(transaction.tenant, number)]
    cards = (_KEY.agency == transaction.agency) & (_KEY.kind == CARD)
    taken = cards & (_KEY.patron_id != patron_id) & _KEY.key_index.in_(new)
    if transaction.scalar(select(_KEY.patron_id).where(taken).limit(1)) is not None:
        raise BadInput("another patron has one of these cards", kind="card.taken")
    given = dict.fromkeys(wanted - held, patron_id)
    if own_cards(transaction, given) != given:
        raise BadInput(CARD_IS_A_NUMBER, kind="card.number")
    theirs = cards & (_KEY.patron_id == patron_id)
    # also the patron's rows for the new cards: the same card, written in another form
    transaction.execute(delete(tables.patron_key).where(theirs, _KEY.key_index.in_([*gone, *new])))
    indexes = sorted({card_index(transaction.tenant, one) for one in wanted - held})
    if rows := [key_row(transaction.tenant, CARD, index, patron_id) for index in indexes]:
        transaction.execute(insert(tables.patron_key), rows)
