"""What a night works with: the ports and settings, handed from step to step."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from cprsync.domain.feed.window import look_up_day
from cprsync.domain.feed.workdays import last_loaded
from cprsync.domain.patron.patron import AsOf, Source

if TYPE_CHECKING:
    from collections.abc import Callable

    from cprsync.domain.policy.policy import Policy
    from cprsync.services.ports.ports import Clock, Feed, NetMedia, Reader, Register, Store

#: Persons recognised, and changes written, in one step: one transaction. A page that each batch changes is written
#: with each of them, so that twice as many batches cost a tenth more.
BATCH = 5_000
#: Numbers that a counterpart is told or asked about before someone who asked the night to stop is heard.
CALLS = 2_000
#: Patrons in a window whom the register is asked about on one day; the rest on the next.
WINDOWS_A_DAY = 20_000


class Progress(Protocol):
    """Where long work shows itself."""

    def stage(self, name: str, total: int | None = None) -> None:
        """A step begins; `total` is how many it will do, if known."""
        ...

    def advance(self, count: int = 1) -> None: ...


def go_on() -> None:
    """Nobody asks a night to stop."""


class Silence:
    """Progress that nobody watches."""

    def stage(self, name: str, total: int | None = None) -> None:
        """Show nothing."""

    def advance(self, count: int = 1) -> None:
        """Show nothing."""


@dataclass(frozen=True, slots=True)
class Night:
    """One agreement's ports, policy and settings."""

    agency: str
    store: Store
    register: Register
    feed: Feed
    reader: Reader
    clock: Clock
    policy: Policy
    #: None: nothing is set up that is told of municipalities, and what it is to hear waits
    net_media: NetMedia | None = None
    #: a previous-production date that is not the last accepted one stops the file
    strict_chain: bool = True
    #: others add subscriptions under the same agreement: only what we added is ours to remove
    shared: bool = False
    #: whether the night compares its subscriptions with the register's list; a bench does without
    reconciles: bool = True
    #: patrons in a window whom the register is asked about on one day
    windows_a_day: int = WINDOWS_A_DAY
    #: how many are recognised or written in one step
    batch: int = BATCH
    #: the clock is the register's, so that a delivery of a later day is refused
    knows_the_day: bool = True
    progress: Progress = field(default_factory=Silence)
    #: called between two pieces of work; raises RunStopped once someone has asked the night to stop
    heed: Callable[[], None] = field(default=go_on)
    #: measures how long the run took; the clock may stand still in a test environment
    monotonic: Callable[[], float] = field(default=lambda: 0.0)

    @property
    def calls(self) -> int:
        """How many are asked for or told of in one step."""
        return min(self.batch, CALLS)

    def as_of_lookup(self) -> AsOf:
        """A look-up carries no date: it speaks of the last delivery that is loaded by now, and was taken."""
        loaded = last_loaded(self.clock.now())
        return AsOf(look_up_day(loaded, self.store.last_produced()), Source.LOOKUP, loaded)
