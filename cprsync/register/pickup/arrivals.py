"""Where deliveries arrive: what file names mean there, and the port `Feed` for a folder.

The companion `X.metadata` of a file X says how many bytes X must have. A file with more is refused before it is read. A
file without a companion is left alone until
nobody has written to it for a while (decision 47). Then it is taken: its record 999 proves that it is complete.

Reads no delivery. What names mean is the same over SFTP. Others may write there: a pipe in the place of a file is
waited for by nobody, and a file that grows is read no further than it was.
"""

from __future__ import annotations

import io
import os
import re
import stat
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Literal, TypeAlias

from lxml import etree

from cprsync.errors import ConfigurationError, DeliveryLate, DeliveryRefused
from cprsync.private import closed_to_us
from cprsync.services.ports.deliveries import Feed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cprsync.services.ports.deliveries import WaitingFile

#: What is done with a file after it is sealed in the inbox.
After: TypeAlias = Literal["keep", "delete"]

#: Read at once. The reader of deliveries tells by as much whether a file can be one.
BLOCK_BYTES: Final = 64 * 1024
METADATA = ".metadata"
METADATA_LIMIT_BYTES = 64 * 1024
#: How long a file without a companion is left alone after it was written (decision 47).
METADATA_MINUTES: Final = 30
#: No delivery of the register is as large.
FILE_MAX_BYTES: Final = 2 * 1024 * 1024 * 1024
# D and the day, L and the task; the platform may add more. Letter case varies. Only printable characters are allowed.
_DELIVERY = re.compile(r"D[0-9]{6}\.L[0-9]{6}[!-.0-~]{0,200}", re.IGNORECASE | re.ASCII)
#: Companions, which are no deliveries, and the endings that transfer programs use while they write a file.
_NO_DELIVERY = (METADATA, ".trigger", ".sftpreceipt")
_BEING_WRITTEN = (".part", ".filepart", ".tmp")


def is_delivery(name: str) -> bool:
    """Whether a file of this name is a delivery, complete or not."""
    return _DELIVERY.fullmatch(name) is not None and not name.lower().endswith(_NO_DELIVERY)


def is_being_written(name: str) -> bool:
    """Whether the name says that the file is being written."""
    return name.lower().endswith(_BEING_WRITTEN)


def companion_of(name: str) -> str:
    """The name of the companion file, which announces the size."""
    return name + METADATA


def has_waited(modified: float | None, *, now: float, minutes: int) -> bool:
    """Whether a file without a companion was last written long enough ago. `modified` None: nobody knows when."""
    return modified is None or modified <= now - minutes * 60


def sorting_key(name: str) -> tuple[str, str]:
    """The key that sorts deliveries by day, in any letter case."""
    return name.upper(), name


def find_announced(names: set[str]) -> set[str]:
    """Names of files with companions among `names`, whether the files exist or not."""
    return {name.removesuffix(METADATA) for name in names if name.endswith(METADATA)}


def parse_size(metadata: bytes) -> float:
    """Read the announced size in bytes. Infinite while the companion itself is incomplete."""
    if len(metadata) > METADATA_LIMIT_BYTES:
        return float("inf")
    parser = etree.XMLParser(resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False)
    try:
        root = etree.fromstring(metadata, parser)
    except etree.XMLSyntaxError:
        return float("inf")
    texts = [str(size.text) for size in root.iter("{*}SizeInBytes")]
    return int(texts[0]) if len(texts) == 1 and re.fullmatch(r"[0-9]{1,15}", texts[0].strip()) else float("inf")


def check_size(size: int, announced: float | None, *, most: int) -> None:
    """Refuse a file by its size, before it is read. `announced`: what its companion says. Raises DeliveryRefused."""
    if size > most:
        raise DeliveryRefused("the delivery is larger than one may be", kind="delivery.too_large")
    if announced is not None and size > announced:
        raise DeliveryRefused(
            "the file has {size} bytes, and its .metadata announces {announced}",
            size=size,
            announced=int(announced),
            kind="delivery.damaged",
        )


@dataclass(frozen=True, slots=True)
class FolderFile:
    """A file in the folder."""

    path: Path
    after: After
    #: how many bytes its companion says; None: it has none
    announced: float | None = None

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def is_announced(self) -> bool:
        return self.announced is not None

    @property
    def mark(self) -> None:
        """None: the file is read each night, which notices any replacement."""

    def open(self) -> BinaryIO:
        """Open the content.

        Raises:
            DeliveryRefused: the file cannot be read, or is larger than announced or than a delivery may be.
            DeliveryLate: kind `delivery.unfinished`, also while it is read; the file changes meanwhile.
        """
        try:
            content = _Content(_open_ordinary(self.path))
        except OSError as failed:
            raise DeliveryRefused("the delivery cannot be read from its folder", kind="delivery.unreadable") from failed
        try:
            check_size(content.size, self.announced, most=FILE_MAX_BYTES)
        except DeliveryRefused:
            content.close()
            raise
        return io.BufferedReader(content, buffer_size=BLOCK_BYTES)

    def done(self) -> None:
        """Delete the file if the settings say so.

        The companion is deleted first: a file without one is taken again, and is then a repeat.
        """
        if self.after == "keep":
            return
        try:
            _companion(self.path).unlink(missing_ok=True)
            self.path.unlink(missing_ok=True)
        except PermissionError:
            raise closed_to_us(self.path.parent) from None
        except OSError as failed:
            raise ConfigurationError("a delivery cannot be deleted from its folder", kind="feed.folder") from failed


class _Content(io.RawIOBase):
    """The content of a file as large as it was when it was opened."""

    def __init__(self, file: io.FileIO) -> None:
        super().__init__()
        self._file, self.size = file, os.fstat(file.fileno()).st_size

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        return self._file.seek(offset, whence)

    def readinto(self, buffer: Any, /) -> int:
        left = self.size - self._file.tell()
        count = self._file.readinto(memoryview(buffer)[: max(left, 0)]) or 0
        if count == 0 and (left > 0 or os.fstat(self._file.fileno()).st_size != self.size):
            raise DeliveryLate("a delivery was changed while it was read", kind="delivery.unfinished")
        return count

    def close(self) -> None:
        self._file.close()
        super().close()


class FolderFeed(Feed):
    """The deliveries in one folder."""

    def __init__(
        self,
        path: Path,
        *,
        after: After,
        metadata_minutes: int = METADATA_MINUTES,
        now: Callable[[], float] = time.time,
    ) -> None:
        """Take the folder.

        Args:
            path: the folder.
            after: whether files stay in it after they are sealed in the inbox.
            metadata_minutes: how long a file without a companion is left alone after it was written.
            now: real time, never a mock's.
        """
        self._path = path
        self._after: After = after
        self._minutes, self._now = metadata_minutes, now

    def waiting(self) -> list[WaitingFile]:
        """Raises ConfigurationError if the folder does not exist."""
        return [file for path in self._deliveries() if (file := self._whole(path)) is not None]

    def unfinished(self) -> list[str]:
        """Names of files that are smaller than announced, announced but missing, or may still be written."""
        return [path.name for path in self._deliveries(promised=True) if self._whole(path) is None]

    def unfinished_file(self, name: str) -> WaitingFile | None:
        return next((FolderFile(path, self._after) for path in self._deliveries() if path.name == name), None)

    def _deliveries(self, *, promised: bool = False) -> list[Path]:
        try:
            found = {path.name: path for path in self._path.iterdir() if path.is_file()}
        except PermissionError:
            raise closed_to_us(self._path) from None
        except OSError as failed:
            raise ConfigurationError("the folder of deliveries cannot be read", kind="feed.folder") from failed
        if promised:
            found = {name: self._path / name for name in find_announced(set(found))} | found
        return sorted(
            (path for name, path in found.items() if is_delivery(name)), key=lambda path: sorting_key(path.name)
        )

    def _whole(self, path: Path) -> FolderFile | None:
        """The file, if all announced bytes are there. One with more is listed too, and refused when it is opened."""
        if is_being_written(path.name):
            return None
        try:
            state = path.stat()
            announced = _announced(path)
        except OSError:
            # announced but missing, or moved away just now
            return None
        if announced is None:
            is_whole = has_waited(state.st_mtime, now=self._now(), minutes=self._minutes)
        else:
            is_whole = state.st_size >= announced
        return FolderFile(path, self._after, announced) if is_whole else None


def _companion(path: Path) -> Path:
    return path.with_name(companion_of(path.name))


def _announced(path: Path) -> float | None:
    """How many bytes the companion says. None: there is none. Raises OSError."""
    return parse_size(_start_of(_companion(path))) if _companion(path).exists() else None


def _start_of(companion: Path) -> bytes:
    with io.BufferedReader(_open_ordinary(companion)) as content:
        return content.read(METADATA_LIMIT_BYTES + 1)


def _open_ordinary(path: Path) -> io.FileIO:
    """Open a file that is neither a pipe nor a device, which could be read without end. Raises OSError."""
    # non-blocking: a pipe would wait for a writer
    file = io.FileIO(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC))
    if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        return file
    file.close()
    raise OSError("no ordinary file")
