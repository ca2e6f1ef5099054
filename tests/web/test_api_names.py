"""The closed list of the API: every name that it may send, for each operation."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from outlines import assert_as_kept

from cprsync.web.api.api import build_description

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def test_the_api_may_send_the_names_that_are_kept_and_no_other() -> None:
    """Whoever adds one changes `api_names.txt`: it names what leaves the library."""
    description = build_description(secure=True)
    lines = [line for path in sorted(description["paths"]) for line in _operations(path, description)]
    assert_as_kept(lines, Path(__file__).with_name("api_names.txt"))


def _operations(path: str, description: Mapping[str, Any]) -> Iterator[str]:
    schemas = description["components"]["schemas"]
    for method, operation in sorted(description["paths"][path].items()):
        answer = operation["responses"]["200"]["content"]["application/json"]["schema"]
        yield from (f"{method.upper()} {path} {name}" for name in sorted(set(_names("", answer, schemas))))


def _names(place: str, schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Iterator[str]:
    """The names below a place. A name with `*` may have any below it, one with `…` names that are no list of ours."""
    if "$ref" in schema:
        yield from _names(place, schemas[schema["$ref"].rpartition("/")[2]], schemas)
    for choice in schema.get("anyOf", ()):
        yield from _names(place, choice, schemas)
    if "items" in schema:
        yield from _names(f"{place}[]", schema["items"], schemas)
    for name, below in schema.get("properties", {}).items():
        yield f"{place}.{name}".removeprefix(".")
        yield from _names(f"{place}.{name}", below, schemas)
    beyond = schema.get("additionalProperties", False)
    if beyond is True or beyond == {}:
        yield f"{place}.*".removeprefix(".")
    elif beyond:
        yield f"{place}.…".removeprefix(".")
        yield from _names(f"{place}.…", beyond, schemas)
