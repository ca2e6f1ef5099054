"""The port `Feed` for SFTP: which deliveries wait on the server, and what is done with them. Reads no delivery.

A file that stays on the server is recognised by its mark: its size, its time on the server (whole seconds), and the
hash of its companion, which names the transfer. A replacement is missed only if all three are the same.
"""

from __future__ import annotations

import hashlib
import io
import time
from typing import TYPE_CHECKING, BinaryIO

import asyncssh

from cprsync.errors import ConfigurationError, DeliveryRefused
from cprsync.register.pickup.arrivals import (
    METADATA_LIMIT_BYTES,
    companion_of,
    find_announced,
    in_order,
    is_being_written,
    is_delivery,
    parse_size,
)
from cprsync.register.pickup.sftp_content import BLOCK_BYTES, ONE_ANSWER, REFUSALS, Pace, SftpContent, Stamp, stamp_of
from cprsync.register.pickup.sftp_session import SftpSession, SftpSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cprsync.services.ports.deliveries import WaitingFile

_GONE = (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath)
#: A younger file gets no mark, because it may change again within the same second. The server's clock may differ from
#: ours, so a minute is used. Such a file is read once more the next time.
_YOUNG_SECONDS = 60


class SftpFeed:
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
        """Complete files, in the order of their names.

        Raises:
            RegisterUnavailable: as `SftpSession.run`.
            ConfigurationError: kinds `sftp.folder`, `sftp.crowded`, and as `SftpSession.run`.
        """
        began = self._now()
        stamps, names = self._list_settled()
        files: dict[str, WaitingFile] = {}
        for name in names:
            companion = self._companion(name, stamps)
            if self._is_whole(name, stamps, companion):
                mark = self._mark(stamps[name], companion, began)
                files[name] = SftpFile(name, stamps[name], self._settings, self._session, mark=mark)
        self._unfinished = [name for name in names if name not in files]
        return list(files.values())

    def unfinished(self) -> list[str]:
        """Names of files that were still being written when last listed: smaller than announced, or growing."""
        if self._unfinished is None:
            self.waiting()
        return list(self._unfinished or ())

    def unfinished_file(self, name: str) -> WaitingFile | None:
        """The present part of an incomplete file. None: it is only announced, or changes just now."""
        stamps, _ = self._list_settled()
        stamp = stamps.get(name)
        return None if stamp is None else SftpFile(name, stamp, self._settings, self._session, mark=None)

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
        names = sorted(filter(is_delivery, set(stamps) | find_announced(set(stamps))), key=in_order)
        moving = {name for name in names if companion_of(name) not in stamps and before.get(name) != stamps.get(name)}
        return {name: stamp for name, stamp in stamps.items() if name not in moving}, names

    def _companion(self, name: str, stamps: Mapping[str, Stamp]) -> bytes | None:
        """The content of a file's companion. None: the file has none."""
        if companion_of(name) not in stamps:
            return None
        return self._session.run(lambda client: self._start_of(client, name))

    def _is_whole(self, name: str, stamps: Mapping[str, Stamp], companion: bytes | None) -> bool:
        """Whether all announced bytes are there. A file with more is accepted here: the reader says what is wrong."""
        if is_being_written(name) or name not in stamps:
            return False
        return companion is None or stamps[name].size >= parse_size(companion)

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
                    found[name] = stamp_of(entry.attrs)
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


class SftpFile:
    """A file on the server."""

    def __init__(
        self, name: str, listed: Stamp, settings: SftpSettings, session: SftpSession, *, mark: str | None
    ) -> None:
        """Take the file as it was listed."""
        self._name = name
        self._mark = mark
        self._stamp = listed
        self._settings = settings
        self._session = session

    @property
    def name(self) -> str:
        return self._name

    @property
    def mark(self) -> str | None:
        return self._mark

    def open(self) -> BinaryIO:
        """Open the content, to be read once.

        Raises:
            DeliveryRefused: the file cannot be read, or is larger than a delivery may be.
            DeliveryLate: kind `delivery.unfinished`; the file has changed since it was listed, or changes while it is
                read.
        """
        if self._stamp.size > self._settings.file_max_bytes:
            raise DeliveryRefused("the delivery is larger than one may be", kind="delivery.too_large")
        content = SftpContent(self._session, _path(self._settings, self._name), self._stamp, Pace(self._settings))
        self._stamp = content.stamp
        return io.BufferedReader(content, buffer_size=BLOCK_BYTES)

    def done(self) -> None:
        """Delete the file if the settings say so, unless another has replaced it.

        The companion is deleted first: a file without one is taken again, and is then a repeat. A companion without its
        file would announce one that never comes. Raises ConfigurationError, kind `sftp.delete`.
        """
        if self._settings.after == "delete":
            self._session.run(self._delete)

    async def _delete(self, client: asyncssh.SFTPClient) -> None:
        path = _path(self._settings, self._name)
        try:
            if stamp_of(await client.stat(path)) != self._stamp:
                return
            await _remove(client, _path(self._settings, companion_of(self._name)))
            await _remove(client, path)
        except _GONE:
            # deleted by a try whose answer was lost, or by someone else
            return
        except (asyncssh.SFTPPermissionDenied, asyncssh.SFTPFailure, asyncssh.SFTPOpUnsupported) as error:
            raise ConfigurationError("a sealed delivery cannot be deleted there", kind="sftp.delete") from error


async def _remove(client: asyncssh.SFTPClient, path: bytes) -> None:
    try:
        await client.remove(path)
    except _GONE:
        return


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
