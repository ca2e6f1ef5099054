"""Opens a patron by card and PIN, for machines and for the patron: with lock-out and quota. The audit has it first.

Who may see what of the patron is not decided here. Nobody learns why card and PIN do not fit.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

from cprsync.domain.desk.pins import HOUR, MINUTE, REMEMBERED, PinTry, is_locked
from cprsync.domain.trust.moments import is_within
from cprsync.errors import CardRefused, QuotaReached

if TYPE_CHECKING:
    from cprsync.domain.desk.pins import AskingQuota
    from cprsync.domain.policy.policy import PinCeilings
    from cprsync.services.ports.runs import Clock
    from cprsync.services.ports.store import Store

#: How long a try waits for the one before it.
WAIT_SECONDS: Final = 8.0


@dataclass(frozen=True, slots=True, repr=False)
class CardAsked:
    """A card and its PIN, and who asks with them."""

    card: str
    pin: str
    #: the name of the machine; "": the patron
    by: str = ""
    #: the patron has signed in with the card in this browser before
    is_known: bool = False


class Turn(Protocol):
    """A lock among all who try cards: a `threading.Lock` is one."""

    def acquire(self, *, timeout: float) -> bool: ...

    def release(self) -> None: ...


@dataclass(frozen=True, slots=True)
class CardDoor:
    """Takes one try at a time, so that many at once are counted one by one. All doors of one desk share the turn."""

    turn: Turn = field(default_factory=threading.Lock)

    def open(
        self, store: Store, clock: Clock, asked: CardAsked, quota: AskingQuota | None = None, *, ceilings: PinCeilings
    ) -> str:
        """The number of the patron whose card and PIN these are. The audit has the try before anybody learns it.

        Raises:
            CardRefused: they do not fit together, or the patron's cards are locked.
            QuotaReached: the machine has to wait, or every new browser; the PIN was not looked at.
        """
        if not self.turn.acquire(timeout=WAIT_SECONDS):
            raise QuotaReached("too many ask at the same time", kind="card.busy")
        try:
            if quota is not None:
                _check_quota(store, clock, asked.by, quota)
            _check_ceiling(store, clock, asked, ceilings.machines if asked.by else ceilings.page)
            patron_id = store.views.with_card(asked.card)
            outcome = _outcome(store, clock, asked, patron_id)
            store.cards.note_try(outcome, patron_id=patron_id, by=asked.by, is_known=asked.is_known)
        finally:
            self.turn.release()
        if outcome is not PinTry.RIGHT or patron_id is None:
            raise CardRefused("card and PIN do not fit together, or the card is locked for a while")
        return patron_id

    @staticmethod
    def proof_of(store: Store, card: str) -> str | None:
        """What makes a mark of a card, until it has another PIN. None: it has none, or nobody has the card."""
        return store.cards.proof(store.views.with_card(card), card)


def _outcome(store: Store, clock: Clock, asked: CardAsked, patron_id: str | None) -> PinTry:
    # a locked card, and one that nobody has, take as long as any other
    is_right = store.cards.is_pin(patron_id, asked.card, asked.pin)
    if patron_id is None:
        return PinTry.UNKNOWN
    now = clock.now()
    # somebody who tries a stranger's card in other browsers locks nobody out of their own page
    wrong = store.cards.wrong_tries(patron_id, since=now - REMEMBERED, is_known=asked.is_known)
    if is_locked(wrong, now):
        return PinTry.LOCKED
    return PinTry.RIGHT if is_right else PinTry.WRONG


def _check_quota(store: Store, clock: Clock, by: str, quota: AskingQuota) -> None:
    now = clock.now()
    asked = store.cards.moment_of_try(quota.asks, by=by)
    wrong = store.cards.moment_of_try(quota.wrong, by=by, only_wrong=True)
    if asked is not None and is_within(asked, MINUTE, now):
        raise QuotaReached("the machine has asked {most} times within a minute", most=quota.asks)
    if wrong is not None and is_within(wrong, HOUR, now):
        raise QuotaReached(
            "{most} cards and PINs of the machine did not fit within an hour", most=quota.wrong, kind="card.guessing"
        )


def _check_ceiling(store: Store, clock: Clock, asked: CardAsked, most: int) -> None:
    """Refuse a try when too many of all together did not fit.

    Machines and the patrons' page are counted apart: whoever tries at the page stops no machine. A browser in which the
    patron has signed in with the card before goes on: the lock of the card is enough there.
    """
    if asked.is_known:
        return
    since, is_machine = clock.now() - HOUR, bool(asked.by)
    if store.cards.count_wrong(since=since, of_machines=is_machine, most=most) >= most:
        store.cards.note_ceiling(since=since, of_machines=is_machine)
        raise QuotaReached(
            "{most} cards and PINs did not fit within an hour, at all doors of the kind together",
            most=most,
            kind="card.ceiling",
        )
