"""The civil register: its port, and what it answers."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cprsync.domain.patron.patron import AsOf
    from cprsync.domain.person.number import CprNumber
    from cprsync.domain.person.person import Person
    from cprsync.errors import CprsyncError


@dataclass(frozen=True, slots=True, repr=False)
class Found:
    """The register's answer about one number."""

    number: CprNumber
    person: Person


@dataclass(frozen=True, slots=True, repr=False)
class NotFound:
    """No person for one number. The error says which side is at fault."""

    number: CprNumber
    error: CprsyncError


@dataclass(frozen=True, slots=True, repr=False)
class KeptAnswer:
    """An answer of the register in a run that was stopped before it could decide on it."""

    answer: Found | NotFound
    #: the day that the answer speaks of
    as_of: AsOf


class Subscribed(enum.Enum):
    """The result of a subscription call."""

    #: ADDED
    ADDED = "added"
    #: ALREADY_EXISTED
    ALREADY = "already"
    #: REMOVED
    REMOVED = "removed"
    #: NON_EXISTING_PNR: the number was not subscribed
    ABSENT = "absent"


#: The questions to the register that stay open: whether a protection has ended, the first copy of a new patron, what it
#: says under a patron's new number, and what it says while the feed could not tell about a patron (decision 32).
PROTECTION_END: Final = "protection_end"
FIRST_COPY: Final = "first_copy"
NUMBER_CHANGE: Final = "number_change"
WINDOW: Final = "window"


@dataclass(frozen=True, slots=True)
class FollowUp:
    """A question to the register that stays open until it is answered."""

    patron_id: str
    #: one of the four above
    kind: str


class Register(Protocol):
    """The civil register, through the platform. Every call has a limit on time, size and tries."""

    def look_up_many(self, numbers: Iterable[CprNumber]) -> Iterator[Found | NotFound]:
        """Answer each number once, in any order. One failing number does not stop the others."""
        ...

    def subscribe_many(self, numbers: Iterable[CprNumber]) -> Iterator[tuple[CprNumber, Subscribed | CprsyncError]]:
        """Subscribe each number once, in any order. Subscribing twice has the same effect as once."""
        ...

    def unsubscribe_many(self, numbers: Iterable[CprNumber]) -> Iterator[tuple[CprNumber, Subscribed | CprsyncError]]:
        """End the subscription of each number once, in any order. Ending it twice has the same effect as once."""
        ...

    def subscriptions(self) -> set[CprNumber]:
        """All numbers subscribed under our agreement."""
        ...
