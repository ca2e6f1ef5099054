"""A caller of the API: a session of the desk, its token, and JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import requests

from cprsync.web.api.description import PATH

if TYPE_CHECKING:
    from browser import Browser, Served

_SECONDS = 20
#: The connections of all callers, to be closed after each test.
_JARS: list[requests.Session] = []


@dataclass
class Caller:
    """Calls the API of one desk."""

    url: str
    jar: requests.Session = field(default_factory=requests.Session)
    token: str = ""

    def get(self, path: str) -> requests.Response:
        return self.jar.get(self.url + path, timeout=_SECONDS)

    def post(self, path: str, asked: Any, **more: Any) -> requests.Response:
        headers = {"X-CSRF-Token": self.token} | more.pop("headers", {})
        return self.jar.post(self.url + path, json=asked, headers=headers, timeout=_SECONDS, **more)

    def begin(self) -> Caller:
        """Learn the session's token."""
        self.token = self.get("/session").json().get("token", "")
        return self


def calling(desk: Served, browser: Browser | None = None) -> Caller:
    """A caller with a session: the browser's, or a new one where nobody has to sign in."""
    jar = requests.Session() if browser is None else browser.jar
    _JARS.append(jar)
    return Caller(desk.url + PATH, jar).begin()


def close_connections() -> None:
    """Close what callers left open. A caller that goes on connects again."""
    while _JARS:
        _JARS.pop().close()
