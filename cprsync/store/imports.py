"""Take in patrons from a library's own list: created, updated or unchanged.

Matched by CPR number only; a row without one by patron number, or by card. One transaction for the rows that are
handed over. The register's part of a record is not touched.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, bindparam, insert, update

from cprsync.domain.number import CprNumber
from cprsync.domain.patron import PatronKind
from cprsync.domain.person import Person
from cprsync.domain.record import Local
from cprsync.errors import LostCompare
from cprsync.store import audit, tables
from cprsync.store.cards import CARD, key_row
from cprsync.store.changes import clear_columns
from cprsync.store.engine import IN_MAX, writing
from cprsync.store.import_matching import (
    age_step_of_new,
    card_holders,
    groups_by_age,
    left_before,
    meant,
    pinned,
    replaced,
    stored_by_number,
)
from cprsync.store.import_names import called, own_words, to_be_called, write_names
from cprsync.store.local import decode_local, encode_local, joined
from cprsync.store.patron_ids import fresh_ids
from cprsync.store.records import REGISTER, prepare
from cprsync.store.responsibles import start_to_borrow
from cprsync.store.subscriptions import begin_again, come_back
from cprsync.store.tenant import hold_library

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import date

    from cprsync.domain.patron import Patron
    from cprsync.domain.policy import Policy
    from cprsync.store.engine import AnyRow
    from cprsync.store.tenant import Tenant
    from cprsync.sync.values import NewPatron

LOCAL = "local"
STREAM = "import"
#: What kind of patron a list makes of someone, if it does not say.
_BORROWER = {PatronKind.RESPONSIBLE.value: PatronKind.PERSON.value}
_PATRON = tables.patron.c
_KEY = tables.patron_key.c


class ImportOutcome(enum.Enum):
    """What became of one row."""

    #: a new patron, not yet verified
    CREATED = "created"
    #: a patron's own part changed
    UPDATED = "updated"
    #: the record already said so
    UNCHANGED = "unchanged"
    #: not taken; the reason says why
    REFUSED = "refused"
    #: of what circulates: it was over before it came, and nothing of it is kept
    OVER = "over"


_KNOWN = (ImportOutcome.UPDATED, ImportOutcome.UNCHANGED)


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of one row, in the order of the rows."""

    outcome: ImportOutcome
    patron_id: str | None
    reason: str | None = None
    #: she was about to leave, and stays
    stays: bool = False
    #: she left before, closed or erased, and is someone new
    returns: bool = False
    #: fields of the row that were left out, since only the register's word stands there
    left: tuple[str, ...] = ()


@dataclass(slots=True, repr=False)
class _Part:
    """One part of the list on its way: what is known of it, and what is to be written."""

    stored: Mapping[bytes, AnyRow]
    cards: dict[bytes, str]
    #: the same by patron number, with those whom rows without a CPR number may mean
    by_id: Mapping[str, AnyRow] = field(default_factory=dict)
    #: whose group staff have pinned: no list moves it
    pinned: frozenset[str] = frozenset()
    #: numbers that were replaced, and whose they are now
    replaced: Mapping[str, str] = field(default_factory=dict)
    #: the group into which a list may put each of those it names one for
    groups: Mapping[str, str] = field(default_factory=dict)
    policy: Policy | None = None
    created: list[dict[str, Any]] = field(default_factory=list)
    #: what is hers and what kind of patron she is, after the rows so far: two rows may be about one patron
    after: dict[str, tuple[Local, str]] = field(default_factory=dict)
    keys: list[dict[str, Any]] = field(default_factory=list)
    #: to whom the list gives a name, and no register knows her; and as whom she stands after the rows so far
    patrons: Mapping[str, Patron] = field(default_factory=dict)
    called: dict[str, Person] = field(default_factory=dict)
    #: who only answered for a minor until now
    borrow: list[str] = field(default_factory=list)


def import_patrons(
    tenant: Tenant, rows: Iterable[NewPatron], *, apply: bool, policy: Policy | None = None
) -> list[Imported]:
    """Take in the rows; without `apply` only say what would become of them.

    By the `policy`, a list puts nobody into a group against her age.
    """
    results: list[Imported] = []
    with writing(tenant.engine) as connection:
        hold_library(connection, tenant)
        for part in _distinct_parts(rows):
            results.extend(_import_part(connection, tenant, part, policy))
        if not apply:
            connection.rollback()
    return results


def _distinct_parts(rows: Iterable[NewPatron]) -> Iterator[list[NewPatron]]:
    """Cut the list so that no part holds a number twice: the second row must find what the first one made."""
    part: dict[object, NewPatron] = {}
    for place, row in enumerate(rows):
        name: object = place if row.number is None else row.number.digits
        if name in part or len(part) == IN_MAX:
            yield list(part.values())
            part = {}
        part[name] = row
    if part:
        yield list(part.values())


def _import_part(
    connection: Connection, tenant: Tenant, rows: Sequence[NewPatron], policy: Policy | None
) -> list[Imported]:
    stored, cards = stored_by_number(connection, tenant, rows), card_holders(connection, tenant, rows)
    by_id = {row.id: row for row in stored.values()}
    by_id |= meant(connection, tenant, rows, cards, but=by_id)
    part = _Part(stored, cards, by_id, policy=policy)
    found = [(row, _found(tenant, part, row)) for row in rows]
    named = {one.id: row.local.group for row, one in found if row.local.group and not isinstance(one, str | None)}
    part.pinned = pinned(connection, tenant, by_id.values())
    part.replaced = replaced(connection, tenant, rows)
    part.patrons = to_be_called(connection, tenant, found)
    part.groups = groups_by_age(connection, tenant, named, policy)
    fresh = fresh_ids(connection, tenant, len(rows))
    results = [_import_row(tenant, part, row, fresh) for row in rows]
    _write_part(connection, tenant, part)
    known = [r.patron_id for r in results if r.outcome in _KNOWN and r.patron_id is not None]
    stays = come_back(connection, tenant, known)
    back = [*begin_again(connection, tenant, known), *stays]
    back += start_to_borrow(connection, tenant, part.borrow)
    happened = [
        audit.Happened("import", patron=result.patron_id, actions=(result.outcome.value,))
        for result in results
        if result.outcome in {ImportOutcome.CREATED, ImportOutcome.UPDATED}
    ]
    happened += [audit.Happened("return", patron=one) for one in dict.fromkeys(back)]
    audit.append(connection, tenant, STREAM, happened)
    new = [
        row.number
        for row, one in zip(rows, results, strict=True)
        if one.outcome is ImportOutcome.CREATED and row.number is not None
    ]
    gone = left_before(connection, tenant, new)
    results = [_stayed(one) if one.patron_id in stays and one.outcome in _KNOWN else one for one in results]
    return [_returned(row, one, gone) for row, one in zip(rows, results, strict=True)]


def _returned(row: NewPatron, imported: Imported, gone: frozenset[str]) -> Imported:
    """Nothing of what was hers is there any more: that she is someone new is said, since nobody could see it."""
    created = imported.outcome is ImportOutcome.CREATED
    return (
        replace(imported, returns=True)
        if created and row.number is not None and row.number.digits in gone
        else imported
    )


def _stayed(imported: Imported) -> Imported:
    """The row may have said nothing new: that she stays is a change all the same."""
    return replace(imported, outcome=ImportOutcome.UPDATED, stays=True)


def create(connection: Connection, tenant: Tenant, new: NewPatron) -> str:
    """One new patron, not yet verified, in the caller's transaction; the caller's audit names her.

    Raises:
        LostCompare: another writer has just created her.
    """
    if stored_by_number(connection, tenant, [new]):
        raise LostCompare("the patron was created between the decision and the write")
    patron_id = next(fresh_ids(connection, tenant, 1))
    number = new.number or CprNumber.none_of(patron_id)
    # the birth date comes with the register's answer, and with it the day of the next step
    row = _new_row(tenant, new, number, patron_id, next_age_step=tenant.clock.today())
    part = _Part({}, {}, created=[row])
    _write_part(connection, tenant, part)
    return patron_id


def _import_row(tenant: Tenant, part: _Part, row: NewPatron, fresh: Iterator[str]) -> Imported:
    stored = _found(tenant, part, row)
    if isinstance(stored, str):
        return Imported(ImportOutcome.REFUSED, None, stored)
    if stored is None and (refused := _not_created(part, row)):
        return refused
    own = own_words(row, registered=_is_registered(stored, row))
    if isinstance(own, str):
        return Imported(ImportOutcome.REFUSED, None if stored is None else str(stored.id), own)
    imported = _take(tenant, part, own.row, stored, fresh)
    return replace(imported, left=own.left) if own.left else imported


def _is_registered(stored: AnyRow | None, row: NewPatron) -> bool:
    """Whether CPR knows whom the row means."""
    if stored is not None:
        return bool(stored.real_number)
    return row.number is not None and not row.number.is_replacement


def _take(tenant: Tenant, part: _Part, row: NewPatron, stored: AnyRow | None, fresh: Iterator[str]) -> Imported:
    patron_id = next(fresh) if stored is None else str(stored.id)
    if not _claim_cards(tenant, part, row.local, patron_id):
        return Imported(ImportOutcome.REFUSED, None if stored is None else patron_id, "card.taken")
    if stored is None:
        return _create(tenant, part, row, patron_id)
    held, kind = part.after.get(patron_id) or (open_local(tenant, stored), stored.kind)
    group = "" if patron_id in part.pinned else part.groups.get(patron_id, "")
    if kind == PatronKind.RESPONSIBLE.value:
        # who only answered for a minor stands on the list: she borrows from now on
        part.borrow.append(patron_id)
    after = joined(held, replace(row.local, group=group)), row.kind or _BORROWER.get(kind, kind)
    renamed = _call(part, patron_id, row.name)
    if after == (held, kind):
        return Imported(ImportOutcome.UPDATED if renamed else ImportOutcome.UNCHANGED, patron_id)
    part.after[patron_id] = after
    return Imported(ImportOutcome.UPDATED, patron_id)


def _call(part: _Part, patron_id: str, name: str) -> bool:
    """Give her the name of the row; False when she is called so, or it names her not."""
    if patron_id not in part.patrons:
        return False
    before = part.called.get(patron_id, part.patrons[patron_id].register)
    after = called(before, name)
    if after == before:
        return False
    part.called[patron_id] = after
    return True


def _not_created(part: _Part, row: NewPatron) -> Imported | None:
    if row.number is not None and row.number.digits in part.replaced:
        # updated by a row of before, she might lose what a row under her own number says of her
        return Imported(ImportOutcome.REFUSED, part.replaced[row.number.digits], "number.replaced")
    if row.number is None and part.policy is not None and part.policy.group(row.local.group).cpr_required:
        return Imported(ImportOutcome.REFUSED, None, "number.required")
    return None


def _create(tenant: Tenant, part: _Part, row: NewPatron, patron_id: str) -> Imported:
    number = CprNumber.none_of(patron_id) if row.number is None else row.number
    group, step = age_step_of_new(number, row.local.group, part.policy, on=tenant.clock.today())
    new = replace(row, number=number, local=replace(row.local, group=group))
    part.created.append(_new_row(tenant, new, number, patron_id, next_age_step=step))
    return Imported(ImportOutcome.CREATED, patron_id)


def _found(tenant: Tenant, part: _Part, row: NewPatron) -> AnyRow | str | None:
    """Whom a row means; None: someone new; a text: why it cannot be told."""
    if row.number is not None:
        probes = tenant.vault.probes("number", row.number.digits)
        found = next((part.stored[index] for index in probes if index in part.stored), None)
        return "patron.other" if row.patron_id and (found is None or found.id != row.patron_id) else found
    if row.patron_id:
        return part.by_id.get(row.patron_id, "patron.unknown")
    holders = {
        part.cards[i] for card in row.local.cards for i in tenant.vault.probes(CARD, card.number) if i in part.cards
    }
    return "card.taken" if len(holders) > 1 else next((part.by_id.get(one) for one in holders), None)


def _claim_cards(tenant: Tenant, part: _Part, local: Local, patron_id: str) -> bool:
    """Take the row's cards for the patron; False, and none taken, if one is another patron's."""
    probes = [tenant.vault.probes(CARD, card.number) for card in local.cards]
    holders = [next((part.cards[i] for i in indexes if i in part.cards), None) for indexes in probes]
    if any(holder not in {None, patron_id} for holder in holders):
        return False
    for indexes, holder in zip(probes, holders, strict=True):
        if holder is None and indexes[0] not in part.cards:
            part.cards[indexes[0]] = patron_id
            part.keys.append(key_row(tenant, indexes[0], patron_id))
    return True


def _new_row(
    tenant: Tenant, new: NewPatron, number: CprNumber, patron_id: str, *, next_age_step: date | None
) -> dict[str, Any]:
    vault, person = tenant.vault, called(Person(number), new.name)
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
        # the next night's calendar part finds the day of the next step
        "new_next_age_step": tenant.clock.today(),
        "new_local_due": _local_due(tenant, after) or stored.local_due,
    }


def _local_due(tenant: Tenant, local: Local) -> date | None:
    """The next night's calendar part finds the day on which an absence ends."""
    return None if local.absence is None else tenant.clock.today()


def open_local(tenant: Tenant, row: AnyRow) -> Local:
    """Open what patron and staff own in a row. Raises SealBroken."""
    blob = tenant.vault.unseal(row.local_blob, row.local_key, place=row.id, owner=LOCAL, version=row.local_version)
    # the group is the one in clear: age, policy and a pin move it without the rest being opened
    return replace(decode_local(blob), group=row.patron_group)


#: Below this many known rows PostgreSQL is told to count again.
_SMALL_TABLE_ROWS = 1000


def _know_the_size(connection: Connection) -> None:
    """Let PostgreSQL see that the table has grown.

    Otherwise the plan that checks foreign keys, made while the table was empty, reads it whole for
    each card of a first load: 20,000 patrons took 20 seconds instead of one.
    """
    if connection.dialect.name != "postgresql":
        return
    known = connection.exec_driver_sql("SELECT reltuples FROM pg_class WHERE oid = 'patron'::regclass").scalar_one()
    if known < _SMALL_TABLE_ROWS:
        connection.exec_driver_sql("ANALYZE patron")


def _write_part(connection: Connection, tenant: Tenant, part: _Part) -> None:
    if part.created:
        connection.execute(insert(tables.patron), part.created)
        given = [{"agency": tenant.agency, "id": row["id"]} for row in part.created]
        connection.execute(insert(tables.issued_id), given)
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
    write_names(connection, tenant, part.patrons, part.called)
    if part.keys:
        connection.execute(insert(tables.patron_key), part.keys)
