"""What the desk's door (`entry`) and the patrons' door (`me.door`) share: sessions, forms, their answers, and refusals.

Whom a door lets in, and what it says of an error of ours, is its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

import structlog
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, RedirectResponse, Response

from cprsync.language.words import desk_word
from cprsync.web.memory.sessions import Answer, cookie_name
from cprsync.web.memory.unsent import Because, Unsent
from cprsync.web.resuming import (
    ALONG,
    ONWARD,
    drop_onward,
    fill_in,
    keep_onward,
    own_address,
    page_address_of,
    page_of,
    read_along,
    read_unsent,
    without_codes,
)
from cprsync.web.visit import FormRefused, comes_from_us, is_own, is_renamed, leads_to_us, own_path, read_form

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlette.requests import Request

    from cprsync.catalogues import Language
    from cprsync.domain.desk.roles import Task
    from cprsync.web.journeys import Journeys
    from cprsync.web.memory.sessions import Session, Sessions
    from cprsync.web.memory.unsent import TypedForm
    from cprsync.web.rendering import Renderer

_NOT_FOUND = 404
#: Ends the address of the page where people sign in, after they have signed out.
SIGNED_OUT: Final = "signed-out"
_LOG: Final = structlog.get_logger("cprsync.web")


def has_left(request: Request) -> bool:
    """Whether the person at this browser has just signed out."""
    return request.url.query == SIGNED_OUT


def _unsent_of(session: Session, page: str, forms: Sequence[TypedForm], because: Because) -> Unsent:
    """What the person of a session has typed on a page."""
    return Unsent(session.user, session.is_of_provider, session.form_token, page, forms, because)


class Door:
    """Finds the session, checks the form, and keeps the answer to it for an address of its own."""

    #: where the paths of the door's pages begin; "": nothing stands before them
    root: ClassVar[str] = ""
    #: the path of the page where people sign in
    sign_in_path: ClassVar[str] = "/sign-in"
    #: the path of a page that leads on, in the navigation
    onward_path: ClassVar[str] = "/sign-in"
    #: the word for the way to the first page, and those for a session that has ended
    home_word: ClassVar[str] = "to_start"
    ended: ClassVar[str] = "session_ended"

    def __init__(self, sessions: Sessions, renderer: Renderer, *, cookie: str, secure: bool) -> None:
        self._sessions, self._renderer, self._secure = sessions, renderer, secure
        self._cookie = cookie_name(cookie, secure=secure)
        self._onward = cookie_name(f"{cookie}{ONWARD}", secure=secure)
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
        # the session that could say so has ended
        address = f"{self.sign_in_path}?{SIGNED_OUT}"
        return self.with_cookie(RedirectResponse(address, status_code=303), stranger)

    async def show_session(self, request: Request) -> Response:
        """Let the session last on, as each request does, and say until when: on a page, and to a script."""
        session = self.session_of(request)
        lasts = self._renderer.lasting(session)
        if lasts is None:
            return self.with_cookie(RedirectResponse(self._home, status_code=303), session)
        page = self._renderer.page(
            "lasts.html", session, path="", layout=self._layout, back=self._home, leads_home=self.home_word
        )
        page.headers["Session-Left"] = str(lasts.left)
        page.headers["Session-Until"] = lasts.until
        page.headers["Session-Is-Last"] = "yes" if lasts.is_last else "no"
        return self.with_cookie(page, session)

    # -- forms and their answers

    async def take_form(
        self, request: Request, *, waits: bool = False
    ) -> tuple[Session, dict[str, list[str]]] | Response:
        """The session and the fields of a form of ours, or the page that refuses it.

        `waits`: whether a form whose session has ended waits for the same person to sign in again.
        """
        session = self._find(request)
        try:
            form = await read_form(request)
        except FormRefused:
            return self.failed(session or self.begin(), "form_refused", 400)
        token = (form.get("form_token") or [""])[0]
        if session is not None and is_own(request, session, token):
            return session, form
        kept = self._keep_unsent(request, session, form, token) if waits else None
        if kept is not None:
            return kept
        if session is None:
            # it ended while the form stood open: nothing was done
            session = self.begin()
            return self.apart(session, self.failed(session, self.ended, 403))
        if is_renamed(request, session, token):
            _LOG.error("web.host.renamed", host=request.url.hostname)
            return self.failed(session, "form_renamed", 403)
        return self.failed(session, "form_foreign", 403)

    def _keep_unsent(
        self, request: Request, session: Session | None, form: dict[str, list[str]], token: str
    ) -> Response | None:
        """Let a form wait until the person whose session has ended has signed in. None: it is no such form."""
        ended = self._sessions.find_ended(token) if comes_from_us(request) else None
        unsent = None if ended is None else read_unsent(request, form, ended)
        if ended is None or unsent is None:
            return None
        session = session or self.begin(ended.language)
        if session.user:
            # they have signed in again beside it, or nobody has to
            return self._go_on_with(session, unsent)
        # a form of another page, which the same person sent before it
        unsent = unsent.beside(self._sessions.unsent.take(request.cookies.get(self._onward, "")))
        response = RedirectResponse(self.sign_in_path, status_code=303)
        keep_onward(response, self._onward, self._sessions.unsent.keep(unsent), secure=self._secure)
        return self.with_cookie(response, session)

    def _go_on_with(self, session: Session, unsent: Unsent) -> Response | None:
        """Show a form filled in, to the person who has sent it. None: it is another person's."""
        if (session.user, session.is_of_provider) != (unsent.user, unsent.is_of_provider):
            self._sessions.take_ended(unsent.form_token, session)
            return None
        for one in reversed(unsent.each()):
            session.keep_unsent(one)
        self._sessions.take_ended(unsent.form_token, session)
        return self.with_cookie(RedirectResponse(unsent.page, status_code=303), session)

    # -- where somebody goes on who has to sign in first

    def to_sign_in(self, request: Request, session: Session) -> Response:
        """Ask a stranger to sign in. They are led to the page that they asked for."""
        response = RedirectResponse(self.sign_in_path, status_code=303)
        address = own_address(page_address_of(request))
        if self.has_unsent(request):
            pass
        elif address is None or address == self._home:
            drop_onward(response, self._onward, secure=self._secure)
        else:
            keep_onward(response, self._onward, address, secure=self._secure)
        return self.with_cookie(response, session)

    def has_unsent(self, request: Request) -> bool:
        """Whether a form waits for the person at this browser to sign in."""
        return self._sessions.unsent.has(request.cookies.get(self._onward, ""))

    def address_onward(self, request: Request, session: Session, otherwise: str) -> str:
        """Where somebody goes on who has just signed in. Another person's form is forgotten.

        `otherwise`: where they begin.
        """
        carried = request.cookies.get(self._onward, "")
        if carried.startswith("/"):
            address = own_address(carried)
            return otherwise if address is None else address
        unsent = self._sessions.unsent.take(carried)
        if unsent is not None:
            return otherwise if self._go_on_with(session, unsent) is None else unsent.page
        if carried:
            session.warn(desk_word("unsent_gone", session.language))
        return otherwise

    def without_onward(self, response: Response) -> Response:
        """The answer to somebody who has signed in."""
        drop_onward(response, self._onward, secure=self._secure)
        return response

    def filled_in(self, request: Request, session: Session, response: Response) -> Response:
        """The page, with the forms that wait for it."""
        if not isinstance(response, HTMLResponse):
            return response
        for unsent in session.find_unsent():
            is_its_page = unsent.page == page_address_of(request)
            # what is carried along with another form may stand on the page that answers that form, too
            may_be_here = is_its_page or unsent.because is Because.OTHER_FORM
            if may_be_here and fill_in(response, unsent, session.language, is_its_page=is_its_page):
                session.drop_unsent(unsent)
                break
        return response

    @staticmethod
    def keep_along(request: Request, session: Session, form: dict[str, list[str]]) -> None:
        """Take out of a form the others of its page, and keep them for the next page where they stand."""
        forms, page = read_along(form), page_of(request)
        form.pop(ALONG, None)
        if forms and page is not None:
            session.keep_unsent(_unsent_of(session, page, forms, Because.OTHER_FORM))

    def apart(
        self,
        session: Session,
        response: Response,
        *,
        once: bool = False,
        ends: Mapping[str, int] | None = None,
        task: Task | None = None,
    ) -> Response:
        """Let the browser ask for the answer to a form at an address of its own.

        A browser writes the form of the page that it shows to its disk, to send it again after a restart.

        Args:
            session: whose browser it is.
            response: the answer.
            once: it is shown once.
            ends: where the audit ended before the answer was made; None: it tells of no patron.
            task: the task that it is shown for; None: everyone may see it.
        """
        if not isinstance(response, HTMLResponse):
            return response
        key = session.keep_answer(Answer(response.status_code, bytes(response.body), once, ends, task))
        return self.with_cookie(RedirectResponse(f"{self.root}/answers/{key}", status_code=303), session)

    async def change_language(self, request: Request) -> Response:
        """Go on in the other language, on the same page, with what was typed.

        A form that has a button for the language of its own says in the query where it is sent (`of`), and where its
        page stands (`back`).
        """
        taken = await self.take_form(request)
        if isinstance(taken, Response):
            return taken
        session, form = taken
        session.language = "en" if form.pop("to", None) == ["en"] else "da"
        own, back = request.query_params.get("of", ""), (form.pop("back", None) or [""])[0]
        page = own_path(request.query_params.get("back", back))
        page = page if page == self._home or page.startswith(f"{self.root}/") else self._home
        kept = without_codes(own, form) if own and leads_to_us(own) else None
        forms = [*([] if kept is None else [kept]), *read_along(form)]
        if forms and session.user:
            answer = self._answer_of(request, session) if page == self._home else None
            because = Because.LANGUAGE if answer is None else Because.LANGUAGE_NEXT
            page = answer or page
            session.keep_unsent(_unsent_of(session, page, forms, because))
        return self.with_cookie(RedirectResponse(page, status_code=303), session)

    def _answer_of(self, request: Request, session: Session) -> str | None:
        """The answer to a form on which another form stood that was sent. None: it stood on another page."""
        page, answers = page_of(request) or "", f"{self.root}/answers/"
        return page if page.startswith(answers) and session.has_answer(page.removeprefix(answers)) else None

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

    def _error_page(
        self, session: Session, message: str, advice: str, status: int, *, leads: Sequence[tuple[str, str]] = ()
    ) -> Response:
        """The page that says what went wrong. `leads`: the pages that it leads to, and the keys of their names."""
        return self._renderer.page(
            "error.html",
            session,
            path="",
            status=status,
            layout=self._layout,
            message=message,
            next=advice,
            leads=leads or ((self._home, self.home_word),),
        )
