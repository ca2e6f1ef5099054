"""The parent of the workers: it starts them, starts one again that has ended, and leaves none behind."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

_SECONDS = 30
#: A worker that says on standard output which one it is, and does as its part in the test says.
WORKER = """
import json, os, signal, socket, sys, time
from cprsync.web.workers.supervising import read_instructions

told = read_instructions()
print("worker", told.number, os.getpid(), told.folder, flush=True)
part = sys.argv[1]
if part == "refuses":
    sys.exit(2)
if part == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if part != "mute":
    with socket.socket(socket.AF_UNIX) as parent:
        parent.connect(str(told.parent))
        parent.sendall(json.dumps({"ask": "ready", "worker": told.number, "opened": {}}).encode() + b"\\n")
        parent.recv(100)
if part == "weak" and told.number:
    sys.exit(3)
signal.pause()
"""
PARENT = f"""
import socket, sys
import structlog
from cprsync.web.workers import supervising

supervising._AGAIN_SECONDS, supervising._START_SECONDS, supervising._STOP_SECONDS = 0.1, float(sys.argv[2]), 1.0
structlog.configure(logger_factory=structlog.PrintLoggerFactory(file=sys.stderr))
command = [sys.executable, "-c", {WORKER!r}, sys.argv[1]]
with socket.create_server(("127.0.0.1", 0)) as listener:
    sys.exit(supervising.supervise(command, listener, 2, ready=lambda _: print("ready", flush=True)))
"""


@dataclass
class Parent:
    """A running parent, and what its workers have said."""

    process: subprocess.Popen[bytes]
    errors: Path

    def line(self) -> list[str]:
        """The next line that the parent or a worker says."""
        assert self.process.stdout is not None
        said = b""
        while not said.endswith(b"\n"):
            assert select.select([self.process.stdout], [], [], _SECONDS)[0], "nothing was said"
            part = os.read(self.process.stdout.fileno(), 1)
            if not part:
                break
            said += part
        return said.decode().split()

    def workers(self) -> dict[int, int]:
        """The process of each worker, once all are ready."""
        found = {int(number): int(pid) for _, number, pid, _ in (self.line(), self.line())}
        assert self.line() == ["ready"]
        return found

    def stop(self, by: int = signal.SIGTERM) -> int:
        self.process.send_signal(by)
        return self.process.wait(_SECONDS)


@pytest.fixture
def temporary(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where parents make their folders: with a short name, as a socket needs it."""
    with TemporaryDirectory(prefix="t-", dir="/tmp") as folder:
        monkeypatch.setenv("TMPDIR", folder)
        yield Path(folder)


@contextmanager
def parent(folder: Path, part: str = "steady", *, start_seconds: float = _SECONDS) -> Iterator[Parent]:
    errors = folder / "errors"
    command = [sys.executable, "-c", PARENT, part, str(start_seconds)]
    with (
        errors.open("wb") as err,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=err, bufsize=0) as process,
    ):
        try:
            yield Parent(process, errors)
        finally:
            if process.poll() is None:
                process.kill()


def has_ended(pid: int) -> bool:
    """Whether a process ends, which is no child of ours."""
    until = time.monotonic() + _SECONDS
    while time.monotonic() < until:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.02)
    return False


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_ends_every_worker_and_leaves_nothing_behind(tmp_path: Path, by: int) -> None:
    with parent(tmp_path) as running:
        first, second = running.line(), running.line()
        assert (first[1], second[1], running.line()) == ("0", "1", ["ready"])
        folder = Path(first[3])
        assert folder.stat().st_mode & 0o777 == 0o700
        # a worker that a signal ends before it can stop by itself is no failure
        assert running.stop(by) == 0
        assert all(has_ended(int(one[2])) for one in (first, second))
        assert not folder.exists()


def test_a_worker_that_was_killed_is_started_again_and_the_other_goes_on(tmp_path: Path) -> None:
    with parent(tmp_path) as running:
        workers = running.workers()
        os.kill(workers[1], signal.SIGKILL)
        _, number, pid, _ = running.line()
        assert number == "1"
        assert int(pid) not in workers.values()
        os.kill(workers[0], 0)
        assert running.stop() == 0
        assert has_ended(int(pid))
    said = running.errors.read_text("utf-8")
    assert "web.worker.ended" in said
    assert "-9" in said


def test_a_worker_that_ends_again_and_again_is_started_less_and_less_often(tmp_path: Path) -> None:
    with parent(tmp_path, "weak") as running:
        while running.line()[:2] != ["worker", "1"]:
            pass
        begun, starts = time.monotonic(), 0
        while starts < 3:
            starts += running.line()[:2] == ["worker", "1"]
        # 0.1, 0.2 and 0.4 seconds
        assert time.monotonic() - begun > 0.7
        assert running.stop() == 0


def test_what_the_first_worker_finds_wrong_ends_all_with_its_exit_code_and_is_said_once(tmp_path: Path) -> None:
    with parent(tmp_path, "refuses") as running:
        assert running.line()[:2] == ["worker", "0"]
        assert running.process.wait(_SECONDS) == 2
        assert running.line() == []


def test_a_worker_that_is_never_ready_is_killed(tmp_path: Path) -> None:
    with parent(tmp_path, "mute", start_seconds=4.0) as running:
        pid = int(running.line()[2])
        assert running.process.wait(_SECONDS) == 1
        assert has_ended(pid)


def test_a_worker_that_does_not_stop_is_killed_and_the_exit_code_says_so(tmp_path: Path) -> None:
    with parent(tmp_path, "stubborn") as running:
        workers = running.workers()
        assert running.stop() == 7
        assert all(has_ended(pid) for pid in workers.values())


def test_no_worker_outlives_a_parent_that_was_killed(tmp_path: Path) -> None:
    with parent(tmp_path) as running:
        workers = running.workers()
        assert running.stop(signal.SIGKILL) == -signal.SIGKILL
        assert all(has_ended(pid) for pid in workers.values())


def test_a_start_clears_the_folder_of_a_parent_that_was_killed_and_no_other(tmp_path: Path, temporary: Path) -> None:
    (tmp_path / "alive").mkdir()
    with parent(tmp_path) as killed, parent(tmp_path / "alive") as alive:
        (left,) = {Path(killed.line()[3]), Path(killed.line()[3])}
        (kept,) = {Path(alive.line()[3]), Path(alive.line()[3])}
        killed.stop(signal.SIGKILL)
        # another's file, and one that has just begun
        strange, young = temporary / "cprsync-serve-strange", temporary / "cprsync-serve-young"
        for folder in (strange, young):
            folder.mkdir(0o700)
        (strange / "notes").touch()
        for folder in (left, kept, strange):
            os.utime(folder, (0, 0))
        with parent(tmp_path) as running:
            running.workers()
            assert not left.exists()
            assert kept.exists()
            assert young.exists()
            assert [one.name for one in strange.iterdir()] == ["notes"]
            assert running.stop() == 0
        # whoever is asked by mistake is not disturbed
        assert alive.stop() == 0
        assert not kept.exists()
        assert "unread" not in alive.errors.read_text("utf-8")
