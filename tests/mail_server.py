"""A mail server over TLS, for the tests, which takes mail from one user or refuses; and an outside watcher."""

from __future__ import annotations

import asyncio
import base64
import ssl
import sys
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import EmailMessage
    from pathlib import Path

USER, PASSWORD = "cprsync", "a long password"
_SECONDS = 20


@dataclass
class MailServer:
    """What came, and how the server behaves."""

    ca: Path
    port: int = 0
    implicit: bool = False
    offers_tls: bool = True
    refuses: bool = False
    #: it greets without end
    greets_on: bool = False
    got: list[EmailMessage] = field(default_factory=list)
    #: what was said before TLS
    in_clear: list[str] = field(default_factory=list)

    def begin_anew(self) -> None:
        self.offers_tls, self.refuses, self.greets_on = True, False, False
        self.got, self.in_clear = [], []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, tls: ssl.SSLContext) -> None:
        with suppress(OSError, EOFError):
            await _Talk(self, reader, writer, tls, is_safe=self.implicit).run()
        with suppress(OSError):
            writer.close()


@dataclass
class _Talk:
    server: MailServer
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    tls: ssl.SSLContext
    is_safe: bool
    is_known: bool = False

    async def say(self, line: str) -> None:
        self.writer.write(line.encode() + b"\r\n")
        await self.writer.drain()

    async def run(self) -> None:
        while self.server.greets_on:
            await self.say("220-mail")
            await asyncio.sleep(0.01)
        await self.say("220 mail ESMTP")
        while line := (await self.reader.readline()).decode().strip():
            if not self.is_safe:
                self.server.in_clear.append(line)
            verb = line.split(" ", 1)[0].upper()
            if verb == "QUIT":
                await self.say("221 bye")
                return
            await self.answer(verb, line)

    async def answer(self, verb: str, line: str) -> None:
        if verb == "EHLO":
            offers = "250-STARTTLS\r\n" if self.server.offers_tls and not self.is_safe else ""
            await self.say(f"250-mail\r\n{offers}250 AUTH PLAIN")
        elif verb == "STARTTLS":
            await self.say("220 go")
            await self.writer.start_tls(self.tls)
            self.is_safe = True
        elif verb == "AUTH":
            said = base64.b64decode(line.rsplit(maxsplit=1)[-1]).decode().split("\0")
            self.is_known = said[1:] == [USER, PASSWORD]
            await self.say("235 welcome" if self.is_known else "535 no")
        elif verb == "DATA":
            await self.say("354 go on")
            body = await self.reader.readuntil(b"\r\n.\r\n")
            self.server.got.append(message_from_bytes(body[:-3], policy=policy.default))  # type: ignore[arg-type]
            await self.say("250 taken")
        elif verb in {"MAIL", "RCPT", "RSET"}:
            await self.say("250 ok" if self.is_known and not self.server.refuses else "550 no")
        else:
            await self.say("502 what")


@contextmanager
def mailing(certificate: Path, key: Path, ca: Path, *, implicit: bool = False) -> Iterator[MailServer]:
    """A mail server on a free port, with a certificate for localhost."""
    server, tls = MailServer(ca, implicit=implicit), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    started, over = threading.Event(), threading.Event()

    async def serve() -> None:
        listening = await asyncio.start_server(
            lambda reader, writer: server.serve(reader, writer, tls), "localhost", 0, ssl=tls if implicit else None
        )
        server.port = listening.sockets[0].getsockname()[1]
        # a name that the certificate does not have
        other = await asyncio.start_server(
            lambda reader, writer: server.serve(reader, writer, tls), "127.0.0.2", server.port
        )
        started.set()
        await asyncio.to_thread(over.wait, 600)
        listening.close()
        other.close()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    assert started.wait(_SECONDS)
    try:
        yield server
    finally:
        over.set()
        thread.join(_SECONDS)


class HttpsServer(ThreadingHTTPServer):
    """A server whose callers may hang up in the middle: that is their business, and no line in the check's output."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


@dataclass
class Watcher:
    """Whoever misses a call: what each one said."""

    url: str = ""
    came: list[bytes] = field(default_factory=list)


@contextmanager
def watching(certificates: Path) -> Iterator[Watcher]:
    """An outside watcher with the mock's certificates."""
    watcher, tls = Watcher(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)

    class Taker(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            watcher.came.append(self.rfile.read(int(self.headers["Content-Length"] or 0)))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Write nothing."""

    tls.load_cert_chain(certificates / "server.pem", certificates / "server.key")
    with HttpsServer(("127.0.0.1", 0), Taker) as server:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
        watcher.url = f"https://localhost:{server.server_address[1]}/ping/secret"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield watcher
        finally:
            server.shutdown()
            thread.join(_SECONDS)
