"""Serves the application on one port, over TLS where a certificate is set up, until it is stopped."""

from __future__ import annotations

import signal
import socket
import ssl
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

import uvicorn

from cprsync.config.addresses import LOOPBACK
from cprsync.errors import ConfigurationError
from cprsync.https import PeerProtocol, QuickServer

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from starlette.types import ASGIApp
    from uvicorn.protocols.http.h11_impl import RequestResponseCycle

_BACKLOG: Final = 128
#: Connections and requests that are open at the same time, at most.
_CONCURRENT_MAX: Final = 200
#: How long a browser may keep a connection that it does not use.
_KEEP_ALIVE_SECONDS: Final = 15
#: How long a connection may take to send the head of its first request, and of each further one.
_REQUEST_SECONDS: Final = 10.0
#: How long a request that is being answered is waited for when the server is stopped.
_STOP_SECONDS: Final = 10


@dataclass(frozen=True, slots=True)
class Certificate:
    """The server's certificate with its chain, and its key, as PEM files."""

    chain: Path
    key: Path
    #: the issuers of the machines' certificates; None: no client is asked for a certificate
    machines_ca: Path | None = None


def listen(port: int, *, host: str = LOOPBACK[1]) -> socket.socket:
    """Take the port. 0: a free one. Raises ConfigurationError."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except (OSError, OverflowError):
        listener.close()
        raise ConfigurationError("port {port} cannot be used: choose another, or 0", port=port, kind="usage") from None
    listener.listen(_BACKLOG)
    return listener


def make_server(
    app: ASGIApp, certificate: Certificate | None, ready: Callable[[], None] = lambda: None
) -> uvicorn.Server:
    """A server that runs until SIGINT or SIGTERM. `ready`: called once requests are answered.

    Raises ConfigurationError: the certificate cannot be used.
    """
    context = None if certificate is None else _tls(certificate)
    config = uvicorn.Config(
        app,
        http=_Connection,
        # nobody stands between the browsers and us
        proxy_headers=False,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        limit_concurrency=_CONCURRENT_MAX,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=_STOP_SECONDS,
        ssl_context_factory=None if context is None else lambda _config, _default: context,
    )
    return _Server(config, ready)


class _Connection(PeerProtocol):
    """Closes a connection that begins a request and does not get on with it: there are only so many."""

    _waits: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        if self._waits is None and self._is_between_requests():
            self._wait()
        super().data_received(data)
        if not self._is_between_requests():
            self._stop_waiting()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def _is_between_requests(self) -> bool:
        """Whether no head of a request has come, or the last request was answered."""
        cycle = cast("RequestResponseCycle | None", self.cycle)
        return cycle is None or cycle.response_complete

    def _wait(self) -> None:
        self._waits = self.loop.call_later(_REQUEST_SECONDS, self.transport.abort)

    def _stop_waiting(self) -> None:
        if self._waits is not None:
            self._waits.cancel()
            self._waits = None


class _Server(QuickServer):
    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop at a signal and return, as a program that has done what it was asked for."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()


def _tls(certificate: Certificate) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(certificate.chain, certificate.key)
    except (OSError, ssl.SSLError):
        raise ConfigurationError(
            "the desk's certificate or its key cannot be read, or they do not belong together", kind="configuration"
        ) from None
    if certificate.machines_ca is not None:
        _ask_for_certificates(context, certificate.machines_ca)
    return context


def _ask_for_certificates(context: ssl.SSLContext, issuers: Path) -> None:
    """Let clients show a certificate. Browsers without one come in as before; one that is wrong is refused."""
    context.verify_mode = ssl.CERT_OPTIONAL
    try:
        context.load_verify_locations(issuers)
    except (OSError, ssl.SSLError):
        raise ConfigurationError("machines_ca cannot be read as certificates", kind="configuration") from None
