"""End a protection whose end is in doubt, after two people agree. One person can take it back (decision 35)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, delete, update

from cprsync.domain.deciding.reviews import ReviewNews
from cprsync.domain.patron.review import State
from cprsync.domain.person.person import Protection
from cprsync.domain.person.status import Action
from cprsync.errors import ReviewClosed
from cprsync.services.ports.patrons import Write
from cprsync.services.ports.register import PROTECTION_END
from cprsync.store.audit import audit
from cprsync.store.core import tables
from cprsync.store.core.engine import writing
from cprsync.store.core.tenant import hold_library
from cprsync.store.patrons.changes import write_records
from cprsync.store.records.records import from_row, overrides_of, prepare
from cprsync.store.reviews.review_items import REVIEW, write_reviews

if TYPE_CHECKING:
    from cprsync.services.ports.desk import ReviewItem
    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Tenant

#: What the audit says of the first of the two people.
FIRST_YES: Final = "first_yes"
_ROW = tables.review_item.c
_ASKED = tables.follow_up.c


def note_first_yes(tenant: Tenant, of: ReviewItem, *, user: str) -> None:
    """Keep who was the first of two people to accept. The item waits for the second.

    Raises:
        ReviewClosed: the item was answered or settled in the meantime.
    """
    with writing(tenant.engine) as connection:
        hold_library(connection, tenant)
        this = (_ROW.agency == tenant.agency) & (_ROW.id == of.id) & (_ROW.state == State.WAITING.value)
        first = update(tables.review_item).where(this, _ROW.decided_by.is_(None))
        if connection.execute(first.values(decided_by=user, decided_at=tenant.stamp())).rowcount != 1:
            raise ReviewClosed("review item {id} was answered or settled in the meantime", id=of.id)
        more = (("item", str(of.id)), ("user", user))
        said = audit.Happened(REVIEW, patron=of.patron_id, actions=(of.kind, FIRST_YES), more=more)
        audit.append(connection, tenant, audit.DESK, [said])


def end_protection(connection: Connection, tenant: Tenant, write: Write) -> None:
    """Write the record without its protection, and stop asking the register about it.

    Raises:
        LostCompare: the patron changed since the decision.
    """
    write_records(connection, tenant, tenant.no_run, [write])
    write_reviews(connection, tenant, tenant.no_run, ReviewNews([(write.patron, write.after)]))
    ask_no_more(connection, tenant, write.patron.id)


def ask_no_more(connection: Connection, tenant: Tenant, patron_id: str) -> None:
    """Close the question.

    If a later delivery tells of the protection, the question opens again and counts from one.
    """
    this = (_ASKED.agency == tenant.agency) & (_ASKED.patron_id == patron_id) & (_ASKED.kind == PROTECTION_END)
    connection.execute(delete(tables.follow_up).where(this))


def protect_again(connection: Connection, tenant: Tenant, row: AnyRow) -> None:
    """Put the protection back on the record as it is now. The caller holds the row."""
    patron = from_row(tenant.vault, row, overrides_of(connection, tenant, [row]).get(row.id, ()))
    after = replace(patron.register, protection=Protection.NAME_AND_ADDRESS)
    write = Write(patron, after, prepare(tenant.vault, after), patron.as_of, (Action.PROTECT,))
    write_records(connection, tenant, tenant.no_run, [write])
