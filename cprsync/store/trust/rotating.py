"""Give a purpose a new key: it is added, it writes, the rows are brought to it, and the old one is destroyed.

What brings the rows is in `resealing` and `reindexing`. Each step is in the audit, and each may be done twice.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, func, null, select, update

from cprsync.errors import BadInput, RunBusy
from cprsync.private import hold_alone
from cprsync.services.ports.trust.keys import Keys, RotatedShare, Rotation
from cprsync.services.ports.trust.upkeep import UpkeepOutcome, UpkeepTask
from cprsync.store import tables
from cprsync.store.audit import audit
from cprsync.store.core.drivers import note_written
from cprsync.store.core.engine import hold_rows, stamp_of
from cprsync.store.core.tenant import TenantStore, library_transaction
from cprsync.store.records.records import decode_local
from cprsync.store.seals.keys import NEXT, KeyPurpose, add_key, destroy_key, let_write
from cprsync.store.seals.vault import LOCAL, Vault
from cprsync.store.trust.key_checks import NAMED_BY, note_key
from cprsync.store.trust.key_uses import count_lines_by_key, list_uses
from cprsync.store.trust.reindexing import reindex_share
from cprsync.store.trust.resealing import fingerprint_share, reseal_share
from cprsync.store.trust.sealed_columns import NEVER_ANEW, SEALED
from cprsync.store.trust.upkeep import SqlUpkeepLog

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager

    from cprsync.services.ports.trust.keys import KeyUse, SharePlace
    from cprsync.store.core.tenant import Tenant, Transaction
    from cprsync.store.seals.keys import Key

#: The kind of an audit entry about a key, and its steps.
KEY: Final = "key"
ADDED, WRITES, BROUGHT, DESTROYED = "added", "writes", "brought", "destroyed"
#: Held by whoever changes the keys of a folder. It ends with its holder.
_LOCK: Final = "rotation.lock"
_READ_ROWS: Final = 2000
#: What brings rows to the newest key. For the other purposes nothing is written again: what names an older key stays.
_SHARES: Final[Mapping[KeyPurpose, Callable[[Tenant, SharePlace | None, int], RotatedShare]]] = {
    KeyPurpose.SEAL: reseal_share,
    KeyPurpose.INDEX: reindex_share,
    KeyPurpose.FINGERPRINT: fingerprint_share,
}
#: The rows that are brought: by table the columns that name a key, each with the column of its value.
_BROUGHT: Final[Mapping[KeyPurpose, Mapping[str, Sequence[tuple[str, str]]]]] = {
    KeyPurpose.SEAL: {
        **{name: [(one.key, one.value) for one in of] for name, of in SEALED.items() if name not in NEVER_ANEW},
        "inbox": [("key", "key")],
    },
    KeyPurpose.INDEX: {"patron": [("index_key", "number_index")]},
    KeyPurpose.FINGERPRINT: {"patron": [("fingerprint_key", "fingerprint")]},
}
_CHECK, _DONE, _PATRON, _LINE, _RUN = (
    *(tables.key_check.c, tables.upkeep.c, tables.patron.c),
    *(tables.run_item.c, tables.run.c),
)


class SqlKeys(TenantStore, Keys):
    """The keys of the folder: what names them, and how one takes the place of another."""

    def uses(self) -> list[KeyUse]:
        return list_uses(self._tenant)

    def rotating(self) -> AbstractContextManager[None]:
        return hold_alone(self._tenant.keyring.folder / _LOCK, _busy)

    def is_unfinished(self, purpose: str) -> bool:
        tenant, wanted = self._tenant, KeyPurpose(purpose)
        tenant.vault.follow()
        with tenant.reading() as transaction:
            return _is_brought_half(transaction, wanted)

    def unfinished(self) -> list[Rotation]:
        tenant = self._tenant
        tenant.vault.follow()
        with tenant.reading() as transaction:
            begun = {one: tenant.keyring.next(one) for one in KeyPurpose}
            half = [one for one in KeyPurpose if begun[one] or _is_brought_half(transaction, one)]
            return [_measure(transaction, one, begun[one] or tenant.keyring.newest(one)) for one in half]

    def add(self, purpose: str, *, user: str) -> str:
        tenant, wanted = self._tenant, KeyPurpose(purpose)
        tenant.vault.follow()
        if tenant.keyring.next(wanted) is None:
            note_written()
            add_key(tenant.keyring.folder, wanted, random=tenant.random, ending=NEXT)
            tenant.vault.follow()
        key = tenant.keyring.next(wanted)
        assert key is not None  # noqa: S101 -- added above, and nobody else changes the keys
        with library_transaction(tenant) as transaction:
            if note_key(transaction, wanted, key):
                self._note(transaction, user, (ADDED, purpose), key.id)
        return key.id

    def let_write(self, purpose: str) -> str:
        tenant = self._tenant
        let_write(tenant.keyring.folder, KeyPurpose(purpose))
        tenant.vault.follow()
        return tenant.keyring.newest(KeyPurpose(purpose)).id

    def note_writing(self, purpose: str, *, user: str) -> None:
        with library_transaction(self._tenant) as transaction:
            key = self._tenant.keyring.next(KeyPurpose(purpose))
            if key is not None:
                self._note(transaction, user, (WRITES, purpose), key.id)

    def apply_share(self, purpose: str, place: SharePlace | None, *, most: int) -> RotatedShare:
        share = _SHARES.get(KeyPurpose(purpose))
        return RotatedShare("", 0, 0, None) if share is None else share(self._tenant, place, most)

    def finish(self, purpose: str, *, rows: int, user: str) -> None:
        # where no row was brought, nothing has followed yet that another library has let the new key write
        self._tenant.vault.follow()
        newest = self._tenant.keyring.newest(KeyPurpose(purpose)).id
        with library_transaction(self._tenant) as transaction:
            self._note(transaction, user, (BROUGHT, purpose), newest, rows)
        SqlUpkeepLog(self._tenant).note(
            UpkeepTask.KEYS, UpkeepOutcome.DONE, {"purpose": purpose, "key": newest, "rows": rows}
        )

    def destroy(self, purpose: str, key_id: str, *, user: str) -> None:
        tenant, wanted = self._tenant, KeyPurpose(purpose)
        tenant.vault.follow()
        _make_sure_that_older(tenant, wanted, key_id)
        _make_sure_that_no_line_names(tenant, wanted, key_id)
        if wanted is KeyPurpose.PIN:
            _make_sure_that_no_pin_names(tenant, key_id)
        with tenant.writing() as transaction:
            everyone = select(tables.library.c.agency).order_by(tables.library.c.agency)
            hold_rows(transaction.connection, everyone.with_for_update(), {})
            _make_sure_that_no_row_names(transaction, wanted, key_id)
            if wanted is KeyPurpose.INDEX:
                _forget_old_lines(transaction)
            this = (_CHECK.purpose == purpose) & (_CHECK.id == key_id)
            transaction.execute(delete(tables.key_check).where(this))
            self._note(transaction, user, (DESTROYED, purpose), key_id)
        # after the commit: a key that is still there does no harm, and one that is still noted would stop every command
        destroy_key(tenant.keyring.folder, wanted, key_id)

    def _note(
        self, transaction: Transaction, user: str, step: tuple[str, str], key_id: str, rows: int | None = None
    ) -> None:
        more = (("key", key_id), *(() if rows is None else (("rows", str(rows)),)))
        happened = audit.Happened(KEY, user=user, actions=step, more=more)
        audit.append(transaction, audit.DESK, [happened])


def _busy() -> RunBusy:
    return RunBusy("somebody else changes the keys", kind="keys.busy")


def _is_brought_half(transaction: Transaction, purpose: KeyPurpose) -> bool:
    """Tells whether an older key has written here, and nobody noted that all rows were brought to the newest one.

    A library that was added after the rotation shares the folder with the older key, and has no row of it.
    """
    live = [key for key in transaction.tenant.keyring.keys[purpose] if not key.is_next]
    noted = select(_CHECK.id).where(_CHECK.agency == transaction.agency, _CHECK.purpose == purpose.value)
    if len(live) == 1 or not {key.id for key in live[1:]} & set(transaction.scalars(noted)):
        return False
    done = select(_DONE.detail).where(_DONE.agency == transaction.agency, _DONE.task == UpkeepTask.KEYS.value)
    return live[0].id not in {json.loads(detail)["key"] for detail in transaction.scalars(done)}


def _measure(transaction: Transaction, purpose: KeyPurpose, key: Key) -> Rotation:
    """Count the rows that a rotation has left. A row with two values counts twice."""
    left = rows = 0
    for name, columns in _BROUGHT.get(purpose, {}).items():
        table = tables.metadata.tables[name]
        named = [(table.c[of], table.c[value].is_not(None)) for of, value in columns]
        older = [func.count().filter((of != key.id) & is_there) for of, is_there in named]
        every = [func.count().filter(of.is_not(None) & is_there) for of, is_there in named]
        wanted = select(sum(older[1:], older[0]), sum(every[1:], every[0])).where(table.c.agency == transaction.agency)
        counted = transaction.execute(wanted).one()
        left, rows = left + counted[0], rows + counted[1]
    return Rotation(purpose.value, key.id, key.made, left, rows)


def _make_sure_that_older(tenant: Tenant, purpose: KeyPurpose, key_id: str) -> None:
    keys = tenant.keyring.keys[purpose]
    if key_id not in {key.id for key in keys}:
        raise BadInput(
            "the key folder holds no {purpose} key {id}", purpose=purpose.value, id=key_id, kind="keys.unknown"
        )
    if key_id == tenant.keyring.newest(purpose).id or any(key.is_next for key in keys):
        raise BadInput(
            "the {purpose} key {id} writes, or a rotation has begun: finish it first",
            purpose=purpose.value,
            id=key_id,
            kind="keys.writes",
        )


def _named(purpose: KeyPurpose, key_id: str, place: str, *, by: str = "") -> BadInput:
    """`by`: what names it and is never brought to a newer key."""
    return BadInput(
        "the {purpose} key {id} is still needed: it is named in {place}",
        purpose=purpose.value,
        id=key_id,
        place=place,
        kind=f"keys.named.{by}" if by else "keys.named",
    )


def _make_sure_that_no_line_names(tenant: Tenant, purpose: KeyPurpose, key_id: str) -> None:
    for place in count_lines_by_key(tenant).get((purpose, key_id), ()):
        raise _named(purpose, key_id, place, by="lines")


def _make_sure_that_no_row_names(transaction: Transaction, purpose: KeyPurpose, key_id: str) -> None:
    """Look through the rows of all libraries, which share the keys. Raises BadInput."""
    for column, of in NAMED_BY:
        if of is purpose and transaction.scalar(select(column).where(column == key_id).limit(1)) is not None:
            is_kept = column.table in {tables.audit, tables.audit_reason}
            raise _named(purpose, key_id, column.table.name, by="audit" if is_kept else "")


def _make_sure_that_no_pin_names(tenant: Tenant, key_id: str) -> None:
    """Open every local part. A new PIN never gets an older key, so nobody has to wait meanwhile. Raises BadInput."""
    vaults: dict[str, Vault] = {}
    wanted = select(_PATRON.agency, _PATRON.id, _PATRON.local_blob, _PATRON.local_key, _PATRON.local_version)
    with tenant.reading() as transaction:
        for row in transaction.execute(wanted.execution_options(yield_per=_READ_ROWS)):
            vault = vaults.setdefault(row.agency, Vault(tenant.keyring, agency=row.agency, random=tenant.random))
            bound = {"place": row.id, "owner": LOCAL, "version": row.local_version}
            local = decode_local(vault.unseal(row.local_blob, row.local_key, **bound))
            if any(card.pin_hash.startswith(key_id) for card in local.cards):
                raise _named(KeyPurpose.PIN, key_id, "the PINs of patrons")


def _forget_old_lines(transaction: Transaction) -> None:
    """Delete the hashes of numbers in the lines of nights from before the newest key. They name no key."""
    since = stamp_of(transaction.tenant.keyring.newest(KeyPurpose.INDEX).made)
    before = select(_RUN.id).where(_RUN.agency == _LINE.agency, _RUN.started < since)
    old = _LINE.number_index.is_not(None) & _LINE.run_id.in_(before)
    transaction.execute(update(tables.run_item).where(old).values(number_index=null()))
