"""The door of the patron's pages: sessions, forms, and what an error is answered with."""

from __future__ import annotations

import asyncio
import secrets
from typing import TYPE_CHECKING, Any, Final, TypeVar

import structlog
from anyio import CapacityLimiter, to_thread
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, RedirectResponse, Response

from cprsync.domain.desk.own import Proof
from cprsync.errors import BadInput, CprsyncError
from cprsync.language.errors import advice_for, error_text
from cprsync.language.words import desk_word
from cprsync.web.me.area import ANSWERS, ROOT, SIGN_IN
from cprsync.web.memory.places import WAIT_SECONDS, DeskBusy
from cprsync.web.memory.sessions import PATRONS_COOKIE, Answer, cookie_name
from cprsync.web.refusals import status_of
from cprsync.web.rendering import Renderer
from cprsync.web.visit import FormRefused, Visit, is_own, one_at_a_time, own_path, read_form

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from starlette.requests import Request

    from cprsync.catalogues import Language
    from cprsync.web.me.area import PatronArea
    from cprsync.web.memory.places import Place, Places
    from cprsync.web.memory.sessions import Session
    from cprsync.web.refusals import WorkerLost

    Page = Callable[[Visit], Response]
    Endpoint = Callable[[Request], Awaitable[Response]]

T = TypeVar("T")
#: The most patrons' requests at the same time: the other places are the desk's.
PATRONS_MAX: Final = 3
_LOG: Final = structlog.get_logger("cprsync.web")


class _NoLongerTheirs(Exception):
    """The card has another PIN since sign-in, or it is another patron's, or the number is."""


class PatronDoor:
    """Lets patrons in, each to their own record. How they prove who they are is in `signing_in`."""

    def __init__(self, area: PatronArea, places: Places, library: str, *, secure: bool) -> None:
        self._area, self._places, self._secure = area, places, secure
        self._cookie = cookie_name(PATRONS_COOKIE, secure=secure)
        title = None if area.provider is None else area.provider.title
        self._renderer = Renderer(library, signs_in=True, always={"provider_title": title})
        self._room = CapacityLimiter(PATRONS_MAX)

    def get(self, page: Page) -> Endpoint:
        """A page that is only looked at."""

        async def answer(request: Request) -> Response:
            session = self.session_of(request)
            if not session.user:
                return self.with_cookie(RedirectResponse(SIGN_IN, status_code=303), session)
            return await self._answered(request, session, page, {})

        return answer

    def post(self, page: Page) -> Endpoint:
        """A form that one of our pages sent."""

        async def answer(request: Request) -> Response:
            taken = await self.take_form(request)
            if isinstance(taken, Response):
                return taken
            session, form = taken
            if not session.user:
                return self.apart(session, self.failed(session, "me_ended", 403))
            try:
                async with one_at_a_time(session):
                    ends: dict[str, int] = {}
                    answered = await self._answered(request, session, _following(page, ends), form)
                    return self.apart(session, answered, ends=ends or None)
            except DeskBusy as error:
                return self.apart(session, self.refused(session, error))

        return answer

    async def _answered(self, request: Request, session: Session, page: Page, form: dict[str, list[str]]) -> Response:
        def visit(place: Place) -> Response:
            if session.is_theirs is not None and not session.is_theirs(place.desk.store):
                raise _NoLongerTheirs
            return page(Visit(request, session, place, self._renderer, form))

        try:
            return self.with_cookie(await self.at_place(visit), session)
        except _NoLongerTheirs:
            self._area.sessions.end(session)
            stranger = self.begin(session.language)
            return self.apart(stranger, self.failed(stranger, "me_ended", 403))
        except CprsyncError as error:
            if error.kind in _GONE:
                # they left, or were merged, while the session lasted
                self._area.sessions.end(session)
                stranger = self.begin(session.language)
                return self.apart(stranger, self.failed(stranger, "me_gone", 403))
            return self.refused(session, error)

    async def at_place(self, ask: Callable[[Place], T]) -> T:
        """Ask at a place of the desk, of which patrons take a few. Raises DeskBusy."""

        def asked() -> T:
            with self._places.taken() as place:
                return ask(place)

        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await self._room.acquire_on_behalf_of(token := object())
        except TimeoutError:
            raise DeskBusy("all places at the desk are taken just now") from None
        try:
            return await to_thread.run_sync(asked)
        finally:
            self._room.release_on_behalf_of(token)

    # -- sessions and answers

    def session_of(self, request: Request) -> Session:
        """The session of a browser, or a new one of a stranger."""
        return self._area.sessions.find(request.cookies.get(self._cookie)) or self.begin("da")

    def begin(self, language: Language) -> Session:
        """Begin a session of nobody."""
        return self._area.sessions.begin("", frozenset(), language=language)

    async def take_form(self, request: Request) -> tuple[Session, dict[str, list[str]]] | Response:
        """The session and the fields of a form of ours, or the page that refuses it."""
        session = self._area.sessions.find(request.cookies.get(self._cookie))
        if session is None:
            session = self.begin("da")
            return self.apart(session, self.failed(session, "me_ended", 403))
        try:
            form = await read_form(request)
        except FormRefused:
            return self.failed(session, "form_refused", 400)
        if not is_own(request, session, (form.get("form_token") or [""])[0]):
            return self.failed(session, "form_foreign", 403)
        return session, form

    def apart(self, session: Session, response: Response, *, ends: Mapping[str, int] | None = None) -> Response:
        """Let the browser ask for the answer to a form at an address of its own: it writes what it sent to its disk.

        `ends`: where the audit ended before the answer was made; None: it tells of no patron.
        """
        if not isinstance(response, HTMLResponse):
            return response
        key = session.keep_answer(Answer(response.status_code, bytes(response.body), ends=ends))
        return self.with_cookie(RedirectResponse(f"{ANSWERS}/{key}", status_code=303), session)

    async def show_answer(self, request: Request) -> Response:
        """The answer to a form. The first page, if something has changed since it was shown, or it is too old."""
        session, key = self.session_of(request), request.path_params["answer"]
        if session.user:
            return await self._answered(request, session, lambda visit: _kept(visit, key), {})
        # to somebody who is not signed in, nothing of a patron was told
        return self.with_cookie(_shown(session.answer(key, lambda _: False)), session)

    def page(self, name: str, session: Session, *, path: str, status: int = 200, **values: Any) -> Response:
        """A page of ours from its template."""
        return self._renderer.page(name, session, path=path, status=status, **values)

    async def change_language(self, request: Request) -> Response:
        """Go on in the other language, on the same page."""
        taken = await self.take_form(request)
        if isinstance(taken, Response):
            return taken
        session, form = taken
        session.language = "en" if form.get("to") == ["en"] else "da"
        back = own_path((form.get("back") or [""])[0])
        back = back if back == ROOT or back.startswith(f"{ROOT}/") else ROOT
        return self.with_cookie(RedirectResponse(back, status_code=303), session)

    def refused(self, session: Session, error: CprsyncError) -> Response:
        """The answer to an error of ours."""
        is_ours = not isinstance(error, BadInput | DeskBusy)
        if is_ours:
            # no patron is told how the library's machines are set up
            reference = secrets.token_hex(4)
            _LOG.error("web.me.failed", kind=error.kind, reference=reference)
            return self.failed(session, "crashed", 500, reference=reference)
        language, status = session.language, 503 if isinstance(error, DeskBusy) else 422
        return self._error_page(session, error_text(error, language), advice_for(error).next.text(language), status)

    def failed(self, session: Session, key: str, status: int, **values: object) -> Response:
        """The page that says what happened and what to do next, by a word of the catalogue."""
        told, advice = (desk_word(f"{key}{part}", session.language, **values) for part in ("", "_next"))
        return self._error_page(session, told, advice, status)

    def _error_page(self, session: Session, told: str, advice: str, status: int) -> Response:
        page = self._renderer.page(
            "me/error.html", session, path="", back=ROOT, status=status, message=told, next=advice
        )
        return self.with_cookie(page, session)

    async def show_http_error(self, request: Request, error: Exception) -> Response:
        """A path that does not exist, or one that takes no such request."""
        status = error.status_code if isinstance(error, HTTPException) else 500
        key = "no_page" if status == _NOT_FOUND else "no_such_request"
        return self.failed(self.session_of(request), key, status)

    def show_lost(self, error: WorkerLost) -> Response:
        """The answer to a form whose worker has ended."""
        session = self.begin("da")
        return self._error_page(session, error_text(error, "da"), advice_for(error).next.text("da"), status_of(error))

    async def show_crash(self, request: Request, error: Exception) -> Response:
        """What nobody foresaw. The log has its kind under a reference, and the page the reference alone."""
        reference = secrets.token_hex(4)
        kind = error.kind if isinstance(error, CprsyncError) else type(error).__name__
        _LOG.error("web.me.crashed", kind=kind, reference=reference)
        return self.failed(self.session_of(request), "crashed", 500, reference=reference)

    def with_cookie(self, response: Response, session: Session) -> Response:
        """The response with the cookie of its session."""
        response.set_cookie(
            self._cookie, session.token, path="/", secure=self._secure, httponly=True, samesite="strict"
        )
        return response


def _following(page: Page, ends: dict[str, int]) -> Page:
    """The same page, which notes where the audit ends before it reads anything."""

    def visited(visit: Visit) -> Response:
        before = visit.place.desk.store.audit.ends()
        response = page(visit)
        # a refusal tells of nobody
        ends.update(before)
        return response

    return visited


def _kept(visit: Visit, key: str) -> Response:
    return _shown(visit.session.answer(key, visit.place.desk.store.audit.may_have_hidden))


def _shown(answer: Answer | None) -> Response:
    if answer is None:
        return RedirectResponse(ROOT, status_code=303)
    return HTMLResponse(answer.page, status_code=answer.status)


#: The kinds of errors that mean that the session's patron is none any more.
_GONE: Final = frozenset({"patron.unknown", "patron.gone", "patron.merged", "patron.closed"})
_NOT_FOUND: Final = 404


def proof_of(session: Session) -> Proof:
    """How the session's patron has proved who they are."""
    return Proof.IDENTITY if session.is_of_provider else Proof.CARD
