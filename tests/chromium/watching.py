"""Watches a browser for what no page may do: ask another host, break a rule, or keep something of a person."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from playwright.sync_api import BrowserContext, ConsoleMessage, Frame, Page, Request, WebError

#: What the browser says of a page that was answered with an error: the page is the answer, and no mistake.
_REFUSED = "Failed to load resource: the server responded with a status of"
#: What a page can keep in a browser beyond its cookie.
_KEPT = """async () => [
    ...Object.keys(localStorage), ...Object.keys(sessionStorage), ...await caches.keys(),
    ...(await indexedDB.databases()).map((one) => one.name),
    ...(await navigator.serviceWorker.getRegistrations()).map((one) => one.scope),
]"""


@dataclass
class Watch:
    """What one browser did that it may not do, and what its history holds."""

    url: str
    problems: list[str] = field(default_factory=list)
    #: the addresses and titles of the pages that were shown
    history: set[str] = field(default_factory=set)
    _pages: set[str] = field(default_factory=set)

    def begin(self, context: BrowserContext) -> None:
        context.on("request", self._ask)
        context.on("console", self._say)
        context.on("weberror", self._fail)

    def begin_page(self, page: Page) -> None:
        page.on("framenavigated", self._show)
        page.on("domcontentloaded", lambda shown: self.history.add(shown.title()))

    def look(self, page: Page) -> None:
        """Note what the page that is shown has kept in the browser."""
        self.problems += [f"kept in the browser: {one}" for one in page.evaluate(_KEPT)]

    def find_problems(self, personal: Iterable[str]) -> list[str]:
        """What went wrong. `personal`: what no address and no title may hold."""
        told = [word for word in personal if any(word in one for one in self.history)]
        return self.problems + [f"{len(told)} words of persons in the history"] * bool(told)

    def _ask(self, request: Request) -> None:
        if urlsplit(request.url).netloc != urlsplit(self.url).netloc:
            self.problems.append(f"asked another host: {urlsplit(request.url).netloc or request.url[:40]}")
        if request.is_navigation_request():
            self._pages.add(request.url)

    def _say(self, message: ConsoleMessage) -> None:
        is_page = message.text.startswith(_REFUSED) and message.location["url"] in self._pages
        if message.type in {"error", "warning"} and not is_page:
            self.problems.append(f"the console says: {message.text}")

    def _fail(self, error: WebError) -> None:
        self.problems.append(f"a script failed: {error.error}")

    def _show(self, frame: Frame) -> None:
        self.history.add(frame.url)
