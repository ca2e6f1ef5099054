"""The description of the API: printed without a library, by the one command that loads FastAPI beside `serve`."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
import started

from cprsync.domain.patron.patron import SealedBy
from cprsync.web.api.api import build_description

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
    open_ones = {name for name, one in schemas.items() if one.get("additionalProperties") is not False}
    assert open_ones == {"JsonValue", "NightReport"}


def test_every_operation_says_what_it_is_for_and_how_it_refuses(description: dict[str, Any]) -> None:
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            assert operation["description"].endswith("."), path
            assert {"200", "401", "403", "422", "503"} <= set(operation["responses"]), path
            by_machines = ("certificate",) if "/machine/" in path else None
            assert tuple(operation["security"][0]) == (by_machines or _BY_METHOD[method]), path


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
