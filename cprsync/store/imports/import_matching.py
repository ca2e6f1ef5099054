"""Match an import's rows with the store: patrons, replaced numbers, cards, pinned groups and ages.

Writing is in `imports`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, select

from cprsync.domain.patron.due import Facts, age_step_of, derived_group
from cprsync.domain.patron.override import Overridden
from cprsync.store.audit.older_states import journal_entries
from cprsync.store.beside.journal import NUMBER as JOURNAL
from cprsync.store.core import tables
from cprsync.store.core.engine import parts
from cprsync.store.records.numbers import CARD, OLD_NUMBER, card_probes
from cprsync.store.records.records import from_row, overrides_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from cprsync.domain.person.number import CprNumber
    from cprsync.domain.person.person import Person
    from cprsync.domain.policy.policy import Policy
    from cprsync.services.ports.patrons import NewPatron
    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Tenant

#: The audit stream of imports.
STREAM: Final = "import"
_PATRON: Final = tables.patron.c
_KEY: Final = tables.patron_key.c


_WANTED = select(
    *(_PATRON.id, _PATRON.number_index, _PATRON.patron_group, _PATRON.overrides, _PATRON.kind, _PATRON.local_due),
    _PATRON.real_number,
    *(_PATRON.local_blob, _PATRON.local_key, _PATRON.local_version),
)


def stored_by_number(connection: Connection, tenant: Tenant, rows: Sequence[NewPatron]) -> dict[bytes, AnyRow]:
    """Return the patrons who have the rows' numbers, by the index of the number."""
    numbers = [row.number.digits for row in rows if row.number is not None]
    indexes = [index for digits in numbers for index in tenant.vault.probes("number", digits)]
    ours = _WANTED.where(_PATRON.agency == tenant.agency)
    return {
        found.number_index: found
        for part in parts(indexes)
        for found in connection.execute(ours.where(_PATRON.number_index.in_(part)))
    }


def meant(
    connection: Connection,
    tenant: Tenant,
    rows: Sequence[NewPatron],
    cards: Mapping[bytes, str],
    *,
    but: Mapping[str, AnyRow],
) -> dict[str, AnyRow]:
    """Return the patrons that rows without a CPR number may mean, by patron number or card.

    Patrons who were merged or have left are not among them. `but`: patrons that are found already.
    """
    unnamed = [row for row in rows if row.number is None]
    ids = {row.patron_id for row in unnamed if row.patron_id}
    probes = [i for row in unnamed for card in row.local.cards for i in card_probes(tenant, card.number)]
    ids |= {cards[index] for index in probes if index in cards}
    here = (_PATRON.status_class != tables.MERGED) & _PATRON.standing.not_in(tables.EMPTIED)
    ours = _WANTED.where(_PATRON.agency == tenant.agency, here)
    return {
        found.id: found
        for part in parts(sorted(ids - set(but)))
        for found in connection.execute(ours.where(_PATRON.id.in_(part)))
    }


def pinned(connection: Connection, tenant: Tenant, rows: Iterable[AnyRow]) -> frozenset[str]:
    """Return the patrons whose group staff have pinned."""
    corrected = overrides_of(connection, tenant, rows)
    return frozenset(one for one, theirs in corrected.items() if any(o.field is Overridden.GROUP for o in theirs))


def card_holders(connection: Connection, tenant: Tenant, rows: Sequence[NewPatron]) -> dict[bytes, str]:
    """Return who has the rows' cards, by the index of the card."""
    indexes = [i for row in rows for card in row.local.cards for i in card_probes(tenant, card.number)]
    wanted = select(_KEY.key_index, _KEY.patron_id).where(_KEY.agency == tenant.agency, _KEY.kind == CARD)
    return {
        found.key_index: found.patron_id
        for part in parts(indexes)
        for found in connection.execute(wanted.where(_KEY.key_index.in_(part)))
    }


def replaced(connection: Connection, tenant: Tenant, rows: Sequence[NewPatron]) -> dict[str, str]:
    """Return the numbers that were replaced, or moved in a merge: from the digits to the patron who has them now."""
    numbers = [row.number.digits for row in rows if row.number is not None]
    by_probe = {probe: digits for digits in numbers for probe in tenant.vault.probes(OLD_NUMBER, digits)}
    wanted = select(_KEY.key_index, _KEY.patron_id).where(_KEY.agency == tenant.agency, _KEY.kind == OLD_NUMBER)
    return {
        by_probe[found.key_index]: found.patron_id
        for part in parts(list(by_probe))
        for found in connection.execute(wanted.where(_KEY.key_index.in_(part)))
    }


def left_before(connection: Connection, tenant: Tenant, numbers: Iterable[CprNumber]) -> frozenset[str]:
    """Return those of the numbers whose patrons have left and were closed.

    Only the journal knows them, by its own hashes. It cannot tell that an erased patron was ever here.
    """
    by_probe = {probe: one.digits for one in numbers for probe in tenant.vault.probes(JOURNAL, one.digits)}
    if not by_probe:
        return frozenset()
    entries = journal_entries(connection, tenant)
    erased = {entry.patron_id for entry in entries if entry.what == tables.ERASED}
    gone = {entry.number for entry in entries if entry.patron_id not in erased}
    return frozenset(digits for probe, digits in by_probe.items() if probe in gone)


def age_step_of_new(person: Person, group: str, policy: Policy | None, *, on: date) -> tuple[str, date | None]:
    """Return the group of a new patron from the list, and the next day on which age changes it.

    The age is known only from the number by now, or from the list if no register knows the patron. Without a policy,
    the next night's calendar part finds the day.
    """
    if policy is None:
        return group, on
    return age_step_of(Facts("", person, group), on, policy)


def groups_by_age(
    connection: Connection, tenant: Tenant, given: Mapping[str, str], policy: Policy | None
) -> dict[str, str]:
    """Return the group of each patron who gets one from the list, by patron id.

    Age decides over the list. A pin decides over both.
    """
    if policy is None:
        return dict(given)
    aged = [one for one, group in given.items() if policy.ladders.follows_age(group)]
    return dict(given) | dict(_aged(connection, tenant, aged, given, policy))


def _aged(
    connection: Connection, tenant: Tenant, ids: Sequence[str], given: Mapping[str, str], policy: Policy
) -> Iterable[tuple[str, str]]:
    today = tenant.clock.today()
    for part in parts(ids):
        wanted = select(tables.patron).where(_PATRON.agency == tenant.agency, _PATRON.id.in_(part))
        rows = connection.execute(wanted).all()
        corrected = overrides_of(connection, tenant, rows)
        for row in rows:
            patron = from_row(tenant.vault, row, corrected.get(row.id, ()))
            stopped = patron.letters_stopped
            facts = Facts(patron.id, patron.register, given[patron.id], patron.overrides, letters_stopped=stopped)
            yield patron.id, derived_group(facts, today, policy)
