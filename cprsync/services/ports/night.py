"""What a night works with: its ports and settings, passed from step to step."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from cprsync.domain.policy.policy import Policy
    from cprsync.services.ports.deliveries import DeliveryReader, Feed
    from cprsync.services.ports.netmedia import NetMedia
    from cprsync.services.ports.outward import OpenTarget
    from cprsync.services.ports.register import CivilRegister
    from cprsync.services.ports.runs import Clock
    from cprsync.services.ports.store import Store

#: How many persons are recognised, or changes written, in one transaction. Each batch rewrites the database pages that
#: it shares with others, so twice as many batches cost a tenth more time.
BATCH = 5_000
#: How many numbers are sent to a counterpart before the night checks whether it was asked to stop.
CALLS = 2_000
#: How many patrons in a window the register is asked about on one day; the rest follow on the next.
WINDOWS_A_DAY = 20_000


class Progress(Protocol):
    """Shows the progress of long work."""

    def stage(self, name: str, total: int | None = None) -> None:
        """Begin a stage. `total`: how many items it has, if known."""

    def advance(self, count: int = 1) -> None: ...


def never_stop() -> None:
    """Do nothing: nobody asks this night to stop."""


class Silence:
    """Progress that is shown to nobody."""

    def stage(self, name: str, total: int | None = None) -> None:
        """Show nothing."""

    def advance(self, count: int = 1) -> None:
        """Show nothing."""


@dataclass(frozen=True, slots=True)
class Night:
    """One agreement's ports, policy and settings."""

    agency: str
    store: Store
    register: CivilRegister
    feed: Feed
    reader: DeliveryReader
    clock: Clock
    policy: Policy
    #: None: no CULR is set up, and what it must be told waits
    net_media: NetMedia | None = None
    #: other systems that hear of patrons
    targets: tuple[OpenTarget, ...] = ()
    #: stop a file that does not name the last accepted delivery's date as its previous one
    strict_chain: bool = True
    #: others subscribe under the same agreement: we may remove only what we added
    shared: bool = False
    #: whether the night compares its subscriptions with the register's list; a bench does not
    reconciles: bool = True
    #: how many patrons in a window the register is asked about on one day
    windows_a_day: int = WINDOWS_A_DAY
    #: how many persons are recognised or written in one step
    batch: int = BATCH
    #: the clock agrees with the register's, so a delivery of a later day is refused
    knows_the_day: bool = True
    #: False: the register did not answer when its clock was to be compared with ours, which may be wrong
    clock_is_checked: bool = True
    progress: Progress = field(default_factory=Silence)
    #: called between two pieces of work; raises RunStopped if someone has asked the night to stop
    raise_if_stopped: Callable[[], None] = field(default=never_stop)
    #: measures how long the run took; the clock may stand still in a test environment
    monotonic: Callable[[], float] = field(default=lambda: 0.0)

    @property
    def calls(self) -> int:
        """How many numbers are sent in one step."""
        return min(self.batch, CALLS)
