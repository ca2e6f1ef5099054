"""Makes many calls at once, a bounded number ahead of the consumer, and stops when nobody answers.

Knows no protocol: a call is a function of a number.
"""

from __future__ import annotations

from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from cprsync.errors import (
    CertificateRefused,
    ConfigurationError,
    CprsyncError,
    PeerCertificateError,
    RegisterUnavailable,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from cprsync.domain.person.number import CprNumber

T = TypeVar("T")

#: After one of these errors no further call can be answered.
_HOPELESS = (ConfigurationError, PeerCertificateError, CertificateRefused)


class _Circuit:
    """Opens for good after too many calls in a row without an answer, or after an error in `_HOPELESS`."""

    def __init__(self, ceiling: int) -> None:
        self._ceiling = ceiling
        self._unanswered = 0
        self.reason: CprsyncError | None = None

    def note(self, outcome: object) -> None:
        self._unanswered = self._unanswered + 1 if isinstance(outcome, RegisterUnavailable) else 0
        if isinstance(outcome, _HOPELESS):
            self.reason = outcome
        elif self._unanswered >= self._ceiling:
            self.reason = RegisterUnavailable(
                "not asked: {ceiling} calls in a row got no answer", ceiling=self._ceiling, kind="register.given_up"
            )


def fan_out(
    numbers: Iterable[CprNumber], call: Callable[[CprNumber], T], *, workers: int, unanswered_in_a_row: int
) -> Iterator[tuple[CprNumber, T | CprsyncError]]:
    """Yield each number once with its result or its error, in the order in which they come.

    At most twice `workers` numbers are taken ahead. An unexpected exception ends all.
    """
    waiting = iter(numbers)
    circuit = _Circuit(unanswered_in_a_row)
    running: dict[Future[T], CprNumber] = {}
    with _pool(workers) as pool:
        try:
            while circuit.reason is None:
                for number in islice(waiting, 2 * workers - len(running)):
                    running[pool.submit(call, number)] = number
                if not running:
                    return
                for answer in _finished(running):
                    circuit.note(answer[1])
                    yield answer
            while running:
                yield from _finished(running)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
    yield from ((number, circuit.reason) for number in waiting)


def _pool(workers: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=workers, thread_name_prefix="register")


def _finished(running: dict[Future[T], CprNumber]) -> Iterator[tuple[CprNumber, T | CprsyncError]]:
    done, _ = wait(running, return_when=FIRST_COMPLETED)
    for future in done:
        number = running.pop(future)
        try:
            yield number, future.result()
        except CprsyncError as error:
            yield number, error
