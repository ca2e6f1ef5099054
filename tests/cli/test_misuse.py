"""What the program says when the command line itself is wrong: exit 2, and one document with --json."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from town import number

from cprsync.cli.setup import write_folder

if TYPE_CHECKING:
    from pathlib import Path

CEILING_SECONDS = 60


def cprsync(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "cprsync", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=CEILING_SECONDS, check=False)


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(("sync", "--nope"), id="an unknown option"),
        pytest.param(("runs", "show", "abc"), id="a run that is no number"),
        pytest.param(("sync", "--today", "2027-13-01"), id="a day that is none"),
        pytest.param(("nonsense",), id="an unknown command"),
        pytest.param(("rules", "--lang", "fr"), id="a language that it does not speak"),
        pytest.param(("--log-level", "LOUD", "rules"), id="a level that there is not"),
        pytest.param(("patron", "show", "\udcff"), id="an argument that is no text"),
    ],
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


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_standard_stream_that_is_closed_stops_no_command(closed: str, tmp_path: Path) -> None:
    """As cron and some daemons start a program."""
    folder = tmp_path / "library"
    script = f'exec "$0" -m cprsync init "$1" {closed}'
    ran = subprocess.run(
        ["sh", "-c", script, sys.executable, str(folder)], capture_output=True, timeout=CEILING_SECONDS, check=False
    )
    assert (ran.returncode, b"Traceback" in ran.stderr) == (0, False)
    assert (folder / "cprsync.toml").exists()


def test_a_number_is_asked_for_in_vain_where_standard_input_is_closed(tmp_path: Path) -> None:
    write_folder(tmp_path / "library", mock=None)
    script = 'exec "$0" -m cprsync patron find --json --config "$1" <&-'
    command = ["sh", "-c", script, sys.executable, str(tmp_path / "library" / "cprsync.toml")]
    ran = subprocess.run(command, capture_output=True, timeout=CEILING_SECONDS, check=False)
    assert (ran.returncode, json.loads(ran.stdout)["error"]["kind"]) == (1, "input.number")


def test_help_is_no_mistake() -> None:
    ran = cprsync("--help")
    assert (ran.returncode, ran.stdout.startswith("Usage:")) == (0, True)
