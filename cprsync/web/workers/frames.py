"""A request that one worker hands on to another, and its answer, as bytes: a length, a head in JSON, a body.

Both ends are processes of ours. The ceilings are for the memory that a request may take, not against a stranger.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Iterable, Mapping

    from starlette.types import Scope

#: The largest head of a request or an answer, in bytes. uvicorn takes 64 KiB of a browser.
HEAD_BYTES_MAX: Final = 256 * 1024
#: The largest answer. The largest page is far below.
ANSWER_BYTES_MAX: Final = 64 * 1024 * 1024
#: The lengths of head and body.
_LENGTHS: Final = struct.Struct("!II")
#: What of a request is handed on as it is. A client's certificate is not: machines are served where they ask.
_PLAIN: Final = ("http_version", "scheme", "method", "path", "root_path")
Headers = list[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True, repr=False)
class Asked:
    """A request, with its whole body."""

    scope: Scope
    body: bytes
    #: whether the body came to its end, in time and in size
    is_whole: bool = True


@dataclass(frozen=True, slots=True, repr=False)
class Answered:
    """An answer, with its whole body."""

    status: int
    headers: Headers
    body: bytes


class FrameRefused(ValueError):
    """What came is no frame, or too large a one."""


def build_request(asked: Asked) -> bytes:
    """A request as bytes."""
    scope = asked.scope
    head = {name: scope.get(name, "") for name in _PLAIN}
    head |= {name: scope[name].decode("latin-1") for name in ("raw_path", "query_string")}
    head |= {name: scope.get(name) for name in ("client", "server")}
    return _build({**head, "headers": _texts(scope["headers"]), "is_whole": asked.is_whole}, asked.body)


def parse_request(head: Mapping[str, Any], body: bytes) -> Asked:
    """A request of another worker, as the application takes it."""
    scope: Scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "state": {},
        **{name: str(head[name]) for name in _PLAIN},
        **{name: str(head[name]).encode("latin-1") for name in ("raw_path", "query_string")},
        **{name: None if head[name] is None else tuple(head[name]) for name in ("client", "server")},
        "headers": _bytes(head["headers"]),
    }
    return Asked(scope, body, bool(head["is_whole"]))


def build_answer(answered: Answered) -> bytes:
    """An answer as bytes."""
    return _build({"status": answered.status, "headers": _texts(answered.headers)}, answered.body)


def parse_answer(head: Mapping[str, Any], body: bytes) -> Answered:
    """An answer of another worker."""
    return Answered(int(head["status"]), _bytes(head["headers"]), body)


async def read_frame(reader: asyncio.StreamReader, *, most: int) -> tuple[dict[str, Any], bytes]:
    """Head and body of the next frame. `most`: the largest body, in bytes.

    Raises:
        FrameRefused: it is none, or too large.
        EOFError: the other end has gone.
    """
    head_bytes, body_bytes = _LENGTHS.unpack(await reader.readexactly(_LENGTHS.size))
    if head_bytes > HEAD_BYTES_MAX or body_bytes > most:
        raise FrameRefused("the frame is too large")
    try:
        head = json.loads(await reader.readexactly(head_bytes))
    except ValueError:
        raise FrameRefused("the frame has no head") from None
    return dict(head), await reader.readexactly(body_bytes)


def _build(head: Mapping[str, Any], body: bytes) -> bytes:
    text = json.dumps(head).encode()
    return b"".join((_LENGTHS.pack(len(text), len(body)), text, body))


def _texts(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[str, str]]:
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]


def _bytes(headers: Iterable[Iterable[str]]) -> Headers:
    found: Headers = []
    for name, value in headers:
        found.append((name.encode("latin-1"), value.encode("latin-1")))
    return found
