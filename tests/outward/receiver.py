"""A receiver of webhooks over TLS, for the tests: checks signatures as the guide says, and answers as it is told."""

from __future__ import annotations

import json
import re
import ssl
import threading
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any

from mail_server import HttpsServer

from cprsync.outward.webhook import DELIVERY, SIGNATURE
from cprsync.resources import guide_paths

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

KEY = "0123456789abcdef0123456789abcdef"


def the_guides_check() -> Callable[[str, bytes, dict[str, bytes], float], bool]:
    """The example of the integrators' page, as it stands there."""
    page = guide_paths()["integrator"].read_text(encoding="utf-8")
    (block,) = re.findall(r"```python\n(import hashlib, hmac\n.*?)```", page, re.DOTALL)
    names: dict[str, Any] = {}
    exec(block, names)  # noqa: S102 -- the example of our own guide
    found: Callable[[str, bytes, dict[str, bytes], float], bool] = names["is_ours"]
    return found


@dataclass
class Receiver:
    """What came, and what is answered."""

    port: int
    ca: Path
    keys: dict[str, bytes] = field(default_factory=lambda: {"key-1": KEY.encode()})
    #: what each post is answered with, by what it says; default 204
    answer: Callable[[dict[str, Any]], int] = field(default=lambda _: 204)
    #: each post that was proved: what it said, its id, its header
    got: list[tuple[dict[str, Any], str, str]] = field(default_factory=list)
    unproved: int = 0
    location: str = ""
    #: the answer's body, and how many bytes are announced and never come
    says: bytes = b""
    owes: int = 0

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}/hook"

    def said(self) -> list[dict[str, Any]]:
        return [document for document, _, _ in self.got]

    def versions(self) -> Counter[tuple[str, int]]:
        return Counter((one["patron"], one["version"]) for one in self.said())

    def begin_anew(self) -> None:
        """Forget what came, and answer 204 again."""
        self.keys, self.answer = {"key-1": KEY.encode()}, lambda _: 204
        self.got, self.unproved, self.location, self.says, self.owes = [], 0, "", b"", 0


@contextmanager
def receiving(certificates: Path) -> Iterator[Receiver]:
    """A receiver with the mock's certificates."""
    check = the_guides_check()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            header = self.headers[SIGNATURE]
            if not check(header, body, receiver.keys, time.time()):
                receiver.unproved += 1
                self._answer(401)
                return
            document = json.loads(body)
            receiver.got.append((document, self.headers[DELIVERY], header))
            self._answer(receiver.answer(document))

        def _answer(self, status: int) -> None:
            if not status:
                self.close_connection = True
                return
            body = b"" if status == 204 else receiver.says
            self.send_response(status)
            if receiver.location:
                self.send_header("Location", receiver.location)
            self.send_header("Content-Length", str(len(body) + receiver.owes))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Write nothing."""

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / "server.pem", certificates / "server.key")
    with HttpsServer(("127.0.0.1", 0), Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        receiver = Receiver(server.server_address[1], certificates / "ca.pem")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join(5)
