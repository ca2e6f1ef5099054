"""One request of one person: what they sent, who they are, and how they are answered."""

from __future__ import annotations

import asyncio
import re
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, urlsplit

from starlette.requests import ClientDisconnect
from starlette.responses import RedirectResponse

from cprsync.language.errors import error_text
from cprsync.language.words import desk_word

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlette.requests import Request
    from starlette.responses import Response

    from cprsync.catalogues import Language
    from cprsync.errors import CprsyncError
    from cprsync.web.memory.places import Place
    from cprsync.web.memory.sessions import Session
    from cprsync.web.rendering import Renderer

#: The largest form, in bytes, and the most fields in it.
FORM_BYTES_MAX: Final = 64 * 1024
FORM_FIELDS_MAX: Final = 100
#: How long a form may take to arrive.
FORM_SECONDS: Final = 10.0
#: Nobody types these, and PostgreSQL does not keep the first.
_NOT_TYPED: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class FormRefused(ValueError):
    """The form is too large, or no form at all."""


async def read_form(request: Request) -> dict[str, list[str]]:
    """The fields of a form. Raises FormRefused before more is read than a form may have."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/x-www-form-urlencoded":
        raise FormRefused("not a form")
    body = await read_body(request)
    try:
        form = parse_qs(body.decode("ascii"), keep_blank_values=True, max_num_fields=FORM_FIELDS_MAX, errors="strict")
    except ValueError:
        # its message quotes the input
        raise FormRefused("the form cannot be read") from None
    if not is_typed(form):
        raise FormRefused("the form holds a sign that nobody types")
    return form


def is_typed(form: Mapping[str, Sequence[str]]) -> bool:
    """Whether a form holds only what somebody can type."""
    return not any(_NOT_TYPED.search(part) for name, values in form.items() for part in (name, *values))


async def read_body(request: Request) -> bytes:
    """What was sent. Raises FormRefused before more is read, or waited for, than a form may have."""
    body = bytearray()
    try:
        async with asyncio.timeout(FORM_SECONDS):
            async for part in request.stream():
                body += part
                if len(body) > FORM_BYTES_MAX:
                    raise FormRefused("the form is too large")
    except TimeoutError:
        raise FormRefused("the form took too long") from None
    except ClientDisconnect:
        raise FormRefused("the browser hung up") from None
    return bytes(body)


def own_path(text: str) -> str:
    """A path of ours that was typed or sent. Anything else is the start page: no form leads to another host."""
    return urlsplit(text).path if leads_to_us(text) else "/"


def leads_to_us(text: str) -> bool:
    """Whether an address that was typed or sent is a path, and leads to no other host."""
    parts = urlsplit(text)
    is_path = text.startswith("/") and not text.startswith(("//", "/\\")) and not parts.netloc and not parts.scheme
    return is_path and text.isprintable() and "\\" not in text


def is_own(request: Request, session: Session, token: str) -> bool:
    """Whether one of our own pages sent the request: another site does not know the session's token."""
    return comes_from_us(request) and _has_token(session, token)


def is_renamed(request: Request, session: Session, token: str) -> bool:
    """Whether one of our own pages sent the request, and a proxy before us has put another name into `Host`."""
    origin = request.headers.get("origin", _NOBODYS)
    return _is_same_site(request) and origin != _NOBODYS and not comes_from_us(request) and _has_token(session, token)


def comes_from_us(request: Request) -> bool:
    """Whether no page of another site sent the request, as far as the browser says so."""
    # an old browser tells the origin alone. Behind a proxy the scheme is another than ours
    origin = request.headers.get("origin")
    return _is_same_site(request) and (origin is None or urlsplit(origin).netloc == request.url.netloc)


#: The origin of a page that has none, such as a file.
_NOBODYS: Final = "null"


def _is_same_site(request: Request) -> bool:
    return request.headers.get("sec-fetch-site", "same-origin") in {"same-origin", "none"}


def _has_token(session: Session, token: str) -> bool:
    return secrets.compare_digest(token.encode(), session.form_token.encode())


@dataclass(frozen=True, slots=True, repr=False)
class Visit:
    """A request with its session, and a place at the desk."""

    request: Request
    session: Session
    place: Place
    renderer: Renderer
    form: Mapping[str, Sequence[str]]

    @property
    def user(self) -> str:
        return self.session.user

    @property
    def language(self) -> Language:
        return self.session.language

    def typed(self, name: str) -> str:
        """What was typed in a field, without the blanks around it. "": nothing."""
        return (self.form.get(name) or [""])[0].strip()

    def all_typed(self, name: str) -> list[str]:
        """What was typed in all fields of a name, without the empty ones."""
        return [text.strip() for text in self.form.get(name, ()) if text.strip()]

    def named(self, name: str) -> str:
        """A part of the path."""
        return str(self.request.path_params[name])

    def word(self, key: str, **values: object) -> str:
        return desk_word(key, self.language, **values)

    def show(self, page: str, *, problem: object = None, status: int | None = None, **values: Any) -> Response:
        """Render a page.

        `problem`: why nothing was done, and at which input; the status says it too. `back` among the values: where
        what answers a form can be asked for again; without it, nowhere.
        """
        path = self.request.scope["path"]
        # the answer to a form cannot be asked for again
        is_answer = self.request.method != "GET"
        values = {"back": "/" if is_answer else path, **values, "is_answer": is_answer, "problem": problem}
        code = status or (200 if problem is None else 422)
        return self.renderer.page(page, self.session, path=path, status=code, **values)

    def typed_contact(self, name: str) -> str:
        """A typed telephone or e-mail address. If it was chosen for notices, with the star that says so."""
        typed = self.typed(name)
        return f"*{typed.lstrip('* ')}" if typed and self.typed(f"{name}_notices") else typed

    def publish(self, patron_id: str, *, field: str = "") -> None:
        """Tell the net media of a patron who was written. The next page warns if they refuse, at the row of `field`."""
        if not self.place.site.publish_patron(patron_id):
            self.session.warn(self.word("culr_refused"), field=field)

    def begin_anew(self, error: CprsyncError, path: str) -> Response:
        """Show a page as it is now, which says first why a form was refused. What the form showed is true no more."""
        told = error_text(error, self.language)
        self.session.refuse(f"{told[:1].upper()}{told[1:]}.")
        return self.go_to(path)

    def go_to(self, path: str) -> Response:
        """Show another page of ours next. A reload of it sends no form again."""
        return RedirectResponse(path, status_code=303)
