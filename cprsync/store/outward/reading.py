"""The numbered changes for those who fetch them: a feed's reader, and the command that exports.

Decides nothing: `services.outward.feeding` says what a reader gets of a change.
"""

from __future__ import annotations

import hmac
import json
from typing import TYPE_CHECKING, Final

from sqlalchemy import exists, func, select

from cprsync.domain.outward.lines import NumberedChange
from cprsync.errors import SealBroken
from cprsync.services.ports.outward import SIGN_BYTES, Changes, FeedPosition, Numbering
from cprsync.store import tables
from cprsync.store.audit import audit
from cprsync.store.core.engine import moment_of
from cprsync.store.core.tenant import TenantStore, library_transaction
from cprsync.store.outward.changes import RENEWED, epochs_of, open_change, tell_anew

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cprsync.services.ports.outward import ReadPart

#: The audit stream of those who fetch, and the kind of its entries.
READERS: Final = "readers"
READ: Final = "feed_read"
_UNTIL: Final = "until:"
#: Under this kind a text is signed.
_SIGNED: Final = "outward"
#: Changes that are read from the database, and open, at the same time.
_TOGETHER: Final = 500
#: How many of the readers' last pages are looked at for how far each has come.
_PAGES_SEEN: Final = 5_000
_CHANGE, _TARGET, _AUDIT = tables.change.c, tables.target.c, tables.audit.c


class SqlChanges(TenantStore, Changes):
    """The numbered changes, for those who fetch them."""

    def numbering(self) -> Numbering:
        loaded = (_TARGET.agency == self._tenant.agency) & _TARGET.loaded.is_(None)
        with self._tenant.reading() as transaction:
            epochs = epochs_of(transaction)
            return Numbering(tuple(epochs), bool(transaction.scalar(select(exists().where(loaded)))))

    def read(self, after: int, limit: int) -> Iterator[NumberedChange]:
        while limit > 0:
            wanted = select(tables.change).where(_CHANGE.agency == self._tenant.agency, _CHANGE.seq > after)
            with self._tenant.reading() as transaction:
                rows = transaction.execute(wanted.order_by(_CHANGE.seq).limit(min(limit, _TOGETHER))).all()
            for row in rows:
                yield NumberedChange(row.seq, row.patron_id, open_change(self._tenant, row))
            if len(rows) < _TOGETHER:
                return
            after, limit = rows[-1].seq, limit - len(rows)

    def fetched(self) -> dict[str, FeedPosition]:
        pages = select(_AUDIT.at, _AUDIT.entry).where(_AUDIT.agency == self._tenant.agency, _AUDIT.stream == READERS)
        found: dict[str, FeedPosition] = {}
        with self._tenant.reading() as transaction:
            for row in transaction.execute(pages.order_by(_AUDIT.seq.desc()).limit(_PAGES_SEEN)):
                told = json.loads(row.entry)
                # an export by an operator is nothing that the reader has
                if told["kind"] == READ and told.get("user") == told["target"] and told["target"] not in found:
                    until = _until(told["actions"])
                    newer = (_CHANGE.agency == transaction.agency) & (_CHANGE.seq > until)
                    count = transaction.scalar(select(func.count()).select_from(tables.change).where(newer))
                    found[told["target"]] = FeedPosition(moment_of(row.at), until, count or 0)
        return found

    def renew(self, after: int, limit: int) -> None:
        tenant, broken = self._tenant, set[str]()
        wanted = select(tables.change).where(_CHANGE.agency == tenant.agency, _CHANGE.seq > after)
        with library_transaction(tenant) as transaction:
            for row in transaction.execute(wanted.order_by(_CHANGE.seq).limit(limit)):
                try:
                    open_change(tenant, row)
                except SealBroken:
                    broken.add(row.patron_id)
            renewed = sorted(broken - tell_anew(transaction, broken))
            audit.append(transaction, READERS, [audit.Happened(RENEWED, patron=one) for one in renewed])

    def sign(self, written: str) -> bytes:
        return self._tenant.vault.index(_SIGNED, written)[:SIGN_BYTES]

    def is_signed(self, written: str, sign: bytes) -> bool:
        probes = self._tenant.vault.probes(_SIGNED, written)
        return any(hmac.compare_digest(probe[:SIGN_BYTES], sign) for probe in probes)

    def note_read(self, part: ReadPart, *, user: str) -> None:
        said = (f"after:{part.after}", f"{_UNTIL}{part.until}", f"lines:{part.count}")
        happened = audit.Happened(READ, user=user, actions=said, more=(("target", part.target),))
        with self._tenant.writing() as transaction:
            audit.append(transaction, READERS, [happened])


def _until(actions: Sequence[str]) -> int:
    """The last change of a page, by its audit entry."""
    return next(int(one.removeprefix(_UNTIL)) for one in actions if one.startswith(_UNTIL))
