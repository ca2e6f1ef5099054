"""One file on an SFTP server as a stream: read in blocks, and on from where it broke off while it is the same file."""

from __future__ import annotations

import asyncio
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import asyncssh

from cprsync.errors import DeliveryLate, DeliveryRefused

if TYPE_CHECKING:
    from cprsync.register.sftp_session import SftpSession

BLOCK_BYTES = 64 * 1024
#: Blocks asked for at once, so that a long way to the server does not make it slow.
_BLOCKS = 4
#: Servers say in different ways that a name is not for us.
REFUSALS = (
    asyncssh.SFTPNoSuchFile,
    asyncssh.SFTPNoSuchPath,
    asyncssh.SFTPPermissionDenied,
    asyncssh.SFTPNotADirectory,
    asyncssh.SFTPFailure,
)


@dataclass(frozen=True, slots=True)
class Stamp:
    """What tells one state of a file from another."""

    size: int
    modified: int | None


class SftpContent(io.RawIOBase):
    """A file's bytes in their order, over as many connections as it takes."""

    def __init__(self, session: SftpSession, path: bytes, listed: Stamp) -> None:
        """Open the file as it was listed. Raises as `SftpFile.open`."""
        super().__init__()
        self._session = session
        self._path = path
        self._size = listed.size
        self._at = 0
        self._held = memoryview(b"")
        self._client: asyncssh.SFTPClient | None = None
        self._file: asyncssh.SFTPClientFile | None = None
        self._seen: Stamp | None = None
        session.run(self._opened)

    @property
    def stamp(self) -> Stamp:
        """The file as it was when it was opened."""
        return self._seen or Stamp(self._size, None)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        if not self._held:
            window = self._session.run(self._window)
            self._at += len(window)
            self._held = memoryview(window)
        count = min(len(buffer), len(self._held))
        buffer[:count] = self._held[:count]
        self._held = self._held[count:]
        return count

    async def _opened(self, client: asyncssh.SFTPClient) -> asyncssh.SFTPClientFile:
        if self._file is not None and self._client is client:
            return self._file
        try:
            file = await client.open(self._path, "rb", block_size=BLOCK_BYTES)
        except REFUSALS as error:
            raise DeliveryRefused("the delivery cannot be read from its folder", kind="delivery.unreadable") from error
        self._client, self._file = client, file
        await self._check(file)
        return file

    async def _window(self, client: asyncssh.SFTPClient) -> bytes:
        file = await self._opened(client)
        places = range(self._at, self._at + _BLOCKS * BLOCK_BYTES, BLOCK_BYTES)
        # One question a block: asyncssh's own reading of many would fill a gap with zeros, and lose track at a break.
        window = _until_short(await asyncio.gather(*(_block(file, at) for at in places), return_exceptions=True))
        if not window or self._at + len(window) > self._size:
            await self._check(file, read=self._at + len(window))
        return window

    async def _check(self, file: asyncssh.SFTPClientFile, *, read: int | None = None) -> None:
        """Refuse to put two states of a file together, and to end before or after its size."""
        stamp = stamp_of(await file.stat())
        self._seen = self._seen or stamp
        if stamp != self._seen or stamp.size != self._size or (read is not None and read != self._size):
            raise DeliveryLate("a delivery was changed while it was read", kind="delivery.unfinished")

    def close(self) -> None:
        file, self._file = self._file, None
        if file is not None and self._session.is_current(self._client):
            # Only the server's handle: whatever goes wrong here, the content is read or an error is on its way.
            self._session.let_go(file)
        super().close()


async def _block(file: asyncssh.SFTPClientFile, at: int) -> bytes:
    block: bytes = await file.read(BLOCK_BYTES, at)
    return block


def _until_short(blocks: list[bytes | BaseException]) -> bytes:
    """The blocks that follow on one another; what comes after a short one is asked for again."""
    window = bytearray()
    for block in blocks:
        if isinstance(block, BaseException):
            raise block
        window += block
        if len(block) < BLOCK_BYTES:
            break
    return bytes(window)


def stamp_of(attributes: asyncssh.SFTPAttrs) -> Stamp:
    return Stamp(attributes.size or 0, attributes.mtime)
