"""Links between a minor and their responsibles: make, end and resume them.

A responsible who is not a borrower has a record of kind RESPONSIBLE, and is subscribed for that reason. Such a person
leaves like any patron after the last link has ended and nothing from its time is owed. The functions that take a
transaction run in the caller's.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final

from sqlalchemy import ColumnElement, delete, exists, insert, select, update

from cprsync.domain.patron.local import Stage
from cprsync.domain.patron.patron import PatronKind
from cprsync.domain.patron.responsible import Answering, Proposed, is_gone, of_age_on, why_not
from cprsync.errors import ReviewClosed
from cprsync.services.ports.patrons import InForce, Linked, Minor, Responsibles, no_such_patron, refuse_link
from cprsync.services.ports.register import FIRST_COPY
from cprsync.store import tables
from cprsync.store.audit import audit
from cprsync.store.audit.binding import LEAVING, LINK, bind, find_keys
from cprsync.store.core.tenant import TenantStore, library_transaction
from cprsync.store.patrons.patrons import ask
from cprsync.store.records import links
from cprsync.store.records.numbers import ACTIVE_PATRON, RESPONSIBLE, change_reason
from cprsync.store.records.records import open_patron, patron_row
from cprsync.store.reviews.review_items import settle_about_links

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from cprsync.domain.patron.patron import Patron
    from cprsync.domain.person.age import LeapDay
    from cprsync.store.core.tenant import Transaction

ADDED: Final = "added"
ENDED: Final = "ended"
#: Why a person who was only a responsible leaves, in the audit.
GONE: Final = "gone"
_LINK = tables.responsible.c
_PATRON = tables.patron.c
_ROW = tables.subscription.c
_ITEM = tables.review_item.c


class SqlResponsibles(TenantStore, Responsibles):
    """Who answers for whom."""

    def answering(self, responsible_ids: Collection[str]) -> list[Answering]:
        with self._tenant.reading() as transaction:
            return links.answering(transaction, responsible_ids)

    def in_force(self, minor_ids: Collection[str]) -> list[InForce]:
        with self._tenant.reading() as transaction:
            return links.in_force(transaction, minor_ids)

    def links(self, minor_id: str) -> list[Linked]:
        owed = links.owes().label("owed")
        wanted = select(_LINK.responsible_id, _LINK.since, _LINK.until, owed).where(links.OURS)
        with self._tenant.reading() as transaction:
            theirs = wanted.where(_LINK.patron_id == minor_id).order_by(_LINK.since, _LINK.responsible_id)
            rows = transaction.execute(theirs, transaction.ours)
            return [
                Linked(row.responsible_id, row.since, row.until, row.until is not None and row.owed) for row in rows
            ]

    def minors_of(self, responsible_id: str) -> list[Minor]:
        wanted = select(_LINK.patron_id, _LINK.since).where(links.IN_FORCE, _LINK.responsible_id == responsible_id)
        with self._tenant.reading() as transaction:
            rows = transaction.execute(wanted.order_by(_LINK.since, _LINK.patron_id), transaction.ours)
            return [Minor(row.patron_id, row.since) for row in rows]

    def end(self, minor_id: str, responsible_id: str, *, user: str) -> bool:
        with library_transaction(self._tenant) as transaction:
            if not end(transaction, {(minor_id, responsible_id)}, on=transaction.clock.today()):
                return False
            note_change(transaction, minor_id, responsible_id, ENDED, user=user)
        return True


def add(transaction: Transaction, *, minor_id: str, responsible_id: str, leap: LeapDay) -> bool:
    """Make one person responsible for a minor from today on; False: the link is in force already.

    Raises:
        BadInput: this person may not be a responsible; the caller must write nothing.
    """
    today = transaction.clock.today()
    others = frozenset(links.responsibles_of(transaction, [minor_id]))
    if responsible_id in others:
        return False
    minor, responsible = (_patron(transaction, one) for one in (minor_id, responsible_id))
    ages = [of_age_on(one.register, one.overrides, today, leap) for one in (minor, responsible)]
    higher = links.responsibles_above(transaction, responsible_id)
    link = Proposed(minor_id, responsible_id, ages[0], ages[1], is_gone(responsible.register), others, higher)
    if (why := why_not(link, today)) is not None:
        raise refuse_link(why, responsible)
    # a link that had ended begins again
    _put(transaction, minor_id, responsible_id, since=today)
    links.look_tonight(transaction, [minor_id])
    wake(transaction, [responsible_id])
    return True


def _patron(transaction: Transaction, patron_id: str) -> Patron:
    row = patron_row(transaction, patron_id, hold=True)
    if row is None or row.status_class in tables.GONE:
        raise no_such_patron()
    return open_patron(transaction, row)


def wake(transaction: Transaction, responsible_ids: Sequence[str]) -> None:
    """Stop persons who only answer from leaving: they answer for a minor again."""
    of_patron = links.ONLY_ANSWERS & _PATRON.id.in_(responsible_ids) & (_PATRON.standing == Stage.LEAVING.value)
    back = transaction.scalars(select(_PATRON.id).where(of_patron), transaction.ours).all()
    stays = update(tables.patron).where(of_patron).values(standing=Stage.ACTIVE.value, leaves_since=None)
    transaction.execute(stays, transaction.ours)
    bind(transaction, LEAVING, dict.fromkeys(back))


def end(transaction: Transaction, pairs: Collection[tuple[str, str]], *, on: date, by_night: bool = False) -> int:
    """End links, with all that follows. Returns how many were in force.

    `on`: the first day on which new debts are no longer the responsible's.
    """
    ended: list[tuple[str, str]] = []
    for minor, responsible in sorted(pairs):
        this = links.IN_FORCE & (_LINK.patron_id == minor) & (_LINK.responsible_id == responsible)
        if transaction.execute(update(tables.responsible).where(this).values(until=on), transaction.ours).rowcount:
            ended.append((minor, responsible))
    _bind(transaction, ended)
    settle_about_links(transaction, {minor for minor, _ in ended})
    release(transaction, {responsible for _, responsible in ended}, by_night=by_night)
    return len(ended)


def note_change(transaction: Transaction, minor_id: str, responsible_id: str, action: str, *, user: str) -> None:
    """Write an audit entry about a link that staff made or ended."""
    more = (("responsible", responsible_id),)
    happened = audit.Happened("responsible", patron=minor_id, actions=(action,), user=user, more=more)
    audit.append(transaction, audit.DESK, [happened])


def end_all_of(transaction: Transaction, minor_id: str, *, on: date, by_night: bool = False) -> int:
    """End every link of a minor. Returns how many were in force."""
    theirs = {(minor_id, one) for one in links.responsibles_of(transaction, [minor_id])}
    return end(transaction, theirs, on=on, by_night=by_night)


def resume(transaction: Transaction, minor_id: str, responsible_ids: Sequence[str], *, ended: date) -> None:
    """Resume links that ended on the day `ended`. A link that has ended on another day since stays ended.

    Raises:
        ReviewClosed: not every link could be resumed; a responsible may have no record any more.
    """
    these = links.OURS & (_LINK.patron_id == minor_id) & _LINK.responsible_id.in_(responsible_ids)
    again = update(tables.responsible).where(these, _LINK.until == ended)
    here = exists().where(_PATRON.agency == _LINK.agency, _PATRON.id == _LINK.responsible_id, ~_is_gone())
    if transaction.execute(again.where(here).values(until=None), transaction.ours).rowcount != len(responsible_ids):
        raise ReviewClosed("who answered for the patron has no record any more: add them again")
    _bind(transaction, [(minor_id, one) for one in responsible_ids])
    links.look_tonight(transaction, [minor_id])
    wake(transaction, responsible_ids)


def _is_gone() -> ColumnElement[bool]:
    return _PATRON.status_class.in_(tables.GONE)


def release(transaction: Transaction, responsible_ids: Collection[str], *, by_night: bool) -> None:
    """Make those of these leave who only answer, and answer for nobody now. Their records close like any patron's.

    After an answer by staff, the night after today's closes the record. Until then staff can take the answer back.
    After a decision of the night (`by_night`), that night closes the record itself.
    """
    wanted = select(_PATRON.id).where(links.is_idle(), ~_is_gone(), _PATRON.id.in_(sorted(responsible_ids)))
    ids = sorted(transaction.scalars(wanted, transaction.ours))
    values = {"standing": Stage.LEAVING.value, "leaves_since": None if by_night else transaction.clock.today()}
    leaving = update(tables.patron).where(_PATRON.agency == transaction.agency).values(values)
    transaction.change_rows(leaving, _PATRON.id, ids)
    happened = [audit.Happened("leave", patron=one, actions=(GONE,)) for one in ids]
    audit.append(transaction, transaction.tenant.night, happened)
    bind(transaction, LEAVING, dict.fromkeys(ids))


def become_patrons(transaction: Transaction, patron_ids: Sequence[str]) -> list[str]:
    """Make borrowers of those who only answered until now. Returns their ids."""
    wanted = select(_PATRON.id).where(links.ONLY_ANSWERS).order_by(_PATRON.id)
    ids = transaction.fetch_values(wanted, _PATRON.id, patron_ids, **transaction.ours)
    becoming = update(tables.patron).where(_PATRON.agency == transaction.agency).values(kind=PatronKind.PERSON.value)
    transaction.change_rows(becoming, _PATRON.id, ids)
    return start_to_borrow(transaction, ids)


def start_to_borrow(transaction: Transaction, patron_ids: Sequence[str]) -> list[str]:
    """Subscribe persons who only answered until now as patrons.

    They are not verified yet. The night's first copy gives them a group and tells the net media.
    """
    if not patron_ids:
        return []
    of_patron = (_ROW.agency == transaction.agency) & (_ROW.reason == RESPONSIBLE) & _ROW.patron_id.in_(patron_ids)
    change_reason(transaction, of_patron, reason=ACTIVE_PATRON)
    values = {"standing": Stage.ACTIVE.value, "leaves_since": None, "as_of_day": None, "as_of_source": None}
    these = (_PATRON.agency == transaction.agency) & _PATRON.id.in_(patron_ids)
    leaving = find_keys(transaction, LEAVING, patron_ids)
    transaction.execute(update(tables.patron).where(these).values(values | {"rights_due": transaction.clock.today()}))
    bind(transaction, LEAVING, leaving)
    ask(transaction, [(one, FIRST_COPY) for one in patron_ids])
    return list(patron_ids)


def only_answers_again(transaction: Transaction, patron_id: str) -> None:
    """Undo that a person who only answered became a borrower."""
    of_patron = (_PATRON.agency == transaction.agency) & (_PATRON.id == patron_id)
    values = {"kind": PatronKind.RESPONSIBLE.value, "patron_group": "", "next_age_step": None}
    transaction.execute(
        update(tables.patron).where(of_patron).values(values | {"rights_due": transaction.clock.today()})
    )
    active = (_ROW.agency == transaction.agency) & (_ROW.reason == ACTIVE_PATRON) & (_ROW.patron_id == patron_id)
    change_reason(transaction, active, reason=RESPONSIBLE)


def move_links(transaction: Transaction, *, of: str, to: str) -> list[list[str | None]]:
    """Move all links of one patron to the other. Returns each link as it was, with what its undo needs."""
    moved: list[list[str | None]] = []
    either = (_LINK.patron_id == of) | (_LINK.responsible_id == of)
    wanted = select(tables.responsible).where(links.OURS, either)
    for row in transaction.execute(wanted.order_by(_LINK.patron_id, _LINK.responsible_id), transaction.ours).all():
        minor, responsible = (to if one == of else one for one in (row.patron_id, row.responsible_id))
        _delete(transaction, row.patron_id, row.responsible_id)
        # no person answers for themselves, and no link exists twice
        there = transaction.scalar(select(_LINK.since).where(_pair(minor, responsible)), transaction.ours) is not None
        put = minor != responsible and not there
        if put:
            _put(transaction, minor, responsible, since=row.since, until=row.until)
        days = [row.since.isoformat(), None if row.until is None else row.until.isoformat()]
        moved.append([row.patron_id, row.responsible_id, *days, "put" if put else None])
    return moved


def give_links_back(transaction: Transaction, moved: Sequence[Sequence[str | None]], *, of: str, to: str) -> None:
    """Put the links back between the patrons that they joined before."""
    for minor, responsible, since, until, put in moved:
        if minor is None or responsible is None or since is None:
            continue
        if put:
            there = (of if one == to else one for one in (minor, responsible))
            _delete(transaction, *there)
        ended = None if until is None else date.fromisoformat(until)
        _put(transaction, minor, responsible, since=date.fromisoformat(since), until=ended)
        links.look_tonight(transaction, [minor])


def delete_links(transaction: Transaction, ids: Sequence[str]) -> None:
    """Delete all links of these patrons, as a minor or as a responsible."""
    either = links.OURS & (_LINK.patron_id.in_(ids) | _LINK.responsible_id.in_(ids))
    wanted = select(_LINK.patron_id, _LINK.responsible_id).where(either, _LINK.until.is_(None))
    pairs = [(row.patron_id, row.responsible_id) for row in transaction.execute(wanted, transaction.ours)]
    transaction.execute(delete(tables.responsible).where(either), transaction.ours)
    _bind(transaction, pairs)


def _pair(minor_id: str, responsible_id: str) -> ColumnElement[bool]:
    return links.OURS & (_LINK.patron_id == minor_id) & (_LINK.responsible_id == responsible_id)


def _put(transaction: Transaction, minor: str, responsible: str, *, since: date, until: date | None = None) -> None:
    transaction.execute(delete(tables.responsible).where(_pair(minor, responsible)), transaction.ours)
    row = {
        "agency": transaction.agency,
        "patron_id": minor,
        "responsible_id": responsible,
        "since": since,
        "until": until,
    }
    transaction.execute(insert(tables.responsible).values(row))
    _bind(transaction, [(minor, responsible)])


def _delete(transaction: Transaction, minor: str, responsible: str) -> None:
    transaction.execute(delete(tables.responsible).where(_pair(minor, responsible)), transaction.ours)
    _bind(transaction, [(minor, responsible)])


def _bind(transaction: Transaction, pairs: Collection[tuple[str, str]]) -> None:
    """Say in the audit which of these links, each with the minor first, are in force now."""
    bind(transaction, LINK, {pair: pair[0] for pair in pairs})
