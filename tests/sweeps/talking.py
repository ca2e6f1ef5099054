"""The command line as it is, but on SQLite it tells of each statement, and waits for leave where that is asked of it.

SQLite's own trace calls before a statement begins, COMMIT among them. On PostgreSQL nothing is hooked in: whoever
wants to hold a child there stands on the wire (`gates`).
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, event

from cprsync.cli.main import run

if TYPE_CHECKING:
    from collections.abc import Callable

#: File descriptors to tell of a statement and to take leave from; without the second nothing is waited for.
TELL, LEAVE = "SWEEP_TELL", "SWEEP_LEAVE"


def live(command: list[str]) -> None:
    """Run a command of cprsync; it leaves with SystemExit."""
    if TELL in os.environ:
        _trace(_announcer(int(os.environ[TELL]), int(os.environ.get(LEAVE, "-1"))))
    sys.argv = ["cprsync", *command]
    run()


def _trace(announce: Callable[[str], None]) -> None:
    def listen(connection: Any, _record: object) -> None:
        if hasattr(connection, "set_trace_callback"):
            connection.set_trace_callback(announce)

    event.listen(Engine, "connect", listen)


def _announcer(tell: int, leave: int) -> Callable[[str], None]:
    def announce(_statement: str) -> None:
        os.write(tell, b".")
        if leave >= 0 and not os.read(leave, 1):
            os._exit(70)  # nobody is left to give leave

    return announce


if __name__ == "__main__":
    live(sys.argv[1:])
