"""Remembers for all workers what has to be counted once. Runs in the parent, which no browser reaches.

One line of JSON asks, one line answers. A turn lasts until its connection is closed.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections import OrderedDict
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final, Protocol

import structlog

from cprsync.web.memory.counting import Counts
from cprsync.web.memory.rate_limit import Turns
from cprsync.web.memory.tries import Tries

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

#: The longest question or answer, in bytes.
LINE_BYTES_MAX: Final = 4096
#: How long a question may take to come, and how long a turn lasts at most: a try of a card waits for the store.
_LINE_SECONDS: Final = 5.0
_TURN_SECONDS: Final = 30.0
#: How long a page may take at most to be made and taken: then others may have its turn.
_PAGE_SECONDS: Final = 180.0
#: The most answers of an identity provider that are remembered as used.
USED_MAX: Final = 10_000
_BACKLOG: Final = 2048
_LOG: Final = structlog.get_logger("cprsync.web")


class Uses(Protocol):
    """Where it is remembered what may be used once: see `Used`."""

    def use(self, what: str) -> bool: ...


class Used:
    """Remembers what may be used once. The oldest makes room. Many threads may use it."""

    def __init__(self) -> None:
        self._used: OrderedDict[str, None] = OrderedDict()
        self._lock = threading.Lock()

    def use(self, what: str) -> bool:
        """Whether it is used for the first time."""
        with self._lock:
            if what in self._used:
                return False
            self._used[what] = None
            while len(self._used) > USED_MAX:
                self._used.popitem(last=False)
            return True


class Keeper:
    """Answers what the workers ask."""

    def __init__(self, path: Path, *, monotonic: Callable[[], float], ready: Callable[[int, Any], None]) -> None:
        """`ready`: called with the number of a worker that answers browsers, and what it says of itself."""
        self._path, self._monotonic, self._ready = path, monotonic, ready
        self._tries: dict[str, Tries] = {}
        self._used: dict[str, Used] = {}
        self._turns: dict[str, asyncio.Lock] = {}
        self._pages = Turns(monotonic)
        self._counts = Counts()
        self._server: asyncio.Server | None = None

    async def begin(self) -> None:
        """Take questions."""
        self._server = await asyncio.start_unix_server(self._take, self._path, limit=LINE_BYTES_MAX, backlog=_BACKLOG)

    def end(self) -> None:
        """Take no more."""
        if self._server is not None:
            self._server.close()

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_LINE_SECONDS):
                line = await reader.readline()
            if not line:
                # another parent that starts, and looks whether we are there
                return
            asked = json.loads(line)
            if asked["ask"] == "turn":
                await self._give_turn(asked["of"], reader, writer)
            elif asked["ask"] == "count":
                # nobody waits for an answer
                self._counts.note_request(int(asked["status"]), float(asked["took"]))
            elif asked["ask"] == "counts":
                await _say(writer, is_so=True, counted=asdict(self._counts.counted()))
            elif asked["ask"] == "page":
                await self._give_page(asked["of"], asked["most"], reader, writer)
            else:
                await _say(writer, is_so=self._answer(asked))
        except (OSError, EOFError, TimeoutError, ValueError, KeyError, TypeError) as error:
            _LOG.warning("web.worker.unread", kind=type(error).__name__)
        finally:
            with suppress(OSError):
                writer.close()

    def _answer(self, asked: Mapping[str, Any]) -> bool:
        if asked["ask"] == "ready":
            self._ready(asked["worker"], asked["opened"])
            return True
        if asked["ask"] == "refused_sign_in":
            self._counts.note_refused_sign_in()
            return True
        if asked["ask"] == "use":
            return self._used.setdefault(asked["of"], Used()).use(asked["what"])
        tries = self._tries.setdefault(asked["of"], Tries(monotonic=self._monotonic, most=asked["most"]))
        if asked["ask"] == "may_try":
            return tries.may_try(asked["what"])
        {"take_back": tries.take_back, "forgive": tries.forgive}[asked["ask"]](asked["what"])
        return True

    async def _give_turn(self, of: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Give the turn to each who asks, until they close the connection. One who has gone meanwhile gets none."""
        gone = asyncio.ensure_future(_until_closed(reader))
        try:
            async with self._turns.setdefault(of, asyncio.Lock()):
                if not gone.done():
                    await _say(writer, is_so=True)
                    await asyncio.wait({gone}, timeout=_TURN_SECONDS)
        finally:
            gone.cancel()

    async def _give_page(
        self, who: str, a_minute: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Give a turn for a page, if there is one, until the worker closes the connection."""
        with self._pages.taken(who, a_minute=a_minute) as is_given:
            await _say(writer, is_so=is_given)
            if is_given:
                with suppress(TimeoutError):
                    async with asyncio.timeout(_PAGE_SECONDS):
                        await _until_closed(reader)


async def _until_closed(reader: asyncio.StreamReader) -> None:
    with suppress(OSError):
        await reader.read()


async def _say(writer: asyncio.StreamWriter, *, is_so: bool, **more: Any) -> None:
    writer.write(json.dumps({"is": is_so, **more}).encode() + b"\n")
    await writer.drain()
