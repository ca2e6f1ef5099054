"""A gate on the wire to PostgreSQL: the client is as it is, and each of its statements waits here before it is sent on.

A statement is a simple Query, or an Execute of the extended protocol: what PostgreSQL itself logs as one. Everything
else passes at once. (PostgreSQL's documentation, "Message Formats".)
"""

from __future__ import annotations

import select
import socket
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from gates import CEILING_SECONDS

if TYPE_CHECKING:
    from pathlib import Path

    from gates import Child

_READ_BYTES = 65536
#: What a socket of PostgreSQL is called in its folder.
_SOCKET = ".s.PGSQL.5432"
_STATEMENTS = frozenset(b"QE")
#: Requests for encryption: their answer is one byte, and the beginning begins again.
_ENCRYPTION = frozenset({80877103, 80877104})


@dataclass(eq=False)
class _Connection:
    """One of the child's connections, and ours to the server that goes with it."""

    client: socket.socket
    server: socket.socket
    begun: bool = False
    waiting: bytearray = field(default_factory=bytearray)

    def pass_on(self) -> bool:
        """Send on what may pass; True when a statement is next."""
        while (size := self._size()) is not None and len(self.waiting) >= size:
            if self.begun and self.waiting[0] in _STATEMENTS:
                return True
            self.send(size)
        return False

    def _size(self) -> int | None:
        """How long the first message is; None as long as that is not known."""
        at = 1 if self.begun else 0
        if len(self.waiting) < at + 4:
            return None
        return at + int.from_bytes(self.waiting[at : at + 4])

    def send(self, size: int | None = None) -> None:
        """Send the first message."""
        size = size or self._size() or 0
        if not self.begun:
            self.begun = int.from_bytes(self.waiting[4:8]) not in _ENCRYPTION
        with suppress(OSError):
            self.server.sendall(self.waiting[:size])
        del self.waiting[:size]

    def close(self) -> None:
        self.client.close()
        self.server.close()


class Wire:
    """A gate for a child whose store is in PostgreSQL."""

    def __init__(self, url: str, folder: Path) -> None:
        """Stand before the server of a url that names a folder of sockets."""
        folder.mkdir(mode=0o700)
        self._folder = folder
        self._server = f"{parse_qs(urlsplit(url).query)['host'][0]}/{_SOCKET}"
        self._url = f"postgresql://postgres:@/{urlsplit(url).path.strip('/')}?host={folder}"
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(f"{folder}/{_SOCKET}")
        self._listener.listen()
        self._connections: list[_Connection] = []
        self._held: _Connection | None = None

    @property
    def environment(self) -> dict[str, str]:
        return {"CPRSYNC_STORE__URL": self._url}

    def next(self, child: Child) -> bool:
        """Wait until the child is about to run a statement; False when it has ended instead."""
        if self._held is not None and self._held.pass_on():
            return True
        self._held = None
        while True:
            ends: list[Any] = [child.fd, self._listener, *self._ends()]
            readable, _, _ = select.select(ends, [], [], CEILING_SECONDS)
            if not readable:
                raise TimeoutError(f"a child hangs: {child.out.read_text(encoding='utf-8')}")
            if self._listener in readable:
                self._answer()
            for connection in list(self._connections):
                if self._carry(connection, readable):
                    self._held = connection
                    return True
            if readable == [child.fd]:
                return False

    def let(self) -> None:
        """Let the waiting statement pass."""
        if self._held is not None:
            self._held.send()

    def close(self) -> None:
        for connection in self._connections:
            connection.close()
        self._connections.clear()
        self._listener.close()
        self._folder.joinpath(_SOCKET).unlink(missing_ok=True)

    def _ends(self) -> list[socket.socket]:
        return [end for connection in self._connections for end in (connection.client, connection.server)]

    def _answer(self) -> None:
        client, _ = self._listener.accept()
        server = socket.socket(socket.AF_UNIX)
        server.connect(self._server)
        self._connections.append(_Connection(client, server))

    def _carry(self, connection: _Connection, readable: list[Any]) -> bool:
        """Carry what has come, both ways; True when a statement waits."""
        if connection.server in readable and not self._carry_back(connection):
            return False
        if connection.client not in readable:
            return False
        content = _read(connection.client)
        connection.waiting += content
        if connection.pass_on():
            return True
        if not content:
            self._hang_up(connection)
        return False

    def _carry_back(self, connection: _Connection) -> bool:
        content = _read(connection.server)
        with suppress(OSError):
            connection.client.sendall(content)
        if not content:
            self._hang_up(connection)
        return bool(content)

    def _hang_up(self, connection: _Connection) -> None:
        connection.close()
        self._connections.remove(connection)


def _read(end: socket.socket) -> bytes:
    try:
        return end.recv(_READ_BYTES)
    except OSError:
        return b""
