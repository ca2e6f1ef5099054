"""A private RSA key is checked once in a process of the tests, and not by each command and client that reads it.

To check that its primes are primes takes as long as a third of a small command. A program reads its key once; the tests
read the same few keys thousands of times. Whether a certificate belongs to the key is looked at each time. The key to
the register's box is read by asyncssh, for each connection.
"""

from __future__ import annotations

import hashlib
import mmap
from typing import TYPE_CHECKING

from asyncssh.crypto.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from cprsync.register import own_certificate

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

#: How many keys are remembered; any further one is checked each time.
_KEYS_MOST = 128
_SIZE, _EMPTY = hashlib.sha256().digest_size, bytes(hashlib.sha256().digest_size)
#: The digests of what was found right. The processes that are forked from this one write here too.
_CHECKED = mmap.mmap(-1, _SIZE * _KEYS_MOST)
_CONSTRUCT = RSAPrivateKey.construct


def _load(content: bytes, password: bytes | None, *, unsafe_skip_rsa_key_validation: bool = False) -> PrivateKeyTypes:
    if unsafe_skip_rsa_key_validation:
        return load_pem_private_key(content, password, unsafe_skip_rsa_key_validation=True)
    key = load_pem_private_key(content, password, unsafe_skip_rsa_key_validation=_is_checked(content))
    _remember(content)
    return key


def _construct(*arguments: int) -> RSAPrivateKey:
    *numbers, skips_check = arguments
    content = repr(numbers).encode()
    key = _CONSTRUCT(*numbers, skips_check or _is_checked(content))
    if not skips_check:
        _remember(content)
    return key


def _found() -> list[bytes]:
    return [_CHECKED[place : place + _SIZE] for place in range(0, len(_CHECKED), _SIZE)]


def _is_checked(content: bytes) -> bool:
    return hashlib.sha256(content).digest() in _found()


def _remember(content: bytes) -> None:
    digest, checked = hashlib.sha256(content).digest(), _found()
    if digest not in checked and _EMPTY in checked:
        place = checked.index(_EMPTY) * _SIZE
        _CHECKED[place : place + _SIZE] = digest


own_certificate.load_pem_private_key = _load
RSAPrivateKey.construct = staticmethod(_construct)
