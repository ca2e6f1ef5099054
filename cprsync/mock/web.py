"""HTTP for the mock, on uvicorn: SOAP over mutual TLS, CULR, FBS, Koha, webhooks over TLS, the control without it.

Knows sizes and status codes. What a request means is known by `soap`, `fbs`, `koha` and `control`.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeAlias

import uvicorn

from cprsync.errors import CprsyncError
from cprsync.https import SHOWN, PeerProtocol, QuickServer
from cprsync.mock.control import carry_out
from cprsync.mock.koha.routes import KohaRequest
from cprsync.mock.soap.messages import Response
from cprsync.mock.soap.services import SoapPeer, SoapServices

if TYPE_CHECKING:
    import ssl
    from collections.abc import Awaitable, Callable, Iterator, Mapping

    from cprsync.mock.control import Answering
    from cprsync.mock.fbs.service import FbsService
    from cprsync.mock.koha.service import KohaService
    from cprsync.mock.soap.culr import CulrService
    from cprsync.mock.town.register import TownRegister
    from cprsync.mock.webhook import WebhookService

    Receive = Callable[[], Awaitable[Any]]
    Send = Callable[[Any], Awaitable[None]]
    App = Callable[[Any, Receive, Send], Awaitable[None]]

REQUEST_MAX_BYTES = 1024 * 1024
#: How many seconds a stop waits for answers in progress.
_STOP_WAITS = 1
_KEEP_ALIVE_SECONDS = 60
_JSON = "application/json"
_TOO_LARGE = "The request is larger than 1 MiB."
_PACKED = "The request is compressed: send it without Content-Encoding."
#: An answer that has no body, and no header about one.
_NO_CONTENT = 204


class _MockConnection(PeerProtocol):
    """Passes the client's certificate and the connection to the application."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # uvicorn's own narrows it the same way
        super().connection_made(transport)
        shown = self.app_state[SHOWN]
        peer = None if shown is None else _peer_of(shown.parts)
        self.app_state = {**self.app_state, "peer": peer, "transport": transport}


def _peer_of(certificate: Mapping[str, Any]) -> SoapPeer:
    subject = {name: value for part in certificate.get("subject", ()) for name, value in part}
    return SoapPeer(str(subject.get("serialNumber", "")), str(certificate.get("serialNumber", "")))


class QuietServer(QuickServer):
    """A server that stops at once. It leaves signals to its caller, because several servers share one loop."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def make_server(app: App, tls: Callable[[], ssl.SSLContext] | None = None) -> QuietServer:
    """A server for an application. `tls` makes its context; without one it speaks HTTP."""
    config = uvicorn.Config(
        app,
        http=_MockConnection,
        ws="none",
        lifespan="off",
        loop="asyncio",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_STOP_WAITS,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        ssl_context_factory=None if tls is None else lambda _config, _default: tls(),
    )
    return QuietServer(config)


@dataclass(frozen=True, slots=True, repr=False)
class _Asked:
    """One request. Header names are in small letters."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    #: the `SoapPeer` whose certificate was shown; None: nobody's
    peer: Any


_Answer: TypeAlias = "Callable[[_Asked], Response]"


def _build_app(answer: _Answer, *, too_large: _Answer = lambda _: Response(413, b"too large\n", "text/plain")) -> App:
    """An application of one answer to each request. `too_large`: for a body that is, and that it does not get."""

    async def app(scope: Any, receive: Receive, send: Send) -> None:
        try:
            body = await _read(receive)
        except _Left:
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        query, peer = scope["query_string"].decode("latin-1"), scope["state"].get("peer")
        asked = _Asked(scope["method"], scope["path"], query, headers, body or b"", peer)
        await _send_answer(too_large(asked) if body is None else answer(asked), scope, receive, send)

    return app


def soap_app(services: SoapServices) -> App:
    """The application of both SOAP services."""

    def described(asked: _Asked) -> Response:
        return services.describe(asked.path, asked.query, url=_url(asked))

    def served(asked: _Asked) -> Response:
        if _is_packed(asked):
            return services.refuse(415, _PACKED, peer=asked.peer)
        return services.answer(asked.path, asked.body, charset=_charset(asked), peer=asked.peer)

    answer = _posted(services.knows, served, described)
    return _build_app(answer, too_large=lambda asked: services.refuse(413, _TOO_LARGE, peer=asked.peer))


def culr_app(service: CulrService) -> App:
    """The application of CULR."""

    def served(asked: _Asked) -> Response:
        if _is_packed(asked):
            return service.refuse(415, _PACKED)
        return service.answer(asked.body, charset=_charset(asked))

    described: _Answer = lambda asked: service.describe(asked.query, url=_url(asked))  # noqa: E731 -- one expression
    return _build_app(_posted(service.knows, served, described), too_large=lambda _: service.refuse(413, _TOO_LARGE))


def _posted(knows: Callable[[str], bool], served: _Answer, described: _Answer) -> _Answer:
    """What is answered at the paths of SOAP, and elsewhere."""

    def answer(asked: _Asked) -> Response:
        if not knows(asked.path):
            return Response(404, b"no such service: ready.json has the addresses\n", "text/plain")
        return served(asked) if asked.method == "POST" else described(asked)

    return answer


def _is_packed(asked: _Asked) -> bool:
    return asked.headers.get("content-encoding", "identity").strip().lower() not in {"", "identity"}


def _url(asked: _Asked) -> str:
    """The address that was asked, without its query."""
    return f"https://{asked.headers.get('host', 'localhost')}{asked.path}"


def fbs_app(service: FbsService) -> App:
    """The application of FBS."""

    def answer(asked: _Asked) -> Response:
        return service.answer(asked.method, asked.path, session=asked.headers.get("x-session", ""), body=asked.body)

    return _build_app(answer)


def webhook_app(service: WebhookService) -> App:
    """The application of the receiver of webhooks."""
    return _build_app(lambda asked: service.answer(asked.method, asked.path, headers=asked.headers, body=asked.body))


def koha_app(service: KohaService) -> App:
    """The application of Koha's REST API."""

    def answer(asked: _Asked) -> Response:
        return service.answer(KohaRequest(asked.method, asked.path, asked.query, asked.headers, asked.body))

    return _build_app(answer, too_large=lambda _: _json(413, {"error": "Request body is too large."}))


def control_app(register: TownRegister, more: Mapping[str, Answering] = MappingProxyType({})) -> App:
    """The application of the control. `more`: paths of counterparts that are only served on request."""

    def answer(asked: _Asked) -> Response:
        return _answer_control(register, more, asked)

    return _build_app(answer, too_large=answer)


def _answer_control(register: TownRegister, more: Mapping[str, Answering], asked: _Asked) -> Response:
    # A web page in a browser on this machine can post forms, but not JSON. Calls to another host name are refused too.
    local = asked.headers.get("host", "").partition(":")[0] == "127.0.0.1"
    if not local or asked.method != "POST" or asked.headers.get("content-type") != _JSON:
        return _json(403, {"error": {"kind": "mock.control", "message": "the control takes JSON from this machine"}})
    try:
        wanted = json.loads(asked.body)
        return _json(200, carry_out(register, asked.path, wanted if isinstance(wanted, dict) else {}, more))
    except CprsyncError as error:
        return _json(400, {"error": {"kind": error.kind, "message": error.message, **error.document()}})
    except (ValueError, RecursionError):
        return _json(400, {"error": {"kind": "mock.control", "message": "not JSON"}})
    except OSError:
        return _json(507, {"error": {"kind": "mock.folder", "message": "the mock's folder cannot be written"}})


def _json(status: int, document: dict[str, Any]) -> Response:
    return Response(status, json.dumps(document, ensure_ascii=False).encode(), _JSON)


class _Left(Exception):
    """The client went before its request was complete: it asked for nothing."""


async def _read(receive: Receive) -> bytes | None:
    """The request's body. None: it is too large; the rest is read and dropped. Raises _Left."""
    body, size, more = bytearray(), 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _Left
        size += len(message.get("body", b""))
        if size <= REQUEST_MAX_BYTES:
            body += message.get("body", b"")
        more = message.get("more_body", False)
    return bytes(body) if size <= REQUEST_MAX_BYTES else None


async def _send_answer(response: Response, scope: Any, receive: Receive, send: Send) -> None:
    if response.wait:
        await asyncio.sleep(response.wait)
    if response.drop:
        scope["state"]["transport"].abort()
        while (await receive())["type"] != "http.disconnect":
            pass
        return
    headers = [
        (b"content-type", response.content_type.encode()),
        (b"content-length", str(len(response.body)).encode()),
        *((name.lower().encode(), value.encode()) for name, value in response.headers),
    ]
    if response.status == _NO_CONTENT:
        headers = headers[2:]
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body})


def _charset(asked: _Asked) -> str | None:
    message = Message()
    message["content-type"] = asked.headers.get("content-type", "")
    charset = message.get_param("charset")
    return charset if isinstance(charset, str) else None
