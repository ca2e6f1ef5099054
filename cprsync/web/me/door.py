"""The door of the patron's pages: sessions, forms, errors, and signing in by card or at the identity provider."""

from __future__ import annotations

import asyncio
import secrets
from typing import TYPE_CHECKING, Any, Final, TypeVar

import structlog
from anyio import CapacityLimiter, to_thread
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, RedirectResponse, Response

from cprsync.domain.desk.claims import claim_at
from cprsync.domain.desk.own import Proof
from cprsync.errors import BadInput, CardRefused, CprsyncError, QuotaReached, SignInRefused, SignInUnavailable
from cprsync.language.errors import advice_for, error_text
from cprsync.language.words import desk_word
from cprsync.services.desk.own import NAMED_BY
from cprsync.web.me.area import ANSWERS, ROOT, SIGN_IN
from cprsync.web.me.cards import ADDRESS_WRONG_MAX, CardSignIn
from cprsync.web.memory.places import WAIT_SECONDS, DeskBusy
from cprsync.web.memory.sessions import PATRONS_COOKIE, Answer, cookie_name
from cprsync.web.memory.tries import Tries
from cprsync.web.refusals import status_of
from cprsync.web.rendering import Renderer
from cprsync.web.visit import FormRefused, Visit, is_own, one_at_a_time, own_path, read_form

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request

    from cprsync.catalogues import Language
    from cprsync.services.desk.cards import CardDoor
    from cprsync.web.me.area import PatronArea, PatronProvider
    from cprsync.web.memory.places import Place, Places
    from cprsync.web.memory.sessions import Session
    from cprsync.web.memory.tries import Counts
    from cprsync.web.refusals import WorkerLost

    Page = Callable[[Visit], Response]
    Endpoint = Callable[[Request], Awaitable[Response]]

T = TypeVar("T")
#: The most patrons' requests at the same time: the other places are the desk's.
PATRONS_MAX: Final = 3
#: The longest card or PIN that is tried.
_TYPED_MAX: Final = 254
_LOG: Final = structlog.get_logger("cprsync.web")


class PatronDoor:
    """Lets patrons in, each to their own record."""

    def __init__(  # noqa: PLR0913 -- what a door opens with
        self,
        area: PatronArea,
        places: Places,
        library: str,
        cards: CardDoor,
        *,
        secure: bool,
        addresses: Counts | None = None,
    ) -> None:
        """The door of one server.

        `cards`: the one that all of the server share, so that tries at once are counted one by one. `addresses`: where
        the addresses that try are counted, if not here alone.
        """
        self._area, self._places, self._secure = area, places, secure
        self._cookie = cookie_name(PATRONS_COOKIE, secure=secure)
        title = None if area.provider is None else area.provider.title
        self._renderer = Renderer(library, signs_in=True, always={"provider_title": title})
        here = Tries(monotonic=area.monotonic, most=ADDRESS_WRONG_MAX)
        self._cards = CardSignIn(cards, here if addresses is None else addresses, secure=secure)
        self._room = CapacityLimiter(PATRONS_MAX)

    # -- pages

    def get(self, page: Page) -> Endpoint:
        """A page that is only looked at."""

        async def answer(request: Request) -> Response:
            session = self._session(request)
            if not session.user:
                return self._with_cookie(RedirectResponse(SIGN_IN, status_code=303), session)
            return await self._answered(request, session, page, {})

        return answer

    def post(self, page: Page) -> Endpoint:
        """A form that one of our pages sent."""

        async def answer(request: Request) -> Response:
            taken = await self._take_form(request)
            if isinstance(taken, Response):
                return taken
            session, form = taken
            if not session.user:
                return self._apart(session, self._failed(session, "me_ended", 403))
            try:
                async with one_at_a_time(session):
                    return self._apart(session, await self._answered(request, session, page, form))
            except DeskBusy as error:
                return self._apart(session, self._refused(session, error))

        return answer

    async def _answered(self, request: Request, session: Session, page: Page, form: dict[str, list[str]]) -> Response:
        def visit(place: Place) -> Response:
            return page(Visit(request, session, place, self._renderer, form))

        try:
            return self._with_cookie(await self._at_place(visit), session)
        except CprsyncError as error:
            if error.kind in _GONE:
                # they left, or were merged, while the session lasted
                self._area.sessions.end(session)
                stranger = self._begin(session.language)
                return self._apart(stranger, self._failed(stranger, "me_gone", 403))
            return self._refused(session, error)

    async def _at_place(self, ask: Callable[[Place], T]) -> T:
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

    # -- signing in

    async def show_sign_in(self, request: Request) -> Response:
        """The ways in: the identity provider, and a card with its PIN."""
        session = self._session(request)
        if session.user:
            return self._with_cookie(RedirectResponse(ROOT, status_code=303), session)
        return self._sign_in_page(session)

    async def sign_in_by_card(self, request: Request) -> Response:
        """Begin a session under a new token for whoever has the card and its PIN."""
        taken = await self._take_form(request)
        if isinstance(taken, Response):
            return taken
        session, form = taken
        card, pin = ((form.get(field) or [""])[0].strip()[:_TYPED_MAX] for field in ("card", "pin"))
        if not self._area.takes_cards:
            return self._failed(session, "no_page", 404)
        try:
            opened = await self._cards.open(request, card, pin, self._at_place)
        except (CardRefused, QuotaReached) as error:
            is_ceiling = error.kind == _CEILING
            _LOG.warning("web.me.refused", kind=error.kind if is_ceiling else "card")
            told = desk_word("me_card_ceiling" if is_ceiling else "me_card_refused", session.language)
            return self._apart(session, self._sign_in_page(session, problem=("card", told)))
        except CprsyncError as error:
            return self._apart(session, self._refused(session, error))
        self._area.sessions.end(session)
        signed_in = self._area.sessions.begin(opened.patron_id, frozenset(), language=session.language)
        response = self._cards.with_marks(RedirectResponse(ROOT, status_code=303), opened.marks)
        return self._with_cookie(response, signed_in)

    async def go_out(self, request: Request) -> Response:
        """Send the browser to the provider, or say that it does not answer and what to do."""
        session, provider = self._session(request), self._area.provider
        if provider is None:
            return self._failed(session, "no_page", 404)
        try:
            return self._with_cookie(await provider.journeys.begin(session.language), session)
        except SignInUnavailable as error:
            return self._not_proved(session, provider, error)

    async def come_back(self, request: Request) -> Response:
        """Begin a session under a new token for the patron whom the provider names."""
        session, provider = self._session(request), self._area.provider
        if provider is None:
            return self._failed(session, "no_page", 404)
        session.language = provider.journeys.language(request)
        try:
            claims = await provider.journeys.finish(request)
            named = claim_at(claims, provider.claim)
            patron = await self._at_place(lambda place: _patron_of(place, provider, named))
        except (SignInRefused, SignInUnavailable) as error:
            return provider.journeys.forget(self._not_proved(session, provider, error))
        except CprsyncError as error:
            return provider.journeys.forget(self._refused(session, error))
        self._area.sessions.end(session)
        begun = self._area.sessions.begin(patron, frozenset(), language=session.language, is_of_provider=True)
        return provider.journeys.forget(self._lead_on(begun, ROOT, "signed_in_onward", leads_to="me_to_page"))

    async def sign_out(self, request: Request) -> Response:
        """End the session, here and at the provider."""
        taken = await self._take_form(request)
        if isinstance(taken, Response):
            return taken
        session, _ = taken
        self._area.sessions.end(session)
        stranger, provider = self._begin(session.language), self._area.provider
        if session.is_of_provider and provider is not None:
            address = await provider.journeys.sign_out_address()
            if address is not None:
                return self._lead_on(stranger, address, "me_signed_out", leads_to="sign_out_there")
        return self._with_cookie(RedirectResponse(SIGN_IN, status_code=303), stranger)

    async def change_language(self, request: Request) -> Response:
        """Go on in the other language, on the same page."""
        taken = await self._take_form(request)
        if isinstance(taken, Response):
            return taken
        session, form = taken
        session.language = "en" if form.get("to") == ["en"] else "da"
        back = own_path((form.get("back") or [""])[0])
        back = back if back == ROOT or back.startswith(f"{ROOT}/") else ROOT
        return self._with_cookie(RedirectResponse(back, status_code=303), session)

    # -- sessions and answers

    def _session(self, request: Request) -> Session:
        return self._area.sessions.find(request.cookies.get(self._cookie)) or self._begin("da")

    def _begin(self, language: Language) -> Session:
        return self._area.sessions.begin("", frozenset(), language=language)

    async def _take_form(self, request: Request) -> tuple[Session, dict[str, list[str]]] | Response:
        """The session and the fields of a form of ours, or the page that refuses it."""
        session = self._area.sessions.find(request.cookies.get(self._cookie))
        if session is None:
            session = self._begin("da")
            return self._apart(session, self._failed(session, "me_ended", 403))
        try:
            form = await read_form(request)
        except FormRefused:
            return self._failed(session, "form_refused", 400)
        if not is_own(request, session, (form.get("form_token") or [""])[0]):
            return self._failed(session, "form_foreign", 403)
        return session, form

    def _apart(self, session: Session, response: Response) -> Response:
        """Let the browser ask for the answer to a form at an address of its own: it writes what it sent to its disk."""
        if not isinstance(response, HTMLResponse):
            return response
        key = session.keep_answer(Answer(response.status_code, bytes(response.body)))
        return self._with_cookie(RedirectResponse(f"{ANSWERS}/{key}", status_code=303), session)

    async def show_answer(self, request: Request) -> Response:
        """The answer to a form. The first page, if it is too old."""
        session = self._session(request)
        answer = session.answer(request.path_params["answer"])
        if answer is None:
            return self._with_cookie(RedirectResponse(ROOT, status_code=303), session)
        return self._with_cookie(HTMLResponse(answer.page, status_code=answer.status), session)

    def _sign_in_page(self, session: Session, *, problem: tuple[str, str] | None = None) -> Response:
        provider = self._area.provider
        page = self._renderer.page(
            "me/sign_in.html",
            session,
            path=SIGN_IN,
            status=200 if problem is None else 403,
            problem=problem,
            provider=None if provider is None else provider.title,
            takes_cards=self._area.takes_cards,
        )
        return self._with_cookie(page, session)

    def _not_proved(
        self, session: Session, provider: PatronProvider, error: SignInRefused | SignInUnavailable
    ) -> Response:
        """Say what happened and what to do next. The log has the reason, and nothing of the person."""
        _LOG.warning("web.me.refused", kind=error.kind)
        if isinstance(error, SignInUnavailable):
            return self._failed(session, "me_provider_down", 503, title=provider.title)
        key = {_NO_PATRON: "me_no_patron", _LEVEL: "me_level"}.get(error.kind, "me_provider_answer")
        return self._failed(session, key, 403, title=provider.title)

    def _lead_on(self, session: Session, address: str, told: str, *, leads_to: str) -> Response:
        """A page that leads on by itself, and by a link where a browser does not follow."""
        said = desk_word(told, session.language)
        page = self._renderer.page("me/onward.html", session, path=ROOT, told=said, address=address, leads_to=leads_to)
        page.headers["Refresh"] = f"0; url={address}"
        return self._with_cookie(page, session)

    def _refused(self, session: Session, error: CprsyncError) -> Response:
        is_ours = not isinstance(error, BadInput | DeskBusy)
        if is_ours:
            # no patron is told how the library's machines are set up
            reference = secrets.token_hex(4)
            _LOG.error("web.me.failed", kind=error.kind, reference=reference)
            return self._failed(session, "crashed", 500, reference=reference)
        language, status = session.language, 503 if isinstance(error, DeskBusy) else 422
        return self._error_page(session, error_text(error, language), advice_for(error).next.text(language), status)

    async def show_http_error(self, request: Request, error: Exception) -> Response:
        """A path that does not exist, or one that takes no such request."""
        status = error.status_code if isinstance(error, HTTPException) else 500
        key = "no_page" if status == _NOT_FOUND else "no_such_request"
        return self._failed(self._session(request), key, status)

    def show_lost(self, error: WorkerLost) -> Response:
        """The answer to a form whose worker has ended."""
        session = self._begin("da")
        return self._error_page(session, error_text(error, "da"), advice_for(error).next.text("da"), status_of(error))

    async def show_crash(self, request: Request, error: Exception) -> Response:
        """What nobody foresaw. The log has its kind under a reference, and the page the reference alone."""
        reference = secrets.token_hex(4)
        kind = error.kind if isinstance(error, CprsyncError) else type(error).__name__
        _LOG.error("web.me.crashed", kind=kind, reference=reference)
        return self._failed(self._session(request), "crashed", 500, reference=reference)

    def _failed(self, session: Session, key: str, status: int, **values: object) -> Response:
        told, advice = (desk_word(f"{key}{part}", session.language, **values) for part in ("", "_next"))
        return self._error_page(session, told, advice, status)

    def _error_page(self, session: Session, told: str, advice: str, status: int) -> Response:
        page = self._renderer.page(
            "me/error.html", session, path="", back=ROOT, status=status, message=told, next=advice
        )
        return self._with_cookie(page, session)

    def _with_cookie(self, response: Response, session: Session) -> Response:
        response.set_cookie(
            self._cookie, session.token, path="/", secure=self._secure, httponly=True, samesite="strict"
        )
        return response


#: The kinds of errors that mean that the session's patron is none any more.
_GONE: Final = frozenset({"patron.unknown", "patron.gone", "patron.merged", "patron.closed"})
_NO_PATRON: Final = "sign_in.no_patron"
#: Too many cards and PINs of all browsers together did not fit.
_CEILING: Final = "card.ceiling"
#: The person proved who they are, but not well enough.
_LEVEL: Final = "sign_in.level"
_NOT_FOUND: Final = 404


def _patron_of(place: Place, provider: PatronProvider, named: Any) -> str:
    """The patron whom a claim names. Raises SignInRefused: the library has no such patron."""
    found = NAMED_BY[provider.named_by](place.desk.store, named) if isinstance(named, str) else None
    if found is None:
        raise SignInRefused("the identity provider's claims give no access", kind=_NO_PATRON)
    return found


def proof_of(session: Session) -> Proof:
    """How the session's patron has proved who they are."""
    return Proof.IDENTITY if session.is_of_provider else Proof.CARD
