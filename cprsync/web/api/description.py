"""The description of the API in OpenAPI, made from the endpoints and their models. Needs no configuration."""

from __future__ import annotations

from inspect import unwrap
from typing import TYPE_CHECKING, Any, Final

from fastapi.openapi.utils import get_openapi

from cprsync.web.api.calls import PROOF_HEADER
from cprsync.web.api.problems import MEDIA, Problem
from cprsync.web.memory.sessions import COOKIE, cookie_name

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from fastapi import FastAPI
    from starlette.routing import BaseRoute

#: Where the API stands in the desk's site.
PATH: Final = "/api/v1"
VERSION: Final = "1"
_SCHEMAS: Final = "#/components/schemas/"
#: What a request may be refused with. Each operation lists those of its own: see `_refusals_of`.
_REFUSED: Final = {
    400: "The request cannot be read.",
    401: "Nobody is signed in, the session has ended, or no machine of ours shows its certificate.",
    403: "The role does not allow it, the session's token is missing, or card and PIN do not fit.",
    404: "There is no such record, item, request or night, or the session has nothing in hand under that key.",
    409: "What was shown has changed, a reason is missing, or a limit of the day is reached: nothing was written.",
    413: "The request is too large, or came too slowly.",
    415: "The request is not application/json.",
    422: "A field breaks a rule, or the use case refuses: nothing was written.",
    429: "The machine has asked too much, or too often with cards and PINs that do not fit.",
    500: "An error that nobody foresaw. The log knows the reference.",
    502: "The register refuses the question, or its answer cannot be read. The log knows why.",
    503: "The register, the net media or the desk does not answer now: try again.",
}

#: What the operations of each tag are for. The tag is the first word of the path.
_TAGS: Final = {
    "session": "Who is signed in.",
    "library": "What a library lets its staff choose: branches, groups, municipalities and fields.",
    "patrons": "One patron: found, shown, changed, and how their record ends.",
    "look-ups": "Somebody in the register, shown without a record.",
    "registrations": "Somebody new: shown first, and written by a yes.",
    "reviews": "The cases that wait for a person, and their answers.",
    "looks": "Look-ups of people who are no patrons, for which the user owes a reason.",
    "requests": "What waits until a second person signs for it.",
    "checks": "What waits for a supervisor: people who are stopped, caps that were reached, and samples.",
    "log": "Who looked at whom.",
    "nights": "The runs, the deliveries, and a night that is held until two people approve it.",
    "status": "How the installation is.",
    "machine": "What a machine may ask with a patron's card and PIN.",
}


def describe(
    api: FastAPI, endpoints: Sequence[BaseRoute], asking: Collection[Callable[..., Any]], *, secure: bool
) -> dict[str, Any]:
    """The whole description, with the one shape of all errors.

    Args:
        api: all of it.
        endpoints: its endpoints.
        asking: those of them that ask the register or the net media.
        secure: whether browsers and programs ask over TLS, which names the cookie.
    """
    document = get_openapi(
        title="cprsync",
        version=VERSION,
        description="The desk of a library for programs. A person's number, name or address is never part of a URL.",
        routes=api.routes,
        tags=[{"name": name, "description": text} for name, text in _TAGS.items()],
        servers=[{"url": PATH}],
    )
    parts = document.setdefault("components", {})
    problem = Problem.model_json_schema(ref_template=f"{_SCHEMAS}{{model}}", mode="serialization")
    schemas = {name: one for name, one in parts.get("schemas", {}).items() if not name.endswith("ValidationError")}
    for one in schemas.values():
        _name_as_documents_do(one)
    parts["schemas"] = dict(sorted({**schemas, **problem.pop("$defs"), "Problem": problem}.items()))
    parts["responses"] = {str(status): _refusal(text) for status, text in _REFUSED.items()}
    parts["securitySchemes"] = {
        "session": {
            "type": "apiKey",
            "in": "cookie",
            "name": cookie_name(COOKIE, secure=secure),
            "description": f"Over HTTPS it is {cookie_name(COOKIE, secure=True)}, and over plain HTTP {COOKIE}.",
        },
        "certificate": {"type": "mutualTLS"},
        "token": {"type": "apiKey", "in": "header", "name": PROOF_HEADER},
    }
    for route, method, operation in _operations(endpoints, document):
        people = ("session",) if method == "get" else ("session", "token")
        operation["security"] = [{name: [] for name in (("certificate",) if route.guard.is_for_machines else people)}]
        operation["tags"] = [route.path_format.split("/")[1]]
        refused = sorted(_refusals_of(route, asks=unwrap(route.endpoint) in asking))
        own = {status: one for status, one in operation["responses"].items() if int(status) not in _REFUSED}
        operation["responses"] = own | {str(one): {"$ref": f"#/components/responses/{one}"} for one in refused}
    return document


def _name_as_documents_do(schema: dict[str, Any]) -> None:
    """Describe a result as its document is (`documents.py`): without the `_` of an attribute, and with nothing more."""
    if "properties" in schema:
        schema["properties"] = {name.rstrip("_"): below for name, below in schema["properties"].items()}
        schema.setdefault("additionalProperties", False)
    if "required" in schema:
        schema["required"] = [name.rstrip("_") for name in schema["required"]]


def _operations(endpoints: Sequence[BaseRoute], document: dict[str, Any]) -> Iterator[tuple[Any, str, dict[str, Any]]]:
    """Yield each endpoint with its part of the description."""
    for route in endpoints:
        for method in getattr(route, "methods", None) or ():
            operation = document["paths"].get(getattr(route, "path_format", ""), {}).get(method.lower())
            if operation is not None:
                yield route, method.lower(), operation


#: What a body names that must be there: somebody, or what the session has in hand.
_NAMING: Final = frozenset({"key", "who", "patron", "patrons", "items", "responsible", "user"})
#: What a body says of what was seen before, which may be another by now.
_SEEN: Final = frozenset({"key", "digest", "was", "about", "items", "plan", "reason"})


def _refusals_of(route: Any, *, asks: bool) -> set[int]:
    """The statuses that an endpoint may refuse with: by whom it lets in, what it takes, and whom it asks."""
    has_body, taken = bool(route.dependant.body_params), _names_taken(route)
    is_post = "POST" in route.methods
    found = {401, 500, 503}
    if route.guard.is_for_machines:
        found |= {403, 429}
    if route.guard.has_task or is_post:
        # beyond the role, or without the session's token
        found.add(403)
    if is_post:
        # whatever a request sends is read first, also where nothing is taken from it
        found |= {413, 415}
    if has_body:
        found |= {400, 422}
    if route.dependant.path_params:
        found |= {404, 422}
    if route.dependant.query_params:
        found.add(422)
    if taken & _NAMING:
        found.add(404)
    if taken & _SEEN:
        found.add(409)
    return found | ({409, 502} if asks else set())


def _names_taken(route: Any) -> set[str]:
    """The names that a body may have."""
    return {name for one in route.dependant.body_params for name in one.field_info.annotation.model_fields}


def _refusal(text: str) -> dict[str, Any]:
    return {"description": text, "content": {MEDIA: {"schema": {"$ref": f"{_SCHEMAS}Problem"}}}}


def outline(document: Mapping[str, Any]) -> Iterator[str]:
    """The description as lines: each endpoint, what it is for, what it takes, and what it answers."""
    schemas = document["components"]["schemas"]
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper():<5}{PATH}{path}"
            yield from (f"     {line}" for line in operation["description"].splitlines() if line)
            if "requestBody" in operation:
                yield f"     takes   {_fields_of(operation['requestBody'], schemas)}"
            yield f"     answers {_fields_of(operation['responses']['200'], schemas)}"
            yield ""
    yield f"Each refusal: {_names(schemas['Problem'])}"


def _fields_of(part: Mapping[str, Any], schemas: Mapping[str, Any]) -> str:
    schema = part["content"]["application/json"]["schema"]
    # an answer may have one of several shapes
    return _names(*(schemas[one["$ref"].removeprefix(_SCHEMAS)] for one in schema.get("anyOf", [schema])))


def _names(*models: Mapping[str, Any]) -> str:
    """The names of a model, or of several; those that may be missing are in brackets."""
    needed = set.intersection(*(set(one.get("required", ())) for one in models))
    names = dict.fromkeys(name for one in models for name in one["properties"])
    return ", ".join(name if name in needed else f"[{name}]" for name in names)
