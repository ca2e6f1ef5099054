"""The port `Feed` over a folder: which deliveries wait in it, and which are still being written.

The companion `X.metadata` of a file X says how many bytes it is to have. Without one the file is
taken: its record 999 proves that it is whole. Reads no delivery, and knows nothing of SFTP.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Literal, TypeAlias

from lxml import etree

from cprsync.errors import ConfigurationError, DeliveryRefused

if TYPE_CHECKING:
    from pathlib import Path

    from cprsync.sync.ports import WaitingFile

After: TypeAlias = Literal["keep", "delete"]

METADATA = ".metadata"
METADATA_LIMIT_BYTES = 64 * 1024
# D, the day, L, the task; the platform may add to it. Letter case varies.
_DELIVERY = re.compile(r"D[0-9]{6}\.L[0-9]{6}.*", re.IGNORECASE | re.ASCII)
#: Companions that are no deliveries, and what transfer programs call a file while they write it.
_NO_DELIVERY = (METADATA, ".trigger", ".sftpreceipt")
_BEING_WRITTEN = (".part", ".filepart", ".tmp")


@dataclass(frozen=True, slots=True)
class FolderFile:
    """A whole file in the folder."""

    path: Path
    after: After

    @property
    def name(self) -> str:
        return self.path.name

    def open(self) -> BinaryIO:
        """Open the content. Raises DeliveryRefused if the file cannot be read."""
        try:
            return self.path.open("rb")
        except OSError as failed:
            raise DeliveryRefused("the delivery cannot be read from its folder", kind="delivery.unreadable") from failed

    def done(self) -> None:
        """Delete it if so set. The companion goes first: a file without one is taken again, and is then a repeat."""
        if self.after == "keep":
            return
        try:
            _companion(self.path).unlink(missing_ok=True)
            self.path.unlink(missing_ok=True)
        except OSError as failed:
            raise ConfigurationError("a delivery cannot be deleted from its folder", kind="feed.folder") from failed


class FolderFeed:
    """The deliveries in one folder."""

    def __init__(self, path: Path, *, after: After) -> None:
        """Take the folder, and whether files stay in it once they are sealed in the inbox."""
        self._path = path
        self._after: After = after

    def waiting(self) -> list[WaitingFile]:
        """Whole files, in the order of their names. Raises ConfigurationError if there is no such folder."""
        return [FolderFile(path, self._after) for path in self._deliveries() if _is_whole(path)]

    def unfinished(self) -> list[str]:
        """Names of files that are smaller than announced, announced and not there, or named as being written."""
        return [path.name for path in self._deliveries(announced=True) if not _is_whole(path)]

    def _deliveries(self, *, announced: bool = False) -> list[Path]:
        try:
            found = {path.name: path for path in self._path.iterdir() if path.is_file()}
        except OSError as failed:
            raise ConfigurationError("the folder of deliveries cannot be read", kind="feed.folder") from failed
        if announced:
            names = [name[: -len(METADATA)] for name in found if name.endswith(METADATA)]
            found = {name: self._path / name for name in names} | found
        named = [path for name, path in found.items() if _is_delivery(name)]
        return sorted(named, key=lambda path: (path.name.upper(), path.name))


def _is_delivery(name: str) -> bool:
    return _DELIVERY.fullmatch(name) is not None and not name.lower().endswith(_NO_DELIVERY)


def _companion(path: Path) -> Path:
    return path.with_name(path.name + METADATA)


def _is_whole(path: Path) -> bool:
    """Whether all announced bytes are there. Too many are let through: the reader says what is wrong."""
    if path.name.lower().endswith(_BEING_WRITTEN):
        return False
    try:
        size = path.stat().st_size
        announced = _start_of(_companion(path)) if _companion(path).exists() else None
    except OSError:
        # announced but not there, or moved away just now
        return False
    return announced is None or size >= _size_in_bytes(announced)


def _start_of(companion: Path) -> bytes:
    with companion.open("rb") as content:
        return content.read(METADATA_LIMIT_BYTES + 1)


def _size_in_bytes(metadata: bytes) -> float:
    """Read the announced size; infinite while the companion itself is not whole."""
    if len(metadata) > METADATA_LIMIT_BYTES:
        return float("inf")
    parser = etree.XMLParser(resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False)
    try:
        root = etree.fromstring(metadata, parser)
    except etree.XMLSyntaxError:
        return float("inf")
    texts = [str(size.text) for size in root.iter("{*}SizeInBytes")]
    return int(texts[0]) if len(texts) == 1 and re.fullmatch(r"[0-9]{1,15}", texts[0].strip()) else float("inf")
