"""Records opened to be shown or compared, and the whole content of the store in one canonical form.

What is sealed about a patron is opened after an audit entry is committed. It names who opens, why, and which fields.
"""

from __future__ import annotations

import functools
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import (
    BindParameter,
    CompoundSelect,
    LargeBinary,
    Select,
    Table,
    bindparam,
    exists,
    func,
    literal,
    select,
    union_all,
)

from cprsync.domain.feed.delivery import COPENHAGEN
from cprsync.domain.patron.fields import seal_local
from cprsync.domain.patron.local import Stage
from cprsync.domain.patron.override import SEALED_FIELDS, Overridden, seal_overrides
from cprsync.domain.patron.patron import HOUSE_MOST, in_household, seal_address
from cprsync.domain.person.person import SILENT
from cprsync.domain.person.sealed import Address, Opening, Sealed
from cprsync.services.ports.desk import Numbered, Opened, PatronView, Views
from cprsync.services.ports.leaving import CONFIRMED
from cprsync.services.ports.patrons import no_such_patron
from cprsync.store import tables
from cprsync.store.audit import audit
from cprsync.store.core.engine import moment_of
from cprsync.store.core.tenant import AGENCY_IS, TenantStore, library_transaction
from cprsync.store.leaving.emptying import count_unconfirmed
from cprsync.store.patrons import belongings
from cprsync.store.patrons.provisional import IS_OTHER, kept_row, open_said
from cprsync.store.records import links
from cprsync.store.records.numbers import (
    CURRENT_REASONS,
    OURS,
    card_holders,
    card_probes,
    is_held,
    own_cards,
)
from cprsync.store.records.records import (
    from_row,
    is_parked,
    open_local,
    open_patron,
    other_of,
    patron_rows,
)
from cprsync.store.tables import EMPTIED, GONE, MERGED
from cprsync.store.trust.sealed_columns import SEALED

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from datetime import date

    from cprsync.domain.patron.local import Local
    from cprsync.domain.patron.patron import Patron
    from cprsync.domain.person.person import Person, Silent
    from cprsync.domain.person.sealed import SealedAddress
    from cprsync.services.ports.desk import Reveal
    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Tenant, Transaction

#: The kind of an audit entry that says that someone opened what is sealed.
REVEAL: Final = "reveal"
#: The kind of an audit entry that says that a patron looked at their own record.
OWN_VIEW: Final = "own_view"
#: How many records are opened at a time.
_OPEN_ROWS: Final = 500
_PATRON, _ROW, _SAID = tables.patron.c, tables.subscription.c, tables.provisional.c
# Each record that is shown asks these, so they are built once.
_PATRON_IS: BindParameter[str] = bindparam("patron_")
_TODAY_IS: BindParameter[date] = bindparam("today_", type_=_ROW.until.type)
# an old number stays subscribed too, and tells nothing of the current one
_SUBSCRIBED = select(func.min(_ROW.since)).where(
    OURS, _ROW.patron_id == _PATRON_IS, _ROW.reason.in_(CURRENT_REASONS), is_held(_TODAY_IS)
)
_SAID_SINCE = select(_SAID.since).where(_SAID.agency == AGENCY_IS, _SAID.patron_id == _PATRON_IS)
_SAID_BY_ANOTHER = select(IS_OTHER).where(_SAID.agency == AGENCY_IS, _SAID.patron_id == _PATRON_IS)
_RECORD: Final = select(
    tables.patron,
    is_parked().label("parked"),
    _SUBSCRIBED.scalar_subquery().label("subscribed_since"),
    _SAID_SINCE.scalar_subquery().label("said_since"),
    _SAID_BY_ANOTHER.scalar_subquery().label("is_other"),
).where(_PATRON.agency == AGENCY_IS, _PATRON.id == _PATRON_IS)
_DAYS: Final = select(tables.run.c.id, tables.run.c.day).where(tables.run.c.agency == AGENCY_IS)
#: One row more than are opened shows that there are too many. All count or none, so the order does not matter. In the
#: order of the ids, SQLite would read every patron of the library to find a few of one house.
_MATES: Final = (
    select(tables.patron, is_parked().label("parked"))
    .where(
        _PATRON.agency == AGENCY_IS,
        _PATRON.address_index.in_(bindparam("probes_", expanding=True)),
        _PATRON.id != _PATRON_IS,
    )
    .limit(HOUSE_MOST + 1)
)


class SqlViews(TenantStore, Views):
    """Records opened to be shown, found or compared."""

    def patron(self, patron_id: str) -> PatronView | None:
        with self._tenant.reading() as transaction:
            row = _record(transaction, patron_id)
            if row is None:
                return None
            return _view(transaction, row, open_patron(transaction, row))

    def decided_on(self, patron_id: str) -> tuple[Patron, PatronView] | None:
        with self._tenant.reading() as transaction:
            row = _record(transaction, patron_id)
            if row is None or (row.status_class in EMPTIED and row.standing != Stage.ACTIVE.value):
                return None
            opened = open_patron(transaction, row)
            return opened, _view(transaction, row, opened)

    def numbered(self, patron_id: str) -> Numbered | None:
        theirs = (_PATRON.agency == self._tenant.agency) & (_PATRON.id == patron_id)
        with self._tenant.reading() as transaction:
            wanted = select(_PATRON.id, _PATRON.status_class, _PATRON.standing).where(theirs)
            row = transaction.execute(wanted).one_or_none()
            if row is None:
                return None
            return Numbered(_merged_into(transaction, row) or row.id, Stage(row.standing))

    def with_card(self, card: str) -> str | None:
        probes = card_probes(self._tenant, card)
        with self._tenant.reading() as transaction:
            holders = card_holders(transaction, probes)
            holder = next((holders[probe] for probe in probes if probe in holders), None)
            return None if holder is None else own_cards(transaction, {card: holder}).get(card)

    def in_household(self, address: Address | SealedAddress, *, but: str | None) -> bool:
        with self._tenant.reading() as transaction:
            return shares_with_sealed(transaction, address, but=but)

    def opened_records(self) -> Iterator[tuple[str, Person, Local]]:
        last = ""
        patrons = select(tables.patron).where(_PATRON.agency == self._tenant.agency, _PATRON.status_class.not_in(GONE))
        while True:
            wanted = patrons.where(_PATRON.id > last)
            with self._tenant.reading() as transaction:
                rows = transaction.execute(wanted.order_by(_PATRON.id).limit(_OPEN_ROWS)).all()
            for row in rows:
                person, local = from_row(self._tenant.vault, row).register, open_local(self._tenant, row)
                yield row.id, person, local
            if len(rows) < _OPEN_ROWS:
                return
            last = rows[-1].id

    def everything(self, *names: str) -> dict[str, list[dict[str, Any]]]:
        wanted = names or [table.name for table in _all_tables()]
        with self._tenant.reading() as transaction:
            filled = names or set(transaction.scalars(_filled_tables(), {"agency_": transaction.agency}))
            return {name: _all_rows(transaction, name) if name in filled else [] for name in wanted}

    def note_own(self, patron_id: str, fields: tuple[str, ...], *, proof: str) -> None:
        more = (("proof", proof),)
        entry = audit.Happened(OWN_VIEW, patron=patron_id, actions=fields, user=patron_id, more=more)
        with library_transaction(self._tenant) as transaction:
            audit.append(transaction, audit.DESK, [entry])

    def reveal(self, asked: Reveal) -> Opened:
        # no other function of the store opens a sealed value, apart from the codec; a test finds any other place
        tenant, theirs = self._tenant, (_PATRON.agency == self._tenant.agency) & (_PATRON.id == asked.patron_id)
        with library_transaction(tenant) as transaction:
            if transaction.scalar(select(_PATRON.id).where(theirs)) is None:
                raise no_such_patron()
            who, what, more = asked.patron_id, asked.fields, (("purpose", asked.purpose),)
            entry = audit.Happened(REVEAL, patron=who, actions=what, user=asked.user, more=more, reason=asked.reason)
            audit.append(transaction, audit.DESK, [entry])
        opening = Opening()
        with tenant.reading() as transaction:
            (row,) = patron_rows(transaction, [asked.patron_id])
            patron = open_patron(transaction, row)
            said = kept_row(transaction, asked.patron_id)
        person = patron.register
        return Opened(
            name=person.name.open(opening) if isinstance(person.name, Sealed) else person.name,
            address=person.address.open(opening) if isinstance(person.address, Sealed) else person.address,
            abroad=person.abroad.open(opening) if isinstance(person.abroad, Sealed) else person.abroad,
            contact=person.contact.open(opening) if isinstance(person.contact, Sealed) else person.contact,
            local=open_local(tenant, row),
            overrides=patron.overrides,
            said=None if said is None else open_said(tenant, said),
        )


def _record(transaction: Transaction, patron_id: str) -> AnyRow | None:
    """A patron's row, with what other tables say of them."""
    asked = {**transaction.ours, "patron_": patron_id, "today_": transaction.clock.today()}
    return transaction.execute(_RECORD, asked).one_or_none()


def _view(transaction: Transaction, row: AnyRow, opened: Patron) -> PatronView:
    """A patron as they may be shown."""
    is_shut, address = opened.register.is_shut, opened.register.address
    pairs = links.pairs_with(transaction, row.id)
    household = not is_shut and _is_shared(transaction, address, but=row.id, pairs=pairs)
    local = open_local(transaction.tenant, row)
    return PatronView(
        patron=_shut(opened, household=household),
        local=seal_local(local) if is_shut else local,
        since=_since(transaction, row.id),
        subscribed_since=row.subscribed_since,
        parked=row.parked,
        merged_into=_merged_into(transaction, row),
        household=household,
        responsibles=tuple(sorted({responsible for minor, responsible in pairs if minor == row.id})),
        stage=Stage(row.standing),
        erased=row.status_class == tables.ERASED,
        waits=count_unconfirmed(transaction, row.id) if row.status_class in EMPTIED else CONFIRMED,
        said_since=None if row.said_since is None else moment_of(row.said_since),
        is_other=bool(row.is_other),
    )


def _merged_into(transaction: Transaction, row: AnyRow) -> str | None:
    return belongings.keeper_of(transaction, row.id) if row.status_class == MERGED else None


def _shut(patron: Patron, *, household: bool) -> Patron:
    """Seal the corrections of a sealed patron.

    For other patrons, seal an address that is sealed to protect someone else.
    """
    if patron.register.is_shut:
        return replace(patron, overrides=seal_overrides(patron.overrides, SEALED_FIELDS))
    if not household:
        return patron
    overrides = seal_overrides(patron.overrides, {Overridden.ADDRESS})
    return replace(patron, register=seal_address(patron.register), overrides=overrides)


def _since(transaction: Transaction, patron_id: str) -> dict[str, date]:
    happened = audit.changes_on(transaction, patron_id)
    numbers = {number for number, _, _ in happened if number is not None}
    runs = transaction.fetch_rows(_DAYS, tables.run.c.id, numbers, agency_=transaction.agency)
    days: dict[int | None, date] = {row.id: row.day for row in runs}
    return {
        action: days[number] if number in days else moment_of(at).astimezone(COPENHAGEN).date()
        for number, at, actions in happened
        for action in actions
    }


#: Columns about how the store was written. Stores with the same content may differ in them.
_OWN = frozenset({"heads_lines", "heads_code", "records_sum", "records_changes", "records_key"})


@functools.cache
def _all_tables() -> tuple[Table, ...]:
    return tuple(table for table in tables.metadata.sorted_tables if table is not tables.inbox_chunk)


@functools.cache
def _filled_tables() -> CompoundSelect[Any]:
    """The names of the tables that have a row: most have none, and are not read."""
    return union_all(
        *(select(literal(table.name)).where(exists().where(table.c.agency == AGENCY_IS)) for table in _all_tables())
    )


@functools.cache
def _rows_of(name: str) -> tuple[Select[Any], tuple[str, ...]]:
    """The rows of a table, and which of its columns are bytes."""
    table = tables.metadata.tables[name]
    shown = [column for column in table.c if column.name not in _OWN]
    are_bytes = tuple(column.name for column in shown if isinstance(column.type, LargeBinary))
    return select(*shown).where(table.c.agency == AGENCY_IS), are_bytes


def _all_rows(transaction: Transaction, name: str) -> list[dict[str, Any]]:
    wanted, are_bytes = _rows_of(name)
    plain = [
        _plain(transaction.tenant, name, row, are_bytes)
        for row in transaction.execute(wanted, {"agency_": transaction.agency})
    ]
    return sorted(plain, key=lambda row: list(map(str, row.values())))


def _plain(tenant: Tenant, table: str, row: AnyRow, are_bytes: Sequence[str]) -> dict[str, Any]:
    values = row._asdict()
    for value, key, place, owner, version in SEALED.get(table, ()):
        if values[value] is None:
            continue
        values[value] = tenant.vault.unseal(
            values[value],
            values[key],
            place=str(values[place]),
            owner=values.get(owner, owner),
            version=int(values.get(version, version)),
        )
    for name in are_bytes:
        values[name] = None if values[name] is None else values[name].hex()
    return values


def shares_with_sealed(transaction: Transaction, address: Address | SealedAddress | Silent, *, but: str | None) -> bool:
    """Return whether a patron who is sealed for a reason of their own lives there or has a link to `but`.

    Args:
        transaction: the caller's.
        address: the dwelling. If silent, only links count, as for a patron whose only address is one that staff typed.
        but: the patron for this question, who does not count.
    """
    pairs = links.pairs_with(transaction, but) if but else ()
    return _is_shared(transaction, address, but=but or "", pairs=pairs)


def _is_shared(
    transaction: Transaction,
    address: Address | SealedAddress | Silent,
    *,
    but: str,
    pairs: Collection[tuple[str, str]],
) -> bool:
    """Same as `shares_with_sealed`, for a caller who has read the links of `but`."""
    rows = [] if address is SILENT else _mates(transaction, address, but=but)
    # opened one by one, because the first sealed patron is enough
    mates = (other_of(transaction.vault, row) for row in rows[:HOUSE_MOST])
    # a responsible is looked for at both addresses (decision 2)
    linked = links.linked(transaction, but, pairs)
    return in_household(mates, linked, silent_is_sealed=transaction.tenant.silence_seals, others=len(rows))


def _mates(transaction: Transaction, address: Address | SealedAddress, *, but: str) -> Sequence[AnyRow]:
    probes = transaction.vault.address_probes(address)
    return transaction.execute(_MATES, {"agency_": transaction.agency, "patron_": but, "probes_": probes}).all()
