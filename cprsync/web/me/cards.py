"""Cards at the patrons' page: counts the tries of an address, and knows a browser in which a card has signed in before.

A known browser carries two marks of the card (see `memory.tries`) and goes on where new ones wait. One is of its
number: without it the try is counted before any record is looked at, because how long that takes tells whether
somebody has the card. The other is worthless after a new PIN.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from anyio import to_thread

from cprsync.errors import QuotaReached
from cprsync.services.desk.cards import CardAsked
from cprsync.web.memory.sessions import cookie_name
from cprsync.web.memory.tries import MARKS_SECONDS, is_marked, with_mark

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from cprsync.services.desk.cards import CardDoor
    from cprsync.web.memory.places import Place
    from cprsync.web.memory.tries import Counts

    AtPlace = Callable[[Callable[[Place], "OpenedCard"]], Awaitable["OpenedCard"]]

#: After so many cards and PINs of one address that did not fit, no more are tried from it for a quarter of an hour:
#: whoever tries one PIN on many cards locks none of them. A library's computers may share an address. After as many
#: tries of one card, right ones too, the card waits.
ADDRESS_WRONG_MAX: Final = 40
#: IPv4; and of an IPv6 address the bits that an internet provider gives to one household.
_SHORT: Final = 4
_HOUSEHOLD_BITS: Final = 64
_MARKS: Final = "cprsync-me-marks"


@dataclass(frozen=True, slots=True, repr=False)
class OpenedCard:
    """The patron of a card, and the marks that the browser carries from now on."""

    patron_id: str
    marks: str
    #: the browser has a mark of the card already
    is_known: bool
    #: what is another as soon as the card has another PIN
    proof: str


class CardSignIn:
    """Opens cards for browsers."""

    def __init__(self, cards: CardDoor, addresses: Counts, *, secure: bool) -> None:
        """`addresses`: where the tries of each address are counted."""
        self._cards, self._addresses, self._secure = cards, addresses, secure
        self._cookie = cookie_name(_MARKS, secure=secure)

    async def open(self, request: Request, card: str, pin: str, at_place: AtPlace) -> OpenedCard:
        """The patron of a card. Raises CardRefused and QuotaReached, as `CardDoor` does."""
        marks, address = request.cookies.get(self._cookie, ""), _network_of(request)
        if not marks:
            # before a place is taken: a flood from one address takes none
            await to_thread.run_sync(self._count, address)
        opened = await at_place(lambda place: self._open(place, CardAsked(card, pin), marks, address))
        if not opened.is_known:
            await to_thread.run_sync(self._addresses.take_back, address)
        return opened

    def _count(self, address: str) -> None:
        if not self._addresses.may_try(address):
            raise QuotaReached("too many ask at the same time", kind="card.busy")

    def _open(self, place: Place, asked: CardAsked, marks: str, address: str) -> OpenedCard:
        desk = place.desk
        names = desk.store.cards.names_of(asked.card)
        was_here = any(is_marked(marks, name) for name in names)
        proof = self._cards.proof_of(desk.store, asked.card) if was_here else None
        is_known = proof is not None and is_marked(marks, proof)
        if marks and not is_known:
            self._count(address)
        # also what fits: each try is an entry of the audit. Strangers leave the patron's own browser its tries
        self._count(f"{'known' if is_known else 'new'} {names[0]}")
        asked = replace(asked, is_known=is_known)
        patron_id = self._cards.open(desk.store, desk.clock, asked, ceilings=desk.policy.pins)
        proof = self._cards.proof_of(desk.store, asked.card)
        if proof is not None:
            marks = with_mark(with_mark(marks, names[0]), proof)
        return OpenedCard(patron_id, marks, is_known, proof or "")

    def with_marks(self, response: Response, marks: str) -> Response:
        """The answer, which lets the browser carry its marks. They name nobody."""
        response.set_cookie(
            self._cookie,
            marks,
            max_age=MARKS_SECONDS,
            path="/",
            secure=self._secure,
            httponly=True,
            samesite="strict",
        )
        return response


def _network_of(request: Request) -> str:
    """The address that asks. Of a long one, the network that one household has."""
    host = "" if request.client is None else request.client.host
    try:
        found = ipaddress.ip_address(host)
    except ValueError:
        return host
    return host if found.version == _SHORT else str(ipaddress.ip_network((found, _HOUSEHOLD_BITS), strict=False))
