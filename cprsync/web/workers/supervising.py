"""Starts the workers of one desk, starts one again that has ended, and stops them all. The parent serves no browser.

Each worker is a fresh process: it holds the port that the parent took, and a pipe from the parent. The pipe's end tells
it that the parent is gone, however it went, so that no worker is left over.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import secrets
import signal
import socket
import stat
import tempfile
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import structlog

from cprsync.errors import ConfigurationError, Exit
from cprsync.web.workers.keeping import Keeper

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import Callable, Iterator, Sequence

#: How long a worker may take until it answers browsers.
_START_SECONDS: Final = 60.0
#: How long to wait before a worker is started again; twice as long each time, up to the most, unless it was steady.
_AGAIN_SECONDS: Final = 0.5
_AGAIN_SECONDS_MOST: Final = 60.0
_STEADY_SECONDS: Final = 120.0
#: How long the workers may take to stop, which give up by themselves before. Then they are killed.
_STOP_SECONDS: Final = 25.0
#: What the folder of the sockets is called, beside what is drawn, and the parent's socket in it.
_FOLDER_PREFIX: Final = "cprsync-serve-"
_PARENT: Final = "parent"
#: How old a folder is at least that a start clears, and how many it looks at.
_LEFT_SECONDS: Final = 60.0
_LEFT_MOST: Final = 100
#: How long the parent of such a folder may take to let us in.
_ASK_SECONDS: Final = 1.0
#: The longest name of a folder in which sockets are made.
_FOLDER_CHARACTERS_MAX: Final = 60
#: The longest instruction to a worker, in bytes.
_LINE_BYTES_MAX: Final = 4096
#: The exit code of a worker that a signal ended before it was ready.
_UNFORESEEN: Final = 1
_LOG: Final = structlog.get_logger("cprsync.web")


@dataclass(frozen=True, slots=True)
class Instructions:
    """What a worker is told by the parent, on its standard input."""

    #: which of the workers it is, and of how many
    number: int
    size: int
    #: the file descriptor of the port
    listener: int
    #: where the sockets of the workers and of the parent are
    folder: str
    #: known to the workers of this run alone
    secret: str

    @property
    def parent(self) -> Path:
        """Where the parent is asked."""
        return Path(self.folder) / _PARENT

    @property
    def secret_bytes(self) -> bytes:
        return base64.b64decode(self.secret)


def supervise(
    command: Sequence[str], listener: socket.socket, size: int, *, ready: Callable[[dict[str, Any]], None]
) -> int:
    """Keep so many workers running until SIGINT or SIGTERM. Return the exit code.

    Args:
        command: what starts a worker, which reads its instructions from standard input.
        listener: the port.
        size: how many workers.
        ready: called with what the first worker says of itself, once all answer browsers.

    Raises:
        ConfigurationError: the folder of the sockets cannot be made.
    """
    with _private_folder() as folder:
        listener.set_inheritable(True)
        secret = base64.b64encode(secrets.token_bytes(32)).decode()
        told = [Instructions(number, size, listener.fileno(), str(folder), secret) for number in range(size)]
        return asyncio.run(_Supervisor(command, told, ready).run())


@contextmanager
def _private_folder() -> Iterator[Path]:
    """A folder for our user alone, with a short name: a socket's has a ceiling of some hundred bytes."""
    usual = tempfile.gettempdir()
    above = usual if len(usual) <= _FOLDER_CHARACTERS_MAX else "/tmp"  # noqa: S108 -- drawn, and for us alone
    _clear_left(Path(above))
    try:
        folder = tempfile.TemporaryDirectory(prefix=_FOLDER_PREFIX, dir=above, ignore_cleanup_errors=True)
    except OSError:
        raise ConfigurationError(
            "the folder of temporary files takes none of the desk's", kind="configuration"
        ) from None
    with folder as path:
        yield Path(path)


def _clear_left(above: Path) -> None:
    """Remove the folders of parents that were killed: nobody else would."""
    for folder in islice(above.glob(f"{_FOLDER_PREFIX}*"), _LEFT_MOST):
        with suppress(OSError):
            if _is_left(folder):
                for one in folder.iterdir():
                    one.unlink()
                folder.rmdir()


def _is_left(folder: Path) -> bool:
    """Whether a folder is our user's, holds sockets alone, and has no parent that answers."""
    state = folder.lstat()
    is_ours = stat.S_ISDIR(state.st_mode) and state.st_uid == os.geteuid()
    # a parent that has just begun does not listen yet
    if not is_ours or time.time() - state.st_mtime < _LEFT_SECONDS:
        return False
    if not all(one.is_socket() for one in folder.iterdir()):
        return False
    with socket.socket(socket.AF_UNIX) as asking:
        asking.settimeout(_ASK_SECONDS)
        try:
            asking.connect(str(folder / _PARENT))
        except (ConnectionRefusedError, FileNotFoundError):
            return True
    return False


class _Supervisor:
    def __init__(
        self, command: Sequence[str], told: Sequence[Instructions], ready: Callable[[dict[str, Any]], None]
    ) -> None:
        self._command, self._told, self._say_ready = command, told, ready
        self._keeper = Keeper(told[0].parent, monotonic=time.monotonic, ready=self._is_ready)
        self._processes: dict[int, Process] = {}
        self._pipes: dict[int, int] = {}
        self._ready: dict[int, asyncio.Event] = {one.number: asyncio.Event() for one in told}
        self._opened: dict[str, Any] = {}
        self._stopping = asyncio.Event()
        self._exits: set[int] = set()

    async def run(self) -> int:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stopping.set)
        await self._keeper.begin()
        try:
            first, *others = self._told
            # alone at first: what is wrong with the settings is said once, by the worker
            if await self._start(first) and all(await asyncio.gather(*(self._start(one) for one in others))):
                self._say_ready(self._opened)
                await asyncio.gather(*(self._keep(one) for one in self._told))
        finally:
            await self._stop()
            self._keeper.end()
        return max(self._exits, default=0)

    def _is_ready(self, number: int, opened: dict[str, Any]) -> None:
        self._opened = opened
        self._ready[number].set()

    async def _start(self, told: Instructions) -> bool:
        """Start a worker, and wait until it answers browsers. False: it does not, or all are to stop."""
        self._ready[told.number].clear()
        process = self._processes[told.number] = await self._begin(told)
        await self._first_of(self._ready[told.number].wait(), process.wait(), seconds=_START_SECONDS)
        is_ready = self._ready[told.number].is_set() and process.returncode is None
        if not is_ready and not self._stopping.is_set():
            await _kill(process)
            self._exits.add(process.returncode if (process.returncode or 0) > 0 else _UNFORESEEN)  # type: ignore[arg-type]
        return is_ready

    async def _begin(self, told: Instructions) -> Process:
        """Begin a process, and tell it what it is. Its pipe stays open as long as we live."""
        source, sink = os.pipe()
        # shorter than what a pipe holds
        os.write(sink, json.dumps(asdict(told)).encode() + b"\n")
        before, self._pipes[told.number] = self._pipes.get(told.number), sink
        try:
            # a key at the terminal reaches the parent alone, which passes it on
            return await asyncio.create_subprocess_exec(
                *self._command, stdin=source, pass_fds=(told.listener,), process_group=0
            )
        finally:
            os.close(source)
            if before is not None:
                os.close(before)

    async def _keep(self, told: Instructions) -> None:
        """Start a worker again whenever it has ended, until all are to stop."""
        pause, since = _AGAIN_SECONDS, time.monotonic()
        while not self._stopping.is_set():
            process = self._processes[told.number]
            await self._first_of(process.wait())
            if self._stopping.is_set():
                return
            _LOG.error("web.worker.ended", worker=told.number, exit=process.returncode, again_seconds=pause)
            pause = _AGAIN_SECONDS if time.monotonic() - since > _STEADY_SECONDS else pause
            await self._first_of(seconds=pause)
            since, pause = time.monotonic(), min(2 * pause, _AGAIN_SECONDS_MOST)
            if not self._stopping.is_set() and await self._start(told):
                _LOG.warning("web.worker.again", worker=told.number)
            self._exits.clear()

    async def _first_of(self, *what: Any, seconds: float | None = None) -> None:
        """Wait until one of these is done, or all are to stop, or for so long."""
        tasks = [asyncio.ensure_future(one) for one in (*what, self._stopping.wait())]
        try:
            await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()

    async def _stop(self) -> None:
        """Ask each worker to stop, and kill what has not after a while."""
        for process in self._processes.values():
            _send(process, signal.SIGTERM)
        waits = [asyncio.ensure_future(process.wait()) for process in self._processes.values()]
        if waits:
            await asyncio.wait(waits, timeout=_STOP_SECONDS)
        for process in self._processes.values():
            if process.returncode is None:
                _LOG.error("web.stop.abandoned", seconds=_STOP_SECONDS)
                await _kill(process)
                self._exits.add(Exit.PART)
            elif process.returncode == Exit.PART:
                self._exits.add(Exit.PART)


def _send(process: Process, number: int) -> None:
    with suppress(ProcessLookupError):
        if process.returncode is None:
            process.send_signal(number)


async def _kill(process: Process) -> None:
    _send(process, signal.SIGKILL)
    await process.wait()


# -- in a worker -------------------------------------------------------------------------------------------


def read_instructions(source: int = 0) -> Instructions:
    """What the parent says, from standard input. The worker ends as if asked to once the parent has gone."""
    said = b""
    while not said.endswith(b"\n") and len(said) < _LINE_BYTES_MAX:
        part = os.read(source, 1)
        if not part:
            raise ConfigurationError("a worker is started by `cprsync serve --workers`", kind="usage")
        said += part
    threading.Thread(target=_end_with_parent, args=(source,), name="parent", daemon=True).start()
    return Instructions(**json.loads(said))


def _end_with_parent(source: int) -> None:
    with suppress(OSError):
        while os.read(source, _LINE_BYTES_MAX):
            pass
    os.kill(os.getpid(), signal.SIGTERM)
