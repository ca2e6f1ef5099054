"""The encrypted archive beside the database: keys, erase journal, audit's heads, settings, and what the settings name.

An archive says where each of its files belongs: below the folder of the settings, or at a path of its own.
"""

from __future__ import annotations

import io
import json
import os
import tarfile
from dataclasses import dataclass
from functools import partial
from typing import IO, TYPE_CHECKING, Any, Final

from cprsync.errors import BackupBroken
from cprsync.private import write_new_private

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path


#: The first file of an archive: what the others are.
_CONTENTS: Final = "contents.json"
#: How much is read at a time.
_READ_BYTES: Final = 1024 * 1024
_CONTENTS_MAX: Final = 8 * 1024 * 1024
#: What reading something ends in that is no archive of ours.
_NOT_OURS: Final = (tarfile.TarError, ValueError, KeyError, TypeError, IndexError, StopIteration)


@dataclass(frozen=True, slots=True)
class ArchivedFile:
    """A file in an archive."""

    #: configuration, key, journal, heads, witness, or file
    role: str
    #: where it belongs: relative to the folder of the settings, or absolute
    target: str
    #: when its content was written, in seconds since 1970: a key's day is its file's. 0: not known
    modified: float = 0


def target_of(path: Path, root: Path) -> str:
    """Return where a file belongs: relative to `root` if it is below."""
    return str(path.relative_to(root)) if path.is_relative_to(root) else str(path)


def write_archive(
    plain: IO[bytes], document: dict[str, Any], files: Sequence[tuple[ArchivedFile, bytes | Path]]
) -> None:
    """Write an archive, with what the caller wants to find in it again.

    Raises:
        OSError: a file cannot be read.
    """
    contents = json.dumps({**document, "files": [{"role": one.role, "target": one.target} for one, _ in files]})
    with tarfile.open(mode="w|", fileobj=plain, bufsize=_READ_BYTES) as archive:
        _add(archive, _CONTENTS, contents.encode())
        for number, (kept, content) in enumerate(files):
            _add(archive, str(number), content, kept.modified)


def _add(archive: tarfile.TarFile, name: str, content: bytes | Path, modified: float = 0) -> None:
    entry = tarfile.TarInfo(name)
    entry.mtime = modified
    if isinstance(content, bytes):
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
        return
    with content.open("rb") as file:
        # a log may grow meanwhile: its length now counts
        entry.size = os.fstat(file.fileno()).st_size
        archive.addfile(entry, file)


def read_archive(content: Iterable[bytes], folder: Path) -> tuple[dict[str, Any], list[tuple[ArchivedFile, Path]]]:
    """Unpack an archive into a private folder, under names of ours. Returns its document, and what each file is.

    Raises:
        BackupBroken: it is not an archive of ours.
    """
    found: list[tuple[ArchivedFile, Path]] = []
    try:
        files = _read_files(content)
        document = _read_document(files)
        kinds = [ArchivedFile(str(one["role"]), str(one["target"])) for one in document["files"]]
        for entry, file in files:
            path = folder / str(len(found))
            _write(path, iter(partial(file.read, _READ_BYTES), b""))
            if entry.mtime:
                os.utime(path, (entry.mtime, entry.mtime))
            found.append((kinds[len(found)], path))
    except _NOT_OURS:
        raise _broken() from None
    if len(found) != len(kinds):
        raise _broken()
    return document, found


def read_document(content: Iterable[bytes]) -> dict[str, Any]:
    """Return the document of an archive that is read to its end. Raises BackupBroken: it is not an archive of ours."""
    try:
        files = _read_files(content)
        document = _read_document(files)
        for _ in files:
            pass
    except _NOT_OURS:
        raise _broken() from None
    return document


def _read_files(content: Iterable[bytes]) -> Iterator[tuple[tarfile.TarInfo, IO[bytes]]]:
    stream = _Stream(iter(content))
    with tarfile.open(mode="r|", fileobj=stream, bufsize=_READ_BYTES) as archive:
        for entry in archive:
            file = archive.extractfile(entry)
            if file is None:
                raise _broken()
            yield entry, file
    # to the end: only then the stream is known to be whole
    stream.drain()


def _read_document(files: Iterator[tuple[tarfile.TarInfo, IO[bytes]]]) -> dict[str, Any]:
    _, first = next(files)
    document: dict[str, Any] = json.loads(first.read(_CONTENTS_MAX))
    return document


def _write(path: Path, content: Iterator[bytes]) -> None:
    with write_new_private(path) as file:
        file.writelines(content)


class _Stream(io.RawIOBase):
    """Reads from an iterator of bytes."""

    def __init__(self, content: Iterator[bytes]) -> None:
        self._content, self._rest = content, b""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        while 0 <= len(self._rest) < size:
            more = next(self._content, None)
            if more is None:
                break
            self._rest += more
        taken, self._rest = self._rest[:size], self._rest[size:]
        return taken

    def drain(self) -> None:
        """Read what is left."""
        for _ in self._content:
            pass


def _broken() -> BackupBroken:
    return BackupBroken("the archive of the keys is not one of ours")
