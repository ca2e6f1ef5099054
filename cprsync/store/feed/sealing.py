"""Seal deliveries into the inbox while they stream in, in short transactions.

No transaction is open while the program waits for content. A row in the state `receiving` and its chunks are what has
come so far. No reader sees them. If the program is killed, the next fetch removes them first. It never continues them,
because the source may have changed since.
"""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from sqlalchemy import bindparam, delete, insert, select

from cprsync.errors import DeliveryRefused, FenceLost
from cprsync.services.ports.deliveries import InboxState, SealedDelivery, Sealing
from cprsync.store import tables
from cprsync.store.core.tenant import AGENCY_IS, TenantStore, hold_library, next_id
from cprsync.store.feed.inbox import (
    CHUNK_BYTES,
    OF_AGREEMENT,
    OWNER,
    bound_delivery,
    change_delivery,
    counts_as_new,
    forgotten,
    from_row,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Tenant, Transaction

#: Chunks written in one transaction: 2 MiB, so that a large delivery takes about 150 transactions.
_WRITE_CHUNKS = 64
_BOX = tables.inbox.c
_CHUNK = tables.inbox_chunk.c
_FOUND = select(tables.inbox, forgotten().label("forgotten"))
#: What a file of this name and content was sealed as; asked at least twice for each file that waits.
_HAS_THIS: Final = OF_AGREEMENT & (_BOX.name == bindparam("name_")) & (_BOX.sha256 == bindparam("sha256_"))
_SAME: Final = _FOUND.where(_HAS_THIS, ~counts_as_new())
_FORGET_REFUSED: Final = delete(tables.inbox).where(_HAS_THIS, counts_as_new())
_RECEIVING: Final = _BOX.state == InboxState.RECEIVING.value
_HOLD: Final = (
    select(_BOX.id).where(_BOX.agency == AGENCY_IS, _BOX.id == bindparam("number_"), _RECEIVING).with_for_update()
)
_BEGIN: Final = insert(tables.inbox)
_WRITE: Final = insert(tables.inbox_chunk)
#: Each night asks this.
_HALF_SEALED: Final = select(_BOX.id).where(OF_AGREEMENT, _RECEIVING)


class SqlSealing(TenantStore, Sealing):
    """Files as they arrive: sealed in chunks."""

    def seal(self, name: str, content: BinaryIO, *, mark: str | None = None) -> SealedDelivery:
        if content.seekable() and (known := _known_already(self._tenant, name, content)) is not None:
            return known
        with _receiving_row(self._tenant, name) as (number, key):
            return _finish(self._tenant, number, name, _seal_chunks(self._tenant, number, key, content), mark)

    def seal_unseen(self, name: str, content: BinaryIO) -> SealedDelivery:
        if content.seekable() and (known := _known_already(self._tenant, name, content)) is not None:
            return known
        with _receiving_row(self._tenant, name) as (number, key):
            sha256, size = _seal_chunks(self._tenant, number, key, content)
            with self._tenant.reading() as transaction:
                known = _known(transaction, name, sha256)
        return known or SealedDelivery(number, name, sha256, size, InboxState.SEALED)

    def sealed_as(self, name: str, mark: str) -> SealedDelivery | None:
        here = ~_RECEIVING & ~counts_as_new()
        wanted = _FOUND.where(OF_AGREEMENT, _BOX.name == name, _BOX.mark == mark, here)
        with self._tenant.reading() as transaction:
            row = transaction.execute(wanted.order_by(_BOX.id.desc()).limit(1), transaction.ours).one_or_none()
            return _delivery_of(transaction, row)

    def clear_half_sealed(self) -> None:
        with self._tenant.reading() as transaction:
            numbers = transaction.scalars(_HALF_SEALED, transaction.ours).all()
        if numbers:
            _remove(self._tenant, numbers)


def _known_already(tenant: Tenant, name: str, content: BinaryIO) -> SealedDelivery | None:
    """Return the delivery if this content is sealed already.

    A file that stays in its folder is read each night. Without this check it would be sealed each night, too.
    """
    start, digest = content.tell(), hashlib.sha256()
    for chunk in _chunks(content):
        digest.update(chunk)
    content.seek(start)
    with tenant.reading() as transaction:
        return _known(transaction, name, digest.hexdigest())


@contextmanager
def _receiving_row(tenant: Tenant, name: str) -> Iterator[tuple[int, str]]:
    """Begin to receive a delivery: its number, and the key of all its chunks. If the block fails, they are removed."""
    number, key = _begin(tenant, name)
    try:
        yield number, key
    except Exception:
        _remove(tenant, [number])
        raise


def _begin(tenant: Tenant, name: str) -> tuple[int, str]:
    with tenant.writing() as transaction:
        key = transaction.vault.seal_key
        number = next_id(transaction, tables.inbox)
        row = {
            "agency": transaction.agency,
            "id": number,
            "agreement": tenant.agreement,
            "name": name,
            # not the hash of any content, because two programs may receive a file of this name
            "sha256": f"receiving {number}",
            "size": 0,
            "state": InboxState.RECEIVING.value,
            "key": key,
            "received": 0,
            "sealed_at": transaction.stamp(),
        }
        transaction.execute(_BEGIN, row)
    return number, key


def _seal_chunks(tenant: Tenant, number: int, key: str, content: BinaryIO) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    rows: list[dict[str, Any]] = []
    for seq, chunk in enumerate(_chunks(content)):
        digest.update(chunk)
        size += len(chunk)
        blob = tenant.vault.seal(chunk, place=str(number), owner=OWNER, version=seq, key=key)
        rows.append({"agency": tenant.agency, "inbox_id": number, "seq": seq, "blob": blob})
        if len(rows) == _WRITE_CHUNKS:
            _write(tenant, number, rows)
            rows = []
    _write(tenant, number, rows)
    return digest.hexdigest(), size


def _write(tenant: Tenant, number: int, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        with tenant.writing() as transaction:
            _hold(transaction, number)
            transaction.execute(_WRITE, rows)


def _hold(transaction: Transaction, number: int) -> None:
    """Make sure that what was sealed so far is there, and stays until the transaction ends.

    Raises:
        FenceLost: another program has removed it.
    """
    if transaction.scalar(_HOLD, {"agency_": transaction.agency, "number_": number}) is None:
        raise FenceLost("another program has removed what was sealed so far of a delivery")


def _finish(tenant: Tenant, number: int, name: str, sealed: tuple[str, int], mark: str | None) -> SealedDelivery:
    sha256, size = sealed
    with tenant.writing() as transaction:
        # two programs that seal the same content go one after the other
        hold_library(transaction)
        _hold(transaction, number)
        known = _known(transaction, name, sha256)
        if known is not None:
            _delete(transaction, [number])
            change_delivery(transaction, known.id, mark=mark)
            return known
        _forget_refused(transaction, name, sha256)
        whole = {"sha256": sha256, "size": size, "state": InboxState.SEALED.value, "mark": mark}
        change_delivery(transaction, number, **whole)
    return SealedDelivery(number, name, sha256, size, InboxState.SEALED)


def _forget_refused(transaction: Transaction, name: str, sha256: str) -> None:
    """Delete the row of a refused file whose content is gone: the file has come again."""
    transaction.execute(_FORGET_REFUSED, {**transaction.ours, "name_": name, "sha256_": sha256})


def _remove(tenant: Tenant, numbers: Sequence[int]) -> None:
    with tenant.writing() as transaction:
        _delete(transaction, numbers)


def _delete(transaction: Transaction, numbers: Sequence[int]) -> None:
    """Delete rows and their chunks, if they are still being received."""
    theirs = OF_AGREEMENT & _RECEIVING & _BOX.id.in_(numbers)
    half = select(_BOX.id).where(theirs)
    chunks = delete(tables.inbox_chunk).where(_CHUNK.agency == AGENCY_IS, _CHUNK.inbox_id.in_(half))
    transaction.execute(chunks, transaction.ours)
    transaction.execute(delete(tables.inbox).where(theirs), transaction.ours)


def _chunks(content: BinaryIO) -> Iterator[bytes]:
    """Yield chunks of exactly CHUNK_BYTES, except the last. The source may give fewer bytes at a time.

    Raises:
        DeliveryRefused: nothing but zero bytes stands in a whole chunk, as where a transfer reserved room and stopped.
    """
    held, at = b"", 0
    while more := content.read(CHUNK_BYTES - len(held)):
        held += more
        if len(held) == CHUNK_BYTES:
            if not held.strip(b"\x00"):
                raise DeliveryRefused("zero bytes stand in place of the delivery's content at byte {at}", at=at)
            yield held
            held, at = b"", at + CHUNK_BYTES
    if held:
        yield held


def _known(transaction: Transaction, name: str, sha256: str) -> SealedDelivery | None:
    row = transaction.execute(_SAME, {**transaction.ours, "name_": name, "sha256_": sha256}).one_or_none()
    return _delivery_of(transaction, row)


def _delivery_of(transaction: Transaction, row: AnyRow | None) -> SealedDelivery | None:
    return None if row is None else bound_delivery(transaction, row, from_row(row, forgotten=row.forgotten))
