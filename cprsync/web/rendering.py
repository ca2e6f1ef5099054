"""Renders a page: its template, the texts of the session's language, and nothing that a template could decide."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Self

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse

from cprsync.domain.desk.confirming import SERVICE
from cprsync.domain.desk.roles import Task
from cprsync.domain.feed.delivery import COPENHAGEN
from cprsync.domain.patron.fields import FIELDS
from cprsync.language.words import day_text, desk_word, has_word, word
from cprsync.web.memory.sessions import WARNING_SECONDS
from cprsync.web.static_files import static_address_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cprsync.catalogues import Language
    from cprsync.web.memory.sessions import Session

#: The first status of HTTP that tells of an error.
_REFUSED: Final = 400


@dataclass(frozen=True, slots=True)
class Lasting:
    """How long a session lasts after the page that is shown."""

    #: in seconds
    left: int
    #: the time of day at which it ends
    until: str
    #: no request lets it last on
    is_last: bool
    #: the page that lets it last on
    at: str
    #: how long before its end the person is asked, and how long after the page, in seconds
    warns: int = WARNING_SECONDS
    notice_after: int = 0

    @classmethod
    def of(cls, session: Session, now: float, *, at: str) -> Self:
        """`now`: seconds since 1970."""
        until = datetime.fromtimestamp(now + session.left, COPENHAGEN).strftime(
            "%H.%M" if session.language == "da" else "%H:%M"
        )
        left = round(session.left)
        return cls(left, until, session.is_last, at, notice_after=left - WARNING_SECONDS)


class Renderer:
    """Renders the pages of one library."""

    def __init__(
        self,
        library: str,
        *,
        signs_in: bool,
        always: Mapping[str, Any] = MappingProxyType({}),
        lasts_at: str = "/session",
        real_time: Callable[[], float] = time.time,
    ) -> None:
        """`always`: what every page may show. `lasts_at`: the page that lets a session last on."""
        self._library, self._signs_in, self._always = library, signs_in, always
        self._lasts_at, self._real_time = lasts_at, real_time

    def lasting(self, session: Session) -> Lasting | None:
        """How long a session lasts. None: it is nobody's, or nobody has to sign in."""
        if not session.user or not self._signs_in:
            return None
        return Lasting.of(session, self._real_time(), at=self._lasts_at)

    def page(self, name: str, session: Session, *, path: str, status: int = 200, **values: Any) -> HTMLResponse:
        """Render a template for a session."""
        context = {**_texts(session.language), "session": session, "library": self._library, "path": path}
        context |= {
            "is_refusal": status >= _REFUSED or values.get("problem") is not None or _tells_refusal(values),
            "signs_in": self._signs_in,
            "lasts": self.lasting(session),
            "is_answer": False,
            "tasks": Task,
            "template": name.removesuffix(".html"),
            **self._always,
            **values,
        }
        return HTMLResponse(_templates().get_template(name).render(context), status_code=status)


def _tells_refusal(values: Mapping[str, Any]) -> bool:
    """Whether what is said first on the page is that a form was refused."""
    return any(one.is_refusal for one in values.get("said", ()))


@cache
def _templates() -> Environment:
    """The templates of every library's pages. Each is compiled once in a process: that takes longer than its page."""
    templates = Environment(
        loader=PackageLoader("cprsync.web"),
        autoescape=True,
        undefined=StrictUndefined,
        # its file is not looked at again for each request
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.globals["static"] = static_address_of
    return templates


@cache
def _texts(language: Language) -> Mapping[str, Any]:
    """What every template can say."""

    def say(key: str, **values: object) -> str:
        return desk_word(key, language, **values)

    def say_action(action: str) -> str:
        return word(key if has_word(key := f"would_{action}") else action, language)

    return {
        "t": say,
        "lang": language,
        # a rule's words, as the commands say them
        "word": lambda key: word(key, language),
        "action": say_action,
        "person": lambda user: word("audit_nobody", language) if user == SERVICE else user,
        "day": lambda text: day_text(text, language),
        "names": {field.key: field.name.text(language) for field in FIELDS},
    }
