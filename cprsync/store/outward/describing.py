"""Records as other systems may hear of them, read many at a time."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from sqlalchemy import func, or_, select

from cprsync.domain.outward.record import BesideRecord, describe_patron
from cprsync.domain.patron.patron import HOUSE_MOST, RelatedPatron, in_household
from cprsync.domain.person.person import SILENT
from cprsync.errors import SealBroken
from cprsync.store import tables
from cprsync.store.core.engine import IN_MAX, parts
from cprsync.store.records import links
from cprsync.store.records.records import from_row, is_parked, open_local, other_of, overrides_of
from cprsync.store.seals.vault import name_to_tell

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from cprsync.domain.outward.record import OutwardRecord
    from cprsync.domain.patron.patron import Patron
    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Tenant, Transaction

_PATRON, _KEPT, _LINK = tables.patron.c, tables.entitlement.c, tables.responsible.c
#: A dwelling with so many patrons more than HOUSE_MOST has just become one that is not checked.
_NEAR: Final = 2


def describe_patrons(
    transaction: Transaction, ids: Collection[str]
) -> tuple[dict[str, OutwardRecord | None], set[str]]:
    """Return these patrons as other systems may hear of them. None: no patron, or none any more.

    The second part are those whose record, or that of someone they live with, does not open. They can be told of later.
    """
    wanted = select(tables.patron, is_parked().label("parked")).where(_PATRON.agency == transaction.agency)
    rows = [row for row in transaction.fetch_rows(wanted, _PATRON.id, sorted(ids)) if _is_patron(row)]
    corrected = overrides_of(transaction, rows)
    found: dict[str, OutwardRecord | None] = dict.fromkeys(ids)
    broken: set[str] = set()
    patrons: dict[str, Patron] = {}
    for row in rows:
        try:
            patrons[row.id] = from_row(transaction.vault, row, corrected.get(row.id, ()))
        except SealBroken:
            broken.add(row.id)
    shared = _shared(transaction, patrons, broken)
    rights = select(_KEPT.patron_id, _KEPT.rights).where(_KEPT.agency == transaction.agency)
    kept = {row.patron_id: row.rights for row in transaction.fetch_rows(rights, _KEPT.patron_id, sorted(patrons))}
    for row in rows:
        if row.id in broken:
            continue
        patron = patrons[row.id]
        at = patron.register.address
        has_left = RelatedPatron(patron.register, row.parked, in_window=patron.window is not None).has_left
        beside = BesideRecord(
            name=name_to_tell(patron.register.name),
            status=row.status_class,
            rights=kept.get(row.id, ""),
            parked=row.parked,
            household=row.id in shared,
            dwelling="" if at is SILENT or has_left else transaction.vault.address_index(at).hex(),
            silent_is_sealed=transaction.tenant.silence_seals,
        )
        try:
            found[row.id] = describe_patron(
                patron, open_local(transaction.tenant, row), beside, on=transaction.clock.today()
            )
        except SealBroken:
            broken.add(row.id)
    return found, broken


def _is_patron(row: AnyRow) -> bool:
    return row.status_class not in tables.GONE


def _shared(transaction: Transaction, patrons: dict[str, Patron], broken: set[str]) -> set[str]:
    """Return those whose address is sealed to protect someone else. Adds to `broken` those of whom nobody can tell."""
    mates = _mates(transaction, patrons)
    linked = _linked(transaction, patrons)
    shared: set[str] = set()
    for patron_id in patrons:
        theirs, links_ = mates.get(patron_id, []), linked.get(patron_id, [])
        try:
            is_shared = in_household(
                _opened(transaction.tenant, theirs[:HOUSE_MOST]),
                _opened(transaction.tenant, links_),
                silent_is_sealed=transaction.tenant.silence_seals,
                others=len(theirs),
            )
        except SealBroken:
            broken.add(patron_id)
            continue
        if is_shared:
            shared.add(patron_id)
    return shared


def _opened(tenant: Tenant, rows: Sequence[AnyRow]) -> Iterator[RelatedPatron]:
    # one by one, because the first sealed one is enough
    return (other_of(tenant.vault, row) for row in rows)


def _mates(transaction: Transaction, patrons: dict[str, Patron]) -> dict[str, list[AnyRow]]:
    """Return the other patrons of each patron's dwelling."""
    probes = {
        patron_id: transaction.vault.address_probes(at)
        for patron_id, patron in patrons.items()
        if (at := patron.register.address) is not SILENT
    }
    living: dict[bytes, list[AnyRow]] = defaultdict(list)
    for row in _living_at(transaction, [one for theirs in probes.values() for one in theirs]):
        living[row.address_index].append(row)
    # two more than count show that there are too many, also without the patron
    return {
        patron_id: [row for one in theirs for row in living.get(one, [])[: HOUSE_MOST + _NEAR] if row.id != patron_id]
        for patron_id, theirs in probes.items()
    }


def _living_at(transaction: Transaction, indexes: Sequence[bytes]) -> list[AnyRow]:
    wanted = select(tables.patron, is_parked().label("parked")).where(_PATRON.agency == transaction.agency)
    return transaction.fetch_rows(wanted, _PATRON.address_index, sorted(set(indexes)))


def _linked(transaction: Transaction, patrons: Collection[str]) -> dict[str, list[AnyRow]]:
    """Return whom each patron answers for, and who answers for the patron."""
    paired = select(_LINK.patron_id, _LINK.responsible_id).where(links.IN_FORCE)
    pairs = {
        (row.patron_id, row.responsible_id)
        for column in (_LINK.patron_id, _LINK.responsible_id)
        for row in transaction.fetch_rows(paired, column, sorted(patrons), **transaction.ours)
    }
    wanted = select(tables.patron, is_parked().label("parked")).where(_PATRON.agency == transaction.agency)
    ids = {one for pair in pairs for one in pair}
    rows = {row.id: row for row in transaction.fetch_rows(wanted, _PATRON.id, sorted(ids))} if ids else {}
    found: dict[str, list[AnyRow]] = defaultdict(list)
    for minor, responsible in sorted(pairs):
        found[minor].append(rows[responsible])
        found[responsible].append(rows[minor])
    return found


def neighbours_of(transaction: Transaction, ids: Collection[str], dwellings: Collection[str]) -> set[str]:
    """Return who lives in these dwellings, or is linked to these patrons: what is sealed of them may follow.

    A dwelling far over HOUSE_MOST is left out: its patrons are sealed, and one more or less changes nothing.
    """
    found: set[str] = set()
    for part in parts([bytes.fromhex(one) for one in dwellings], IN_MAX):
        ours = (_PATRON.agency == transaction.agency) & _PATRON.address_index.in_(part)
        small = select(_PATRON.address_index).where(ours).group_by(_PATRON.address_index)
        small = small.having(func.count() <= HOUSE_MOST + _NEAR)
        found |= set(transaction.scalars(select(_PATRON.id).where(ours, _PATRON.address_index.in_(small))))
    pair = select(_LINK.patron_id, _LINK.responsible_id).where(links.IN_FORCE)
    for ids_ in parts(sorted(ids), IN_MAX):
        either = or_(_LINK.patron_id.in_(ids_), _LINK.responsible_id.in_(ids_))
        found |= {one for row in transaction.execute(pair.where(either), transaction.ours) for one in row}
    return found - set(ids)
