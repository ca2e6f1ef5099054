"""Where nothing can be written: a folder that cannot be made, and an answer that has no place to go."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import started

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

CEILING_SECONDS = 60
FULL = Path("/dev/full")


def run(
    *arguments: str,
    stdout: BinaryIO | int = subprocess.PIPE,
    stderr: BinaryIO | int = subprocess.PIPE,
    unbuffered: str = "",
) -> subprocess.CompletedProcess[str]:
    """Run a command from its start, which is when Python decides what it keeps of what is printed."""
    return subprocess.run(
        [sys.executable, "-m", "cprsync", *arguments],
        stdout=stdout,
        stderr=stderr,
        text=True,
        timeout=CEILING_SECONDS,
        check=False,
        env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
    )


@pytest.mark.parametrize("command", [("init",), ("demo", "--keep")], ids=["init", "demo"])
@pytest.mark.parametrize("under", ["a file", "nothing"])
def test_a_folder_that_cannot_be_made_is_a_wrong_setting(command: tuple[str, ...], under: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("here", encoding="utf-8")
    folder = tmp_path / "file" / "library" if under == "a file" else Path("/proc/library")
    ran = started.command(*command, str(folder), "--json")
    error = json.loads(ran.stdout)["error"]
    assert (ran.returncode, error["kind"], error["changed"]) == (2, "init.folder", "nothing")
    assert error["message"].startswith(f"{folder}: nothing can be written there (")
    assert (tmp_path / "file").read_text(encoding="utf-8") == "here"


@pytest.mark.skipif(not FULL.exists(), reason="only Linux has a device that is always full")
@pytest.mark.parametrize(
    "arguments",
    [("init", "--json"), ("--help",), ("sync", "--help")],
    ids=["an answer", "the program's help", "a command's help"],
)
@pytest.mark.parametrize("unbuffered", ["", "1"], ids=["buffered", "unbuffered"])
def test_an_answer_that_has_no_place_says_so(arguments: tuple[str, ...], unbuffered: str, tmp_path: Path) -> None:
    if arguments[0] == "init":
        arguments = ("init", str(tmp_path / "library"), "--json")
    with FULL.open("wb") as full:
        ran = run(*arguments, stdout=full, unbuffered=unbuffered)
    assert ran.returncode == 7
    assert re.search(r"\((?:der er ikke plads på disken|No space left on device)\)", ran.stderr)
    if "--help" not in arguments or not unbuffered:  # a library's own print, of which nothing is kept
        assert "svaret kan ikke skrives til standard output" in ran.stderr
        assert "output.lost" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert "Exception ignored" not in ran.stderr


@pytest.mark.skipif(not FULL.exists(), reason="only Linux has a device that is always full")
@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        (("sync", "--json", "--config", "/nowhere/cprsync.toml"), "configuration"),
        (("audit", "list", "--json", "--config", "/nowhere/cprsync.toml"), "configuration"),
        (("lookup", "--json"), "usage"),
    ],
    ids=["a document of its own", "the document of all", "a wrong command line"],
)
def test_an_error_that_has_no_place_is_told_beside_it(arguments: tuple[str, ...], kind: str) -> None:
    """The exit is the error's own: nothing was done, so nothing stopped part-way."""
    with FULL.open("wb") as full:
        ran = run(*arguments, stdout=full)
    assert ran.returncode == 2
    assert f" {kind}" in ran.stderr.splitlines()[-1]
    assert "Traceback" not in ran.stderr


@pytest.fixture(params=["a pipe", "a full disk"])
def lost(request: pytest.FixtureRequest) -> Iterator[BinaryIO]:
    """A place that takes nothing: a pipe whose reader has ended, or a disk without room."""
    if request.param == "a full disk":
        place = FULL.open("wb")
    else:
        reading, writing = os.pipe()
        os.close(reading)
        place = os.fdopen(writing, "wb")
    with place:
        yield place


@pytest.mark.parametrize(
    ("arguments", "code"), [(("guide",), 0), (("sync", "--json", "--config", "/nowhere/cprsync.toml"), 2)]
)
@pytest.mark.parametrize("lost", ["a pipe"], indirect=True)
def test_an_answer_whose_reader_has_ended_ends_as_if_it_were_read(
    arguments: tuple[str, ...], code: int, lost: BinaryIO
) -> None:
    ran = run(*arguments, stdout=lost)
    assert (ran.returncode, ran.stderr) == (code, "")


@pytest.mark.skipif(not FULL.exists(), reason="only Linux has a device that is always full")
def test_what_cannot_be_said_beside_the_answer_stops_nothing(lost: BinaryIO) -> None:
    """A night whose standard error nobody takes any more is lived to its end."""
    ran = run("sync", "--config", "/nowhere/cprsync.toml", stderr=lost)
    assert ran.returncode == 2
