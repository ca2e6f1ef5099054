"""The door of the patron's pages: sessions, forms, and what an error is answered with."""

from __future__ import annotations

import asyncio
import secrets
from typing import TYPE_CHECKING, Final, TypeVar

import structlog
from anyio import CapacityLimiter, to_thread
from starlette.responses import HTMLResponse, RedirectResponse, Response

from cprsync.domain.desk.own import Proof
from cprsync.errors import BadInput, CprsyncError, kind_of
from cprsync.language.errors import advice_for, error_text
from cprsync.services.desk.viewing import living_view_of
from cprsync.web.door import Door
from cprsync.web.me.area import ROOT, SESSION, SIGN_IN
from cprsync.web.memory.places import WAIT_SECONDS, DeskBusy
from cprsync.web.memory.sessions import PATRONS_COOKIE, Answer
from cprsync.web.refusals import status_of
from cprsync.web.rendering import Renderer
from cprsync.web.visit import Visit

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request

    from cprsync.web.me.area import PatronArea
    from cprsync.web.memory.places import Place, Places
    from cprsync.web.memory.sessions import Session
    from cprsync.web.refusals import WorkerLost

    Page = Callable[[Visit], Response]
    Endpoint = Callable[[Request], Awaitable[Response]]

T = TypeVar("T")
#: The most patrons' requests at the same time: the other places are the desk's.
PATRONS_MAX: Final = 3
#: The most pages that a session may have in a minute: each look at a record is an entry of the audit.
PAGES_A_MINUTE: Final = 30
_LOG: Final = structlog.get_logger("cprsync.web")


class _NoLongerTheirs(Exception):
    """The card has another PIN since sign-in, or it is another patron's, or the number is."""


class PatronDoor(Door):
    """Lets patrons in, each to their own record. How they prove who they are is in `signing_in`."""

    root, onward_path, home_word, ended = ROOT, ROOT, "me_to_page", "me_ended"
    sign_in_path = SIGN_IN

    def __init__(self, area: PatronArea, places: Places, library: str, *, secure: bool) -> None:
        title = None if area.provider is None else area.provider.title
        renderer = Renderer(library, signs_in=True, always={"provider_title": title}, lasts_at=SESSION)
        super().__init__(area.sessions, renderer, cookie=PATRONS_COOKIE, secure=secure)
        self._places = places
        self._room = CapacityLimiter(PATRONS_MAX)
        self._now = area.now

    def get(self, page: Page) -> Endpoint:
        """A page that is only looked at."""

        async def answer(request: Request) -> Response:
            session = self.session_of(request)
            if not session.user:
                return self.to_sign_in(request, session)
            return self.filled_in(request, session, await self._answered(request, session, page, {}))

        return answer

    def post(self, page: Page) -> Endpoint:
        """A form that one of our pages sent."""

        async def answer(request: Request) -> Response:
            taken = await self.take_form(request, waits=True)
            if isinstance(taken, Response):
                return taken
            session, form = taken
            if not session.user:
                return self.apart(session, self.failed(session, "me_ended", 403))
            self.keep_along(request, session, form)
            try:
                async with self._sessions.one_at_a_time(session):
                    ends: dict[str, int] = {}
                    answered = await self._answered(request, session, _following(page, ends), form)
                    return self.apart(session, answered, ends=ends or None)
            except DeskBusy as error:
                return self.apart(session, self.refused(session, error))

        return answer

    async def _answered(self, request: Request, session: Session, page: Page, form: dict[str, list[str]]) -> Response:
        if not session.may_ask(self._now(), a_minute=PAGES_A_MINUTE):
            return self.failed(session, "me_calm", 429)

        def visit(place: Place) -> Response:
            if session.signed_in_by is None or not session.signed_in_by.still_names(place.desk.store, session.user):
                # who has left is told that, and not that their card has changed
                living_view_of(place.desk.store, session.user)
                raise _NoLongerTheirs
            return page(Visit(request, session, place, self._renderer, form))

        try:
            return self.with_cookie(await self.at_place(visit), session)
        except _NoLongerTheirs:
            self._sessions.end(session)
            stranger = self.begin(session.language)
            return self.apart(stranger, self.failed(stranger, "me_ended", 403))
        except CprsyncError as error:
            if error.kind in _GONE:
                # they left, or were merged, while the session lasted
                self._sessions.end(session)
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

    async def show_answer(self, request: Request) -> Response:
        """The answer to a form. The first page, if something has changed since it was shown, or it is too old."""
        session, key = self.session_of(request), request.path_params["answer"]
        if session.user:
            answered = await self._answered(request, session, lambda visit: _kept(visit, key), {})
            return self.filled_in(request, session, answered)
        # to somebody who is not signed in, nothing of a patron was told
        return self.with_cookie(_shown(session.answer(key, lambda _: False)), session)

    def refused(self, session: Session, error: CprsyncError) -> Response:
        """The answer to an error of ours."""
        is_ours = not isinstance(error, BadInput | DeskBusy)
        if is_ours:
            # no patron is told how the library's machines are set up
            reference = secrets.token_hex(4)
            _LOG.error("web.me.failed", kind=error.kind, reference=reference)
            return self.failed(session, "crashed", 500, reference=reference)
        language, status = session.language, 503 if isinstance(error, DeskBusy) else 422
        advice = advice_for(error).next.text(language)
        return self.with_cookie(self._error_page(session, error_text(error, language), advice, status), session)

    def show_lost(self, error: WorkerLost) -> Response:
        """The answer to a form whose worker has ended."""
        session, advice = self.begin(), advice_for(error).next.text("da")
        return self.with_cookie(self._error_page(session, error_text(error, "da"), advice, status_of(error)), session)

    async def show_crash(self, request: Request, error: Exception) -> Response:
        """What nobody foresaw. The log has its kind under a reference, and the page the reference alone."""
        reference = secrets.token_hex(4)
        kind = kind_of(error)
        _LOG.error("web.me.crashed", kind=kind, reference=reference)
        return self.failed(self.session_of(request), "crashed", 500, reference=reference)


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


def proof_of(session: Session) -> Proof:
    """How the session's patron has proved who they are."""
    return Proof.IDENTITY if session.is_of_provider else Proof.CARD
