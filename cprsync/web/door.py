"""What the desk's door (`entry`) and the patrons' door (`me.door`) share: sessions, forms, their answers, and refusals.

Whom a door lets in, and what it says of an error of ours, is its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, RedirectResponse, Response

from cprsync.language.words import desk_word
from cprsync.web.memory.sessions import Answer, cookie_name
from cprsync.web.visit import FormRefused, is_own, own_path, read_form

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

    from cprsync.catalogues import Language
    from cprsync.web.journeys import Journeys
    from cprsync.web.memory.sessions import Session, Sessions
    from cprsync.web.rendering import Renderer

_NOT_FOUND = 404


class Door:
    """Finds the session, checks the form, and keeps the answer to it for an address of its own."""

    #: where the paths of the door's pages begin; "": nothing stands before them
    root: ClassVar[str] = ""
    #: the path of a page that leads on, in the navigation
    onward_path: ClassVar[str] = "/sign-in"
    #: the word for the way to the first page, and those for a session that has ended
    home_word: ClassVar[str] = "to_start"
    ended: ClassVar[str] = "session_ended"

    def __init__(self, sessions: Sessions, renderer: Renderer, *, cookie: str, secure: bool) -> None:
        self._sessions, self._renderer, self._secure = sessions, renderer, secure
        self._cookie = cookie_name(cookie, secure=secure)
        self._home, self._folder = self.root or "/", f"{self.root}/".lstrip("/")
        self._layout = f"{self._folder}base.html"

    # -- sessions

    def _find(self, request: Request) -> Session | None:
        """The session of a browser's cookie. None: there is none, or it has ended."""
        return self._sessions.find(request.cookies.get(self._cookie))

    def session_of(self, request: Request) -> Session:
        """The session of a request, or a new one."""
        return self._find(request) or self.begin()

    def begin(self, language: Language = "da") -> Session:
        """Begin a session of nobody."""
        return self._sessions.begin("", frozenset(), language=language)

    def with_cookie(self, response: Response, session: Session) -> Response:
        """The answer, which names the session to the browser."""
        response.set_cookie(
            self._cookie, session.token, path="/", secure=self._secure, httponly=True, samesite="strict"
        )
        return response

    async def end_session(self, request: Request, journeys: Journeys | None, *, told: str) -> Response:
        """Sign out: end the session and what it had in hand, here and at the provider that named the person.

        `told`: the word that a browser shows before it goes on to the provider.
        """
        taken = await self.take_form(request)
        if isinstance(taken, Response):
            return taken
        session, _ = taken
        self._sessions.end(session)
        stranger = self.begin(session.language)
        if session.is_of_provider and journeys is not None:
            # else the next person at this browser would be signed in there as the last one
            address = await journeys.sign_out_address()
            if address is not None:
                return self.lead_on(stranger, address, told, leads_to="sign_out_there")
        return self.with_cookie(RedirectResponse(f"{self.root}/sign-in", status_code=303), stranger)

    # -- forms and their answers

    async def take_form(self, request: Request) -> tuple[Session, dict[str, list[str]]] | Response:
        """The session and the fields of a form of ours, or the page that refuses it."""
        session = self._find(request)
        if session is None:
            # it ended while the form stood open: nothing was done
            session = self.begin()
            return self.apart(session, self.failed(session, self.ended, 403))
        try:
            form = await read_form(request)
        except FormRefused:
            return self.failed(session, "form_refused", 400)
        if not is_own(request, session, (form.get("form_token") or [""])[0]):
            return self.failed(session, "form_foreign", 403)
        return session, form

    def apart(
        self, session: Session, response: Response, *, once: bool = False, ends: Mapping[str, int] | None = None
    ) -> Response:
        """Let the browser ask for the answer to a form at an address of its own.

        A browser writes the form of the page that it shows to its disk, to send it again after a restart.

        `ends`: where the audit ended before the answer was made; None: it tells of no patron.
        """
        if not isinstance(response, HTMLResponse):
            return response
        key = session.keep_answer(Answer(response.status_code, bytes(response.body), once, ends))
        return self.with_cookie(RedirectResponse(f"{self.root}/answers/{key}", status_code=303), session)

    async def change_language(self, request: Request) -> Response:
        """Go on in the other language, on the same page."""
        taken = await self.take_form(request)
        if isinstance(taken, Response):
            return taken
        session, form = taken
        session.language = "en" if form.get("to") == ["en"] else "da"
        back = own_path((form.get("back") or [""])[0])
        is_here = back == self._home or back.startswith(f"{self.root}/")
        return self.with_cookie(RedirectResponse(back if is_here else self._home, status_code=303), session)

    # -- pages

    def page(self, name: str, session: Session, *, path: str, status: int = 200, **values: Any) -> Response:
        """A page that needs no place at the desk."""
        return self._renderer.page(f"{self._folder}{name}", session, path=path, status=status, **values)

    def lead_on(self, session: Session, address: str, told: str, *, leads_to: str) -> Response:
        """A page that leads on by itself, and by a link where a browser does not follow."""
        page = self._renderer.page(
            "onward.html",
            session,
            path=self.onward_path,
            layout=self._layout,
            told=desk_word(told, session.language),
            address=address,
            leads_to=leads_to,
        )
        page.headers["Refresh"] = f"0; url={address}"
        return self.with_cookie(page, session)

    def failed(self, session: Session, key: str, status: int, **values: object) -> Response:
        """A page that says what happened and what to do, in words of the catalogue: `key` and `key`_next."""
        told, advice = (desk_word(f"{key}{part}", session.language, **values) for part in ("", "_next"))
        return self.with_cookie(self._error_page(session, told, advice, status), session)

    async def show_http_error(self, request: Request, error: Exception) -> Response:
        """A path of ours that does not exist, or one that takes no such request."""
        status = error.status_code if isinstance(error, HTTPException) else 500
        key = "no_page" if status == _NOT_FOUND else "no_such_request"
        return self.failed(self.session_of(request), key, status)

    def _error_page(self, session: Session, message: str, advice: str, status: int) -> Response:
        return self._renderer.page(
            "error.html",
            session,
            path="",
            status=status,
            layout=self._layout,
            message=message,
            next=advice,
            back=self._home,
            leads_home=self.home_word,
        )
