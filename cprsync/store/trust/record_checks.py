"""Open sealed records to check that each is what was written, in its own place. Writes nothing.

A record that was altered, or taken from another patron, is refused whenever it is opened. This module opens those that
nobody asks for. A night opens as many as its limit allows, and continues where the night before stopped. If a whole row
was put back, the sum of versions shows it: see `record_versions`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Select, select

from cprsync.store.core import tables
from cprsync.store.core.engine import reading
from cprsync.store.records.local import LOCAL
from cprsync.store.records.records import open_register
from cprsync.store.seals.failures import RecordBroken, SealBroken

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Tenant

#: The check stops after this many wrong records.
WRONG_MAX: Final = 100
#: Records read at a time.
_PAGE: Final = 500
_ROW = tables.patron.c
_RUN = tables.run.c
_COLUMNS: Final = (
    *(_ROW.id, _ROW.register_blob, _ROW.register_key, _ROW.fingerprint, _ROW.fingerprint_key, _ROW.version),
    *(_ROW.local_blob, _ROW.local_key, _ROW.local_version),
)


@dataclass(slots=True)
class Opened:
    """How many records were opened, the last of them, and those that are not what was written."""

    count: int = 0
    last: str = ""
    wrong: list[RecordBroken] = field(default_factory=list)


def open_records(tenant: Tenant, *, after: str, most: int) -> Opened:
    """Open at most `most` records, each once.

    It begins after the patron `after` and continues from the first id at the end.
    """
    opened = Opened(last=after)
    for row in _from(tenant, after):
        if opened.count >= most or len(opened.wrong) >= WRONG_MAX:
            break
        opened.count, opened.last = opened.count + 1, row.id
        opened.wrong += _wrong_parts(tenant, row)
    return opened


def last_opened(tenant: Tenant) -> str:
    """Return where the last run stopped, from its report. "" means to begin at the first record."""
    closed = select(_RUN.document).where(_RUN.agency == tenant.agency, _RUN.finished.is_not(None))
    with reading(tenant.engine) as connection:
        document = connection.scalar(closed.order_by(_RUN.id.desc()).limit(1))
    audit = json.loads(document or "{}").get("audit") or {}
    return str(audit.get("last_record") or "")


def _from(tenant: Tenant, after: str) -> Iterator[AnyRow]:
    """Yield all records, those after a patron first."""
    yield from _between(tenant, after, None)
    if after:
        yield from _between(tenant, "", after)


def _between(tenant: Tenant, after: str, until: str | None) -> Iterator[AnyRow]:
    ours = select(*_COLUMNS).where(_ROW.agency == tenant.agency).order_by(_ROW.id).limit(_PAGE)
    ours = ours if until is None else ours.where(_ROW.id <= until)
    while rows := _page(tenant, ours.where(_ROW.id > after)):
        yield from rows
        after = rows[-1].id


def _page(tenant: Tenant, wanted: Select[Any]) -> Sequence[AnyRow]:
    with reading(tenant.engine) as connection:
        return connection.execute(wanted).all()


def _wrong_parts(tenant: Tenant, row: AnyRow) -> Iterator[RecordBroken]:
    try:
        open_register(tenant.vault, row)
    except SealBroken:
        yield RecordBroken(row.id, "what the register told of them is not what was written")
    try:
        tenant.vault.unseal(row.local_blob, row.local_key, place=row.id, owner=LOCAL, version=row.local_version)
    except SealBroken:
        yield RecordBroken(row.id, "what patron and staff own is not what was written")
