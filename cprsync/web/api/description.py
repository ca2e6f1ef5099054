"""The description of the API in OpenAPI, made from the endpoints and their models. Needs no configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fastapi.openapi.utils import get_openapi

from cprsync.web.api.calls import PROOF_HEADER
from cprsync.web.api.problems import MEDIA, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fastapi import FastAPI

#: Where the API stands in the desk's site.
PATH: Final = "/api/v1"
VERSION: Final = "1"
_SCHEMAS: Final = "#/components/schemas/"
#: What any request may be answered with, beside its own answer.
_REFUSED: Final = {
    400: "The request cannot be read.",
    401: "Nobody is signed in, the session has ended, or no machine of ours shows its certificate.",
    403: "The role does not allow it, the session's token is missing, or card and PIN do not fit.",
    404: "There is no such record, item or night.",
    405: "The path takes no such request.",
    409: "What was shown has changed, a reason is missing, or a limit of the day is reached: nothing was written.",
    413: "The request is too large, or came too slowly.",
    415: "The request is not application/json.",
    422: "A field breaks a rule, or the use case refuses: nothing was written.",
    429: "The machine has asked too much, or too often with cards and PINs that do not fit.",
    500: "An error that nobody foresaw. The log knows the reference.",
    502: "The register refuses the question, or its answer cannot be read. The log knows why.",
    503: "The register, the net media or the desk does not answer now: try again.",
}


def describe(api: FastAPI) -> dict[str, Any]:
    """The whole description, with the one shape of all errors."""
    document = get_openapi(
        title="cprsync",
        version=VERSION,
        description="The desk of a library for programs. A person's number, name or address is never part of a URL.",
        routes=api.routes,
        servers=[{"url": PATH}],
    )
    parts = document.setdefault("components", {})
    problem = Problem.model_json_schema(ref_template=f"{_SCHEMAS}{{model}}", mode="serialization")
    schemas = {name: one for name, one in parts.get("schemas", {}).items() if not name.endswith("ValidationError")}
    parts["schemas"] = dict(sorted({**schemas, **problem.pop("$defs"), "Problem": problem}.items()))
    parts["responses"] = {str(status): _refusal(text) for status, text in _REFUSED.items()}
    parts["securitySchemes"] = {
        "session": {"type": "apiKey", "in": "cookie", "name": "__Host-cprsync"},
        "certificate": {"type": "mutualTLS"},
        "token": {"type": "apiKey", "in": "header", "name": PROOF_HEADER},
    }
    for path, method, operation in _operations(document):
        named = (
            ("certificate",) if _is_for_machines(path) else ("session",) if method == "get" else ("session", "token")
        )
        operation["security"] = [{name: [] for name in named}]
        operation["responses"] |= {str(one): {"$ref": f"#/components/responses/{one}"} for one in _REFUSED}
    return document


def _is_for_machines(path: str) -> bool:
    return path.startswith("/machine/")


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        yield from ((path, method, operation) for method, operation in methods.items())


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
    name = part["content"]["application/json"]["schema"]["$ref"].removeprefix(_SCHEMAS)
    return _names(schemas[name])


def _names(schema: Mapping[str, Any]) -> str:
    """The names of a model; those that may be missing are in brackets."""
    needed = schema.get("required", ())
    return ", ".join(name if name in needed else f"[{name}]" for name in schema["properties"])
