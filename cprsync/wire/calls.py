"""Calls a counterpart: with tries, evenly spaced, side by side, and only until it is useless to continue.

Knows no counterpart and no protocol: a client passes in what makes one call, and how it names its counterpart's
failures. Threads stay inside this module; callers get iterators.
"""

from __future__ import annotations

import threading
import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

import structlog
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_exponential, wait_random

from cprsync.errors import CprsyncError
from cprsync.wire.certificates import PeerJudge, RevocationLists
from cprsync.wire.channel import Channel
from cprsync.wire.errors import CallFailed, ClosedUnanswered, OursRefused
from cprsync.wire.limits import Patience
from cprsync.wire.tls import build_context

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Hashable, Iterable, Iterator

    from cprsync.wire.limits import PeerSettings
    from cprsync.wire.tls import OwnCertificate

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Peer:
    """A counterpart as its client sees it."""

    #: as it is called in the log
    name: str
    #: makes the client's error of one of `wire`
    translate: Callable[[CallFailed], CprsyncError]
    #: what means that nobody answered: a call is tried again
    unanswered: type[CprsyncError]
    #: after one of these no call can be answered, nor another try
    hopeless: tuple[type[CprsyncError], ...]


def _now() -> datetime:
    return datetime.now(tz=UTC)


def _today() -> date:
    return _now().date()


@dataclass(frozen=True, slots=True, kw_only=True)
class CallSurroundings:
    """What a client is given from outside: clocks, a log, and how long the user at a desk waits."""

    sleep: Callable[[float], None] = time.sleep
    monotonic: Callable[[], float] = time.monotonic
    #: certificates and tokens are dated by it
    now: Callable[[], datetime] = _now
    #: the day by which an answer's dates are read. The default is never ahead of Copenhagen's: nothing ends too early
    today: Callable[[], date] = _today
    #: None: structlog's, under the counterpart's name
    log: Any = None
    patience: Patience = field(default_factory=Patience)


class Calls:
    """The calls to one counterpart, from any number of threads. Close it after use."""

    def __init__(
        self,
        peer: Peer,
        settings: PeerSettings,
        *,
        identity: OwnCertificate | None,
        surroundings: CallSurroundings,
    ) -> None:
        """Raises CertificateError before anything is sent."""
        log, monotonic = surroundings.log, surroundings.monotonic
        self.log = log if log is not None else structlog.get_logger(f"cprsync.{peer.name}")
        self._event = f"{peer.name}.call"
        self._peer, self._limits, self._shows_certificate = peer, settings.limits, identity is not None
        self._sleep, self._monotonic, self._patience = surroundings.sleep, monotonic, surroundings.patience
        self._quota = CallPace(settings.per_second, sleep=self._sleep, monotonic=monotonic)
        self.revoked = RevocationLists.load(settings.crl)
        production, now = settings.production, surroundings.now
        judge = PeerJudge(settings.ca, self.revoked, production=production, now=now, log=self.log)
        self.channel = Channel(
            build_context(settings.ca, identity, monotonic=monotonic, judge=judge),
            connections=settings.workers,
            connect_seconds=settings.limits.connect_seconds,
            patience=self._patience,
        )

    def make(self, operation: str, once: Callable[[], T], *, outcome: Callable[[T], str] = lambda _: "ok") -> T:
        """Make one call, and try again while nobody answers. Raises the client's errors.

        `outcome`: what the log says of an answer.
        """
        started, first = self._monotonic(), stop_after_attempt(self._limits.tries)
        tries = Retrying(
            retry=retry_if_exception(self._may_pass),
            stop=lambda state: (
                first(state) or self._monotonic() - started >= self._limits.tries_seconds or self._patience.is_over
            ),
            wait=wait_exponential(multiplier=0.2, max=1.6) + wait_random(0, 0.4),  # 0.2 to 2 s
            sleep=lambda seconds: self._sleep(min(seconds, self._patience.left())),
            reraise=True,
        )
        try:
            with self._patience.waiting():
                result: T = tries(self._try, operation, once, outcome)
        except CallFailed as error:
            hung_up = self._shows_certificate and isinstance(error, ClosedUnanswered)
            # the client's error takes the place of this one: it has the same cause, or none where the cause may quote
            raise self._peer.translate(_refused_in_silence(error) if hung_up else error) from error.__cause__
        return result

    def close(self) -> None:
        """Close the open connections."""
        self.channel.close()

    def _try(self, operation: str, once: Callable[[], T], outcome: Callable[[T], str]) -> T:
        # each try is a call to the counterpart
        self._quota.wait()
        started, word = self._monotonic(), "unexpected"
        try:
            result = once()
            word = outcome(result)
        except CprsyncError as error:
            word = self._client_error(error).kind
            raise
        finally:
            milliseconds = round((self._monotonic() - started) * 1000)
            self.log.debug(self._event, operation=operation, outcome=word, milliseconds=milliseconds)
        return result

    def _may_pass(self, error: BaseException) -> bool:
        known = self._client_error(error) if isinstance(error, CprsyncError) else error
        return isinstance(known, self._peer.unanswered) and not isinstance(known, self._peer.hopeless)

    def _client_error(self, error: CprsyncError) -> CprsyncError:
        return self._peer.translate(error) if isinstance(error, CallFailed) else error


def _refused_in_silence(error: CprsyncError) -> OursRefused:
    """Return the error for a counterpart that hung up on every try and gave no reason."""
    return OursRefused(
        "{why}, each time: it does so at the certificate step when it does not know our certificate; "
        "ours is in date and belongs to its key",
        why=error,
        kind="certificate.refused.silent",
    )


class CallPace:
    """Spaces calls evenly, for any number of threads: each call gets its own moment and waits for it."""

    def __init__(
        self, per_second: int | None, *, sleep: Callable[[float], None], monotonic: Callable[[], float]
    ) -> None:
        """`per_second` None: no limit."""
        self._between = 0.0 if per_second is None else 1 / per_second
        self._sleep, self._monotonic = sleep, monotonic
        self._next = 0.0
        self._lock = threading.Lock()

    def wait(self) -> None:
        """Return when one more call may be made. Unused calls are not saved up."""
        if not self._between:
            return
        with self._lock:
            now = self._monotonic()
            mine = max(self._next, now)
            self._next = mine + self._between
        if mine > now:
            self._sleep(mine - now)


class Circuit:
    """Opens for good after too many outcomes in a row without an answer, or after one that shows that none can come.

    Many threads may use it.
    """

    def __init__(self, ceiling: int, peer: Peer) -> None:
        self.ceiling, self._peer = ceiling, peer
        self.is_open = False
        #: the error after which no call can be answered
        self.hopeless: CprsyncError | None = None
        self._unanswered = 0
        self._lock = threading.Lock()

    def outcome_of(self, call: Callable[[T], R], about: T) -> R | CprsyncError:
        """Make a call, count its outcome and return it."""
        try:
            return self.note(call(about))
        except CprsyncError as error:
            return self.note(error)

    def note(self, outcome: R) -> R | CprsyncError:
        """Count an outcome and return it."""
        with self._lock:
            self._unanswered = self._unanswered + 1 if isinstance(outcome, self._peer.unanswered) else 0
            if isinstance(outcome, self._peer.hopeless):
                self.hopeless = outcome
            self.is_open |= self.hopeless is not None or self._unanswered >= self.ceiling
        return outcome


class _Lanes:
    """Makes a task wait for the earlier ones that touch the same thing."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self._pool = pool
        self._last: dict[Hashable, Future[Any]] = {}

    def submit(self, carry_out: Callable[[T], R], task: T, keys: Collection[Hashable]) -> Future[R]:
        behind = {self._last[key] for key in keys if key in self._last and not self._last[key].done()}
        future = self._pool.submit(_begin, carry_out, task, behind)
        self._last |= dict.fromkeys(keys, future)
        return future

    def forget(self, ended: Collection[Future[Any]]) -> None:
        self._last = {key: task for key, task in self._last.items() if task not in ended}


def _begin(carry_out: Callable[[T], R], task: T, behind: Collection[Future[Any]]) -> R:
    # Tasks begin in the order in which they come. Earlier ones have a thread, so that none waits for ever.
    wait(behind)
    return carry_out(task)


def touches_nothing(_: object) -> frozenset[Hashable]:
    """For tasks that may all run at once."""
    return frozenset()


def side_by_side(
    tasks: Iterable[T],
    carry_out: Callable[[T], list[R]],
    *,
    threads: int,
    circuit: Circuit,
    touches: Callable[[T], Collection[Hashable]] = touches_nothing,
) -> Iterator[R]:
    """Yield each task's results as they come. Once the circuit is open, no task is taken.

    At most twice `threads` tasks are taken ahead: `carry_out` decides what they come to if the circuit opens before
    they begin. Two tasks that touch the same thing run one after the other, in the order in which they come. An
    unexpected exception ends all.
    """
    waiting, running = iter(tasks), set[Future[list[R]]]()
    with ThreadPoolExecutor(max_workers=threads, thread_name_prefix="calls") as pool:
        lanes = _Lanes(pool)
        try:
            while True:
                if not circuit.is_open:
                    ahead = islice(waiting, 2 * threads - len(running))
                    running |= {lanes.submit(carry_out, task, touches(task)) for task in ahead}
                if not running:
                    return
                done, running = wait(running, return_when=FIRST_COMPLETED)
                lanes.forget(done)
                for future in done:
                    yield from future.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
