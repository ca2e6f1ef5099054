"""`GET /feed`: the changes behind a cursor, for the reader of one target. Its schema needs no log-in."""

from __future__ import annotations

import asyncio
import re
import time
from contextlib import ExitStack
from functools import cache
from typing import TYPE_CHECKING, Final

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from cprsync.domain.outward.schema import build_schema
from cprsync.errors import BadInput, CprsyncError
from cprsync.services.outward.feeding import LIMIT_MAX, LIMIT_USUAL, FeedReader
from cprsync.web.api.problems import answer_crash, answer_refusal
from cprsync.web.api.readers import Readers, only_one, taking_turn
from cprsync.web.memory.rate_limit import Turns
from cprsync.web.refusals import NotAdmitted

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.routing import BaseRoute
    from starlette.types import Receive, Scope, Send

    from cprsync.domain.outward.target import Target
    from cprsync.services.outward.feeding import Page
    from cprsync.web.accounts import ReaderEntry
    from cprsync.web.entry import Surroundings
    from cprsync.web.memory.rate_limit import PageTurns

#: Where the changes are, and where a token is given.
FEED: Final = "/feed"
TOKEN: Final = "/oauth/token"  # noqa: S105 -- a path
LINES: Final = "application/x-ndjson"
#: How long a reader may take for a page.
SEND_SECONDS: Final = 60.0
_PIECE: Final = 64 * 1024
_ASKED: Final = frozenset({"after", "limit"})
_LIMIT: Final = re.compile(r"[1-9][0-9]{0,4}", re.ASCII)
_LOG: Final = structlog.get_logger("cprsync.web")


def feed_routes(around: Surroundings) -> list[BaseRoute]:
    """The paths of the feed."""
    feed, readers = _Feed(around), Readers(around)
    return [
        Route(FEED, feed.show_page, methods=["GET"]),
        Route(f"{FEED}/schema", _show_schema, methods=["GET"]),
        Route(TOKEN, readers.give_token, methods=["POST"]),
    ]


@cache
def _schema() -> bytes:
    return bytes(JSONResponse(build_schema()).body)


async def _show_schema(_: Request) -> Response:
    return Response(_schema(), media_type="application/schema+json")


class _Feed:
    def __init__(self, around: Surroundings) -> None:
        self._around, self._readers = around, Readers(around)
        worker = around.worker
        self._turns: PageTurns = Turns(time.monotonic) if worker is None else worker.together.pages()

    async def show_page(self, request: Request) -> Response:
        """Answer with a page, or with why there is none."""
        with ExitStack() as turn:
            try:
                reader = await run_in_threadpool(self._readers.admit, request)
                target = self._target_of(reader)
                after, limit = _asked(request)
                await run_in_threadpool(turn.enter_context, taking_turn(self._turns, reader))
                page = await run_in_threadpool(self._fetch, target, after, limit)
            except CprsyncError as error:
                return await answer_refusal(request, error)
            except Exception as error:  # noqa: BLE001 -- the answer shows its reference alone
                return await answer_crash(request, error)
            return _Lines(page, turn.pop_all().close)

    def _target_of(self, reader: ReaderEntry) -> Target:
        for target in self._around.targets:
            if target.name == reader.name and target.kind.is_fetched:
                return target
        raise NotAdmitted("no reader of ours shows its certificate or a token that is in force", kind="reader.unknown")

    def _fetch(self, target: Target, after: str, limit: int) -> Page:
        with self._around.places.taken() as place:
            return FeedReader(place.desk.store, place.desk.agency, target, user=target.name).fetch(after, limit)


def _asked(request: Request) -> tuple[str, int]:
    """The cursor and the limit that a reader asks for. Raises BadInput."""
    asked = only_one(request.query_params.multi_items(), names=_ASKED)
    if asked is None:
        raise BadInput("the feed takes `after` and `limit`, each once", kind="request.query")
    limit = asked.get("limit", str(LIMIT_USUAL))
    if not _LIMIT.fullmatch(limit) or int(limit) > LIMIT_MAX:
        raise BadInput("`limit` is a number from 1 to {most}", most=LIMIT_MAX, kind="request.query")
    return asked.get("after", ""), int(limit)


class _Lines(Response):
    """A page, sent piece by piece. A reader who does not take it in time is hung up on."""

    media_type = LINES

    def __init__(self, page: Page, release: Callable[[], None]) -> None:
        super().__init__(page.body)
        self._release = release

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 -- as in Starlette
        try:
            async with asyncio.timeout(SEND_SECONDS):
                await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
                for start in range(0, len(self.body), _PIECE):
                    piece = bytes(self.body[start : start + _PIECE])
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
                await send({"type": "http.response.body", "body": b""})
        except TimeoutError:
            # the server closes the connection of an answer that has no end
            _LOG.warning("web.reader.slow", seconds=SEND_SECONDS)
        finally:
            self._release()
