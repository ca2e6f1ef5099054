"""Read the links between minors and responsibles: which are in force, what is wrong with them, and what is still owed.

Writing is in `responsibles`.
"""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Final

from sqlalchemy import ColumnElement, Select, bindparam, exists, or_, select, update

from cprsync.domain.patron.local import Stage
from cprsync.domain.patron.patron import PatronKind
from cprsync.domain.patron.responsible import Answering, find_troubles
from cprsync.domain.patron.review import RESPONSIBLE_OF_AGE, UNCHANGING
from cprsync.services.ports.patrons import InForce
from cprsync.store import tables
from cprsync.store.core.tenant import AGENCY_IS
from cprsync.store.records.records import is_parked, other_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from cprsync.domain.patron.patron import RelatedPatron
    from cprsync.store.core.tenant import Transaction

_LINK = tables.responsible.c
_PATRON = tables.patron.c
_OWED = tables.balance.c
_ITEM = tables.review_item.c
#: A condition: the link is of this library.
OURS: Final = _LINK.agency == AGENCY_IS
#: A condition: the link counts for new debts. A link that has ended has its end day.
IN_FORCE: Final = OURS & _LINK.until.is_(None)
#: A condition: an item about a minor's age that has ended no link.
ASKS_OF_AGE: Final = (
    (_ITEM.agency == AGENCY_IS)
    & (_ITEM.kind == RESPONSIBLE_OF_AGE)
    & _ITEM.state.in_([state.value for state in UNCHANGING])
)
#: A condition: a person of this library who is no borrower, and is kept because they answer for a minor.
ONLY_ANSWERS: Final = (_PATRON.agency == AGENCY_IS) & (_PATRON.kind == PatronKind.RESPONSIBLE.value)
# Each record that is shown, and each night, asks these.
_PAIRS: Final = select(_LINK.patron_id, _LINK.responsible_id).where(
    IN_FORCE, or_(_LINK.patron_id == bindparam("patron_"), _LINK.responsible_id == bindparam("patron_"))
)
_SINCE: Final = select(_LINK.patron_id, _LINK.responsible_id, _LINK.since).where(IN_FORCE)
_MINORS: Final = select(_LINK.patron_id).where(IN_FORCE)
_RESPONSIBLES: Final = select(_LINK.responsible_id).where(IN_FORCE)
_ASKED_ABOUT: Final = select(_ITEM.patron_id).where(ASKS_OF_AGE)
#: Makes the calendar look on the first day that it lives, whichever day that is. No coming of age is missed.
_NEXT_LIVED: Final = date.min
_LOOK_TONIGHT: Final = (
    update(tables.patron)
    .where(_PATRON.agency == AGENCY_IS, exists().where(IN_FORCE, _LINK.patron_id == _PATRON.id))
    .values(local_due=_NEXT_LIVED)
)


@cache
def owes() -> ColumnElement[bool]:
    """Return a condition: the link has ended, and something from its time is still owed."""
    before = or_(_OWED.raised.is_(None), _OWED.raised < _LINK.until)
    theirs = (_OWED.agency == _LINK.agency) & (_OWED.patron_id == _LINK.patron_id)
    return exists().where(theirs, _OWED.settled.is_(None), before)


def answered_for(transaction: Transaction, ids: Collection[str]) -> set[str]:
    """Return those of the patrons who have a responsible for their new debts."""
    return set(transaction.fetch_values(_MINORS, _LINK.patron_id, ids, **transaction.ours))


def asked_of_age(transaction: Transaction, ids: Collection[str]) -> set[str]:
    """Return those of the patrons about whose age a person was asked and left the links as they are."""
    return set(transaction.fetch_values(_ASKED_ABOUT, _ITEM.patron_id, ids, **transaction.ours))


def responsibles_of(transaction: Transaction, ids: Collection[str]) -> set[str]:
    """Return the responsibles of any of these patrons."""
    return set(transaction.fetch_values(_RESPONSIBLES, _LINK.patron_id, ids, **transaction.ours))


def responsibles_above(transaction: Transaction, responsible_id: str) -> frozenset[str]:
    """Return the responsibles of this person, their responsibles in turn, and so on."""
    found: set[str] = set()
    asked = {responsible_id}
    # each round finds new ids, or is the last
    while asked:
        asked = responsibles_of(transaction, asked) - found
        found |= asked
    return frozenset(found)


def pairs_with(transaction: Transaction, patron_id: str) -> list[tuple[str, str]]:
    """Return the links in force of this patron, as a minor or as a responsible: each with the minor first."""
    rows = transaction.execute(_PAIRS, {**transaction.ours, "patron_": patron_id})
    return [(row.patron_id, row.responsible_id) for row in rows]


def linked(transaction: Transaction, patron_id: str, pairs: Collection[tuple[str, str]]) -> list[RelatedPatron]:
    """Return the minors of this patron and the responsibles of this patron. `pairs`: from `pairs_with`."""
    ids = {one for pair in pairs for one in pair} - {patron_id}
    return list(others(transaction, ids).values())


def answering(transaction: Transaction, responsible_ids: Collection[str]) -> list[Answering]:
    """Return every link in force of each minor who has one of these responsibles, as seen in this transaction."""
    minors = set(transaction.fetch_values(_MINORS, _LINK.responsible_id, responsible_ids, **transaction.ours))
    return answering_for(transaction, minors)


def answering_for(transaction: Transaction, minor_ids: Collection[str]) -> list[Answering]:
    """Return every link in force of these minors."""
    wanted = select(_LINK.patron_id, _LINK.responsible_id).where(IN_FORCE)
    wanted = wanted.order_by(_LINK.patron_id, _LINK.responsible_id)
    pairs = transaction.fetch_rows(wanted, _LINK.patron_id, frozenset(minor_ids), **transaction.ours)
    persons = others(transaction, {row.responsible_id for row in pairs})
    return [
        Answering(row.patron_id, row.responsible_id, find_troubles(persons[row.responsible_id].person)) for row in pairs
    ]


def in_force(transaction: Transaction, minor_ids: Collection[str]) -> list[InForce]:
    """Return every link in force of these minors, with its first day."""
    rows = transaction.fetch_rows(_SINCE, _LINK.patron_id, frozenset(minor_ids), **transaction.ours)
    return [InForce(row.patron_id, row.responsible_id, row.since) for row in rows]


def others(transaction: Transaction, ids: Collection[str]) -> dict[str, RelatedPatron]:
    """Return these patrons as the others of a dwelling or a link, by id."""
    if not ids:
        return {}
    wanted = select(tables.patron, is_parked().label("parked")).where(_PATRON.agency == transaction.agency)
    return {row.id: other_of(transaction.vault, row) for row in transaction.fetch_rows(wanted, _PATRON.id, ids)}


def look_tonight(transaction: Transaction, ids: Collection[str]) -> None:
    """Make the calendar find the day on which those of these who have a responsible come of age."""
    transaction.change_rows(_LOOK_TONIGHT, _PATRON.id, ids, **transaction.ours)


@cache
def is_idle() -> ColumnElement[bool]:
    """Return a condition: a person who only answers, and answers for nobody now, nor for an earlier debt."""
    theirs = OURS & (_LINK.responsible_id == _PATRON.id)
    return ONLY_ANSWERS & ~exists().where(theirs, or_(_LINK.until.is_(None), owes()))


def find_idle(transaction: Transaction) -> list[str]:
    """Return the persons who only answer, have had a link that ended, and answer for nobody now."""
    return sorted(transaction.scalars(_select_idle(), transaction.ours))


@cache
def _select_idle() -> Select[str]:
    of_whom_one_ended = select(_LINK.responsible_id).where(OURS, _LINK.until.is_not(None))
    here = _PATRON.standing == Stage.ACTIVE.value
    return select(_PATRON.id).where(is_idle(), here, _PATRON.id.in_(of_whom_one_ended))
