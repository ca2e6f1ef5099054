"""The mock's SFTP server: each user has one key and one box, with a folder to read and delete in. No shell.

Forwards no connections. Runs in the mock's one event loop. `delivery` writes the files in the folder. The keys are
development keys, made once in the mock's folder: RSA, as the platform requires.
"""

from __future__ import annotations

import asyncio
import os
import posixpath
import re
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import asyncssh

from cprsync.mock.town.agreement import ALL, INBOX
from cprsync.mock.town.calls import LoggedCall
from cprsync.private import replace_private

if TYPE_CHECKING:
    import socket
    from collections.abc import AsyncIterator, Callable, Iterable, Mapping
    from datetime import datetime
    from pathlib import Path

    from cprsync.mock.town.register import TownRegister

# -- keys -----------------------------------------------------------------------------------------------------

_ALGORITHM = "ssh-rsa"
#: Enough for a key that protects invented people, and quick to make.
_BITS = 2048


@dataclass(frozen=True, slots=True)
class Login:
    """A library's key pair."""

    key: Path
    public: Path


@dataclass(frozen=True, slots=True)
class SftpKeys:
    """The paths of the keys, all absolute."""

    host: Path
    known_hosts: Path
    #: by user
    logins: dict[str, Login]


def ensure_keys(folder: Path, *, users: Iterable[str], host: str, port: int) -> SftpKeys:
    """Make the missing keys, and write the host key of this address."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    names = {user: f"client_key{number or ''}" for number, user in enumerate(users)}
    logins = {user: Login(folder / name, folder / f"{name}.pub") for user, name in names.items()}
    keys = SftpKeys(folder / "host_key", folder / "known_hosts", logins)
    server = _load_or_make_key(keys.host)
    for login in logins.values():
        _write_public(login.public, _load_or_make_key(login.key).export_public_key())
    public = server.export_public_key().decode("ascii").strip()
    _write_public(keys.known_hosts, f"[{host}]:{port} {public}\n".encode("ascii"))
    return keys


def _write_public(path: Path, content: bytes) -> None:
    """Write what all may read. The client refuses what others may change, and some machines have a umask of 002."""
    replace_private(path, content, mode=0o644)


def _load_or_make_key(path: Path) -> asyncssh.SSHKey:
    if path.exists():
        # made here, like the keys of `certs.read_key`
        return asyncssh.read_private_key(str(path), unsafe_skip_rsa_key_validation=True)
    key = asyncssh.generate_private_key(_ALGORITHM, key_size=_BITS)
    replace_private(path, key.export_private_key())
    return key


# -- the server -----------------------------------------------------------------------------------------------

_INBOX = INBOX.encode()
_LOGIN_SECONDS = 30
#: The faults of a file that is read, in the order in which they are looked for.
_OF_READING = ("sftp-cut", "sftp-slow", "sftp-trickle")
#: The files that the mock gives.
_DELIVERY = re.compile(r"D[0-9]{6}\.L[0-9]{6}(\.metadata)?")


@dataclass(slots=True)
class SftpService:
    """What every connection needs: the boxes, the keys, and the faults to come."""

    register: TownRegister
    #: by user
    keys: Mapping[str, asyncssh.SSHKey]
    now: Callable[[], datetime]
    connections: set[asyncssh.SSHServerConnection] = field(default_factory=set)
    #: the files that guests have open; asyncssh forgets a guest's files if an answer still waits at the stop
    opened: set[Any] = field(default_factory=set)

    def record(self, operation: str, user: str, outcome: str, path: bytes | None = None) -> None:
        """Record a step of a fetch. `path`: the file; its name is kept if it is one that the mock gives."""
        file = None if path is None else posixpath.basename(path).decode("latin-1")
        if file is not None and not _DELIVERY.fullmatch(file):
            file = "?"
        at = self.now().isoformat(timespec="milliseconds")
        self.register.calls.record(LoggedCall(operation, user, "", "", outcome, at, service="sftp", file=file))


class Guest(asyncssh.SSHServer):
    """One connection: the user that it names, and whether its key is right."""

    def __init__(self, service: SftpService) -> None:
        """Take the service that the connection belongs to."""
        self._service = service
        self._connection: asyncssh.SSHServerConnection | None = None
        self._refused = False

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn
        self._service.connections.add(conn)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 -- asyncssh's signature
        if self._connection is not None:
            self._service.connections.discard(self._connection)

    def begin_auth(self, username: str) -> bool:  # noqa: ARG002 -- the same
        self._refused = self._service.register.take_fault({"sftp-refuse"}) is not None
        return True

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        known = username in self._service.keys
        accepted = not self._refused and known and key == self._service.keys[username]
        if not accepted:
            self._service.record("login", username if known else "?", "sftp-refuse" if self._refused else "refused")
        return accepted

    def auth_completed(self) -> None:
        user = "" if self._connection is None else self._connection.get_extra_info("username")
        self._service.record("login", user, "ok")


@dataclass(slots=True)
class OpenFile:
    """A file being read, and the fault to apply to it."""

    content: Any
    path: bytes
    size: int
    #: how many of its bytes have been sent, counted from the beginning
    sent: int = 0
    #: the fault that it meets
    fault: str = ""
    #: the connection drops when a byte from here on is requested; None: never
    cut_at: int | None = None
    #: how long the first answer takes, in seconds
    wait: float = 0.0
    #: each answer holds one byte and takes this many seconds; None: it holds what was requested
    drip: float | None = None


class Box(asyncssh.SFTPServer):
    """A user's view: a root that holds only IN, where files can be listed, read and deleted."""

    def __init__(self, chan: asyncssh.SSHServerChannel[bytes], service: SftpService) -> None:
        """Take the user's box as the root. The first user's box is the mock's folder, which is mostly hidden."""
        self._service = service
        self._user: str = chan.get_connection().get_extra_info("username")
        super().__init__(chan, chroot=str(_box_of(chan, service.register.folder)).encode())

    def map_path(self, path: bytes) -> bytes:
        inside = posixpath.normpath(posixpath.join(b"/", path)).strip(b"/")
        if inside and inside.split(b"/")[0] != _INBOX:
            raise asyncssh.SFTPNoSuchFile("no such file")
        return super().map_path(path)

    async def scandir(self, path: bytes) -> AsyncIterator[asyncssh.SFTPName]:
        root = posixpath.normpath(posixpath.join(b"/", path)).strip(b"/") == b""
        if not root:
            self._service.record("list", self._user, "ok")
        async for name in super().scandir(path):
            if not root or name.filename in {b".", b"..", _INBOX}:
                yield name

    def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:
        if pflags & ~asyncssh.FXF_READ:
            raise _read_only()
        content: Any = super().open(path, pflags, attrs)
        file = OpenFile(content, path, os.fstat(content.fileno()).st_size)
        self._service.opened.add(file.content)
        # Companions are read without faults: faults are for deliveries.
        if not path.endswith(b".metadata"):
            self._apply_faults(file)
        return file

    def _apply_faults(self, file: OpenFile) -> None:
        for fault in filter(None, (self._service.register.take_fault({kind}) for kind in _OF_READING)):
            file.fault = fault.kind
            match fault.kind:
                case "sftp-cut":
                    file.cut_at = file.size // 2
                case "sftp-slow":
                    file.wait = fault.seconds
                case _:
                    file.drip = fault.seconds

    async def read(self, file_obj: object, offset: int, size: int) -> bytes:
        file = _check_opened(file_obj)
        wait, file.wait = file.wait, 0.0
        if file.drip is not None:
            wait, size = wait + file.drip, 1
        if wait:
            await asyncio.sleep(wait)
        if file.cut_at is not None and offset + size > file.cut_at:
            self.connection.abort()
            raise asyncssh.SFTPConnectionLost("cut")
        content: bytes = super().read(file.content, offset, size)  # type: ignore[assignment]  # asyncssh's own is not a coroutine
        file.sent = max(file.sent, offset + len(content))
        return content

    def close(self, file_obj: object) -> None:
        file = _check_opened(file_obj)
        self._service.opened.discard(file.content)
        super().close(file.content)
        whole = "ok" if file.sent >= file.size else "part"
        self._service.record("fetch", self._user, file.fault or whole, file.path)

    def remove(self, path: bytes) -> None:
        super().remove(path)
        self._service.record("remove", self._user, "ok", path)

    def fstat(self, file_obj: object) -> Any:
        return super().fstat(_check_opened(file_obj).content)

    def _refuse(self, *_asked: object, **_options: object) -> Any:
        raise _read_only()

    write = setstat = lsetstat = fsetstat = mkdir = rmdir = rename = posix_rename = _refuse
    symlink = link = readlink = lock = unlock = statvfs = fstatvfs = fsync = _refuse


def _box_of(channel: asyncssh.SSHServerChannel[bytes], folder: Path) -> Path:
    user = channel.get_connection().get_extra_info("username")
    return folder / {one.sftp_user: one for one in ALL}[user].box


def _check_opened(file: object) -> OpenFile:
    if not isinstance(file, OpenFile):
        raise TypeError("not a file of this box")
    return file


def _read_only() -> asyncssh.SFTPPermissionDenied:
    return asyncssh.SFTPPermissionDenied("files can be read and removed here")


@asynccontextmanager
async def serving_sftp(
    listener: socket.socket, register: TownRegister, keys: SftpKeys, now: Callable[[], datetime]
) -> AsyncIterator[None]:
    """Serve SFTP on a listening socket during the block. Connections are cut at its end."""
    logins = {user: asyncssh.read_public_key(login.public) for user, login in keys.logins.items()}
    service = SftpService(register, logins, now)
    new_guest: Callable[[], asyncssh.SSHServer] = lambda: Guest(service)  # noqa: E731 -- typed for asyncssh
    acceptor = await asyncssh.listen(
        sock=listener,
        config=None,
        server_factory=new_guest,
        server_host_keys=[str(keys.host)],
        sftp_factory=lambda channel: Box(channel, service),
        allow_scp=False,
        allow_pty=False,
        agent_forwarding=False,
        x11_forwarding=False,
        x509_trusted_certs=None,
        host_based_auth=False,
        password_auth=False,
        kbdint_auth=False,
        gss_host=None,
        gss_auth=False,
        gss_kex=False,
        login_timeout=_LOGIN_SECONDS,
    )
    try:
        yield
    finally:
        acceptor.close()
        for connection in list(service.connections):
            connection.abort()
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(acceptor.wait_closed(), timeout=1)
        for content in service.opened:
            content.close()
