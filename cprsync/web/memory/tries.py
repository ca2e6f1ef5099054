"""Slows down a guesser of passwords or PINs, without locking out the person whose name is tried.

As OWASP describes it (device cookies against online guessing): a browser in which the person has signed in before
carries a mark of that. Its tries are counted by the mark; the tries of all other browsers are counted by the name.
Strangers who try a name lock out strangers.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

#: After so many wrong tries in a row no more are taken, for so long.
WRONG_MAX: Final = 5
LOCKED_SECONDS: Final = 15 * 60
#: The most names and marks whose wrong tries are remembered.
_REMEMBERED_MAX: Final = 10_000
#: How long a browser keeps its marks, in seconds, and how many: a desk has several people.
MARKS_SECONDS: Final = 180 * 24 * 60 * 60
MARKS_MAX: Final = 12
_MARK_BYTES: Final = 12
_BETWEEN, _INSIDE = ".", "-"


class Counts(Protocol):
    """Where wrong tries are counted: see `Tries`."""

    def may_try(self, what: str) -> bool: ...

    def take_back(self, what: str) -> None: ...

    def forgive(self, what: str) -> None: ...


class Tries:
    """Counts wrong tries in a row. Many threads may use it."""

    def __init__(self, *, monotonic: Callable[[], float], most: int = WRONG_MAX) -> None:
        self._monotonic, self._most = monotonic, most
        #: by whom or what is tried: how many, and when the last one was made
        self._wrong: OrderedDict[str, tuple[int, float]] = OrderedDict()
        self._lock = threading.Lock()

    def may_try(self, what: str) -> bool:
        """Count a try before it is made, so that many at once are many. False: there were too many."""
        with self._lock:
            count, at = self._wrong.get(what, (0, 0.0))
            now = self._monotonic()
            if now - at > LOCKED_SECONDS:
                count = 0
            if count >= self._most:
                return False
            self._wrong[what] = (count + 1, now)
            self._wrong.move_to_end(what)
            while len(self._wrong) > _REMEMBERED_MAX:
                self._wrong.popitem(last=False)
            return True

    def take_back(self, what: str) -> None:
        """A try was right: it counts no more. The wrong ones still do."""
        with self._lock:
            count, at = self._wrong.get(what, (0, 0.0))
            if count:
                self._wrong[what] = (count - 1, at)

    def forgive(self, what: str) -> None:
        """A try was right: forget the wrong ones."""
        with self._lock:
            self._wrong.pop(what, None)


def who_tries(name: str, marks: str, proof: str) -> str:
    """By what a try is counted: the mark of a browser in which the person has signed in before, or the name."""
    known = next((mark for mark in _marks_in(marks) if _is_mark(mark, proof)), None)
    return f"name {name}" if known is None else f"mark {known} {name}"


def is_marked(marks: str, proof: str) -> bool:
    """Whether somebody has signed in before in a browser that carries these marks."""
    return any(_is_mark(mark, proof) for mark in _marks_in(marks))


def with_mark(marks: str, proof: str) -> str:
    """The marks of a browser in which a person has now signed in. They name nobody.

    `proof`: what the person's password is kept as. Another password makes the mark worthless.
    """
    held = _marks_in(marks)
    if any(_is_mark(mark, proof) for mark in held):
        return _BETWEEN.join(held)
    drawn = secrets.token_hex(_MARK_BYTES)
    return _BETWEEN.join([*held, f"{drawn}{_INSIDE}{_seal(drawn, proof)}"][-MARKS_MAX:])


def _marks_in(marks: str) -> list[str]:
    return [mark for mark in marks.split(_BETWEEN) if mark][-MARKS_MAX:]


def _is_mark(mark: str, proof: str) -> bool:
    drawn, _, seal = mark.partition(_INSIDE)
    return hmac.compare_digest(_seal(drawn, proof).encode(), seal.encode())


def _seal(drawn: str, proof: str) -> str:
    return hmac.new(proof.encode(), f"cprsync mark {drawn}".encode(), hashlib.sha256).hexdigest()[: 2 * 16]
