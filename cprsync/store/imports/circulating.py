"""Take in loans, reservations, balances and messages from a list.

Each row is created, updated or unchanged, by its source's id. A row that the policy would have deleted by now is not
brought back. Reading the list, and deleting old rows, is done elsewhere.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, delete, insert, or_, select, update

from cprsync.domain.leaving.leaving import Forgotten, deletable_until
from cprsync.domain.lending.circulation import SHAPES
from cprsync.services.ports.imports import ORDER, ForeseenBalances, ImportedRow, ImportOutcome
from cprsync.store import tables
from cprsync.store.audit import audit
from cprsync.store.core.tenant import library_transaction, next_id
from cprsync.store.imports.import_rows import STREAM
from cprsync.store.lending.circulation import TABLES, open_said, seal_payload
from cprsync.store.patrons import belongings
from cprsync.store.records.numbers import card_holders, card_probes, own_cards

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from sqlalchemy import Table

    from cprsync.domain.policy.policy import Policy
    from cprsync.services.ports.imports import Circulated
    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Tenant, Transaction

#: The kind of an audit entry that says that circulation of a patron came with a list.
CIRCULATION: Final = "circulation"
_TABLE: Final = {table.name: table for table in TABLES}
_PATRON, _BALANCE = tables.patron.c, tables.balance.c
#: The fields of a message that are deleted when the message is old.
_CONTENT: Final = frozenset({"subject", "content"})
_CREATED, _UPDATED, _UNCHANGED = ImportOutcome.CREATED, ImportOutcome.UPDATED, ImportOutcome.UNCHANGED
_OVER = ImportOutcome.OVER


@dataclass(slots=True, repr=False)
class _CirculationPart:
    """Some rows on their way: what is known, and what has to be written."""

    tenant: Tenant
    policy: Policy
    #: patron ids, by the name that the list uses for the patron
    patrons: dict[str, str]
    #: patrons who have left: they get no new rows, but what they still owe may be settled
    left: frozenset[str]
    stored: dict[tuple[str, str], AnyRow]
    #: (patron id, source id) of loans for which money is owed, or was until lately
    owed: set[tuple[str, str]]
    new: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    changed: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    gone: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    #: patron ids, with the tables in which something changed
    happened: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    seen: dict[str, date] = field(default_factory=dict)

    def deletable_until(self, kind: Forgotten) -> date:
        return deletable_until(kind, self.tenant.clock.today(), self.policy)


def import_circulation(
    tenant: Tenant, rows: Sequence[Circulated], *, apply: bool, policy: Policy, foreseen: ForeseenBalances | None = None
) -> list[ImportedRow]:
    """Take in the rows, all in one transaction. Without `apply`, only return what would happen to them.

    The results have the order of the rows.
    """
    with library_transaction(tenant) as transaction:
        patrons = _patrons(transaction, {row.patron for row in rows})
        owed = _owed(transaction, patrons, policy, foreseen)
        if foreseen is not None:
            named = ((patrons[row.patron], row.source_id) for row in rows if row.patron in patrons)
            owed |= {one for one in named if foreseen.is_owed(*one)}
        left = _left(transaction, patrons.values())
        part = _CirculationPart(tenant, policy, patrons, left, _stored(transaction, rows), owed)
        results = [_row(part, row) for row in rows]
        _write(transaction, part)
        if not apply:
            transaction.connection.rollback()
    return results


def _patrons(transaction: Transaction, names: set[str]) -> dict[str, str]:
    """Return the patron id for each name that is known.

    A patron number wins over a card. A merged patron's number means the patron who keeps the record's contents.
    """
    by_name = {name: card_probes(transaction.tenant, name) for name in names}
    holders = card_holders(transaction, set(chain.from_iterable(by_name.values())))
    by_card = {name: next((holders[one] for one in probes if one in holders), None) for name, probes in by_name.items()}
    found = own_cards(transaction, {name: one for name, one in by_card.items() if one is not None})
    ids = select(_PATRON.id, _PATRON.status_class).where(_PATRON.agency == transaction.agency)
    for one, status in transaction.fetch_rows(ids, _PATRON.id, set(names)):
        keeper = belongings.keeper_of(transaction, one) if status == tables.MERGED else None
        found[one] = keeper or one
    return found


def _left(transaction: Transaction, patron_ids: Iterable[str]) -> frozenset[str]:
    wanted = select(_PATRON.id).where(_PATRON.agency == transaction.agency, _PATRON.standing.in_(tables.EMPTIED))
    return frozenset(transaction.fetch_values(wanted, _PATRON.id, set(patron_ids)))


def _stored(transaction: Transaction, rows: Sequence[Circulated]) -> dict[tuple[str, str], AnyRow]:
    found: dict[tuple[str, str], AnyRow] = {}
    for name, table in _TABLE.items():
        wanted, ids = (
            select(table).where(table.c.agency == transaction.agency),
            [r.source_id for r in rows if r.type == name],
        )
        found |= {(name, row.source_id): row for row in transaction.fetch_rows(wanted, table.c.source_id, ids)}
    return found


def _owed(
    transaction: Transaction,
    patrons: Mapping[str, str],
    policy: Policy,
    foreseen: ForeseenBalances | None,
) -> set[tuple[str, str]]:
    """Return loans returned long ago that are not over: money is owed for them, or was until lately."""
    by = deletable_until(Forgotten.LOANS, transaction.clock.today(), policy)
    lately = or_(_BALANCE.settled.is_(None), _BALANCE.settled > by)
    wanted = select(_BALANCE.source_id, _BALANCE.patron_id, _BALANCE.loan_source)
    wanted = wanted.where(_BALANCE.agency == transaction.agency, lately, _BALANCE.loan_source.is_not(None))
    # search by patron, because no index tells to which loan a balance belongs
    return {
        (patron_id, loan)
        for balance_id, patron_id, loan in transaction.fetch_rows(wanted, _BALANCE.patron_id, set(patrons.values()))
        if foreseen is None or not foreseen.tells_of(balance_id)
    }


def _row(part: _CirculationPart, row: Circulated) -> ImportedRow:
    patron_id, stored = part.patrons.get(row.patron), part.stored.get((row.type, row.source_id))
    if patron_id is None:
        return ImportedRow(ImportOutcome.REFUSED, None, "borrower.unknown")
    if stored is not None and stored.patron_id != patron_id:
        return ImportedRow(ImportOutcome.REFUSED, None, "id.other")
    if stored is None and (row.over or patron_id in part.left or _is_over(part, row, patron_id)):
        return ImportedRow(_OVER, patron_id)
    if stored is None and row.missing:
        return ImportedRow(ImportOutcome.REFUSED, None, "missing.new")
    said = {} if stored is None else open_said(part.tenant, _TABLE[row.type], stored)
    if stored is not None and (day := _misplaced(row, stored, said)) is not None:
        return ImportedRow(ImportOutcome.REFUSED, None, ORDER, field=day)
    outcome = _created(part, row, patron_id) if stored is None else _changed(part, row, stored, said)
    if outcome is not _UNCHANGED:
        part.happened[patron_id].add(row.type)
        # a patron who has left is not marked as seen, though what they owed may be settled
        if row.seen is not None and row.seen <= part.tenant.clock.today() and patron_id not in part.left:
            part.seen[patron_id] = max(row.seen, part.seen.get(patron_id, row.seen))
    return ImportedRow(outcome, patron_id, owed_for=_owed_for(part, row, stored))


def _misplaced(row: Circulated, stored: AnyRow, said: Mapping[str, Any]) -> str | None:
    return SHAPES[row.type].find_misplaced({**row.days, **row.said}, {**stored._asdict(), **said})


def _owed_for(part: _CirculationPart, row: Circulated, stored: AnyRow | None) -> str | None:
    """Return the loan that a balance keeps from being over, once its row is taken; None: no loan."""
    if row.type != tables.balance.name:
        return None
    known = {} if stored is None else {"settled": stored.settled, "loan_source": stored.loan_source}
    known |= {**row.days, **row.clear}
    settled, loan = known.get("settled"), known.get("loan_source")
    return loan if settled is None or settled > part.deletable_until(Forgotten.LOANS) else None


def _created(part: _CirculationPart, row: Circulated, patron_id: str) -> ImportOutcome:
    part.new[row.type].append(
        {
            "agency": part.tenant.agency,
            "patron_id": patron_id,
            "source_id": row.source_id,
            **row.days,
            **row.clear,
            **_content_until(part, row),
            "said": _kept(part, row),
        }
    )
    return _CREATED


def _is_over(part: _CirculationPart, row: Circulated, patron_id: str) -> bool:
    """Return whether a night would delete the row at once. An old list must not bring it back."""
    if row.type == tables.loan.name:
        returned = row.days.get("returned")
        over = returned is not None and returned <= part.deletable_until(Forgotten.LOANS)
        return over and (patron_id, row.source_id) not in part.owed
    settled = row.days.get("settled")
    if row.type != tables.balance.name or settled is None:
        return False
    if row.clear.get("kind") != tables.COMPENSATION:
        return settled <= part.deletable_until(Forgotten.FEES)
    # a compensation that was paid for a loan shows that the loan is over
    return settled <= part.deletable_until(Forgotten.COMPENSATIONS) and "loan_source" not in row.clear


def _changed(part: _CirculationPart, row: Circulated, stored: AnyRow, said: dict[str, Any]) -> ImportOutcome:
    if row.over:
        part.gone[row.type].append(stored.id)
        return _UPDATED
    table = _TABLE[row.type]
    forgotten = row.type == tables.message.name and stored.content_until is None
    given = {name: told for name, told in _kept(part, row).items() if not (forgotten and name in _CONTENT)}
    clear = {**row.days, **row.clear}
    if said | given == said and all(getattr(stored, name) == told for name, told in clear.items()):
        return _UNCHANGED
    columns = {name: getattr(stored, name) for name in _columns(table)}
    sealed = seal_payload(part.tenant, table, _bytes(said | given), patron_id=stored.patron_id, row_id=stored.id)
    part.changed[row.type].append({"at_id": stored.id, **_new(columns | clear | sealed)})
    return _UPDATED


def _kept(part: _CirculationPart, row: Circulated) -> dict[str, Any]:
    """Return what the row says, without the content of a message that is too old to keep."""
    sent = row.days.get("sent") if row.type == tables.message.name else None
    old = sent is not None and sent <= part.deletable_until(Forgotten.MESSAGES)
    return {name: told for name, told in row.said.items() if not (old and name in _CONTENT)}


def _content_until(part: _CirculationPart, row: Circulated) -> dict[str, date | None]:
    if row.type != tables.message.name:
        return {}
    old = row.days["sent"] <= part.deletable_until(Forgotten.MESSAGES)
    return {"content_until": None if old else row.days["sent"] + timedelta(days=part.policy.retention.message_days)}


def _columns(table: Table) -> list[str]:
    """Return the clear columns of a table that a list may change."""
    fixed = {"agency", "id", "patron_id", "source_id", "payload", "key", "content_until"}
    return [column.name for column in table.columns if column.name not in fixed]


def _new(values: dict[str, Any]) -> dict[str, Any]:
    return {f"new_{name}": value for name, value in values.items()}


def _bytes(said: dict[str, Any]) -> bytes:
    return json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _write(transaction: Transaction, part: _CirculationPart) -> None:
    tenant = part.tenant
    for name, rows in part.new.items():
        _insert(transaction, _TABLE[name], rows)
    for name, rows in part.changed.items():
        table = _TABLE[name]
        names = (*_columns(table), "payload", "key")
        this = update(table).where(table.c.agency == tenant.agency, table.c.id == bindparam("at_id"))
        transaction.execute(this.values({one: bindparam(f"new_{one}") for one in names}), rows)
    for name, ids in part.gone.items():
        table = _TABLE[name]
        transaction.execute(delete(table).where(table.c.agency == tenant.agency, table.c.id.in_(ids)))
    _see(transaction, part)
    happened = [
        audit.Happened(CIRCULATION, patron=one, actions=tuple(sorted(names))) for one, names in part.happened.items()
    ]
    audit.append(transaction, STREAM, happened)


def _insert(transaction: Transaction, table: Table, rows: list[dict[str, Any]]) -> None:
    blank = dict.fromkeys(_columns(table)) | ({"kind": tables.FEE} if "kind" in table.c else {})
    first = next_id(transaction, table)
    written = []
    for number, row in enumerate(rows, start=first):
        said = _bytes(row.pop("said"))
        sealed = seal_payload(transaction.tenant, table, said, patron_id=row["patron_id"], row_id=number)
        written.append(blank | row | sealed | {"id": number})
    transaction.execute(insert(table), written)


_SEE = (
    update(tables.patron)
    .where(_PATRON.agency == bindparam("at_agency"), _PATRON.id == bindparam("at_id"))
    .where(or_(_PATRON.last_seen.is_(None), _PATRON.last_seen < bindparam("new_last_seen")))
    .values(last_seen=bindparam("new_last_seen"))
)


def _see(transaction: Transaction, part: _CirculationPart) -> None:
    """Write the last day on which each patron did something themselves."""
    seen = [{"at_agency": part.tenant.agency, "at_id": one, "new_last_seen": day} for one, day in part.seen.items()]
    if seen:
        transaction.execute(_SEE, seen)
