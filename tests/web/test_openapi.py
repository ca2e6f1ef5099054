"""The description of the API: printed without a library, by the one command that loads FastAPI beside `serve`."""

from __future__ import annotations

import inspect
import json
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import started
from test_plain_pages import speaks

from cprsync.domain.patron.patron import SealedBy
from cprsync.web.api import access, changing, nights, patrons, queue, records, registering
from cprsync.web.api.api import ASKING, build_description

if TYPE_CHECKING:
    from collections.abc import Iterator

#: How people are let in.
_BY_METHOD = {"get": ("session",), "post": ("session", "token")}
_LOADED = """
import sys
from cprsync.cli.main import DECLARATIONS, _command
for name in DECLARATIONS:
    if name != "bench":
        _command(name)
print("fastapi" in sys.modules)
"""


def _cprsync(*arguments: str) -> str:
    ran = started.command(*arguments)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


@pytest.fixture(scope="module")
def description() -> dict[str, Any]:
    return build_description()


def test_no_command_loads_the_api_before_it_is_asked_to() -> None:
    """FastAPI takes a quarter of a second: the nights and the commands at a terminal do without it."""
    ran = subprocess.run([sys.executable, "-c", _LOADED], capture_output=True, text=True, check=True, timeout=60)
    assert ran.stdout.split() == ["False"]


def test_the_command_prints_the_description_and_a_list_to_read(description: dict[str, Any]) -> None:
    printed, listed = (_cprsync("openapi", *more) for more in (["--json"], ["--lang", "da"]))
    assert json.loads(printed) == description
    # it is for who writes programs, and is English for them all
    assert _cprsync("openapi", "--lang", "en") == listed
    assert all(f"/api/v1{path}" in listed for path in description["paths"])


def test_every_model_is_closed_but_the_report_that_older_programs_wrote(description: dict[str, Any]) -> None:
    schemas = description["components"]["schemas"]
    parted = {name: one for name, one in schemas.items() if one.get("type") != "string"}
    open_ones = {name for name, one in parted.items() if one.get("additionalProperties") is not False}
    assert open_ones == {"JsonValue", "NightReport"}


def test_every_operation_says_what_it_is_for_and_how_it_refuses(description: dict[str, Any]) -> None:
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            assert operation["description"].endswith("."), path
            assert {"200", "401", "500", "503"} <= set(operation["responses"]), path
            assert operation["tags"] == [path.split("/")[1]]
            by_machines = ("certificate",) if "/machine/" in path else None
            assert tuple(operation["security"][0]) == (by_machines or _BY_METHOD[method]), path


def test_each_tag_is_listed_with_one_sentence_in_the_order_of_the_paths(description: dict[str, Any]) -> None:
    """Who draws the description, such as Swagger, heads each group of operations with it."""
    used = [tag for methods in description["paths"].values() for one in methods.values() for tag in one["tags"]]
    assert [one["name"] for one in description["tags"]] == list(dict.fromkeys(used))
    assert [one for one in description["tags"] if not re.fullmatch(r"[A-Z][^.]+\.", one["description"])] == []


def test_no_text_of_the_description_names_a_command_or_a_setting(description: dict[str, Any]) -> None:
    """Who writes a program against the API has no command line."""
    spoken = [text for text in texts_of(description) if speaks(text) or re.search(r"`[a-z]+ [a-z-]+", text)]
    assert spoken == []


def texts_of(part: Any) -> Iterator[str]:
    """Every text for people in a part of the description."""
    if isinstance(part, list):
        yield from (text for one in part for text in texts_of(one))
    elif isinstance(part, dict):
        for name, one in part.items():
            yield from [one] if name in {"description", "summary"} and isinstance(one, str) else texts_of(one)


def test_nothing_personal_is_asked_for_in_an_address(description: dict[str, Any]) -> None:
    named = {
        parameter["name"]
        for methods in description["paths"].values()
        for operation in methods.values()
        for parameter in operation.get("parameters", ())
    }
    assert named == {"patron", "number", "all", "answered", "before", "most", "month", "days"}


def test_it_is_told_why_a_record_is_hidden_and_that_not_everybody_hidden_is_protected(
    description: dict[str, Any],
) -> None:
    schemas = description["components"]["schemas"]
    for name in ("Record", "LookedUp"):
        told = schemas[name]["properties"]["sealed_by"]["anyOf"]
        assert {"enum": [one.value for one in SealedBy], "type": "string"} in told
        assert "hidden" in schemas[name]["description"]


def test_the_cookie_is_called_what_the_server_sets(description: dict[str, Any]) -> None:
    over_http = build_description(secure=False)
    names = [told["components"]["securitySchemes"]["session"]["name"] for told in (description, over_http)]
    assert names == ["__Host-cprsync", "cprsync"]


def test_an_operation_lists_the_errors_that_it_has_and_no_others(description: dict[str, Any]) -> None:
    """What it may be refused with follows from what it takes. Each call in these tests compares its status too."""
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            listed, is_post = set(map(int, filter(str.isdecimal, operation["responses"]))), method == "post"
            assert 405 not in listed, path
            assert ({403, 413, 415} <= listed) is is_post, path
            assert (400 in listed) is ("requestBody" in operation), path
            assert (404 in listed) >= ("{" in path), path
            assert (429 in listed) is path.startswith("/machine/"), path
            assert (422 in listed) is bool({"requestBody", "parameters"} & operation.keys()), path


def test_what_asks_the_register_lists_that_its_answer_may_be_of_no_use() -> None:
    modules = (access, changing, nights, patrons, queue, records, registering)
    source = {
        name: inspect.getsource(one)
        for module in modules
        for name, one in vars(module).items()
        if inspect.isfunction(one) and one.__module__ == module.__name__
    }
    assert {one.__name__ for one in ASKING} == {name for name, text in source.items() if "place(asks=True)" in text}
