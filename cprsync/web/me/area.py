"""What the patron's pages are given from outside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cprsync.web.memory.sessions import Sessions

if TYPE_CHECKING:
    from collections.abc import Callable

    from cprsync.web.journeys import Journeys
    from cprsync.web.memory.sessions import Seals

#: Where the pages are, and where a browser comes back to from the identity provider.
ROOT: Final = "/me"
SIGN_IN: Final = f"{ROOT}/sign-in"
BACK: Final = f"{ROOT}/answer"
#: The page that lets a session last on.
SESSION: Final = f"{ROOT}/session"
#: How long a session lasts without a request, and at most: a patron may sit at a computer that others use next.
#: Somebody who needs long may let it last on ten times (WCAG 2.2.1).
IDLE_SECONDS: Final = 10 * 60
LONGEST_SECONDS: Final = 2 * 60 * 60
#: How many sessions one patron has at a time: signing in again and again ends no other patron's.
OWN_MAX: Final = 5


def patron_sessions(now: Callable[[], float], *, worker: int | None = None, seals: Seals | None = None) -> Sessions:
    """The sessions of patrons."""
    return Sessions(
        now=now,
        idle_seconds=IDLE_SECONDS,
        longest_seconds=LONGEST_SECONDS,
        own_most=OWN_MAX,
        worker=worker,
        seals=seals,
    )


@dataclass(frozen=True, slots=True)
class PatronProvider:
    """The provider where patrons sign in, and the claim that says who they are."""

    journeys: Journeys
    #: what the page calls it
    title: str
    claim: str
    #: what the claim holds: a key of `NAMED_BY`
    named_by: str


@dataclass(frozen=True, slots=True)
class PatronArea:
    """The patron's pages of one library, as its settings switch them on."""

    sessions: Sessions
    #: whether a card and its PIN open what is harmless
    takes_cards: bool
    #: None: nobody can prove more than a card
    provider: PatronProvider | None
    #: the time that all machines of a desk have, in seconds
    now: Callable[[], float]
