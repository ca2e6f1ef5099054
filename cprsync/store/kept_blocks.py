"""Blocks of patrons who left: kept by a keyed hash of the number, and back on the record of whoever comes with it.

Of the patron themselves nothing is kept: neither name nor number, and the reason is sealed. The row says which index
key its hash is of; it is found under every key at hand. Leaves out which blocks are kept: see `domain.leaving`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, delete, func, insert, select

from cprsync.domain.leaving import blocks_to_keep, with_kept_blocks
from cprsync.domain.record import Block
from cprsync.store import audit, tables
from cprsync.store.engine import parts, reading, writing
from cprsync.store.local_part import open_local, write_local
from cprsync.store.tenant import hold_library, next_id

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from cprsync.domain.number import CprNumber
    from cprsync.store.engine import AnyRow
    from cprsync.store.tenant import Tenant

#: What the number is hashed as and the reason sealed as, the stream of the audit, and the kind of its entries.
KEPT_BLOCK: Final = "kept_block"
KEPT, CAME_BACK, LIFTED = "kept", "came_back", "lifted"
_ROW = tables.kept_block.c
_PATRON = tables.patron.c


def keep(connection: Connection, tenant: Tenant, row: AnyRow, number: CprNumber, *, on: date) -> None:
    """Keep the blocks of a record that is about to be emptied, in the caller's transaction."""
    blocks = blocks_to_keep(open_local(tenant, row).blocks, number)
    for block in blocks:
        place = next_id(connection, tenant, tables.kept_block)
        values = {
            "agency": tenant.agency,
            "id": place,
            "patron_id": row.id,
            "number_index": tenant.vault.index(KEPT_BLOCK, number.digits),
            "number_key": tenant.vault.index_key,
            "since": block.since,
            "reason": tenant.vault.seal(block.reason.encode(), place=row.id, owner=KEPT_BLOCK, version=place),
            "key": tenant.vault.seal_key,
            "kept": on,
        }
        connection.execute(insert(tables.kept_block).values(values))
    _tell(connection, tenant, KEPT, {row.id: len(blocks)})


def bring_back(connection: Connection, tenant: Tenant, numbers: Mapping[str, CprNumber]) -> None:
    """Put what is kept by a number on the record of the patron who has it now, in the caller's transaction.

    Args:
        connection: of a transaction that holds the library.
        tenant: whose store.
        numbers: the number that each patron has got just now, by patron number.
    """
    if connection.scalar(select(_ROW.id).where(_ROW.agency == tenant.agency).limit(1)) is None:
        return  # most libraries on most days: nothing more is asked
    counts = {patron_id: _on_record(connection, tenant, patron_id, number) for patron_id, number in numbers.items()}
    _tell(connection, tenant, CAME_BACK, counts)


def _on_record(connection: Connection, tenant: Tenant, patron_id: str, number: CprNumber) -> int:
    rows = _kept(connection, tenant, number)
    if not rows:
        return 0
    hers = (_PATRON.agency == tenant.agency) & (_PATRON.id == patron_id)
    record = connection.execute(select(tables.patron).where(hers).with_for_update()).one()
    local = open_local(tenant, record)
    blocks = with_kept_blocks(local.blocks, [_block(tenant, row) for row in rows])
    write_local(connection, tenant, record, replace(local, blocks=blocks))
    _delete(connection, tenant, [row.id for row in rows])
    return len(rows)


def _kept(connection: Connection, tenant: Tenant, number: CprNumber) -> Sequence[AnyRow]:
    probes = tenant.vault.probes(KEPT_BLOCK, number.digits)
    wanted = select(tables.kept_block).where(_ROW.agency == tenant.agency, _ROW.number_index.in_(probes))
    return connection.execute(wanted.order_by(_ROW.id)).all()


def _block(tenant: Tenant, row: AnyRow) -> Block:
    opened = tenant.vault.unseal(row.reason, row.key, place=row.patron_id, owner=KEPT_BLOCK, version=row.id)
    return Block(row.since, opened.decode())


def _delete(connection: Connection, tenant: Tenant, ids: Sequence[int]) -> None:
    for part in parts(list(ids)):
        connection.execute(delete(tables.kept_block).where(_ROW.agency == tenant.agency, _ROW.id.in_(part)))


def _tell(connection: Connection, tenant: Tenant, what: str, counts: Mapping[str, int]) -> None:
    happened = [
        audit.Happened(KEPT_BLOCK, patron=patron_id, actions=(what,), more=(("count", str(count)),))
        for patron_id, count in counts.items()
        if count
    ]
    audit.append(connection, tenant, KEPT_BLOCK, happened)


# -- the desk ------------------------------------------------------------------------------------------------------


def kept_for(tenant: Tenant, number: CprNumber) -> dict[int, Block]:
    """The blocks that are kept by a number, by their own numbers, the oldest first."""
    with reading(tenant.engine) as connection:
        return {row.id: _block(tenant, row) for row in _kept(connection, tenant, number)}


def lift(tenant: Tenant, number: CprNumber, *, user: str, reason: str, only: int | None) -> int:
    """Forget what is kept by a number, or `only` one of it, with who and why in the audit; returns how many."""
    with writing(tenant.engine) as connection:
        hold_library(connection, tenant)
        rows = [row for row in _kept(connection, tenant, number) if only in {None, row.id}]
        _delete(connection, tenant, [row.id for row in rows])
        more = (("user", user),)
        happened = [
            audit.Happened(KEPT_BLOCK, patron=row.patron_id, actions=(LIFTED,), more=more, reason=reason)
            for row in rows
        ]
        audit.append(connection, tenant, KEPT_BLOCK, happened)
    return len(rows)


def count_of(connection: Connection, tenant: Tenant, patron_id: str) -> int:
    """How many blocks are kept of a patron who has left."""
    hers = (_ROW.agency == tenant.agency) & (_ROW.patron_id == patron_id)
    return connection.scalar(select(func.count()).select_from(tables.kept_block).where(hers)) or 0


def forget_of(connection: Connection, tenant: Tenant, patron_ids: Sequence[str]) -> int:
    """Delete what is kept of patrons who are erased, in the caller's transaction; returns how many there were."""
    return sum(
        connection.execute(
            delete(tables.kept_block).where(_ROW.agency == tenant.agency, _ROW.patron_id.in_(part))
        ).rowcount
        for part in parts(list(patron_ids))
    )
