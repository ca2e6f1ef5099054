"""How patrons sign in and out: by card and PIN, or at the identity provider."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import structlog
from starlette.responses import RedirectResponse, Response

from cprsync.domain.desk.claims import claim_at
from cprsync.errors import CardRefused, CprsyncError, QuotaReached, SignInRefused, SignInUnavailable
from cprsync.language.words import desk_word
from cprsync.services.desk.own import NAMED_BY, SignedInByCard, SignedInByClaim
from cprsync.web.door import has_left
from cprsync.web.me.area import ROOT, SIGN_IN

if TYPE_CHECKING:
    from starlette.requests import Request

    from cprsync.services.ports.store import Store
    from cprsync.web.me.area import PatronArea, PatronProvider
    from cprsync.web.me.cards import CardSignIn
    from cprsync.web.me.door import PatronDoor
    from cprsync.web.memory.sessions import Session

#: The longest card or PIN that is tried.
_TYPED_MAX: Final = 254
_NO_PATRON: Final = "sign_in.no_patron"
#: Too many cards and PINs of all browsers together did not fit.
_CEILING: Final = "card.ceiling"
#: The person proved who they are, but not well enough.
_LEVEL: Final = "sign_in.level"
_LOG: Final = structlog.get_logger("cprsync.web")


class PatronSignIn:
    """The pages of signing in and out."""

    def __init__(self, door: PatronDoor, area: PatronArea, cards: CardSignIn) -> None:
        self._door, self._area, self._cards = door, area, cards

    async def show(self, request: Request) -> Response:
        """The ways in: the identity provider, and a card with its PIN."""
        session = self._door.session_of(request)
        if session.user:
            return self._door.with_cookie(RedirectResponse(ROOT, status_code=303), session)
        return self._page(request, session)

    async def take_card(self, request: Request) -> Response:
        """Begin a session under a new token for the patron with this card and PIN."""
        taken = await self._door.take_form(request)
        if isinstance(taken, Response):
            return taken
        session, form = taken
        card, pin = ((form.get(field) or [""])[0].strip()[:_TYPED_MAX] for field in ("card", "pin"))
        if not self._area.takes_cards:
            return self._door.failed(session, "no_page", 404)
        try:
            opened = await self._cards.open(request, card, pin, self._door.at_place)
        except (CardRefused, QuotaReached) as error:
            is_ceiling = error.kind == _CEILING
            _LOG.warning("web.me.refused", kind=error.kind if is_ceiling else "card")
            told = desk_word("me_card_ceiling" if is_ceiling else "me_card_refused", session.language)
            return self._door.apart(session, self._page(request, session, problem=("card", told)))
        except CprsyncError as error:
            return self._door.apart(session, self._door.refused(session, error))
        self._area.sessions.end(session)
        patron, proof = opened.patron_id, opened.proof
        signed_in = self._area.sessions.begin(patron, frozenset(), language=session.language)
        signed_in.signed_in_by = SignedInByCard(card, proof)
        address = self._door.address_onward(request, signed_in, ROOT)
        response = self._cards.with_marks(RedirectResponse(address, status_code=303), opened.marks)
        return self._door.with_cookie(self._door.without_onward(response), signed_in)

    async def go_out(self, request: Request) -> Response:
        """Send the browser to the provider, or say that it does not answer and what to do."""
        session, provider = self._door.session_of(request), self._area.provider
        if provider is None:
            return self._door.failed(session, "no_page", 404)
        try:
            return self._door.with_cookie(await provider.journeys.begin(session.language), session)
        except SignInUnavailable as error:
            return self._not_proved(session, provider, error)

    async def come_back(self, request: Request) -> Response:
        """Begin a session under a new token for the patron named by the provider."""
        session, provider = self._door.session_of(request), self._area.provider
        if provider is None:
            return self._door.failed(session, "no_page", 404)
        session.language = provider.journeys.language(request)
        try:
            claims = await provider.journeys.finish(request)
            named = claim_at(claims, provider.claim)
            patron = await self._door.at_place(lambda place: _patron_of(place.desk.store, provider, named))
        except (SignInRefused, SignInUnavailable) as error:
            return provider.journeys.forget(self._not_proved(session, provider, error))
        except CprsyncError as error:
            return provider.journeys.forget(self._door.refused(session, error))
        self._area.sessions.end(session)
        begun = self._area.sessions.begin(patron, frozenset(), language=session.language, is_of_provider=True)
        begun.signed_in_by = SignedInByClaim(provider.named_by, str(named))
        address = self._door.address_onward(request, begun, ROOT)
        response = self._door.lead_on(begun, address, "signed_in_onward", leads_to="me_to_page")
        return provider.journeys.forget(self._door.without_onward(response))

    async def sign_out(self, request: Request) -> Response:
        """End the session, here and at the provider."""
        provider = self._area.provider
        journeys = None if provider is None else provider.journeys
        return await self._door.end_session(request, journeys, told="me_signed_out")

    def _page(self, request: Request, session: Session, *, problem: tuple[str, str] | None = None) -> Response:
        provider = self._area.provider
        page = self._door.page(
            "sign_in.html",
            session,
            path=SIGN_IN,
            status=200 if problem is None else 403,
            problem=problem,
            has_unsent=self._door.has_unsent(request),
            has_left=has_left(request),
            provider=None if provider is None else provider.title,
            takes_cards=self._area.takes_cards,
        )
        return self._door.with_cookie(page, session)

    def _not_proved(
        self, session: Session, provider: PatronProvider, error: SignInRefused | SignInUnavailable
    ) -> Response:
        """Say what happened and what to do next. The log has the reason, and nothing of the person."""
        _LOG.warning("web.me.refused", kind=error.kind)
        if isinstance(error, SignInUnavailable):
            return self._door.failed(session, "me_provider_down", 503, title=provider.title)
        key = {_NO_PATRON: "me_no_patron", _LEVEL: "me_level"}.get(error.kind, "me_provider_answer")
        return self._door.failed(session, key, 403, title=provider.title)


def _patron_of(store: Store, provider: PatronProvider, named: Any) -> str:
    """The patron named by a claim. Raises SignInRefused: the library has no such patron."""
    found = NAMED_BY[provider.named_by](store, named) if isinstance(named, str) else None
    if found is None:
        raise SignInRefused("the identity provider's claims give no access", kind=_NO_PATRON)
    return found
