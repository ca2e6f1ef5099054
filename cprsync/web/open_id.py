"""Staff sign in at the library's identity provider (OpenID Connect), beside the local accounts or instead of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import structlog
from starlette.concurrency import run_in_threadpool

from cprsync.domain.desk.claims import NoAccess, claim_at, staff_member_of
from cprsync.errors import CprsyncError, SignInRefused, SignInUnavailable
from cprsync.services.desk.own import keep_own_of_staff

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.responses import Response

    from cprsync.web.entry import Entry
    from cprsync.web.journeys import StaffProvider
    from cprsync.web.memory.places import Places
    from cprsync.web.signing_in import SignIn

#: The two addresses of the way: out, and back.
OUT: Final = "/sign-in/openid"
BACK: Final = "/sign-in/answer"
_LOG: Final = structlog.get_logger("cprsync.web")


class OpenIdDoor:
    """The pages of the way to the provider and back."""

    def __init__(self, entry: Entry, sign_in: SignIn, provider: StaffProvider, places: Places) -> None:
        self._entry, self._sign_in, self._provider, self._places = entry, sign_in, provider, places

    async def go_out(self, request: Request) -> Response:
        """Send the browser to the provider, or say that it does not answer and what to do."""
        session = self._entry.session_of(request)
        try:
            return self._entry.with_cookie(await self._provider.journeys.begin(session.language), session)
        except SignInUnavailable as error:
            return self._failed(request, error)

    async def come_back(self, request: Request) -> Response:
        """Begin a session under a new token for the person named by the provider, if they have a role here."""
        journeys = self._provider.journeys
        try:
            claims = await journeys.finish(request)
        except (SignInRefused, SignInUnavailable) as error:
            return journeys.forget(self._failed(request, error))
        who = staff_member_of(claims, self._provider.rules, agency=self._provider.agency)
        if isinstance(who, NoAccess):
            refused = SignInRefused("the identity provider's claims give no access", kind=f"sign_in.{who.value}")
            return journeys.forget(self._failed(request, refused))
        try:
            await run_in_threadpool(self._keep_own, who.name, claims)
        except CprsyncError as error:
            # without it nobody could tell whose number is theirs
            return journeys.forget(self._entry.refused(self._entry.session_of(request), error))
        language = journeys.language(request)
        return journeys.forget(self._sign_in.let_in(request, who.name, who.roles, language=language))

    def _keep_own(self, name: str, claims: Mapping[str, Any]) -> None:
        """Keep whose record is the person's own. The log has that a provider says nothing of it."""
        own = self._provider.rules.own
        if own is None:
            return
        named_by, claim = own
        with self._places.taken() as place:
            found = keep_own_of_staff(place.desk.store, name, named_by=named_by, named=claim_at(claims, claim))
        if not found:
            _LOG.warning("web.sign_in.own_unknown")

    def _failed(self, request: Request, error: SignInRefused | SignInUnavailable) -> Response:
        """Say what happened and what to do next. The log has the reason, and nothing of the person."""
        _LOG.warning("web.sign_in.refused", kind=error.kind)
        session = self._entry.session_of(request)
        session.language = self._provider.journeys.language(request) if not session.user else session.language
        if isinstance(error, SignInUnavailable):
            return self._entry.failed(session, "provider_down", 503, title=self._provider.title)
        key = _PAGES.get(error.kind, "provider_answer")
        return self._entry.failed(session, key, 403, title=self._provider.title)


#: What the page says, by the error's kind. Of others: that the answer could not be used.
_PAGES: Final = {
    "sign_in.begin": "provider_begin",
    "sign_in.declined": "provider_declined",
    "sign_in.level": "provider_level",
    "sign_in.no_name": "provider_no_name",
    "sign_in.no_role": "provider_no_role",
}
