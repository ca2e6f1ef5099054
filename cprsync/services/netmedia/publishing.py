"""Publishes: sends the effects that wait to the net media, patron by patron in order, and records the outcomes.

A night that cannot reach the net media is still a good night: what waits is sent by the next. Leaves out which calls an
effect takes, which the domain decides. Leaves out which state to set, which was decided with the change itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from cprsync.domain.netmedia.account import FORBIDDEN, REFUSED
from cprsync.domain.netmedia.settling import Settled, Unsettled
from cprsync.errors import CprsyncError, NetMediaRefused, NetMediaUnavailable, NetMediaUntrusted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from cprsync.domain.netmedia.account import Code, Effect
    from cprsync.services.ports.netmedia import NetMedia
    from cprsync.services.ports.night import Night
    from cprsync.services.ports.run import Run
    from cprsync.services.ports.store import Store

#: Answers written in one transaction, and patrons read with their effects at once. The number is small, so that calls
#: in progress do not run out meanwhile. Answers that a kill loses are asked again.
TOGETHER: Final = 100


@dataclass(slots=True)
class Published:
    """The result of one pass over the outbox."""

    sent: int = 0
    #: patrons that staff must now decide about, each with the kind of review
    left: list[tuple[str, str]] = field(default_factory=list)
    #: why not all was sent; None: all was
    error: CprsyncError | None = None
    #: the last answer that was neither a success nor a final refusal
    code: Code | None = None

    @property
    def is_over(self) -> bool:
        """Whether no further call can succeed."""
        return isinstance(self.error, NetMediaRefused | NetMediaUntrusted)


def publish(night: Night, run: Run) -> Published:
    """Send what waits, each effect at most once. An effect that fails stays in the outbox.

    Sends nothing if no net media are set up. Raises FenceLost if a newer run has taken over, and RunStopped if someone
    asked the night to stop.
    """
    done = Published()
    if night.net_media is None:
        return done
    ids = night.store.outbox.order()
    if ids:
        night.progress.stage("publish", len(ids))
    for start in range(0, len(ids), night.calls):
        night.raise_if_stopped()
        part = ids[start : start + night.calls]
        if not _send(night.store, night.net_media, run, part, done):
            break
        night.progress.advance(len(part))
    if not done.sent and not done.left and done.error is None and done.code is not None:
        # nothing succeeded at all: the fault is CULR's, not a patron's
        done.error = NetMediaUnavailable("CULR answers {code}", code=done.code.value)
    return done


def tell_now(
    store: Store, net_media: Callable[[], AbstractContextManager[NetMedia | None]], patron_id: str
) -> Published:
    """Publish one patron as soon as the desk has written the record. If this fails, the night does it.

    Args:
        store: the store with the outbox.
        net_media: opens the connection; called only if something waits.
        patron_id: the patron to publish.
    """
    done = Published()
    if not store.outbox.queues([patron_id]):
        return done
    try:
        # two senders at once would not keep a patron's effects in order
        with store.runs.lock(), net_media() as opened:
            if opened is not None:
                _send(store, opened, None, [patron_id], done)
    except CprsyncError as error:
        done.error = error
    return done


def _send(store: Store, net_media: NetMedia, run: Run | None, ids: Sequence[str], done: Published) -> bool:
    """Send what waits for these patrons. Return False if nobody answers or no call is allowed."""
    taken: set[str] = set()
    seen: set[str] = set()
    together: list[tuple[Effect, Settled | Unsettled]] = []
    for effect, outcome in net_media.send_many(_offered(store, ids, taken)):
        seen.add(effect.patron_id)
        if not isinstance(outcome, Settled | Unsettled):
            done.error = done.error or outcome
            continue
        if isinstance(outcome, Unsettled) and outcome.code in FORBIDDEN:
            done.error = NetMediaRefused("CULR answers {code}", code=outcome.code.value)
            continue
        if isinstance(outcome, Unsettled) and outcome.code not in REFUSED:
            done.code = outcome.code
        together.append((effect, outcome))
        if len(together) >= TOGETHER:
            _write(store, run, together, done)
    _write(store, run, together, done)
    return not done.is_over and seen == taken


def _offered(store: Store, ids: Sequence[str], taken: set[str]) -> Iterator[tuple[Effect, ...]]:
    """Yield what waits for these patrons, read as needed. Adds each patron handed on to `taken`."""
    for start in range(0, len(ids), TOGETHER):
        queues = store.outbox.queues(ids[start : start + TOGETHER])
        store.outbox.offer([effect for queue in queues for effect in queue])
        for queue in queues:
            taken.add(queue[0].patron_id)
            yield queue


def _write(store: Store, run: Run | None, together: list[tuple[Effect, Settled | Unsettled]], done: Published) -> None:
    if together:
        done.left += store.outbox.settle(run, together)
        done.sent += sum(isinstance(outcome, Settled) and outcome.foreign is None for _, outcome in together)
        together.clear()
