"""Every error in one shape (RFC 9457): what happened, what was changed, what to do next. Quotes nothing of a request.

A wrong request is described by field and rule. A name that is not one of ours came from the caller: it is shown if it
is close to one of ours.
"""

from __future__ import annotations

import re
import secrets
from difflib import get_close_matches
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, Literal

import structlog
from pydantic import BaseModel, Field
from starlette.responses import JSONResponse

from cprsync.config.toml import LibraryMistake
from cprsync.domain.patron.fields import FIELD
from cprsync.errors import BadInput, CprsyncError, SecondPersonNeeded
from cprsync.language.errors import error_document, error_text
from cprsync.web.api.shapes import asked
from cprsync.web.api.shapes.answers import Answer, Both
from cprsync.web.refusals import OURS, next_step, status_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from starlette.requests import Request

MEDIA: Final = "application/problem+json"
#: The mistakes that one answer names.
MISTAKES_MAX: Final = 20
#: What is shown in place of a name that the caller made up.
UNNAMED: Final = "…"
#: What a program calls a field. Nobody's number, and no address.
_IDENTIFIER: Final = re.compile(r"[a-z][a-z_]{1,30}")
#: How alike a name is to one of ours that is shown again, of 1.
_CLOSE: Final = 0.75
_PARAMETER: Final = re.compile(r"\{\w+\}")
#: The rules whose texts hold nothing but the rule.
_RULES: Final = frozenset(
    {
        "bool_type",
        "greater_than_equal",
        "int_type",
        "less_than_equal",
        "list_type",
        "literal_error",
        "string_pattern_mismatch",
        "string_too_long",
        "string_too_short",
        "string_type",
        "too_long",
        "too_short",
    }
)
#: What HTTP asks for beside a refusal, by its kind.
_HEADERS: Final = {
    "session.ended": {"WWW-Authenticate": "Session"},
    "machine.unknown": {"WWW-Authenticate": "Mutual"},
    "reader.unknown": {"WWW-Authenticate": 'Bearer realm="feed"'},
    "reader.busy": {"Retry-After": "5"},
    "target.not_loaded": {"Retry-After": "600"},
    "target.put_back": {"Retry-After": "600"},
    "card.quota": {"Retry-After": "60"},
    "card.guessing": {"Retry-After": "3600"},
}
#: What is missing or too much, by the kind that a use case raises for a command's option.
_ASKED_BY_OPTION: Final = {
    "input.empty": BadInput("the value is empty: null empties a field", kind="request.empty"),
    "usage.reason": BadInput("the request has no reason: say why in `reason`", kind="request.reason"),
    "usage.until": BadInput("a correction has a last day: say which in `until`", kind="request.until"),
    "usage.field.protection": BadInput("only the register protects, and only its word ends it", kind="request.field"),
    "usage.field": BadInput(
        "the field takes no such change: `doing` is for a list, `reason` and `until` are for a correction",
        kind="request.field",
    ),
}
_LOG: Final = structlog.get_logger("cprsync.web")


class InDanish(Answer):
    """The same for people who read Danish."""

    message: str
    next: str


class FieldMistake(Answer):
    """What is wrong with one field, by rule. Its value is not shown."""

    #: names and positions from the outside in, such as `beside.cards.0`; empty: the whole request
    field: str
    #: a stable name
    rule: str
    text: Both | None = None


class Problem(Answer):
    """Why a request was not done."""

    type: str
    title: str
    status: int
    #: what happened
    detail: str
    #: a stable name, as the commands have it
    kind: str
    changed: Literal["nothing", "part"]
    #: what to do next
    next: str
    #: what the log knows it by
    reference: str
    da: InDanish
    #: what a second person signs for, after which the request may be sent again
    attempt: int | None = None
    errors: list[FieldMistake] = Field(default_factory=list)


async def answer_refusal(_: Request, error: Any) -> JSONResponse:
    """The answer to an error of ours."""
    mistakes = list(_mistakes_of(error))
    # the commands ask for it by an option
    error = _ASKED_BY_OPTION.get(error.kind, error)
    status = status_of(error)
    if status == HTTPStatus.INTERNAL_SERVER_ERROR:
        # its text may name a file of ours
        return _unforeseen(error.kind)
    if status in OURS:
        _LOG.error("web.failed", kind=error.kind)
    headers = _HEADERS.get(error.kind, {})
    return build_answer(error, status, headers=headers, mistakes=mistakes)


def _mistakes_of(error: CprsyncError) -> Iterator[FieldMistake]:
    """The field of ours that the use case finds wrong, if it is about one."""
    field = error.values.get("field")
    if isinstance(field, str) and (field in FIELD or field in _NAMES):
        yield FieldMistake(field=field, rule=error.kind)


async def answer_wrong_request(_: Request, error: Any) -> JSONResponse:
    """The answer to a request that no model takes."""
    found: Sequence[Mapping[str, Any]] = error.errors()
    mistakes = [_mistake(one) for one in found[:MISTAKES_MAX]]
    refusal = BadInput("the request is not as the description of the API says", kind="request.fields")
    return build_answer(refusal, HTTPStatus.UNPROCESSABLE_ENTITY, mistakes=mistakes)


async def answer_http_error(request: Request, error: Any) -> JSONResponse:
    """The answer to a path or a method that is not there, and to a body that is no JSON."""
    status: int = error.status_code
    headers: Mapping[str, str] | None = error.headers
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        headers = {"Allow": ", ".join(_methods_of(request))}
    if status in {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED}:
        refusal = BadInput("the API has no such path, or it takes no such request", kind="request.path")
    else:
        refusal = BadInput("the request cannot be read", kind="request.unreadable")
    return build_answer(refusal, status, headers=headers)


def _methods_of(request: Request) -> list[str]:
    """All that the path takes: the router names what its first endpoint takes, and a path may have two.

    A path without a parameter is not also one with a parameter, although the router would let it be.
    """
    paths: Mapping[str, Mapping[str, Any]] = request.app.state.describe()["paths"]
    path = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
    fitting = [one for one in paths if re.fullmatch(_PARAMETER.sub("[^/]+", one), path)]
    taken = paths[min(fitting, key=lambda one: one.count("{"))] if fitting else ("get",)
    return sorted(method.upper() for method in taken)


async def answer_crash(_: Request, error: Any) -> JSONResponse:
    """The answer to what nobody foresaw. The log has its type, and no text: that may quote the request."""
    return _unforeseen(type(error).__name__)


def _unforeseen(kind: str) -> JSONResponse:
    reference = secrets.token_hex(4)
    _LOG.error("web.crashed", kind=kind, reference=reference)
    failure = CprsyncError("an error that nobody foresaw")
    return build_answer(failure, HTTPStatus.INTERNAL_SERVER_ERROR, changed="part", reference=reference)


def build_answer(  # noqa: PLR0913 -- the parts of the shape
    error: CprsyncError,
    status: int,
    *,
    mistakes: Sequence[FieldMistake] = (),
    headers: Mapping[str, str] | None = None,
    changed: Literal["nothing", "part"] | None = None,
    reference: str = "",
) -> JSONResponse:
    """The shape of a failure, as the commands print it, with what HTTP asks for around it.

    `changed`: as the error says, if None.
    """
    told = error_document(error, changed=changed or error.changed, reference=reference)
    # who calls is a program, and its reader types no command
    told["next"], told["da"]["next"] = next_step(error, "en"), next_step(error, "da")
    attempt = error.values.get("attempt") if isinstance(error, SecondPersonNeeded) else None
    problem = Problem(
        type=f"urn:cprsync:{error.kind}",
        title=HTTPStatus(status).phrase,
        status=status,
        detail=told.pop("message"),
        da=InDanish(**told.pop("da")),
        attempt=None if attempt is None else int(str(attempt)),
        errors=list(mistakes),
        **told,
    )
    return JSONResponse(problem.model_dump(exclude_none=True), status, dict(headers or {}), MEDIA)


def _mistake(said: Mapping[str, Any]) -> FieldMistake:
    rule = str(said["type"])
    field = ".".join(_shown_part(part, is_unknown=rule == "extra_forbidden") for part in said["loc"][1:])
    if rule not in _RULES:
        return FieldMistake(field=field if rule != "json_invalid" else "", rule=rule)
    told = LibraryMistake(said["msg"], rule, **_values(said.get("ctx", {})))
    return FieldMistake(field=field, rule=rule, text=Both(da=error_text(told, "da"), en=told.message))


def _shown_part(part: int | str, *, is_unknown: bool) -> str:
    """A part of a place. A name that is not ours is shown where it is one letter or two off a name of ours.

    It came from the caller, and may be a value, such as somebody's name, in the place of one.
    """
    if isinstance(part, int) or part in _NAMES:
        return str(part)
    is_slip = (
        is_unknown
        and _IDENTIFIER.fullmatch(part) is not None
        and bool(get_close_matches(part, _NAMES, n=1, cutoff=_CLOSE))
    )
    return part if is_slip else UNNAMED


def _values(ctx: Mapping[str, Any]) -> dict[str, Any]:
    some, _, last = str(ctx.get("expected", "")).rpartition(" or ")
    return {**ctx, "some": some, "last": last}


#: The names that our own models have.
_NAMES: Final = frozenset({"patron", "number"}).union(
    *(one.model_fields for one in vars(asked).values() if isinstance(one, type) and issubclass(one, BaseModel))
)
