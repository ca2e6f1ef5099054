"""The port `Feed` for SFTP: which deliveries wait on the server, their content, and what is done with them.

A file that stays on the server is recognised by its mark: its size, its time on the server (whole seconds), and the
hash of its companion, which names the transfer. A replacement is missed only if all three are the same. After a broken
connection, a file is read on if it is still the same. Knows nothing of what a delivery says.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

import asyncssh

from cprsync.errors import ConfigurationError, DeliveryLate, DeliveryRefused, RegisterUnavailable
from cprsync.register.pickup.arrivals import (
    BLOCK_BYTES,
    METADATA_LIMIT_BYTES,
    check_size,
    companion_of,
    find_announced,
    has_waited,
    is_being_written,
    is_delivery,
    parse_size,
    sorting_key,
)
from cprsync.register.pickup.sftp_session import SftpSession, SftpSettings
from cprsync.services.ports.deliveries import Feed, WaitingFile

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


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
_GONE = (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath)
#: A younger file gets no mark, because it may change again within the same second. The server's clock may differ from
#: ours, so a minute is used. Such a file is read once more the next time.
_YOUNG_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Stamp:
    """Distinguishes one state of a file from another."""

    size: int
    modified: int | None


def file_stamp_of(attributes: asyncssh.SFTPAttrs) -> Stamp:
    return Stamp(attributes.size or 0, attributes.mtime)


class SftpFeed(Feed):
    """The deliveries in one folder of an SFTP server, over one connection that `close` ends."""

    def __init__(
        self,
        settings: SftpSettings,
        *,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.time,
    ) -> None:
        """Take the settings. Connects at the first request. `now` is real time, never a mock's."""
        self._settings = settings
        self._sleep = sleep
        self._now = now
        self._session = SftpSession(settings, sleep=sleep)
        self._unfinished: list[str] | None = None

    def waiting(self) -> list[WaitingFile]:
        """Raises as `SftpSession.run`, and ConfigurationError, kinds `sftp.folder` and `sftp.crowded`."""
        began = self._now()
        stamps, names = self._list_settled()
        files: dict[str, WaitingFile] = {}
        for name in names:
            companion = self._companion(name, stamps)
            announced = None if companion is None else parse_size(companion)
            if self._is_whole(name, stamps, announced):
                mark = self._mark(stamps[name], companion, began)
                files[name] = SftpFile(name, stamps[name], self._settings, self._session, mark, announced)
        self._unfinished = [name for name in names if name not in files]
        return list(files.values())

    def unfinished(self) -> list[str]:
        """Those of the last listing that were smaller than announced, or growing."""
        if self._unfinished is None:
            self.waiting()
        return list(self._unfinished or ())

    def unfinished_file(self, name: str) -> WaitingFile | None:
        """None also if the file changes just now."""
        stamps, _ = self._list_settled()
        stamp = stamps.get(name)
        return None if stamp is None else SftpFile(name, stamp, self._settings, self._session, None)

    def close(self) -> None:
        """End the connection."""
        self._session.close()

    def _list_settled(self) -> tuple[Mapping[str, Stamp], list[str]]:
        """All files, and the names of deliveries.

        A delivery without a companion is listed once it has stopped changing.
        """
        stamps = self._session.run(self._list)
        if any(is_delivery(name) and companion_of(name) not in stamps for name in stamps):
            self._sleep(self._settings.settle_seconds)
            before, stamps = stamps, self._session.run(self._list)
        else:
            before = stamps
        names = sorted(filter(is_delivery, set(stamps) | find_announced(set(stamps))), key=sorting_key)
        moving = {name for name in names if companion_of(name) not in stamps and before.get(name) != stamps.get(name)}
        return {name: stamp for name, stamp in stamps.items() if name not in moving}, names

    def _companion(self, name: str, stamps: Mapping[str, Stamp]) -> bytes | None:
        """The content of a file's companion. None: the file has none."""
        if companion_of(name) not in stamps:
            return None
        return self._session.run(lambda client: self._start_of(client, name))

    def _is_whole(self, name: str, stamps: Mapping[str, Stamp], announced: float | None) -> bool:
        """Whether all announced bytes are there. A file with more is listed too, and refused when it is opened."""
        if is_being_written(name) or name not in stamps:
            return False
        if announced is None:
            # the server's clock may differ from ours: a file may wait a little less or longer
            return has_waited(stamps[name].modified, now=self._now(), minutes=self._settings.metadata_minutes)
        return stamps[name].size >= announced

    def _mark(self, stamp: Stamp, companion: bytes | None, began: float) -> str | None:
        """The mark of this state of a file.

        None: the state is uncertain, or the file will be deleted; it is then read.
        """
        if self._settings.after == "delete" or stamp.modified is None or stamp.modified > began - _YOUNG_SECONDS:
            return None
        announced = "none" if companion is None else hashlib.sha256(companion).hexdigest()
        return f"{stamp.size} {stamp.modified} {announced}"

    async def _list(self, client: asyncssh.SFTPClient) -> dict[str, Stamp]:
        found: dict[str, Stamp] = {}
        count = 0
        try:
            async for entry in client.scandir(self._settings.folder.encode()):
                count += 1
                if count > self._settings.entries_max:
                    raise ConfigurationError(
                        "the SFTP folder holds more than {most} files",
                        most=self._settings.entries_max,
                        kind="sftp.crowded",
                    )
                name = _text(entry.filename)
                if name is not None and _is_file(entry.attrs):
                    found[name] = file_stamp_of(entry.attrs)
        except REFUSALS as error:
            raise ConfigurationError("the SFTP folder cannot be listed", kind="sftp.folder") from error
        return found

    async def _start_of(self, client: asyncssh.SFTPClient, name: str) -> bytes:
        """The companion's content, or enough of it to show that it is no companion."""
        try:
            path = _path(self._settings, companion_of(name))
            async with client.open(path, "rb", block_size=ONE_ANSWER) as companion:
                content = b""
                while len(content) <= METADATA_LIMIT_BYTES:
                    block: bytes = await companion.read(METADATA_LIMIT_BYTES + 1, len(content))
                    if not block:
                        break
                    content += block
                return content
        except REFUSALS:
            # deleted just now: a file that is no longer announced is left alone this time
            return b""


@dataclass(slots=True)
class SftpFile:
    """A file on the server, as it was listed."""

    name: str
    stamp: Stamp
    settings: SftpSettings
    session: SftpSession
    mark: str | None
    #: how many bytes its companion says; None: it has none
    announced: float | None = None

    @property
    def is_announced(self) -> bool:
        return self.announced is not None

    def open(self) -> BinaryIO:
        """Open the content, to be read once.

        Raises:
            DeliveryRefused: the file cannot be read, or is larger than announced or than a delivery may be.
            DeliveryLate: kind `delivery.unfinished`; the file has changed since it was listed, or changes while it is
                read.
        """
        check_size(self.stamp.size, self.announced, most=self.settings.file_max_bytes)
        content = SftpContent(self.session, _path(self.settings, self.name), self.stamp, Pace(self.settings))
        self.stamp = content.stamp
        return io.BufferedReader(content, buffer_size=BLOCK_BYTES)

    def done(self) -> None:
        """Delete the file if the settings say so, unless another has replaced it.

        The companion is deleted first: a file without one is taken again, and is then a repeat. A companion without its
        file would announce one that never comes. Raises ConfigurationError, kind `sftp.delete`.
        """
        if self.settings.after == "delete":
            self.session.run(self._delete)

    async def _delete(self, client: asyncssh.SFTPClient) -> None:
        path = _path(self.settings, self.name)
        try:
            if file_stamp_of(await client.stat(path)) != self.stamp:
                return
            for one in (_path(self.settings, companion_of(self.name)), path):
                # deleted by a try whose answer was lost, or by someone else
                with suppress(*_GONE):
                    await client.remove(one)
        except _GONE:
            return
        except (asyncssh.SFTPPermissionDenied, asyncssh.SFTPFailure, asyncssh.SFTPOpUnsupported) as error:
            raise ConfigurationError("a sealed delivery cannot be deleted there", kind="sftp.delete") from error


def _path(settings: SftpSettings, name: str) -> bytes:
    return f"{settings.folder.rstrip('/')}/{name}".encode()


def _text(name: str | bytes) -> str | None:
    """A name as text. None: it has characters that no delivery's name has."""
    try:
        return name.decode("ascii") if isinstance(name, bytes) else name
    except UnicodeDecodeError:
        return None


def _is_file(attributes: asyncssh.SFTPAttrs) -> bool:
    """Whether it is a regular file, or the server does not say what it is."""
    return attributes.type in {asyncssh.FILEXFER_TYPE_REGULAR, asyncssh.FILEXFER_TYPE_UNKNOWN}


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
        stamp = file_stamp_of(await file.stat())
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
