"""Alarms: what keeps them, and what carries them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from cprsync.domain.trust.alarms import Alarm, Telling, Weighed


@dataclass(frozen=True, slots=True)
class Message:
    """Something to tell on one channel."""

    id: int
    channel: str
    telling: Telling
    at: datetime
    #: how often it was tried, this time included
    tries: int


@dataclass(frozen=True, slots=True)
class UntoldChannel:
    """A channel on which something could not be told."""

    channel: str
    count: int
    #: the kind of the last error
    why: str


class AlarmLog(Protocol):
    """The alarms that stand, and what is still to be told of them. Several processes may use one."""

    def weigh(self, decide: Callable[[Sequence[Alarm]], Weighed], channels: Sequence[str]) -> None:
        """Let `decide` say what is told, and keep that for each channel, in one transaction."""

    def take(self, channel: str) -> list[Message]:
        """Return what is to be told now. For some minutes nobody else is given it."""

    def note(self, messages: Sequence[Message], why: str | None) -> None:
        """Note that they were told, or why not: then they come again after a pause, until they are given up."""

    def note_carries(self, channel: str) -> None:
        """Note that a test went through: what failed there is no longer told as failed, and comes again soon."""

    def standing(self) -> list[Alarm]:
        """Return the alarms, the oldest first."""

    def arrived(self) -> Mapping[str, datetime]:
        """Return when each alarm that stands was last carried by a channel, by its cause."""

    def undelivered(self) -> list[UntoldChannel]:
        """Return the channels whose last delivery did not go well."""


class AlarmChannel(Protocol):
    """What carries messages to people."""

    @property
    def name(self) -> str: ...

    def send(self, messages: Sequence[Message]) -> None:
        """Send these together; none: a test. Raises CprsyncError."""
