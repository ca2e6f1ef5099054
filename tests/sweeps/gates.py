"""Children that run the real command line, and gates that let their SQL statements pass one at a time.

Two gates, one for each database: a pipe to a child that traces SQLite, and a stop on the wire to PostgreSQL that reads
nothing but the kinds and lengths of messages.
"""

from __future__ import annotations

import os
import select
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import talking

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

#: A child says nothing for this long only if it hangs.
CEILING_SECONDS = 180


class Gate(Protocol):
    """Where a child's statements wait."""

    @property
    def environment(self) -> dict[str, str]:
        """What the child needs to pass here."""
        ...

    def next(self, child: Child) -> bool:
        """Wait until the child is about to run a statement; False when it has ended instead."""
        ...

    def let(self) -> None:
        """Let the waiting statement pass."""
        ...

    def close(self) -> None: ...


# -- children ------------------------------------------------------------------------------------------


@dataclass
class Child:
    """A command at work in another process."""

    pid: int
    out: Path
    fd: int = field(init=False)

    def __post_init__(self) -> None:
        self.fd = os.pidfd_open(self.pid)

    def send(self, number: signal.Signals) -> None:
        signal.pidfd_send_signal(self.fd, number)

    def wait(self) -> int:
        """The exit code, or the negative signal that ended it. Raises TimeoutError, and kills it, if it hangs."""
        ended, _, _ = select.select([self.fd], [], [], CEILING_SECONDS)
        if not ended:
            # where it hangs, if it was started to say so
            self.send(signal.SIGUSR1)
            select.select([self.fd], [], [], 1)
            self.send(signal.SIGKILL)
        _, status = os.waitpid(self.pid, 0)
        os.close(self.fd)
        if not ended:
            raise TimeoutError(f"a child hangs: {self.out.read_text(encoding='utf-8')}")
        return os.waitstatus_to_exitcode(status)


def forked(command: list[str], environment: Mapping[str, str], out: Path) -> Child:
    """A child that has imported what its parent has: quick, for a parent without threads."""
    pid = os.fork()
    if pid:
        return Child(pid, out)
    code = 70
    try:
        os.environ.update(environment)
        handle = os.open(out, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
        for stream in (1, 2):
            os.dup2(handle, stream)
        talking.live(command)
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 0
    finally:
        sys.stdout.flush()
        os._exit(code)
    raise AssertionError


def spawned(command: list[str], environment: Mapping[str, str], out: Path) -> Child:
    """A child that starts from nothing."""
    pid = os.posix_spawn(
        sys.executable,
        [sys.executable, str(Path(talking.__file__)), *command],
        {**os.environ, **environment},
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 1, str(out), os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
    )
    return Child(pid, out)


def passing(gate: Gate, child: Child) -> Iterator[int]:
    """The numbers of the child's statements, each while it waits; it passes when the next one is asked for."""
    number = 0
    while gate.next(child):
        number += 1
        yield number
        gate.let()


# -- SQLite ------------------------------------------------------------------------------------------------


class Pipe:
    """A gate for a child that talks: a byte from it before each statement, and one back to let it go on."""

    def __init__(self) -> None:
        self._told, self._tell = os.pipe()
        self._leave, self._give = os.pipe()
        for theirs in (self._tell, self._leave):
            os.set_inheritable(theirs, True)
        self._open = [self._told, self._tell, self._leave, self._give]

    @property
    def environment(self) -> dict[str, str]:
        return {talking.TELL: str(self._tell), talking.LEAVE: str(self._leave)}

    def next(self, child: Child) -> bool:
        if self._tell in self._open:
            # the child has them now: if it ends, nobody has
            self._close(self._tell, self._leave)
        told, _, _ = select.select([self._told], [], [], CEILING_SECONDS)
        if not told:
            raise TimeoutError(f"a child hangs: {child.out.read_text(encoding='utf-8')}")
        return os.read(self._told, 1) == b"."

    def let(self) -> None:
        with suppress(BrokenPipeError):
            os.write(self._give, b".")

    def close(self) -> None:
        self._close(*self._open)

    def _close(self, *ends: int) -> None:
        for end in ends:
            os.close(end)
            self._open.remove(end)
