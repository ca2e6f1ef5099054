"""One SFTP connection for synchronous code: settings, a pinned host key, ceilings, and a new try after a break.

The event loop runs only during a request, and no longer than its ceilings; then the request is cut off. Trusts only the
host keys that it is given: no trust at first use, no agent, and no ssh configuration of the machine. Knows nothing of
deliveries.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import asyncssh

from cprsync.errors import CertificateRefused, ConfigurationError, PeerCertificateError, RegisterUnavailable
from cprsync.private import open_private
from cprsync.register.pickup.arrivals import FILE_MAX_BYTES, METADATA_MINUTES

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from pathlib import Path

    from cprsync.register.pickup.arrivals import After

_KEY_MAX_BYTES = 64 * 1024
_GOODBYE_SECONDS = 5.0
#: How long cut-off work may take to end.
_CUT_OFF_SECONDS = 5.0
#: Errors that another try may fix.
_PASSING = frozenset({"sftp.unreachable", "sftp.broken"})
#: Offered after the pinned keys' algorithms, so that a server with another kind of key differs from one that hangs up.
_HOST_KEY_ALGORITHMS = "+ssh-ed25519,ecdsa-sha2-nistp256,rsa-sha2-512,rsa-sha2-256"
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class SftpSettings:
    """Where deliveries are fetched, as which user, and the ceilings."""

    host: str
    user: str
    key: Path
    known_hosts: Path
    port: int = 22
    folder: str = "IN"
    after: After = "keep"
    connect_seconds: float = 15.0
    #: one answer: a listing, or four blocks of a file
    stall_seconds: float = 60.0
    #: a file that comes more slowly than this many bytes a second, over `floor_seconds` of waiting, is given up
    floor_bytes_per_second: int = 1024
    floor_seconds: float = 60.0
    #: the total time of one run: files that have not come by then are left to the next run
    total_seconds: float = 3600.0
    #: how long a file without a companion is left alone after it was written
    metadata_minutes: int = METADATA_MINUTES
    #: how long the size of a file without a companion must stay the same
    settle_seconds: float = 2.0
    #: new connections in a night, after the first
    reconnects: int = 4
    file_max_bytes: int = FILE_MAX_BYTES
    entries_max: int = 10_000


class _OutOfTime(Exception):
    """Work was cut off. Not a TimeoutError, because the network raises those itself."""


class SftpSession:
    """A connection that is opened when it is first needed, and opened again when it breaks."""

    def __init__(
        self,
        settings: SftpSettings,
        *,
        sleep: Callable[[float], None],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take the settings. Nothing is read or connected yet. The total time counts from the first request."""
        self._settings = settings
        self._sleep = sleep
        self.monotonic = monotonic
        self._ends: float | None = None
        self._runner = asyncio.Runner()
        self._left = settings.reconnects
        self._connection: asyncssh.SSHClientConnection | None = None
        self._client: asyncssh.SFTPClient | None = None

    def run(self, work: Callable[[asyncssh.SFTPClient], Coroutine[Any, Any, _T]]) -> _T:
        """Do some work. If the connection breaks, start the work again on a new one.

        Raises:
            RegisterUnavailable: kinds `sftp.unreachable`, `sftp.broken`, `sftp.too_long`, `sftp.host_key`,
                `sftp.refused`.
            ConfigurationError: kinds `sftp.key`, `sftp.known_hosts`.
        """
        while True:
            try:
                return self._runner.run(self._attempt(work))
            except RegisterUnavailable as error:
                if error.kind not in _PASSING or self._left == 0:
                    raise
            # if the wait is longer than what is left, the next attempt raises
            self._sleep(min(2.0 ** (self._settings.reconnects - self._left), max(0.0, self._remaining())))
            self._left -= 1

    def give_up(self) -> None:
        """Drop the connection without waiting for an answer or a goodbye."""
        if self._connection is not None:
            self._connection.abort()
        self._connection = self._client = None

    def close(self) -> None:
        """Say goodbye, within seconds."""
        self._runner.run(self._end())
        self._runner.close()

    def is_current(self, client: asyncssh.SFTPClient | None) -> bool:
        """Whether files opened over this client can still be used."""
        return client is not None and client is self._client

    def release(self, file: asyncssh.SFTPClientFile) -> None:
        """Release the server's handle, without a new try: a broken connection releases it too."""
        with suppress(RegisterUnavailable):
            self._runner.run(self._attempt(lambda _: file.close()))

    def _remaining(self) -> float:
        """Seconds left of the total."""
        if self._ends is None:
            self._ends = self.monotonic() + self._settings.total_seconds
        return self._ends - self.monotonic()

    async def _attempt(self, work: Callable[[asyncssh.SFTPClient], Coroutine[Any, Any, _T]]) -> _T:
        client = self._client or await self._connect()
        try:
            return await self._within(work(client), self._settings.stall_seconds)
        except _OutOfTime as error:
            raise self._build_timeout(
                "the SFTP server did not answer within {seconds} seconds", "sftp.broken"
            ) from error
        except (OSError, asyncssh.Error) as error:
            # Work translates the refusals that it expects. Any other error means that the connection is lost.
            self.give_up()
            raise RegisterUnavailable("the connection to the SFTP server broke", kind="sftp.broken") from error

    async def _within(self, work: Coroutine[Any, Any, _T], seconds: float) -> _T:
        """Do some work within these seconds, and within what is left of the total. Raises _OutOfTime."""
        task = asyncio.ensure_future(work)
        try:
            await asyncio.wait({task}, timeout=max(0.0, min(seconds, self._remaining())))
            if task.done():
                return task.result()
        finally:
            if not task.done():
                # The connection first: cancelled work waits for the server once more, to close what it has open.
                self.give_up()
                task.cancel()
                await asyncio.wait({task}, timeout=_CUT_OFF_SECONDS)
                # the result is of no interest, and without this asyncio would log it
                task.add_done_callback(lambda done: done.cancelled() or done.exception())
        raise _OutOfTime

    def _build_timeout(self, sentence: str, kind: str) -> RegisterUnavailable:
        if self._remaining() <= 0:
            return RegisterUnavailable(
                "what was asked of the SFTP server took longer than {seconds} seconds in all",
                seconds=f"{self._settings.total_seconds:g}",
                kind="sftp.too_long",
            )
        return RegisterUnavailable(sentence, seconds=f"{self._settings.stall_seconds:g}", kind=kind)

    async def _connect(self) -> asyncssh.SFTPClient:
        settings = self._settings
        key, hosts = _private_key(settings.key), _known_hosts(settings.known_hosts)
        try:
            return await self._within(self._open(_options(settings, key, hosts)), settings.connect_seconds)
        except _OutOfTime as error:
            raise self._build_timeout("the SFTP server does not answer", "sftp.unreachable") from error
        except (asyncssh.HostKeyNotVerifiable, asyncssh.KeyExchangeFailed) as error:
            raise PeerCertificateError(
                "the SFTP server's host key is not in known_hosts", kind="sftp.host_key"
            ) from error
        except asyncssh.PermissionDenied as error:
            raise CertificateRefused("the SFTP server does not accept our user and key", kind="sftp.refused") from error
        except (OSError, asyncssh.Error) as error:
            self.give_up()
            raise RegisterUnavailable("the SFTP server does not answer", kind="sftp.unreachable") from error

    async def _open(self, options: asyncssh.SSHClientConnectionOptions) -> asyncssh.SFTPClient:
        self._connection = await asyncssh.connect(
            self._settings.host,
            self._settings.port,
            config=None,  # also in the options, but there it does not stop the user's own from being read
            options=options,
        )
        self._client = await self._connection.start_sftp_client(path_encoding=None)
        return self._client

    async def _end(self) -> None:
        connection, self._connection, self._client = self._connection, None, None
        if connection is None:
            return
        connection.close()
        try:
            async with asyncio.timeout(_GOODBYE_SECONDS):
                await connection.wait_closed()
        except (OSError, asyncssh.Error):
            connection.abort()


def _options(
    settings: SftpSettings, key: asyncssh.SSHKey, hosts: asyncssh.SSHKnownHosts
) -> asyncssh.SSHClientConnectionOptions:
    """Our key and the pinned hosts. Everything that the machine or its user could add is switched off."""
    return asyncssh.SSHClientConnectionOptions(
        config=None,
        username=settings.user,
        client_keys=[key],
        known_hosts=hosts,
        server_host_key_algs=_HOST_KEY_ALGORITHMS,
        x509_trusted_certs=None,
        agent_path=None,
        agent_forwarding=False,
        pkcs11_provider=None,
        host_based_auth=False,
        password_auth=False,
        kbdint_auth=False,
        gss_auth=False,
        gss_kex=False,
        proxy_command=None,
        connect_timeout=settings.connect_seconds,
        login_timeout=settings.connect_seconds,
    )


def _private_key(path: Path) -> asyncssh.SSHKey:
    try:
        with open_private(path) as file:
            return asyncssh.import_private_key(file.read(_KEY_MAX_BYTES))
    except OSError as error:
        raise ConfigurationError("{path}: the SFTP key cannot be read", path=path, kind="sftp.key") from error
    except ValueError as error:
        raise ConfigurationError(
            "{path}: not a private SSH key, or one with a passphrase", path=path, kind="sftp.key"
        ) from error


def _known_hosts(path: Path) -> asyncssh.SSHKnownHosts:
    try:
        return asyncssh.read_known_hosts(str(path))
    except OSError as error:
        raise ConfigurationError(
            "{path}: the known_hosts file cannot be read", path=path, kind="sftp.known_hosts"
        ) from error
    except ValueError as error:
        raise ConfigurationError("{path}: not a known_hosts file", path=path, kind="sftp.known_hosts") from error
