"""The desk's application over one library, called in this process: no socket, no browser, everybody signed in."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from browser import Site
from doubles import AGENCY

from cprsync.config.addresses import LOOPBACK
from cprsync.domain.desk.roles import EVERY_ROLE
from cprsync.web.api.description import PATH
from cprsync.web.app import make_app
from cprsync.web.entry import Surroundings
from cprsync.web.memory.places import Places
from cprsync.web.memory.sessions import Sessions

if TYPE_CHECKING:
    from doubles import Library

    from cprsync.web.memory.sessions import Session


@dataclass
class DeskCalls:
    """One desk, and the sessions of those who work there."""

    library: Library
    sessions: Sessions = field(default_factory=lambda: Sessions(now=lambda: 0.0))
    by_user: dict[str, Session] = field(default_factory=dict)
    loop: asyncio.Runner = field(default_factory=asyncio.Runner)

    def __post_init__(self) -> None:
        site = Site(self.library)
        self.places = Places(lambda: site)  # type: ignore[arg-type,return-value]  # as much of a site as places use
        targets = tuple(one.target for one in self.library.targets)
        around = Surroundings(
            *(self.places, self.sessions, "Byens bibliotek", "nobody", None, LOOPBACK),
            secure=False,
            targets=targets,
            agency=AGENCY,
        )
        self.app = make_app(around)

    def close(self) -> None:
        self.places.close()
        self.loop.close()

    def page(self, user: str, path: str) -> tuple[int, str]:
        """The status and the text of a page."""
        return self.loop.run(self._asked(user, "GET", path, None))

    def call(self, user: str, method: str, path: str, asked: Any = None) -> tuple[int, str]:
        """The status and the text of the API's answer."""
        return self.loop.run(self._asked(user, method, f"{PATH}{path}", asked))

    async def _asked(self, user: str, method: str, path: str, asked: Any) -> tuple[int, str]:
        session = self.by_user.setdefault(user, self.by_user.get(user) or self.sessions.begin(user, EVERY_ROLE))
        address, _, query = path.partition("?")
        body = b"" if asked is None else json.dumps(asked).encode()
        headers = {
            "host": "localhost",
            "cookie": f"cprsync={session.token}",
            "x-csrf-token": session.form_token,
            "content-type": "application/json",
            "content-length": str(len(body)),
        }
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": address,
            "root_path": "",
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        }
        sent: list[Any] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        await self.app(scope, receive, send)
        return sent[0]["status"], b"".join(one.get("body", b"") for one in sent).decode()
