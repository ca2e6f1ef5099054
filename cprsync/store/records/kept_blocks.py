"""Blocks of patrons who left: kept by a keyed hash of the number, and put back when the number comes again.

Nothing is kept that names the patron: no name and no number, and the reason is sealed. The row names the index key of
its hash. A block is found under every key in the key folder. Which blocks are kept is decided in
`domain.leaving.leaving`.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, bindparam, delete, insert, select

from cprsync.domain.leaving.leaving import blocks_to_keep, with_kept_blocks
from cprsync.domain.patron.local import Block
from cprsync.store import tables
from cprsync.store.audit import audit
from cprsync.store.audit.older_states import journal_entries
from cprsync.store.core.engine import change_rows, count_rows, reading
from cprsync.store.core.tenant import AGENCY_IS, TenantStore, library_transaction, next_id
from cprsync.store.records.records import open_local, patron_rows, write_local

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cprsync.domain.person.number import CprNumber
    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Tenant

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


class KeptBlocks(TenantStore):
    """Blocks that outlive the record of a patron who left, by CPR number."""

    def of(self, number: CprNumber) -> tuple[Block, ...]:
        return tuple(self.numbered(number).values())

    def numbered(self, number: CprNumber) -> dict[int, Block]:
        with reading(self._tenant.engine) as connection:
            return {row.id: _block(self._tenant, row) for row in _kept(connection, self._tenant, number)}

    def lift(self, number: CprNumber, *, user: str, reason: str, only: int | None = None) -> int:
        with library_transaction(self._tenant) as connection:
            rows = [row for row in _kept(connection, self._tenant, number) if only in {None, row.id}]
            _delete(connection, self._tenant, [row.id for row in rows])
            happened = [
                audit.Happened(KEPT_BLOCK, patron=row.patron_id, actions=(LIFTED,), user=user, reason=reason)
                for row in rows
            ]
            audit.append(connection, self._tenant, KEPT_BLOCK, happened)
        return len(rows)


def keep(connection: Connection, tenant: Tenant, row: AnyRow, number: CprNumber, *, on: date) -> None:
    """Keep the blocks of a record that is about to be emptied, in the caller's transaction."""
    blocks = blocks_to_keep(open_local(tenant, row).blocks, number)
    for block in blocks:
        _insert(connection, tenant, block, number, patron_id=row.id, on=on)
    _note_counts(connection, tenant, KEPT, {row.id: len(blocks)})


def _insert(  # noqa: PLR0913 -- a block, whose it is, and since when it is kept
    connection: Connection, tenant: Tenant, block: Block, number: CprNumber, *, patron_id: str, on: date
) -> None:
    place = next_id(connection, tenant, tables.kept_block)
    values = {
        "agency": tenant.agency,
        "id": place,
        "patron_id": patron_id,
        "number_index": tenant.vault.index(KEPT_BLOCK, number.digits),
        "number_key": tenant.vault.index_key,
        "since": block.since,
        "reason": tenant.vault.seal(block.reason.encode(), place=patron_id, owner=KEPT_BLOCK, version=place),
        "key": tenant.vault.seal_key,
        "kept": on,
    }
    connection.execute(insert(tables.kept_block).values(values))


def bring_back(connection: Connection, tenant: Tenant, numbers: Mapping[str, CprNumber]) -> None:
    """Put the blocks that are kept by a number on the record of the patron who has it now.

    Args:
        connection: of a transaction that holds the library.
        tenant: the library.
        numbers: the new number of each patron, by patron id.
    """
    if connection.scalar(_ANY, {"agency_": tenant.agency}) is None:
        return  # true for most libraries on most days, so nothing more is read
    counts = {patron_id: _put_on_record(connection, tenant, patron_id, number) for patron_id, number in numbers.items()}
    _note_counts(connection, tenant, CAME_BACK, counts)


def _put_on_record(connection: Connection, tenant: Tenant, patron_id: str, number: CprNumber) -> int:
    rows = _kept(connection, tenant, number)
    if not rows:
        return 0
    (record,) = patron_rows(connection, tenant, [patron_id], hold=True)
    local = open_local(tenant, record)
    blocks = with_kept_blocks(local.blocks, [_block(tenant, row) for row in rows])
    write_local(connection, tenant, record, replace(local, blocks=blocks))
    _delete(connection, tenant, [row.id for row in rows])
    return len(rows)


def list_incoming(connection: Connection, tenant: Tenant, row: AnyRow, number: CprNumber) -> list[dict[str, Any]]:
    """Return the blocks that come to a record with a number, and whether each is new there.

    Giving them back needs this.
    """
    held = open_local(tenant, row).blocks
    found = []
    for kept in _kept(connection, tenant, number):
        block = _block(tenant, kept)
        told = {
            "since": block.since.isoformat(),
            "reason": block.reason,
            "new": with_kept_blocks(held, [block]) != held,
        }
        found.append(told | {"patron": kept.patron_id, "kept": kept.kept.isoformat()})
    return found


def give_back(
    connection: Connection, tenant: Tenant, row: AnyRow, number: CprNumber, came: Sequence[Mapping[str, Any]]
) -> None:
    """Remove the blocks that came with a number from the record, and keep them by the number as before.

    The caller holds the row. A block that was lifted meanwhile is not kept again. An erased patron's block is not kept
    either. The record keeps the blocks that it had before.
    """
    erased = {one.patron_id for one in journal_entries(connection, tenant) if one.what == tables.ERASED} if came else ()
    local, gone = open_local(tenant, row), dict[str, int]()
    blocks = list(local.blocks)
    for told in came:
        block = Block(date.fromisoformat(told["since"]), told["reason"])
        if told["new"] and block not in blocks:
            continue
        if told["new"]:
            blocks.remove(block)
        if told["patron"] not in erased:
            day = date.fromisoformat(told["kept"])
            _insert(connection, tenant, block, number, patron_id=told["patron"], on=day)
            gone[told["patron"]] = gone.get(told["patron"], 0) + 1
    if len(blocks) != len(local.blocks):
        write_local(connection, tenant, row, replace(local, blocks=tuple(blocks)))
    _note_counts(connection, tenant, KEPT, gone)


def _kept(connection: Connection, tenant: Tenant, number: CprNumber) -> Sequence[AnyRow]:
    probes = tenant.vault.probes(KEPT_BLOCK, number.digits)
    return connection.execute(_OF_NUMBER, {"agency_": tenant.agency, "probes_": probes}).all()


def _block(tenant: Tenant, row: AnyRow) -> Block:
    opened = tenant.vault.unseal(row.reason, row.key, place=row.patron_id, owner=KEPT_BLOCK, version=row.id)
    return Block(row.since, opened.decode())


def _delete(connection: Connection, tenant: Tenant, ids: Sequence[int]) -> None:
    change_rows(connection, delete(tables.kept_block).where(_ROW.agency == tenant.agency), _ROW.id, ids)


def _note_counts(connection: Connection, tenant: Tenant, what: str, counts: Mapping[str, int]) -> None:
    happened = [
        audit.Happened(KEPT_BLOCK, patron=patron_id, actions=(what,), more=(("count", str(count)),))
        for patron_id, count in counts.items()
        if count
    ]
    audit.append(connection, tenant, KEPT_BLOCK, happened)


def count_kept(connection: Connection, tenant: Tenant, patron_id: str) -> int:
    """Count the blocks that are kept of a patron who has left."""
    theirs = (_ROW.agency == tenant.agency) & (_ROW.patron_id == patron_id)
    return count_rows(connection, theirs)


def forget_kept(connection: Connection, tenant: Tenant, patron_ids: Sequence[str]) -> int:
    """Delete the kept blocks of erased patrons, in the caller's transaction. Returns how many were deleted."""
    theirs = delete(tables.kept_block).where(_ROW.agency == tenant.agency)
    return change_rows(connection, theirs, _ROW.patron_id, patron_ids)
