"""Take in patrons from a library's own list: created, updated or unchanged.

A row is matched by CPR number. A row without a CPR number is matched by patron number, or by card. Each call is one
transaction. The register's part of a record is not touched, except for name and birth date of a patron unknown to the
register. What the store knows of the rows, and what is written of them, is in `import_rows`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from cprsync.domain.patron.due import CalendarFacts, age_step_of
from cprsync.domain.patron.fields import add_import
from cprsync.domain.patron.kinds import CONTACT_ADDRESS
from cprsync.domain.patron.local import is_number_of_another, number_of_card
from cprsync.domain.patron.override import with_name
from cprsync.domain.patron.patron import PatronKind
from cprsync.domain.person.number import CprNumber
from cprsync.domain.person.person import Person
from cprsync.errors import BadInput
from cprsync.services.ports.imports import ForeseenBalances, ImportedRow, ImportOutcome, Imports
from cprsync.store.audit import audit
from cprsync.store.core.engine import IN_MAX
from cprsync.store.core.tenant import TenantStore, library_transaction
from cprsync.store.feed.subscriptions import prepare_return, stop_leaving
from cprsync.store.imports.circulating import import_circulation
from cprsync.store.imports.import_rows import (
    STREAM,
    ImportPart,
    find_meant,
    fresh_ids,
    left_before,
    new_row,
    read_part,
    with_own_values,
    write_part,
)
from cprsync.store.patrons.responsibles import start_to_borrow
from cprsync.store.records.kept_blocks import bring_back
from cprsync.store.records.numbers import CARD, CARD_IS_A_NUMBER, card_probes, key_row
from cprsync.store.records.records import open_local

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from cprsync.domain.patron.local import Card
    from cprsync.domain.policy.policy import Policy
    from cprsync.services.ports.imports import Circulated
    from cprsync.services.ports.patrons import NewPatron
    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Tenant, Transaction

#: The kind that a list gives to a known patron if the row names none: a person who only answered becomes a borrower.
_BORROWER = {PatronKind.RESPONSIBLE.value: PatronKind.PERSON.value}
_KNOWN = (ImportOutcome.UPDATED, ImportOutcome.UNCHANGED)
NAME: Final = "name"
BIRTH_DATE: Final = "birth_date"
ADDRESS: Final = "address"
#: Stands in for a person when only the name is checked.
_NOBODY: Final = Person(CprNumber.none_of(""))


class SqlImports(TenantStore, Imports):
    """Lists of other systems."""

    def take_patrons(
        self, rows: Iterable[NewPatron], *, apply: bool = True, policy: Policy | None = None
    ) -> list[ImportedRow]:
        results: list[ImportedRow] = []
        with library_transaction(self._tenant) as transaction:
            for part in _distinct_parts(rows):
                results.extend(_import_part(transaction, part, policy))
            if not apply:
                transaction.connection.rollback()
        return results

    def take_circulation(
        self, rows: Sequence[Circulated], *, apply: bool, policy: Policy, foreseen: ForeseenBalances | None = None
    ) -> list[ImportedRow]:
        return import_circulation(self._tenant, rows, apply=apply, policy=policy, foreseen=foreseen)

    def try_row(self, row: NewPatron, *, policy: Policy | None) -> ImportedRow:
        with library_transaction(self._tenant) as transaction:
            (result,) = _import_part(transaction, [row], policy)
            transaction.connection.rollback()
        return result

    def left_before(self, number: CprNumber) -> bool:
        with self._tenant.reading() as transaction:
            return bool(left_before(transaction, [number]))


def take_row(transaction: Transaction, row: NewPatron, policy: Policy | None) -> ImportedRow:
    """Write one row in the caller's transaction. Return what happened to it.

    Raises:
        BadInput: the row is refused; the caller must write nothing.
    """
    (taken,) = _import_part(transaction, [row], policy)
    if taken.patron_id is None or taken.outcome is ImportOutcome.REFUSED:
        kind = taken.reason if taken.reason in _REFUSED else "row.other"
        raise BadInput(_REFUSED.get(kind, "what was typed cannot be kept"), kind=kind)
    return taken


#: Why a row may be refused that could be taken a moment before.
_REFUSED: Final = {
    "card.taken": "another patron has one of these cards",
    "card.number": CARD_IS_A_NUMBER,
    "number.replaced": "the number was replaced: ask the patron for the new one",
    "number.required": "the patron group requires a CPR number",
}


def _distinct_parts(rows: Iterable[NewPatron]) -> Iterator[list[NewPatron]]:
    """Cut the list so that no part holds a number twice. The second row must find what the first one wrote."""
    part: dict[object, NewPatron] = {}
    for place, row in enumerate(rows):
        name: object = place if row.number is None else row.number.digits
        if name in part or len(part) == IN_MAX:
            yield list(part.values())
            part = {}
        part[name] = row
    if part:
        yield list(part.values())


def _import_part(transaction: Transaction, rows: Sequence[NewPatron], policy: Policy | None) -> list[ImportedRow]:
    part = read_part(transaction, rows, policy)
    fresh = fresh_ids(transaction, len(rows))
    results = [_import_row(transaction.tenant, part, row, fresh) for row in rows]
    write_part(transaction, part)
    created = {
        one.patron_id: row.number
        for row, one in zip(rows, results, strict=True)
        if one.outcome is ImportOutcome.CREATED and one.patron_id is not None and row.number is not None
    }
    bring_back(transaction, created)
    known = [r.patron_id for r in results if r.outcome in _KNOWN and r.patron_id is not None]
    stays = stop_leaving(transaction, known)
    back = [*prepare_return(transaction, known), *stays, *start_to_borrow(transaction, part.borrow)]
    happened = [
        audit.Happened("import", patron=result.patron_id, actions=(result.outcome.value,))
        for result in results
        if result.outcome in {ImportOutcome.CREATED, ImportOutcome.UPDATED}
    ]
    happened += [audit.Happened("return", patron=one) for one in dict.fromkeys(back)]
    audit.append(transaction, STREAM, happened)
    gone = left_before(transaction, created.values())
    # nothing of the earlier record is left, so staff could not see this themselves
    returned = {patron_id for patron_id, number in created.items() if number in gone}
    return [_mark(one, returned=returned, stays=stays) for one in results]


def _mark(imported: ImportedRow, *, returned: Collection[str], stays: Collection[str]) -> ImportedRow:
    """Mark a patron who was here before, or who was about to leave. To stay is a change, even without other news."""
    if imported.patron_id in returned:
        return replace(imported, returns=True)
    if imported.patron_id in stays and imported.outcome in _KNOWN:
        return replace(imported, outcome=ImportOutcome.UPDATED, stays=True)
    return imported


def _import_row(tenant: Tenant, part: ImportPart, row: NewPatron, fresh: Iterator[str]) -> ImportedRow:
    stored = find_meant(tenant, part, row)
    if isinstance(stored, str):
        return ImportedRow(ImportOutcome.REFUSED, None, stored)
    if stored is None and (refused := _not_created(part, row)):
        return refused
    own = place_own_values(row, registered=_is_registered(stored, row))
    if isinstance(own, str):
        return ImportedRow(ImportOutcome.REFUSED, None if stored is None else str(stored.id), own)
    imported = _take(tenant, part, own.row, stored, fresh)
    return replace(imported, left=own.left) if own.left else imported


@dataclass(frozen=True, slots=True, repr=False)
class Own:
    """A row with the library's own values in their places, and the fields that were left out."""

    row: NewPatron
    #: fields in which only the register's value may stand
    left: tuple[str, ...] = ()


def place_own_values(row: NewPatron, *, registered: bool) -> Own | str:
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


def _is_registered(stored: AnyRow | None, row: NewPatron) -> bool:
    """Return whether CPR knows the person that the row means."""
    if stored is not None:
        return bool(stored.real_number)
    return row.number is not None and not row.number.is_replacement


def _take(tenant: Tenant, part: ImportPart, row: NewPatron, stored: AnyRow | None, fresh: Iterator[str]) -> ImportedRow:
    patron_id = next(fresh) if stored is None else str(stored.id)
    if (why := _claim_cards(tenant, part, row, patron_id)) is not None:
        return ImportedRow(ImportOutcome.REFUSED, None if stored is None else patron_id, why)
    if stored is None:
        return _create(tenant, part, row, patron_id)
    held, kind = part.after.get(patron_id) or (open_local(tenant, stored), stored.kind)
    group = "" if patron_id in part.pinned else part.groups.get(patron_id, "")
    by_age = group not in {"", row.local.group}
    if kind == PatronKind.RESPONSIBLE.value:
        # a person who only answered for a minor is on the list: they borrow from now on
        part.borrow.append(patron_id)
    after = add_import(held, replace(row.local, group=group)), row.kind or _BORROWER.get(kind, kind)
    renamed = _rename(part, patron_id, row)
    if after == (held, kind):
        outcome = ImportOutcome.UPDATED if renamed else ImportOutcome.UNCHANGED
        return ImportedRow(outcome, patron_id, by_age=by_age)
    part.after[patron_id] = after
    return ImportedRow(ImportOutcome.UPDATED, patron_id, by_age=by_age)


def _rename(part: ImportPart, patron_id: str, row: NewPatron) -> bool:
    """Give the patron the row's name and birth date.

    Returns False if they are there already, or the row has neither.
    """
    if patron_id not in part.patrons:
        return False
    before = part.renamed.get(patron_id, part.patrons[patron_id].register)
    after = with_own_values(before, row)
    if after == before:
        return False
    part.renamed[patron_id] = after
    return True


def _not_created(part: ImportPart, row: NewPatron) -> ImportedRow | None:
    if row.number is not None and row.number in part.replaced:
        # an old row could overwrite what a row under the new number says of the patron
        return ImportedRow(ImportOutcome.REFUSED, part.replaced[row.number], "number.replaced")
    if row.number is None and part.policy is not None and part.policy.group(row.local.group).cpr_required:
        return ImportedRow(ImportOutcome.REFUSED, None, "number.required")
    return None


def _create(tenant: Tenant, part: ImportPart, row: NewPatron, patron_id: str) -> ImportedRow:
    number = CprNumber.none_of(patron_id) if row.number is None else row.number
    person = with_own_values(Person(number), replace(row, name=""))
    group, today = row.local.group, tenant.clock.today()
    # the age is known from the number, or from the list if no register knows the patron
    facts = CalendarFacts("", person, group)
    group, step = (group, today) if part.policy is None else age_step_of(facts, today, part.policy)
    new = replace(row, number=number, local=replace(row.local, group=group))
    part.created.append(new_row(tenant, new, number, patron_id, next_age_step=step))
    return ImportedRow(ImportOutcome.CREATED, patron_id, by_age=row.local.group not in {"", group})


def _claim_cards(tenant: Tenant, part: ImportPart, row: NewPatron, patron_id: str) -> str | None:
    """Take the row's cards for the patron.

    Returns why it takes none: a card belongs to another patron, or is somebody else's CPR number. None: it takes them.
    """
    if any(_is_of_another(part, row, patron_id, card) for card in row.local.cards):
        return "card.number"
    probes = [card_probes(tenant, card.number) for card in row.local.cards]
    holders = [next((part.cards[i] for i in indexes if i in part.cards), None) for indexes in probes]
    if any(holder not in {None, patron_id} for holder in holders):
        return "card.taken"
    for indexes, holder in zip(probes, holders, strict=True):
        if holder is None and indexes[0] not in part.cards:
            part.cards[indexes[0]] = patron_id
            part.keys.append(key_row(tenant, CARD, indexes[0], patron_id))
    return None


def _is_of_another(part: ImportPart, row: NewPatron, patron_id: str, card: Card) -> bool:
    number = number_of_card(card.number)
    if number is None or number == row.number:
        return False
    return is_number_of_another(number, patron_id, owner=part.owners.get(number))
