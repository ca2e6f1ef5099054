"""What is wrong in a file of settings is told in Danish too, with the line; in English as the library says it."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import cprsync
from cprsync.config.policy import load_policy
from cprsync.errors import ConfigurationError, CprsyncError
from cprsync.language.errors import in_danish

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = Path(cprsync.__file__).parent
#: Where files of settings are read and checked.
READERS = (
    *("config/sections", "config/policy", "config/settings", "config/addresses", "config/sign_in", "config/targets"),
    *("domain/policy/tariff", "domain/policy/policy", "domain/policy/product"),
)
#: Of what stands in another call: the check of a list, and of days in a row.
GIVEN = {"_texts": 1, "check_days": 1, "WrongValue": 0, "OutOfOrder": 0}


def said_in(source: str) -> Iterator[str]:
    """What is said of a value."""
    for node in ast.walk(ast.parse(source)):
        place = GIVEN.get(getattr(node.func, "id", "")) if isinstance(node, ast.Call) else None
        if place is not None and isinstance(node, ast.Call) and len(node.args) > place:
            said = node.args[place]
            assert not isinstance(said, ast.JoinedStr)
            if isinstance(said, ast.Constant):
                yield str(said.value)


SAID = sorted({said for name in READERS for said in said_in((PACKAGE / f"{name}.py").read_text("utf-8"))})


def danish(why: str) -> str:
    return in_danish(CprsyncError("{why}", why=why).document())


@pytest.mark.parametrize("said", SAID)
def test_what_is_said_of_a_setting_has_danish_words(said: str) -> None:
    assert danish(said) not in {said, ""}


def test_what_is_no_toml_is_told_in_danish_and_then_in_the_words_of_python_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text("a = 1\nb 2\n", encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load_policy(path, frozenset())
    said = caught.value.message.removeprefix(f"{path}: not TOML: ")
    assert said.endswith("(at line 2, column 3)")
    assert in_danish(caught.value.document()) == f"{path} kan ikke læses som TOML. Python siger: {said}"


def test_the_years_of_a_fee_page_are_answered_with_the_number_to_write(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text('[[tariffs]]\nsince = 2027-01-01\nchild_below = "0-14 år"\n', encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load_policy(path, frozenset())
    assert in_danish(caught.value.document()) == (
        f"{path}, linje 3: [[tariffs]] 1, child_below: der skal stå den første alder, der betaler som voksen, som et "
        "tal: child_below = 15; linje 1: [[tariffs]] 1, bands: indstillingen mangler"
    )
