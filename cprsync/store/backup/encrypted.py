"""Encrypt a stream of bytes to the public key of whoever may restore, as `age` does: `age -d` opens it without us.

What is cut off, altered or followed by more does not open. Memory does not grow with the stream: the library reads and
writes files, so that a thread runs it at the other end of a pipe.
"""

from __future__ import annotations

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from io import BufferedIOBase
from typing import IO, TYPE_CHECKING, Final

import pyrage
from pyrage import x25519

from cprsync.errors import BackupBroken, ConfigurationError
from cprsync.private import OTHERS_WRITE, create_private, open_private

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Future
    from io import BufferedReader, BufferedWriter
    from pathlib import Path
    from typing import Self

    from _typeshed import ReadableBuffer

#: The lines of a key's file that are none: what `age-keygen` writes beside the key.
_COMMENT: Final = "#"
#: No key file is longer than this many bytes.
_FILE_MAX: Final = 2000
#: The file of a public key is named after its private key's.
PUBLIC: Final = ".pub"
_READ_BYTES: Final = 1024 * 1024


class Recipient:
    """A public key. Whoever has its private key can restore."""

    def __init__(self, key: x25519.Recipient) -> None:
        self.key = key

    @property
    def name(self) -> str:
        """The public key itself, as `age` writes it. It is no secret."""
        return str(self.key)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a public key. Raises ConfigurationError: there is none, or others may change the file."""
        try:
            return cls(x25519.Recipient.from_str(_read_line(path, forbidden=OTHERS_WRITE)))
        except pyrage.RecipientError:
            raise _no_key(path) from None


class Opener:
    """A private key."""

    def __init__(self, key: x25519.Identity) -> None:
        self.key = key
        self.recipient = Recipient(key.to_public())

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a private key. Raises ConfigurationError: there is none, or others may read the file."""
        try:
            return cls(x25519.Identity.from_str(_read_line(path)))
        except pyrage.IdentityError:
            # from None: nothing in the file may be in a message
            raise _no_key(path) from None

    def make_sure_that_meant(self, name: str) -> None:
        """Raise ConfigurationError if a backup is encrypted to another key. `name`: of the one in its manifest."""
        if name != self.recipient.name:
            raise ConfigurationError(
                "the backup is encrypted to the key {theirs}, and this is the key {ours}",
                theirs=name,
                ours=self.recipient.name,
                kind="backup.other_key",
            )


def _read_line(path: Path, **how: int) -> str:
    """Return the one line of a key's file that is no comment. Raises ConfigurationError."""
    try:
        with open_private(path, **how) as file:
            lines = file.read(_FILE_MAX).decode("ascii").splitlines()
        (line,) = [line for line in map(str.strip, lines) if line and not line.startswith(_COMMENT)]
    except PermissionError:
        raise ConfigurationError("{path}: this user may not read it", path=path, kind="file.owner") from None
    except (OSError, ValueError):
        raise _no_key(path) from None
    return line


def make_key_pair(path: Path) -> Recipient:
    """Write a new private key, and its public key beside it. What is there is never overwritten.

    Raises:
        ConfigurationError: one of the two is there already, or nothing can be written.
    """
    key = x25519.Identity.generate()
    public, beside = key.to_public(), path.with_name(path.name + PUBLIC)
    if os.path.lexists(path) or os.path.lexists(beside):
        raise ConfigurationError("{path} is there already: no key is overwritten", path=path, kind="backup.key")
    try:
        create_private(path, f"# public key: {public}\n{key}\n")
        create_private(beside, f"{public}\n")
    except FileNotFoundError as error:
        folder = path.parent
        raise ConfigurationError("{folder} is not there", folder=folder, kind="backup.key.folder") from error
    except OSError as error:
        raise ConfigurationError(
            "{path}: no key can be written there ({why})", path=path, why=error.strerror, kind="backup.key"
        ) from error
    return Recipient(public)


class CountedFile(BufferedIOBase):
    """Counts and hashes what is put into a file, and remembers why the file took no more."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._hash = file, hashlib.sha256()
        self.bytes = 0
        self.refused: OSError | None = None

    @property
    def sha256(self) -> str:
        """The hash of all that was put into the file."""
        return self._hash.hexdigest()

    def write(self, content: ReadableBuffer) -> int:
        """Put something into the file."""
        try:
            self._file.write(content)
        except OSError as error:
            self.refused = error
            raise
        self._hash.update(content)
        size = memoryview(content).nbytes
        self.bytes += size
        return size


@contextmanager
def encrypting(written: CountedFile, recipient: Recipient) -> Iterator[IO[bytes]]:
    """Encrypt what is written in the block. After a block that fails the file is worth nothing.

    Raises:
        OSError: the file takes no more.
    """
    reads, writes = _open_pipe()

    def encrypt() -> None:
        # whoever writes has to hear that nobody reads any more
        with reads:
            pyrage.encrypt_io(reads, written, [recipient.key])

    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(encrypt)
        try:
            with writes:
                yield writes
        except BrokenPipeError:
            _end(done, written)
            raise
        _end(done, written)


def _end(done: Future[None], written: CountedFile) -> None:
    try:
        done.result()
    except pyrage.EncryptError:
        # the library's own error only quotes the file's
        if written.refused is None:
            raise
    if written.refused is not None:
        raise written.refused


def open_encrypted(file: BufferedIOBase, opener: Opener, *, name: str) -> Iterator[bytes]:
    """Yield what was encrypted. The end is verified to be the end before the iterator ends. `name`: of the part.

    Raises:
        BackupBroken: it was altered, cut off, or is encrypted to another key.
    """
    reads, writes = _open_pipe()

    def decrypt() -> None:
        with writes:
            pyrage.decrypt_io(file, writes, [opener.key])

    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(decrypt)
        with reads:
            while content := reads.read(_READ_BYTES):
                yield content
        try:
            done.result()
        except (pyrage.DecryptError, OSError):
            # from None: the library says "decryption error" of all
            raise broken(name, "it was altered, is cut off, or is encrypted to another key") from None


def _open_pipe() -> tuple[BufferedReader, BufferedWriter]:
    """Open both ends. Each is closed by whoever has it, so that the other never waits for somebody who has gone."""
    end, begin = os.pipe()
    return os.fdopen(end, "rb"), os.fdopen(begin, "wb")


def broken(name: str, why: str) -> BackupBroken:
    """A part of a backup that cannot be used."""
    return BackupBroken("the part {name} of the backup is broken: {why}", name=name, why=why)


def _no_key(path: Path) -> ConfigurationError:
    return ConfigurationError("{path}: there is no key for backups in it", path=path, kind="backup.key")
