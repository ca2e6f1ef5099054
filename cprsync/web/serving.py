"""Serves the application on one port, over TLS where a certificate is set up, until it is stopped."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import ssl
import threading
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final, Protocol, cast

import structlog
import uvicorn

from cprsync.config.addresses import LOOPBACK
from cprsync.errors import ConfigurationError, Exit, port_refused
from cprsync.https import PeerProtocol, QuickServer
from cprsync.private import open_private, state_of_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from types import FrameType

    from starlette.types import ASGIApp
    from uvicorn.protocols.http.h11_impl import RequestResponseCycle

_BACKLOG: Final = 128
#: From so many open connections on, each new one makes one that waits for its browser give way.
_CONCURRENT_MAX: Final = 200
#: From so many connections or requests on, a request is refused. The request of a connection that gave way ends a
#: moment later than the connection.
_REFUSED_FROM: Final = 300
#: How long a browser may keep a connection that it does not use.
_KEEP_ALIVE_SECONDS: Final = 15
#: How long a connection may take to send the head of its first request, and of each further one.
_REQUEST_SECONDS: Final = 10.0
#: How long a request that is being answered is waited for when the server is stopped.
_STOP_SECONDS: Final = 10
#: After so long the program ends although a thread hangs. A service manager would wait for 90, and then kill.
_LEAVE_SECONDS: Final = 20.0
#: How long a browser may take to agree on TLS.
_HANDSHAKE_SECONDS: Final = 10.0
#: The server looks at its certificate's files once a minute; it ticks ten times a second.
_TICKS_BETWEEN_LOOKS: Final = 600
_LOG: Final = structlog.get_logger("cprsync.web")


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
        listener.listen(_BACKLOG)
    except (OSError, OverflowError) as error:
        listener.close()
        raise port_refused(port, error) from None
    return listener


class Beside(Protocol):
    """What runs beside a server, in its loop."""

    async def begin(self) -> None: ...

    async def end(self, seconds: float) -> None:
        """Take nothing new, and let what was begun be done for so long."""
        ...


def make_server(
    app: ASGIApp,
    certificate: Certificate | None,
    ready: Callable[[], None] = lambda: None,
    *,
    beside: Beside | None = None,
) -> uvicorn.Server:
    """A server that runs until SIGINT or SIGTERM.

    Args:
        app: what answers.
        certificate: the server's; None: browsers come without TLS.
        ready: called once requests are answered.
        beside: begins before that, and ends with the server.

    Raises:
        ConfigurationError: the certificate cannot be used.
    """
    tls = None if certificate is None else _Tls(certificate)
    config = uvicorn.Config(
        app,
        http=_Connection,
        # nobody stands between the browsers and us
        proxy_headers=False,
        ws="none",
        lifespan="off",
        loop="asyncio",
        log_config=None,
        access_log=False,
        server_header=False,
        limit_concurrency=_REFUSED_FROM,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=_STOP_SECONDS,
        ssl_context_factory=None if tls is None else lambda _config, _default: tls.context,
    )
    return _Server(config, ready, tls, beside)


class _Connection(PeerProtocol):
    """Closes a connection that begins a request and does not get on with it: there are only so many.

    Where there is no room left, one that waits for its browser makes room, of the address that has the most of them:
    whoever opens connections and asks nothing keeps nobody else out.
    """

    _waits: asyncio.TimerHandle | None = None
    #: when the browser last sent something
    heard: float = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        super().connection_made(transport)
        self.heard = self.loop.time()
        self._wait()
        if len(self.connections) >= _CONCURRENT_MAX:
            self._make_room()

    def data_received(self, data: bytes) -> None:
        self.heard = self.loop.time()
        if self._waits is None and self._is_between_requests():
            self._wait()
        super().data_received(data)
        if not self._is_between_requests():
            self._stop_waiting()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def _should_upgrade(self) -> bool:
        """No page speaks another protocol. uvicorn would tell the operator, at each such request, to install one."""
        return False

    def _make_room(self) -> None:
        others = [one for one in self.connections if isinstance(one, _Connection) and one is not self]
        count = Counter(one.address for one in others)
        waiting = [one for one in others if one.waits_for_browser]
        if waiting:
            longest = max(waiting, key=lambda one: (count[one.address], -one.heard))
            # at once: several may come before the loop sees that it is closed
            self.connections.discard(longest)
            longest.transport.abort()

    @property
    def address(self) -> str:
        return "" if self.client is None else self.client[0]

    @property
    def waits_for_browser(self) -> bool:
        """Whether nothing is being answered that has come as a whole."""
        return self._is_between_requests() or self.cycle.more_body

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
    def __init__(
        self, config: uvicorn.Config, ready: Callable[[], None], tls: _Tls | None, beside: Beside | None
    ) -> None:
        super().__init__(config)
        self._ready, self._tls, self._beside = ready, tls, beside

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to stop. What hangs is waited for no longer than it is told to be."""
        if not self.should_exit:
            leaving = threading.Timer(_LEAVE_SECONDS, _leave_what_hangs)
            leaving.daemon = True
            leaving.start()
        super().handle_exit(sig, frame)

    async def on_tick(self, counter: int) -> bool:
        """Look every minute whether the certificate was renewed."""
        if self._tls is not None and counter % _TICKS_BETWEEN_LOOKS == 0:
            self._tls.renew()
        return await super().on_tick(counter)

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
        if self._tls is not None:
            # uvicorn has no setting for it, and a minute for a browser that never begins is too long
            loop = asyncio.get_running_loop()
            create = partial(loop.create_server, ssl_handshake_timeout=_HANDSHAKE_SECONDS)
            loop.create_server = create  # type: ignore[method-assign]  # of this loop alone
        await super().startup(sockets)
        if self._beside is not None:
            await self._beside.begin()
        self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop what runs beside at the same time: both wait for what they have begun."""
        ends = [] if self._beside is None else [self._beside.end(_STOP_SECONDS)]
        await asyncio.gather(super().shutdown(sockets), *ends)


def _leave_what_hangs() -> None:
    """End the program although a thread waits for a database or a counterpart: its transaction is undone."""
    _LOG.error("web.stop.abandoned", seconds=_LEAVE_SECONDS)
    os._exit(Exit.PART)


class _Tls:
    """The desk's certificate. A renewed one is shown to the next browser, without a restart."""

    def __init__(self, certificate: Certificate) -> None:
        """Raises ConfigurationError: the certificate cannot be used."""
        self._certificate = certificate
        self._loaded = self._state()
        #: what the server listens with; each handshake goes on with the newest
        self.context = self._newest = _new_context()
        _load(self.context, certificate)
        self.context.sni_callback = self._show_newest

    def renew(self) -> None:
        """Load the files again if they have changed. One that cannot be used is left, and the log has it once."""
        state = self._state()
        if state == self._loaded:
            return
        self._loaded = state
        # A context of its own: one that is loaded again keeps a certificate of another kind of key beside the new one.
        # The files may be half written, or not fit each other: nothing of them is shown before both are whole.
        fresh = _new_context()
        try:
            _load(fresh, self._certificate)
        except ConfigurationError as error:
            _LOG.error("web.certificate.refused", kind=error.kind)
            return
        self._newest = fresh
        _LOG.info("web.certificate.renewed")

    def _show_newest(self, tls: ssl.SSLObject, _name: str | None, _context: ssl.SSLContext) -> None:
        """Called at the beginning of each handshake, whether or not the browser names a host."""
        self.renew()
        if self._newest is not self.context:
            tls.context = self._newest

    def _state(self) -> tuple[int, ...]:
        return state_of_files(self._certificate.chain, self._certificate.key, self._certificate.machines_ca)


def _new_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _load(context: ssl.SSLContext, certificate: Certificate) -> None:
    asked = False

    def refuse_to_ask() -> str:
        # without this OpenSSL asks at the terminal, and a service waits for ever
        nonlocal asked
        asked = True
        return ""

    try:
        with open_private(certificate.key):
            pass  # as every other secret: refused where others may read it
        context.load_cert_chain(certificate.chain, certificate.key, password=refuse_to_ask)
    except (OSError, ssl.SSLError):
        if asked:
            raise ConfigurationError(
                "the desk's key has a password: give one without, that the service's user alone can read",
                kind="configuration",
            ) from None
        raise ConfigurationError(
            "the desk's certificate or its key cannot be read, or they do not belong together", kind="configuration"
        ) from None
    if certificate.machines_ca is not None:
        _ask_for_certificates(context, certificate.machines_ca)


def _ask_for_certificates(context: ssl.SSLContext, issuers: Path) -> None:
    """Let clients show a certificate. Browsers without one come in as before; one that is wrong is refused."""
    context.verify_mode = ssl.CERT_OPTIONAL
    try:
        context.load_verify_locations(issuers)
    except (OSError, ssl.SSLError):
        raise ConfigurationError("machines_ca cannot be read as certificates", kind="configuration") from None
