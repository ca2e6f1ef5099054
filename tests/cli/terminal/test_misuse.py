"""What the program says when the command line itself is wrong: exit 2, and one document with --json."""

from __future__ import annotations

import ast
import json
import logging
import re
import subprocess
import sys
import threading
from datetime import date
from importlib import metadata
from pathlib import Path

import pytest
import started
from catalogues import DANISH
from town import number

from cprsync.cli.main import run
from cprsync.cli.setup.installation import write_folder
from cprsync.cli.terminal import misuse
from cprsync.cli.terminal.frame import day

CEILING_SECONDS = 60


#: What may be wrong -> the command line, what it says in Danish, and in English.
WRONG = {
    "an unknown command": (("nonsense",), "den kommando findes ikke", "there is no such command"),
    "a misspelt command": (("patron", "shwo", "1"), "findes ikke: mente du show?", "did you mean show?"),
    "no command": (("--log-level", "INFO"), "der mangler en kommando", "a command is missing"),
    "no command of a group": (("patron",), "der mangler en kommando", "a command is missing"),
    "an unknown option": (("sync", "--nope"), "det tilvalg findes ikke", "there is no such option"),
    "a misspelt option": (("sync", "--dry-runn"), "findes ikke: mente du --dry-run", "did you mean --dry-run"),
    "an option that has to be there": (("lookup",), "--purpose mangler", "the option --purpose is missing"),
    "an argument that has to be there": (("runs", "show"), "RUN mangler", "the argument RUN is missing"),
    "an option without its value": (("forecast", "--days"), "--days mangler sin værdi", "--days needs a value"),
    "an option in place of a value": (
        ("patron", "leave", "10000001", "--reason", "--yes"),
        "--reason mangler sin værdi",
        "the option --reason needs a value",
    ),
    "a value where none belongs": (("sync", "--dry-run=1"), "--dry-run tager ingen værdi", "takes no value"),
    "a word too many": (("sync", "a", "b"), "et ord for meget", "a word too many"),
    "a run that is no number": (("runs", "show", "abc"), "RUN: skriv et helt tal", "RUN: expected a whole number"),
    "a number that is too small": (("forecast", "--days", "0"), "--days: tallet skal være mindst 1", "at least 1"),
    "a number that is too large": (("forecast", "--days", "367"), "tallet må højst være 366", "at most 366"),
    "a share that is no number": (
        ("mock", "fault", "slow", "--dir", "x", "--share", "half"),
        "--share: skriv et tal",
        "--share: expected a number",
    ),
    "none of a few words": (
        ("lookup", "--purpose", "curiosity"),
        "vælg en af registration, renewal",
        "expected one of registration, renewal",
    ),
    "a name where nobody may be named": (
        ("--as", "Anna", "restore", "x", "--into", "y", "--key", "z"),
        "--as nævner ingen her: kommandoen læser ingen indstillinger",
        "--as names nobody here: the command reads no settings",
    ),
    "a day that is none": (("sync", "--today", "2027-13-01"), "skriv som 10.04.2027", "not a day"),
    "a language that it does not speak": (("rules", "--lang", "fr"), "vælg da eller en", "expected da or en"),
    "a level that there is not": (("--log-level", "LOUD", "rules"), "vælg DEBUG, INFO", "expected DEBUG, INFO"),
    "an argument that is no text": (("patron", "show", "\udcff"), "ikke læses som tekst", "not readable as text"),
}
#: --json and --lang belong to a command.
NO_COMMAND = {"no command", "no command of a group"}


@pytest.mark.parametrize(
    ("arguments", "danish", "english"),
    [pytest.param(*case, id=name) for name, case in WRONG.items() if name not in NO_COMMAND],
)
def test_wrong_usage_is_exit_2_and_one_document(arguments: tuple[str, ...], danish: str, english: str) -> None:
    # the option that lacks its value stands last
    in_json = (*arguments, "--json") if arguments[-1] != "--days" else (*arguments[:-1], "--json", "--days")
    ran = started.command(*in_json)
    assert (ran.returncode, ran.stderr) == (2, "")
    error = json.loads(ran.stdout)["error"]
    assert (error["kind"], error["changed"]) == ("usage", "nothing")
    assert english in error["message"]
    assert danish in error["da"]["message"]


@pytest.mark.parametrize("typed", ["2027-04-01", "01.04.2027", "1-4-2027"])
def test_an_option_takes_a_day_as_the_questions_of_the_desk_take_it(typed: str) -> None:
    assert day(typed) == date(2027, 4, 1)


@pytest.mark.parametrize("name", [name for name in WRONG if name != "a language that it does not speak"])
def test_wrong_usage_is_told_in_danish_unless_english_is_asked_for(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments, danish, english = WRONG[name]
    assert danish in told_in("da", arguments, monkeypatch, capsys)
    told = told_in("en", arguments, monkeypatch, capsys)
    assert english in told
    assert "changed:   nothing" in told


#: What the program takes over when it starts.
HOOKS = ((sys, "unraisablehook"), (sys, "excepthook"), (threading, "excepthook"), (logging, "raiseExceptions"))


def told_in(
    language: str, arguments: tuple[str, ...], patch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> str:
    """What the program says on standard error, in the test's own process: only the start is spared."""
    patch.setenv("CPRSYNC_LANG", language)
    patch.setattr(sys, "argv", ["cprsync", *arguments])
    # pytest's own are back afterwards
    for module, name in HOOKS:
        patch.setattr(module, name, getattr(module, name))
    with pytest.raises(SystemExit) as ended:
        run()
    assert ended.value.code == 2
    return capsys.readouterr().err


def test_each_kind_of_wrong_usage_has_words_in_danish() -> None:
    """Also of those that stand in a table."""
    source = Path(misuse.__file__).read_text(encoding="utf-8")
    texts = [node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant)]
    said = [text for text in texts if isinstance(text, str) and "expected" in text]
    assert len(said) >= 5
    assert [text for text in said if text not in DANISH] == []


@pytest.mark.parametrize("typed", ["{0}", "{1}-{2}", "{1} {2}"])
@pytest.mark.parametrize(
    "line",
    [
        pytest.param(("lookup", "NUMBER", "--purpose", "registration"), id="a word too many"),
        pytest.param(("lookup", "--purpose", "NUMBER"), id="a value"),
        pytest.param(("runs", "show", "NUMBER x"), id="a number that is none"),
        pytest.param(("NUMBER",), id="a command"),
        pytest.param(("sync", "--NUMBER"), id="an option"),
        pytest.param(("sync", "--today", "NUMBER"), id="a day"),
        pytest.param(("patron", "show", "NUMBER"), id="a patron"),
        pytest.param(("audit", "citizen", "NUMBER"), id="a citizen"),
        pytest.param(("runs", "show", "NUMBER"), id="a run"),
        pytest.param(("audit", "list", "--patron=NUMBER"), id="a patron of an option"),
        pytest.param(("patron", "leave", "1", "--reason", "NUMBER"), id="a reason"),
    ],
)
def test_a_number_typed_on_the_command_line_is_not_repeated_and_the_answer_says_why_it_belongs_nowhere(
    line: tuple[str, ...], typed: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    digits = number("ANNA")
    arguments = tuple(word.replace("NUMBER", typed.format(digits, digits[:6], digits[6:])) for word in line)
    told = told_in("da", arguments, monkeypatch, capsys)
    assert not {digits, digits[:6], digits[6:]} & set(re.findall(r"[0-9]+", told))
    assert "Skriv aldrig et CPR-nummer på kommandolinjen" in told


def test_ten_digits_within_a_text_are_no_number_typed_nor_is_the_card_of_someone_invented() -> None:
    """A card of a library may have ten digits."""
    digits = number("ANNA")
    assert misuse.names_a_number(["patron", "show", digits])
    assert not misuse.names_a_number(["plan", "approve", f"sha256:{digits}", "--reason", f"sag {digits}"])
    ran = started.command("mock", "culr", "--card", digits, "--dir", "nowhere", "--json")
    assert json.loads(ran.stdout)["error"]["kind"] == "mock.not_running"


def test_the_version_is_told_before_anything_else_is_looked_at() -> None:
    ran = started.command("--version", "nonsense")
    assert (ran.returncode, ran.stdout) == (0, f"cprsync {metadata.version('cprsync')}\n")


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
    ran = started.command("--help")
    assert (ran.returncode, ran.stdout.startswith("Usage:")) == (0, True)
