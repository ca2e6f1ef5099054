"""Puts the API together: its endpoints, its errors, and its description."""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING, Any, Final

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from cprsync.domain.desk.roles import Task
from cprsync.domain.desk.settable import describe_settable
from cprsync.errors import CprsyncError
from cprsync.municipalities import load_municipalities
from cprsync.services.desk.cards import CardAsked
from cprsync.services.lending.standing import Borrower, describe_borrower
from cprsync.web.api import access, changing, nights, patrons, queue, records, registering
from cprsync.web.api.calls import Caller, MachineCaller, router_for, router_for_machines
from cprsync.web.api.description import describe
from cprsync.web.api.problems import answer_crash, answer_http_error, answer_refusal, answer_wrong_request
from cprsync.web.api.shapes import answers, asked

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.routing import BaseRoute

    from cprsync.services.desk.cards import CardDoor
    from cprsync.web.entry import Entry, Surroundings

anyone, serving, asking = router_for(None), router_for(Task.SERVE), router_for_machines()


@anyone.get("/session", response_model=answers.Session)
def show_session(call: Caller) -> Any:
    """Who is signed in, and the token that requests carry which change something."""
    session = call.session
    return {
        "user": session.user,
        "roles": sorted(role.value for role in session.roles),
        "library": call.library,
        "language": session.language,
        "token": session.form_token,
    }


@serving.get("/library", response_model=answers.Library)
def show_library(call: Caller) -> Any:
    """Show what forms need: the branches, the groups, the municipalities, and which fields may be set with what."""
    towns = load_municipalities()
    with call.place() as place:
        desk = place.desk
        return {
            "agency": desk.agency,
            "name": place.site.section.name,
            "branches": list(desk.policy.branches),
            "groups": list(desk.policy.group_names),
            "municipalities": {code: towns.by_code[code].name for code in sorted(towns.homes())},
            "fields": describe_settable(desk.policy, towns.homes()),
        }


# What machines may ask: a self-service machine at the counter, or the library's website. They show a certificate, and
# have the patron's card and PIN. They learn no name, no address, no number and no reason.
@asking.post("/machine/borrower")
def show_borrower(call: MachineCaller, wanted: asked.CardBody) -> Borrower:
    """Whether the patron with this card and PIN may borrow, and their rights. The audit names the machine first."""
    with call.places.taken() as place:
        desk = place.desk
        asked_by = CardAsked(wanted.card, wanted.pin, call.machine.name)
        quota, ceilings = call.machine.quota, desk.policy.pins
        patron_id = call.door.open(desk.store, desk.clock, asked_by, quota, ceilings=ceilings)
        return describe_borrower(desk, patron_id)


#: The endpoints for people, in the order of the description.
_PEOPLE: Final = (
    anyone,
    serving,
    patrons.serving,
    patrons.revealing,
    records.serving,
    records.revealing,
    changing.serving,
    changing.erasing,
    registering.serving,
    queue.serving,
    queue.answering,
    access.serving,
    access.signing,
    access.checking,
    access.reading,
    nights.seeing,
    nights.approving,
    nights.operating,
)


#: What asks the register or the net media, whose answer may be of no use.
ASKING: Final[frozenset[Callable[..., Any]]] = frozenset(
    {
        changing.set_one_field,
        changing.preview_responsible,
        changing.confirm_responsible,
        changing.preview_giving_number,
        changing.give_number,
        changing.leave,
        changing.erase,
        nights.run_held_plan,
        patrons.look_up,
        queue.accept_bulk,
        queue.answer_item,
        registering.preview,
        registering.preview_patron,
        registering.preview_own_words,
        registering.preview_beside,
        registering.confirm,
    }
)


def make_api(entry: Entry, around: Surroundings, door: CardDoor) -> FastAPI:
    """The API, with people and machines let in by the desk's own entry. `door`: the server's only one."""
    api = _bare_api()
    api.state.entry, api.state.around, api.state.door = entry, around, door
    api.state.describe = partial(build_description, secure=around.secure)

    @api.get("/openapi.json", include_in_schema=False)
    def show_description() -> JSONResponse:
        return JSONResponse(build_description(secure=around.secure))

    return api


@cache
def build_description(*, secure: bool = True) -> dict[str, Any]:
    """The description of the API. Needs no configuration. `secure`: whether it is asked over TLS."""
    return describe(_bare_api(), _endpoints(), ASKING, secure=secure)


def _endpoints() -> list[BaseRoute]:
    return [route for router in (*_PEOPLE, asking) for route in router.routes]


def _bare_api() -> FastAPI:
    api = FastAPI(
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
        exception_handlers={
            CprsyncError: answer_refusal,
            RequestValidationError: answer_wrong_request,
            HTTPException: answer_http_error,
            Exception: answer_crash,
        },
    )
    for router in (*_PEOPLE, asking):
        api.include_router(router)
    return api
