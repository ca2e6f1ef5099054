"""The API against its own description: what it takes and what it answers are what `openapi.json` says.

A small sample in every check; `python tests/sweeps/api.py` asks more.
"""

from __future__ import annotations

import json
import os
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import pytest
import schemathesis
from browser import Clock, serving
from callers import calling
from doubles import AGENCY
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode, checks
from test_api_roles import ENDPOINTS
from test_sign_in import accounts_file, sign_in

from cprsync.web.accounts import Accounts
from cprsync.web.api.api import build_description
from cprsync.web.api.shapes import asked

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from callers import Caller
    from doubles import Library

__all__ = ["accounts_file"]
#: How many requests an endpoint gets that keep to the description, and that break it.
EXAMPLES: Final = int(os.environ.get("CPRSYNC_API_EXAMPLES", "8"))
#: How many at the edges of each field: so many of each endpoint in the sample, and all of them in the sweep.
EDGES: Final = None if EXAMPLES > 100 else 20
#: A shorter text may be a part of a word of ours.
_SHORTEST: Final = 6
#: The cookie of a desk without TLS.
COOKIE: Final = "cprsync"
_OURS: Final = frozenset(name for one in vars(asked).values() for name in getattr(one, "model_fields", ()))


def signing(caller: Caller) -> type:
    """Signs a request, unless it is meant to come without."""

    class Signing:
        def get(self, _case: schemathesis.Case, _context: schemathesis.AuthContext) -> str:
            return caller.token

        def set(self, case: schemathesis.Case, data: str, _context: schemathesis.AuthContext) -> None:
            case.headers["X-CSRF-Token"], case.cookies[COOKIE] = data, str(caller.jar.cookies[COOKIE])

    return Signing


@pytest.fixture(scope="module")
def described(
    begun_folder: Library, tmp_path_factory: pytest.TempPathFactory, accounts_file: Path
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Where the API is, and its endpoints by name. A supervisor calls, who may call everything."""
    library = begun_folder.copy(tmp_path_factory.mktemp("contract") / "library")
    told = json.loads(json.dumps(build_description()).replace("__Host-cprsync", COOKIE))
    description = schemathesis.openapi.from_dict(told)
    with serving(library, Accounts(accounts_file, agency=AGENCY, monotonic=Clock())) as served:
        caller = calling(served, sign_in(served, "leder"))
        description.auth()(signing(caller))
        yield caller.url, {one.ok().label: one.ok() for one in description.get_all_operations()}
    library.engine.dispose()


def sends_nothing_back(_: schemathesis.CheckContext, answer: schemathesis.Response, case: schemathesis.Case) -> None:
    """A request that breaks a rule is not shown to whoever reads the refusal."""
    if answer.status_code == 422:
        assert not [text for text in texts_of(case.body) if len(text) >= _SHORTEST and text in answer.text]


def texts_of(sent: Any) -> Iterator[str]:
    """Every text of a body, names among them, but for the names that are ours."""
    if isinstance(sent, str):
        yield from () if sent in _OURS else (sent,)
    elif isinstance(sent, dict):
        for name, value in sent.items():
            yield from (*texts_of(name), *texts_of(value))
    elif isinstance(sent, list):
        for one in sent:
            yield from texts_of(one)


def check(case: schemathesis.Case, url: str) -> None:
    # a well-formed number may still be nobody's
    but = [checks.CHECKS.get_one("positive_data_acceptance")]
    case.call_and_validate(base_url=url, excluded_checks=but, additional_checks=[sends_nothing_back])


@pytest.mark.parametrize("label", [f"{method.upper()} {path}" for method, path in ENDPOINTS])
def test_what_is_answered_is_what_the_description_says(described: tuple[str, dict[str, Any]], label: str) -> None:
    url, operations = described
    operation = operations[label]
    both = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]
    edges = operation.schema.iter_coverage_cases(
        operation, generation_modes=both, generation_config=operation.schema.config.generation_for(operation=operation)
    )
    for case in islice(edges, EDGES):
        check(case, url)
    for mode in both:
        _ask(operation, mode, url)


def _ask(operation: Any, mode: GenerationMode, url: str) -> None:
    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=EDGES is not None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def ask(case: schemathesis.Case) -> None:
        check(case, url)

    try:
        ask()
    except Unsatisfiable:
        # an endpoint that takes nothing has no request that breaks a rule
        assert mode is GenerationMode.NEGATIVE
