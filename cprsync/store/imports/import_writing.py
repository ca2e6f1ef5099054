"""Write what an import brings: new patrons, changes of known patrons, and cards, one part of the list at a time.

What happens to each row is decided in `imports`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, bindparam, insert, select, update

from cprsync.domain.patron.local import Local
from cprsync.domain.person.number import CprNumber
from cprsync.domain.person.person import Person
from cprsync.errors import BadInput, LostCompare
from cprsync.store.audit.older_states import Moved, note_versions
from cprsync.store.core import tables
from cprsync.store.imports.import_matching import stored_by_number
from cprsync.store.imports.import_names import with_own_values, write_names
from cprsync.store.netmedia.log_ins import tell_cards
from cprsync.store.patrons.changes import clear_columns
from cprsync.store.records.kept_blocks import bring_back
from cprsync.store.records.records import encode_local, prepare
from cprsync.store.seals.vault import LOCAL, REGISTER

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

    from cprsync.domain.patron.patron import Patron
    from cprsync.domain.policy.policy import Policy
    from cprsync.services.ports.patrons import NewPatron
    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Tenant

_PATRON = tables.patron.c


_FIRST_ID: Final = 10_000_000
_IDS: Final = 90_000_000
_ID_BYTES: Final = 8
#: How often free patron numbers are drawn. If half the numbers are used, 40 draws fail once in 10^12.
_DRAWS: Final = 40


@dataclass(slots=True, repr=False)
class Part:
    """One part of the list on its way: what is known of it, and what has to be written."""

    stored: Mapping[bytes, AnyRow]
    cards: dict[bytes, str]
    #: the stored rows by patron number, with those that rows without a CPR number may mean
    by_id: Mapping[str, AnyRow] = field(default_factory=dict)
    #: patrons whose group staff have pinned: no list moves it
    pinned: frozenset[str] = frozenset()
    #: numbers that were replaced, and the patrons who have them now
    replaced: Mapping[str, str] = field(default_factory=dict)
    #: the group that the list may give, by patron id
    groups: Mapping[str, str] = field(default_factory=dict)
    policy: Policy | None = None
    created: list[dict[str, Any]] = field(default_factory=list)
    #: the local part and the kind of each patron after the rows so far: two rows may be about one patron
    after: dict[str, tuple[Local, str]] = field(default_factory=dict)
    keys: list[dict[str, Any]] = field(default_factory=list)
    #: patrons unknown to the register who get a name from the list; below, the person after the rows so far
    patrons: Mapping[str, Patron] = field(default_factory=dict)
    called: dict[str, Person] = field(default_factory=dict)
    #: patrons who only answered for a minor until now
    borrow: list[str] = field(default_factory=list)


def create(connection: Connection, tenant: Tenant, new: NewPatron) -> str:
    """Create one patron, not yet verified, in the caller's transaction. The caller writes the audit entry.

    Raises:
        LostCompare: another writer has just created the patron.
    """
    if stored_by_number(connection, tenant, [new]):
        raise LostCompare("the patron was created between the decision and the write")
    patron_id = next(fresh_ids(connection, tenant, 1))
    number = new.number or CprNumber.none_of(patron_id)
    # the birth date comes with the register's answer; the day of the next age step follows from it
    row = new_row(tenant, new, number, patron_id, next_age_step=tenant.clock.today())
    part = Part({}, {}, created=[row])
    write_part(connection, tenant, part)
    bring_back(connection, tenant, {patron_id: number})
    return patron_id


def new_row(
    tenant: Tenant, new: NewPatron, number: CprNumber, patron_id: str, *, next_age_step: date | None
) -> dict[str, Any]:
    vault, person = tenant.vault, with_own_values(Person(number), new)
    prepared = prepare(vault, person)
    local = replace(new.local, language=new.local.language or Local().language)
    return {
        "agency": tenant.agency,
        "id": patron_id,
        "number_index": vault.number_index(number),
        "index_key": vault.index_key,
        "real_number": not number.is_replacement,
        "register_blob": vault.seal(prepared.canonical, place=patron_id, owner=REGISTER, version=1),
        "register_key": vault.seal_key,
        "fingerprint": prepared.fingerprint,
        "fingerprint_key": vault.fingerprint_key,
        "version": 1,
        "local_blob": vault.seal(encode_local(local), place=patron_id, owner=LOCAL, version=1),
        "local_key": vault.seal_key,
        "local_version": 1,
        "overrides": 0,
        "patron_group": local.group,
        "next_age_step": next_age_step,
        "local_due": _local_due(tenant, local),
        "kind": new.kind or tables.PERSON,
        "created": tenant.stamp(),
    } | clear_columns(tenant, person)


def _update_row(tenant: Tenant, stored: AnyRow, after: Local, kind: str) -> dict[str, Any]:
    version = stored.local_version + 1
    return {
        "at_id": stored.id,
        "new_blob": tenant.vault.seal(encode_local(after), place=stored.id, owner=LOCAL, version=version),
        "new_key": tenant.vault.seal_key,
        "new_version": version,
        "new_group": after.group,
        "new_kind": kind,
        # the next night's calendar part finds the day of the next age step
        "new_next_age_step": tenant.clock.today(),
        "new_local_due": _local_due(tenant, after) or stored.local_due,
    }


def _local_due(tenant: Tenant, local: Local) -> date | None:
    """Return today if the patron is absent.

    The next night's calendar part then finds the day on which the absence ends.
    """
    return None if local.absence is None else tenant.clock.today()


#: Below this many known rows, PostgreSQL is told to count the table again.
_SMALL_TABLE_ROWS = 1000


def _know_the_size(connection: Connection) -> None:
    """Make PostgreSQL notice that the table has grown.

    The plan that checks foreign keys was made while the table was empty. It reads the whole table for each card of a
    first load. With it, 20,000 patrons took 20 seconds instead of one.
    """
    if connection.dialect.name != "postgresql":
        return
    known = connection.exec_driver_sql("SELECT reltuples FROM pg_class WHERE oid = 'patron'::regclass").scalar_one()
    if known < _SMALL_TABLE_ROWS:
        connection.exec_driver_sql("ANALYZE patron")


def write_part(connection: Connection, tenant: Tenant, part: Part) -> None:
    if part.created:
        connection.execute(insert(tables.patron), part.created)
        given = [{"agency": tenant.agency, "id": row["id"]} for row in part.created]
        connection.execute(insert(tables.issued_id), given)
        note_versions(
            connection,
            tenant,
            [Moved(row["id"], part, None, 1) for row in part.created for part in (REGISTER, LOCAL)],
        )
        _know_the_size(connection)
    if part.after:
        updated = [_update_row(tenant, part.by_id[one], *after) for one, after in part.after.items()]
        change = (
            update(tables.patron)
            .where(_PATRON.agency == tenant.agency, _PATRON.id == bindparam("at_id"))
            .values(
                local_blob=bindparam("new_blob"),
                local_key=bindparam("new_key"),
                local_version=bindparam("new_version"),
                patron_group=bindparam("new_group"),
                next_age_step=bindparam("new_next_age_step"),
                local_due=bindparam("new_local_due"),
                kind=bindparam("new_kind"),
            )
        )
        connection.execute(change, updated)
        versions = [(row["at_id"], row["new_version"]) for row in updated]
        note_versions(connection, tenant, [Moved(one, LOCAL, version - 1, version) for one, version in versions])
        tell_cards(connection, tenant, {key["patron_id"] for key in part.keys} & part.after.keys())
    # the same row of the list may have given them another group
    grouped = {
        one: replace(part.patrons[one], group=local.group)
        for one, (local, _) in part.after.items()
        if one in part.called
    }
    called_otherwise = [(grouped.get(one, part.patrons[one]), person) for one, person in part.called.items()]
    write_names(connection, tenant, called_otherwise, part.policy)
    if part.keys:
        connection.execute(insert(tables.patron_key), part.keys)


def fresh_ids(connection: Connection, tenant: Tenant, count: int) -> Iterator[str]:
    """Return random patron numbers that were never issued in this library.

    Raises:
        BadInput: the library's numbers are nearly used up.
    """
    issued = tables.issued_id.c
    fresh: dict[str, None] = {}
    for _ in range(_DRAWS):
        drawn = [_draw(tenant) for _ in range(count - len(fresh))]
        given = select(issued.id).where(issued.agency == tenant.agency, issued.id.in_(drawn))
        taken = set(connection.scalars(given))
        fresh |= dict.fromkeys(one for one in drawn if one not in taken)
        if len(fresh) == count:
            return iter(fresh)
    raise BadInput("no free patron numbers were found: they are nearly used up", kind="store.patron_ids")


def _draw(tenant: Tenant) -> str:
    return str(_FIRST_ID + int.from_bytes(tenant.random(_ID_BYTES)) % _IDS)
