"""cprsync with every wire forced to talk: HTTP, TLS, SOAP and SQL at DEBUG. For the tests that listen.

It also tells which files are opened, which programs are started with which arguments and environment, and which
addresses are spoken to and called. With LOUD_KEEP it keeps a copy of each file there before it is removed or replaced.
With LOUD_LEAK it leaks in one way (`planted.LEAKS`), so that whoever listens can show that they would hear it.
"""

from __future__ import annotations

import http.client
import logging
import os
import re
import shutil
import sys
import threading
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

from cprsync.cli.main import app
from cprsync.cli.terminal import logs

LOUD = (
    "asyncssh",
    "zeep",
    "zeep.transports",
    "urllib3",
    "requests",
    "sqlalchemy.engine",
    "sqlalchemy.pool",
    "alembic",
    "uvicorn",
)


def loud(level: str) -> None:
    """Configure as the program does, then force the libraries open, whatever the program thinks of it."""
    quiet(level)
    http.client.HTTPConnection.debuglevel = 1
    http.client.HTTPSConnection.debuglevel = 1
    for name in LOUD:
        logger = logging.getLogger(name)
        logger.disabled = False
        logger.propagate = True
        logger.setLevel(logging.DEBUG)


quiet = logs.configure
logs.configure = loud

#: What is told of each event of the interpreter: the names, never what is in a file.
TOLD = {
    "open": "{0}",
    "os.rename": "{0} {1}",
    "os.mkdir": "{0}",
    "os.link": "{0} {1}",
    "subprocess.Popen": "{0} {1} {3}",
    "os.posix_spawn": "{0} {1} {2}",
    "os.exec": "{0} {1} {2}",
    "socket.connect": "{1}",
    "os.putenv": "{0} {1}",
}
#: The program keeps urllib3 silent, so the interpreter says what is called: the first line, and nothing after it.
CALL = "http.client.send"
_ADDRESS = re.compile(rb"[A-Z]+ \S+ HTTP/1\.1(?=\r\n)")
_numbers = count(1)
#: Whether this thread is in the hook, which must not hear itself.
_inside = threading.local()


def listen(event: str, arguments: tuple[Any, ...]) -> None:
    """Tell of an event, and keep what is about to go."""
    if event not in {*TOLD, CALL, "os.remove"} or getattr(_inside, "now", False):
        return
    _inside.now = True
    try:
        if event in TOLD:
            os.write(2, f"{event}: {TOLD[event].format(*arguments)}\n".encode("utf-8", "surrogateescape"))
        elif event == CALL and (found := _ADDRESS.match(arguments[1])):
            os.write(2, found[0] + b"\n")
        kept = os.environ.get("LOUD_KEEP")
        if kept and event in {"os.remove", "os.rename"}:
            _keep(arguments[0 if event == "os.remove" else 1], Path(kept))
    finally:
        _inside.now = False


def _keep(name: Any, folder: Path) -> None:
    """Copy a file of the program's own: the mock knows everybody, and may say so."""
    if not isinstance(name, str | bytes | os.PathLike):
        return
    path = Path(os.fsdecode(name))
    if folder.parent in path.parents and "mock" not in path.parts and path.is_file():
        with suppress(OSError):
            shutil.copyfile(path, folder / str(next(_numbers)))


sys.addaudithook(listen)

if __name__ == "__main__":
    if leak := os.environ.get("LOUD_LEAK"):
        sys.path.append(str(Path(__file__).resolve().parents[1]))
        import planted

        plant = planted.LEAKS[leak] if leak in planted.LEAKS else planted.OPERATORS[leak][1]
        plant()
    sys.exit(app())
