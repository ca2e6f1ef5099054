"""Takes the requests that other workers hand on, and answers them as if the browser had come here."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import structlog

from cprsync.web.visit import FORM_BYTES_MAX
from cprsync.web.workers.frames import Answered, FrameRefused, build_answer, parse_request, read_frame

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.types import ASGIApp, Message

    from cprsync.web.workers.frames import Asked

#: How long a worker may take to send a request, which it has whole, and to take the answer.
_FRAME_SECONDS: Final = 10.0
#: The requests of others that wait to be taken: more than all others together may have open.
_BACKLOG: Final = 2048
_LOG: Final = structlog.get_logger("cprsync.web")


class Receiver:
    """The side of a worker that the others reach."""

    def __init__(self, app: ASGIApp, path: Path) -> None:
        """`app`: the application without the part that hands on, so that no request goes in a circle."""
        self._app, self._path = app, path
        self._server: asyncio.Server | None = None
        self._at_work = 0
        self._idle = asyncio.Event()

    async def begin(self) -> None:
        """Take requests."""
        # of a worker that was here before
        self._path.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(self._take, self._path, backlog=_BACKLOG)

    async def end(self, seconds: float) -> None:
        """Take no more, and let what was begun be answered for so long."""
        if self._server is not None:
            self._server.close()
        if self._at_work:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._idle.wait()

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._at_work += 1
        self._idle.clear()
        try:
            async with asyncio.timeout(_FRAME_SECONDS):
                asked = parse_request(*await read_frame(reader, most=FORM_BYTES_MAX))
            answer = build_answer(await self._answer(asked))
            async with asyncio.timeout(_FRAME_SECONDS):
                writer.write(answer)
                await writer.drain()
        except (OSError, EOFError, TimeoutError, FrameRefused) as error:
            # the other worker says what came of it
            _LOG.warning("web.worker.unread", kind=type(error).__name__)
        finally:
            self._at_work -= 1
            if not self._at_work:
                self._idle.set()
            with suppress(OSError):
                writer.close()

    async def _answer(self, asked: Asked) -> Answered:
        """What the application answers."""
        said: list[Message] = []
        given = False

        async def receive() -> Message:
            nonlocal given
            if not asked.is_whole:
                return {"type": "http.disconnect"}
            if given:
                # the browser is another worker's concern
                await asyncio.Event().wait()
            given = True
            return {"type": "http.request", "body": asked.body, "more_body": False}

        async def send(message: Message) -> None:
            said.append(message)

        with suppress(Exception):
            # the error page was sent, and the log has it: see `Outermost`
            await self._app(asked.scope, receive, send)
        if not said:
            raise FrameRefused("the application gave no answer")
        body = b"".join(message.get("body", b"") for message in said[1:])
        return Answered(said[0]["status"], list(said[0]["headers"]), body)
