"""An SFTP server that keeps whoever fetches waiting: it answers little, late or never. No part of the mock."""

from __future__ import annotations

import asyncio
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import asyncssh

from cprsync.register.pickup.sftp_session import SftpSettings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

NEVER = 3600.0


@dataclass
class Manners:
    """How the server behaves; it is changed while it runs."""

    #: bytes in one answer, and seconds before it
    most_bytes: int | None = None
    read_seconds: float = 0.0
    #: seconds before each name of a listing
    name_seconds: float = 0.0
    #: a companion is never read to its end, and a handle never closed
    hangs: bool = False
    reads: int = 0
    #: files that guests have open: asyncssh forgets those of a guest who was cut off
    opened: list[Any] = field(default_factory=list)


@contextmanager
def slow_server(folder: Path, manners: Manners) -> Iterator[SftpSettings]:
    """Serve a folder in a thread of its own; yields settings that wait for little."""
    (folder / "IN").mkdir(parents=True, exist_ok=True)
    key, host = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(2))
    key.write_private_key(str(folder / "key"))
    (folder / "key").chmod(0o600)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    acceptor = asyncio.run_coroutine_threadsafe(_listen(folder, manners, key, host), loop).result(10)
    port = acceptor.get_port()
    public = host.export_public_key().decode().strip()
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {public}\n", encoding="utf-8")
    try:
        yield SftpSettings("127.0.0.1", "bib", folder / "key", folder / "known_hosts", port)
    finally:
        asyncio.run_coroutine_threadsafe(_stop(acceptor), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
        for file in manners.opened:
            file.close()


async def _listen(folder: Path, manners: Manners, key: asyncssh.SSHKey, host: asyncssh.SSHKey) -> asyncssh.SSHAcceptor:
    return await asyncssh.listen(
        "127.0.0.1",
        0,
        config=None,
        server_host_keys=[host],
        authorized_client_keys=asyncssh.import_authorized_keys(key.export_public_key().decode()),
        sftp_factory=lambda channel: Box(channel, folder, manners),
    )


async def _stop(acceptor: asyncssh.SSHAcceptor) -> None:
    acceptor.close()
    tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks, timeout=2) if tasks else None


class Box(asyncssh.SFTPServer):
    """A folder, served as the manners say."""

    def __init__(self, channel: asyncssh.SSHServerChannel[bytes], folder: Path, manners: Manners) -> None:
        super().__init__(channel, chroot=str(folder).encode())
        self._manners = manners

    async def scandir(self, path: bytes) -> AsyncIterator[asyncssh.SFTPName]:
        async for name in super().scandir(path):
            await asyncio.sleep(self._manners.name_seconds)
            yield name

    def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:
        file = super().open(path, pflags, attrs)
        self._manners.opened.append(file)
        return file

    async def read(self, file_obj: object, offset: int, size: int) -> bytes:
        self._manners.reads += 1
        await asyncio.sleep(NEVER if self._manners.hangs else self._manners.read_seconds)
        most = size if self._manners.most_bytes is None else min(size, self._manners.most_bytes)
        content: bytes = super().read(file_obj, offset, most)  # type: ignore[assignment]  # asyncssh's own is not a coroutine
        return content

    async def close(self, file_obj: object) -> None:
        if self._manners.hangs:
            await asyncio.sleep(NEVER)
        super().close(file_obj)
