"""TLS servers for the tests: they serve a typed answer, or misbehave, and count the connections they get."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@dataclass
class Server:
    """What a test knows of a running server."""

    port: int
    #: connections whose handshake succeeded
    connections: int = 0
    requests: list[bytes] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}/service"


def server_context(chain: Path, key: Path, *, trust: Path, version: ssl.TLSVersion) -> ssl.SSLContext:
    """Demands a client certificate from `trust`, at one version of TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    context.load_verify_locations(trust)
    context.verify_mode = ssl.CERT_REQUIRED
    context.minimum_version = context.maximum_version = version
    return context


def http(body: bytes, *, headers: bytes = b"") -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n%sContent-Length: %d\r\n\r\n%s" % (headers, len(body), body)


@contextlib.contextmanager
def threaded(
    context: ssl.SSLContext,
    reply: Callable[[bytes], bytes],
    *,
    drip: bool = False,
) -> Iterator[Server]:
    """A server that sends alerts and keeps connections. With `drip`, a byte at a time and never an end."""
    stop = threading.Event()
    threads: list[threading.Thread] = []
    sockets: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Server(listener.getsockname()[1])

        def serve(plain: socket.socket) -> None:
            with plain, contextlib.suppress(OSError), context.wrap_socket(plain, server_side=True) as connection:
                connection.settimeout(10)
                server.connections += 1
                while request := _request(connection):
                    server.requests.append(request)
                    _send(connection, reply(request), stop if drip else None)

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    plain, _ = listener.accept()
                    sockets.append(plain.dup())
                    threads.append(threading.Thread(target=serve, args=(plain,), daemon=True))
                    threads[-1].start()

        acceptor = threading.Thread(target=accept, daemon=True)
        acceptor.start()
        try:
            yield server
        finally:
            stop.set()
            listener.shutdown(socket.SHUT_RDWR)
            for kept in sockets:
                with kept, contextlib.suppress(OSError):
                    kept.shutdown(socket.SHUT_RDWR)
            for thread in [acceptor, *threads]:
                thread.join(timeout=10)


def _request(connection: ssl.SSLSocket) -> bytes:
    received = b""
    while b"\r\n\r\n" not in received:
        chunk = connection.recv(65536)
        if not chunk:
            return b""
        received += chunk
    head, _, body = received.partition(b"\r\n\r\n")
    length = next(
        (int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")), 0
    )
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def _send(connection: ssl.SSLSocket, answer: bytes, stop: threading.Event | None) -> None:
    if stop is None:
        connection.sendall(answer)
        return
    for place in range(len(answer)):
        if stop.wait(0.02):
            return
        connection.sendall(answer[place : place + 1])
    stop.wait(10)


@contextlib.contextmanager
def hanging_up(*, reads: bool) -> Iterator[Server]:
    """A server that closes each connection without a word, after our first words if it `reads` them."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Server(listener.getsockname()[1])

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    plain, _ = listener.accept()
                    server.connections += 1
                    with plain:
                        if reads:
                            plain.recv(65536)

        acceptor = threading.Thread(target=accept, daemon=True)
        acceptor.start()
        try:
            yield server
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            acceptor.join(timeout=10)


@contextlib.contextmanager
def asynchronous(context: ssl.SSLContext, answer: bytes) -> Iterator[Server]:
    """A server on asyncio, as the mock is: it sends no alert when it refuses a certificate."""
    ready, loop = threading.Event(), asyncio.new_event_loop()
    server = Server(0)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server.connections += 1
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await reader.readuntil(b"</soap-env:Envelope>")
            writer.write(answer)
            await writer.drain()
        writer.close()

    async def run() -> None:
        listening = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
        server.port = listening.sockets[0].getsockname()[1]
        ready.set()
        async with listening:
            await stopped.wait()

    stopped = asyncio.Event()
    loop.set_exception_handler(lambda *_: None)  # refused handshakes are what the tests make
    thread = threading.Thread(target=loop.run_until_complete, args=(run(),), daemon=True)
    thread.start()
    ready.wait(10)
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(stopped.set)
        thread.join(timeout=10)
        loop.close()
