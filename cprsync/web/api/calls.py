"""One call of the API: who calls, what is taken from them, and in which order it is refused.

First the caller, then the size and kind of the body, then its fields. The rules are those of the pages: see `entry`.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import APIRouter, Depends, Path
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import JSONResponse

from cprsync.documents import document_of, is_result
from cprsync.errors import BadInput
from cprsync.https import SHOWN
from cprsync.web.visit import FormRefused, read_body

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from starlette.responses import Response

    from cprsync.domain.desk.roles import Task
    from cprsync.services.desk.cards import CardDoor
    from cprsync.web.accounts import MachineEntry
    from cprsync.web.entry import Entry, Surroundings
    from cprsync.web.memory.places import Place, Places
    from cprsync.web.memory.sessions import Session

    Handler = Callable[[Request], Awaitable[Response]]

#: As the store draws it.
PatronNumber = Annotated[str, Path(pattern="^[0-9]{8}$")]
#: Of a review item, an attempt or a night.
ItemNumber = Annotated[int, Path(ge=1, le=999_999_999)]
#: Carries what the session's own forms carry. A page of another site cannot send it.
PROOF_HEADER: Final = "X-CSRF-Token"
_JSON: Final = "application/json"


@dataclass(frozen=True, slots=True, repr=False)
class ApiCall:
    """A call that was let in."""

    session: Session
    places: Places
    library: str

    @property
    def user(self) -> str:
        return self.session.user

    @contextmanager
    def place(self, *, asks: bool = False) -> Iterator[Place]:
        """Take a place at the desk. `asks`: whether the register or the net media may be asked. Raises DeskBusy."""
        with self.places.taken(asks=asks) as place:
            yield place


def no_key() -> BadInput:
    """The error for a key under which the session has nothing in hand."""
    return BadInput("nothing with that key waits for a yes", kind="confirm.key")


def mark_notices(text: str, *, gets: bool) -> str:
    """A telephone or an e-mail address as the desk types it, with a star if it gets notices. Raises BadInput."""
    if any(line.lstrip().startswith("*") for line in text.splitlines()):
        told = "a star is no part of an entry: say in `notices` which one gets them"
        raise BadInput(told, kind="request.notices", field="notices")
    return f"*{text}" if gets and text.strip() else text


def no_notices() -> BadInput:
    """The error for notices that are to go to what is no telephone and no e-mail address of the request."""
    told = "`notices` may only name a telephone or an e-mail address that is sent"
    return BadInput(told, kind="request.notices", field="notices")


async def _call_of(request: Request) -> ApiCall:
    call: ApiCall = request.state.call
    return call


#: What every endpoint is given first.
Caller = Annotated[ApiCall, Depends(_call_of)]


def router_for(task: Task | None) -> APIRouter:
    """Endpoints for people who may do the task. None: everyone who is signed in may."""

    async def let_in(request: Request, handle: Handler) -> Response:
        return await _let_in(request, task, handle)

    return APIRouter(route_class=_guarded(let_in, Guard(has_task=task is not None)))


@dataclass(frozen=True, slots=True)
class Guard:
    """Whom an endpoint lets in, as its description says it."""

    #: people need a role; else whoever is signed in may
    has_task: bool
    is_for_machines: bool = False


def _guarded(let_in: Callable[[Request, Handler], Awaitable[Response]], whom: Guard) -> type[APIRoute]:
    """Routes that let nobody in but as `let_in` does."""

    class Guarded(APIRoute):
        guard = whom

        def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
            # what a document does not have, the answer does not have either
            super().__init__(path, _answering(endpoint), **{**options, "response_model_exclude_unset": True})

        def get_route_handler(self) -> Any:
            handle = super().get_route_handler()

            async def answer(request: Request) -> Response:
                return await let_in(request, handle)

            return answer

    return Guarded


def _answering(endpoint: Callable[..., Any]) -> Callable[..., Any]:
    """An endpoint whose result is answered with its document, as its command prints it."""

    @wraps(endpoint)
    def answer(**values: Any) -> Any:
        result = endpoint(**values)
        return JSONResponse(document_of(result)) if is_result(result) else result

    return answer


async def _let_in(request: Request, task: Task | None, handle: Handler) -> Response:
    entry: Entry = request.app.state.entry
    around: Surroundings = request.app.state.around
    changes = request.method != "GET"
    session = entry.admit(request, task, token=request.headers.get(PROOF_HEADER, "") if changes else None)
    request.state.call = ApiCall(session, around.places, around.library)
    if not changes:
        return entry.with_cookie(await handle(request), session)
    read = await with_body(request)
    async with around.sessions.one_at_a_time(session):
        return entry.with_cookie(await handle(read), session)


@dataclass(frozen=True, slots=True, repr=False)
class MachineCall:
    """A call of a machine that was let in."""

    machine: MachineEntry
    places: Places
    door: CardDoor


async def _machine_call_of(request: Request) -> MachineCall:
    call: MachineCall = request.state.call
    return call


MachineCaller = Annotated[MachineCall, Depends(_machine_call_of)]


def router_for_machines() -> APIRouter:
    """Endpoints for programs that show a certificate. A session opens none of them, and they open nothing else."""
    return APIRouter(route_class=_guarded(_let_machine_in, Guard(has_task=False, is_for_machines=True)))


async def _let_machine_in(request: Request, handle: Handler) -> Response:
    state = request.app.state
    machine = state.entry.admit_machine(getattr(request.state, SHOWN, None))
    request.state.call = MachineCall(machine, state.around.places, state.door)
    return await handle(await with_body(request))


async def with_body(request: Request) -> Request:
    """The request with its body read, of the size and kind that we take. Raises BadInput."""
    media = request.headers.get("content-type")
    if media is not None and media.partition(";")[0].strip().lower() != _JSON:
        raise _no_json()
    try:
        body = await read_body(request)
    except FormRefused:
        raise BadInput("the request is too large, or came too slowly", kind="request.size") from None
    if body and media is None:
        raise _no_json()

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    return Request(request.scope, receive)


def _no_json() -> BadInput:
    return BadInput("the request is no application/json", kind="request.media")
