"""Hands a request on to the worker that has its session.

A browser without a session gets the next worker in turn, so that sessions are spread however the connections are.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Final

import structlog
from starlette.requests import ClientDisconnect, Request

from cprsync.web.memory.sessions import worker_of
from cprsync.web.refusals import WorkerLost
from cprsync.web.visit import FORM_BYTES_MAX, FORM_SECONDS
from cprsync.web.workers.frames import (
    ANSWER_BYTES_MAX,
    Asked,
    FrameRefused,
    build_request,
    parse_answer,
    read_frame,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence
    from pathlib import Path

    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from cprsync.web.workers.frames import Answered

    #: the path of a request, to the cookies that may name its worker, the first that does; (): it has no session
    CookiesOf = Callable[[str], Sequence[str]]

#: How long another worker may take to take a request, and to answer it. No page waits that long for anything.
REACH_SECONDS: Final = 5.0
ANSWER_SECONDS: Final = 120.0
#: What it means when the other end is closed before an answer has come.
_HAS_ENDED: Final = (EOFError, ConnectionError)
_SENDS_NOTHING: Final = frozenset({"GET", "HEAD"})
_LOG: Final = structlog.get_logger("cprsync.web")


@dataclass(frozen=True, slots=True)
class Team:
    """The workers of one desk, seen by one of them."""

    #: of this worker: 0 is the first
    number: int
    #: of all
    size: int
    #: where their sockets are
    folder: Path
    _turns: Iterator[int] = field(default_factory=count, repr=False)

    def socket_of(self, number: int) -> Path:
        """Where a worker takes requests of the others."""
        return self.folder / f"worker{number}"

    def next_in_turn(self) -> int:
        """The worker of a browser that has no session yet."""
        return (self.number + next(self._turns)) % self.size


class HandOn:
    """The application of one worker, which answers for all of them."""

    def __init__(
        self,
        app: ASGIApp,
        team: Team,
        *,
        cookies_of: CookiesOf,
        show_lost: Callable[[Request, WorkerLost], Awaitable[Response]],
    ) -> None:
        """`show_lost`: the answer to a form whose worker has ended before it answered."""
        self._app, self._team, self._cookies_of, self._show_lost = app, team, cookies_of, show_lost

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        owner = self._owner(scope)
        if owner == self._team.number:
            await self._app(scope, receive, send)
            return
        try:
            body = await _read_whole(receive)
        except ClientDisconnect:
            return
        asked = Asked(scope, body or b"", is_whole=body is not None)
        try:
            answered = await self._ask(owner, asked)
        except (ConnectionRefusedError, FileNotFoundError):
            await self._answer_here(asked, receive, send)
        except (OSError, EOFError, TimeoutError, FrameRefused) as error:
            _LOG.error("web.worker.lost", worker=owner, kind=type(error).__name__)
            if isinstance(error, _HAS_ENDED) and scope["method"] in _SENDS_NOTHING:
                await self._answer_here(asked, receive, send)
            else:
                await self._answer_lost(asked, receive, send)
        else:
            await _send(answered, send)

    def _owner(self, scope: Scope) -> int:
        """The worker whose session it is."""
        names = self._cookies_of(scope["path"])
        if not names:
            return self._team.number
        cookies = Request(scope).cookies
        named = (worker_of(cookies.get(name)) for name in names)
        owner = next((one for one in named if one is not None and one < self._team.size), None)
        return self._team.next_in_turn() if owner is None else owner

    async def _ask(self, owner: int, asked: Asked) -> Answered:
        """What another worker answers.

        Raises:
            ConnectionRefusedError, FileNotFoundError: it has ended, and nothing was sent.
            OSError, EOFError, TimeoutError, FrameRefused: the request was sent, and no answer came.
        """
        async with asyncio.timeout(REACH_SECONDS):
            reader, writer = await asyncio.open_unix_connection(self._team.socket_of(owner))
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                writer.write(build_request(asked))
                await writer.drain()
                return parse_answer(*await read_frame(reader, most=ANSWER_BYTES_MAX))
        finally:
            writer.transport.abort()

    async def _answer_here(self, asked: Asked, receive: Receive, send: Send) -> None:
        """Answer for a worker that has ended, and its sessions with it: here the cookie is nobody's."""
        await self._app(asked.scope, _again(asked, receive), send)

    async def _answer_lost(self, asked: Asked, receive: Receive, send: Send) -> None:
        error = WorkerLost("the part of the program that was answering has ended before it answered")
        response = await self._show_lost(Request(asked.scope, _again(asked, receive)), error)
        await response(asked.scope, receive, send)


async def _read_whole(receive: Receive) -> bytes | None:
    """The body of a request. None: it is larger, or takes longer, than a form may. Raises ClientDisconnect."""
    body = bytearray()
    with suppress(TimeoutError):
        async with asyncio.timeout(FORM_SECONDS):
            is_more = True
            while is_more and len(body) <= FORM_BYTES_MAX:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise ClientDisconnect
                body += message.get("body", b"")
                is_more = message.get("more_body", False)
            return bytes(body) if len(body) <= FORM_BYTES_MAX else None
    return None


def _again(asked: Asked, receive: Receive) -> Receive:
    """What gives a request that was read once to the application."""
    given = False

    async def receive_again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        if asked.is_whole:
            return {"type": "http.request", "body": asked.body, "more_body": False}
        # as one that broke off: the page says that it cannot be read
        return {"type": "http.disconnect"}

    return receive_again


async def _send(answered: Answered, send: Send) -> None:
    await send({"type": "http.response.start", "status": answered.status, "headers": answered.headers})
    await send({"type": "http.response.body", "body": answered.body, "more_body": False})
