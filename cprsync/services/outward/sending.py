"""Send each target what waits for it: protections first, one patron's changes in their order.

A target that does not answer holds up no other target, and no night.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import structlog

from cprsync.domain.outward.target import may_lose
from cprsync.errors import CprsyncError, FenceLost, RunStopped, TargetUnavailable
from cprsync.services.ports.night import Silence, never_stop
from cprsync.services.ports.outward import FROM_THE_START, Delivered, Undelivered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from cprsync.domain.outward.target import Target
    from cprsync.services.ports.night import Progress
    from cprsync.services.ports.outward import OpenTarget, OutwardEffect, TargetClient
    from cprsync.services.ports.runs import Run
    from cprsync.services.ports.store import Store

log = structlog.get_logger(__name__)
#: An effect, and what became of it.
Tried: TypeAlias = "tuple[OutwardEffect, Delivered | Undelivered]"

#: What waits about one patron for one target, in order.
Queue: TypeAlias = "Sequence[OutwardEffect]"

#: Answers written in one transaction, and patrons read with their effects at once.
TOGETHER: Final = 100
#: Patrons loaded in one transaction.
LOADED: Final = 2_000
#: How long a night tells one target. The rest waits for the next run: a slow target holds up no other, and no night.
NIGHT_SECONDS: Final = 3600.0
#: Why a target was stopped: it would lose more patrons than its brake allows.
TOO_MANY_GONE: Final = "gone"


@dataclass(frozen=True, slots=True)
class Sent:
    """What one pass over a target's queue came to."""

    name: str
    kind: str
    sent: int = 0
    #: of these, what changed something there
    written: int = 0
    #: patrons that staff must now decide about, each with the kind of the review
    left: tuple[tuple[str, str], ...] = ()
    #: why not everything was sent; None: it was
    error: CprsyncError | None = None
    #: the target is stopped until somebody lets it go on
    stopped: str | None = None

    def document(self, waiting: int, failed: int) -> dict[str, Any]:
        """The shape of a target in a night's report."""
        return {
            "name": self.name,
            "kind": self.kind,
            "sent": self.sent,
            "written": self.written,
            "waiting": waiting,
            "failed": failed,
            "stopped": self.stopped,
            "error": None if self.error is None else self.error.kind,
        }


def follow_marked(store: Store, raise_if_stopped: Callable[[], None] = never_stop, *, most: int | None = None) -> bool:
    """Make changes of the patrons who are still marked, share by share. Returns whether all are followed.

    `most`: so many shares at most; None: all.
    """
    after = FROM_THE_START
    for _ in count() if most is None else range(most):
        raise_if_stopped()
        last = store.targets.follow(after)
        if last is None:
            return True
        after = last
    return False


def load_target(
    store: Store, target: Target, progress: Progress, raise_if_stopped: Callable[[], None] = never_stop
) -> None:
    """Let the changes tell of every patron, and queue them for a target, if that was not done yet."""
    if not store.targets.note(target):
        return
    progress.stage("load", store.patrons.count())
    while loaded := store.targets.load(target, LOADED):
        progress.advance(loaded)
        raise_if_stopped()


@dataclass(slots=True)
class _Answers:
    """Whether a target has answered about anybody. If about nobody, the fault is the target's and not a patron's.

    Then no try counts: a target that is back after weeks is told of everybody, and no staff have to send them again.
    """

    has_answered: bool = False
    #: what it has not taken, until it answers about somebody
    unanswered: list[tuple[OutwardEffect, Undelivered]] = field(default_factory=list)

    def note(self, effect: OutwardEffect, outcome: Delivered | Undelivered) -> list[Tried]:
        """Return the tries that count now."""
        if isinstance(outcome, Undelivered) and not outcome.final and not self.has_answered:
            self.unanswered.append((effect, outcome))
            return []
        self.has_answered = True
        counted: list[Tried] = [*self.unanswered, (effect, outcome)]
        self.unanswered.clear()
        return counted

    @property
    def error(self) -> TargetUnavailable | None:
        if not self.unanswered:
            return None
        _, last = self.unanswered[-1]
        return TargetUnavailable("the system does not answer about any patron ({code})", code=last.code)


@dataclass(frozen=True, slots=True)
class Sender:
    """What sending needs: the store, a run if a night sends, and who is shown and asked in between."""

    store: Store
    progress: Progress
    run: Run | None = None
    raise_if_stopped: Callable[[], None] = field(default=lambda: None)
    monotonic: Callable[[], float] = field(default=lambda: 0.0)

    def send_all(self, targets: Sequence[OpenTarget]) -> list[Sent]:
        """Load what is new, then send what waits for each target.

        Raises FenceLost if a newer run has taken over, and RunStopped if someone asked the night to stop.
        """
        follow_marked(self.store, self.raise_if_stopped)
        return [self._send_apart(one) for one in targets]

    def _send_apart(self, one: OpenTarget) -> Sent:
        """Send to one target. What goes wrong with it holds up no other target."""
        try:
            return self.send(one)
        except (FenceLost, RunStopped):
            raise
        except CprsyncError as error:
            log.warning("target.failed", target=one.target.name, error=error.kind)
            return Sent(one.target.name, one.target.kind.value, error=error)

    def send(self, one: OpenTarget) -> Sent:
        """Load and send to one target. A feed is only loaded: its readers fetch."""
        load_target(self.store, one.target, self.progress, self.raise_if_stopped)
        if one.client is None:
            return Sent(one.target.name, one.target.kind.value)
        stopped = self._brake(one)
        ids = self.store.queues.order(one.target.name, urgent_only=stopped is not None)
        if ids:
            self.progress.stage("targets", len(ids))
        goes = _goes_always if stopped is None else _protects
        return self._send_patrons(one, one.client, self._pages(one.target, ids), stopped, goes)

    def _pages(self, target: Target, ids: Sequence[str]) -> Iterator[list[str]]:
        """Yield the patrons in parts, each after those of whom something urgent was written meanwhile.

        A sending may take hours, and the desk cannot tell anybody while it goes on.
        """
        begun, at, ahead, taken = self.monotonic(), 0, set(ids), set[str]()
        while True:
            self.raise_if_stopped()
            if self.run is not None and self.monotonic() - begun >= NIGHT_SECONDS:
                log.warning("target.slow", target=target.name, patrons=len(ahead))
                return
            part = ids[at : at + TOGETHER]
            news = self.store.queues.order(target.name, urgent_only=True, never_offered=True) if at > 0 else []
            first = [one for one in news if one not in ahead and one not in taken]
            if not part and not first:
                return
            yield [*first, *part]
            at += TOGETHER
            ahead.difference_update(part)
            taken.update(first)

    def send_patron(self, targets: Sequence[OpenTarget], patron_id: str) -> None:
        """Send what waits about one patron, whom the desk has just written, and what that seals of those around.

        What is not taken waits for the night. A target that is stopped hears what protects, and nothing else. One that
        does not hear all at once hears what is urgent.
        """
        held, waiting = self.store.targets.stopped(), self.store.queues.around(patron_id)
        for one in targets:
            ids, stopped = waiting.get(one.target.name), held.get(one.target.name)
            if one.client is None or not ids:
                continue
            at_once = _goes_always if one.target.kind.hears_all_at_once else _is_urgent
            own = at_once if stopped is None else _protects
            self._send_patrons(one, one.client, [ids], stopped, partial(_goes_from_desk, patron_id, own))

    def _brake(self, one: OpenTarget) -> str | None:
        """Why the target is stopped, now or before; None: it is not."""
        name = one.target.name
        state = next(state for state in self.store.targets.states() if state.name == name)
        if state.stopped is not None:
            return state.stopped_why
        if may_lose(self.store.queues.count_gone(one.target), of=state.told):
            if state.let_go:
                self.store.targets.brake_again(name)
            return None
        if state.let_go:
            return None
        self.store.targets.stop(name, TOO_MANY_GONE)
        log.warning("target.stopped", target=name, why=TOO_MANY_GONE)
        return TOO_MANY_GONE

    def _send_patrons(
        self,
        one: OpenTarget,
        client: TargetClient,
        pages: Iterable[list[str]],
        stopped: str | None,
        goes: Callable[[Queue], bool],
    ) -> Sent:
        """Send of these patrons the queues of which `goes` says so."""
        sent, written, error = 0, 0, None
        answers = _Answers()
        left: list[tuple[str, str]] = []
        together: list[Tried] = []

        def settle() -> None:
            if together:
                left.extend(self.store.queues.settle(self.run, together))
                self.progress.advance(len(together))
                together.clear()

        try:
            for effect, outcome in client.send_many(self._offered(one, pages, left, goes)):
                if isinstance(outcome, CprsyncError):
                    error = error or outcome
                    continue
                together += answers.note(effect, outcome)
                sent += isinstance(outcome, Delivered)
                written += isinstance(outcome, Delivered) and outcome.wrote
                if len(together) >= TOGETHER:
                    settle()
        except FenceLost:
            raise
        except CprsyncError:
            settle()  # the target has taken these
            raise
        settle()
        name, kind = one.target.name, one.target.kind.value
        return Sent(name, kind, sent, written, tuple(left), error or answers.error, stopped)

    def _readable(
        self, target: Target, ids: Sequence[str], left: list[tuple[str, str]]
    ) -> list[tuple[OutwardEffect, ...]]:
        """What waits for these patrons. A change that does not open is made anew, and holds up nobody."""
        queues = self.store.queues.queues(target, ids)
        broken = [queue[0].patron_id for queue in queues if _is_broken(queue)]
        if not broken:
            return queues
        log.warning("target.change_broken", target=target.name, patrons=broken)
        left.extend(self.store.queues.renew(self.run, target.name, broken))
        return [queue for queue in self.store.queues.queues(target, ids) if not _is_broken(queue)]

    def _offered(
        self, one: OpenTarget, pages: Iterable[list[str]], left: list[tuple[str, str]], goes: Callable[[Queue], bool]
    ) -> Iterator[tuple[OutwardEffect, ...]]:
        """Yield what waits for these patrons and goes, read as needed. Adds to `left` who is left to staff."""
        for ids in pages:
            queues = [
                # what is held goes with the next that is not: until then the target keeps what it was told
                tuple(effect for effect in queue if not effect.held)
                for queue in self._readable(one.target, ids, left)
                if not queue[-1].held
            ]
            queues = [queue for queue in queues if goes(queue)]
            self.store.queues.offer([effect for queue in queues for effect in queue])
            yield from queues


def _is_broken(queue: Sequence[OutwardEffect]) -> bool:
    return any(effect.is_broken for effect in queue)


def _goes_always(_queue: Queue) -> bool:
    return True


def _goes_from_desk(patron_id: str, own: Callable[[Queue], bool], queue: Queue) -> bool:
    """Whether the desk sends a queue: the patron's as `own` says, and of those around what protects."""
    return own(queue) if queue[-1].patron_id == patron_id else _protects(queue)


def _is_urgent(queue: Queue) -> bool:
    return any(effect.urgent for effect in queue)


def _protects(queue: Queue) -> bool:
    """Whether also a target that is stopped hears of the patron: what is urgent, unless the target would lose them.

    One who is lost because they are protected is told all the same (decision 3).
    """
    last = queue[-1]
    return _is_urgent(queue) and (last.payload is not None or last.hides)


def tell_of_patron(
    store: Store, targets: Callable[[], AbstractContextManager[Sequence[OpenTarget]]], patron_id: str
) -> None:
    """Tell other systems of a patron as soon as the desk has written the record. If this fails, the night does it.

    `targets` opens the connections; called only if something waits.
    """
    if not store.queues.around(patron_id):
        return
    try:
        # two senders at once would not keep a patron's effects in order
        with store.runs.lock(), targets() as opened:
            Sender(store, Silence()).send_patron(opened, patron_id)
    except CprsyncError as error:
        log.info("target.waits", error=error.kind)
