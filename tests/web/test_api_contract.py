"""The API against its own description: what it takes and what it answers are what `openapi.json` says.

A small sample in every check; `python tests/sweeps/api.py` asks more.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from functools import cache
from itertools import count, islice
from typing import TYPE_CHECKING, Any, Final

import pytest
import schemathesis
from begun import PATRONS
from browser import Clock, serving
from callers import calling
from doubles import AGENCY
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode, checks
from test_api_roles import ENDPOINTS
from test_sign_in import accounts_file, sign_in
from townspeople import cpr, person

from cprsync.domain.desk.access import Caps
from cprsync.domain.desk.roles import EVERY_ROLE
from cprsync.domain.patron.fields import FIELD
from cprsync.domain.patron.review import BOTH_PATRONS
from cprsync.web.accounts import StaffAccounts, read_accounts, write_accounts
from cprsync.web.api.api import build_description

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from callers import Caller
    from doubles import Library

__all__ = ["accounts_file"]
#: How many requests an endpoint gets that keep to the description, and that break it.
EXAMPLES: Final = int(os.environ.get("CPRSYNC_API_EXAMPLES", "3"))
#: How many at the edges of each field: so many of each endpoint in the sample, and all of them in the sweep.
EDGES: Final = None if EXAMPLES > 100 else 5
#: A shorter text may be a part of a word of ours.
_SHORTEST: Final = 6
#: Somebody who is no patron yet.
NEW: Final = cpr("EDITH").digits
#: More look-ups than a sweep makes.
MANY: Final = 1_000_000
#: The cookie of a desk without TLS.
COOKIE: Final = "cprsync"


@cache
def ours() -> str:
    """What we say of ourselves: a text in it is the name of a field, or one of the answers to choose from."""
    return json.dumps([build_description(), sorted(FIELD)])


@dataclass
class Described:
    """The API, who calls it, and whom they may call it about."""

    caller: Caller
    patrons: list[str]
    #: the endpoints by name
    operations: dict[str, Any]
    turn: Iterator[int] = field(default_factory=count)

    def aim(self, case: schemathesis.Case) -> None:
        """Let every second request be about somebody, or something, that is there: few made-up numbers are."""
        turn = next(self.turn)
        if turn % 2:
            return
        here = case.path_parameters
        here |= {"patron": self.patrons[turn // 2 % len(self.patrons)]} if "patron" in here else {}
        here |= {"number": 1 + turn // 2 % 3} if "number" in here else {}
        if not isinstance(case.body, dict):
            return
        if "key" in case.body:
            case.body["key"] = self._key(case.operation.label)
        for name in {"who", "responsible", "cpr_number"} & case.body.keys():
            case.body[name] = cpr(PATRONS[turn // 2 % len(PATRONS)]).digits

    def _key(self, label: str) -> str:
        """A key that the session has in hand, of the kind that the endpoint takes."""
        asked = {
            "POST /registrations/beside": ("/registrations/preview", {"cpr_number": NEW, "purpose": "registration"}),
        }.get(label, ("/registrations/own-words", {"name": "Gæst", "birth_date": "1990-01-01"}))
        return str(self.caller.post(*asked).json()["key"])


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
) -> Iterator[Described]:
    """The API of a library with four patrons and two reviews. Somebody calls who may call everything."""
    library = begun_folder.copy(tmp_path_factory.mktemp("contract") / "library")
    library.register.knows(person("EDITH"))
    for one, other in (("ANNA", "CLARA"), ("DAVID", "BO")):
        library.store.desk.ask_staff(library.id_of(one), BOTH_PATRONS, about=library.id_of(other))
    told = build_description(secure=False)
    description = schemathesis.openapi.from_dict(told)
    path = tmp_path_factory.mktemp("everyone") / "accounts.toml"
    people = read_accounts(accounts_file).account
    write_accounts(path, [one.model_copy(update={"roles": EVERY_ROLE}) for one in people])
    with serving(library, StaffAccounts(path, agency=AGENCY, monotonic=Clock())) as served:
        served.site.caps = Caps(MANY, MANY, MANY)
        caller = calling(served, sign_in(served, "leder"))
        description.auth()(signing(caller))
        operations = {one.ok().label: one.ok() for one in description.get_all_operations()}
        yield Described(caller, [library.id_of(key) for key in PATRONS], operations)
    library.engine.dispose()


def sends_nothing_back(_: schemathesis.CheckContext, answer: schemathesis.Response, case: schemathesis.Case) -> None:
    """A request that breaks a rule is not shown to whoever reads the refusal."""
    if answer.status_code == 422:
        # the kind is a constant of ours, and hypothesis tries the constants that it finds in our modules
        told = json.dumps({**answer.json(), "kind": "", "type": ""}, ensure_ascii=False)
        assert not [text for text in texts_of(case.body) if len(text) >= _SHORTEST and text in told]


def texts_of(sent: Any) -> Iterator[str]:
    """Every text of a body, names among them, but for what is ours."""
    if isinstance(sent, str):
        yield from () if sent in ours() else (sent,)
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
def test_what_is_answered_is_what_the_description_says(described: Described, label: str) -> None:
    operation = described.operations[label]
    both = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]
    edges = operation.schema.iter_coverage_cases(
        operation, generation_modes=both, generation_config=operation.schema.config.generation_for(operation=operation)
    )
    for case in islice(edges, EDGES):
        check(case, described.caller.url)
    for mode in both:
        _ask(operation, mode, described)


def _ask(operation: Any, mode: GenerationMode, described: Described) -> None:
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
        if mode is GenerationMode.POSITIVE:
            described.aim(case)
        check(case, described.caller.url)

    try:
        ask()
    except Unsatisfiable:
        # an endpoint that takes nothing has no request that breaks a rule
        assert mode is GenerationMode.NEGATIVE
