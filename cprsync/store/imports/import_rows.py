"""The rows of an import in the store: the patrons, cards and numbers they mean, and what is written of them.

A list is read and written one part at a time. What happens to each row is decided in `imports`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, insert, select, update

from cprsync.domain.patron.due import CalendarFacts, derived_group
from cprsync.domain.patron.local import Local, number_of_card
from cprsync.domain.patron.override import Overridden, with_name
from cprsync.domain.person.number import CprNumber
from cprsync.domain.person.person import Birth, Person
from cprsync.errors import BadInput, LostCompare
from cprsync.services.ports.patrons import Write, with_age
from cprsync.store import tables
from cprsync.store.audit.older_states import Moved, journal_entries, note_versions
from cprsync.store.beside.journal import NUMBER as JOURNAL
from cprsync.store.core.tenant import AGENCY_IS
from cprsync.store.netmedia.card_accounts import publish_cards
from cprsync.store.patrons.patrons import clear_columns, write_records
from cprsync.store.records.kept_blocks import bring_back
from cprsync.store.records.numbers import card_holders, card_probes, number_owners, old_numbers
from cprsync.store.records.records import encode_local, open_patrons, overrides_of, patron_rows, prepare
from cprsync.store.seals.vault import LOCAL, REGISTER

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import date

    from cprsync.domain.patron.patron import Patron
    from cprsync.domain.policy.policy import Policy
    from cprsync.services.ports.patrons import NewPatron
    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Tenant, Transaction

#: The audit stream of imports.
STREAM: Final = "import"
_FIRST_ID: Final = 10_000_000
_IDS: Final = 90_000_000
_ID_BYTES: Final = 8
#: How often free patron numbers are drawn. If half the numbers are used, 40 draws fail once in 10^12.
_DRAWS: Final = 40
#: Below this many known rows, PostgreSQL is told to count the table again.
_SMALL_TABLE_ROWS: Final = 1000
_PATRON, _KEY = tables.patron.c, tables.patron_key.c
_WANTED: Final = select(
    *(_PATRON.id, _PATRON.number_index, _PATRON.patron_group, _PATRON.overrides, _PATRON.kind, _PATRON.local_due),
    *(_PATRON.real_number, _PATRON.local_blob, _PATRON.local_key, _PATRON.local_version),
).where(_PATRON.agency == AGENCY_IS)
_WANTED_HERE: Final = _WANTED.where(_PATRON.status_class != tables.MERGED, _PATRON.standing.not_in(tables.EMPTIED))
_ISSUED: Final = select(tables.issued_id.c.id).where(tables.issued_id.c.agency == AGENCY_IS)
_ISSUE: Final = insert(tables.issued_id)
_GIVE_CARDS: Final = insert(tables.patron_key)
_CREATE: Final = insert(tables.patron)
_CHANGE_LOCAL: Final = (
    update(tables.patron)
    .where(_PATRON.agency == AGENCY_IS, _PATRON.id == bindparam("at_id"))
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


@dataclass(slots=True, repr=False)
class ImportPart:
    """One part of the list on its way: what is known of it, and what has to be written."""

    stored: Mapping[bytes, AnyRow]
    cards: dict[bytes, str]
    #: who has or had the CPR numbers that cards of the rows are
    owners: dict[CprNumber, str] = field(default_factory=dict)
    #: the stored rows by patron number, with those that rows without a CPR number may mean
    by_id: Mapping[str, AnyRow] = field(default_factory=dict)
    #: patrons whose group staff have pinned: no list moves it
    pinned: frozenset[str] = frozenset()
    #: numbers that were replaced, or moved in a merge, and the patrons who have them now
    replaced: Mapping[CprNumber, str] = field(default_factory=dict)
    #: the group that the list may give, by patron id: age decides over the list, and a pin over both
    groups: Mapping[str, str] = field(default_factory=dict)
    policy: Policy | None = None
    created: list[dict[str, Any]] = field(default_factory=list)
    #: the local part and the kind of each patron after the rows so far: two rows may be about one patron
    after: dict[str, tuple[Local, str]] = field(default_factory=dict)
    keys: list[dict[str, Any]] = field(default_factory=list)
    #: patrons unknown to the register who get a name from the list; below, the person after the rows so far
    patrons: Mapping[str, Patron] = field(default_factory=dict)
    renamed: dict[str, Person] = field(default_factory=dict)
    #: patrons who only answered for a minor until now
    borrow: list[str] = field(default_factory=list)


def read_part(transaction: Transaction, rows: Sequence[NewPatron], policy: Policy | None) -> ImportPart:
    """Read what the store knows of these rows."""
    numbers = [row.number for row in rows if row.number is not None]
    stored, cards = _stored(transaction, numbers), card_holders(transaction, _card_probes(transaction.tenant, rows))
    by_id = {row.id: row for row in stored.values()}
    by_id |= _meant(transaction, [row for row in rows if row.number is None], cards, but=by_id)
    part = ImportPart(stored, cards, _owners(transaction, rows), by_id, policy=policy)
    found = [(row, find_meant(transaction.tenant, part, row)) for row in rows]
    named = {one.id: row.local.group for row, one in found if row.local.group and not isinstance(one, str | None)}
    corrected = overrides_of(transaction, by_id.values())
    part.pinned = frozenset(
        one for one, theirs in corrected.items() if any(override.field is Overridden.GROUP for override in theirs)
    )
    part.replaced = old_numbers(transaction, numbers)
    part.patrons = _patrons_to_rename(transaction, found)
    part.groups = named if policy is None else named | _groups_by_age(transaction, named, policy)
    return part


def find_meant(tenant: Tenant, part: ImportPart, row: NewPatron) -> AnyRow | str | None:
    """Return the patron that a row means; None: a new patron; a text: why it cannot be decided."""
    if row.number is not None:
        probes = tenant.vault.probes("number", row.number.digits)
        found = next((part.stored[index] for index in probes if index in part.stored), None)
        return "patron.other" if row.patron_id and (found is None or found.id != row.patron_id) else found
    if row.patron_id:
        return part.by_id.get(row.patron_id, "patron.unknown")
    holders = {part.cards[index] for index in _card_probes(tenant, [row]) if index in part.cards}
    return "card.taken" if len(holders) > 1 else next((part.by_id.get(one) for one in holders), None)


def _stored(transaction: Transaction, numbers: Iterable[CprNumber]) -> dict[bytes, AnyRow]:
    """Return the patrons who have these numbers, by the index of the number."""
    indexes = [index for one in numbers for index in transaction.vault.probes("number", one.digits)]
    rows = transaction.fetch_rows(_WANTED, _PATRON.number_index, indexes, agency_=transaction.agency)
    return {row.number_index: row for row in rows}


def _card_probes(tenant: Tenant, rows: Iterable[NewPatron]) -> list[bytes]:
    return [index for row in rows for card in row.local.cards for index in card_probes(tenant, card.number)]


def _owners(transaction: Transaction, rows: Iterable[NewPatron]) -> dict[CprNumber, str]:
    numbers = {number_of_card(card.number) for row in rows for card in row.local.cards} - {None}
    return number_owners(transaction, [one for one in numbers if one is not None])


def _meant(
    transaction: Transaction,
    unnamed: Sequence[NewPatron],
    cards: Mapping[bytes, str],
    *,
    but: Mapping[str, AnyRow],
) -> dict[str, AnyRow]:
    """Return the patrons that rows without a CPR number may mean, by patron number or card.

    Patrons who were merged or have left are not among them. `but`: patrons that are found already.
    """
    ids = {row.patron_id for row in unnamed if row.patron_id}
    ids |= {cards[index] for index in _card_probes(transaction.tenant, unnamed) if index in cards}
    rows = transaction.fetch_rows(_WANTED_HERE, _PATRON.id, ids - but.keys(), agency_=transaction.agency)
    return {row.id: row for row in rows}


def left_before(transaction: Transaction, numbers: Iterable[CprNumber]) -> frozenset[CprNumber]:
    """Return those of the numbers whose patrons have left and were closed.

    Only the journal knows them, by its own hashes. It cannot tell that an erased patron was ever here.
    """
    by_probe = {probe: one for one in numbers for probe in transaction.vault.probes(JOURNAL, one.digits)}
    if not by_probe:
        return frozenset()
    entries = journal_entries(transaction)
    erased = {entry.patron_id for entry in entries if entry.what == tables.ERASED}
    gone = {entry.number for entry in entries if entry.patron_id not in erased}
    return frozenset(number for probe, number in by_probe.items() if probe in gone)


def _groups_by_age(transaction: Transaction, given: Mapping[str, str], policy: Policy) -> dict[str, str]:
    """Return the group of each patron whose group from the list follows age: age decides over the list."""
    ids, today = [one for one, group in given.items() if policy.ladders.follows_age(group)], transaction.clock.today()
    opened = open_patrons(transaction, patron_rows(transaction, ids))
    facts = (
        CalendarFacts(one.id, one.register, given[one.id], one.overrides, letters_stopped=one.letters_stopped)
        for one in opened
    )
    return {one.patron_id: derived_group(one, today, policy) for one in facts}


def _patrons_to_rename(
    transaction: Transaction, found: Iterable[tuple[NewPatron, AnyRow | str | None]]
) -> dict[str, Patron]:
    """Open the patrons who get a name or a birth date from a row, if no register knows them. Returns them by id."""
    named = [one for row, one in found if (row.name or row.born) and not isinstance(one, str | None)]
    rows = patron_rows(transaction, {one.id for one in named if not one.real_number}, hold=True)
    return {patron.id: patron for patron in open_patrons(transaction, rows)}


def with_own_values(person: Person, row: NewPatron) -> Person:
    """Return the person with the row's name, as an envelope takes it, and its birth date.

    What the row leaves out stays.
    """
    named = with_name(person, row.name) if row.name else person
    return named if row.born is None else replace(named, birth=Birth(row.born))


def create(transaction: Transaction, new: NewPatron) -> str:
    """Create one patron, not yet verified, in the caller's transaction. The caller writes the audit entry.

    Raises:
        LostCompare: another writer has just created the patron.
    """
    if new.number is not None and _stored(transaction, [new.number]):
        raise LostCompare("the patron was created between the decision and the write")
    patron_id = next(fresh_ids(transaction, 1))
    number = new.number or CprNumber.none_of(patron_id)
    # the birth date comes with the register's answer; the day of the next age step follows from it
    row = new_row(transaction.tenant, new, number, patron_id, next_age_step=transaction.clock.today())
    part = ImportPart({}, {}, created=[row])
    write_part(transaction, part)
    bring_back(transaction, {patron_id: number})
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
        "fingerprint_key": prepared.key,
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


def fresh_ids(transaction: Transaction, count: int) -> Iterator[str]:
    """Return random patron numbers that were never issued in this library.

    Raises:
        BadInput: the library's numbers are nearly used up.
    """
    fresh: dict[str, None] = {}
    for _ in range(_DRAWS):
        drawn = [_draw(transaction.tenant) for _ in range(count - len(fresh))]
        taken = set(transaction.fetch_values(_ISSUED, tables.issued_id.c.id, drawn, agency_=transaction.agency))
        fresh |= dict.fromkeys(one for one in drawn if one not in taken)
        if len(fresh) == count:
            return iter(fresh)
    raise BadInput("no free patron numbers were found: they are nearly used up", kind="store.patron_ids")


def _draw(tenant: Tenant) -> str:
    return str(_FIRST_ID + int.from_bytes(tenant.random(_ID_BYTES)) % _IDS)


def write_part(transaction: Transaction, part: ImportPart) -> None:
    if part.created:
        transaction.execute(_CREATE, part.created)
        given = [{"agency": transaction.agency, "id": row["id"]} for row in part.created]
        transaction.execute(_ISSUE, given)
        note_versions(
            transaction,
            [Moved(row["id"], part, None, 1) for row in part.created for part in (REGISTER, LOCAL)],
        )
        _know_the_size(transaction)
    if part.after:
        updated = [_update_row(transaction.tenant, part.by_id[one], *after) for one, after in part.after.items()]
        transaction.execute(_CHANGE_LOCAL, updated)
        versions = [(row["at_id"], row["new_version"]) for row in updated]
        note_versions(transaction, [Moved(one, LOCAL, version - 1, version) for one, version in versions])
        with_cards = {key["patron_id"] for key in part.keys} & part.after.keys()
        publish_cards(transaction, with_cards, only_added=True)
    _write_names(transaction, part)
    if part.keys:
        transaction.execute(_GIVE_CARDS, part.keys)


def _update_row(tenant: Tenant, stored: AnyRow, after: Local, kind: str) -> dict[str, Any]:
    version = stored.local_version + 1
    return {
        "agency_": tenant.agency,
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


def _know_the_size(transaction: Transaction) -> None:
    """Make PostgreSQL notice that the table has grown.

    The plan that checks foreign keys was made while the table was empty. It reads the whole table for each card of a
    first load. With it, 20,000 patrons took 20 seconds instead of one.
    """
    if transaction.connection.dialect.name != "postgresql":
        return
    known = transaction.connection.exec_driver_sql(
        "SELECT reltuples FROM pg_class WHERE oid = 'patron'::regclass"
    ).scalar_one()
    if known < _SMALL_TABLE_ROWS:
        transaction.connection.exec_driver_sql("ANALYZE patron")


def _write_names(transaction: Transaction, part: ImportPart) -> None:
    """Write the records that have another name or birth date from now on."""
    writes = []
    for patron_id, person in part.renamed.items():
        patron = part.patrons[patron_id]
        if patron_id in part.after:
            # the same row of the list may have given them another group
            patron = replace(patron, group=part.after[patron_id][0].group)
        write = Write(patron, person, prepare(transaction.vault, person), as_of=patron.as_of, actions=())
        writes.append(with_age(write, on=transaction.clock.today(), policy=part.policy))
    write_records(transaction, transaction.tenant.no_run, writes)
