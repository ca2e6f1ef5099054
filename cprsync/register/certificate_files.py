"""Reads the files of our certificate and its key, and says which one cannot be read. Never quotes them."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from cprsync.errors import CertificateError
from cprsync.private import open_private

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: A PEM file with a key and its chain has about ten thousand bytes.
_FILE_MAX_BYTES: Final = 1024 * 1024


def read_public(path: Path, *, of: str = "ours") -> bytes:
    """Read a file that others may read. `of`: what its errors are a kind of. Raises CertificateError."""
    with _translate_errors(path, of), path.open("rb") as file:
        return file.read(_FILE_MAX_BYTES)


def read_secret(path: Path) -> bytes:
    """Read a file that must be this user's alone. Raises CertificateError, and ConfigurationError if it is not."""
    with _translate_errors(path, "ours"), open_private(path) as file:
        return file.read(_FILE_MAX_BYTES)


@contextmanager
def _translate_errors(path: Path, of: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise CertificateError("{path} is missing", path=path, kind=f"certificate.{of}.missing") from error
    except OSError as error:
        raise CertificateError("{path} cannot be read", path=path, kind=f"certificate.{of}.unreadable") from error
