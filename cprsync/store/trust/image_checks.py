"""Find before-images that are not what was kept: altered, moved to another run, or taken away.

What an image seals opens for its patron and version alone. Which run it is of, the audit says: a run has an entry about
each patron whom it has changed. The rest of its row is in the sum over the records, which shows that something is
wrong, and not what.
"""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, delete, select

from cprsync.errors import SealBroken
from cprsync.store import tables
from cprsync.store.audit.audit import CHANGE
from cprsync.store.core.tenant import AGENCY_IS
from cprsync.store.seals.failures import ImageBroken
from cprsync.store.seals.vault import REGISTER, decode

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from cprsync.domain.person.person import Person
    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Tenant, Transaction

_IMAGE, _ENTRY = tables.before_image.c, tables.audit.c
_PAGE: Final = 500
_AFTER: Final[Any] = bindparam("after_")
#: The images of the next patrons.
_PATRONS: Final = (
    select(_IMAGE.patron_id)
    .where(_IMAGE.agency == AGENCY_IS, _IMAGE.patron_id > _AFTER)
    .distinct()
    .order_by(_IMAGE.patron_id)
    .limit(_PAGE)
)
_IMAGES: Final = select(tables.before_image).where(_IMAGE.agency == AGENCY_IS)
_RUNS: Final = select(_ENTRY.patron_id, _ENTRY.entry).where(_ENTRY.agency == AGENCY_IS)
#: Its streams are those of nights and of undone runs: what people do at the desk is of no run.
_WRITES: Final = _RUNS.where(_ENTRY.stream.like("night/%") | (_ENTRY.stream == "revert"))


def open_image(tenant: Tenant, row: AnyRow) -> Person:
    """Return the record as it was.

    Raises:
        SealBroken: it was altered, or is another patron's or of another version.
    """
    place = {"place": row.patron_id, "owner": REGISTER, "version": row.version}
    return decode(tenant.vault.unseal(row.register_blob, row.register_key, **place))


def find_altered(transaction: Transaction, rows: Collection[AnyRow]) -> set[tuple[str, int]]:
    """Return patron and version of those of these images that do not open, or are of another run than they say."""
    wrote = _runs_about(transaction, {row.patron_id for row in rows})
    return {(row.patron_id, row.version) for row in rows if not _is_kept(transaction.tenant, row, wrote)}


def _is_kept(tenant: Tenant, row: AnyRow, wrote: dict[str, set[int | None]]) -> bool:
    # what the desk has written is of no run, and its entries are in streams of their own
    if row.run_id and row.run_id not in wrote[row.patron_id]:
        return False
    try:
        open_image(tenant, row)
    except SealBroken:
        return False
    return True


def find_changed_by(transaction: Transaction, number: int) -> set[str]:
    """Return the patrons whom a run has changed, by the audit. It reads every entry of the nights."""
    entries = transaction.execute(_WRITES, {"agency_": transaction.agency}).yield_per(_PAGE)
    told = ((row.patron_id, _told(row.entry)) for row in entries if row.patron_id is not None)
    return {patron for patron, entry in told if entry.get("run") == number and entry.get("kind") == CHANGE}


def check_images(tenant: Tenant, *, most: int) -> Iterator[ImageBroken]:
    """Open every before-image. Yields those that do not open or are of another run, with patron and run."""
    after, left = "", most
    while left > 0:
        with tenant.reading() as transaction:
            ids = transaction.scalars(_PATRONS, {"agency_": transaction.agency, "after_": after}).all()
            rows = transaction.fetch_rows(_IMAGES, _IMAGE.patron_id, ids, agency_=transaction.agency)
            altered = find_altered(transaction, rows)
        found = [ImageBroken(row.patron_id, row.run_id) for row in rows if (row.patron_id, row.version) in altered]
        yield from found[:left]
        left -= len(found)
        if len(ids) < _PAGE:
            return
        after = ids[-1]


def delete_altered(transaction: Transaction) -> None:
    """Delete the before-images that do not open or are of another run."""
    after = ""
    while True:
        ids = transaction.scalars(_PATRONS, {"agency_": transaction.agency, "after_": after}).all()
        rows = transaction.fetch_rows(_IMAGES, _IMAGE.patron_id, ids, agency_=transaction.agency)
        for patron_id, version in find_altered(transaction, rows):
            this = (_IMAGE.agency == transaction.agency) & (_IMAGE.patron_id == patron_id) & (_IMAGE.version == version)
            transaction.execute(delete(tables.before_image).where(this))
        if len(ids) < _PAGE:
            return
        after = ids[-1]


def _runs_about(transaction: Transaction, ids: Collection[str]) -> dict[str, set[int | None]]:
    """Return which runs the audit has entries of, about each of these patrons."""
    found: dict[str, set[int | None]] = defaultdict(set)
    for row in transaction.fetch_rows(_WRITES, _ENTRY.patron_id, ids, agency_=transaction.agency):
        found[row.patron_id].add(_told(row.entry).get("run"))
    return found


def _told(entry: bytes) -> dict[str, Any]:
    """Return what an entry says; nothing if somebody has altered its form, which the check of the audit tells."""
    try:
        told: Any = json.loads(entry)
    except (TypeError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}
