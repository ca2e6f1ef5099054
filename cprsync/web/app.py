"""The application: its pages, who may ask for them, and what every answer carries.

Nothing of another host is loaded, nothing is kept by a browser, and no form is taken that one of our own pages did not
send.
"""

from __future__ import annotations

import time
from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from starlette.applications import Starlette
from starlette.convertors import Convertor, register_url_convertor
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

from cprsync.domain.desk.roles import Task
from cprsync.services.desk.cards import CardDoor
from cprsync.web import open_id
from cprsync.web.api.api import make_api
from cprsync.web.api.description import PATH
from cprsync.web.api.feed import FEED, TOKEN, feed_routes
from cprsync.web.api.problems import answer_http_error, build_answer
from cprsync.web.entry import Entry, Surroundings
from cprsync.web.me.area import BACK, ROOT
from cprsync.web.me.cards import ADDRESS_WRONG_MAX, CardSignIn
from cprsync.web.me.door import PatronDoor
from cprsync.web.me.pages import me_routes
from cprsync.web.me.signing_in import PatronSignIn
from cprsync.web.memory.counting import Counts
from cprsync.web.memory.sessions import COOKIE, PATRONS_COOKIE, cookie_name
from cprsync.web.memory.tries import Tries
from cprsync.web.metrics import METRICS, metrics_route
from cprsync.web.pages import (
    changing,
    checking,
    finding,
    leaving,
    logbook,
    nights,
    numbering,
    printing,
    queue,
    records,
    registering,
    reviewing,
    updating,
)
from cprsync.web.pages.night_calendars import show_change_chart, show_forecast, show_month, show_this_month
from cprsync.web.refusals import status_of
from cprsync.web.resuming import ONWARD
from cprsync.web.signing_in import SignIn
from cprsync.web.static_files import STATIC, ContentFiles
from cprsync.web.workers.handing import HandOn

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from cprsync.web.me.area import PatronArea
    from cprsync.web.memory.counting import Counting
    from cprsync.web.refusals import WorkerLost
    from cprsync.web.visit import Visit
    from cprsync.web.workers.together import Worker

    Page = Callable[[Visit], Response]
    Endpoint = Callable[[Request], Awaitable[Response]]

#: Sent with every answer. A file that is the same for everybody says itself how long it may be kept.
HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
    "connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    # a form of ours carries its origin, and no other host learns of a page
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
#: What needs no session, so that each worker answers it: a certificate is seen where the connection is.
_WITHOUT_SESSION: Final = (f"{STATIC}/", f"{PATH}/machine/", FEED, TOKEN, METRICS)
#: Where a browser comes back to from an identity provider.
_BACK: Final = (open_id.BACK, BACK)
#: The sheets that are printed of a patron.
_PAPER: Final = tuple(f"/patrons/{{patron:patron}}/paper/{kind}" for kind in printing.SHEETS)
#: How a browser that supports it is held to TLS: a year, in seconds.
TLS_ONLY: Final = {"Strict-Transport-Security": "max-age=31536000"}


class _Number(Convertor[int]):
    """A number of a page. A longer one is no page's, and no database's."""

    regex = "[0-9]{1,9}"

    def convert(self, value: str) -> int:
        return int(value)

    def to_string(self, value: int) -> str:
        return str(value)


class _Patron(Convertor[str]):
    """A patron number, as the store draws it."""

    regex = "[0-9A-Za-z-]{1,64}"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


class _Month(_Patron):
    """A month, as 2027-03."""

    regex = "20[0-9]{2}-(?:0[1-9]|1[0-2])"


register_url_convertor("month", _Month())
register_url_convertor("number", _Number())
register_url_convertor("patron", _Patron())

#: The pages that are shown, each with the task that opens it.
_SHOWN: Final[Mapping[str, tuple[Task, Page]]] = {
    "/": (Task.SERVE, finding.show_start),
    "/register": (Task.SERVE, registering.show_empty_form),
    "/patrons/{patron:patron}": (Task.SERVE, records.show_record),
    "/patrons/{patron:patron}/changes": (Task.SERVE, records.show_changes),
    **dict.fromkeys(_PAPER, (Task.SERVE, printing.show_sheet)),
    "/patrons/{patron:patron}/leave": (Task.SERVE, leaving.show_ending),
    "/patrons/{patron:patron}/erase": (Task.ERASE, leaving.show_ending),
    "/reviews": (Task.SERVE, queue.show_queue),
    "/reviews/{number:number}": (Task.SERVE, reviewing.show_item),
    "/looks": (Task.SERVE, checking.show_open),
    "/requests": (Task.SIGN, checking.show_requests),
    "/checks": (Task.CHECK, checking.show_checks),
    "/log": (Task.LOG, logbook.show_log),
    "/nights": (Task.NIGHTS, nights.show_nights),
    "/nights/{number:number}": (Task.NIGHTS, nights.show_night),
    "/nights/before/{number:number}": (Task.NIGHTS, nights.show_earlier),
    "/nights/deliveries": (Task.NIGHTS, show_this_month),
    "/nights/deliveries/{month:month}": (Task.NIGHTS, show_month),
    "/nights/changes": (Task.NIGHTS, show_change_chart),
    "/nights/forecast": (Task.NIGHTS, show_forecast),
}
#: The forms that are sent.
_SENT: Final[Mapping[str, tuple[Task, Page]]] = {
    "/find": (Task.SERVE, finding.find),
    "/register/check": (Task.SERVE, registering.check_own_words),
    "/register/without": (Task.SERVE, registering.show_form_without),
    "/register/look-up": (Task.SERVE, registering.look_up_new),
    "/register/shown": (Task.SERVE, registering.show_shown),
    "/register/confirm": (Task.SERVE, registering.confirm_new),
    "/patrons/{patron:patron}/number": (Task.SERVE, numbering.show_number),
    "/patrons/{patron:patron}/number/confirm": (Task.SERVE, numbering.give_number),
    "/patrons/{patron:patron}/reveal": (Task.REVEAL, records.reveal_record),
    "/patrons/{patron:patron}/look-up": (Task.SERVE, updating.look_up_patron),
    "/patrons/{patron:patron}/confirm": (Task.SERVE, updating.confirm_patron),
    "/patrons/{patron:patron}/set": (Task.SERVE, changing.set_field_of),
    "/patrons/{patron:patron}/correct": (Task.SERVE, changing.correct_field),
    "/patrons/{patron:patron}/responsible": (Task.SERVE, changing.change_responsible),
    **dict.fromkeys(_PAPER, (Task.REVEAL, printing.reveal_sheet)),
    "/patrons/{patron:patron}/leave": (Task.SERVE, leaving.end_record),
    "/patrons/{patron:patron}/erase": (Task.ERASE, leaving.end_record),
    "/looks/{number:number}/explain": (Task.SERVE, checking.explain),
    "/requests/{number:number}/sign": (Task.SIGN, checking.sign),
    "/checks/{number:number}/answer": (Task.CHECK, checking.check),
    "/checks/lift": (Task.CHECK, checking.lift),
    "/log": (Task.LOG, logbook.search),
    "/log/citizen": (Task.LOG, logbook.tell_citizen),
    "/log/watch": (Task.LOG, logbook.watch),
    "/nights/{number:number}/approve": (Task.APPROVE, nights.approve_night),
    "/nights/{number:number}/run": (Task.OPERATE, nights.run_approved),
    "/reviews/bulk": (Task.ANSWER, queue.preview_bulk),
    "/reviews/bulk/accept": (Task.ANSWER, queue.accept_bulk),
    "/reviews/{number:number}/answer": (Task.ANSWER, reviewing.answer_item),
}


def make_app(around: Surroundings) -> Outermost:
    """The application over open places: the desk and its API, the patrons' own pages, or both."""
    cards = CardDoor() if around.worker is None else CardDoor(around.worker.together.turn())
    counts = Counts() if around.worker is None else around.worker.together.counts()
    entry = Entry(around)
    routes: list[BaseRoute] = [Mount(STATIC, ContentFiles())]
    if around.shows_desk:
        routes += [*_desk_routes(around, entry, cards, counts), metrics_route(around, entry, counts)]
    patrons: PatronDoor | None = None
    if around.patrons is not None:
        patrons = PatronDoor(around.patrons, around.places, around.library, secure=around.secure)
        routes += me_routes(patrons, _sign_in_of(around, around.patrons, patrons, cards))

    async def show_http_error(request: Request, error: Exception) -> Response:
        path = request.scope["path"]
        if around.shows_desk and path.startswith(f"{PATH}/"):
            # a path that the API's own mount does not match, such as one with a line end
            return await answer_http_error(request, error)
        return await (entry if patrons is None or not _is_patrons(path, around) else patrons).show_http_error(
            request, error
        )

    async def show_crash(request: Request, error: Exception) -> Response:
        is_patrons = _is_patrons(request.scope["path"], around)
        return await (entry if patrons is None or not is_patrons else patrons).show_crash(request, error)

    app = Starlette(
        routes=routes,
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=list(around.hosts), www_redirect=False)],
        exception_handlers={HTTPException: show_http_error, Exception: show_crash},
    )
    # the address would be of the host that the request names
    app.router.redirect_slashes = False
    handing = None if around.worker is None else _hand_on(app, around, around.worker, entry, patrons)
    return Outermost(app, secure=around.secure, counts=counts, handing=handing)


def _hand_on(app: Starlette, around: Surroundings, worker: Worker, entry: Entry, patrons: PatronDoor | None) -> ASGIApp:
    """The application of one worker of several."""

    def cookies_of(path: str) -> tuple[str, ...]:
        if path.startswith(_WITHOUT_SESSION):
            return ()
        cookie = PATRONS_COOKIE if _is_patrons(path, around) else COOKIE
        # a browser that comes back from a provider keeps its session's cookie back, and carries where it goes on
        names = (f"{cookie}{ONWARD}", cookie) if path in _BACK else (cookie,)
        return tuple(cookie_name(name, secure=around.secure) for name in names)

    async def show_lost(request: Request, error: WorkerLost) -> Response:
        path = request.scope["path"]
        if around.shows_desk and path.startswith(f"{PATH}/"):
            return build_answer(error, status_of(error), changed="part")
        return (entry if patrons is None or not _is_patrons(path, around) else patrons).show_lost(error)

    return HandOn(app, worker.team, cookies_of=cookies_of, show_lost=show_lost)


def _sign_in_of(around: Surroundings, area: PatronArea, patrons: PatronDoor, cards: CardDoor) -> PatronSignIn:
    """Where patrons sign in. All of the server share `cards`, so that tries at once are counted one by one."""
    together = None if around.worker is None else around.worker.together
    here = Tries(monotonic=area.now, most=ADDRESS_WRONG_MAX)
    addresses = here if together is None else together.tries("addresses", most=ADDRESS_WRONG_MAX)
    return PatronSignIn(patrons, area, CardSignIn(cards, addresses, secure=around.secure))


def _is_patrons(path: str, around: Surroundings) -> bool:
    """Whether an error at this path is told in words for patrons."""
    return not around.shows_desk or path == ROOT or path.startswith(f"{ROOT}/")


def _desk_routes(around: Surroundings, entry: Entry, cards: CardDoor, counts: Counting) -> list[BaseRoute]:
    """The pages of the desk, and its API."""
    sign_in = SignIn(entry, around, counts)
    routes: list[BaseRoute] = [Route(path, entry.get(page, task)) for path, (task, page) in _SHOWN.items()]
    routes += [Route(path, entry.post(page, task), methods=["POST"]) for path, (task, page) in _SENT.items()]
    routes += [
        Route("/sign-in", sign_in.show),
        Route("/sign-in", sign_in.sign_in, methods=["POST"]),
        Route("/sign-out", sign_in.sign_out, methods=["POST"]),
        Route("/language", entry.change_language, methods=["POST"]),
        Route("/answers/{answer}", entry.show_answer),
        Route("/session", entry.show_session),
        Mount(PATH, make_api(entry, around, cards)),
        *feed_routes(around),
    ]
    if around.provider is not None:
        door = open_id.OpenIdDoor(entry, sign_in, around.provider, around.places)
        routes += [Route(open_id.OUT, door.go_out), Route(open_id.BACK, door.come_back)]
    return routes


#: The two ways in which a head says how long the body is. What one reader takes for a body, another takes for the next
#: request.
_LENGTHS: Final = frozenset({b"content-length", b"transfer-encoding"})
_TWO_LENGTHS: Final = PlainTextResponse("The body has two lengths.", 400, {"Connection": "close"})


class Outermost:
    """Adds the headers that every answer carries, counts it, and keeps what nobody foresaw out of the server's own log.

    The error page is sent by then; the exception's text may quote a form.

    A request whose body has two lengths is refused, and its connection closed (RFC 9112, 6.3). No browser sends one.
    """

    def __init__(self, app: Starlette, *, secure: bool, counts: Counting, handing: ASGIApp | None = None) -> None:
        """`handing`: what hands a request on to another worker or gives it to `app`; None: there is one worker."""
        self._app = app if handing is None else handing
        #: what answers here, without handing on
        self.inner = app
        #: every page that there is
        self.routes = app.routes
        self._headers = HEADERS | (TLS_ONLY if secure else {})
        self._counts = counts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        began, status = time.perf_counter(), 500

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                may_be_kept = status < HTTPStatus.BAD_REQUEST and scope["path"].startswith(f"{STATIC}/")
                for name, value in self._headers.items():
                    if name != "Cache-Control" or not may_be_kept:
                        headers[name] = value
            await send(message)

        answering = _TWO_LENGTHS if _LENGTHS.issubset(name for name, _ in scope["headers"]) else self._app
        with suppress(Exception):
            await answering(scope, receive, send_with_headers)
        self._counts.note_request(status, time.perf_counter() - began)
