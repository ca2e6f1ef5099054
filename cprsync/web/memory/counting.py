"""Counts what a desk answers: requests by status, how long they took, and wrong passwords. Names nobody."""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING, Final, Protocol

from cprsync.domain.trust.metrics import SECONDS, DeskCounts, bucket_of

if TYPE_CHECKING:
    from collections.abc import Mapping

#: A status that a server may answer, by its first digit.
_KINDS: Final = range(1, 6)
_HUNDRED: Final = 100


class Counting(Protocol):
    """Where requests are counted: see `Counts`. Never raises: a request is answered whether or not it is counted."""

    def note_request(self, status: int, seconds: float) -> None: ...

    def note_refused_sign_in(self) -> None: ...

    def counted(self) -> DeskCounts: ...


class Counts:
    """The counts since the desk was opened. Many threads may use it."""

    def __init__(self) -> None:
        self._requests: Counter[str] = Counter()
        self._buckets = [0] * (len(SECONDS) + 1)
        self._seconds = 0.0
        self._refused = 0
        self._lock = threading.Lock()

    def note_request(self, status: int, seconds: float) -> None:
        """A request was answered, or broke off (status 500)."""
        kind = status // _HUNDRED
        with self._lock:
            self._requests[f"{kind if kind in _KINDS else max(_KINDS)}xx"] += 1
            self._buckets[bucket_of(seconds)] += 1
            self._seconds += seconds

    def note_refused_sign_in(self) -> None:
        """A name and a password did not fit."""
        with self._lock:
            self._refused += 1

    def counted(self) -> DeskCounts:
        """What was counted so far."""
        with self._lock:
            return DeskCounts(dict(self._requests), tuple(self._buckets), self._seconds, self._refused)


def counted_from(said: Mapping[str, object]) -> DeskCounts:
    """The counts as the parent of several workers says them. Raises ValueError, KeyError and TypeError."""
    requests, buckets = said["requests"], said["buckets"]
    if not isinstance(requests, dict) or not isinstance(buckets, list):
        raise TypeError
    refused, seconds = int(str(said["sign_in_failures"])), float(str(said["seconds"]))
    return DeskCounts({str(kind): int(count) for kind, count in requests.items()}, tuple(buckets), seconds, refused)
