"""An exception in the log is its kind and its place: its own text may quote what it was given."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
import structlog
from town import PEOPLE, number

from cprsync.cli.main import app
from cprsync.cli.setup.installation import write_folder
from cprsync.cli.terminal.failures import CHAIN_MAX
from cprsync.cli.terminal.logs import configure

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class Terminal(io.StringIO):
    """Standard error as a person watches it."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(params=[io.StringIO, Terminal], ids=["piped", "watched"])
def heard(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    stream: io.StringIO = request.param()
    monkeypatch.setattr(sys, "stderr", stream)
    configure("DEBUG")
    return stream


SECRETS = (number("ANNA"), PEOPLE["ANNA"]["name"]["addressing"])


def refuse(why: str) -> None:
    raise ValueError(why)


def fail() -> None:
    number_of_hers, name_of_hers = SECRETS
    try:
        refuse(f"no such number: {number_of_hers}")
    except ValueError as error:
        error.add_note(f"she is called {name_of_hers}")
        raise KeyError(f"nobody: {name_of_hers}") from error


def by_structlog() -> None:
    structlog.get_logger("test").exception("it.failed", run=1)


def by_a_library() -> None:
    logging.getLogger("library").error("it failed", exc_info=True)  # noqa: LOG014 -- called while one is handled


@pytest.mark.parametrize("log", [by_structlog, by_a_library])
def test_an_exception_is_logged_without_its_text_notes_and_locals(log: Callable[[], None], heard: io.StringIO) -> None:
    try:
        fail()
    except KeyError:
        log()
    told = heard.getvalue()
    assert not [secret for secret in SECRETS if secret in told]
    for word in ("KeyError", "ValueError", "test_logs.py:", "failed"):
        assert word in told


def test_a_command_loads_no_tracebacks_that_show_the_values_of_variables() -> None:
    code = "import atexit, sys; from cprsync.cli.main import run; sys.argv = ['cprsync', 'fields']; "
    code += "atexit.register(lambda: print('structlog' in sys.modules, 'rich.traceback' in sys.modules)); run()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.splitlines()[-1] == "True False"


def test_a_piped_exception_tells_its_kind_place_and_cause(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    configure("WARNING")
    try:
        fail()
    except KeyError:
        by_structlog()
    entry: dict[str, Any] = json.loads(stream.getvalue())
    assert (entry["event"], entry["run"]) == ("it.failed", 1)
    assert [line.rpartition(":")[0].strip() for line in entry["exception"].split("\n")] == [
        f"KeyError at {__file__}",
        f"from ValueError at {__file__}",
    ]


def test_a_long_chain_of_causes_has_an_end(heard: io.StringIO) -> None:
    error = ValueError()
    for _ in range(3 * CHAIN_MAX):
        following = ValueError()
        following.__cause__, error = error, following
    try:
        raise error
    except ValueError:
        by_structlog()
    assert heard.getvalue().count("ValueError") == CHAIN_MAX


@pytest.mark.parametrize(
    ("written", "options", "heard"),
    [
        ('"INFO"', (), True),
        ('"WARNING"', (), False),
        ('"INFO"', ("--log-level", "ERROR"), False),
        ('"ERROR"', ("--log-level", "INFO"), True),
        ('"LOUD"', (), False),
        ("7", (), False),
        ("[", (), False),
    ],
)
def test_the_level_of_the_configuration_counts_unless_the_command_line_names_one(
    tmp_path: Path, written: str, options: tuple[str, ...], heard: bool
) -> None:
    write_folder(tmp_path, mock=None)
    config = tmp_path / "cprsync.toml"
    config.write_text(
        config.read_text(encoding="utf-8").replace('log_level = "WARNING"', f"log_level = {written}"), encoding="utf-8"
    )
    with suppress(SystemExit):
        app([*options, "db", "status", "--config", str(config)], standalone_mode=False)
    assert logging.getLogger().isEnabledFor(logging.INFO) is heard
