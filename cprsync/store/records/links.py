"""Read the links between minors and responsibles: which are in force, what is wrong with them, and what is still owed.

Writing is in `responsibles`.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final

from sqlalchemy import ColumnElement, Connection, exists, or_, select, update

from cprsync.domain.patron.responsible import Answering, find_troubles
from cprsync.domain.patron.review import RESPONSIBLE_OF_AGE, UNCHANGING
from cprsync.store.core import tables
from cprsync.store.core.engine import parts
from cprsync.store.records.records import is_parked, other_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from cprsync.domain.patron.patron import Other
    from cprsync.services.ports.patrons import Write
    from cprsync.store.core.tenant import Tenant

_LINK = tables.responsible.c
_PATRON = tables.patron.c
_OWED = tables.balance.c
_ITEM = tables.review_item.c
#: Makes the calendar look on the first day that it lives, whichever day that is. No coming of age is missed.
_NEXT_LIVED: Final = date.min


def ours(tenant: Tenant) -> ColumnElement[bool]:
    """Return a condition: the link is of this library."""
    return _LINK.agency == tenant.agency


def in_force(tenant: Tenant) -> ColumnElement[bool]:
    """Return a condition: the link counts for new debts. A link that has ended has its end day."""
    return ours(tenant) & _LINK.until.is_(None)


def owes() -> ColumnElement[bool]:
    """Return a condition: the link has ended, and something from its time is still owed."""
    before = or_(_OWED.raised.is_(None), _OWED.raised < _LINK.until)
    theirs = (_OWED.agency == _LINK.agency) & (_OWED.patron_id == _LINK.patron_id)
    return exists().where(theirs, _OWED.settled.is_(None), before)


def answered_for(connection: Connection, tenant: Tenant, ids: Sequence[str]) -> set[str]:
    """Return those of the patrons who have a responsible for their new debts."""
    found: set[str] = set()
    for part in parts(ids):
        found.update(connection.scalars(select(_LINK.patron_id).where(in_force(tenant), _LINK.patron_id.in_(part))))
    return found


def asked_of_age(connection: Connection, tenant: Tenant, ids: Collection[str]) -> set[str]:
    """Return those of the patrons about whose age a person was asked and left the links as they are."""
    found: set[str] = set()
    for part in parts(sorted(ids)):
        found.update(connection.scalars(select(_ITEM.patron_id).where(asks_of_age(tenant), _ITEM.patron_id.in_(part))))
    return found


def asks_of_age(tenant: Tenant) -> ColumnElement[bool]:
    """Return a condition: an item about a minor's age that has ended no link."""
    unchanging = _ITEM.state.in_([state.value for state in UNCHANGING])
    return (_ITEM.agency == tenant.agency) & (_ITEM.kind == RESPONSIBLE_OF_AGE) & unchanging


def responsibles_of(connection: Connection, tenant: Tenant, ids: Collection[str]) -> set[str]:
    """Return the responsibles of any of these patrons."""
    found: set[str] = set()
    for part in parts(sorted(ids)):
        found.update(
            connection.scalars(select(_LINK.responsible_id).where(in_force(tenant), _LINK.patron_id.in_(part)))
        )
    return found


def responsibles_above(connection: Connection, tenant: Tenant, responsible_id: str) -> frozenset[str]:
    """Return the responsibles of this person, their responsibles in turn, and so on."""
    found: set[str] = set()
    asked = {responsible_id}
    # each round finds new ids, or is the last
    while asked:
        asked = responsibles_of(connection, tenant, asked) - found
        found |= asked
    return frozenset(found)


def linked(connection: Connection, tenant: Tenant, patron_id: str) -> list[Other]:
    """Return the minors of this patron and the responsibles of this patron."""
    either = (_LINK.patron_id == patron_id) | (_LINK.responsible_id == patron_id)
    pairs = connection.execute(select(_LINK.patron_id, _LINK.responsible_id).where(in_force(tenant), either))
    ids = {one for pair in pairs for one in pair} - {patron_id}
    return [] if not ids else list(others(connection, tenant, ids).values())


def answering(connection: Connection, tenant: Tenant, responsible_ids: Collection[str]) -> list[Answering]:
    """Return every link in force of each minor who has one of these responsibles, as seen in this transaction."""
    minors: set[str] = set()
    for part in parts(sorted(responsible_ids)):
        minors.update(
            connection.scalars(select(_LINK.patron_id).where(in_force(tenant), _LINK.responsible_id.in_(part)))
        )
    return answering_for(connection, tenant, minors)


def answering_for(connection: Connection, tenant: Tenant, minor_ids: Collection[str]) -> list[Answering]:
    """Return every link in force of these minors."""
    wanted = select(_LINK.patron_id, _LINK.responsible_id).order_by(_LINK.patron_id, _LINK.responsible_id)
    pairs = [
        (row.patron_id, row.responsible_id)
        for part in parts(sorted(minor_ids))
        for row in connection.execute(wanted.where(in_force(tenant), _LINK.patron_id.in_(part)))
    ]
    persons = others(connection, tenant, {responsible for _, responsible in pairs})
    return [Answering(minor, one, find_troubles(persons[one].person)) for minor, one in pairs]


def others(connection: Connection, tenant: Tenant, ids: Collection[str]) -> dict[str, Other]:
    wanted = select(tables.patron, is_parked().label("parked")).where(_PATRON.agency == tenant.agency)
    return {
        row.id: other_of(tenant.vault, row)
        for part in parts(sorted(ids))
        for row in connection.execute(wanted.where(_PATRON.id.in_(part)))
    }


def look_again(connection: Connection, tenant: Tenant, writes: Iterable[Write]) -> None:
    """Make the calendar look tonight at minors with a changed birth date: the day they come of age may have moved."""
    look_tonight(connection, tenant, [one.patron.id for one in writes if one.moves_day_of_age])


def look_tonight(connection: Connection, tenant: Tenant, ids: Collection[str]) -> None:
    """Make the calendar find the day on which those of these who have a responsible come of age."""
    answers = exists().where(in_force(tenant), _LINK.patron_id == _PATRON.id)
    for part in parts(sorted(ids)):
        theirs = (_PATRON.agency == tenant.agency) & _PATRON.id.in_(part)
        connection.execute(update(tables.patron).where(theirs, answers).values(local_due=_NEXT_LIVED))
