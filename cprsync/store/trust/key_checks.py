"""Check that the keys at hand are those that wrote the store, before anything is read or written with them.

For each key that has written in it, a store keeps the id and a code that only that key gives. Making and reading keys
is in `keys`.
"""

from __future__ import annotations

import hmac
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import CompoundSelect, inspect, literal, select, text, union
from sqlalchemy.engine import make_url

from cprsync.errors import ConfigurationError
from cprsync.store import tables
from cprsync.store.core.engine import open_engine, reading
from cprsync.store.core.tenant import AGENCY_IS
from cprsync.store.lending.circulation import TABLES as CIRCULATION
from cprsync.store.seals.keys import KeyPurpose

if TYPE_CHECKING:
    from sqlalchemy import Column, Engine

    from cprsync.store.core.tenant import Tenant, Transaction
    from cprsync.store.seals.keys import Key, Keyring

_CHECK, _PATRON = tables.key_check.c, tables.patron.c
_NOTED: Final = select(tables.key_check).where(_CHECK.agency == AGENCY_IS)
_NOTE = text(
    "INSERT INTO key_check (agency, purpose, id, code) VALUES (:agency, :purpose, :id, :code) ON CONFLICT DO NOTHING"
)
#: The columns that name the key of a value. A test compares them with the tables.
NAMED_BY: Final[tuple[tuple[Column[Any], KeyPurpose], ...]] = (
    (_PATRON.register_key, KeyPurpose.SEAL),
    (_PATRON.local_key, KeyPurpose.SEAL),
    (_PATRON.fingerprint_key, KeyPurpose.FINGERPRINT),
    (_PATRON.index_key, KeyPurpose.INDEX),
    (_PATRON.address_key, KeyPurpose.INDEX),
    (tables.library.c.records_key, KeyPurpose.FINGERPRINT),
    (tables.patron_key.c.key_id, KeyPurpose.INDEX),
    (tables.finding_key.c.key_id, KeyPurpose.INDEX),
    (tables.subscription.c.number_key, KeyPurpose.SEAL),
    (tables.before_image.c.register_key, KeyPurpose.SEAL),
    (tables.follow_up.c.answer_key, KeyPurpose.SEAL),
    (tables.provisional.c.key, KeyPurpose.SEAL),
    (tables.override.c.key, KeyPurpose.SEAL),
    (tables.kept_block.c.key, KeyPurpose.SEAL),
    (tables.kept_block.c.number_key, KeyPurpose.INDEX),
    (tables.review_item.c.key, KeyPurpose.SEAL),
    (tables.outbox.c.key, KeyPurpose.SEAL),
    (tables.change.c.key, KeyPurpose.SEAL),
    (tables.account.c.index_key, KeyPurpose.INDEX),
    (tables.card_account.c.index_key, KeyPurpose.INDEX),
    (tables.card_account.c.key, KeyPurpose.SEAL),
    *((table.c.key, KeyPurpose.SEAL) for table in CIRCULATION),
    (tables.inbox.c.key, KeyPurpose.SEAL),
    (tables.audit.c.key, KeyPurpose.AUDIT),
    (tables.audit_reason.c.key, KeyPurpose.SEAL),
    (tables.desk_attempt.c.number_key, KeyPurpose.INDEX),
    (tables.watched_number.c.number_key, KeyPurpose.INDEX),
    (tables.staff_patron.c.number_key, KeyPurpose.INDEX),
)


def check_keys(tenant: Tenant) -> None:
    """Check the keys that are noted as having written here. Writes nothing.

    Raises:
        ConfigurationError: one of them is not in the key folder, or another key has its id.
    """
    with tenant.reading() as transaction:
        known = _known(transaction)
    for (purpose, key_id), code in known.items():
        if not hmac.compare_digest(_code(purpose, _find_key(tenant.keyring, purpose, key_id)), code):
            raise _another(purpose, key_id)


def find_new_keys(tenant: Tenant) -> set[tuple[KeyPurpose, str]]:
    """Find the keys that still have to be noted. Writes nothing."""
    writes = {(purpose, tenant.keyring.newest(purpose).id) for purpose in KeyPurpose}
    with tenant.reading() as transaction:
        return writes - _known(transaction).keys()


def note_keys(tenant: Tenant) -> None:
    """Note the keys that write from now on, so that no other key passes for one of them."""
    new = find_new_keys(tenant)
    if not new:
        return
    with tenant.writing() as transaction:
        for purpose, key_id in new:
            code = _code(purpose, tenant.keyring.by_id(purpose)[key_id])
            values = {"agency": transaction.agency, "purpose": purpose.value, "id": key_id, "code": code}
            transaction.execute(_NOTE, values)


def note_key(transaction: Transaction, purpose: KeyPurpose, key: Key) -> bool:
    """Note a key before it writes, in the caller's transaction. Returns False if it was noted already."""
    values = {"agency": transaction.agency, "purpose": purpose.value, "id": key.id, "code": _code(purpose, key)}
    return transaction.execute(_NOTE, values).rowcount == 1


def keys_in_use(transaction: Transaction) -> set[tuple[KeyPurpose, str]]:
    """Return the keys that the library's rows name, in all its tables. Reads every row."""
    rows = transaction.execute(_select_in_use(), {"agency_": transaction.agency})
    return {(KeyPurpose(purpose), key) for purpose, key in rows}


@cache
def _select_in_use() -> CompoundSelect[str, str]:
    return union(
        *(
            select(literal(purpose.value), column).where(column.table.c.agency == AGENCY_IS, column.is_not(None))
            for column, purpose in NAMED_BY
        )
    )


def noted_keys(tenant: Tenant) -> set[tuple[str, str]]:
    """Return purpose and id of every key that has written for the library, by what was noted."""
    with tenant.reading() as transaction:
        return {(purpose.value, key_id) for purpose, key_id in _known(transaction)}


def check_journal_keys(tenant: Tenant) -> None:
    """Check the keys that the library's lines in the erase journal name.

    Raises:
        ConfigurationError: one of them is not in the key folder.
    """
    for checkpoint, index in tenant.journal.key_ids(tenant.agency):
        _find_key(tenant.keyring, KeyPurpose.CHECKPOINT, checkpoint)
        # an erased patron's line has no hash, so its index key may have been destroyed
        if index is not None:
            _find_key(tenant.keyring, KeyPurpose.INDEX, index)


def make_sure_that_empty(url: str) -> None:
    """Check that no patron is there before new keys are made.

    With new keys no patron in the store could be found, and each would be created again.

    Raises:
        ConfigurationError: the store at `url` holds patrons.
    """
    path = make_url(url).database
    if url.startswith("sqlite") and not (path and Path(path).exists()):
        return
    engine = open_engine(url)
    try:
        if holds_patrons(engine):
            raise ConfigurationError(
                "the database holds patrons, and the keys that they were sealed with are not there",
                kind="keys.lost",
            )
    finally:
        engine.dispose()


def holds_patrons(engine: Engine) -> bool:
    """Return whether a database of any version holds patrons."""
    with reading(engine) as connection:
        there = inspect(connection).has_table("patron")
        return there and connection.scalar(text("SELECT 1 FROM patron LIMIT 1")) is not None


def _known(transaction: Transaction) -> dict[tuple[KeyPurpose, str], bytes]:
    rows = transaction.execute(_NOTED, {"agency_": transaction.agency})
    return {(KeyPurpose(row.purpose), row.id): row.code for row in rows}


def _find_key(keyring: Keyring, purpose: KeyPurpose, key_id: str) -> Key:
    key = keyring.by_id(purpose).get(key_id)
    if key is None:
        raise ConfigurationError(
            "the {purpose} key {id} is not in the key folder, and records were written with it",
            purpose=purpose.value,
            id=key_id,
            kind="keys.lost",
        )
    return key


def _another(purpose: KeyPurpose, key_id: str) -> ConfigurationError:
    return ConfigurationError(
        "the {purpose} key {id} in the key folder is another one than the records were written with",
        purpose=purpose.value,
        id=key_id,
        kind="keys.other",
    )


def _code(purpose: KeyPurpose, key: Key) -> bytes:
    return hmac.digest(key.secret, f"check|{purpose.value}|{key.id}".encode(), "sha256")
