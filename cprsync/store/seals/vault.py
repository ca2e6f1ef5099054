"""Seal values, find them by keyed indexes, and recognise equal records by keyed fingerprints, for one agency.

Each sealed value is bound to its place: agency, patron, owner, key and version are associated data. A value from
another row, or an older one of the same row, does not open (decision 16).
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from cprsync.store.seals.codec import dwelling
from cprsync.store.seals.failures import SealBroken
from cprsync.store.seals.keyed import Keyed
from cprsync.store.seals.keys import Purpose

if TYPE_CHECKING:
    from collections.abc import Callable

    from cprsync.domain.person.address import Address
    from cprsync.domain.person.number import CprNumber
    from cprsync.domain.person.sealed import SealedAddress
    from cprsync.store.seals.keys import Keyring

NONCE_BYTES = 12
ADDRESS = "address"


class Vault:
    """The keys in use. Holds no personal data."""

    def __init__(self, keyring: Keyring, *, agency: str, random: Callable[[int], bytes]) -> None:
        self.agency = agency
        self.seal_key = keyring.newest(Purpose.SEAL).id
        self.index_key = keyring.newest(Purpose.INDEX).id
        self.fingerprint_key = keyring.newest(Purpose.FINGERPRINT).id
        self._random = random
        self._ciphers = {key.id: AESGCM(key.secret) for key in keyring.keys[Purpose.SEAL]}
        self._sealing = self._ciphers[self.seal_key]
        self._indexing = [Keyed(key.secret) for key in keyring.keys[Purpose.INDEX]]
        self._index_ids = [key.id for key in keyring.keys[Purpose.INDEX]]
        #: for code outside the store that only has to tell numbers apart, such as the reader of deliveries
        self.foreign_key = self._indexing[0].digest(b"outside the store")
        self._fingerprinting = {key.id: Keyed(key.secret) for key in keyring.keys[Purpose.FINGERPRINT]}

    def seal(self, plain: bytes, *, place: str, owner: str, version: int) -> bytes:
        """Seal with the newest key. The row keeps that key's id, `seal_key`, beside the value.

        Args:
            plain: what is sealed.
            place: the patron's or the delivery's id.
            owner: `register`, `local`, or another owner of the value.
            version: the version of the row, or the place in a sequence.
        """
        nonce = self._random(NONCE_BYTES)
        bound = f"{self.agency}|{place}|{owner}|{self.seal_key}|{version}".encode()
        return nonce + self._sealing.encrypt(nonce, plain, bound)

    def unseal(self, sealed: bytes, key: str, *, place: str, owner: str, version: int) -> bytes:
        """Open a value in its own place.

        Raises:
            SealBroken: it was altered or moved, or its key is missing.
        """
        cipher = self._ciphers.get(key)
        if cipher is None:
            raise SealBroken("a sealed value needs a key that is not in the key folder")
        bound = f"{self.agency}|{place}|{owner}|{key}|{version}".encode()
        try:
            return cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], bound)
        except (InvalidTag, ValueError) as error:
            raise SealBroken(
                "a sealed value ({owner}) was altered or does not belong where it stands", owner=owner
            ) from error

    def fingerprint(self, canonical: bytes) -> bytes:
        """Return the keyed fingerprint of a record, under `fingerprint_key`."""
        return self._fingerprinting[self.fingerprint_key].digest(canonical)

    def is_fingerprint(self, canonical: bytes, fingerprint: bytes, key: str) -> bool:
        """Return whether a record has this fingerprint under the live key with this id."""
        keyed = self._fingerprinting.get(key)
        return keyed is not None and hmac.compare_digest(keyed.digest(canonical), fingerprint)

    def index(self, kind: str, value: str) -> bytes:
        """Return the keyed index for a new row, under `index_key`."""
        return self._indexing[0].digest(f"{kind}|{value}".encode())

    def probes(self, kind: str, value: str) -> list[bytes]:
        """Return the indexes under which a row may be found: one for each live key, the newest first."""
        written = f"{kind}|{value}".encode()
        return [keyed.digest(written) for keyed in self._indexing]

    def index_under(self, key: str, kind: str, value: str) -> bytes:
        """Return the keyed index under one of the live keys."""
        return self._indexing[self._index_ids.index(key)].digest(f"{kind}|{value}".encode())

    @property
    def index_keys(self) -> int:
        """How many probes each look-up makes."""
        return len(self._indexing)

    def number_index(self, number: CprNumber) -> bytes:
        """Return the index of a CPR number."""
        return self.index("number", number.digits)

    def address_index(self, address: Address | SealedAddress) -> bytes:
        """Return the index of a dwelling, which is equal for a whole household."""
        return self.index(ADDRESS, dwelling(address))

    def address_probes(self, address: Address | SealedAddress) -> list[bytes]:
        """Return the indexes under which a household may be found."""
        return self.probes(ADDRESS, dwelling(address))
