"""Commands as processes of their own that need not import the program anew: they are forked from one that has.

A command has its own process, folder, environment, standard streams and exit code, as when it is started from nothing;
what it does not prove is the start itself, which `tests/cli` has tests for. A sweep is started in the same way.
"""

from __future__ import annotations

import atexit
import fcntl
import functools
import gc
import hashlib
import importlib
import json
import os
import pkgutil
import runpy
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, Self

import keys_once  # noqa: F401 -- for what it does

import cprsync

if TYPE_CHECKING:
    from collections.abc import Mapping

#: One command ends long before this.
CEILING_SECONDS = 60
#: How often it is looked whether the last worker has gone.
LEFT_ALONE_SECONDS = 1
#: No part of the program that is imported by name: its start, and what Alembic reads from files.
NOT_IMPORTED = ("cprsync.__main__", "cprsync.store.migrations.")


@dataclass(frozen=True)
class Ended:
    """A command that has ended: its exit code, or the negative signal that ended it, and what it said."""

    returncode: int
    stdout: str
    stderr: str


def command(
    *arguments: str, cwd: Path | None = None, typed: str = "", environment: Mapping[str, str] | None = None
) -> Ended:
    """Run `cprsync` with these arguments, in the environment that the test has by now, and what is added to it.

    `typed` is what it reads from standard input.
    """
    asked = {
        "arguments": ["cprsync", *arguments],
        "cwd": str(cwd or Path.cwd()),
        "environment": {**os.environ, **(environment or {})},
    }
    return _run(asked, typed=typed, ceiling=CEILING_SECONDS)


class Begun:
    """A command that goes on until it is stopped: what a test needs of a `Popen`. Its standard error is in a file."""

    def __init__(self, *arguments: str, cwd: Path, errors: Path) -> None:
        self._folder = tempfile.TemporaryDirectory()
        pipe = Path(self._folder.name) / "out"
        os.mkfifo(pipe)
        # it does not wait for the other end, which the command opens
        reads = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
        os.set_blocking(reads, True)
        self.stdout = os.fdopen(reads, encoding="utf-8")
        asked = {
            "arguments": ["cprsync", *arguments],
            "cwd": str(cwd),
            "environment": {**os.environ},
            "streams": [os.devnull, str(pipe), str(errors)],
            "goes_on": True,
        }
        self.pid = _parent().asks(asked, CEILING_SECONDS)

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def wait(self, seconds: int) -> int:
        """Its exit code, once it has ended."""
        return _parent().asks({"ends": self.pid}, seconds)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stdout.close()
        self._folder.cleanup()


def script(path: Path, *arguments: str, ceiling: int, environment: Mapping[str, str] | None = None) -> Ended:
    """Run a script of the tests, which would import the program too. `ceiling`: in seconds."""
    asked = {
        "arguments": [str(path), *arguments],
        "cwd": str(Path.cwd()),
        "environment": {**os.environ, **(environment or {})},
    }
    return _run(asked, ceiling=ceiling)


def program(text: str, *arguments: str, ceiling: int, environment: Mapping[str, str] | None = None) -> Ended:
    """Run a program that a test has written, as `python -c` does. `ceiling`: in seconds."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "program.py"
        path.write_text(text, encoding="utf-8")
        return script(path, *arguments, ceiling=ceiling, environment=environment)


def _run(asked: dict[str, Any], *, typed: str = "", ceiling: int) -> Ended:
    with tempfile.TemporaryDirectory() as folder:
        streams = [Path(folder) / name for name in ("in", "out", "err")]
        streams[0].write_text(typed, encoding="utf-8")
        code = _parent().asks({**asked, "streams": [str(path) for path in streams]}, ceiling)
        return Ended(code, *(path.read_text(encoding="utf-8") for path in streams[1:]))


class _Parent:
    """The process from which a worker's commands are forked; it has one thread, which a test's own has not."""

    def __init__(self) -> None:
        self._line = _connect()
        self._told = self._line.makefile("r", encoding="utf-8")
        self._pid = int(self._told.readline())
        atexit.register(self._hang_up)

    def asks(self, asked: dict[str, Any], ceiling: int) -> int:
        self._line.sendall(f"{json.dumps(asked)}\n".encode())
        told, _, _ = select.select([self._line], [], [], ceiling)
        if not told:
            _parent.cache_clear()
            os.killpg(self._pid, signal.SIGKILL)
            raise TimeoutError("a command hangs")
        return int(self._told.readline())

    def _hang_up(self) -> None:
        self._told.close()
        self._line.close()


@functools.cache
def _parent() -> _Parent:
    return _Parent()


def _connect() -> socket.socket:
    """A line to a parent of our own. Whoever needs one first imports the program, for all workers of a run."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
    # a test may run others on a copy of the program
    of = hashlib.sha256(f"{run} {cprsync.__file__}".encode()).hexdigest()
    folder = Path(tempfile.gettempdir()) / f"cprsync-{of[:16]}"
    folder.mkdir(mode=0o700, exist_ok=True)
    line = socket.socket(socket.AF_UNIX)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            line.connect(str(folder / "line"))
        except OSError:
            # it ends once there is a line, and leaves a process that listens there
            command = [sys.executable, __file__, str(folder)]
            subprocess.run(
                command, check=True, timeout=CEILING_SECONDS, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
            )
            line.connect(str(folder / "line"))
    return line


# -- in the processes from which commands are forked ---------------------------------------------------------


def import_program() -> None:
    """Import all of the program, and so the libraries that it imports late: a command that is forked has them.

    And what a command reads or makes once: its options, and the contracts of the services.
    """
    for module in pkgutil.walk_packages(cprsync.__path__, "cprsync."):
        if not module.name.startswith(NOT_IMPORTED):
            importlib.import_module(module.name)
    from cprsync.cli.main import DECLARATIONS, _command
    from cprsync.resources import schema_path
    from cprsync.wire.service import _read_wsdl

    for name in DECLARATIONS:
        _command(name)
    for wsdl in ("CprSubscription1", "CulrWebService1", "PersonBaseDataExtended5"):
        _read_wsdl(str(schema_path(f"{wsdl}.wsdl")))


def listen(folder: Path) -> None:
    """Import the program, and fork a parent for each worker that comes, until the last of them has gone."""
    import_program()
    gc.freeze()
    with socket.socket(socket.AF_UNIX) as listener:
        (folder / "line").unlink(missing_ok=True)
        listener.bind(str(folder / "line"))
        listener.listen()
        if os.fork():
            return
        workers, waits = 0, CEILING_SECONDS
        while workers or waits == CEILING_SECONDS:
            if select.select([listener], [], [], waits)[0]:
                line, _ = listener.accept()
                if not os.fork():
                    listener.close()
                    serve(line)
                line.close()
                workers += 1
            while workers and os.waitpid(-1, os.WNOHANG)[0]:
                workers -= 1
            waits = LEFT_ALONE_SECONDS
    shutil.rmtree(folder)


def serve(line: socket.socket) -> NoReturn:
    """Fork each command that is asked for, and say how it ended. Of one that goes on, say first which process it is."""
    os.setsid()
    line.sendall(f"{os.getpid()}\n".encode())
    for text in line.makefile("r", encoding="utf-8"):
        asked = json.loads(text)
        pid = asked["ends"] if "ends" in asked else os.fork()
        if not pid:
            line.close()
            _live(asked)
        told = pid if "goes_on" in asked else os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        line.sendall(f"{told}\n".encode())
    os._exit(0)


def _live(asked: dict[str, Any]) -> None:
    from cprsync.cli.main import run

    code = 1
    try:
        _become(asked)
        if sys.argv[0] == "cprsync":
            run()
        else:
            sys.path.insert(0, str(Path(sys.argv[0]).parent))
            runpy.run_path(sys.argv[0], run_name="__main__")
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:  # noqa: BLE001 -- as the interpreter does
        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(code)


def _become(asked: dict[str, Any]) -> None:
    os.chdir(asked["cwd"])
    os.environ.clear()
    os.environ.update(asked["environment"])
    sys.argv = asked["arguments"]
    for number, path in enumerate(asked["streams"]):
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        os.dup2(handle, number)
        os.close(handle)
    # as an interpreter makes them: those of the one that was forked know whether another file can be wound back
    sys.stdout = sys.__stdout__ = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = sys.__stderr__ = os.fdopen(2, "w", 1, "utf-8", "backslashreplace", closefd=False)


if __name__ == "__main__":
    listen(Path(sys.argv[1]))
