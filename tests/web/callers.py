"""A caller of the API: a session of the desk, its token, and JSON; and what every refusal of the API holds."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import requests

from cprsync.web.api.api import build_description
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
        return _as_described("get", path, self.jar.get(self.url + path, timeout=_SECONDS))

    def post(self, path: str, asked: Any, **more: Any) -> requests.Response:
        headers = {"X-CSRF-Token": self.token} | more.pop("headers", {})
        answer = self.jar.post(self.url + path, json=asked, headers=headers, timeout=_SECONDS, **more)
        return _as_described("post", path, answer)

    def begin(self) -> Caller:
        """Learn the session's token."""
        self.token = self.get("/session").json().get("token", "")
        return self


def _as_described(method: str, path: str, answer: requests.Response) -> requests.Response:
    """The answer, whose status is one that the description lists for this operation, if there is such an operation."""
    asked = path.partition("?")[0]
    described = build_description(secure=False)["paths"]
    fitting = [one for one in described if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", one), asked)]
    operation = described[min(fitting, key=lambda one: one.count("{"))].get(method) if fitting else None
    assert operation is None or str(answer.status_code) in operation["responses"], (method, asked, answer.status_code)
    return answer


def calling(desk: Served, browser: Browser | None = None) -> Caller:
    """A caller with a session: the browser's, or a new one where nobody has to sign in."""
    jar = requests.Session() if browser is None else browser.jar
    _JARS.append(jar)
    return Caller(desk.url + PATH, jar).begin()


def close_connections() -> None:
    """Close what callers left open. A caller that goes on connects again."""
    while _JARS:
        _JARS.pop().close()


def refusal(answer: requests.Response, status: int, kind: str, *, changed: str = "nothing") -> dict[str, Any]:
    """The answer is a refusal of this kind, in the one shape."""
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert {"type", "title", "status", "detail", "kind", "changed", "next", "reference", "da", "errors"} == set(problem)
    assert (problem["kind"], problem["status"], problem["changed"]) == (kind, status, changed)
    assert problem["detail"] != problem["da"]["message"]
    assert problem["next"] != problem["da"]["next"]
    return problem


def everything(desk: Served) -> Any:
    return desk.library.store.views.everything()


def records(desk: Served) -> Any:
    """Everything but the audit, and what the rules of access keep of attempts."""
    kept = everything(desk).items()
    return {name: rows for name, rows in kept if not name.startswith(("audit", "desk_"))}
