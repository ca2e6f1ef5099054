"""Blocks of patrons who left: kept by a keyed hash of the number, and put back when the number comes again.

Nothing is kept that names the patron: no name and no number, and the reason is sealed. The row names the index key of
its hash. A block is found under every key in the key folder. Which blocks are kept is decided in
`domain.leaving.leaving`.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, delete, insert, select

from cprsync.domain.leaving.leaving import blocks_to_keep, with_kept_blocks
from cprsync.domain.patron.local import Block
from cprsync.services.ports.patrons import KeptBlocks
from cprsync.store import tables
from cprsync.store.audit import audit
from cprsync.store.audit.older_states import journal_entries
from cprsync.store.core.tenant import AGENCY_IS, TenantStore, library_transaction, next_id
from cprsync.store.records.records import open_local, patron_rows, write_local

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cprsync.domain.person.number import CprNumber
    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Tenant, Transaction

#: The purpose of the hash and of the seal, the stream of the audit, and the kind of its entries.
KEPT_BLOCK: Final = "kept_block"
KEPT, CAME_BACK, LIFTED = "kept", "came_back", "lifted"
_ROW = tables.kept_block.c
# Each new number, and each batch of an import, asks these.
_ANY: Final = select(_ROW.id).where(_ROW.agency == AGENCY_IS).limit(1)
_OF_NUMBER: Final = (
    select(tables.kept_block)
    .where(_ROW.agency == AGENCY_IS, _ROW.number_index.in_(bindparam("probes_", expanding=True)))
    .order_by(_ROW.id)
)


class SqlKeptBlocks(TenantStore, KeptBlocks):
    """Blocks that outlive the record of a patron who left, by CPR number."""

    def of(self, number: CprNumber) -> tuple[Block, ...]:
        return tuple(self.numbered(number).values())

    def numbered(self, number: CprNumber) -> dict[int, Block]:
        with self._tenant.reading() as transaction:
            return {row.id: _block(self._tenant, row) for row in _kept(transaction, number)}

    def lift(self, number: CprNumber, *, user: str, reason: str, only: int | None = None) -> int:
        with library_transaction(self._tenant) as transaction:
            rows = [row for row in _kept(transaction, number) if only in {None, row.id}]
            _delete(transaction, [row.id for row in rows])
            happened = [
                audit.Happened(KEPT_BLOCK, patron=row.patron_id, actions=(LIFTED,), user=user, reason=reason)
                for row in rows
            ]
            audit.append(transaction, KEPT_BLOCK, happened)
        return len(rows)


def keep(transaction: Transaction, row: AnyRow, number: CprNumber, *, on: date) -> None:
    """Keep the blocks of a record that is about to be emptied, in the caller's transaction."""
    blocks = blocks_to_keep(open_local(transaction.tenant, row).blocks, number)
    for block in blocks:
        _insert(transaction, block, number, patron_id=row.id, on=on)
    _note_counts(transaction, KEPT, {row.id: len(blocks)})


def _insert(transaction: Transaction, block: Block, number: CprNumber, *, patron_id: str, on: date) -> None:
    place = next_id(transaction, tables.kept_block)
    values = {
        "agency": transaction.agency,
        "id": place,
        "patron_id": patron_id,
        "number_index": transaction.vault.index(KEPT_BLOCK, number.digits),
        "number_key": transaction.vault.index_key,
        "since": block.since,
        "reason": transaction.vault.seal(block.reason.encode(), place=patron_id, owner=KEPT_BLOCK, version=place),
        "key": transaction.vault.seal_key,
        "kept": on,
    }
    transaction.execute(insert(tables.kept_block).values(values))


def bring_back(transaction: Transaction, numbers: Mapping[str, CprNumber]) -> None:
    """Put the blocks that are kept by a number on the record of the patron who has it now.

    Args:
        transaction: one that holds the library.
        numbers: the new number of each patron, by patron id.
    """
    if transaction.scalar(_ANY, {"agency_": transaction.agency}) is None:
        return  # true for most libraries on most days, so nothing more is read
    counts = {patron_id: _put_on_record(transaction, patron_id, number) for patron_id, number in numbers.items()}
    _note_counts(transaction, CAME_BACK, counts)


def _put_on_record(transaction: Transaction, patron_id: str, number: CprNumber) -> int:
    rows = _kept(transaction, number)
    if not rows:
        return 0
    (record,) = patron_rows(transaction, [patron_id], hold=True)
    local = open_local(transaction.tenant, record)
    blocks = with_kept_blocks(local.blocks, [_block(transaction.tenant, row) for row in rows])
    write_local(transaction, record, replace(local, blocks=blocks))
    _delete(transaction, [row.id for row in rows])
    return len(rows)


def list_incoming(transaction: Transaction, row: AnyRow, number: CprNumber) -> list[dict[str, Any]]:
    """Return the blocks that come to a record with a number, and whether each is new there.

    Giving them back needs this.
    """
    held = open_local(transaction.tenant, row).blocks
    found = []
    for kept in _kept(transaction, number):
        block = _block(transaction.tenant, kept)
        told = {
            "since": block.since.isoformat(),
            "reason": block.reason,
            "new": with_kept_blocks(held, [block]) != held,
        }
        found.append(told | {"patron": kept.patron_id, "kept": kept.kept.isoformat()})
    return found


def give_back(transaction: Transaction, row: AnyRow, number: CprNumber, came: Sequence[Mapping[str, Any]]) -> None:
    """Remove the blocks that came with a number from the record, and keep them by the number as before.

    The caller holds the row. A block that was lifted meanwhile is not kept again. An erased patron's block is not kept
    either. The record keeps the blocks that it had before.
    """
    erased = {one.patron_id for one in journal_entries(transaction) if one.what == tables.ERASED} if came else ()
    local, gone = open_local(transaction.tenant, row), dict[str, int]()
    blocks = list(local.blocks)
    for told in came:
        block = Block(date.fromisoformat(told["since"]), told["reason"])
        if told["new"] and block not in blocks:
            continue
        if told["new"]:
            blocks.remove(block)
        if told["patron"] not in erased:
            day = date.fromisoformat(told["kept"])
            _insert(transaction, block, number, patron_id=told["patron"], on=day)
            gone[told["patron"]] = gone.get(told["patron"], 0) + 1
    if len(blocks) != len(local.blocks):
        write_local(transaction, row, replace(local, blocks=tuple(blocks)))
    _note_counts(transaction, KEPT, gone)


def _kept(transaction: Transaction, number: CprNumber) -> Sequence[AnyRow]:
    probes = transaction.vault.probes(KEPT_BLOCK, number.digits)
    return transaction.execute(_OF_NUMBER, {"agency_": transaction.agency, "probes_": probes}).all()


def _block(tenant: Tenant, row: AnyRow) -> Block:
    opened = tenant.vault.unseal(row.reason, row.key, place=row.patron_id, owner=KEPT_BLOCK, version=row.id)
    return Block(row.since, opened.decode())


def _delete(transaction: Transaction, ids: Sequence[int]) -> None:
    transaction.change_rows(delete(tables.kept_block).where(_ROW.agency == transaction.agency), _ROW.id, ids)


def _note_counts(transaction: Transaction, what: str, counts: Mapping[str, int]) -> None:
    happened = [
        audit.Happened(KEPT_BLOCK, patron=patron_id, actions=(what,), more=(("count", str(count)),))
        for patron_id, count in counts.items()
        if count
    ]
    audit.append(transaction, KEPT_BLOCK, happened)


def count_kept(transaction: Transaction, patron_id: str) -> int:
    """Count the blocks that are kept of a patron who has left."""
    theirs = (_ROW.agency == transaction.agency) & (_ROW.patron_id == patron_id)
    return transaction.count_rows(theirs)


def forget_kept(transaction: Transaction, patron_ids: Sequence[str]) -> int:
    """Delete the kept blocks of erased patrons, in the caller's transaction. Returns how many were deleted."""
    theirs = delete(tables.kept_block).where(_ROW.agency == transaction.agency)
    return transaction.change_rows(theirs, _ROW.patron_id, patron_ids)
