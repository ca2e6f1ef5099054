"""Seal a stream of bytes to the public key of whoever may restore, in frames of which none can be missing.

X25519 with a key pair for each stream, HKDF-SHA256, and AES-256-GCM for each frame. A frame's nonce is its number and
whether it is the last, so that frames cannot be cut off, moved or doubled. The name of the place goes into the key: a
stream that is put in another place does not open. Memory does not grow with the stream.
"""

from __future__ import annotations

import hashlib
import os
import struct
from typing import IO, TYPE_CHECKING, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from cprsync.errors import BackupBroken, ConfigurationError
from cprsync.private import OTHERS_WRITE, create_private, open_private

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Self

_MAGIC: Final = b"cprsync sealed 1\n"
_POINT_BYTES: Final = 32
_TAG_BYTES: Final = 16
#: How many bytes one frame seals.
FRAME_BYTES: Final = 1024 * 1024
#: The length of a frame, with this bit in the last one.
_LENGTH: Final = struct.Struct(">I")
_LAST: Final = 1 << 31
#: No key file is longer than this many bytes.
_FILE_MAX: Final = 2000
#: The file of a public key is named after its private key's.
PUBLIC: Final = ".pub"


class Recipient:
    """A public key. Whoever has its private key can restore."""

    def __init__(self, key: X25519PublicKey) -> None:
        self.raw = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
        self._key = key

    @property
    def name(self) -> str:
        """What manifests call the key."""
        return hashlib.sha256(self.raw).hexdigest()[:16]

    def agree(self) -> tuple[bytes, bytes]:
        """Return a new public key for one stream, and the secret that it shares with this one."""
        own = X25519PrivateKey.generate()
        return own.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw), own.exchange(self._key)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a public key. Raises ConfigurationError: there is none, or others may change the file."""
        try:
            with open_private(path, forbidden=OTHERS_WRITE) as file:
                key = load_pem_public_key(file.read(_FILE_MAX))
        except PermissionError:
            raise _closed(path) from None
        except (OSError, ValueError) as error:
            raise _no_key(path) from error
        if not isinstance(key, X25519PublicKey):
            raise _no_key(path)
        return cls(key)


class Opener:
    """A private key."""

    def __init__(self, key: X25519PrivateKey) -> None:
        self._key = key
        self.recipient = Recipient(key.public_key())

    def agree(self, other: bytes) -> bytes:
        """Return the secret shared with a stream's public key. Raises BackupBroken."""
        try:
            return self._key.exchange(X25519PublicKey.from_public_bytes(other))
        except ValueError:
            raise _broken("its beginning was altered") from None

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a private key. Raises ConfigurationError: there is none, or others may read the file."""
        try:
            with open_private(path) as file:
                key = load_pem_private_key(file.read(_FILE_MAX), password=None)
        except PermissionError:
            raise _closed(path) from None
        except (OSError, ValueError, TypeError):
            # from None: nothing in the file may be in a message
            raise _no_key(path) from None
        if not isinstance(key, X25519PrivateKey):
            raise _no_key(path)
        return cls(key)


def make_key_pair(path: Path) -> Recipient:
    """Write a new private key, and its public key beside it. What is there is never overwritten.

    Raises:
        ConfigurationError: one of the two is there already, or nothing can be written.
    """
    key = X25519PrivateKey.generate()
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    beside = path.with_name(path.name + PUBLIC)
    if os.path.lexists(path) or os.path.lexists(beside):
        raise ConfigurationError("{path} is there already: no key is overwritten", path=path, kind="backup.key")
    try:
        create_private(path, private.decode("ascii"))
        create_private(beside, public.decode("ascii"))
    except FileNotFoundError as error:
        folder = path.parent
        raise ConfigurationError("{folder} is not there", folder=folder, kind="backup.key.folder") from error
    except OSError as error:
        raise ConfigurationError(
            "{path}: no key can be written there ({why})", path=path, why=error.strerror, kind="backup.key"
        ) from error
    return Recipient(key.public_key())


class SealedWriter:
    """Seals what is written to it. Only a stream that was finished can be opened."""

    def __init__(self, file: IO[bytes], recipient: Recipient, *, place: str) -> None:
        """Write the beginning. `place`: of what backup and which part this is."""
        own, secret = recipient.agree()
        self._file, self._waits, self._number = file, bytearray(), 0
        self._aead = AESGCM(_derive(secret, own, recipient.raw, place))
        self._hash, self.bytes = hashlib.sha256(), 0
        self._put(_MAGIC + own + recipient.raw)

    @property
    def sha256(self) -> str:
        """The hash of all that was put into the file."""
        return self._hash.hexdigest()

    def write(self, content: bytes) -> int:
        """Take more to seal."""
        self._waits += content
        while len(self._waits) > FRAME_BYTES:
            self._seal(bytes(self._waits[:FRAME_BYTES]), is_last=False)
            del self._waits[:FRAME_BYTES]
        return len(content)

    def finish(self) -> None:
        """Seal the rest, and say that it was the last."""
        self._seal(bytes(self._waits), is_last=True)
        self._waits.clear()

    def _seal(self, plain: bytes, *, is_last: bool) -> None:
        head = _LENGTH.pack((len(plain) + _TAG_BYTES) | (_LAST if is_last else 0))
        self._put(head + self._aead.encrypt(_nonce(self._number, is_last=is_last), plain, head))
        self._number += 1

    def _put(self, content: bytes) -> None:
        self._file.write(content)
        self._hash.update(content)
        self.bytes += len(content)


def open_sealed(file: IO[bytes], opener: Opener, *, place: str) -> Iterator[bytes]:
    """Yield what was sealed for a place. The last is yielded only after the end was verified to be the end.

    Raises:
        ConfigurationError: it is sealed to another key.
        BackupBroken: it was altered, cut off, or belongs in another place.
    """
    own, to = _read_beginning(file)
    if to != opener.recipient.raw:
        raise ConfigurationError(
            "the backup is encrypted to the key {theirs}, and this is the key {ours}",
            theirs=hashlib.sha256(to).hexdigest()[:16],
            ours=opener.recipient.name,
            kind="backup.other_key",
        )
    aead = AESGCM(_derive(opener.agree(own), own, to, place))
    for number, (head, sealed, is_last) in enumerate(_frames(file)):
        try:
            plain = aead.decrypt(_nonce(number, is_last=is_last), sealed, head)
        except InvalidTag:
            raise _broken("it was altered, or is a part of another backup") from None
        yield plain


def check_frames(file: IO[bytes]) -> str:
    """Check without any key that a sealed stream has a beginning, whole frames and an end. Returns its recipient.

    Raises:
        BackupBroken: it has not.
    """
    _, to = _read_beginning(file)
    for _ in _frames(file):
        pass
    return hashlib.sha256(to).hexdigest()[:16]


def _read_beginning(file: IO[bytes]) -> tuple[bytes, bytes]:
    begins = file.read(len(_MAGIC) + 2 * _POINT_BYTES)
    if len(begins) < len(_MAGIC) + 2 * _POINT_BYTES or not begins.startswith(_MAGIC):
        raise _broken("it does not begin as a sealed file")
    points = begins[len(_MAGIC) :]
    return points[:_POINT_BYTES], points[_POINT_BYTES:]


def _frames(file: IO[bytes]) -> Iterator[tuple[bytes, bytes, bool]]:
    is_last = False
    while not is_last:
        head = file.read(_LENGTH.size)
        if len(head) < _LENGTH.size:
            raise _broken("its end is missing")
        (told,) = _LENGTH.unpack(head)
        is_last, length = bool(told & _LAST), told & ~_LAST
        if not _TAG_BYTES <= length <= FRAME_BYTES + _TAG_BYTES:
            raise _broken("a length in it was altered")
        sealed = file.read(length)
        if len(sealed) < length:
            raise _broken("its end is missing")
        if is_last and file.read(1):
            raise _broken("something follows its end")
        yield head, sealed, is_last


def _derive(secret: bytes, own: bytes, to: bytes, place: str) -> bytes:
    info = b"cprsync backup|" + place.encode()
    return HKDF(algorithm=SHA256(), length=32, salt=own + to, info=info).derive(secret)


def _nonce(number: int, *, is_last: bool) -> bytes:
    return number.to_bytes(11) + bytes([is_last])


def _broken(why: str) -> BackupBroken:
    return BackupBroken("a sealed part of the backup is broken: {why}", why=why)


def _closed(path: Path) -> ConfigurationError:
    return ConfigurationError("{path}: this user may not read it", path=path, kind="file.owner")


def _no_key(path: Path) -> ConfigurationError:
    return ConfigurationError("{path}: there is no key for backups in it", path=path, kind="backup.key")
