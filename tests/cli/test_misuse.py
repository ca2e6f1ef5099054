"""What the program says when the command line itself is wrong: exit 2, and one document with --json."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from town import number

CEILING_SECONDS = 60


def cprsync(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "cprsync", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=CEILING_SECONDS, check=False)


@pytest.mark.parametrize(
    "arguments",
    [("sync", "--nope"), ("runs", "show", "abc"), ("sync", "--today", "2027-13-01"), ("nonsense",)],
    ids=["an unknown option", "a run that is no number", "a day that is none", "an unknown command"],
)
def test_wrong_usage_is_exit_2_and_one_document(arguments: tuple[str, ...]) -> None:
    ran = cprsync(*arguments, "--json")
    assert ran.returncode == 2
    error = json.loads(ran.stdout)["error"]
    assert (error["kind"], error["changed"]) == ("usage", "nothing")
    assert ran.stderr


def test_a_number_typed_where_none_belongs_is_not_repeated() -> None:
    ran = cprsync("lookup", number("ANNA"), "--purpose", "registration")
    assert ran.returncode == 2
    assert number("ANNA") not in ran.stdout + ran.stderr
    assert "…" in ran.stderr


def test_help_is_no_mistake() -> None:
    ran = cprsync("--help")
    assert (ran.returncode, ran.stdout.startswith("Usage:")) == (0, True)
