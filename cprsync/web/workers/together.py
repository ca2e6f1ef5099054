"""What a worker asks the parent, which remembers it for all workers: wrong tries, used answers, whose turn it is.

What is counted is sent under a keyed hash: the parent learns no name and no address. If it does not answer, it has
ended, and the worker is about to.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socket
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from cprsync.web.memory.counting import counted_from
from cprsync.web.memory.places import DeskBusy
from cprsync.web.workers.handing import Team
from cprsync.web.workers.keeping import LINE_BYTES_MAX

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cprsync.domain.trust.metrics import DeskCounts
    from cprsync.web.memory.counting import Counting
    from cprsync.web.memory.rate_limit import PageTurns
    from cprsync.web.memory.tries import Counts
    from cprsync.web.workers.keeping import Uses
    from cprsync.web.workers.supervising import Instructions

#: How long the parent may take to answer: it looks into a dictionary.
ASK_SECONDS: Final = 5.0
#: How long it may take to take what is only counted: the worker answers nobody meanwhile.
NOTE_SECONDS: Final = 0.2


@dataclass(frozen=True, slots=True, repr=False)
class Together:
    """What all workers have together. Many threads may use it."""

    #: where the parent is asked
    path: Path
    #: known to the workers of this run alone
    secret: bytes

    def key(self, of: str) -> bytes:
        """A key for Fernet that each worker has."""
        return base64.urlsafe_b64encode(self.seal(f"key {of}"))

    def seal(self, what: str) -> bytes:
        return hmac.new(self.secret, what.encode(), hashlib.sha256).digest()

    def ask(self, ask: str, **values: Any) -> bool:
        """What the parent answers. Raises DeskBusy."""
        with self.begin(ask, **values) as asking:
            return read_answer(asking)

    def begin(self, ask: str, *, seconds: float = ASK_SECONDS, **values: Any) -> socket.socket:
        """Ask, and leave the answer to be read. Raises DeskBusy."""
        asking = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            asking.settimeout(seconds)
            asking.connect(str(self.path))
            asking.sendall(json.dumps({"ask": ask, **values}).encode() + b"\n")
        except OSError:
            asking.close()
            raise DeskBusy("all places at the desk are taken just now") from None
        return asking

    def tries(self, of: str, *, most: int) -> Counts:
        """Wrong tries of one kind."""
        return _SharedTries(self, of, most)

    def used(self, of: str) -> Uses:
        """What of one kind is used up."""
        return _SharedUses(self, of)

    def pages(self) -> PageTurns:
        """How many pages readers may have."""
        return _SharedPages(self)

    def counts(self) -> Counting:
        """What all workers count."""
        return _SharedCounts(self)

    def turn(self) -> SharedTurn:
        """A lock among all threads of all workers."""
        return SharedTurn(self)


def read_answer(asking: socket.socket) -> bool:
    """Read whether it is so. Raises DeskBusy."""
    return bool(_read_said(asking)["is"])


def _read_said(asking: socket.socket) -> dict[str, Any]:
    """Read what the parent says. Raises DeskBusy."""
    said = b""
    try:
        while not said.endswith(b"\n") and len(said) < LINE_BYTES_MAX:
            part = asking.recv(LINE_BYTES_MAX)
            if not part:
                break
            said += part
        read: dict[str, Any] = json.loads(said)
        read["is"] = bool(read["is"])
    except (OSError, ValueError, KeyError, TypeError):
        raise DeskBusy("all places at the desk are taken just now") from None
    return read


@dataclass(frozen=True, slots=True)
class Worker:
    """One of several workers: where the others are, and what all have together."""

    team: Team
    together: Together

    @classmethod
    def of(cls, told: Instructions) -> Self:
        """The worker that the parent has started."""
        team = Team(told.number, told.size, Path(told.folder))
        return cls(team, Together(told.parent, told.secret_bytes))

    @property
    def number(self) -> int:
        return self.team.number

    @property
    def socket(self) -> Path:
        """Where this worker takes requests of the others."""
        return self.team.socket_of(self.team.number)

    @property
    def is_first(self) -> bool:
        """Whether this worker does what is done once for all of them."""
        return self.team.number == 0

    def say_ready(self, opened: dict[str, Any]) -> None:
        """Tell the parent that browsers are answered. Raises DeskBusy."""
        self.together.ask("ready", worker=self.number, opened=opened)


@dataclass(frozen=True, slots=True)
class _SharedTries:
    together: Together
    of: str
    most: int

    def may_try(self, what: str) -> bool:
        return self._ask("may_try", what)

    def take_back(self, what: str) -> None:
        self._ask("take_back", what)

    def forgive(self, what: str) -> None:
        self._ask("forgive", what)

    def _ask(self, ask: str, what: str) -> bool:
        return self.together.ask(ask, of=self.of, most=self.most, what=self.together.seal(what).hex())


@dataclass(frozen=True, slots=True)
class _SharedUses:
    together: Together
    of: str

    def use(self, what: str) -> bool:
        return self.together.ask("use", of=self.of, what=self.together.seal(what).hex())


@dataclass(frozen=True, slots=True)
class _SharedPages:
    together: Together

    @contextmanager
    def taken(self, who: str, *, a_minute: int) -> Iterator[bool]:
        # the turn is over when the connection is closed, also by the end of this worker
        with self.together.begin("page", of=self.together.seal(who).hex(), most=a_minute) as asking:
            yield read_answer(asking)


@dataclass(frozen=True, slots=True)
class _SharedCounts:
    """Counts at the parent, so that a worker that is started again takes nothing back."""

    together: Together

    def note_request(self, status: int, seconds: float) -> None:
        # a request is answered also if the parent has ended
        with suppress(DeskBusy):
            self.together.begin("count", seconds=NOTE_SECONDS, status=status, took=seconds).close()

    def note_refused_sign_in(self) -> None:
        with suppress(DeskBusy):
            self.together.ask("refused_sign_in")

    def counted(self) -> DeskCounts:
        with self.together.begin("counts") as asking:
            return counted_from(_read_said(asking)["counted"])


@dataclass(slots=True)
class SharedTurn:
    """A lock that one thread of one worker has at a time. It is free again when its worker has ended."""

    together: Together
    _here: threading.Lock = field(default_factory=threading.Lock)
    #: the connection by whose end the parent sees that the turn is over
    _held: socket.socket | None = None

    def acquire(self, *, timeout: float) -> bool:
        """Whether it is this thread's turn within so many seconds. Raises DeskBusy."""
        if not self._here.acquire(timeout=timeout):
            return False
        try:
            asking = self.together.begin("turn", seconds=timeout, of="cards")
            if self._is_mine(asking):
                return True
        except BaseException:
            self._here.release()
            raise
        self._here.release()
        return False

    def _is_mine(self, asking: socket.socket) -> bool:
        try:
            is_mine = read_answer(asking)
        except DeskBusy:
            # also: others had it for too long
            is_mine = False
        if is_mine:
            self._held = asking
        else:
            asking.close()
        return is_mine

    def release(self) -> None:
        """Let the next one have it."""
        held, self._held = self._held, None
        if held is not None:
            held.close()
        self._here.release()
