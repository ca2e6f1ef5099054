"""PINs: only a keyed Argon2id hash is stored. The database without the keys, or the keys alone, cannot test a PIN."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from cprsync.store.seals.keys import Purpose

if TYPE_CHECKING:
    from cprsync.store.core.tenant import Tenant

#: As in OWASP's password storage cheat sheet: 19 MiB, two passes, one lane.
_MEMORY_KIB: Final = 19 * 1024
_PASSES: Final = 2
_LANES: Final = 1
_HASH_BYTES: Final = 32
_SALT_BYTES: Final = 16
_MARK: Final = ":"


def hash_pin(tenant: Tenant, pin: str) -> str:
    """Hash a PIN with a salt of its own. The key's id is in front of the hash."""
    key = tenant.keyring.newest(Purpose.PIN)
    argon = Argon2id(
        salt=tenant.random(_SALT_BYTES),
        length=_HASH_BYTES,
        iterations=_PASSES,
        lanes=_LANES,
        memory_cost=_MEMORY_KIB,
        secret=key.secret,
    )
    return f"{key.id}{_MARK}{argon.derive_phc_encoded(pin.encode())}"


def is_pin(tenant: Tenant, pin: str, pin_hash: str) -> bool:
    """Return whether a PIN is the one that was hashed. False if there is no hash, or its key is gone."""
    key_id, mark, encoded = pin_hash.partition(_MARK)
    key = tenant.keyring.by_id(Purpose.PIN).get(key_id)
    if not mark or key is None:
        return False
    try:
        Argon2id.verify_phc_encoded(pin.encode(), encoded, secret=key.secret)
    except InvalidKey:
        return False
    return True
