"""Open what is sealed about one patron.

The audit entry is committed first. It names who opens, why, and which fields. Only this module and the codec open
sealed values; a test finds any other place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from cprsync.domain.person.sealed import Opening, Sealed
from cprsync.errors import BadInput
from cprsync.services.ports.desk import Opened
from cprsync.store.audit import audit
from cprsync.store.core import tables
from cprsync.store.core.engine import reading, writing
from cprsync.store.core.tenant import hold_library
from cprsync.store.records.records import from_row, open_local, overrides_of

if TYPE_CHECKING:
    from cprsync.services.ports.desk import Reveal
    from cprsync.store.core.tenant import Tenant

#: The kind of an audit entry that says that someone opened what is sealed.
REVEAL: Final = "reveal"
_PATRON = tables.patron.c


def reveal(tenant: Tenant, asked: Reveal) -> Opened:
    """Write who opens which fields and why; then open the record as it is now.

    Raises:
        BadInput: there is no such patron; nothing is written.
    """
    theirs = (_PATRON.agency == tenant.agency) & (_PATRON.id == asked.patron_id)
    with writing(tenant.engine) as connection:
        hold_library(connection, tenant)
        if connection.scalar(select(_PATRON.id).where(theirs)) is None:
            raise BadInput("there is no such patron", kind="patron.unknown")
        more = (("purpose", asked.purpose), ("user", asked.user))
        entry = audit.Happened(REVEAL, patron=asked.patron_id, actions=asked.fields, more=more, reason=asked.reason)
        audit.append(connection, tenant, audit.DESK, [entry])
    opening = Opening()
    with reading(tenant.engine) as connection:
        row = connection.execute(select(tables.patron).where(theirs)).one()
        overrides = overrides_of(connection, tenant, [row]).get(row.id, ())
    person = from_row(tenant.vault, row).register
    return Opened(
        name=person.name.open(opening) if isinstance(person.name, Sealed) else person.name,
        address=person.address.open(opening) if isinstance(person.address, Sealed) else person.address,
        abroad=person.abroad.open(opening) if isinstance(person.abroad, Sealed) else person.abroad,
        contact=person.contact.open(opening) if isinstance(person.contact, Sealed) else person.contact,
        local=open_local(tenant, row),
        overrides=overrides,
    )
