"""What an import may write in the register's place, for patrons unknown to it: name, birth date and address.

For every other patron these fields are left out, and the result says so. What patron and staff own is taken in
`imports`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, select

from cprsync.domain.patron.kinds import CONTACT_ADDRESS
from cprsync.domain.patron.override import with_name
from cprsync.domain.person.number import CprNumber
from cprsync.domain.person.person import Birth, Person
from cprsync.services.ports.patrons import Write, with_age
from cprsync.store.core import tables
from cprsync.store.core.engine import parts
from cprsync.store.patrons.changes import write_records
from cprsync.store.records.records import from_row, overrides_of, prepare

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cprsync.domain.patron.patron import Patron
    from cprsync.domain.policy.policy import Policy
    from cprsync.services.ports.patrons import NewPatron
    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Tenant

NAME: Final = "name"
BIRTH_DATE: Final = "birth_date"
ADDRESS: Final = "address"
#: Stands in for a person when only the name is checked.
_NOBODY: Final = Person(CprNumber.none_of(""))
_PATRON = tables.patron.c


@dataclass(frozen=True, slots=True, repr=False)
class Own:
    """A row with the library's own values in their places, and the fields that were left out."""

    row: NewPatron
    #: fields in which only the register's value may stand
    left: tuple[str, ...] = ()


def own_words(row: NewPatron, *, registered: bool) -> Own | str:
    """Move the address to the patron's own contact address, or leave out name, birth date and address.

    They are left out if the register knows the patron (`registered`). Returns the name of a field as text if its value
    is unfit.
    """
    if registered:
        said = ((NAME, row.name), (BIRTH_DATE, row.born), (ADDRESS, row.address))
        left = tuple(field for field, value in said if value)
        return Own(replace(row, name="", address="", born=None), left) if left else Own(row)
    try:
        with_name(_NOBODY, row.name)
    except ValueError:
        return NAME
    local = row.local
    if row.address and not local.contact_address:
        try:
            local = replace(local, contact_address=CONTACT_ADDRESS.typed(row.address))
        except ValueError:
            return ADDRESS
    return Own(replace(row, local=local, address=""))


def with_own_values(person: Person, row: NewPatron) -> Person:
    """Return the person with the row's name, as an envelope takes it, and its birth date.

    What the row leaves out stays.
    """
    named = with_name(person, row.name) if row.name else person
    return named if row.born is None else replace(named, birth=Birth(row.born))


def patrons_to_rename(
    connection: Connection, tenant: Tenant, found: Iterable[tuple[NewPatron, AnyRow | str | None]]
) -> dict[str, Patron]:
    """Open the patrons who get a name or a birth date from a row, if no register knows them. Returns them by id."""
    named = [one for row, one in found if (row.name or row.born) and not isinstance(one, str | None)]
    ids = sorted({one.id for one in named if not one.real_number})
    opened: dict[str, Patron] = {}
    for part in parts(ids):
        rows = connection.execute(
            select(tables.patron).where(_PATRON.agency == tenant.agency, _PATRON.id.in_(part)).with_for_update()
        ).all()
        corrected = overrides_of(connection, tenant, rows)
        opened |= {row.id: from_row(tenant.vault, row, corrected.get(row.id, ())) for row in rows}
    return opened


def write_names(
    connection: Connection,
    tenant: Tenant,
    after: Iterable[tuple[Patron, Person]],
    policy: Policy | None,
) -> None:
    """Write the records that have another name or birth date from now on."""
    writes = [
        with_age(
            Write(patron, person, prepare(tenant.vault, person), as_of=patron.as_of, actions=()),
            on=tenant.clock.today(),
            policy=policy,
        )
        for patron, person in after
    ]
    write_records(connection, tenant, tenant.no_run, writes)
