"""Read the links between minors and responsibles: which are in force, what is wrong with them, and what is still owed.

Writing is in `responsibles`.
"""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Final

from sqlalchemy import ColumnElement, Connection, Select, bindparam, exists, or_, select, update

from cprsync.domain.patron.local import Stage
from cprsync.domain.patron.patron import PatronKind
from cprsync.domain.patron.responsible import Answering, find_troubles
from cprsync.domain.patron.review import RESPONSIBLE_OF_AGE, UNCHANGING
from cprsync.store import tables
from cprsync.store.core.engine import change_rows, fetch_rows, fetch_values
from cprsync.store.core.tenant import AGENCY_IS, built_once
from cprsync.store.records.records import is_parked, other_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from cprsync.domain.patron.patron import RelatedPatron
    from cprsync.store.core.tenant import Tenant

_LINK = tables.responsible.c
_PATRON = tables.patron.c
_OWED = tables.balance.c
_ITEM = tables.review_item.c
#: Each record that is shown asks this, so it is built once.
_PAIRS: Final = select(_LINK.patron_id, _LINK.responsible_id).where(
    _LINK.agency == AGENCY_IS,
    _LINK.until.is_(None),
    or_(_LINK.patron_id == bindparam("patron_"), _LINK.responsible_id == bindparam("patron_")),
)
#: Makes the calendar look on the first day that it lives, whichever day that is. No coming of age is missed.
_NEXT_LIVED: Final = date.min


@built_once
def ours(tenant: Tenant) -> ColumnElement[bool]:
    """Return a condition: the link is of this library."""
    return _LINK.agency == tenant.agency


@built_once
def in_force(tenant: Tenant) -> ColumnElement[bool]:
    """Return a condition: the link counts for new debts. A link that has ended has its end day."""
    return ours(tenant) & _LINK.until.is_(None)


@cache
def owes() -> ColumnElement[bool]:
    """Return a condition: the link has ended, and something from its time is still owed."""
    before = or_(_OWED.raised.is_(None), _OWED.raised < _LINK.until)
    theirs = (_OWED.agency == _LINK.agency) & (_OWED.patron_id == _LINK.patron_id)
    return exists().where(theirs, _OWED.settled.is_(None), before)


def answered_for(connection: Connection, tenant: Tenant, ids: Collection[str]) -> set[str]:
    """Return those of the patrons who have a responsible for their new debts."""
    return set(fetch_values(connection, _minors(tenant), _LINK.patron_id, ids))


@built_once
def _minors(tenant: Tenant) -> Select[str]:
    return select(_LINK.patron_id).where(in_force(tenant))


def asked_of_age(connection: Connection, tenant: Tenant, ids: Collection[str]) -> set[str]:
    """Return those of the patrons about whose age a person was asked and left the links as they are."""
    return set(fetch_values(connection, _asked_about(tenant), _ITEM.patron_id, ids))


@built_once
def _asked_about(tenant: Tenant) -> Select[str]:
    return select(_ITEM.patron_id).where(asks_of_age(tenant))


@built_once
def asks_of_age(tenant: Tenant) -> ColumnElement[bool]:
    """Return a condition: an item about a minor's age that has ended no link."""
    unchanging = _ITEM.state.in_([state.value for state in UNCHANGING])
    return (_ITEM.agency == tenant.agency) & (_ITEM.kind == RESPONSIBLE_OF_AGE) & unchanging


def responsibles_of(connection: Connection, tenant: Tenant, ids: Collection[str]) -> set[str]:
    """Return the responsibles of any of these patrons."""
    return set(fetch_values(connection, select(_LINK.responsible_id).where(in_force(tenant)), _LINK.patron_id, ids))


def responsibles_above(connection: Connection, tenant: Tenant, responsible_id: str) -> frozenset[str]:
    """Return the responsibles of this person, their responsibles in turn, and so on."""
    found: set[str] = set()
    asked = {responsible_id}
    # each round finds new ids, or is the last
    while asked:
        asked = responsibles_of(connection, tenant, asked) - found
        found |= asked
    return frozenset(found)


def pairs_with(connection: Connection, tenant: Tenant, patron_id: str) -> list[tuple[str, str]]:
    """Return the links in force of this patron, as a minor or as a responsible: each with the minor first."""
    rows = connection.execute(_PAIRS, {"agency_": tenant.agency, "patron_": patron_id})
    return [(row.patron_id, row.responsible_id) for row in rows]


def linked(
    connection: Connection, tenant: Tenant, patron_id: str, pairs: Collection[tuple[str, str]]
) -> list[RelatedPatron]:
    """Return the minors of this patron and the responsibles of this patron. `pairs`: from `pairs_with`."""
    ids = {one for pair in pairs for one in pair} - {patron_id}
    return list(others(connection, tenant, ids).values())


def answering(connection: Connection, tenant: Tenant, responsible_ids: Collection[str]) -> list[Answering]:
    """Return every link in force of each minor who has one of these responsibles, as seen in this transaction."""
    minors = set(fetch_values(connection, _minors(tenant), _LINK.responsible_id, responsible_ids))
    return answering_for(connection, tenant, minors)


def answering_for(connection: Connection, tenant: Tenant, minor_ids: Collection[str]) -> list[Answering]:
    """Return every link in force of these minors."""
    wanted = select(_LINK.patron_id, _LINK.responsible_id).where(in_force(tenant))
    wanted = wanted.order_by(_LINK.patron_id, _LINK.responsible_id)
    pairs = fetch_rows(connection, wanted, _LINK.patron_id, frozenset(minor_ids))
    persons = others(connection, tenant, {row.responsible_id for row in pairs})
    return [
        Answering(row.patron_id, row.responsible_id, find_troubles(persons[row.responsible_id].person)) for row in pairs
    ]


def others(connection: Connection, tenant: Tenant, ids: Collection[str]) -> dict[str, RelatedPatron]:
    """Return these patrons as the others of a dwelling or a link, by id."""
    if not ids:
        return {}
    wanted = select(tables.patron, is_parked().label("parked")).where(_PATRON.agency == tenant.agency)
    return {row.id: other_of(tenant.vault, row) for row in fetch_rows(connection, wanted, _PATRON.id, ids)}


def look_tonight(connection: Connection, tenant: Tenant, ids: Collection[str]) -> None:
    """Make the calendar find the day on which those of these who have a responsible come of age."""
    answers = exists().where(in_force(tenant), _LINK.patron_id == _PATRON.id)
    theirs = update(tables.patron).where(_PATRON.agency == tenant.agency, answers)
    change_rows(connection, theirs.values(local_due=_NEXT_LIVED), _PATRON.id, ids)


@built_once
def only_answers(tenant: Tenant) -> ColumnElement[bool]:
    """Return a condition: a person of this library who is no borrower, and is kept because they answer for a minor."""
    return (_PATRON.agency == tenant.agency) & (_PATRON.kind == PatronKind.RESPONSIBLE.value)


@built_once
def is_idle(tenant: Tenant) -> ColumnElement[bool]:
    """Return a condition: a person who only answers, and answers for nobody now, nor for an earlier debt."""
    theirs = ours(tenant) & (_LINK.responsible_id == _PATRON.id)
    return only_answers(tenant) & ~exists().where(theirs, or_(_LINK.until.is_(None), owes()))


def find_idle(connection: Connection, tenant: Tenant) -> list[str]:
    """Return the persons who only answer, have had a link that ended, and answer for nobody now."""
    return sorted(connection.scalars(_select_idle(tenant)))


@built_once
def _select_idle(tenant: Tenant) -> Select[str]:
    of_whom_one_ended = select(_LINK.responsible_id).where(ours(tenant), _LINK.until.is_not(None))
    here = _PATRON.standing == Stage.ACTIVE.value
    return select(_PATRON.id).where(is_idle(tenant), here, _PATRON.id.in_(of_whom_one_ended))
