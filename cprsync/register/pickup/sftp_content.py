"""One file on an SFTP server as a stream. After a broken connection, continues if the file is still the same."""

from __future__ import annotations

import asyncio
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import asyncssh

from cprsync.errors import DeliveryLate, DeliveryRefused, RegisterUnavailable

if TYPE_CHECKING:
    from cprsync.register.pickup.sftp_session import SftpSession, SftpSettings

BLOCK_BYTES = 64 * 1024
#: Blocks requested at once, so that a distant server is not slow.
_BLOCKS = 4
#: Tells asyncssh to send one request and take one answer, however short. Its own reading asks again until a block is
#: full. Then nobody sees how slowly the block fills, and unanswered requests remain after the reading is given up.
ONE_ANSWER = 0
#: The ways in which servers refuse a name.
REFUSALS = (
    asyncssh.SFTPNoSuchFile,
    asyncssh.SFTPNoSuchPath,
    asyncssh.SFTPPermissionDenied,
    asyncssh.SFTPNotADirectory,
    asyncssh.SFTPFailure,
)


@dataclass(frozen=True, slots=True)
class Stamp:
    """Distinguishes one state of a file from another."""

    size: int
    modified: int | None


class Pace:
    """Checks that a file comes quickly enough: its bytes against the seconds spent waiting for them.

    Our own work between two requests does not count. A file that is read before the seconds are over passes.
    """

    def __init__(self, settings: SftpSettings) -> None:
        self._settings = settings
        self._bytes = 0
        self._seconds = 0.0

    def check(self, count: int, seconds: float) -> None:
        """Add an answer. Raises RegisterUnavailable, kind `sftp.too_slow`."""
        self._bytes += count
        self._seconds += seconds
        if self._seconds < self._settings.floor_seconds:
            return
        floor = self._settings.floor_bytes_per_second
        if self._bytes < floor * self._seconds:
            raise RegisterUnavailable(
                "a delivery comes more slowly than {floor} bytes a second", floor=floor, kind="sftp.too_slow"
            )
        self._bytes, self._seconds = 0, 0.0


class SftpContent(io.RawIOBase):
    """A file's bytes in order, over as many connections as it takes."""

    def __init__(self, session: SftpSession, path: bytes, listed: Stamp, pace: Pace) -> None:
        """Open the file as it was listed. Raises as `SftpFile.open`."""
        super().__init__()
        self._session = session
        self._pace = pace
        self._path = path
        self._size = listed.size
        self._at = 0
        self._held = memoryview(b"")
        self._client: asyncssh.SFTPClient | None = None
        self._file: asyncssh.SFTPClientFile | None = None
        self._seen: Stamp | None = None
        session.run(self._ensure_open)

    @property
    def stamp(self) -> Stamp:
        """The file as it was when it was opened."""
        return self._seen or Stamp(self._size, None)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        if not self._held:
            window = self._next_window()
            self._at += len(window)
            self._held = memoryview(window)
        count = min(len(buffer), len(self._held))
        buffer[:count] = self._held[:count]
        self._held = self._held[count:]
        return count

    def _next_window(self) -> bytes:
        began = self._session.monotonic()
        window = self._session.run(self._window)
        if not window:
            return window
        try:
            self._pace.check(len(window), self._session.monotonic() - began)
        except RegisterUnavailable:
            # closing what is open would take as long again
            self._session.give_up()
            raise
        return window

    async def _ensure_open(self, client: asyncssh.SFTPClient) -> asyncssh.SFTPClientFile:
        if self._file is not None and self._client is client:
            return self._file
        try:
            file = await client.open(self._path, "rb", block_size=ONE_ANSWER)
        except REFUSALS as error:
            raise DeliveryRefused("the delivery cannot be read from its folder", kind="delivery.unreadable") from error
        self._client, self._file = client, file
        await self._check(file)
        return file

    async def _window(self, client: asyncssh.SFTPClient) -> bytes:
        file = await self._ensure_open(client)
        places = range(self._at, self._at + _BLOCKS * BLOCK_BYTES, BLOCK_BYTES)
        # One request for each block: asyncssh's own parallel reading fills a gap with zeros, and loses track at a
        # break.
        window = _join_blocks(await asyncio.gather(*(_block(file, at) for at in places), return_exceptions=True))
        if not window or self._at + len(window) > self._size:
            await self._check(file, read=self._at + len(window))
        return window

    async def _check(self, file: asyncssh.SFTPClientFile, *, read: int | None = None) -> None:
        """Refuse to combine two states of a file, or to end before or after its size."""
        stamp = stamp_of(await file.stat())
        self._seen = self._seen or stamp
        if stamp != self._seen or stamp.size != self._size or (read is not None and read != self._size):
            raise DeliveryLate("a delivery was changed while it was read", kind="delivery.unfinished")

    def close(self) -> None:
        file, self._file = self._file, None
        if file is not None and self._session.is_current(self._client):
            # Only the server's handle: if this fails, the content is read already or an error is being raised.
            self._session.release(file)
        super().close()


async def _block(file: asyncssh.SFTPClientFile, at: int) -> bytes:
    block: bytes = await file.read(BLOCK_BYTES, at)
    return block


def _join_blocks(blocks: list[bytes | BaseException]) -> bytes:
    """The consecutive blocks. What comes after a short block is requested again."""
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
