"""Signing in and out: by an account of the desk, and what the ways through an identity provider share with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import structlog
from anyio import CapacityLimiter, to_thread
from starlette.responses import RedirectResponse, Response

from cprsync.language.words import desk_word
from cprsync.web.accounts import CHECKS_MAX
from cprsync.web.door import has_left
from cprsync.web.memory.tries import MARKS_SECONDS

if TYPE_CHECKING:
    from starlette.requests import Request

    from cprsync.catalogues import Language
    from cprsync.domain.desk.roles import Role
    from cprsync.web.accounts import SignedIn
    from cprsync.web.entry import Entry, Surroundings
    from cprsync.web.memory.counting import Counting
    from cprsync.web.memory.sessions import Session

_PATH: Final = "/sign-in"
_LOG: Final = structlog.get_logger("cprsync.web")


class SignIn:
    """The pages of signing in and out."""

    def __init__(self, entry: Entry, around: Surroundings, counts: Counting) -> None:
        self._entry, self._around, self._counts = entry, around, counts
        self._checks = CapacityLimiter(CHECKS_MAX)
        self._marks = "__Host-cprsync-marks" if around.secure else "cprsync-marks"

    async def show(self, request: Request) -> Response:
        """The form of name and password, and the way to the provider."""
        session = self._entry.session_of(request)
        if session.user:
            return self._entry.with_cookie(RedirectResponse("/", status_code=303), session)
        return self._page(request, session, problem=None)

    async def sign_in(self, request: Request) -> Response:
        """Begin a session under a new token, so that nobody can have planted it."""
        taken = await self._entry.take_form(request)
        if isinstance(taken, Response):
            return taken
        session, form = taken
        name, password = ((form.get(field) or [""])[0] for field in ("name", "password"))
        who = await self._check(name, password, request.cookies.get(self._marks, ""))
        if who is None:
            _LOG.warning("web.sign_in.refused")
            self._counts.note_refused_sign_in()
            # else the browser would write the password to its disk
            problem = ("name", desk_word("sign_in_refused", session.language))
            return self._entry.apart(session, self._page(request, session, problem=problem))
        self._around.sessions.end(session)
        signed_in = self._around.sessions.begin(who.name, who.roles, language=session.language, proof=who.proof)
        address = self._entry.address_onward(request, signed_in, self._entry.first_page(signed_in))
        response = self._entry.without_onward(RedirectResponse(address, status_code=303))
        return self._entry.with_cookie(self._with_marks(response, who.marks), signed_in)

    def let_in(self, request: Request, user: str, roles: frozenset[Role], *, language: Language) -> Response:
        """Begin a session under a new token for a person named by the provider, and lead them to where they go on."""
        before = self._entry.session_of(request)
        self._around.sessions.end(before)
        session = self._around.sessions.begin(user, roles, language=language, is_of_provider=True)
        # a browser that comes from another site keeps our cookie back until a page of ours leads on
        address = self._entry.address_onward(request, session, self._entry.first_page(session))
        response = self._entry.lead_on(session, address, "signed_in_onward", leads_to="to_desk")
        return self._entry.without_onward(response)

    async def sign_out(self, request: Request) -> Response:
        """End the session, and what it had in hand."""
        provider = self._around.provider
        journeys = None if provider is None else provider.journeys
        return await self._entry.end_session(request, journeys, told="signed_out_onward")

    async def _check(self, name: str, password: str, marks: str) -> SignedIn | None:
        accounts = self._around.accounts
        if accounts is None:
            return None
        return await to_thread.run_sync(accounts.sign_in, name, password, marks, limiter=self._checks)

    def _page(self, request: Request, session: Session, *, problem: tuple[str, str] | None) -> Response:
        provider = self._around.provider
        page = self._entry.page(
            "sign_in.html",
            session,
            path=_PATH,
            status=200 if problem is None else 403,
            problem=problem,
            has_unsent=self._entry.has_unsent(request),
            has_left=has_left(request),
            provider=None if provider is None else provider.title,
            has_accounts=self._around.accounts is not None,
        )
        return self._entry.with_cookie(page, session)

    def _with_marks(self, response: Response, marks: str) -> Response:
        response.set_cookie(
            self._marks,
            marks,
            max_age=MARKS_SECONDS,
            path="/",
            secure=self._around.secure,
            httponly=True,
            samesite="strict",
        )
        return response
